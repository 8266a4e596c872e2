"""Paths of the kinds of object that the benchmarks use."""

from __future__ import annotations

from kubernaut.api.execution import GROUP, PLURAL, VERSION

NAMESPACES = "/api/v1/namespaces"
NODES = "/api/v1/nodes"
TASK_RUN_API = "/apis/tekton.dev/v1"


def executions(namespace: str) -> str:
    """Return the path of executions."""
    return f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{PLURAL}"


def jobs(namespace: str) -> str:
    """Return the path of Jobs."""
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"


def core(namespace: str, plural: str) -> str:
    """Return the path of a core kind, such as Pods, ConfigMaps or Events."""
    return f"{NAMESPACES}/{namespace}/{plural}"


def task_runs(namespace: str) -> str:
    """Return the path of Tekton's TaskRuns."""
    return f"{TASK_RUN_API}/namespaces/{namespace}/taskruns"
