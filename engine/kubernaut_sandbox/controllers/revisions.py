"""The revisions of a DaemonSet or StatefulSet: a ControllerRevision for each template, as `kubectl rollout history` lists them."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from kubernaut_sandbox.access.request_context import DeleteOptions
from kubernaut_sandbox.controllers.deployments import template_hash
from kubernaut_sandbox.controllers.loop import Controller
from kubernaut_sandbox.model.objects import (
    Object,
    controller_of,
    labels_of,
    meta,
    name_of,
    namespace_of,
    owner_reference,
    spec_of,
    uid_of,
)

_RESOURCE = "controllerrevisions.apps"


class Revisions:
    """Creates, renumbers and deletes the revisions of one controller's workloads; `label` is where it keeps their hash."""

    def __init__(self, controller: Controller, label: str) -> None:
        self._controller, self._label = controller, label
        self._kind = controller.registry.kinds.by_resource(_RESOURCE)

    def of(self, workload: Object) -> list[Object]:
        """Return the revisions of the workload, the newest last."""
        found = self._controller.store.list(_RESOURCE, namespace_of(workload))
        owned = (item for item in found if (controller_of(item) or {}).get("uid") == uid_of(workload))
        return sorted(owned, key=lambda item: (item["revision"], name_of(item)))

    def latest(self, workload: Object) -> Object:
        """Return the revision of the present template.

        A new template gets a new revision. One that the workload has had before gets back its revision, with the next number.
        """
        present, data = self.of(workload), _data(spec_of(workload)["template"])
        number = present[-1]["revision"] if present else 0
        same = next((item for item in reversed(present) if item["data"] == data), None)
        if same is None:
            return self._create(workload, data, number + 1)
        if same["revision"] == number:
            return same
        controller, changed = self._controller, {**same, "revision": number + 1}
        return controller.registry.update(controller.context, self._kind, namespace_of(same), name_of(same), changed)

    def hash_of(self, revision: Object) -> str:
        """Return the hash of a revision."""
        return labels_of(revision)[self._label]

    def truncate(self, workload: Object, live: Collection[str]) -> None:
        """Delete the oldest revisions beyond the history limit; those named in `live` are kept, and do not count."""
        old = [item for item in self.of(workload) if name_of(item) not in live]
        for item in old[: max(len(old) - spec_of(workload)["revisionHistoryLimit"], 0)]:
            controller = self._controller
            controller.cluster.deleter.delete(
                controller.context, self._kind, namespace_of(item), name_of(item), DeleteOptions()
            )

    def _create(self, workload: Object, data: Object, number: int) -> Object:
        digest = self._unused_hash(workload)
        metadata = {
            "name": f"{name_of(workload)}-{digest}",
            "labels": {**labels_of(spec_of(workload)["template"]), self._label: digest},
            "annotations": meta(workload).get("annotations"),
            "ownerReferences": [owner_reference(workload)],
        }
        body = {"metadata": metadata, "data": data, "revision": number}
        controller = self._controller
        return controller.registry.create(controller.context, self._kind, namespace_of(workload), body)

    def _unused_hash(self, workload: Object) -> str:
        """Return a hash of the template that no revision has: an earlier workload of the same name may have left its own."""
        template = spec_of(workload)["template"]
        for collisions in count():
            digest = template_hash({**template, "collisions": collisions} if collisions else template)
            if not self._controller.store.get(_RESOURCE, namespace_of(workload), f"{name_of(workload)}-{digest}"):
                return digest
        raise AssertionError


def template_of(revision: Object) -> Object:
    """Return the pod template of a revision."""
    return {key: value for key, value in revision["data"]["spec"]["template"].items() if key != "$patch"}


def _data(template: Object) -> Object:
    """Return the content of a revision: the patch that brings its template back."""
    return {"spec": {"template": {**template, "$patch": "replace"}}}
