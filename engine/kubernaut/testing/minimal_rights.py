"""Proves that an action declares no permission too few and none too many, by removing each one and running the action's own examples.

Too few: with just the declared permissions every example succeeds. Too many: with any one permission neither declared nor granted, some
example is denied in its pod. (An admin who grants less than is declared gets a message with the missing permission before a Job exists.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kubernaut.api.rules import Permission, Rule
from kubernaut.plugins.registry import Action, Registry
from kubernaut.testing.workbench import Workbench

_TRIES = 3
"""An action that uses a permission only while it waits does not need it where nothing is left to wait for."""

# ruff: noqa: S101 - these are a test's own assertions


def assert_minimal_rights(name: str, registry: Registry | None = None) -> None:
    """Raise AssertionError, naming the permission, if the action lacks one or has one that it does not need.

    The action needs `examples`.
    """
    registry = Registry.discover() if registry is None else registry
    assert name in registry.actions, f"{name}: {registry.broken.get(name, 'no such action is installed')}"
    action = registry.actions[name]
    assert action.spec.examples, f"{name} has no examples: add some that work on the sandbox's objects"
    _assert_enough(action)
    for rest, removed in without_each_permission(action.spec.rules):
        _assert_needed(action, rest, removed)


def without_each_permission(rules: Iterable[Rule]) -> Iterator[tuple[tuple[Rule, ...], Permission]]:
    """Yield the rules without each permission, and that permission."""
    permissions = [permission for rule in rules for permission in rule.permissions()]
    for removed in permissions:
        yield tuple(_rule(permission) for permission in permissions if permission != removed), removed


def _rule(permission: Permission) -> Rule:
    names = (permission.name,) if permission.name else ()
    return Rule(api_group=permission.api_group, resources=(permission.resource,), verbs=(permission.verb,), names=names)


def _assert_enough(action: Action) -> None:
    with Workbench(Registry({action.name: action})) as bench:
        for example in action.spec.examples:
            ended = bench.run(action.name, example)
            assert ended.succeeded, f"with the declared rules {example} ended as {ended.reason}: {ended.message}"


def _assert_needed(action: Action, rest: tuple[Rule, ...], removed: Permission) -> None:
    lesser = replace(action, spec=action.spec.model_copy(update={"rules": rest, "backoff_limit": 0}))
    for _ in range(_TRIES):
        with Workbench(Registry({action.name: lesser})) as bench:
            results = [bench.run(action.name, example) for example in action.spec.examples]
        if any(not ended.succeeded and _is_denied(ended.message, removed, rest) for ended in results):
            return
    shown = "; ".join(f"{ended.phase} {ended.reason or ''} {ended.message}" for ended in results)
    remedy = "drop the rule" if all(ended.succeeded for ended in results) else "see how they fail"
    raise AssertionError(f"{action.name} declares {removed}, but no example fails without it: {remedy} ({shown})")


def _is_denied(message: str, removed: Permission, rest: tuple[Rule, ...]) -> bool:
    """Whether the failure is the API server's denial of this permission. Without any rule the pod has no token, so every failure is."""
    return not rest or f'cannot {removed.verb} resource "{removed.resource}"' in message
