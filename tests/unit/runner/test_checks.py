"""Waiting until something holds that the step does not bring about itself."""

import pytest

CHECK = (
    "from kubernaut.runner.checks import Finding, wait_until_it_holds\n"
    "    findings = {findings}\n"
    "    def look():\n"
    "        found = findings.pop(0) if len(findings) > 1 else findings[0]\n"
    "        if isinstance(found, Exception):\n"
    "            raise found\n"
    "        return Finding(*found)\n"
    "    begun = time.time()\n"
    "    wait_until_it_holds(action, look, {limits}, every=0.02)\n"
    "    action.output('took', time.time() - begun)"
)


def check(findings, limits="timeout_seconds=0.3"):
    return CHECK.format(findings=findings, limits=limits)


def test_it_waits_until_it_holds_and_says_after_how_long(step):
    code, report = step(check("[(False, '1 of 2'), (False, '1 of 2'), (True, '2 of 2')]"))
    assert (code, report.verified) == (0, True)
    assert report.message.startswith("It holds, ")
    assert report.message.endswith(": 2 of 2.")
    assert (report.outputs["holds"], report.outputs["seen"]) == (True, "2 of 2")


def test_what_holds_at_once_is_not_waited_for(step):
    _, report = step(check("[(True, '2 of 2')]", "timeout_seconds=30"))
    assert report.message == "It holds, at the first look: 2 of 2."
    assert report.outputs["seconds"] == 0


def test_it_is_refused_at_its_limit_with_what_was_seen_last(step):
    code, report = step(check("[(False, '0 of 2'), (False, '1 of 2')]"))
    assert (code, report.state, report.verified) == (42, "rejected", False)
    assert report.message == "it did not hold within 0.3 s: 1 of 2"
    assert report.outputs == {"holds": False, "seen": "1 of 2", "seconds": 0.3}


def test_it_looks_once_more_at_the_limit_itself(step):
    findings = "[(False, 'no'), (True, 'yes')]"
    code, _ = step(check(findings, "timeout_seconds=0.2").replace("every=0.02", "every=60"))
    assert code == 0


def test_it_settles_before_the_first_look_and_not_as_part_of_the_timeout(step):
    code, report = step(
        check("[(False, 'no'), (False, 'no'), (True, 'yes')]", "timeout_seconds=0.2, settle_seconds=0.4")
    )
    assert code == 0
    assert report.outputs["took"] >= 0.4
    assert report.outputs["seconds"] < 0.3


def test_what_holds_for_a_moment_only_does_not_hold(step):
    flapping = "[(True, 'up'), (False, 'down')] * 100"
    code, report = step(check(flapping, "timeout_seconds=0.3, hold_seconds=0.1"))
    assert (code, report.message) == (
        42,
        f"it did not hold within 0.3 s, or not for 0.1 s at a time: {report.outputs['seen']}",
    )


def test_what_holds_long_enough_after_a_moment_holds(step):
    code, report = step(check("[(True, 'up'), (False, 'down'), (True, 'up')]", "timeout_seconds=2, hold_seconds=0.2"))
    assert code == 0
    assert "and for 0.2 s: up." in report.message
    assert 0.2 <= report.outputs["took"] < 1


def test_it_never_waits_past_the_deadline(step):
    body = "action.deadline_seconds = 5.2\n    " + check("[(False, 'no')]", "timeout_seconds=600")
    code, report = step(body)
    assert (code, report.state) == (42, "rejected")
    assert report.message.startswith("it did not hold within 0.")


@pytest.mark.parametrize("holds", [True, False])
def test_the_dry_run_looks_once_and_passes_whether_it_holds_or_not(step, holds):
    limits = "timeout_seconds=30, settle_seconds=30"
    code, report = step(check(f"[({holds}, '1 of 2')]", limits), "dry-run")
    assert (code, report.verified) == (0, False)
    assert (report.outputs["holds"], report.outputs["seen"]) == (holds, "1 of 2")
    assert f"It {'holds' if holds else 'does not hold'} now: 1 of 2." in report.message


def test_an_api_server_that_does_not_answer_is_waited_for(step):
    code, report = step("from kubernaut.runner import TryAgain\n    " + check("[TryAgain('lost'), (True, '2 of 2')]"))
    assert (code, report.outputs["seen"]) == (0, "2 of 2")


def test_one_that_never_answers_is_what_was_seen_last(step):
    code, report = step("from kubernaut.runner import TryAgain\n    " + check("[TryAgain('lost')]"))
    assert code == 42
    assert report.message == "it did not hold within 0.3 s: the API server does not answer: lost"


def test_a_refusal_ends_the_wait(step):
    code, report = step(
        "from kubernaut.runner import Rejected\n    " + check("[(False, 'no'), Rejected('it is gone')]")
    )
    assert (code, report.message) == (42, "it is gone")
