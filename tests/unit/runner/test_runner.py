"""The pod side: how steps end, what they tell, and what the API client adds by itself."""

import json
import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernaut.jobs.termination import parse_report
from kubernaut.runner.api import Api, _content, _parts
from kubernaut.runner.exceptions import Conflict, Rejected, TryAgain, Unanswered
from kubernaut.runner.http_client import Answer
from kubernaut.runner.report import LIMIT, Report

ENV = {
    "KUBERNAUT_EXECUTION": json.dumps(
        {
            "action": "test",
            "name": "e1",
            "namespace": "ns",
            "uid": "u1",
            "requestedBy": "",
            "deadlineSeconds": 60,
            "parameters": {"name": "x"},
            "settings": {},
        }
    ),
    "KUBERNETES_SERVICE_HOST": "127.0.0.1",
    "KUBERNETES_SERVICE_PORT": "1",
}


@pytest.fixture
def step(tmp_path):
    """Runs a `perform` as one step of a pod; returns exit code and report."""
    secrets = tmp_path / "var/run/secrets/kubernetes.io/serviceaccount"
    secrets.mkdir(parents=True)
    (tmp_path / "dev").mkdir()

    def run(body, name="execute", interrupt=False):
        source = f"import os, time\nfrom kubernaut.runner import run\ndef perform(action):\n    {body}\nrun(perform)\n"
        env = {**os.environ, **ENV, "KUBERNAUT_STEP": name, "SANDBOX_POD_ROOT": str(tmp_path)}
        with subprocess.Popen(
            [sys.executable, "-c", source], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            if interrupt:
                assert "here\n" in iter(process.stdout.readline, "")
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
        return process.returncode, parse_report((tmp_path / "dev/termination-log").read_text("utf-8"), name)

    return run


@pytest.mark.parametrize(
    ("body", "code", "state", "message", "reason"),
    [
        pytest.param("pass", 0, "done", "", "", id="does its work"),
        pytest.param("action.reject('no such thing')", 42, "rejected", "no such thing", "", id="refuses"),
        pytest.param("{}['x']", 1, "error", "KeyError: 'x'", "PluginError", id="has a bug"),
        pytest.param("raise SystemExit(0)", 1, "error", "SystemExit: 0", "PluginError", id="leaves without a word"),
        pytest.param(
            "action.api.get('v1/pods', 'x')", 42, "rejected", "this action declares no rules", "", id="has no token"
        ),
    ],
)
def test_a_step_ends_with_an_exit_code_and_a_report(step, body, code, state, message, reason):
    ended, report = step(body)
    assert ended == code
    assert (report.state, report.reason) == (state, reason)
    assert report.message.startswith(message)
    assert ("(<string>:" in report.message) == (reason == "PluginError"), "a bug is told with its place"


def test_a_step_that_is_stopped_still_tells_what_it_changed(step):
    code, report = step(
        "action.changed('Thing', 'x', 'f', 1, 2); print('here', flush=True); time.sleep(30)", interrupt=True
    )
    assert code == 143
    assert report.message == "it was stopped before it finished"
    assert [(c.before, c.after) for c in report.changes] == [(1, 2)]


def test_a_step_that_is_killed_has_told_its_changes_but_no_end(step):
    code, report = step("action.changed('Thing', 'x', 'f', 1, 2); os.kill(os.getpid(), 9)")
    assert code == -9
    assert len(report.changes) == 1
    assert not report.final


def test_a_change_to_the_same_is_none(step):
    assert step("action.changed('Thing', 'x', 'f', 1, 1)")[1].changes == ()


LOSES = "\n    ".join(
    [
        "from kubernaut.runner.http_client import Answer",
        "from kubernaut.runner.exceptions import Unanswered",
        "answers = iter({answers})",
        "def ask(*_, **__):",
        "    if (version := next(answers)) is None:",
        "        raise Unanswered('lost')",
        '    return Answer(200, (\'{{"metadata": {{"resourceVersion": "%s"}}}}\' % version).encode())',
        "action.api._connection.request = ask",
        "action.api.modify('v1/configmaps', 'c', lambda current: {change})",
    ]
)
"""A write that is read, sent and lost, and what is read next."""


@pytest.mark.parametrize(
    ("answers", "change", "code", "unsure"),
    [
        pytest.param("[1, None, None]", "{'data': {}}", 1, True, id="and nothing can be read"),
        pytest.param("[1, None, 2, None, 3, None, 4, None, 5, None]", "{'data': {}}", 1, True, id="again and again"),
        pytest.param("[1, None, 2, 3]", "{'data': {}}", 0, False, id="and written again"),
        pytest.param(
            "[1, None, 2]",
            "{'data': {}} if current['metadata']['resourceVersion'] == '1' else {}",
            0,
            False,
            id="but was made",
        ),
        pytest.param("[None]", "{'data': {}}", 1, False, id="before anything was asked for"),
    ],
)
def test_a_step_says_when_it_does_not_know_what_became_of_a_write(step, tmp_path, answers, change, code, unsure):
    (tmp_path / "var/run/secrets/kubernetes.io/serviceaccount/token").write_text("t", "utf-8")
    ended, report = step(LOSES.format(answers=answers, change=change))
    assert (ended, report.unsure) == (code, unsure), report


def test_waiting_asks_until_nothing_is_missing(step):
    assert step("left = ['two', 'one', '']; action.wait_until(lambda: left.pop(0), every=0.01)")[1].verified


def test_waiting_gives_up_with_what_is_still_missing(step):
    code, report = step("action.wait_until(lambda: '1 of 3 ready', seconds=0.05, every=0.02)")
    assert (code, report.state) == (42, "rejected")
    assert report.message == "the change was made, but did not take effect in time: 1 of 3 ready"


def test_the_dry_run_waits_for_nothing(step):
    assert step("action.wait_until(lambda: 'never')", "dry-run")[0] == 0


def test_outside_a_pod_the_module_says_what_it_is():
    ran = subprocess.run([sys.executable, "-m", "kubernaut_scale.perform"], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "kubernaut render ACTION" in ran.stderr


@given(
    st.lists(st.tuples(st.text(max_size=300), st.text(max_size=3000)), max_size=30),
    st.dictionaries(st.text(max_size=20), st.text(max_size=5000), max_size=10),
    st.text(max_size=9000),
)
def test_any_report_fits_a_termination_message_and_says_when_it_was_cut(changes, outputs, message):
    report = Report("execute")
    report.changes = [
        {"kind": "K", "name": "n", "field": field, "before": None, "after": value} for field, value in changes
    ]
    report.outputs, report.message = outputs, message
    encoded = report.encode()
    assert len(encoded) <= LIMIT
    read = parse_report(encoded.decode(), "execute")
    assert read is not None
    whole = len(read.changes) == len(changes) and read.outputs == outputs and read.message == message
    assert read.truncated or whole
    assert len(read.changes) + read.changes_left_out == len(changes)


class Recording(Api):
    """The client, with its requests recorded instead of sent."""

    def __init__(self, answers, dry_run=False):
        self.sent, self._answers, self._dry_run, self._namespace = [], list(answers), dry_run, "ns"
        self._unanswered = set()

    def _request(self, method, kind, name, body=None, *, dry_run=False):
        self.sent.append((method, kind, name, body, dry_run))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def obj(version, **spec):
    return {"metadata": {"resourceVersion": version}, "spec": spec}


def test_modify_writes_only_what_it_read_and_starts_over_when_somebody_wrote_in_between():
    api = Recording([obj("1", n=1), Conflict("changed"), obj("2", n=4), obj("3", n=5)])
    before, after = api.modify("v1/things", "x", lambda current: {"spec": {"n": current["spec"]["n"] + 1}})
    assert (before["spec"]["n"], after["spec"]["n"]) == (4, 5)
    versions = [body["metadata"]["resourceVersion"] for _, _, _, body, rehearsed in api.sent if not rehearsed]
    assert versions == ["1", "2"]


def test_modify_gives_up_after_five_conflicts():
    api = Recording([obj("1"), Conflict("changed")] * 5)
    with pytest.raises(Conflict):
        api.modify("v1/things", "x", lambda _: {"spec": {}})


def test_a_write_that_was_carried_out_without_an_answer_is_still_told_as_a_change():
    api = Recording([obj("1", n=1), Unanswered("lost"), obj("2", n=5), obj("2", n=5)])
    before, after = api.modify("v1/things", "x", lambda _: {"spec": {"n": 5}})
    assert (before["spec"]["n"], after["spec"]["n"]) == (1, 5)


def test_a_write_without_an_answer_is_told_as_a_change_where_nothing_is_left_to_write():
    api = Recording([obj("1", n=1), Unanswered("lost"), obj("2", n=5)])
    before, after = api.modify(
        "v1/things", "x", lambda current: {} if current["spec"]["n"] == 5 else {"spec": {"n": 5}}
    )
    assert (before["spec"]["n"], after["spec"]["n"]) == (1, 5)
    assert len(api.sent) == 3


def test_modify_with_nothing_to_change_writes_nothing():
    api = Recording([obj("1")])
    api.modify("v1/things", "x", lambda _: {})
    assert [rehearsed for *_, rehearsed in api.sent] == [True]


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("v1/configmaps", ("", "v1", "configmaps", "")),
        ("v1/pods/log", ("", "v1", "pods", "log")),
        ("apps/v1/deployments", ("apps", "v1", "deployments", "")),
        ("apps/v1/deployments/scale", ("apps", "v1", "deployments", "scale")),
        ("kubernaut.io/v1alpha1/kubernetesexecutions", ("kubernaut.io", "v1alpha1", "kubernetesexecutions", "")),
    ],
)
def test_kinds_are_written_as_in_a_manifests_path(kind, parts):
    assert _parts(kind) == parts


