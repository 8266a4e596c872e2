"""What the examples of actions need beyond a fresh sandbox: servers, settings and objects, for the duration of a block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from kubernaut.api.surroundings import Surroundings
from kubernaut.plugins.registry import Action, Registry
from kubernaut.settings import ActionSettings, Settings


@dataclass(frozen=True, slots=True)
class ExampleEnvironment:
    """Settings, manifests and parameters with which the examples work."""

    registry: Registry = field(default_factory=Registry)
    """The actions whose surroundings could be started, with the examples that these bring."""
    settings: Settings = field(default_factory=Settings)
    objects: Mapping[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)
    """By action."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """By action: why its surroundings could not be started. Its examples cannot run; the others can."""


@contextmanager
def example_environment(
    registry: Registry, namespace: str, settings: Settings | None = None
) -> Iterator[ExampleEnvironment]:
    """Start what the examples need during the block. A manifest without a namespace gets `namespace`; given settings take precedence."""
    base = settings or Settings()
    actions = dict(base.actions)
    objects: dict[str, tuple[dict[str, Any], ...]] = {}
    usable: dict[str, Action] = {}
    broken: dict[str, str] = {}
    with ExitStack() as stack:
        for name, action in registry.actions.items():
            try:
                started = stack.enter_context(surrounded(action))
            except Exception as error:  # noqa: BLE001 - a plugin's own code may raise anything
                broken[name] = f"its surroundings cannot be started: {type(error).__name__}: {error}"
                continue
            examples = started.examples or action.spec.examples
            usable[name] = replace(action, spec=action.spec.model_copy(update={"examples": examples}))
            objects[name] = placed(started, namespace)
            if started.settings:
                actions[name] = with_settings(started, actions.get(name))
        working = replace(registry, actions=usable)
        yield ExampleEnvironment(working, base.model_copy(update={"actions": actions}), objects, broken)


@contextmanager
def surrounded(action: Action) -> Iterator[Surroundings]:
    """Start the action's surroundings during the block, if it has any. Raises TypeError if they are not Surroundings."""
    if action.spec.surroundings is None:
        yield Surroundings()
        return
    with action.spec.surroundings() as started:
        if not isinstance(started, Surroundings):
            raise TypeError(f"surroundings yields {type(started).__name__}, not Surroundings")
        yield started


def placed(surroundings: Surroundings, namespace: str) -> tuple[dict[str, Any], ...]:
    """Return the manifests, those without a namespace in this one."""
    return tuple({**o, "metadata": {"namespace": namespace, **o["metadata"]}} for o in surroundings.objects)


def with_settings(surroundings: Surroundings, given: ActionSettings | None) -> ActionSettings:
    """Return the settings of an action, to which its surroundings add those that are not given."""
    base = given or ActionSettings()
    return base.model_copy(update={"settings": {**surroundings.settings, **base.settings}})
