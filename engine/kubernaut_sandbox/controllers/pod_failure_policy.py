"""podFailurePolicy: which action a Job takes for a failed pod."""

from __future__ import annotations

from dataclasses import dataclass

from kubernaut_sandbox.model.objects import Object, name_of, namespace_of, spec_of, status_of


@dataclass(frozen=True, slots=True)
class PolicyMatch:
    """The action of the rule that matches, and a message; the action Count when no rule matches."""

    action: str = "Count"
    message: str = ""


def match_failure_policy(job: Object, pod: Object) -> PolicyMatch:
    """Return the match of the first rule that matches the pod."""
    for index, rule in enumerate((spec_of(job).get("podFailurePolicy") or {}).get("rules") or ()):
        if codes := rule.get("onExitCodes"):
            match = _exit_match(pod, codes)
            if match:
                container, code = match
                return PolicyMatch(
                    rule["action"],
                    f"Container {container} for pod {namespace_of(pod)}/{name_of(pod)} failed with exit code {code} "
                    f"matching {rule['action']} rule at index {index}",
                )
        elif condition := _condition_match(pod, rule.get("onPodConditions") or ()):
            return PolicyMatch(
                rule["action"],
                f"Pod {namespace_of(pod)}/{name_of(pod)} has condition {condition} matching {rule['action']} rule at index {index}",
            )
    return PolicyMatch()


def _exit_match(pod: Object, codes: Object) -> tuple[str, int] | None:
    statuses = [*(status_of(pod).get("containerStatuses") or ()), *(status_of(pod).get("initContainerStatuses") or ())]
    for status in statuses:
        terminated = (status.get("state") or {}).get("terminated")
        if not terminated or codes.get("containerName") not in (None, status["name"]) or not terminated["exitCode"]:
            continue
        if (terminated["exitCode"] in codes["values"]) == (codes["operator"] == "In"):
            return status["name"], terminated["exitCode"]
    return None


def _condition_match(pod: Object, patterns: list[Object] | tuple[()]) -> str:
    for pattern in patterns:
        for condition in status_of(pod).get("conditions") or ():
            if condition["type"] == pattern["type"] and condition["status"] == pattern.get("status", "True"):
                return str(condition["type"])
    return ""