@pytest.mark.parametrize("kind", ["pods", "a/b/c/d/e", ""])
def test_a_kind_that_is_none_is_refused_with_an_example(kind):
    with pytest.raises(ValueError, match="such as apps/v1/deployments"):
        _parts(kind)


def test_names_cannot_leave_their_place_in_the_path():
    assert Recording([])._path("v1/configmaps", "../secrets/x") == "/api/v1/namespaces/ns/configmaps/..%2Fsecrets%2Fx"


DENIED = 'configmaps "a" is forbidden: User "u" cannot patch resource "configmaps"'


@pytest.mark.parametrize(
    ("code", "status", "error", "reason"),
    [
        pytest.param(403, {"message": DENIED}, Rejected, "Forbidden", id="a missing right"),
        pytest.param(403, {"message": "exceeded quota: q"}, Rejected, "", id="an admission's no"),
        pytest.param(404, {"message": "not found"}, Rejected, "", id="no such object"),
        pytest.param(422, {"message": "invalid"}, Rejected, "", id="invalid"),
        pytest.param(409, {"message": "modified", "reason": "Conflict"}, Conflict, "", id="a conflict"),
        pytest.param(409, {"message": "exists", "reason": "AlreadyExists"}, Rejected, "", id="a name that is taken"),
        pytest.param(429, {"message": "slow down"}, TryAgain, "", id="too many requests"),
        pytest.param(503, {}, TryAgain, "", id="unavailable"),
    ],
)
def test_answers_become_a_refusal_or_another_attempt(code, status, error, reason):
    with pytest.raises(error) as caught:
        _content(Answer(code, json.dumps(status).encode()), "GET v1/x y", changing=False)
    assert getattr(caught.value, "reason", "") == reason
    assert str(caught.value) == status.get("message", "GET v1/x y was answered with 503")


@pytest.mark.parametrize("code", [500, 502, 504])
def test_a_write_that_broke_on_the_way_may_have_been_carried_out(code):
    answer = Answer(code, b'{"message": "etcdserver: request timed out"}')
    with pytest.raises(Unanswered, match="request timed out"):
        _content(answer, "PATCH v1/x y", changing=True)
    with pytest.raises(TryAgain) as caught:
        _content(answer, "PATCH v1/x y", changing=False)
    assert not isinstance(caught.value, Unanswered)


def test_the_pod_side_starts_without_the_heavy_libraries():
    heavy = ("pydantic", "pluggy", "kubernetes", "aiohttp", "urllib3", "typing", "traceback")
    source = f"import sys, kubernaut.runner; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
