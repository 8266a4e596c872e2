"""The checks that judge what a cluster answered; the clock is a parameter."""

import copy
from datetime import UTC, datetime

import pytest

from kubernaut.api.crd import crd
from kubernaut.install.checks import CheckResult, State, check_crd, check_lease, check_version
from kubernaut.install.preflight import POLICIES
from tests.deploy.manifests import ROOT

NOW = datetime(2026, 1, 1, 12, 0, 20, tzinfo=UTC)
ESTABLISHED = {"conditions": [{"type": "Established", "status": "True"}]}


@pytest.mark.parametrize(
    ("state", "failed"), [(State.OK, False), (State.OPTIONAL, False), (State.MISSING, True), (State.UNKNOWN, True)]
)
def test_a_check_fails_if_a_needed_component_is_missing_or_not_to_be_seen(state, failed):
    assert CheckResult("x", state, "").failed is failed


@pytest.mark.parametrize(
    ("version", "state", "detail"),
    [
        ({"major": "1", "minor": "31", "gitVersion": "v1.31.0"}, State.OK, "it is v1.31.0"),
        ({"major": "1", "minor": "32+", "gitVersion": "v1.32.1-gke.7"}, State.OK, "it is v1.32.1-gke.7"),
        ({"major": "1", "minor": "30"}, State.MISSING, "it is 1.30, older than 1.31"),
        ({}, State.MISSING, "it is 0.0, older than 1.31"),
    ],
    ids=["the oldest", "a vendor's", "too old", "unknown"],
)
def test_the_api_server_must_be_new_enough(version, state, detail):
    result = check_version(version)
    assert (result.state, result.detail) == (state, detail)
    assert bool(result.remedy) is result.failed


def test_the_crd_of_this_version_is_ok_once_it_is_served():
    assert check_crd({**crd(), "status": ESTABLISHED}, crd(), "CRD", "").state is State.OK
    result = check_crd(crd(), crd(), "CRD", "fix it")
    assert (result.state, "not served yet" in result.detail) == (State.MISSING, True)
    assert result.remedy == "kubectl describe crd kubernetesexecutions.kubernaut.io"


def test_the_crd_of_another_version_is_missing_and_the_first_difference_is_named():
    other = copy.deepcopy({**crd(), "status": ESTABLISHED})
    spec = other["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    del spec["suspend"]
    result = check_crd(other, crd(), "CRD", "fix it")
    assert (result.state, result.remedy) == (State.MISSING, "fix it")
    assert result.detail.endswith("v1alpha1.openAPIV3Schema.properties.spec.properties.suspend")


@pytest.mark.parametrize(
    ("spec", "state", "words"),
    [
        ({}, State.OPTIONAL, "no engine holds a Lease"),
        (
            {"holderIdentity": "", "renewTime": "2026-01-01T12:00:19.000000Z"},
            State.MISSING,
            "no engine holds Lease home/kubernaut-engine: the last one released it",
        ),
        (
            {"holderIdentity": "e-1", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T12:00:10.000000Z"},
            State.OK,
            "e-1 renewed Lease home/kubernaut-engine 10 s ago; it lasts 15 s",
        ),
        (
            {"holderIdentity": "e-1", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T12:00:00.000000Z"},
            State.MISSING,
            "e-1 renewed Lease home/kubernaut-engine 20 s ago, but it lasts only 15 s",
        ),
    ],
    ids=["no lease", "released", "held", "expired"],
)
def test_an_engine_is_running_if_its_lease_has_not_expired(spec, state, words):
    result = check_lease(spec, "home", NOW)
    assert result.state is state
    assert words in result.detail


def test_every_admission_policy_that_ships_is_checked():
    text = "".join(file.read_text("utf-8") for file in (ROOT / "deploy" / "admission").glob("*.yaml"))
    assert POLICIES
    assert [name for name in POLICIES if f"policyName: kubernaut-{name}" not in text] == []
    assert text.count("policyName:") == len(POLICIES)
