"""What `perform` records and waits for."""

import os

import pytest

from kubernaut.printable import is_printable


@pytest.mark.parametrize("call", ["action.progress({!r})", "action.reject({!r})", "raise RuntimeError({!r})"])
def test_what_a_step_says_cannot_steer_a_terminal(step, call):
    _, report = step(call.format("a\x1b[2Jb\x9b31mc\u202ed") + "; action.reject('end')")
    assert is_printable(report.message)
    assert is_printable(report.log.replace("\n", ""))
    assert "abcd" in report.message + report.log


def test_a_field_that_is_as_wanted_is_reported_with_its_value(step):
    (kept,) = step("action.changed('Thing', 'x', 'f', 1, 1)")[1].changes
    assert (kept.field, kept.before, kept.after) == ("f", 1, 1)


WRITES = "\n    ".join(
    [
        "from kubernaut.runner.http_client import Answer",
        "answers = iter({answers})",
        "def ask(*_, **__):",
        '    return Answer(next(answers), b\'{{"metadata": {{"name": "c"}}}}\')',
        "action.api._connection.request = ask",
        "try:",
        "    {call}",
        "except Exception as refused:",
        "    print(refused)",
        "{then}",
    ]
)


PATCH = "action.api.patch('v1/configmaps', 'c', {})"
RECORDED = "action.changed('ConfigMap', {name!r}, 'data.a', {before!r}, 'b'); action.reject('no')"


@pytest.mark.parametrize(
    ("answers", "call", "then", "unsure"),
    [
        ([200], PATCH, "action.reject('no')", True),
        ([200], "action.api.delete('v1/pods', 'c')", "raise RuntimeError('a defect')", True),
        ([201], "action.api.create('v1/pods', {})", "action.reject('no')", True),
        ([200], PATCH, RECORDED.format(name="c", before=None), False),
        ([200], PATCH, RECORDED.format(name="c", before="b"), False),
        ([200], PATCH, RECORDED.format(name="other", before="b"), True),
        ([200], PATCH, "pass", False),
        ([404], PATCH, "action.reject('no')", False),
        ([200], "action.api.peek('v1/configmaps', 'c')", "action.reject('no')", False),
        ([200], "action.api.get('v1/configmaps', 'c')", "action.reject('no')", False),
    ],
)
def test_a_step_that_fails_before_it_records_what_it_wrote_does_not_claim_that_nothing_was_changed(
    step, tmp_path, answers, call, then, unsure
):
    (tmp_path / "var/run/secrets/kubernetes.io/serviceaccount/token").write_text("t", "utf-8")
    _, report = step(WRITES.format(answers=answers, call=call, then=then))
    assert report.unsure is unsure, report


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
def test_a_step_reports_a_write_whose_outcome_it_does_not_know(step, tmp_path, answers, change, code, unsure):
    (tmp_path / "var/run/secrets/kubernetes.io/serviceaccount/token").write_text("t", "utf-8")
    ended, report = step(LOSES.format(answers=answers, change=change))
    assert (ended, report.unsure) == (code, unsure), report


def test_a_plugin_can_report_a_change_whose_outcome_it_does_not_know(step):
    ended, report = step("action.unsure('Branch', 'x'); action.reject('no answer')")
    assert (ended, report.unsure) == (42, True)


def test_waiting_ends_when_nothing_is_missing(step):
    assert step("left = ['two', 'one', '']; action.wait_until(lambda: left.pop(0), every=0.01)")[1].verified


def test_waiting_ends_at_its_limit_with_what_is_still_missing(step):
    code, report = step("action.wait_until(lambda: '1 of 3 ready', seconds=0.05, every=0.02)")
    assert (code, report.state) == (42, "rejected")
    assert report.message == "the change was made, but did not take effect in time: 1 of 3 ready"


def test_the_dry_run_does_not_wait(step):
    assert step("action.wait_until(lambda: 'never')", "dry-run")[0] == 0


