"""A run as it is shown: a row per step, a line per change, and an end."""

import asyncio
import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from kubernaut.cli.views import runs
from kubernaut.cli.views.runs import RunFollower, has_succeeded, run_summary, run_table
from kubernaut.errors import InputError, NotFoundError
from kubernaut.kube.answers import WatchEvent
from kubernaut.kube.objects import EXECUTIONS
from tests.support.executions import CHANGE, make_execution
from tests.support.fake_client import FakeClient
from tests.support.shown import shown

NOW = datetime(2026, 11, 1, 10, 0, 9, tzinfo=UTC)
RUN = "r-x7k2p"


def step(name, place=1, **status):
    notes = {"kubernaut.io/run-step": name, "kubernaut.io/run-position": f"{place}/2"}
    execution = make_execution(f"{RUN}-{name}", annotations=notes, **status)
    execution.json["metadata"]["labels"] = {"kubernaut.io/run": RUN}
    return execution


DONE = step("grow", phase="Succeeded", observedGeneration=1, result={"changes": [CHANGE] * 4})
REFUSED = step("note", 2, phase="Failed", reason="Forbidden", message="No [right].", observedGeneration=1)


def test_a_row_has_action_phase_reason_and_the_first_changes():
    rows = [line.split() for line in shown(run_table([DONE, REFUSED], NOW)).splitlines()]
    change = "Deployment/web spec.replicas: 2 → 3"
    assert rows[1] == ["✓", "grow", "scale", "Succeeded", *f"{change}; {change}; and 2 more".split()]
    assert rows[2] == ["✗", "note", "scale", "Failed", "(Forbidden)"]


def test_the_summary_counts_phases():
    assert shown(run_summary(RUN, [DONE, REFUSED, DONE])).strip() == f"run {RUN}: 2 Succeeded, 1 Failed"


@pytest.mark.parametrize(
    ("steps", "good"),
    [
        ([DONE], True),
        ([DONE, REFUSED], False),
        ([DONE, step("x", phase="Cancelled")], False),
        ([step("x", phase="Running")], False),
    ],
)
def test_a_run_succeeds_if_every_step_does(steps, good):
    assert has_succeeded(steps) is good


class Watched(FakeClient):
    """A cluster where the steps of a run change like this, one event after the other."""

    def __init__(self, before, *events):
        super().__init__(*((EXECUTIONS, dict(one.json)) for one in before))
        self.events = events

    async def watch(self, _resource, _version, **_):
        for kind, execution in self.events:
            yield WatchEvent(kind, dict(execution.json))


async def followed(cluster, **options):
    out = Console(file=io.StringIO(), width=200)
    executions = await RunFollower(out, **options).follow(cluster, "prod", RUN)
    return executions, out.file.getvalue()


async def test_each_change_is_a_line_and_the_end_a_summary():
    running = step("grow", phase="Running", message="It runs.", observedGeneration=1)
    cluster = Watched(
        [step("grow", phase="Pending", reason="Queued"), REFUSED], ("MODIFIED", running), ("MODIFIED", DONE)
    )
    executions, text = await followed(cluster)
    assert [str(one.phase) for one in executions] == ["Succeeded", "Failed"]
    change = "Deployment/web spec.replicas: 2 → 3"
    assert text.splitlines() == [
        "grow  scale  Pending (Queued)",
        "note  scale  Failed (Forbidden)  No [right].",
        "grow  scale  Running  It runs.",
        f"grow  scale  Succeeded  {change}; {change}; and 2 more",
        f"run {RUN}: 1 Succeeded, 1 Failed",
    ]


async def test_a_quiet_follower_prints_nothing():
    assert (await followed(Watched([DONE]), quiet=True))[1] == ""


async def test_a_run_without_executions_is_bad_input():
    with pytest.raises(InputError, match="there is no run r-x7k2p in prod"):
        await followed(Watched([]))


async def test_an_execution_that_is_deleted_before_its_end_is_an_error():
    pending = step("grow", phase="Pending")
    with pytest.raises(NotFoundError, match="execution r-x7k2p-grow was deleted before its end"):
        await followed(Watched([pending, REFUSED], ("DELETED", pending)))


async def test_one_that_is_deleted_after_its_end_still_counts():
    running = step("grow", phase="Running")
    executions, text = await followed(Watched([running, REFUSED], ("DELETED", REFUSED), ("MODIFIED", DONE)))
    assert len(executions) == 2
    assert text.endswith(": 1 Failed, 1 Succeeded\n")


async def test_a_run_that_no_engine_picks_up_is_reported(monkeypatch, capsys):
    monkeypatch.setattr(runs, "UNOBSERVED_SECONDS", 0.0)

    class Slow(Watched):
        async def watch(self, *args, **more):
            await asyncio.sleep(0.05)
            async for event in super().watch(*args, **more):
                yield event

    await followed(Slow([step("grow", phase="Pending")], ("MODIFIED", DONE)))
    assert f"run {RUN} has not been picked up for" in capsys.readouterr().err
