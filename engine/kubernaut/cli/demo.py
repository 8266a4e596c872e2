"""The demo: every installed action once, a dry run, three rejections, a runbook that undoes itself and a proposal that is approved, on an
embedded cluster; then the result of each.

It succeeds only if each ends as expected, so the demo is also a test of the installation.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console

from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import escape_markup, print_json
from kubernaut.cli.demo_scenarios import GRANTED, Refusal, Scenario, approval, loop, proposal, refusal, scenarios
from kubernaut.cli.page import show_page, until_stopped
from kubernaut.cli.views.live_table import follow_all
from kubernaut.cli.views.summary import detail_lines, summary
from kubernaut.embedded.example_environment import ExampleEnvironment, example_environment
from kubernaut.errors import DeniedError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.plugins.registry import Registry

if TYPE_CHECKING:
    from kubernaut.embedded.cluster import Embedded


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


async def run_demo(out: Console, *, as_json: bool, with_page: bool = False) -> bool:
    """Run all scenarios and print their results; return whether each ended as expected and no plugin is broken.

    `with_page` shows them in a browser as well, until somebody stops it.
    """
    progress = Console(quiet=True) if as_json else out
    started = time.monotonic()
    progress.print("Starting an embedded cluster with a running engine, and creating these executions on it:")
    async with AsyncExitStack() as stack:
        registry = Registry.discover()
        environment = stack.enter_context(example_environment(registry, GRANTED))
        running = await stack.enter_async_context(_embedded(environment))
        if with_page:
            await stack.enter_async_context(show_page(running.cluster, None, environment.registry, out=out))
            out.print()
        outcome = await _run(registry, environment, running, progress)
        _print_outcome(out, outcome, time.monotonic() - started, as_json=as_json)
        if with_page:
            out.print("\nThe page shows all of this; ctrl-c stops it.")
            await until_stopped()
    return outcome.is_as_expected and not outcome.unavailable


def _print_outcome(out: Console, outcome: Outcome, seconds: float, *, as_json: bool) -> None:
    good = outcome.is_as_expected
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


def _embedded(environment: ExampleEnvironment) -> AbstractAsyncContextManager[Embedded]:
    from kubernaut.embedded.cluster import embedded  # noqa: PLC0415 - the sandbox is an optional part

    return embedded(environment.registry, settings=environment.settings)


async def _run(registry: Registry, environment: ExampleEnvironment, running: Embedded, out: Console) -> Outcome:
    """Create everything, follow it to its end, approve what was proposed, and return how all of it ended."""
    unavailable = {**{name: str(error) for name, error in registry.broken.items()}, **environment.broken}
    rejected = await running.populate_each(environment.objects)
    installed = Registry({name: one for name, one in environment.registry.actions.items() if name not in rejected})
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
            await cluster.create(EXECUTIONS, GRANTED, refused.manifest)
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
    out.print(f"\n{mark} [bold]{refused.title}[/]  in {GRANTED}")
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
