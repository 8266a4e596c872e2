"""Where the API server has the kinds of object that benchmarks touch."""

from __future__ import annotations

from kubernaut.api.execution import GROUP, PLURAL, VERSION

NAMESPACES = "/api/v1/namespaces"
NODES = "/api/v1/nodes"
TASK_RUN_API = "/apis/tekton.dev/v1"


def executions(namespace: str) -> str:
    """Of the engine."""
    return f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{PLURAL}"


def jobs(namespace: str) -> str:
    """Of Kubernetes."""
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"


def core(namespace: str, plural: str) -> str:
    """Pods, ConfigMaps, Events and the like."""
    return f"{NAMESPACES}/{namespace}/{plural}"


def task_runs(namespace: str) -> str:
    """Of Tekton."""
    return f"{TASK_RUN_API}/namespaces/{namespace}/taskruns"
