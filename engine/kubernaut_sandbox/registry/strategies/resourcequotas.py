"""ResourceQuotas: limits on the number of objects. Scopes, and quotas of compute resources, are not implemented."""

from __future__ import annotations

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.admission.quotas import COUNTED
from kubernaut_sandbox.model.objects import Object, spec_of
from kubernaut_sandbox.model.statuses import Cause, invalid_value, not_implemented
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults


class ResourceQuotaStrategy(Strategy):
    """Checks that the sandbox counts what the quota limits, and that every limit is a quantity."""

    def prepare(self, obj: Object) -> Object:
        return with_defaults(obj, spec={}, status={})

    def validate(self, obj: Object) -> list[Cause]:
        spec = spec_of(obj)
        if spec.get("scopes") or spec.get("scopeSelector"):
            raise not_implemented("scopes of a ResourceQuota")
        causes = []
        for name, limit in (spec.get("hard") or {}).items():
            if name not in COUNTED and not name.startswith("count/"):
                raise not_implemented(f"a ResourceQuota of {name}: only pods and count/<resource>.<group> are counted")
            try:
                parse_quantity(limit)
            except ValueError as error:
                causes.append(invalid_value(f"spec.hard[{name}]", limit, str(error)))
        return causes
