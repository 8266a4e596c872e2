"""Events: what happened to an object, counted rather than repeated."""

from __future__ import annotations

import secrets
from contextlib import suppress

from kubernaut_sandbox.cluster import NODE, Cluster
from kubernaut_sandbox.model.objects import Object, meta, name_of, namespace_of, now, uid_of
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.registry.request_context import controller_call

_MESSAGE_LIMIT = 1024


class Events:
    """Records events in the name of one component."""

    def __init__(self, cluster: Cluster, component: str) -> None:
        self._registry = cluster.registry
        self._component = component
        self._call = controller_call(component)
        self._names: dict[tuple[str, ...], str] = {}

    def normal(self, about: Object, reason: str, message: str, field: str = "") -> None:
        """Something went as it should."""
        self._record(about, "Normal", reason, message, field)

    def warning(self, about: Object, reason: str, message: str, field: str = "") -> None:
        """Something did not."""
        self._record(about, "Warning", reason, message, field)

    def _record(self, about: Object, kind: str, reason: str, message: str, field: str) -> None:
        events = self._registry.kinds.named("events")
        namespace = namespace_of(about) or "default"
        key = (uid_of(about), kind, reason, message, field)
        with suppress(ApiError):  # the namespace is going, or the event was deleted: nobody is left to tell
            if key in self._names and self._registry.store.get("events", namespace, self._names[key]):
                self._registry.mutate(self._call, events, namespace, self._names[key], _again)
                return
            event = self._event(about, kind, reason, message[:_MESSAGE_LIMIT], field)
            self._names[key] = name_of(self._registry.create(self._call, events, namespace, event))

    def _event(self, about: Object, kind: str, reason: str, message: str, field: str) -> Object:
        moment = now()
        source = {"component": self._component, **({"host": NODE} if self._component == "kubelet" else {})}
        involved = {
            "kind": about["kind"],
            "apiVersion": about["apiVersion"],
            "name": name_of(about),
            "namespace": namespace_of(about),
            "uid": uid_of(about),
            "resourceVersion": meta(about).get("resourceVersion"),
            "fieldPath": field,
        }
        return {
            "metadata": {"name": f"{name_of(about)[:230]}.{secrets.token_hex(8)}"},
            "involvedObject": {name: value for name, value in involved.items() if value},
            "reason": reason,
            "message": message,
            "type": kind,
            "source": source,
            "reportingComponent": self._component,
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "count": 1,
        }


def _again(event: Object) -> Object:
    return {**event, "count": event.get("count", 1) + 1, "lastTimestamp": now()}
