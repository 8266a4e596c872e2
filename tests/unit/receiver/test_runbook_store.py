"""Runbooks with rules for alerts, by namespace, as they are now."""

import json

from kubernaut.kube.objects import key_of
from kubernaut.receiver.runbook_store import MAX_RUNBOOK_BYTES, RunbookStore
from tests.support.fake_client import FakeClient
from tests.support.runbooks import make_runbook
from tests.unit.receiver.conftest import GROW, RULE


def placed(runbook, version, namespace="production", **spec):
    metadata = {**runbook["metadata"], "namespace": namespace, "uid": "u", "resourceVersion": str(version)}
    return {**runbook, "metadata": metadata, "spec": {**runbook["spec"], **spec}}


def names(store, namespace="production"):
    return [one.name for one in store.of_namespace(namespace)]


def test_only_runbooks_with_rules_of_the_namespace_are_found():
    store = RunbookStore(FakeClient())
    for number, runbook in enumerate((GROW, make_runbook(name="without"), {**GROW, "metadata": {"name": "a"}}), 1):
        store._informer.accept(placed(runbook, number))
    assert (names(store), names(store, "other")) == (["a", "grow"], [])


def test_a_change_counts_at_once():
    store = RunbookStore(FakeClient())
    store._informer.accept(placed(GROW, 1))
    (before,) = store.of_namespace("production")
    store._informer.accept(placed(GROW, 2, alerts=[{**RULE, "mode": "propose"}]))
    (after,) = store.of_namespace("production")
    assert (before.spec.alerts[0].mode, after.spec.alerts[0].mode) == ("execute", "propose")
    store._informer._drop(key_of(placed(GROW, 2)))
    assert names(store) == []


def test_a_runbook_that_cannot_be_read_is_logged_once_and_left_out(caplog):
    store = RunbookStore(FakeClient())
    store._informer.accept(placed(GROW, 1, steps=[]))
    assert names(store) == names(store) == []
    (record,) = [record for record in caplog.records if "no alert begins it" in record.message]
    assert "a runbook has at least one step" in record.message


def test_a_runbook_that_is_too_large_is_logged_and_left_out_and_none_takes_more_memory_than_it_needs(caplog):
    store = RunbookStore(FakeClient())
    large = placed(GROW, 1, summary="x" * MAX_RUNBOOK_BYTES)
    without = placed(make_runbook(name="without", summary="x" * MAX_RUNBOOK_BYTES), 2)
    annotated = placed({**GROW, "metadata": {"name": "annotated", "annotations": {"a": "x" * MAX_RUNBOOK_BYTES}}}, 3)
    kept = [store._informer.accept(one).json for one in (large, without, annotated)]
    assert names(store) == ["annotated"]
    assert all(len(json.dumps(one)) < 2000 for one in kept)
    (record,) = caplog.records
    assert "bytes of JSON, more than 65536: no alert begins it" in record.message
