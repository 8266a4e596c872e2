"""The pod failure policy of every Job: written by `jobs.hardening`, and evaluated again to find the attempt that failed a Job.

https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernaut.api.steps import DRY_RUN, EXECUTE, REJECTED_EXIT_CODE
from kubernaut.jobs.attempts import Attempt

POLICY_VERDICT = "PodFailurePolicy"
"""The reason of a Job's condition `Failed` if a rule failed it."""


def failure_rules(*, dry_run: bool, retry_safe: bool) -> list[dict[str, Any]]:
    """Return the rules; the first one that matches a failed pod decides.

    A refusal fails the Job at once. Where a second attempt is not safe, so does any failure once `execute` may have started: by its exit
    code, or, for a pod whose node can no longer report one, by the condition that the dry run is over. A disruption (eviction,
    preemption, a lost node) before that, or at any time where a second attempt is safe, does not count against the action.
    """
    ignored = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    if dry_run:
        return [_fail_on(DRY_RUN, "In", [REJECTED_EXIT_CODE]), ignored]
    if retry_safe:
        return [*(_fail_on(step, "In", [REJECTED_EXIT_CODE]) for step in (DRY_RUN, EXECUTE)), ignored]
    started = {"action": "FailJob", "onPodConditions": [{"type": "Initialized", "status": "True"}]}
    return [_fail_on(DRY_RUN, "In", [REJECTED_EXIT_CODE]), _fail_on(EXECUTE, "NotIn", [0]), started, ignored]


def fails_job(job: Mapping[str, Any], attempt: Attempt) -> bool:
    """Whether the Job's own policy fails the Job for this attempt, which did not succeed."""
    rules = ((job.get("spec") or {}).get("podFailurePolicy") or {}).get("rules") or ()
    deciding = next((rule for rule in rules if _matches(rule, attempt)), None)
    return deciding is not None and deciding["action"] == "FailJob"


def _matches(rule: Mapping[str, Any], attempt: Attempt) -> bool:
    if "onExitCodes" in rule:
        wanted = rule["onExitCodes"]
        run = attempt.step(wanted.get("containerName", ""))
        if run is None or not run.exit_code:
            return False  # as in the job controller, a container that succeeded or still runs matches no exit codes
        return (run.exit_code in wanted["values"]) is (wanted["operator"] == "In")
    return any(condition["type"] in attempt.conditions for condition in rule.get("onPodConditions", []))


def _fail_on(step: str, operator: str, values: list[int]) -> dict[str, Any]:
    return {"action": "FailJob", "onExitCodes": {"containerName": step, "operator": operator, "values": values}}
