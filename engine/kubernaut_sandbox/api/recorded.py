"""The columns of the kinds that are kept but move nothing, as kubectl get shows them."""

from __future__ import annotations

from kubernaut_sandbox.api.columns import (
    AGE,
    NAME,
    Column,
    container_columns,
    count_column,
    field_column,
    selector_text,
)
from kubernaut_sandbox.model.objects import dig, spec_of

RECORDED_COLUMNS: dict[str, list[Column]] = {
    "daemonsets.apps": [
        NAME,
        count_column("Desired", "status.desiredNumberScheduled"),
        count_column("Current", "status.currentNumberScheduled"),
        count_column("Ready", "status.numberReady"),
        count_column("Up-to-date", "status.updatedNumberScheduled"),
        count_column("Available", "status.numberAvailable"),
        Column("Node Selector", lambda obj: selector_text({"matchLabels": _node_selector(obj)})),
        AGE,
        *container_columns("spec.template.spec"),
    ],
    "networkpolicies.networking.k8s.io": [
        NAME,
        Column("Pod-Selector", lambda obj: selector_text(spec_of(obj).get("podSelector"))),
        AGE,
    ],
    "poddisruptionbudgets.policy": [
        NAME,
        Column("Min Available", lambda obj: str(spec_of(obj).get("minAvailable", "N/A"))),
        Column("Max Unavailable", lambda obj: str(spec_of(obj).get("maxUnavailable", "N/A"))),
        count_column("Allowed Disruptions", "status.disruptionsAllowed"),
        AGE,
    ],
    "priorityclasses.scheduling.k8s.io": [
        NAME,
        count_column("Value", "value"),
        Column("Global-Default", lambda obj: bool(obj.get("globalDefault")), "boolean"),
        AGE,
        field_column("PreemptionPolicy", "preemptionPolicy"),
    ],
}


def _node_selector(daemon_set: dict[str, object]) -> object:
    return dig(daemon_set, "spec.template.spec.nodeSelector")
