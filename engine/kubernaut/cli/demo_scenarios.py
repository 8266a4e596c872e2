"""What the demo creates, and how each of it is expected to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from kubernaut.api.execution import API_VERSION, KIND, Phase, Reason
from kubernaut.api.view import ExecutionView
from kubernaut.caller.approvals import approving_spec
from kubernaut.kube.objects import Key
from kubernaut.plugins.registry import Action, Registry
from kubernaut.runbooks.expansion import expand
from kubernaut.runbooks.manifest import read_runbook

GRANTED, NOT_GRANTED = "production", "staging"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One execution of the demo, and how it is expected to end."""

    title: str
    key: Key
    account: str
    """The action's ServiceAccount."""
    spec: Mapping[str, Any]
    reason: Reason | None = None
    """Why it is expected to fail; None if it is expected to succeed."""
    user: str = ""
    """Who creates it, if not the cluster's admin."""

    def is_as_expected(self, execution: ExecutionView) -> bool:
        """Whether the execution ended as expected."""
        phase = self.reason.phase if self.reason else Phase.SUCCEEDED
        return execution.phase is phase and execution.status.reason == self.reason

    def manifest(self) -> dict[str, Any]:
        """Return the KubernetesExecution."""
        return {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": self.key.name, "namespace": self.key.namespace},
            "spec": dict(self.spec),
        }


LOOP = """
apiVersion: kubernaut.io/v1alpha1
kind: Runbook
metadata: {name: more-db, namespace: production}
spec:
  summary: More replicas of the database, unless that does not help.
  steps:
  - {name: act, action: scale, parameters: {kind: StatefulSet, name: db, replicas: 2}}
  - {name: check, action: check-workload, after: [{step: act}],
     parameters: {kind: StatefulSet, name: db, expression: object.status.readyReplicas > 2, timeoutSeconds: 1}}
  - {name: undo, action: scale, undoes: act, after: [{step: check, when: Failed}]}
"""
"""A runbook that acts, finds that it did not help, and undoes what it did."""
_PROPOSED = "restart-deployment"


def loop(registry: Registry) -> list[Scenario]:
    """Return the steps of a run of the runbook; none where one of its actions is not installed."""
    name, spec = read_runbook(yaml.safe_load(LOOP))
    if not {step.action for step in spec.steps} <= registry.actions.keys():
        return []
    return [
        Scenario(
            f"runbook {name}: {step.step}",
            Key(GRANTED, step.name),
            registry.actions[step.action].spec.service_account,
            step.spec,
            Reason.ACTION_FAILED if step.step == "check" else None,
        )
        for step in expand(name, spec, {}).steps
    ]


def proposal(registry: Registry) -> list[Scenario]:
    """Return what an agent proposes, who may not run it; nothing where that action is not installed."""
    from kubernaut.embedded.users import AGENT  # noqa: PLC0415 - the sandbox is an optional part

    action = registry.actions.get(_PROPOSED)
    if action is None or not action.spec.examples:
        return []
    scenario = _scenario(action, f"{_PROPOSED} proposed by {AGENT}", Key(GRANTED, "proposed"), dryRun=True)
    return [replace(scenario, user=AGENT)]


def approval(proposed: Scenario, ended: ExecutionView) -> Scenario:
    """Return the execution by which the on-call engineer approves what was proposed."""
    from kubernaut.embedded.users import ON_CALL  # noqa: PLC0415 - the sandbox is an optional part

    key, spec = Key(GRANTED, f"{proposed.key.name}-approved"), approving_spec(ended)
    return Scenario(f"{_PROPOSED} approved by {ON_CALL}", key, proposed.account, spec, user=ON_CALL)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An execution that the API server is expected to refuse, as its creator is not allowed to run that action."""

    title: str
    user: str
    manifest: dict[str, Any]


def refusal(registry: Registry) -> Refusal | None:
    """Return the first action that the on-call engineer may not run, created by that user; None if the user may run all."""
    from kubernaut.embedded.users import ON_CALL, ON_CALL_ACTIONS  # noqa: PLC0415 - the sandbox is an optional part

    others = [action for action in _changing(_with_examples(registry)) if action.name not in ON_CALL_ACTIONS]
    if not others:
        return None
    title = f"{others[0].name} created by {ON_CALL}"
    scenario = _scenario(others[0], title, Key(GRANTED, "not-allowed"))
    return Refusal(title, ON_CALL, scenario.manifest())


def scenarios(registry: Registry) -> list[Scenario]:
    """Return a dry run of one action, every action that has an example, and the one denied and with a bad parameter."""
    actions = _with_examples(registry)
    if not actions:
        return []
    changing = _changing(actions)
    first = next((action for action in changing if action.spec.surroundings is None), changing[0])
    example = dict(first.spec.examples[0])
    return [
        _scenario(first, f"{first.name}, dry run only", Key(GRANTED, "rehearsed"), dryRun=True),
        *(_scenario(action, action.name, Key(GRANTED, action.name)) for action in actions),
        _scenario(first, f"{first.name} without a grant", Key(NOT_GRANTED, "forbidden"), Reason.FORBIDDEN),
        _scenario(
            first,
            f"{first.name} with a bad parameter",
            Key(GRANTED, "bad-parameter"),
            Reason.INVALID_PARAMETERS,
            parameters={**example, "namespace": "kube-system"},
        ),
    ]


def _with_examples(registry: Registry) -> list[Action]:
    return [action for _, action in sorted(registry.actions.items()) if action.spec.examples]


def _changing(actions: list[Action]) -> list[Action]:
    """Return those that may change something in the cluster, which shows more; all of them if none may."""
    return [action for action in actions if any(rule.operations for rule in action.spec.rules)] or actions


def _scenario(action: Action, title: str, key: Key, reason: Reason | None = None, **spec: Any) -> Scenario:
    whole = {"action": action.name, "parameters": dict(action.spec.examples[0]), **spec}
    return Scenario(title, key, action.spec.service_account, whole, reason)
