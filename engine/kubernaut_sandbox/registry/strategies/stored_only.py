"""NetworkPolicies and PriorityClasses, which are checked and stored but have no effect, and PodDisruptionBudgets."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from kubernaut_sandbox.model.objects import Object, name_of, spec_of
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required, unsupported_value
from kubernaut_sandbox.registry.strategies.amounts import amount_causes
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults

_MAX_USER_PRIORITY = 1_000_000_000
_PROTOCOLS = ("TCP", "UDP", "SCTP")


class NetworkPolicyStrategy(Strategy):
    """Defaults and validates NetworkPolicies; all traffic is allowed regardless."""

    def prepare(self, obj: Object) -> Object:
        spec = dict(spec_of(obj))
        types = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
        spec = with_defaults(spec, podSelector={}, policyTypes=types)
        for direction in ("ingress", "egress"):
            if spec.get(direction):
                spec[direction] = [_with_protocols(rule) for rule in spec[direction]]
        return {**obj, "spec": spec}

    def validate(self, obj: Object) -> list[Cause]:
        spec = spec_of(obj)
        causes = [
            unsupported_value(f"spec.policyTypes[{index}]", policy_type, ("Ingress", "Egress"))
            for index, policy_type in enumerate(spec["policyTypes"])
            if policy_type not in ("Ingress", "Egress")
        ]
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for index, rule in enumerate(spec.get(direction) or ()):
                at = f"spec.{direction}[{index}]"
                causes += _port_causes(rule.get("ports") or (), f"{at}.ports")
                causes += _peer_causes(rule.get(peers) or (), f"{at}.{peers}")
        return causes


class DisruptionBudgetStrategy(Strategy):
    """Validates PodDisruptionBudgets."""

    def prepare_create(self, obj: Object) -> Object:
        amounts = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
        return {**obj, "status": dict.fromkeys(amounts, 0)}

    def validate(self, obj: Object) -> list[Cause]:
        spec = spec_of(obj)
        causes = []
        if "minAvailable" in spec and "maxUnavailable" in spec:
            causes.append(invalid_value("spec", spec, "minAvailable and maxUnavailable cannot be both set"))
        for field in ("minAvailable", "maxUnavailable"):
            causes += amount_causes(f"spec.{field}", spec.get(field))
        policy, known = spec.get("unhealthyPodEvictionPolicy"), ("AlwaysAllow", "IfHealthyBudget")
        if policy is not None and policy not in known:
            causes.append(unsupported_value("spec.unhealthyPodEvictionPolicy", policy, known))
        return causes


class PriorityClassStrategy(Strategy):
    """Defaults and validates PriorityClasses. The one node has room for every pod, so no pod is preempted."""

    def prepare(self, obj: Object) -> Object:
        return with_defaults(obj, value=0, preemptionPolicy="PreemptLowerPriority")

    def validate(self, obj: Object) -> list[Cause]:
        causes, policy = [], obj["preemptionPolicy"]
        if name_of(obj).startswith("system-"):
            reserved = "priority class names with 'system-' prefix are reserved for system use only"
            detail = f"Forbidden: {reserved}. error: {name_of(obj)} is not a known system priority class"
            causes.append(Cause("metadata.name", detail, "FieldValueForbidden"))
        if obj["value"] > _MAX_USER_PRIORITY:
            detail = f"Forbidden: maximum allowed value of a user defined priority is {_MAX_USER_PRIORITY}"
            causes.append(Cause("value", detail, "FieldValueForbidden"))
        if policy not in ("Never", "PreemptLowerPriority"):
            causes.append(unsupported_value("preemptionPolicy", policy, ("Never", "PreemptLowerPriority")))
        return causes

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        causes = []
        if new["value"] != old["value"]:
            causes.append(Cause("value", "Forbidden: may not be changed in an update.", "FieldValueForbidden"))
        if new["preemptionPolicy"] != old["preemptionPolicy"]:
            causes.append(invalid_value("preemptionPolicy", new["preemptionPolicy"], "field is immutable"))
        return causes


def _with_protocols(rule: Object) -> Object:
    if not rule.get("ports"):
        return rule
    return {**rule, "ports": [with_defaults(port, protocol="TCP") for port in rule["ports"]]}


def _port_causes(ports: Any, at: str) -> Iterator[Cause]:
    for index, port in enumerate(ports):
        if port["protocol"] not in _PROTOCOLS:
            yield unsupported_value(f"{at}[{index}].protocol", port["protocol"], _PROTOCOLS)
        number = port.get("port")
        if isinstance(number, int) and not 1 <= number <= 65535:
            yield invalid_value(f"{at}[{index}].port", number, "must be between 1 and 65535, inclusive")


def _peer_causes(peers: Any, at: str) -> Iterator[Cause]:
    for index, peer in enumerate(peers):
        field, block = f"{at}[{index}]", peer.get("ipBlock")
        if not peer:
            yield required(field, "must specify a peer")
        if block is not None and len(peer) > 1:
            yield Cause(field, "Forbidden: may not specify both ipBlock and another peer", "FieldValueForbidden")
        if block is not None and not _is_network(block.get("cidr") or ""):
            detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            yield invalid_value(f"{field}.ipBlock.cidr", block.get("cidr", ""), detail)


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text
