"""Leases: the fields of a holder, and that only one of two writers succeeds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.client import TABLE, Client

_MOMENT = "2026-01-02T03:04:05.678901Z"


@pytest.fixture
def leases(namespace: str) -> str:
    """Where the namespace's Leases are."""
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"


def lease(name: str = "one", **spec: Any) -> dict[str, Any]:
    """A Lease."""
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}, "spec": spec}


async def test_of_two_writers_of_a_lease_only_the_first_succeeds(cluster: Client, leases: str) -> None:
    seen = await cluster.made(leases, lease(holderIdentity="a", leaseDurationSeconds=15, acquireTime=_MOMENT))
    first = await cluster.put(f"{leases}/one", {**seen, "spec": {**seen["spec"], "holderIdentity": "b"}})
    assert (first.code, first.body["spec"]["holderIdentity"]) == (200, "b")
    second = await cluster.put(f"{leases}/one", {**seen, "spec": {**seen["spec"], "holderIdentity": "c"}})
    assert (second.code, second.reason) == (409, "Conflict")
    assert second.message.startswith(
        'Operation cannot be fulfilled on leases.coordination.k8s.io "one": the object has'
    )
    again = await cluster.post(leases, lease(holderIdentity="d"))
    assert (again.code, again.reason) == (409, "AlreadyExists")
    assert (await cluster.get(f"{leases}/one")).body["spec"]["holderIdentity"] == "b"


async def test_a_lease_cannot_be_updated_without_its_resource_version(cluster: Client, leases: str) -> None:
    await cluster.made(leases, lease())
    answer = await cluster.put(f"{leases}/one", lease(holderIdentity="a"))
    assert answer.code == 422
    assert "metadata.resourceVersion: Invalid value: 0" in answer.message
    assert answer.message.endswith("must be specified for an update")


async def test_a_deleted_lease_is_recreated_by_an_update_without_its_uid(cluster: Client, leases: str) -> None:
    seen = await cluster.made(leases, lease(holderIdentity="a"))
    await cluster.delete(f"{leases}/one")
    stale = await cluster.put(f"{leases}/one", seen)
    assert (stale.code, stale.reason) == (409, "Conflict")
    assert stale.message.endswith(f"UID in precondition: {seen['metadata']['uid']}, UID in object meta: ")
    known = {"name": "one", "resourceVersion": seen["metadata"]["resourceVersion"]}
    assert (await cluster.put(f"{leases}/one", {**seen, "metadata": known})).code == 201


async def test_a_watch_reports_every_renewal_of_a_lease(cluster: Client, leases: str) -> None:
    made = await cluster.made(leases, lease(holderIdentity="a"))
    await cluster.patch(f"{leases}/one", {"spec": {"renewTime": _MOMENT}})
    await cluster.delete(f"{leases}/one")
    events = []
    async for event in cluster.watch(leases, resourceVersion=made["metadata"]["resourceVersion"]):
        events.append((event["type"], event["object"]["spec"].get("renewTime")))
        if event["type"] == "DELETED":
            break
    assert events == [("MODIFIED", _MOMENT), ("DELETED", _MOMENT)]


@pytest.mark.parametrize(
    ("spec", "code", "words"),
    [
        pytest.param(
            {"leaseDurationSeconds": 0}, 422, "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"
        ),
        pytest.param(
            {"leaseTransitions": -1},
            422,
            "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
        ),
        pytest.param(
            {"holderIdentity": 1},
            400,
            "spec.holderIdentity of type string",
        ),
        pytest.param({"renewTime": "2026-01-02T03:04:05Z"}, 400, 'cannot parse "Z" as ".000000"'),
        pytest.param({"renewTime": "yesterday"}, 400, 'cannot parse "yesterday" as "2006"'),
    ],
    ids=[
        "no duration",
        "fewer than no transitions",
        "a holder that is a number",
        "a time without microseconds",
        "no time",
    ],
)
async def test_an_invalid_lease_is_rejected(
    cluster: Client, leases: str, spec: dict[str, Any], code: int, words: str
) -> None:
    answer = await cluster.post(leases, lease(**spec))
    assert (answer.code, words in answer.message) == (code, True), answer.message


async def test_the_name_of_a_lease_must_be_a_subdomain(cluster: Client, leases: str) -> None:
    answer = await cluster.post(leases, lease("Not_A_Name"))
    assert (answer.code, answer.body["details"]["causes"][0]["field"]) == (422, "metadata.name")


async def test_a_table_of_leases_shows_the_holder(cluster: Client, leases: str) -> None:
    await cluster.made(leases, lease(holderIdentity="me"))
    table = (await cluster.call("GET", leases, accept=TABLE)).body
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Holder", "Age"]
    assert table["rows"][0]["cells"][:2] == ["one", "me"]
