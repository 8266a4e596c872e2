"""Each answer of the API server becomes one error, no matter what its body is."""

import json

import pytest

from kubernaut import errors
from kubernaut.kube.api_errors import error_of


def error(code, body=b"", **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return error_of(code, data, "GET", headers)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, errors.RejectedError),
        (401, errors.UnauthenticatedError),
        (403, errors.DeniedError),
        (404, errors.NotFoundError),
        (409, errors.ConflictError),
        (410, errors.ExpiredError),
        (413, errors.RejectedError),
        (422, errors.RejectedError),
        (429, errors.ThrottledError),
        (500, errors.UnavailableError),
        (501, errors.RejectedError),
        (503, errors.UnavailableError),
        (504, errors.UnavailableError),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"message": 5}'])
def test_the_status_code_decides_for_any_body(code, kind, body):
    assert type(error(code, body)) is kind


def test_an_existing_name_is_not_a_conflict():
    assert type(error(409, {"reason": "AlreadyExists", "message": "exists"})) is errors.ExistsError


def test_an_exceeded_quota_can_be_retried():
    assert type(error(403, {"message": 'jobs "x" is forbidden: exceeded quota: small'})) is errors.QuotaError


@pytest.mark.parametrize("code", [403, 422])
@pytest.mark.parametrize(
    ("message", "by_policy"),
    [
        ("ValidatingAdmissionPolicy 'x' with binding 'y' denied request: no", True),
        ('admission webhook "x" denied the request', True),
        ("User cannot create jobs", False),
    ],
)
def test_a_rejection_by_an_admission_policy_is_marked(code, message, by_policy):
    assert error(code, {"message": message}).by_policy is by_policy


def test_a_not_found_error_has_the_missing_kind():
    missing = {"message": 'namespaces "x" not found', "details": {"name": "x", "kind": "namespaces"}}
    assert error(404, missing).kind == "namespaces"
    assert error(404, {"message": "not found", "details": []}).kind == ""


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("900", 60), ("Wed, 21 Oct 2026 07:28:00 GMT", 1), ("", 1)])
def test_the_wait_that_the_server_asks_for_has_a_maximum(header, seconds):
    assert error(429, b"", **{"Retry-After": header}).retry_after == seconds


def test_a_body_that_is_not_a_status_becomes_the_message():
    assert str(error(502, b"<html>bad gateway</html>")) == "<html>bad gateway</html>"
    assert str(error(500)) == "GET was answered with 500"