def test_waiting_goes_on_while_the_api_server_does_not_answer(step):
    lines = [
        "from kubernaut.runner.exceptions import TryAgain",
        "left = iter([TryAgain('no route'), 'one', ''])",
        "def awaited():",
        "    found = next(left)",
        "    if isinstance(found, Exception):",
        "        raise found",
        "    return found",
        "action.wait_until(awaited, every=0.01)",
    ]
    code, report = step("\n    ".join(lines))
    assert (code, report.verified) == (0, True)


WAITS = "\n    ".join(
    [
        "from kubernaut.runner.action import Obstacle",
        "objects = iter({objects})",
        "seen = [dict()]",
        "def get(kind, name):",
        "    seen.append(next(objects, seen[-1]))",
        "    return seen[-1]",
        "action.api.get = get",
        "written = {{'spec': {{'replicas': 3}}}}",
        "missing = lambda o: o.get('missing', '')",
        "blocked = lambda o: Obstacle(o.get('blocked', ''), o.get('seconds', 0.05))",
        "action.wait_for('apps/v1/deployments', 'web', written, missing, blocked)",
    ]
)


@pytest.mark.parametrize(
    ("objects", "code", "message"),
    [
        ("[{'spec': {'replicas': 3}, 'missing': 'one'}, {'spec': {'replicas': 3}}]", 0, ""),
        (
            "[{'spec': {'replicas': 3}, 'missing': 'one'}, {'spec': {'replicas': 2}}]",
            42,
            "the change was made, and did not last: spec.replicas is 2 now, and not 3 as this action wrote it",
        ),
        (
            "[{'spec': {'replicas': 3}, 'missing': 'one', 'blocked': 'quota'}]",
            42,
            "the change was made, and cannot take effect: quota",
        ),
        (
            "[{'spec': {'replicas': 3}, 'missing': 'one', 'blocked': 'quota', 'seconds': 9}, {'spec': {'replicas': 3}}]",
            0,
            "",
        ),
    ],
    ids=["it takes effect", "it is reverted", "it is blocked", "it is blocked for a while"],
)
def test_waiting_for_an_object_ends_by_what_the_object_says(step, objects, code, message):
    ended, report = step(WAITS.format(objects=objects))
    assert (ended, report.message) == (code, message)
    assert report.verified is (code == 0)


def test_an_action_knows_its_execution(step, monkeypatch):
    monkeypatch.setenv("HOSTNAME", "e1-x7k2p")
    monkeypatch.setenv("TRACEPARENT", "00-a-b-01")
    facts = "action.name, action.namespace, action.uid, action.action_name, action.traceparent, action.pod_name"
    _, report = step(f"action.output('facts', [{facts}])")
    assert report.outputs["facts"] == ["e1", "ns", "u1", "do", "00-a-b-01", "e1-x7k2p"]


def test_changes_between_two_states_are_recorded_field_by_field(step, tmp_path):
    (tmp_path / "var/run/secrets/kubernetes.io/serviceaccount/token").write_text("t", "utf-8")
    before, after = {"spec": {"a": 1, "b": 2}}, {"spec": {"a": 1, "b": 3}}
    _, report = step(f"action.changed_between('Thing', 'x', {before}, {after})")
    assert [(c.kind, c.name, c.field, c.before, c.after) for c in report.changes] == [("Thing", "x", "spec.b", 2, 3)]
    call = "action.api.delete('v1/pods', 'c')"
    then = "action.changed_between('Pod', 'c', {'spec': {}}, {'spec': {}}); action.reject('no')"
    assert step(WRITES.format(answers=[200], call=call, then=then))[1].unsure is False


GONE = "\n    ".join(
    [
        "from kubernaut.runner.http_client import Answer",
        "from kubernaut.runner.exceptions import Unanswered",
        "answers = iter([0, 1])",
        "def ask(*_, **__):",
        "    if not next(answers):",
        "        raise Unanswered('lost')",
        """    return Answer(404, b'{"reason": "NotFound", "details": {"name": "c"}}')""",
        "action.api._connection.request = ask",
        "action.output('answer', action.api.delete('v1/pods', 'c', uid='u'))",
        "",
    ]
)
"""A deletion that gets no answer, and of which the repetition finds the object gone."""


