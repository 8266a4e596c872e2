"""The runbooks of the cluster that alerts begin, kept current by a watch with the receiver's own identity: all that this may do."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubernaut.api.runbook import ALERT_SUFFIX_LENGTH, AlertRule, RunbookSpec
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.informer import Informer, Retention, Scope
from kubernaut.kube.objects import RUNBOOKS, CachedObject, Object
from kubernaut.runbooks.alert_arguments import argument_problems
from kubernaut.runbooks.expansion import runbook_problems
from kubernaut.runbooks.manifest import read_runbook

log = logging.getLogger(__name__)

MAX_RUNBOOK_BYTES = 64 * 1024
"""Of JSON. Whoever may create runbooks decides how large they are and how many; every one that alerts begin is kept in memory."""
_METADATA = ("name", "namespace", "uid", "resourceVersion", "generation")


@dataclass(frozen=True, slots=True)
class AlertRunbook:
    """A runbook with rules for alerts."""

    json: Object
    name: str
    spec: RunbookSpec

    def problem(self, rule: AlertRule) -> str:
        """Return what keeps the rule from beginning a run of it whatever the alert, or ""."""
        if problems := runbook_problems(self.name, self.spec, ALERT_SUFFIX_LENGTH):
            return str(problems[0])
        return next((f"{name}: {message}" for name, message in argument_problems(self.spec.parameters, rule)), "")


class RunbookStore:
    """Finds them by namespace."""

    def __init__(self, cluster: Cluster, namespaces: Sequence[str] = ()) -> None:
        """Watch these namespaces, or all of them if none is named."""
        retention = Retention(_trim, index=_namespace)
        self._informer = Informer(cluster, Scope(RUNBOOKS, namespaces), self._forget, retention)
        self._read: dict[tuple[str, str], AlertRunbook | None] = {}
        """By namespace and name; None for one that is not valid, or has no rules for alerts."""
        self.synced = self._informer.synced
        """Set once all of them are known."""

    async def run(self) -> None:
        """Keep them current until cancelled."""
        await self._informer.run()

    def of_namespace(self, namespace: str) -> list[AlertRunbook]:
        """Return those of a namespace, by name. One that is too large, or that this version cannot read, is left out, and logged."""
        found = (self._parsed(cached.json) for cached in self._informer.indexed(namespace))
        return sorted((one for one in found if one is not None), key=lambda one: one.name)

    def _parsed(self, obj: Object) -> AlertRunbook | None:
        key = (obj["metadata"]["namespace"], obj["metadata"]["name"])
        if key not in self._read:
            if not obj["spec"]:
                return None
            try:
                name, spec = read_runbook(obj)
            except InputError as error:
                log.warning("a runbook of namespace %s is not read, so no alert begins it: %s", key[0], error)
                self._read[key] = None
            else:
                self._read[key] = AlertRunbook(obj, name, spec) if spec.alerts else None
        return self._read[key]

    def _forget(self, old: CachedObject | None, new: CachedObject | None) -> None:
        for cached in (old, new):
            if cached is not None:
                self._read.pop((cached.json["metadata"]["namespace"], cached.json["metadata"]["name"]), None)


def _trim(obj: Object) -> Object:
    """Keep the spec if alerts begin the runbook, and of its metadata what a run of it needs."""
    spec = obj.get("spec")
    kept = spec if isinstance(spec, Mapping) and spec.get("alerts") else {}
    metadata = {name: obj["metadata"][name] for name in _METADATA if name in obj["metadata"]}
    if (size := len(json.dumps(kept))) > MAX_RUNBOOK_BYTES:
        log.warning(
            "runbook %s of namespace %s has %d bytes of JSON, more than %d: no alert begins it",
            *(metadata["name"], metadata["namespace"], size, MAX_RUNBOOK_BYTES),
        )
        kept = {}
    return {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind"), "metadata": metadata, "spec": kept}


def _namespace(obj: Object) -> str:
    return str(obj["metadata"]["namespace"])
