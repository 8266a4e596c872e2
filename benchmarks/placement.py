"""Where pods that end at once go, and what they are told to report: known to the action, the yardsticks and the stand-in kubelet."""

from __future__ import annotations

from typing import Any

NODE_LABEL = "benchmarks.kubernaut.io/node"
REPORT = "BENCH_REPORT"
"""The environment variable that holds a container's termination message."""
WRITE_REPORT = ("sh", "-c", f'printf %s "${REPORT}" > "${{SANDBOX_POD_ROOT:-}}/dev/termination-log"')


def pod_fields(node: str) -> dict[str, Any]:
    """What brings a pod to the stand-in's node; nothing where there is none."""
    if not node:
        return {}
    toleration = {"key": NODE_LABEL, "operator": "Exists", "effect": "NoSchedule"}
    return {"nodeSelector": {NODE_LABEL: node}, "tolerations": [toleration]}
