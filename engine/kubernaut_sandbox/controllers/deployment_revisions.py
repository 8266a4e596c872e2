"""What a ReplicaSet records of its Deployment in annotations: its revisions, the Deployment's own annotations and its size."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.controllers.rollouts import surge_and_unavailable
from kubernaut_sandbox.model.objects import Object, labels_of, meta, spec_of

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_HISTORY = "deployment.kubernetes.io/revision-history"
_DESIRED, _MAX = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
    *(REVISION, _HISTORY, _DESIRED, _MAX),
)
_MAX_HISTORY_LENGTH = 2000


def annotations_of(obj: Object) -> dict[str, str]:
    """Return the annotations of an object."""
    return meta(obj).get("annotations") or {}


def revision_of(rs: Object) -> int:
    """Return the revision of a ReplicaSet; 0 when it has none."""
    text = annotations_of(rs).get(REVISION, "0")
    return int(text) if text.isdecimal() else 0


def same_template(deployment: Object, rs: Object) -> bool:
    """Whether the ReplicaSet has the Deployment's template, apart from the label with the hash."""
    return _without_hash(spec_of(deployment)["template"]) == _without_hash(spec_of(rs)["template"])


def current_annotations(deployment: Object, rs: Object, old: Iterable[Object]) -> dict[str, str]:
    """Return the annotations of the ReplicaSet of the present template: its revision is the highest of all.

    One that becomes the present one again gets the next revision, and keeps the earlier ones as its history.
    """
    own = {key: value for key, value in annotations_of(deployment).items() if key not in _NOT_COPIED}
    annotations = {**annotations_of(rs), **own}
    number, before = max((revision_of(item) for item in old), default=0) + 1, annotations.get(REVISION)
    if revision_of(rs) >= number:
        return annotations
    annotations[REVISION] = str(number)
    if before:
        past = [*filter(None, annotations.get(_HISTORY, "").split(",")), before]
        while len(",".join(past)) > _MAX_HISTORY_LENGTH:
            del past[0]
        annotations[_HISTORY] = ",".join(past)
    return annotations


def size_annotations(deployment: Object) -> dict[str, str]:
    """Return the annotations with the Deployment's size, which a ReplicaSet gets when it is created or scaled."""
    desired = spec_of(deployment)["replicas"]
    surge = surge_and_unavailable(deployment)[0] if spec_of(deployment)["strategy"]["type"] == "RollingUpdate" else 0
    return {_DESIRED: str(desired), _MAX: str(desired + surge)}


def _without_hash(template: Object) -> Object:
    labels = {key: value for key, value in labels_of(template).items() if key != HASH_LABEL}
    return {**template, "metadata": {**meta(template), "labels": labels}}
