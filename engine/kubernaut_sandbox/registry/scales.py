"""The Scale subresource of workloads, and of custom resources that declare one."""

from __future__ import annotations

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, dig, meta, spec_of

_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_kind() -> Kind:
    """Return the kind of a Scale, to which a patch is applied."""
    return Kind("autoscaling", "v1", "scales", "Scale")


def scale_of(kind: Kind, obj: Object) -> Object:
    """Return the present Scale of an object."""
    paths = _paths(kind)
    selector = dig(obj, paths["labelSelectorPath"]) if paths.get("labelSelectorPath") else None
    status: Object = {"replicas": dig(obj, paths["statusReplicasPath"]) or 0}
    if isinstance(selector, dict):
        selector = ",".join(f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items())
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: value for key, value in meta(obj).items() if key in _METADATA},
        "spec": {"replicas": replicas} if (replicas := dig(obj, paths["specReplicasPath"])) else {},
        "status": status,
    }


def with_scale(kind: Kind, obj: Object, replicas: int) -> Object:
    """Return the object with that many replicas."""
    field = _paths(kind)["specReplicasPath"].removeprefix(".spec.")
    return {**obj, "spec": {**spec_of(obj), field: replicas}}


def _paths(kind: Kind) -> dict[str, str]:
    if kind.custom:
        paths: dict[str, str] = kind.custom["subresources"]["scale"]
        return paths
    return {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".spec.selector",
    }
