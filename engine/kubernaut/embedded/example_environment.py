"""What the examples of all actions need beyond a fresh sandbox: servers, settings and objects, for the duration of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from kubernaut.plugins.registry import Registry
from kubernaut.settings import ActionSettings, Settings


@dataclass(frozen=True, slots=True)
class ExampleEnvironment:
    """Settings and manifests with which every example works."""

    settings: Settings = field(default_factory=Settings)
    objects: tuple[dict[str, Any], ...] = ()


@contextmanager
def example_environment(
    registry: Registry, namespace: str, settings: Settings | None = None
) -> Iterator[ExampleEnvironment]:
    """Start what the examples need during the block. A manifest without a namespace gets `namespace`; given settings take precedence."""
    base = settings or Settings()
    actions = dict(base.actions)
    objects: list[dict[str, Any]] = []
    with ExitStack() as stack:
        for name, action in registry.actions.items():
            if action.spec.surroundings is None:
                continue
            surroundings = stack.enter_context(action.spec.surroundings())
            given = actions.get(name, ActionSettings())
            actions[name] = given.model_copy(update={"settings": {**surroundings.settings, **given.settings}})
            objects += [{**o, "metadata": {"namespace": namespace, **o["metadata"]}} for o in surroundings.objects]
        yield ExampleEnvironment(base.model_copy(update={"actions": actions}), tuple(objects))
