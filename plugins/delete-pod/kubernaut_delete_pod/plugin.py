"""`delete-pod`: its parameters and permissions. A pod that is gone does not come back, so it returns no rollback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import kubernaut
from kubernaut import ActionSpec, ObjectName, Parameters, Rule, Surroundings, Target

HOOK_VERSION = 1


class DeletePod(Parameters):
    """The pod to delete."""

    name: ObjectName
    onlyIfNotReady: bool = False  # noqa: N815 - as Kubernetes writes fields
    """Delete it only if it is not ready."""
    wait: bool = True
    """Wait until another pod of its controller is ready in its place."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Evict one pod, if a controller replaces it and disruption budgets allow it, and wait for the replacement.",
        parameters=DeletePod,
        target=lambda parameters: Target("Pod", parameters.name, "v1/pods"),
        fields=lambda _: ("metadata.uid",),
        service_account="pod-evicter",
        rules=(
            Rule(resources=("pods",), verbs=("get",), why="read who controls the pod, and see that it is gone"),
            Rule(
                resources=("pods/eviction",),
                verbs=("create",),
                condition="object.?deleteOptions.?preconditions.?uid.hasValue()",
                why="evict the pod that was looked at, and no other of its name",
            ),
            Rule(resources=("pods",), verbs=("list",), why="find the pod that replaces it"),
        ),
        deadline=900,
        examples=({"name": "cache-0"},),
        surroundings=_cache,
    )


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_delete_pod.perform")


@contextmanager
def _cache() -> Iterator[Surroundings]:
    """A StatefulSet, whose pods have names that are known in advance."""
    container = {"name": "cache", "image": "cache:1.0", "command": ["sleep", "infinity"]}
    cache = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "cache"},
        "spec": {
            "serviceName": "cache",
            "selector": {"matchLabels": {"app": "cache"}},
            "template": {
                "metadata": {"labels": {"app": "cache"}},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
            },
        },
    }
    yield Surroundings(objects=(cache,))
