"""Executions and pods as the API server has them, for tests of what the command line shows of them."""

from __future__ import annotations

import json
from typing import Any

from kubernaut.api.labels import LABEL_UID
from kubernaut.api.names import job_name
from kubernaut.api.view import ExecutionView

UID = "uid-of-more"
T = "2026-11-01T10:00:0{}Z"
CHANGE = {"kind": "Deployment", "name": "web", "field": "spec.replicas", "before": 2, "after": 3}
ROLLBACK = {"action": "scale", "parameters": {"name": "web", "replicas": 2}}
WAITING: dict[str, Any] = {"waiting": {"reason": "PodInitializing"}}
RUNNING: dict[str, Any] = {"running": {"startedAt": T.format(2)}}


def make_execution(
    name: str = "more",
    *,
    namespace: str = "prod",
    dry_run: bool = False,
    annotations: dict[str, str] | None = None,
    created: str = T.format(0),
    **status: Any,
) -> ExecutionView:
    """Return an execution of `scale` with this status, in the API server's words (`jobName=...`)."""
    metadata = {"name": name, "namespace": namespace, "uid": UID, "resourceVersion": "1", "creationTimestamp": created}
    spec = {"action": "scale", "parameters": {"name": "web", "replicas": 3}, "dryRun": dry_run}
    return ExecutionView({"metadata": {**metadata, "annotations": annotations or {}}, "spec": spec, "status": status})


def make_stage(name: str, begin: int = 0, end: int = 1, **more: Any) -> dict[str, Any]:
    """Return a stage between two seconds; one that ends at 0 has not ended."""
    return {"name": name, "startTime": T.format(begin), **({"endTime": T.format(end)} if end else {}), **more}


def make_pod(
    name: str = "p",
    *,
    dry_run: dict[str, Any] | None = None,
    execute: dict[str, Any] | None = None,
    scheduled: bool = True,
    phase: str = "Running",
    created: int = 0,
) -> dict[str, Any]:
    """Return a pod of the Job of `make_execution`, with these states of its two containers."""
    conditions = [{"type": "PodScheduled", "status": "True", "lastTransitionTime": T.format(created + 1)}]
    states = [{"name": n, "state": s} for n, s in (("dry-run", dry_run), ("execute", execute)) if s is not None]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job_name("more", UID), "controller": True}
    metadata = {
        "name": name,
        "namespace": "prod",
        "creationTimestamp": T.format(created),
        "labels": {LABEL_UID: UID},
        "ownerReferences": [owner],
    }
    status = {"phase": phase, "conditions": conditions if scheduled else [], "containerStatuses": states}
    return {"metadata": metadata, "spec": {"nodeName": "node-1"}, "status": status}


def make_report(step: str, state: str = "done", **more: Any) -> str:
    """Return the termination message of a step that ran for half a second."""
    times = {"started": 1793527202.5, "finished": 1793527203.0}
    return json.dumps({"kubernaut": 1, "step": step, "state": state, **times, **more})


def ended_step(step: str, code: int = 0, **report: Any) -> dict[str, Any]:
    """Return the state of a container that has ended with this exit code and report."""
    times = {"startedAt": T.format(2), "finishedAt": T.format(3)}
    return {"terminated": {"exitCode": code, **times, "message": make_report(step, **report)}}
