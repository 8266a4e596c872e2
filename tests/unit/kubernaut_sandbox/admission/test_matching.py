"""Constraints: which requests they match, and in which version of the resource."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.admission.matching import Matcher, concerns
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.model.kinds import Kind, Kinds
from kubernaut_sandbox.model.store import Store

RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
OLD, NEW = (
    Kind("example.com", version, "things", "Thing", custom={"storage": version == "v2"}) for version in ("v1", "v2")
)


@pytest.fixture
def matcher() -> Matcher:
    """Return a matcher in a cluster with one labelled namespace and two versions of a custom resource."""
    store, kinds = Store(), Kinds()
    store.put("namespaces", {"metadata": {"name": "a", "labels": {"env": "test"}}})
    kinds.replace_custom("things.example.com", [OLD, NEW])
    return Matcher(store, kinds)


def request(kind: Kind | None = None, operation: Any = "CREATE", **fields: Any) -> AdmissionRequest:
    served = kind or Kinds().by_resource("configmaps")
    given: dict[str, Any] = {"namespace": "a", "name": "one", "new": {"metadata": {"name": "one"}}, **fields}
    return AdmissionRequest(RequestContext(), operation, served, **given)


def matches(matcher: Matcher, constraints: dict[str, Any], asked: AdmissionRequest) -> bool:
    return matcher.matching_kind(constraints, asked) is not None


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, True),
        ({"operations": ["*"], "resources": ["*"], "apiGroups": ["*"], "apiVersions": ["*"]}, True),
        ({"resources": ["*/*"]}, True),
        ({"resources": ["configmaps/*"]}, True),
        ({"resources": ["configmaps/status"]}, False),
        ({"resources": ["secrets"]}, False),
        ({"operations": ["UPDATE"]}, False),
        ({"apiVersions": ["v2"]}, False),
        ({"apiGroups": ["apps"]}, False),
        ({"resourceNames": ["one"]}, True),
        ({"resourceNames": ["two"]}, False),
        ({"scope": "Namespaced"}, True),
        ({"scope": "Cluster"}, False),
    ],
)
def test_a_rule_matches_all_of_its_parts(matcher: Matcher, rule: dict[str, Any], expected: bool):
    constraints = {"resourceRules": [{**RULE, **rule}]}
    assert matches(matcher, constraints, request()) is expected


def test_constraints_without_rules_match_everything_that_they_do_not_exclude(matcher: Matcher):
    assert matches(matcher, {}, request())
    assert not matches(matcher, {"excludeResourceRules": [RULE]}, request())


def test_an_object_selector_looks_at_the_object_before_and_after(matcher: Matcher):
    constraints = {"resourceRules": [{**RULE, "operations": ["*"]}], "objectSelector": {"matchLabels": {"a": "b"}}}
    labelled = {"metadata": {"name": "one", "labels": {"a": "b"}}}
    assert not matches(matcher, constraints, request())
    assert matches(matcher, constraints, request(new=labelled))
    assert matches(matcher, constraints, request(operation="UPDATE", old=labelled))
    assert matches(matcher, constraints, request(operation="DELETE", new=None, old=labelled))


def test_a_namespace_selector_is_about_the_namespace_and_a_namespace_itself(matcher: Matcher):
    selector = {"namespaceSelector": {"matchLabels": {"env": "test"}}}
    assert matches(matcher, selector, request())
    assert not matches(matcher, selector, request(namespace="other"))
    namespaces = Kinds().by_resource("namespaces")
    made = {"metadata": {"name": "b", "labels": {"env": "test"}}}
    assert matches(matcher, selector, request(namespaces, namespace="b", name="b", new=made))
    assert not matches(matcher, selector, request(namespaces, namespace="b", name="b", new={"metadata": {"name": "b"}}))
    nodes = Kinds().by_resource("nodes")
    assert matches(matcher, selector, request(nodes, namespace=""))


@pytest.mark.parametrize(("policy", "found"), [("Equivalent", NEW), ("Exact", None)])
def test_another_version_of_the_resource_matches_if_it_is_equivalent(matcher: Matcher, policy: str, found: Kind | None):
    rule = {"apiGroups": ["example.com"], "apiVersions": ["v2"], "operations": ["CREATE"], "resources": ["things"]}
    assert matcher.matching_kind({"resourceRules": [rule], "matchPolicy": policy}, request(OLD)) == found


def test_the_quick_look_is_wrong_about_nothing_that_matches(matcher: Matcher):
    assert concerns({"resourceRules": [RULE]}, request())
    assert concerns({}, request())
    assert not concerns({"resourceRules": [{**RULE, "operations": ["UPDATE"]}]}, request())
