"""The result of checking one component of an installation, and the checks that only judge what the cluster answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from kubernaut.api.conditions import true_condition
from kubernaut.api.timestamps import parse_time
from kubernaut.install.rbac import LEASE

MIN_VERSION = (1, 31)
"""The oldest API server that has everything that the engine uses."""


class State(StrEnum):
    """The state of one component."""

    OK = "ok"
    MISSING = "missing"
    OPTIONAL = "optional"
    """It does not exist, and nothing needs it."""
    UNKNOWN = "unknown"
    """The user who runs the check is not allowed to see it."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The state of one component that an installation needs or can have."""

    component: str
    state: State
    detail: str
    remedy: str = ""

    @property
    def failed(self) -> bool:
        """Whether it is needed and is missing or cannot be seen."""
        return self.state in {State.MISSING, State.UNKNOWN}


def check_version(version: Mapping[str, Any]) -> CheckResult:
    """Return whether the API server is new enough, from its `/version`."""
    major, minor = (int("".join(filter(str.isdigit, str(version.get(key, "")))) or 0) for key in ("major", "minor"))
    detail, oldest = f"it is {version.get('gitVersion') or f'{major}.{minor}'}", ".".join(map(str, MIN_VERSION))
    if (major, minor) < MIN_VERSION:
        remedy = f"upgrade it to Kubernetes {oldest}"
        return CheckResult("API server", State.MISSING, f"{detail}, older than {oldest}", remedy)
    return CheckResult("API server", State.OK, detail)


def check_crd(found: Mapping[str, Any], own: Mapping[str, Any], component: str, remedy: str) -> CheckResult:
    """Return whether the CRD is served, with the versions and schemas of this version of the engine, which are those of `own`."""
    expected, present = ({v["name"]: v["schema"] for v in one["spec"]["versions"]} for one in (own, found))
    name = found["metadata"]["name"]
    if expected != present:
        detail = f"{name} is that of another version of the engine: {_first_difference(expected, present)}"
        return CheckResult(component, State.MISSING, detail, remedy)
    if not true_condition(found, "Established"):
        return CheckResult(component, State.MISSING, f"{name} is not served yet", f"kubectl describe crd {name}")
    return CheckResult(component, State.OK, f"{name} is that of this version")


def check_lease(spec: Mapping[str, Any], home: str, now: datetime) -> CheckResult:
    """Return whether an engine runs, from the spec of the Lease in its namespace `home` (empty if there is no Lease)."""
    component, holder, lease = "running engine", spec.get("holderIdentity"), f"Lease {home}/{LEASE}"
    remedy = f"kubectl -n {home} get pods -l app.kubernetes.io/name=kubernaut-engine"
    if not spec:
        detail = "no engine holds a Lease: none is running, or one without leader election"
        return CheckResult(component, State.OPTIONAL, detail, remedy)
    renewed = parse_time(spec.get("renewTime"))
    if not holder or renewed is None:
        detail = f"no engine holds {lease}: the last one released it"
        return CheckResult(component, State.MISSING, detail, remedy)
    age, duration = (now - renewed).total_seconds(), int(spec.get("leaseDurationSeconds") or 0)
    if age > duration:
        detail = f"{holder} renewed {lease} {age:.0f} s ago, but it lasts only {duration} s"
        return CheckResult(component, State.MISSING, detail, remedy)
    return CheckResult(component, State.OK, f"{holder} renewed {lease} {max(age, 0):.0f} s ago; it lasts {duration} s")


def _first_difference(expected: Any, present: Any, path: str = "") -> str:
    """Return the path of the first field that differs."""
    if not isinstance(expected, Mapping) or not isinstance(present, Mapping):
        return path.removeprefix(".")
    key = next(key for key in sorted({*expected, *present}) if expected.get(key) != present.get(key))
    return _first_difference(expected.get(key), present.get(key), f"{path}.{key}")
