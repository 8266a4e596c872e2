"""The log lines of an execution's pods: by attempt and step, once or until the end."""

import pytest

from kubernaut.api.steps import NEXT_STEP, REHEARSAL_FAILED_EXIT_CODE, REJECTED_EXIT_CODE
from kubernaut.caller.pod_logs import PodLogs, Source, sources_of
from kubernaut.errors import DeniedError, InputError, NotFoundError, UnavailableError
from kubernaut.kube.objects import EXECUTIONS, PODS
from kubernaut.runner import main as runner
from tests.support.executions import RUNNING, WAITING, ended_step, make_execution, make_pod
from tests.support.fake_client import FakeClient

FIRST = make_pod("a", dry_run=ended_step("dry-run"), execute=ended_step("execute", 1))
SECOND = make_pod("b", dry_run=ended_step("dry-run"), execute=RUNNING, created=5)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr("kubernaut.caller.pod_logs._POLL_SECONDS", 0)
    monkeypatch.setattr("kubernaut.kube.follow._RETRY_SECONDS", 0)


@pytest.fixture
def cluster():
    made = FakeClient((PODS, FIRST), (PODS, SECOND), (EXECUTIONS, dict(make_execution(phase="Succeeded").json)))
    made.logs = {
        ("a", "dry-run"): ["1"],
        ("a", "execute"): ["2", "3"],
        ("b", "dry-run"): ["4"],
        ("b", "execute"): ["5"],
    }
    return made


async def lines(found):
    return [(line.attempt, line.step, line.text) async for line in found]


WHOLE = [(1, "dry-run", "1"), (1, "execute", "2"), (1, "execute", "3"), (2, "dry-run", "4"), (2, "execute", "5")]


def test_only_started_steps_write_logs():
    injected = make_pod("c", dry_run=RUNNING, execute=WAITING)
    injected["status"]["containerStatuses"].append({"name": "sidecar", "state": RUNNING})
    assert sources_of([injected]) == [Source(1, "c", "dry-run", ("dry-run",))]


BOTH = make_pod("d", execute=RUNNING)
"""One container that rehearses and then executes."""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["1", "2"], [("dry-run", "1"), ("dry-run", "2")]),
        (["1", NEXT_STEP, "2"], [("dry-run", "1"), ("execute", "2")]),
        ([NEXT_STEP, NEXT_STEP], [("execute", NEXT_STEP)]),
        ([], []),
    ],
)
async def test_the_log_of_both_steps_is_divided_by_the_line_between_them(written, read):
    made = FakeClient((PODS, BOTH), (EXECUTIONS, dict(make_execution(phase="Succeeded").json)))
    made.logs = {("d", "execute"): written}
    for wanted in ("", "dry-run", "execute"):
        chosen = [(1, step, text) for step, text in read if wanted in {"", step}]
        assert await lines(PodLogs(made, make_execution(), wanted).read()) == chosen
        assert await lines(PodLogs(made, make_execution(), wanted).follow()) == chosen


async def test_what_is_read_twice_after_a_lost_connection_is_shown_once():
    made = FakeClient((PODS, BOTH), (EXECUTIONS, dict(make_execution(phase="Succeeded").json)))
    made.logs = {("d", "execute"): ["1", NEXT_STEP, "2", "3"]}
    logs = PodLogs(made, make_execution())
    (source,) = await logs.sources()
    assert await lines(logs._read(source, follow=True, skip=2)) == [(1, "execute", "3")]


def test_the_runner_writes_the_line_that_is_looked_for():
    assert runner.NEXT_STEP == NEXT_STEP
    assert (runner.REJECTED, runner.REHEARSAL_FAILED) == (REJECTED_EXIT_CODE, REHEARSAL_FAILED_EXIT_CODE)


async def test_lines_are_read_in_the_order_of_attempts_and_steps(cluster):
    assert await lines(PodLogs(cluster, make_execution()).read()) == WHOLE


async def test_step_and_attempt_select_lines(cluster):
    assert await lines(PodLogs(cluster, make_execution(), "execute").read()) == [WHOLE[1], WHOLE[2], WHOLE[4]]
    assert await lines(PodLogs(cluster, make_execution(), "", 2).read()) == WHOLE[3:]


async def test_following_ends_when_the_execution_has_ended(cluster):
    assert await lines(PodLogs(cluster, make_execution()).follow()) == WHOLE


async def test_following_waits_for_pods_and_attempts_that_start_later():
    running = (EXECUTIONS, dict(make_execution(phase="Running").json))
    cluster = FakeClient(running)
    cluster.logs = {("a", "dry-run"): ["1"], ("a", "execute"): ["2"], ("b", "dry-run"): ["3"], ("b", "execute"): ["4"]}
    steps = [
        lambda: None,
        lambda: cluster.put(PODS, FIRST),
        lambda: (cluster.put(PODS, SECOND), cluster.put(EXECUTIONS, make_execution(phase="Failed").json)),
    ]
    get = cluster.get

    async def move_on(*args):
        if steps:
            steps.pop(0)()
        return await get(*args)

    cluster.get = move_on
    found = await lines(PodLogs(cluster, make_execution()).follow())
    assert found == [(1, "dry-run", "1"), (1, "execute", "2"), (2, "dry-run", "3"), (2, "execute", "4")]


async def test_following_resumes_after_the_last_line_when_the_api_server_breaks_off(cluster):
    read = cluster.log_lines

    async def break_once(namespace, pod, container, *, follow=False):
        async for line in read(namespace, pod, container, follow=follow):
            yield line
            if line == "2" and not broken:
                broken.append(line)
                raise UnavailableError("gone")

    broken = []
    cluster.log_lines = break_once
    assert await lines(PodLogs(cluster, make_execution()).follow()) == WHOLE
    assert broken == ["2"]


async def test_following_gives_up_when_the_api_server_stays_silent(cluster):
    cluster.failures["get", "kubernetesexecutions"] = [UnavailableError("silent")] * 1000
    with pytest.raises(UnavailableError, match="silent"):
        await lines(PodLogs(cluster, make_execution()).follow(patience_seconds=0))


async def test_a_pod_that_is_deleted_meanwhile_has_no_lines(cluster):
    cluster.failures["log", "pods"] = [NotFoundError("gone")]
    assert await lines(PodLogs(cluster, make_execution()).read()) == WHOLE[1:]


@pytest.mark.parametrize(
    ("request_", "permission"), [(("list", "pods"), "list pods"), (("log", "pods"), "get pods/log")]
)
async def test_a_missing_permission_is_named(cluster, request_, permission):
    cluster.failures[request_] = [DeniedError("RBAC: no")]
    with pytest.raises(InputError, match=rf"you are not allowed to {permission} in namespace prod: .*\(RBAC: no\)"):
        await lines(PodLogs(cluster, make_execution()).read())
