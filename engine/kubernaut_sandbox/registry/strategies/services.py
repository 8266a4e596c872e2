"""Services: stored with their defaults. Nothing routes traffic to them."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, spec_of
from kubernaut_sandbox.model.statuses import Cause, not_implemented, required
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults


class ServiceStrategy(Strategy):
    """Accepts ClusterIP and ExternalName Services; without an address every ClusterIP Service is headless."""

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
