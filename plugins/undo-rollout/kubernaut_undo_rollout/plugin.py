"""`undo-rollout`: its parameters, permissions and rollback, which is the revision that it left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import Field

import kubernaut
from kubernaut import ActionSpec, ObjectName, Parameters, Result, Rollback, Rule, Surroundings, Target

HOOK_VERSION = 1


class UndoRollout(Parameters):
    """The Deployment, and the revision to go back to."""

    name: ObjectName
    revision: Annotated[int, Field(ge=1)] | None = None
    """As `kubectl rollout history` lists it; without one, the revision before the present one."""
    wait: bool = True
    """Wait until every pod is of that revision and available."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Put a Deployment back to an earlier revision, as kubectl rollout undo does, and wait for the rollout.",
        parameters=UndoRollout,
        target=lambda parameters: Target("Deployment", parameters.name, "apps/v1/deployments"),
        fields=lambda _: ("spec.template.*",),
        service_account="rollout-undoer",
        rules=(
            Rule(api_group="apps", resources=("deployments",), verbs=("get",), why="watch the rollout to its end"),
            Rule(api_group="apps", resources=("replicasets",), verbs=("list",), why="read the earlier revisions"),
            Rule(
                api_group="apps",
                resources=("deployments",),
                verbs=("patch",),
                fields=("spec.template",),
                why="write the pod template of the earlier revision",
            ),
            Rule(
                resources=("pods",),
                verbs=("list",),
                why="find out why its pods do not become ready: an image, a crash, no node",
            ),
        ),
        deadline=900,
        examples=({"name": "shop"},),
        surroundings=_two_revisions,
    )


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_undo_rollout.perform")


@kubernaut.hookimpl
def on_complete(execution: kubernaut.Execution, result: Result) -> Rollback | None:
    undone = result.outputs.get("undone")
    if not result.changes or not isinstance(undone, int) or undone < 1:
        return None
    parameters = execution.parameters.model_dump(mode="json")
    return Rollback(action=execution.action, parameters={**parameters, "revision": undone})


@contextmanager
def _two_revisions() -> Iterator[Surroundings]:
    """A Deployment that was rolled out twice."""
    yield Surroundings(objects=(_shop("1.0"), _shop("2.0")))


def _shop(version: str) -> dict[str, Any]:
    container = {"name": "shop", "image": f"shop:{version}", "command": ["sleep", "infinity"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop", "labels": {"app": "shop"}},
        "spec": {
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {"metadata": {"labels": {"app": "shop"}}, "spec": {"containers": [container]}},
        },
    }
