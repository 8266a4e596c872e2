"""One thing that an installation needs or may have, and how it is with it. Pure: what the cluster answered comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from kubernaut.api.crd import crd
from kubernaut.api.timestamps import parse_time
from kubernaut.install.rbac import LEASE

OLDEST = (1, 31)
"""The oldest API server that has all that is asked of it."""


class State(StrEnum):
    """How it is with one thing."""

    OK = "ok"
    MISSING = "missing"
    OPTIONAL = "optional"
    """Not there, and nothing needs it."""
    UNKNOWN = "unknown"
    """Whoever asks may not see it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that an installation needs or may have."""

    what: str
    state: State
    told: str
    remedy: str = ""

    @property
    def needed(self) -> bool:
        """Does the installation lack it, as far as can be seen?"""
        return self.state in {State.MISSING, State.UNKNOWN}


def version_part(version: Mapping[str, Any]) -> Part:
    """Is the API server new enough?"""
    major, minor = (int("".join(filter(str.isdigit, str(version.get(key, "")))) or 0) for key in ("major", "minor"))
    told, oldest = f"it is {version.get('gitVersion') or f'{major}.{minor}'}", ".".join(map(str, OLDEST))
    if (major, minor) < OLDEST:
        return Part("API server", State.MISSING, f"{told}, older than {oldest}", f"upgrade it to Kubernetes {oldest}")
    return Part("API server", State.OK, told)


def definition_part(found: Mapping[str, Any], remedy: str) -> Part:
    """Is the CRD established, and are its versions and their schemas this version's?"""
    wanted, there = ({v["name"]: v["schema"] for v in one["spec"]["versions"]} for one in (crd(), found))
    name, conditions = found["metadata"]["name"], found.get("status", {}).get("conditions", [])
    if wanted != there:
        return Part("CRD", State.MISSING, f"{name} is another version's: {_difference(wanted, there)}", remedy)
    if not any((c["type"], c["status"]) == ("Established", "True") for c in conditions):
        return Part("CRD", State.MISSING, f"{name} is not served yet", f"kubectl describe crd {name}")
    return Part("CRD", State.OK, f"{name} is this version's")


def lease_part(spec: Mapping[str, Any], home: str, now: datetime) -> Part:
    """Does an engine hold the Lease, by what it says itself?"""
    what, holder = "engine at work", spec.get("holderIdentity")
    look = f"kubectl -n {home} get pods -l app.kubernetes.io/name=kubernaut-engine"
    if not spec:
        return Part(what, State.OPTIONAL, "no engine holds a Lease: none runs, or one without leader election", look)
    renewed = parse_time(spec.get("renewTime"))
    if not holder or renewed is None:
        return Part(what, State.MISSING, f"nobody holds Lease {home}/{LEASE}: the last engine gave it back", look)
    age, lasts = (now - renewed).total_seconds(), int(spec.get("leaseDurationSeconds") or 0)
    if age > lasts:
        told = f"{holder} renewed Lease {home}/{LEASE} {age:.0f} s ago, and it lasts {lasts} s"
        return Part(what, State.MISSING, told, look)
    return Part(what, State.OK, f"{holder} renewed Lease {home}/{LEASE} {max(age, 0):.0f} s ago; it lasts {lasts} s")


def _difference(wanted: Any, there: Any, path: str = "") -> str:
    """The first place where they differ."""
    if not isinstance(wanted, Mapping) or not isinstance(there, Mapping):
        return path.removeprefix(".")
    key = next(key for key in sorted({*wanted, *there}) if wanted.get(key) != there.get(key))
    return _difference(wanted.get(key), there.get(key), f"{path}.{key}")
