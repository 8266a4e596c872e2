"""What an action's examples need while the demo and the tests run them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an action's examples need beyond the sandbox's own objects."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    """The action's settings with which its examples work."""
    objects: tuple[Mapping[str, Any], ...] = ()
    """Manifests to create first, such as a Secret; one without a namespace goes where the example runs. Workloads are waited for until they
    are ready. One that is listed twice is created as it is first and then replaced, as a Deployment with two revisions."""
    examples: tuple[Mapping[str, Any], ...] = ()
    """Parameters that work here and cannot be known in advance, such as those with a port; they take the place of `ActionSpec.examples`."""
