"""Proves that an action's rules are neither too few nor too many, by taking each verb away and running the action's own examples.

Too few: with just the declared rules every example succeeds. Too many: with any one verb neither declared nor granted, some example is
refused in its pod. And an admin who grants less than is declared is told so before a Job exists, by the right that is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kubernaut.api.rules import Rule
from kubernaut.plugins.registry import Action, Registry
from kubernaut.testing.workbench import Workbench

# ruff: noqa: S101 - these are a test's own assertions


def assert_minimal_rights(name: str, registry: Registry | None = None) -> None:
    """Raise AssertionError saying which right the action lacks, or holds without need; the action needs `examples`."""
    registry = Registry.discover() if registry is None else registry
    assert name in registry.actions, f"{name}: {registry.broken.get(name, 'no such action is installed')}"
    action = registry.actions[name]
    assert action.spec.examples, f"{name} has no examples: add some that work on the sandbox's objects"
    _assert_enough(action)
    for left, taken in without_each_verb(action.spec.rules):
        _assert_needed(action, left, taken)


def without_each_verb(rules: tuple[Rule, ...]) -> Iterator[tuple[tuple[Rule, ...], str]]:
    """For each verb on each resource: the rules without it, and its name."""
    single = [
        Rule(api_group=rule.api_group, resources=(resource,), verbs=(verb,), names=rule.names)
        for rule in rules
        for resource in rule.resources
        for verb in rule.verbs
    ]
    for taken in single:
        yield tuple(rule for rule in single if rule != taken), f"{taken.verbs[0]} {taken.resources[0]}"


def _assert_enough(action: Action) -> None:
    with Workbench(Registry({action.name: action})) as bench:
        for example in action.spec.examples:
            ended = bench.run(action.name, example)
            assert ended.succeeded, f"with the declared rules {example} ended as {ended.reason}: {ended.message}"


def _assert_needed(action: Action, left: tuple[Rule, ...], taken: str) -> None:
    lesser = replace(action, spec=action.spec.model_copy(update={"rules": left, "backoff_limit": 0}))
    with Workbench(Registry({action.name: lesser})) as bench:
        ends = [bench.run(action.name, example) for example in action.spec.examples]
    needed = any(not ended.succeeded and _names(ended.message, taken, left) for ended in ends)
    told = "; ".join(f"{ended.phase} {ended.reason or ''} {ended.message}" for ended in ends)
    remedy = "drop the rule" if all(ended.succeeded for ended in ends) else "see how they fail"
    assert needed, f"{action.name} declares {taken}, but no example fails for the lack of it: {remedy} ({told})"


def _names(message: str, taken: str, left: tuple[Rule, ...]) -> bool:
    """Is it this right whose lack is told? With no rule left the pod has no token at all, so that any failure tells it."""
    verb, resource = taken.split(" ")
    return not left or f'cannot {verb} resource "{resource}"' in message
