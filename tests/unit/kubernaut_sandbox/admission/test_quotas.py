"""Quota admission."""

from __future__ import annotations

import pytest

from kubernaut_sandbox.admission.quotas import QuotaCheck, count_used, counted_resource
from kubernaut_sandbox.model.kinds import Kinds
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.store import Store


@pytest.mark.parametrize(
    ("entry", "resource"),
    [("pods", "pods"), ("count/jobs.batch", "jobs.batch"), ("requests.cpu", ""), ("jobs.batch", "")],
)
def test_an_entry_of_a_quota_counts_a_resource(entry: str, resource: str) -> None:
    assert counted_resource(entry) == resource


def test_finished_pods_count_only_as_objects() -> None:
    store = Store()
    for name, phase in (("one", "Running"), ("two", "Succeeded")):
        store.put("pods", {"metadata": {"name": name, "namespace": "a"}, "status": {"phase": phase}})
    assert (count_used(store, "pods", "a"), count_used(store, "count/pods", "a")) == (1, 2)


def test_an_object_beyond_the_limit_is_forbidden() -> None:
    store, kind = Store(), Kinds().by_resource("configmaps")
    hard = {"configmaps": "1", "count/configmaps": "9", "pods": "0"}
    store.put("resourcequotas", {"metadata": {"name": "few", "namespace": "a"}, "spec": {"hard": hard}})
    one = {"metadata": {"name": "one", "namespace": "a"}}
    QuotaCheck(store).check(kind, one)
    store.put("configmaps", one)
    with pytest.raises(ApiError) as caught:
        QuotaCheck(store).check(kind, {"metadata": {"name": "two", "namespace": "a"}})
    detail = "requested: configmaps=1, used: configmaps=1, limited: configmaps=1"
    assert caught.value.message == f'configmaps "two" is forbidden: exceeded quota: few, {detail}'
