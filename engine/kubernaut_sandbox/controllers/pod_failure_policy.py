"""podFailurePolicy: what a Job makes of one failed pod."""

from __future__ import annotations

from dataclasses import dataclass

from kubernaut_sandbox.model.objects import Object, name_of, namespace_of, spec_of, status_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """The action of the rule that matched (Count when none did), and why."""

    action: str = "Count"
    message: str = ""


def verdict(job: Object, pod: Object) -> Verdict:
    """The first rule that matches decides."""
    for index, rule in enumerate((spec_of(job).get("podFailurePolicy") or {}).get("rules") or ()):
        if codes := rule.get("onExitCodes"):
            found = _exit_match(pod, codes)
            if found:
                container, code = found
                return Verdict(
                    rule["action"],
                    f"Container {container} for pod {namespace_of(pod)}/{name_of(pod)} failed with exit code {code} "
                    f"matching {rule['action']} rule at index {index}",
                )
        elif condition := _condition_match(pod, rule.get("onPodConditions") or ()):
            return Verdict(
                rule["action"],
                f"Pod {namespace_of(pod)}/{name_of(pod)} has condition {condition} matching {rule['action']} rule at index {index}",
            )
    return Verdict()


def _exit_match(pod: Object, codes: Object) -> tuple[str, int] | None:
    statuses = [*(status_of(pod).get("containerStatuses") or ()), *(status_of(pod).get("initContainerStatuses") or ())]
    for status in statuses:
        ended = (status.get("state") or {}).get("terminated")
        if not ended or codes.get("containerName") not in (None, status["name"]) or not ended["exitCode"]:
            continue
        if (ended["exitCode"] in codes["values"]) == (codes["operator"] == "In"):
            return status["name"], ended["exitCode"]
    return None


def _condition_match(pod: Object, patterns: list[Object] | tuple[()]) -> str:
    for pattern in patterns:
        for condition in status_of(pod).get("conditions") or ():
            if condition["type"] == pattern["type"] and condition["status"] == pattern.get("status", "True"):
                return str(condition["type"])
    return ""
