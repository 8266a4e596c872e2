"""The demo: each installed action once, a dry run, and two refusals, on an embedded cluster; then what each came to.

It ends well only if each ended as it should: the demo is also a test of the installation.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from kubernaut.api.execution import API_VERSION, KIND, Phase, Reason
from kubernaut.cli.console import escape_markup, print_json
from kubernaut.cli.views.live import follow_all
from kubernaut.cli.views.summary import print_details, summary
from kubernaut.embedded.example_environment import surrounded
from kubernaut.kube.objects import EXECUTIONS, Key
from kubernaut.plugins.registry import Action, Registry

_BOUND, _UNBOUND = "production", "staging"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One execution of the demo, and how it should end."""

    title: str
    name: str
    namespace: str
    spec: Mapping[str, Any]
    account: str
    phase: Phase
    reason: Reason | None = None

    def went_as_it_should(self, status: Mapping[str, Any]) -> bool:
        """Did it end so?"""
        return status.get("phase") == self.phase and status.get("reason") == self.reason

    def manifest(self) -> dict[str, Any]:
        """The KubernetesExecution."""
        return {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": dict(self.spec),
        }


def scenarios(registry: Registry) -> list[Scenario]:
    """One action rehearsed, then every action that has an example, then the first of them forbidden and misspelt."""
    shown = [action for _, action in sorted(registry.actions.items()) if action.spec.examples]
    planned = [_scenario(action, f"{action.name}", action.name, Phase.SUCCEEDED) for action in shown]
    if shown:
        first = shown[0]
        rehearsal = {**_spec(first), "dryRun": True}
        planned.insert(0, _scenario(first, f"{first.name}, dry run only", "rehearsed", Phase.SUCCEEDED, spec=rehearsal))
        bad = {**_spec(first), "parameters": {**first.spec.examples[0], "namespace": "kube-system"}}
        planned += [
            _scenario(
                first,
                f"{first.name} where nobody granted it",
                "forbidden",
                Phase.FAILED,
                Reason.FORBIDDEN,
                namespace=_UNBOUND,
            ),
            _scenario(
                first,
                f"{first.name} with a bad parameter",
                "bad-parameter",
                Phase.FAILED,
                Reason.INVALID_PARAMETERS,
                spec=bad,
            ),
        ]
    return planned


def _scenario(
    action: Action,
    title: str,
    name: str,
    phase: Phase,
    reason: Reason | None = None,
    *,
    namespace: str = _BOUND,
    spec: Mapping[str, Any] | None = None,
) -> Scenario:
    return Scenario(title, name, namespace, spec or _spec(action), action.spec.service_account, phase, reason)


def _spec(action: Action) -> dict[str, Any]:
    return {"action": action.name, "parameters": dict(action.spec.examples[0])}


async def run_demo(out: Console, *, as_json: bool) -> bool:
    """Run it all; True if every execution ended as it should."""
    from kubernaut.embedded.cluster import embedded, seed  # noqa: PLC0415 - the sandbox is an optional part

    began = time.monotonic()
    registry = Registry.discover()
    planned = scenarios(registry)
    quiet = Console(quiet=True) if as_json else out
    quiet.print("Starting an embedded cluster with the engine at work, and asking it for:")
    with surrounded(registry, _BOUND) as prepared:
        objects = [*seed(), *prepared.objects]
        async with embedded(registry, settings=prepared.settings, objects=objects) as running:
            for scenario in planned:
                await running.cluster.create(EXECUTIONS, scenario.namespace, scenario.manifest())
            keys = {scenario.title: Key(scenario.namespace, scenario.name) for scenario in planned}
            ended = await follow_all(running.cluster, keys, quiet)
    good = bool(planned) and all(s.went_as_it_should(ended[s.title]["status"]) for s in planned)
    if as_json:
        print_json(
            {
                "good": good,
                "seconds": round(time.monotonic() - began, 3),
                "executions": [_told(s, ended[s.title]) for s in planned],
            }
        )
    else:
        _print(out, planned, ended)
        verdict = "[green]each ended as it should[/]" if good else "[red]not all ended as they should[/]"
        for name, error in registry.broken.items():
            out.print(f"\n[red]✗ {name} is not available:[/] {escape_markup(str(error))}")
        broken = f"; {len(registry.broken)} plugins are broken" if registry.broken else ""
        out.print(f"\n{len(planned)} executions, {verdict}{broken}, in {time.monotonic() - began:.1f} s.")
    return good and not registry.broken


def _print(out: Console, planned: list[Scenario], ended: Mapping[str, Mapping[str, Any]]) -> None:
    for scenario in planned:
        mark = "[green]✓[/]" if scenario.went_as_it_should(ended[scenario.title]["status"]) else "[red]✗[/]"
        out.print(f"\n{mark} [bold]{scenario.title}[/]  as {scenario.account} in {scenario.namespace}")
        out.print(f"  {summary(ended[scenario.title])}")
        print_details(out, ended[scenario.title])


def _told(scenario: Scenario, obj: Mapping[str, Any]) -> dict[str, Any]:
    status = obj["status"]
    return {
        "title": scenario.title,
        "name": scenario.name,
        "namespace": scenario.namespace,
        "action": obj["spec"]["action"],
        "serviceAccount": scenario.account,
        "asExpected": scenario.went_as_it_should(status),
        **{key: status.get(key) for key in ("phase", "reason", "message", "target", "result", "stages")},
    }
