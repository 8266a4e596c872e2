"""The pod failure policy of every Job: written by `jobs.hardening`, and evaluated again to find the attempt that failed a Job.

https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubernaut.api.steps import DRY_RUN, EXECUTE, REHEARSAL_FAILED_EXIT_CODE, REJECTED_EXIT_CODE
from kubernaut.jobs.attempts import Attempt

POLICY_VERDICT = "PodFailurePolicy"
"""The reason of a Job's condition `Failed` if a rule failed it."""


def failure_rules(steps: Sequence[str], *, retry_safe: bool) -> list[dict[str, Any]]:
    """Return the rules for a pod whose containers have the names of these steps; the first rule that matches a failed pod decides.

    A refusal fails the Job at once. Where a second attempt is not safe, so does any failure once `execute` may have started: by its exit
    code, or, for a pod whose node can no longer report one, by the condition that all initContainers are over. A disruption (eviction,
    preemption, a lost node) before that, or at any time where a second attempt is safe, does not count against the action. A pod of
    `execute` alone rehearses in that container: its exit code says that the rehearsal failed, as the condition is true from the start.
    """
    ignored = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    if retry_safe or EXECUTE not in steps:
        return [*(_fail_on(step, "In", [REJECTED_EXIT_CODE]) for step in steps), ignored]
    started = {"action": "FailJob", "onPodConditions": [{"type": "Initialized", "status": "True"}]}
    if DRY_RUN not in steps:
        rehearsal = {"action": "Count", **_on(EXECUTE, "In", [REHEARSAL_FAILED_EXIT_CODE])}
        return [rehearsal, _fail_on(EXECUTE, "NotIn", [0]), started, ignored]
    return [_fail_on(DRY_RUN, "In", [REJECTED_EXIT_CODE]), _fail_on(EXECUTE, "NotIn", [0]), started, ignored]


def fails_job(job: Mapping[str, Any], attempt: Attempt) -> bool:
    """Whether the Job's own policy fails the Job for this attempt, which did not succeed."""
    rules = ((job.get("spec") or {}).get("podFailurePolicy") or {}).get("rules") or ()
    deciding = next((rule for rule in rules if _matches(rule, attempt)), None)
    return deciding is not None and deciding["action"] == "FailJob"


def _matches(rule: Mapping[str, Any], attempt: Attempt) -> bool:
    if "onExitCodes" in rule:
        wanted = rule["onExitCodes"]
        name = wanted.get("containerName", "")
        code = next((run.exit_code for run in attempt.steps if run.container == name and run.exit_code), None)
        if code is None:
            return False  # as in the job controller, a container that succeeded or still runs matches no exit codes
        return (code in wanted["values"]) is (wanted["operator"] == "In")
    return any(condition["type"] in attempt.conditions for condition in rule.get("onPodConditions", []))


def _fail_on(step: str, operator: str, values: list[int]) -> dict[str, Any]:
    return {"action": "FailJob", **_on(step, operator, values)}


def _on(step: str, operator: str, values: list[int]) -> dict[str, Any]:
    return {"onExitCodes": {"containerName": step, "operator": operator, "values": values}}
