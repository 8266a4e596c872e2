"""The demo: every installed action once, a dry run, three rejections, a runbook that undoes itself and a proposal that is approved, on an
embedded cluster; then the result of each.

It succeeds only if each ends as expected, so the demo is also a test of the installation.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml
from rich.console import Console

from kubernaut.api.execution import API_VERSION, KIND, Phase, Reason
from kubernaut.api.view import ExecutionView
from kubernaut.caller.approvals import approving_spec
from kubernaut.cli.console import escape_markup, print_json
from kubernaut.cli.views.live_table import follow_all
from kubernaut.cli.views.summary import detail_lines, summary
from kubernaut.embedded.example_environment import example_environment
from kubernaut.errors import DeniedError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Key
from kubernaut.plugins.registry import Action, Registry
from kubernaut.runbooks.expansion import expand
from kubernaut.runbooks.manifest import read_runbook

if TYPE_CHECKING:
    from kubernaut.embedded.cluster import Embedded

_GRANTED, _NOT_GRANTED = "production", "staging"


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
            Key(_GRANTED, step.name),
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
    scenario = _scenario(action, f"{_PROPOSED} proposed by {AGENT}", Key(_GRANTED, "proposed"), dryRun=True)
    return [replace(scenario, user=AGENT)]


def approval(proposed: Scenario, ended: ExecutionView) -> Scenario:
    """Return the execution by which the on-call engineer approves what was proposed."""
    from kubernaut.embedded.users import ON_CALL  # noqa: PLC0415 - the sandbox is an optional part

    key, spec = Key(_GRANTED, f"{proposed.key.name}-approved"), approving_spec(ended)
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
    scenario = _scenario(others[0], title, Key(_GRANTED, "not-allowed"))
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
        _scenario(first, f"{first.name}, dry run only", Key(_GRANTED, "rehearsed"), dryRun=True),
        *(_scenario(action, action.name, Key(_GRANTED, action.name)) for action in actions),
        _scenario(first, f"{first.name} without a grant", Key(_NOT_GRANTED, "forbidden"), Reason.FORBIDDEN),
        _scenario(
            first,
            f"{first.name} with a bad parameter",
            Key(_GRANTED, "bad-parameter"),
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """How everything in the demo ended."""

    planned: list[Scenario]
    ended: Mapping[str, ExecutionView]
    """By title."""
    refused: Refusal | None
    words: str
    """The API server's words about the execution that it refused."""
    unavailable: Mapping[str, str]
    """By action: why it is not part of the demo."""

    @property
    def is_as_expected(self) -> bool:
        """Whether each execution ended as expected."""
        good = bool(self.planned) and all(one.is_as_expected(self.ended[one.title]) for one in self.planned)
        return good and bool(self.words) == bool(self.refused)


async def run_demo(out: Console, *, as_json: bool) -> bool:
    """Run all scenarios and print their results; return whether each ended as expected and no plugin is broken."""
    started = time.monotonic()
    outcome = await _run(Registry.discover(), Console(quiet=True) if as_json else out)
    good = outcome.is_as_expected
    seconds = time.monotonic() - started
    if as_json:
        executions = [_result(scenario, outcome.ended[scenario.title]) for scenario in outcome.planned]
        refused = outcome.refused
        rejected = [{"title": refused.title, "user": refused.user, "message": outcome.words}] if refused else []
        document = {"good": good, "seconds": round(seconds, 3), "executions": executions, "refused": rejected}
        print_json({**document, "unavailable": dict(outcome.unavailable)})
    else:
        for scenario in outcome.planned:
            _print_scenario(out, scenario, outcome.ended[scenario.title])
        if outcome.refused:
            _print_refusal(out, outcome.refused, outcome.words)
        _print_total(out, outcome, good, seconds)
    return good and not outcome.unavailable


