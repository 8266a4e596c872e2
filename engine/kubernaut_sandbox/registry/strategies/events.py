"""Events: their defaults, and the rule that an Event is about an object of its own namespace."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, namespace_of
from kubernaut_sandbox.model.statuses import Cause, invalid_value
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults


class EventStrategy(Strategy):
    """An Event about a cluster-scoped object is in the namespace `default`."""

    def prepare(self, obj: Object) -> Object:
        return with_defaults(
            obj,
            involvedObject={},
            source={},
            firstTimestamp=None,
            lastTimestamp=None,
            eventTime=None,
            reportingComponent="",
            reportingInstance="",
        )

    def validate(self, obj: Object) -> list[Cause]:
        namespace = obj["involvedObject"].get("namespace", "")
        if (namespace or "default") == namespace_of(obj):
            return []
        return [invalid_value("involvedObject.namespace", namespace, "does not match event.namespace")]
