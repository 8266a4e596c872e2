"""The node and the report of pods that end at once, as the action, the yardsticks and the stand-in kubelet agree on them."""

from __future__ import annotations

from typing import Any

NODE_LABEL = "benchmarks.kubernaut.io/node"
REPORT = "BENCH_REPORT"
"""The environment variable that contains a container's termination message."""
WRITE_REPORT = ("sh", "-c", f'printf %s "${REPORT}" > "${{SANDBOX_POD_ROOT:-}}/dev/termination-log"')


def pod_fields(node: str) -> dict[str, Any]:
    """Return the fields that place a pod on the stand-in's node; none if there is no such node."""
    if not node:
        return {}
    toleration = {"key": NODE_LABEL, "operator": "Exists", "effect": "NoSchedule"}
    return {"nodeSelector": {NODE_LABEL: node}, "tolerations": [toleration]}
