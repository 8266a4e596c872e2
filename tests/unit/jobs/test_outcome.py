"""From Jobs and pods to the reason and message that an on-call engineer reads."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kubernaut.api.execution import Phase, Reason
from kubernaut.jobs import outcome as outcomes
from kubernaut.jobs.attempts import read_attempts
from kubernaut.jobs.diagnosis import Diagnosis
from kubernaut.jobs.failure_policy import failure_rules
from kubernaut.jobs.outcome import Finished, InProgress, is_conclusive, is_explained
from kubernaut.kube.objects import CachedObject

T = "2026-01-01T00:00:0{}Z"


def job(condition=None, reason="", message="", reports="true", retry_safe=False, pods=1):
    conditions = [{"type": condition, "status": "True", "reason": reason, "message": message}] if condition else []
    annotations = {"kubernaut.io/target": "Deployment/web", "kubernaut.io/reports": reports}
    return {
        "metadata": {"name": "j", "annotations": annotations},
        "spec": {
            "activeDeadlineSeconds": 60,
            "podFailurePolicy": {"rules": failure_rules(("dry-run", "execute"), retry_safe=retry_safe)},
        },
        "status": {"conditions": conditions, "failed": pods},
    }


def report(step, state="done", **more):
    return json.dumps({"kubernaut": 1, "step": step, "state": state, **more})


def ended(code=0, message="", as_=None):
    state = {
        "exitCode": code,
        "reason": as_ or ("Error" if code else "Completed"),
        "startedAt": T.format(1),
        "finishedAt": T.format(2),
    }
    return {"terminated": {**state, "message": message}}


def pod(phase, dry_run=None, execute=None, number=0):
    status = {"phase": phase}
    if dry_run:
        status["initContainerStatuses"] = [{"name": "dry-run", "image": "img:1", "state": dry_run}]
    if execute:
        status["containerStatuses"] = [{"name": "execute", "image": "img:1", "state": execute}]
    return CachedObject({"metadata": {"name": f"p{number}", "creationTimestamp": T.format(number)}, "status": status})


def change(before, after):
    return {"kind": "Deployment", "name": "web", "field": "spec.replicas", "before": before, "after": after}


def observe(job, pods, **more):
    return outcomes.observe(job, read_attempts(pods), **more)


GOOD_DRY_RUN = ended(message=report("dry-run"))


@pytest.mark.parametrize("phase", ["Pending", "Running", "Succeeded", "Unknown"])
def test_the_success_of_the_main_container_counts_before_the_pod_and_the_job_have_ended(phase):
    text = report("execute", changes=[change(2, 5)])
    outcome = observe(job(), [pod(phase, GOOD_DRY_RUN, ended(message=text))])
    assert isinstance(outcome, Finished)
    assert (outcome.phase, outcome.reason) == (Phase.SUCCEEDED, None)
    assert outcome.message == "Changed Deployment/web spec.replicas: 2 → 5."


def test_a_pod_that_is_deleted_after_its_step_succeeded_has_succeeded():
    leaving = pod("Running", GOOD_DRY_RUN, ended(message=report("execute")))
    leaving.json["metadata"]["deletionTimestamp"] = T.format(3)
    outcome = observe(job("Failed", "DeadlineExceeded"), [leaving])
    assert (outcome.phase, outcome.attempts[0].interruption) == (Phase.SUCCEEDED, "")


def test_a_successful_dry_run_step_is_not_the_success_of_the_execution():
    waiting = {"waiting": {"reason": "PodInitializing"}}
    assert isinstance(observe(job(), [pod("Pending", GOOD_DRY_RUN, waiting)]), InProgress)
    assert isinstance(observe(job(), [pod("Pending", GOOD_DRY_RUN)]), InProgress)


def test_a_dry_run_execution_succeeds_with_its_only_step():
    running = pod("Running")
    running.json["status"]["containerStatuses"] = [{"name": "dry-run", "image": "img:1", "state": GOOD_DRY_RUN}]
    assert observe(job(), [running], dry_run=True).phase is Phase.SUCCEEDED


def test_the_job_decides_about_a_pod_that_failed_with_its_node():
    evicted = pod("Failed", GOOD_DRY_RUN, ended(message=report("execute")))
    assert isinstance(observe(job(), [evicted]), InProgress)


def test_the_conclusion_of_the_action_is_the_message():
    text = report("execute", changes=[change(2, 5)], message="Pull request 7 is open.")
    outcome = observe(job(), [pod("Succeeded", GOOD_DRY_RUN, ended(message=text))])
    assert outcome.message == "Pull request 7 is open."


@pytest.mark.parametrize(
    ("unsure", "known"),
    [(False, "Nothing was changed."), (True, "Whether it changed anything is unknown: check its target.")],
)
def test_a_write_without_an_answer_is_not_reported_as_no_change(unsure, known):
    words = report("execute", "error", message="no answer from the API server", unsure=unsure)
    outcome = observe(job("Failed", "BackoffLimitExceeded"), [pod("Failed", GOOD_DRY_RUN, ended(1, words))])
    assert outcome.message.endswith(known)


def test_a_failed_pod_does_not_end_the_execution_while_the_job_can_retry():
    assert isinstance(observe(job(), [pod("Failed", GOOD_DRY_RUN, ended(1))]), InProgress)


def in_one_second(*states):
    """Return pods that were created in the same second, whose names do not show their order."""
    pods = []
    for name, (code, more) in zip("zya", states, strict=True):
        pods.append(pod("Failed", ended(code, report("dry-run", "error", **more))))
        pods[-1].json["metadata"]["name"] = name
    return pods


def test_attempts_within_one_second_are_in_the_order_of_their_steps():
    moments = [(1, {"started": 5.0 + n, "message": str(n)}) for n in range(3)]
    outcome = observe(job(), in_one_second(*moments))
    assert [attempt.failed_step.report.message for attempt in outcome.attempts] == ["0", "1", "2"]
    worn = observe(job("Failed", "BackoffLimitExceeded"), in_one_second(*moments))
    assert "failed 3 times, the last time with exit code 1: 2 (pod a)" in worn.message


@pytest.mark.parametrize("retry_safe", [False, True])
def test_the_cause_is_taken_from_the_pod_for_which_the_policy_failed_the_job(retry_safe):
    pods = in_one_second((1, {"message": "500"}), (42, {"message": "not found"}), (1, {"message": "500"}))
    outcome = observe(job("Failed", "PodFailurePolicy", retry_safe=retry_safe), pods)
    assert (outcome.reason, "was rejected: not found (pod y)" in outcome.message) == (Reason.DRY_RUN_REJECTED, True)


@pytest.mark.parametrize("condition", ["SuccessCriteriaMet", "FailureTarget"])
def test_the_conditions_before_the_end_of_a_job_do_not_end_the_execution(condition):
    assert isinstance(observe(job(condition), []), InProgress)


def unstarted(message):
    return {
        "terminated": {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z", "message": message}
    }


def failed(run, reason="BackoffLimitExceeded", dry_run=GOOD_DRY_RUN):
    return observe(job("Failed", reason), [pod("Failed", dry_run, run)])


@pytest.mark.parametrize(
    ("outcome", "reason", "message"),
    [
        pytest.param(
            observe(
                job("Failed", "PodFailurePolicy"),
                [pod("Failed", ended(42, report("dry-run", "rejected", message='deployments.apps "web" not found')))],
            ),
            Reason.DRY_RUN_REJECTED,
            'The dry run on Deployment/web was rejected: deployments.apps "web" not found (pod p0). Nothing was changed.',
            id="refused in the dry run",
        ),
        pytest.param(
            failed(
                ended(42, report("execute", "rejected", message="2 of 5 replicas ready", changes=[change(2, 5)])),
                "PodFailurePolicy",
            ),
            Reason.ACTION_FAILED,
            "The action on Deployment/web was rejected: 2 of 5 replicas ready (pod p0). "
            "Before that it changed Deployment/web spec.replicas: 2 → 5: check whether to keep that.",
            id="refused after a change",
        ),
        pytest.param(
            failed(
                ended(42, report("execute", "rejected", message="cannot patch", reason="Forbidden")), "PodFailurePolicy"
            ),
            Reason.FORBIDDEN,
            "The action on Deployment/web was not allowed to: cannot patch (pod p0). Nothing was changed.",
            id="forbidden",
        ),
        pytest.param(
            failed(ended(137, report("execute", "error"), "OOMKilled")),
            Reason.OUT_OF_MEMORY,
            "The action on Deployment/web exceeded its memory limit and was killed: raise the action's limit (pod p0). "
            "Whether it changed anything is unknown: check its target.",
            id="out of memory",
        ),
        pytest.param(
            failed(ended(137, "")),
            Reason.RETRIES_EXHAUSTED,
            "The action on Deployment/web failed once, the last time with exit code 137 (SIGKILL): no output (pod p0). "
            "Whether it changed anything is unknown: check its target.",
            id="any other SIGKILL is not memory",
        ),
        pytest.param(
            failed(ended(1, "Traceback: boom")),
            Reason.RETRIES_EXHAUSTED,
            "The action on Deployment/web failed once, the last time with exit code 1: Traceback: boom (pod p0). "
            "Whether it changed anything is unknown: check its target.",
            id="retries exhausted",
        ),
        pytest.param(
            failed(ended(1, "boom"), "PodFailurePolicy"),
            Reason.ACTION_FAILED,
            "The action on Deployment/web failed with exit code 1 and is not retried, "
            "because the action is not safe to repeat: boom (pod p0). "
            "Whether it changed anything is unknown: check its target.",
            id="not safe to repeat",
        ),
        pytest.param(
            failed(ended(1, report("execute", "error", message="KeyError: 'x'", reason="PluginError"))),
            Reason.PLUGIN_ERROR,
            "The action on Deployment/web failed in the plugin's own code: KeyError: 'x' (pod p0). Nothing was changed.",
            id="a bug of the plugin",
        ),
        pytest.param(
            observe(
                job("Failed", "PodFailurePolicy"),
                [pod("Failed", ended(42, report("dry-run", "error", message="KeyError: 'x'", reason="PluginError")))],
            ),
            Reason.PLUGIN_ERROR,
            "The dry run on Deployment/web failed in the plugin's own code: KeyError: 'x' (pod p0). Nothing was changed.",
            id="a bug of the plugin that ends it at once",
        ),
        pytest.param(
            failed(unstarted("exec: no such file")),
            Reason.PLUGIN_ERROR,
            "The action on Deployment/web could not be started: exec: no such file (pod p0). Nothing was changed.",
            id="a command that is not there",
        ),
        pytest.param(
            observe(job("Failed", "DeadlineExceeded"), [pod("Pending", {"running": {"startedAt": T.format(1)}})]),
            Reason.DEADLINE_EXCEEDED,
            "The dry run on Deployment/web was stopped in attempt 1: deadline of 60 s exceeded by all attempts together. "
            "Nothing was changed.",
            id="deadline in the dry run",
        ),
        pytest.param(
            failed(
                ended(42, report("execute", "rejected", message="1 of 3 ready", changes=[change(2, 3)])),
                "DeadlineExceeded",
            ),
            Reason.ACTION_FAILED,
            "The action on Deployment/web was rejected: 1 of 3 ready (pod p0). "
            "Before that it changed Deployment/web spec.replicas: 2 → 3: check whether to keep that.",
            id="deadline just after a refusal",
        ),
        pytest.param(
            observe(job("Failed", "DeadlineExceeded"), []),
            Reason.DEADLINE_EXCEEDED,
            "Deadline of 60 s exceeded. Its pods are gone, so how far it got is unknown. "
            "Whether it changed anything is unknown: check its target.",
            id="deadline, and its pods are gone",
        ),
        pytest.param(
            observe(job("Failed", "DeadlineExceeded", pods=0), []),
            Reason.DEADLINE_EXCEEDED,
            "Deadline of 60 s exceeded before any pod was created. Nothing was changed.",
            id="deadline before any pod",
        ),
        pytest.param(
            observe(job("Failed", "DeadlineExceeded", pods=0), [], last_diagnosis=Diagnosis("X", "a quota")),
            Reason.DEADLINE_EXCEEDED,
            "Deadline of 60 s exceeded before any step started: a quota. Nothing was changed.",
            id="no pod could be created",
        ),
        pytest.param(
            observe(
                job("Failed", "DeadlineExceeded"),
                [],
                last_diagnosis=Diagnosis("ImagePullFailed", "image r/x:1 cannot be pulled"),
            ),
            Reason.IMAGE_PULL_FAILED,
            "Deadline of 60 s exceeded. When last seen, no step had started: image r/x:1 cannot be pulled. "
            "Check the image's name and the registry. "
            "Whether it changed anything is unknown: check its target.",
            id="an image that never came",
        ),
        pytest.param(
            observe(job("Failed", "BackoffLimitExceeded", "limit reached"), []),
            Reason.RETRIES_EXHAUSTED,
            "The Job failed (BackoffLimitExceeded: limit reached), and none of its pods is left to show the cause. "
            "Whether it changed anything is unknown: check its target.",
            id="no pod is left",
        ),
    ],
)
def test_the_message_of_a_failure_says_what_failed_why_and_what_was_changed(outcome, reason, message):
    assert isinstance(outcome, Finished)
    assert (outcome.phase, outcome.reason, outcome.message) == (Phase.FAILED, reason, message)


def test_the_changes_of_two_attempts_have_the_first_before_and_the_last_after():
    first = pod("Failed", GOOD_DRY_RUN, ended(1, report("execute", "error", changes=[change(2, 5)])), 0)
    second = pod("Succeeded", GOOD_DRY_RUN, ended(message=report("execute")), 1)
    outcome = observe(job(), [second, first])
    assert [(c.before, c.after) for c in outcome.result.changes] == [(2, 5)]


def test_a_field_that_was_changed_back_is_not_a_change():
    first = pod("Failed", GOOD_DRY_RUN, ended(1, report("execute", "error", changes=[change(2, 5)])), 0)
    second = pod("Succeeded", GOOD_DRY_RUN, ended(message=report("execute", changes=[change(5, 2)])), 1)
    assert observe(job(), [first, second]).result.changes == ()


@pytest.mark.parametrize(
    "words", ["", "not json", "[]", '{"kubernaut": 2}', '{"kubernaut": 1, "step": "dry-run", "state": "done"}']
)
def test_a_success_without_a_result_of_its_own_step_is_a_plugin_error(words):
    outcome = observe(job(), [pod("Succeeded", GOOD_DRY_RUN, ended(message=words))])
    assert (outcome.phase, outcome.reason) == (Phase.FAILED, Reason.PLUGIN_ERROR)
    assert "its module must call run(perform)" in outcome.message


def test_a_plain_command_needs_no_result():
    outcome = observe(job(reports="false"), [pod("Succeeded", ended(), ended(message="hello"))])
    assert outcome.phase is Phase.SUCCEEDED


def test_a_dry_run_reports_what_it_would_change():
    outcome = observe(job(), [dry_run_pod(report("dry-run", changes=[change(2, 5)]))], dry_run=True)
    assert outcome.message == "The dry run passed; it would change Deployment/web spec.replicas: 2 → 5."


def test_a_dry_run_that_would_change_nothing_says_what_the_action_concludes():
    outcome = observe(job(), [dry_run_pod(report("dry-run", message="It holds now."))], dry_run=True)
    assert outcome.message == "It holds now."


def dry_run_pod(message):
    status = {
        "phase": "Succeeded",
        "containerStatuses": [{"name": "dry-run", "image": "i", "state": ended(message=message)}],
    }
    return CachedObject({"metadata": {"name": "p", "creationTimestamp": T.format(0)}, "status": status})


def test_the_changes_of_the_dry_run_step_are_not_reported_as_real_ones():
    planned = ended(message=report("dry-run", changes=[change(2, 5)]))
    outcome = observe(job("Failed", "BackoffLimitExceeded"), [pod("Failed", planned, ended(1, "boom"))])
    assert outcome.result.changes == ()


@pytest.mark.parametrize("why", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
def test_an_image_that_cannot_be_pulled_is_reported_while_the_job_runs(why):
    outcome = observe(job(), [pod("Pending", {"waiting": {"reason": why, "message": "no such host"}})])
    assert isinstance(outcome, InProgress)
    assert outcome.diagnosis.is_image_pull
    assert outcome.diagnosis.message == f"image img:1 cannot be pulled ({why}): no such host"


def test_a_complete_job_whose_pod_is_gone_has_succeeded_with_an_unknown_result():
    outcome = observe(job("Complete"), [])
    assert outcome.phase is Phase.SUCCEEDED
    assert "gone before its result was read" in outcome.message


NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def verdict(reason="PodFailurePolicy", kind="Failed"):
    found = job(kind, reason)
    found["status"]["conditions"][0]["lastTransitionTime"] = "2026-05-01T12:00:00Z"
    return found


REFUSED, RETRIED = pod("Failed", ended(42), number=2), pod("Failed", ended(1), number=1)
RUNNING = pod("Running", number=2)


@pytest.mark.parametrize(
    ("judged", "pods", "explained", "conclusive"),
    [
        pytest.param(verdict(), [RETRIED], False, False, id="the pod that failed the Job is not known yet"),
        pytest.param(verdict(), [RETRIED, RUNNING], False, False, id="it is not known to have ended"),
        pytest.param(verdict(), [RETRIED, REFUSED], True, True, id="it is"),
        pytest.param(verdict(), [REFUSED, replace(RUNNING, deleted=True)], True, True, id="the other one is deleted"),
        pytest.param(verdict(), [], False, True, id="no pod is left"),
        pytest.param(verdict("BackoffLimitExceeded"), [RUNNING], False, False, id="the last one seems to run"),
        pytest.param(verdict("BackoffLimitExceeded"), [RETRIED], True, True, id="all have ended"),
        pytest.param(verdict("DeadlineExceeded"), [RUNNING], True, True, id="a deadline needs no pod"),
        pytest.param(verdict(kind="Complete"), [RUNNING], False, True, id="the pod that succeeded seems to run"),
        pytest.param(verdict(kind="Complete"), [], False, True, id="the pod that succeeded is not known"),
        pytest.param(verdict(kind="Complete"), [pod("Succeeded", ended(), ended())], True, True, id="it is known"),
        pytest.param(job(), [RUNNING], True, True, id="no condition"),
    ],
)
def test_a_verdict_waits_for_the_pods_that_explain_it(judged, pods, explained, conclusive):
    assert is_explained(judged, pods) is explained
    assert is_conclusive(judged, pods, NOON + timedelta(seconds=1)) is conclusive


def test_the_cause_of_a_failure_waits_for_pods_for_at_most_ten_seconds():
    assert is_conclusive(verdict(), [RETRIED], NOON + timedelta(seconds=11))
