"""Finds what the admission of a cluster, a mutating policy or webhook, made of the spec that somebody wanted to create."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def altered_field(wanted: Mapping[str, Any], answered: Mapping[str, Any]) -> str:
    """Return the first field of the spec that was given and is another one in the API server's answer, as `spec.FIELD`, or "".

    What was not given may be filled in: defaults are.
    """
    return next((f"spec.{field}" for field, value in wanted.items() if answered.get(field) != value), "")
