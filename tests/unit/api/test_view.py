"""A view reads an execution as the API server sent it, and parses only what is read."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from kubernaut.api.view import ExecutionView

CREATED = datetime(2026, 5, 1, 12, tzinfo=UTC)


def view(spec=None, status=None, first_seen=None, **metadata):
    known = {"name": "a", "namespace": "n", "uid": "u", "creationTimestamp": CREATED.isoformat(), **metadata}
    return ExecutionView(
        {"metadata": known, "spec": {"action": "scale", **(spec or {})}, "status": status}, first_seen or {}
    )


def test_an_execution_without_a_status_is_pending_and_has_nothing_recorded():
    bare = view()
    assert (bare.phase, bare.has_ended, bare.job_name, bare.traceparent) == ("Pending", False, "", "")
    assert bare.status.conditions == ()
    assert (bare.is_dry_run, bare.is_suspended, bare.is_cancelled, bare.ttl_seconds) == (False, False, False, 604_800)


def test_flags_and_names_are_read_from_the_object():
    annotations = {"kubernaut.io/requested-by": "anna", "kubernaut.io/rollback-of": "b"}
    full = view(
        {"dryRun": True, "suspend": True, "cancel": True, "ttlSecondsAfterFinished": 5},
        {"phase": "Failed"},
        annotations=annotations,
    )
    assert (full.is_dry_run, full.is_suspended, full.is_cancelled, full.ttl_seconds) == (True, True, True, 5)
    assert (full.requested_by, full.rollback_of, full.has_ended) == ("anna", "b", True)


def test_the_creation_time_is_refined_by_the_observed_time():
    observed = CREATED + timedelta(seconds=0.25)
    assert view(first_seen={"created": observed}).created == observed
    assert view().created == CREATED


def test_an_invalid_spec_does_not_prevent_reading_the_rest():
    odd = view({"deadlineSeconds": "soon"}, {"phase": "Running"})
    assert (odd.action, odd.phase) == ("scale", "Running")
    with pytest.raises(ValidationError):
        _ = odd.spec
