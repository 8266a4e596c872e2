"""Proves that an action declares no permission too few and none too many, by removing each one and running the action's own examples.

Too few: with just the declared permissions every example succeeds. Too many: with any one permission neither declared nor granted, some
example is denied in its pod. The same holds for the fields of rules; and with the action's own token, a write to any other field is
forbidden. It cannot tell that a field is wider than it needs to be, as examples do not use everything that an action may do: reviewers can,
by `kubernaut rbac explain`. (An admin who grants less than is declared gets a message with the missing permission before a Job exists.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from kubernaut.api.rules import Permission, Rule
from kubernaut.plugins.registry import Action, Registry
from kubernaut.testing.workbench import Workbench

_TRIES = 3
"""An action that uses a permission only while it waits does not need it where nothing is left to wait for."""

_NO_FIELD = ("metadata.annotations[kubernaut.io/no-field]",)
_GUARDED = "is allowed to change only"
"""What the guard says, and nothing else does."""

# ruff: noqa: S101 - these are a test's own assertions


def assert_minimal_rights(
    name: str, registry: Registry | None = None, *, prepare: Callable[[Workbench], None] | None = None
) -> None:
    """Raise AssertionError, naming the permission or field, if the action lacks one or has one that it does not need.

    The action needs examples, its own or those of its surroundings. `prepare` is called with each fresh workbench, before these run, to
    create what they need beyond what the sandbox has.
    """
    registry = Registry.discover() if registry is None else registry
    assert name in registry.actions, f"{name}: {registry.broken.get(name, 'no such action is installed')}"
    action = registry.actions[name]
    trial = _Trial(action, prepare or (lambda _: None))
    trial.assert_enough()
    for rest, removed in without_each_permission(action.spec.rules):
        trial.assert_needed(rest, str(removed), partial(_is_denied, removed=removed, rest=rest))
    for rest, field in without_each_field(action.spec.rules):
        trial.assert_needed(rest, f"the field {field}", lambda message: _GUARDED in message)


def without_each_permission(rules: Iterable[Rule]) -> Iterator[tuple[tuple[Rule, ...], Permission]]:
    """Yield the rules without each permission, and that permission."""
    permissions = [(rule, permission) for rule in rules for permission in rule.permissions()]
    for _, removed in permissions:
        yield tuple(_rule(rule, permission) for rule, permission in permissions if permission != removed), removed


def without_each_field(rules: tuple[Rule, ...]) -> Iterator[tuple[tuple[Rule, ...], str]]:
    """Yield the rules without each field, and that field; the last field of a rule gives place to one that no object has."""
    for number, rule in enumerate(rules):
        for removed in rule.fields:
            rest = tuple(field for field in rule.fields if field != removed) or _NO_FIELD
            yield (*rules[:number], rule.model_copy(update={"fields": rest}), *rules[number + 1 :]), removed


def _rule(rule: Rule, permission: Permission) -> Rule:
    """Return the part of the rule that is this permission."""
    names = (permission.name,) if permission.name else ()
    part = {"api_group": permission.api_group, "resources": (permission.resource,), "verbs": (permission.verb,)}
    bare = Rule.model_validate({**part, "names": names})
    if not bare.operations:
        return bare
    return bare.model_copy(update={"fields": rule.fields, "condition": rule.condition})


class _Trial:
    """Runs an action's examples with its own permissions and with fewer."""

    def __init__(self, action: Action, prepare: Callable[[Workbench], None]) -> None:
        self._action, self._prepare = action, prepare

    def _examples(self, bench: Workbench) -> Sequence[Mapping[str, Any]]:
        """Prepare the workbench, and return the parameters to run: those of the surroundings, or else those that are declared."""
        started = bench.surround(self._action.name)
        self._prepare(bench)
        examples = started.examples or self._action.spec.examples
        assert examples, f"{self._action.name} has no examples: add some that work on the sandbox's objects"
        return examples

    def assert_enough(self) -> None:
        """With the declared rules every example succeeds, and the guard forbids writes to all other fields."""
        action = self._action
        with Workbench(Registry({action.name: action})) as bench:
            for example in self._examples(bench):
                ended = bench.run(action.name, example)
                assert ended.succeeded, f"with the declared rules {example} ended as {ended.reason}: {ended.message}"
                disbelieved = ended.status.get("result", {}).get("disbelieved")
                assert not disbelieved, f"{example}: it reports changes of fields that are not in ActionSpec.fields"
            for rule in action.spec.rules:
                if rule.fields:
                    bench.assert_guarded(action.spec.service_account, rule)

    def assert_needed(self, rest: tuple[Rule, ...], removed: str, is_denied: Callable[[str], bool]) -> None:
        """With fewer rules some example is denied."""
        action = self._action
        lesser = replace(action, spec=action.spec.model_copy(update={"rules": rest, "backoff_limit": 0}))
        for _ in range(_TRIES):
            with Workbench(Registry({action.name: lesser})) as bench:
                results = [bench.run(action.name, example) for example in self._examples(bench)]
            if any(not ended.succeeded and is_denied(ended.message) for ended in results):
                return
        shown = "; ".join(f"{ended.phase} {ended.reason or ''} {ended.message}" for ended in results)
        remedy = "drop it" if all(ended.succeeded for ended in results) else "see how they fail"
        raise AssertionError(f"{action.name} declares {removed}, but no example fails without it: {remedy} ({shown})")


def _is_denied(message: str, removed: Permission, rest: tuple[Rule, ...]) -> bool:
    """Whether the failure is the API server's denial of this permission. Without any rule the pod has no token, so every failure is."""
    return not rest or f'cannot {removed.verb} resource "{removed.resource}"' in message