@pytest.mark.parametrize(
    ("then", "code", "unsure"),
    [
        pytest.param("action.reject('no')", 42, True, id="and a refusal before it is recorded"),
        pytest.param("action.changed_between('Pod', 'c', {'spec': 1}, None)", 0, False, id="and recorded"),
        pytest.param("{}['x']", 1, True, id="and a defect, after which another attempt is made"),
    ],
)
def test_a_deletion_that_was_lost_and_then_found_gone_is_a_change(step, tmp_path, then, code, unsure):
    (tmp_path / "var/run/secrets/kubernetes.io/serviceaccount/token").write_text("t", "utf-8")
    ended, report = step(GONE + then)
    assert (ended, report.unsure, report.outputs["answer"]) == (code, unsure, {})


SECOND = "action.output('handed', action.handed)"


def test_what_the_dry_run_hands_over_reaches_execute_in_another_container(step, tmp_path):
    step("action.hand_over('a', {'b': [1, 'ü']}); action.hand_over('c', None)", "dry-run")
    assert step(SECOND)[1].outputs["handed"] == {"a": {"b": [1, "ü"]}, "c": None}
    step("pass", "dry-run")
    assert step(SECOND)[1].outputs["handed"] == {}, "a dry run that hands over nothing leaves nothing of an earlier one"


def test_what_the_dry_run_hands_over_reaches_execute_in_the_same_process_and_nothing_is_left_behind(step, tmp_path):
    body = f"action.hand_over('a', (1, 2))\n    {SECOND}"
    _, (_, executed) = step(body, "dry-run,execute")
    assert executed.outputs["handed"] == {"a": [1, 2]}
    assert list((tmp_path / "tmp").iterdir()) == []


def test_execute_hands_nothing_over(step, tmp_path):
    assert step(f"action.hand_over('a', 1); {SECOND}")[1].outputs["handed"] == {}
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("steps", ["dry-run", "dry-run,execute"])
@pytest.mark.parametrize(
    ("value", "state", "message"),
    [
        (
            "'x' * 65536",
            "rejected",
            "cannot hand over 'a': all values together are 65545 bytes, and 65536 are the limit",
        ),
        ("{1, 2}", "error", "hand_over('a'): the value is not JSON (Object of type set is not JSON serializable)"),
        ("float('nan')", "error", "hand_over('a'): the value is not JSON (Out of range float values"),
    ],
)
def test_what_cannot_be_handed_over_ends_the_dry_run_and_says_why(step, steps, value, state, message):
    code, report = step(f"action.hand_over('a', {value})", steps)
    report = report[0] if isinstance(report, tuple) else report
    assert (code, report.state) == (42, state)
    assert message in report.message


@pytest.mark.parametrize("content", ["[]", "{", "\x00", "{}" + " " * 65536])
def test_what_was_altered_on_its_way_is_refused(step, tmp_path, content):
    (tmp_path / "tmp/kubernaut-handed.json").write_text(content, "utf-8")
    code, report = step(SECOND)
    assert code == 42
    assert "another container of the pod may write to its volume at /tmp" in report.message


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_is_refused_and_never_waited_for(step, tmp_path, kind):
    path = tmp_path / "tmp/kubernaut-handed.json"
    {"link": lambda: path.symlink_to("/etc/hostname"), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[kind]()
    code, report = step(SECOND)
    assert (code, report.state) == (42, "rejected")


def test_a_refusal_that_was_answered_is_not_called_an_api_server_that_does_not_answer(step):
    lines = [
        "from kubernaut.runner.exceptions import TooManyRequests",
        "def awaited():",
        "    failure = TooManyRequests('the budget needs 2 pods')",
        "    failure.status = 429",
        "    raise failure",
        "action.wait_until(awaited, seconds=0.05, every=0.02)",
    ]
    assert step("\n    ".join(lines))[1].message.endswith("did not take effect in time: the budget needs 2 pods")
