"""What an installation is made of, judged from what a cluster answers: each verdict, and the clock as a parameter."""

import copy
from datetime import UTC, datetime

import pytest

from kubernaut.api.crd import crd
from kubernaut.install.checks import State, check_crd, check_lease, check_version
from kubernaut.install.preflight import POLICIES
from tests.deploy.manifests import ROOT

NOW = datetime(2026, 1, 1, 12, 0, 20, tzinfo=UTC)
ESTABLISHED = {"conditions": [{"type": "Established", "status": "True"}]}


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ({"major": "1", "minor": "31", "gitVersion": "v1.31.0"}, State.OK),
        ({"major": "1", "minor": "32+", "gitVersion": "v1.32.1-gke.7"}, State.OK),
        ({"major": "1", "minor": "30"}, State.MISSING),
        ({}, State.MISSING),
    ],
    ids=["the oldest", "a vendor's", "too old", "one that does not say"],
)
def test_the_api_server_is_new_enough_or_not(version, state):
    assert check_version(version).state is state


def test_the_crd_of_this_version_is_told_from_another_versions_and_the_first_difference_named():
    found = {**crd(), "status": ESTABLISHED}
    assert check_crd(found, "").state is State.OK
    assert "not served yet" in check_crd(crd(), "").detail
    older = copy.deepcopy(found)
    spec = older["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    del spec["suspend"]
    part = check_crd(older, "mend it")
    assert (part.state, part.remedy) == (State.MISSING, "mend it")
    assert part.detail.endswith("v1alpha1.openAPIV3Schema.properties.spec.properties.suspend")


@pytest.mark.parametrize(
    ("spec", "state", "words"),
    [
        ({}, State.OPTIONAL, "no engine holds a Lease"),
        ({"holderIdentity": "", "renewTime": "2026-01-01T12:00:19.000000Z"}, State.MISSING, "the last one released it"),
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
    ids=["no lease", "given back", "held", "run out"],
)
def test_an_engine_is_at_work_if_its_lease_has_not_run_out(spec, state, words):
    part = check_lease(spec, "home", NOW)
    assert part.state is state
    assert words in part.detail


def test_every_admission_policy_that_ships_is_looked_for():
    text = "".join(file.read_text("utf-8") for file in (ROOT / "deploy" / "admission").glob("*.yaml"))
    assert {f"policyName: kubernaut-{name}" in text for name in POLICIES} == {True}
    assert text.count("policyName:") == len(POLICIES)
