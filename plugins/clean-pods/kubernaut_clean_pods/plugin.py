"""`clean-pods`: its parameters and permissions. A pod that is gone does not come back, so it returns no rollback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from pydantic import Field

import kubernaut
from kubernaut import ActionSpec, Parameters, Rule, Surroundings, Target, TargetField

HOOK_VERSION = 1
Key = Annotated[
    str, Field(max_length=317, pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")
]
Value = Annotated[str, Field(max_length=63, pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$")]


class CleanPods(Parameters):
    """Which pods to delete."""

    labels: Annotated[dict[Key, Value], Field(min_length=1)]
    """Labels that they have, all of them; at least one, so that no execution is about every pod."""
    phases: Annotated[tuple[Literal["Failed", "Succeeded"], ...], Field(min_length=1)] = ("Failed",)
    """How they ended."""
    olderThanSeconds: Annotated[int, Field(ge=0, le=31_536_000)] = 0  # noqa: N815 - as Kubernetes writes fields
    """How long ago they ended, at least."""
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    """How many to delete at most, the oldest first."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Delete pods that have ended, by label and age, and at most so many.",
        parameters=CleanPods,
        target=lambda parameters: Target("Pods", ",".join(f"{k}={v}" for k, v in sorted(parameters.labels.items()))),
        fields=lambda _: (TargetField("metadata.uid", "Pod", "*"),),
        service_account="pod-cleaner",
        rules=(
            Rule(resources=("pods",), verbs=("list",), why="find the pods that have ended"),
            Rule(
                resources=("pods",),
                verbs=("delete",),
                condition="oldObject.?status.?phase.orValue('') in ['Failed', 'Succeeded']",
                why="delete them",
            ),
        ),
        deadline=600,
        examples=({"labels": {"job": "import"}, "phases": ["Failed", "Succeeded"]},),
        surroundings=_ended,
    )


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_clean_pods.perform")


@contextmanager
def _ended() -> Iterator[Surroundings]:
    """Two pods that end at once, one of them in failure."""
    yield Surroundings(objects=(_pod("import-1", "false"), _pod("import-2", "true")))


def _pod(name: str, command: str) -> dict[str, Any]:
    container = {"name": "import", "image": "import:1.0", "command": [command]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"job": "import"}},
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }
