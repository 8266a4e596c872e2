"""Pod Security standards."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.admission.pod_security import pod_security_problems

_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def problems(level: str, context: dict[str, Any], **spec: Any) -> list[str]:
    """The first words of every problem of a pod with one container."""
    found = pod_security_problems({"containers": [{"name": "a", "securityContext": context}], **spec}, level)
    return [problem.partition(" (")[0] for problem in found]


@pytest.mark.parametrize(
    ("context", "spec", "expected"),
    [
        ({}, {}, []),
        ({"privileged": True}, {}, ["privileged"]),
        ({"capabilities": {"add": ["NET_BIND_SERVICE"]}}, {}, []),
        ({"capabilities": {"add": ["SYS_ADMIN"]}}, {}, ["non-default capabilities"]),
        ({}, {"hostNetwork": True, "hostPID": True}, ["host namespaces"]),
    ],
)
def test_the_baseline_standard_forbids_what_escapes_the_container(
    context: dict[str, Any], spec: dict[str, Any], expected: list[str]
) -> None:
    assert problems("baseline", context, **spec) == expected
    assert problems("privileged", context, **spec) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"allowPrivilegeEscalation": None}, ["allowPrivilegeEscalation != false"]),
        ({"capabilities": {}}, ["unrestricted capabilities"]),
        ({"runAsNonRoot": None}, ["runAsNonRoot != true"]),
        ({"runAsUser": 0}, ["runAsUser=0"]),
        ({"seccompProfile": {"type": "Unconfined"}}, ["seccompProfile"]),
    ],
)
def test_the_restricted_standard_requires_a_hardened_container(changes: dict[str, Any], expected: list[str]) -> None:
    assert problems("restricted", {**_RESTRICTED, **changes}) == expected


def test_the_pods_own_context_is_the_default_of_its_containers() -> None:
    context = {key: _RESTRICTED[key] for key in ("allowPrivilegeEscalation", "capabilities")}
    shared = {key: _RESTRICTED[key] for key in ("runAsNonRoot", "seccompProfile")}
    assert problems("restricted", context, securityContext=shared) == []
