"""`expand-volume`: its parameters, settings and permissions. No volume can be made smaller, so it returns no rollback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import AfterValidator

import kubernaut
from kubernaut import ActionSpec, ObjectName, Parameters, Problem, Quantity, Rule, Surroundings, Target

HOOK_VERSION = 1
STORAGE = "spec.resources.requests.storage"


def _positive(value: Quantity) -> Quantity:
    if value.nano <= 0:
        raise ValueError("it must be more than zero")
    return value


Size = Annotated[Quantity, AfterValidator(_positive)]


class ExpandVolume(Parameters):
    """The PersistentVolumeClaim and its new size."""

    name: ObjectName
    size: Size
    """What it requests afterwards, such as 20Gi; never less than it has."""
    wait: bool = True
    """Wait until it has that size, or until only a restart of the pods that use it is left to do."""


class ExpandVolumeSettings(Parameters):
    """The settings that the cluster's admin decides."""

    max_size: Size | None = None
    """The largest size that an execution can request."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Make a PersistentVolumeClaim larger, if its storage class allows that, and wait for the resize.",
        parameters=ExpandVolume,
        target=lambda parameters: Target("PersistentVolumeClaim", parameters.name, "v1/persistentvolumeclaims"),
        fields=lambda _: (STORAGE,),
        service_account="volume-expander",
        rules=(
            Rule(resources=("persistentvolumeclaims",), verbs=("get",), why="watch the resize"),
            Rule(
                resources=("persistentvolumeclaims",),
                verbs=("patch",),
                fields=(STORAGE,),
                condition=f"quantity(string(object.{STORAGE})).compareTo(quantity(string(oldObject.{STORAGE}))) >= 0",
                why="request a larger size",
            ),
        ),
        deadline=1800,
        retry_safe=True,
        settings=ExpandVolumeSettings,
        examples=({"name": "data", "size": "2Gi"},),
        surroundings=_data,
    )


@kubernaut.hookimpl
def validate(execution: kubernaut.Execution) -> list[Problem]:
    size, largest = execution.parameters.size, execution.settings.max_size
    if largest is not None and size > largest:
        return [Problem("size", f"{size} exceeds the maximum of {largest} in this cluster's settings (max_size)")]
    return []


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_expand_volume.perform")


@contextmanager
def _data() -> Iterator[Surroundings]:
    """A claim of the sandbox's storage class, which can grow."""
    data = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "standard",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    yield Surroundings(objects=(data,))
