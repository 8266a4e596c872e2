"""Several executions at once: the rows of the table, and a line per phase where nothing is redrawn."""

import io

from rich.console import Console

from kubernaut.cli.views.live_table import follow_all, phases_table
from kubernaut.kube.answers import WatchEvent
from kubernaut.kube.objects import EXECUTIONS, Key
from tests.support.executions import make_execution
from tests.support.fake_client import FakeClient
from tests.support.shown import shown

KEYS = {"a title": Key("prod", "a"), "b title": Key("prod", "b")}


def test_the_table_has_a_row_per_title_with_mark_phase_and_reason():
    keys = {title: Key("prod", "x") for title in ("unknown", "running", "good", "bad")}
    latest = {
        "running": make_execution(phase="Running"),
        "good": make_execution(phase="Succeeded"),
        "bad": make_execution(phase="Failed", reason="Forbidden"),
    }
    assert [line.split() for line in shown(phases_table(keys, latest)).splitlines()] == [
        ["EXECUTION", "PHASE", "REASON"],
        ["·", "unknown", "created"],
        ["·", "running", "Running"],
        ["✓", "good", "Succeeded"],
        ["✗", "bad", "Failed", "Forbidden"],
    ]


class Cluster(FakeClient):
    """Both executions run and succeed."""

    async def watch(self, _resource, _version, **_):
        for phase in ("Running", "Running", "Succeeded"):
            for name in ("a", "b"):
                yield WatchEvent("MODIFIED", dict(make_execution(name, phase=phase).json))


async def test_all_are_followed_to_their_end_and_each_change_of_phase_is_a_line():
    stored = [(EXECUTIONS, dict(make_execution(name, phase="Pending").json)) for name in ("a", "b")]
    out = Console(file=io.StringIO(), width=200, highlight=False)
    ended = await follow_all(Cluster(*stored), KEYS, out)
    assert {title: execution.phase for title, execution in ended.items()} == dict.fromkeys(KEYS, "Succeeded")
    lines = [line.split(" s  ")[1] for line in out.file.getvalue().splitlines()]
    for title in KEYS:
        assert [line for line in lines if line.startswith(title)] == [
            f"{title}: {phase}" for phase in ("Pending", "Running", "Succeeded")
        ]
