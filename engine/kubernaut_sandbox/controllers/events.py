"""Records Events. A repeated Event increases a count instead of creating another object."""

from __future__ import annotations

import secrets
from contextlib import suppress

from kubernaut_sandbox.access.request_context import controller_context
from kubernaut_sandbox.cluster import NODE, Cluster
from kubernaut_sandbox.model.objects import Object, meta, name_of, namespace_of, now, uid_of
from kubernaut_sandbox.model.statuses import ApiError

_MAX_MESSAGE_LENGTH = 1024


class EventRecorder:
    """Records the Events of one component."""

    def __init__(self, cluster: Cluster, component: str) -> None:
        self._registry = cluster.registry
        self._component = component
        self._context = controller_context(component)
        self._names: dict[tuple[str, ...], str] = {}

    def normal(self, obj: Object, reason: str, message: str, field: str = "") -> None:
        """Record an Event of type Normal; `field` is the path of the field that it is about."""
        self._record(obj, "Normal", reason, message, field)

    def warning(self, obj: Object, reason: str, message: str, field: str = "") -> None:
        """Record an Event of type Warning; `field` is the path of the field that it is about."""
        self._record(obj, "Warning", reason, message, field)

    def _record(self, obj: Object, kind: str, reason: str, message: str, field: str) -> None:
        events = self._registry.kinds.by_resource("events")
        namespace = namespace_of(obj) or "default"
        key = (uid_of(obj), kind, reason, message, field)
        with suppress(ApiError):  # the namespace is being deleted, or the Event was
            if key in self._names and self._registry.store.get("events", namespace, self._names[key]):
                self._registry.mutate(self._context, events, namespace, self._names[key], _repeated)
                return
            event = self._event(obj, kind, reason, message[:_MAX_MESSAGE_LENGTH], field)
            self._names[key] = name_of(self._registry.create(self._context, events, namespace, event))

    def _event(self, obj: Object, kind: str, reason: str, message: str, field: str) -> Object:
        moment = now()
        source = {"component": self._component, **({"host": NODE} if self._component == "kubelet" else {})}
        involved = {
            "kind": obj["kind"],
            "apiVersion": obj["apiVersion"],
            "name": name_of(obj),
            "namespace": namespace_of(obj),
            "uid": uid_of(obj),
            "resourceVersion": meta(obj).get("resourceVersion"),
            "fieldPath": field,
        }
        return {
            "metadata": {"name": f"{name_of(obj)[:230]}.{secrets.token_hex(8)}"},
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


def _repeated(event: Object) -> Object:
    return {**event, "count": event.get("count", 1) + 1, "lastTimestamp": now()}
