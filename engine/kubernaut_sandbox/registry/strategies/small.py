"""Kinds with little of their own: events, leases, quotas and services."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, namespace_of, spec_of
from kubernaut_sandbox.model.quantities import parse_quantity
from kubernaut_sandbox.model.statuses import Cause, invalid_value, not_implemented, required
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults


class Events(Strategy):
    """Events must be about an object of their own namespace."""

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
        about = obj["involvedObject"].get("namespace") or "default"
        if about == namespace_of(obj):
            return []
        return [
            invalid_value(
                "involvedObject.namespace", obj["involvedObject"].get("namespace", ""), "does not match event.namespace"
            )
        ]


class Leases(Strategy):
    """Leases last a positive while."""

    def prepare(self, obj: Object) -> Object:
        return with_defaults(obj, spec={})

    def validate(self, obj: Object) -> list[Cause]:
        causes = []
        for field, least, why in (
            ("leaseDurationSeconds", 1, "must be greater than 0"),
            ("leaseTransitions", 0, "must be greater than or equal to 0"),
        ):
            value = spec_of(obj).get(field)
            if value is not None and value < least:
                causes.append(invalid_value(f"spec.{field}", value, why))
        return causes


class Quotas(Strategy):
    """Quotas count objects; scopes are not known here."""

    def prepare(self, obj: Object) -> Object:
        return with_defaults(obj, spec={}, status={})

    def validate(self, obj: Object) -> list[Cause]:
        spec = spec_of(obj)
        if spec.get("scopes") or spec.get("scopeSelector"):
            raise not_implemented("scopes of a ResourceQuota")
        causes = []
        for name, limit in (spec.get("hard") or {}).items():
            if not (
                name in {"pods", "configmaps", "secrets", "services", "resourcequotas"} or name.startswith("count/")
            ):
                raise not_implemented(f"a ResourceQuota of {name}: only pods and count/<resource>.<group> are counted")
            try:
                parse_quantity(limit)
            except ValueError as error:
                causes.append(invalid_value(f"spec.hard[{name}]", limit, str(error)))
        return causes


class Services(Strategy):
    """Services are kept as they are; nothing routes traffic to them here."""

    def prepare(self, obj: Object) -> Object:
        spec = with_defaults(
            spec_of(obj),
            type="ClusterIP",
            sessionAffinity="None",
            clusterIP="None",
            ipFamilyPolicy="SingleStack",
            internalTrafficPolicy="Cluster",
        )
        if spec.get("ports"):
            ports = [with_defaults(port, protocol="TCP", targetPort=port.get("port")) for port in spec["ports"]]
            spec = {**spec, "ports": ports}
        return with_defaults({**obj, "spec": spec}, status={"loadBalancer": {}})

    def validate(self, obj: Object) -> list[Cause]:
        if spec_of(obj).get("type") not in ("ClusterIP", "ExternalName"):
            raise not_implemented(f"Services of type {spec_of(obj).get('type')}")
        headless = spec_of(obj).get("clusterIP") == "None"
        return [] if headless or spec_of(obj).get("ports") else [required("spec.ports")]
