"""`kubernaut get`: rows for people, documents for machines, and a watch that ends."""

import json

import pytest

from kubernaut.kube.answers import WatchEvent
from kubernaut.kube.objects import EXECUTIONS, Key
from tests.support.executions import T, make_execution
from tests.support.fake_client import FakeClient


def found(*executions):
    return {Key(execution.namespace, execution.name): dict(execution.json) for execution in executions}


LATER = make_execution("a", phase="Running", created=T.format(5))
EARLIER = make_execution("b", phase="Failed", created=T.format(1))
SAME_TIME = make_execution("c", phase="Succeeded", created=T.format(1))
FOUND = found(LATER, SAME_TIME, EARLIER)


def stored(*executions):
    return [(EXECUTIONS, dict(execution.json)) for execution in executions]


def test_people_get_a_table_with_the_newest_last(kubernaut_on):
    elsewhere = make_execution("z", namespace="other", phase="Running")
    cluster = FakeClient(*stored(LATER, EARLIER, elsewhere))
    ran = kubernaut_on(cluster, "get", "-n", "prod")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["NAME", "b", "a"]
    everywhere = kubernaut_on(cluster, "get", "-A", "-o", "wide").out.splitlines()
    assert (everywhere[0].split()[0], everywhere[0].split()[-1]) == ("NAMESPACE", "MESSAGE")
    assert len(everywhere) == 4


def test_machines_get_the_objects_without_managed_fields(kubernaut_on):
    execution = make_execution("a", phase="Running")
    execution.json["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    (obj,) = json.loads(kubernaut_on(FakeClient(*stored(execution)), "get", "-n", "prod", "-o", "json").out)
    assert obj["status"] == {"phase": "Running"}
    assert "managedFields" not in obj["metadata"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-n", "prod"), "no executions in prod\n"),
        (("-A", "--phase", "failed", "--phase", "running"), "no Failed or Running executions in any namespace\n"),
    ],
    ids=["of a namespace", "of two phases everywhere"],
)
def test_an_empty_list_is_reported_on_standard_error(kubernaut_on, words, message):
    ran = kubernaut_on(FakeClient(), "get", *words)
    assert (ran.code, ran.out, ran.err) == (0, "", message)


class Watched(FakeClient):
    """A cluster where `a` is unchanged, then runs, then ends, and `b` does not change."""

    def __init__(self):
        super().__init__(*stored(make_execution("a", phase="Pending"), EARLIER))

    async def watch(self, _resource, _version, **_):
        unchanged = self.all(EXECUTIONS)[0]
        yield WatchEvent("MODIFIED", unchanged)
        for version, phase in (("7", "Running"), ("8", "Succeeded")):
            changed = dict(make_execution("a", phase=phase).json)
            yield WatchEvent("MODIFIED", {**changed, "metadata": {**changed["metadata"], "resourceVersion": version}})


def test_a_watch_prints_each_changed_execution_once_and_ends_with_it(kubernaut_on):
    ran = kubernaut_on(Watched(), "get", "a", "-w", "-n", "prod")
    assert ran.code == 0
    assert [line.split()[:4] for line in ran.out.splitlines()] == [
        ["a", "scale", "-", phase] for phase in ("Pending", "Running", "Succeeded")
    ]


def test_a_watch_for_machines_is_an_object_a_line(kubernaut_on):
    lines = kubernaut_on(Watched(), "get", "a", "-w", "-n", "prod", "-o", "json").out.splitlines()
    assert [json.loads(line)["status"]["phase"] for line in lines] == ["Pending", "Running", "Succeeded"]


def test_names_and_all_namespaces_exclude_each_other(kubernaut):
    ran = kubernaut("get", "x", "-A")
    assert (ran.code, "leave it out" in ran.err) == (2, True)
