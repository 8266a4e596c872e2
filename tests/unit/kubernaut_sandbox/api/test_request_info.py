"""URLs as requests in RBAC's terms."""

from __future__ import annotations

import pytest

from kubernaut_sandbox.api.request_info import read_request
from kubernaut_sandbox.model.statuses import ApiError


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "/api/v1/namespaces/a/pods", {}, ("list", "", "pods", "a", "")),
        ("GET", "/api/v1/namespaces/a/pods", {"watch": "1"}, ("watch", "", "pods", "a", "")),
        ("GET", "/api/v1/namespaces/a/pods/x/log", {}, ("get", "", "pods/log", "a", "x")),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/a/deployments/x/scale",
            {},
            ("patch", "apps", "deployments/scale", "a", "x"),
        ),
        ("DELETE", "/api/v1/namespaces/a", {}, ("delete", "", "namespaces", "a", "a")),
        ("PUT", "/api/v1/namespaces/a/finalize", {}, ("update", "", "namespaces/finalize", "a", "a")),
        ("DELETE", "/apis/batch/v1/namespaces/a/jobs", {}, ("deletecollection", "batch", "jobs", "a", "")),
        ("GET", "/apis/batch/v1/jobs", {}, ("list", "batch", "jobs", "", "")),
        ("GET", "/apis/batch/v1", {}, ("get", "", "/apis/batch/v1", "", "")),
    ],
)
def test_a_url_is_read_as_verb_resource_namespace_and_name(
    method: str, path: str, query: dict[str, str], expected: tuple[str, ...]
) -> None:
    found = read_request(method, path, query)
    assert (found.verb, found.group, found.full_resource, found.namespace, found.name) == expected


def test_a_path_with_too_many_segments_is_a_bad_request() -> None:
    with pytest.raises(ApiError, match="is not one of this API"):
        read_request("GET", "/api/v1/namespaces/a/pods/x/log/more", {})