async def _run(registry: Registry, out: Console) -> Outcome:
    from kubernaut.embedded.cluster import embedded  # noqa: PLC0415 - the sandbox is an optional part

    out.print("Starting an embedded cluster with a running engine, and creating these executions on it:")
    with example_environment(registry, _GRANTED) as environment:
        unavailable = {**{name: str(error) for name, error in registry.broken.items()}, **environment.broken}
        async with embedded(environment.registry, settings=environment.settings) as running:
            rejected = await running.populate_each(environment.objects)
            actions = {name: one for name, one in environment.registry.actions.items() if name not in rejected}
            installed = Registry(actions)
            proposed = proposal(installed)
            planned, refused = [*scenarios(installed), *loop(installed), *proposed], refusal(installed)
            for scenario in planned:
                await _create(running, scenario)
            words = await _refused(running.sandbox.kubeconfig(refused.user), refused) if refused else ""
            ended = await follow_all(running.cluster, {scenario.title: scenario.key for scenario in planned}, out)
            approved = [approval(one, ended[one.title]) for one in proposed if one.is_as_expected(ended[one.title])]
            for scenario in approved:
                await _create(running, scenario)
            late = {scenario.title: scenario.key for scenario in approved}
            ended = {**ended, **(await follow_all(running.cluster, late, out) if late else {})}
            return Outcome([*planned, *approved], ended, refused, words, {**unavailable, **rejected})


async def _create(running: Embedded, scenario: Scenario) -> None:
    """Create the execution of a scenario, as whoever is to create it."""
    if not scenario.user:
        await running.cluster.create(EXECUTIONS, scenario.key.namespace, scenario.manifest())
        return
    async with await Cluster.connect(running.sandbox.kubeconfig(scenario.user)) as cluster:
        await cluster.create(EXECUTIONS, scenario.key.namespace, scenario.manifest())


async def _refused(kubeconfig: dict[str, Any], refused: Refusal) -> str:
    """Return why the API server refuses the execution; empty if it accepts it."""
    async with await Cluster.connect(kubeconfig) as cluster:
        try:
            await cluster.create(EXECUTIONS, _GRANTED, refused.manifest)
        except DeniedError as error:
            return str(error)
    return ""


def _print_scenario(out: Console, scenario: Scenario, execution: ExecutionView) -> None:
    mark = "[green]✓[/]" if scenario.is_as_expected(execution) else "[red]✗[/]"
    out.print(f"\n{mark} [bold]{scenario.title}[/]  as {scenario.account} in {scenario.key.namespace}")
    out.print(f"  {summary(execution)}")
    for line in detail_lines(execution):
        out.print(line)


def _print_refusal(out: Console, refused: Refusal, words: str) -> None:
    mark = "[green]✓[/]" if words else "[red]✗[/]"
    out.print(f"\n{mark} [bold]{refused.title}[/]  in {_GRANTED}")
    out.print(
        f"  Refused by the API server: {escape_markup(words)}"
        if words
        else "  Accepted, although RBAC does not allow it"
    )


def _print_total(out: Console, outcome: Outcome, good: bool, seconds: float) -> None:
    verdict = "[green]each ended as expected[/]" if good else "[red]not all ended as expected[/]"
    for name, error in outcome.unavailable.items():
        out.print(f"\n[red]✗ {name} is not available:[/] {escape_markup(error)}")
    broken = f"; {len(outcome.unavailable)} plugins are broken" if outcome.unavailable else ""
    executions = len(outcome.planned) + bool(outcome.refused)
    out.print(f"\n{executions} executions, {verdict}{broken}, in {seconds:.1f} s.")


def _result(scenario: Scenario, execution: ExecutionView) -> dict[str, Any]:
    return {
        "title": scenario.title,
        "name": scenario.key.name,
        "namespace": scenario.key.namespace,
        "action": execution.action,
        "serviceAccount": scenario.account,
        "asExpected": scenario.is_as_expected(execution),
        **_status_fields(execution),
    }


def _status_fields(execution: ExecutionView) -> dict[str, Any]:
    """Return some fields of status as the API server has them."""
    status = execution.json["status"]
    return {key: status.get(key) for key in ("phase", "reason", "message", "target", "result", "stages")}
