"""Policies: which there are, in which order, and what their expressions see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubernaut_cel.environment import EvaluationError
from kubernaut_sandbox.access.rbac import Authorizer
from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.access.users import User
from kubernaut_sandbox.admission.evaluation import Evaluator
from kubernaut_sandbox.admission.policies import GROUP, ConfigurationError, Policies
from kubernaut_sandbox.admission.policy import compile_policy
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.model.kinds import Kinds
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.store import Store

RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
SPEC: dict[str, Any] = {"matchConstraints": {"resourceRules": [RULE]}, "validations": [{"expression": "true"}]}


@pytest.fixture
def store() -> Store:
    """Return a store with the namespace `a`."""
    store = Store()
    store.put("namespaces", {"metadata": {"name": "a", "labels": {"x": "y"}, "managedFields": []}})
    return store


@pytest.fixture
def policies(store: Store) -> Policies:
    """Return the validating policies of the store."""
    return Policies("validating", store, Kinds(), Authorizer(store))


def request(**context: Any) -> AdmissionRequest:
    kind = Kinds().by_resource("configmaps")
    return AdmissionRequest(RequestContext(**context), "CREATE", kind, "a", "one", {"metadata": {"name": "one"}})


def put(store: Store, name: str, binding: dict[str, Any] | None = None, **spec: Any) -> None:
    store.put(f"validatingadmissionpolicies.{GROUP}", {"metadata": {"name": name}, "spec": {**SPEC, **spec}})
    bound = {"policyName": name, "validationActions": ["Deny"], **(binding or {})}
    store.put(f"validatingadmissionpolicybindings.{GROUP}", {"metadata": {"name": f"{name}-1"}, "spec": bound})


def test_policies_with_a_binding_match_in_the_order_of_their_names(store: Store, policies: Policies):
    put(store, "second")
    put(store, "first")
    store.put(f"validatingadmissionpolicies.{GROUP}", {"metadata": {"name": "unbound"}, "spec": SPEC})
    assert [policy.name for policy, _ in policies.matching(request())] == ["first", "second"]


def test_a_change_of_a_policy_counts_from_the_next_request_on(store: Store, policies: Policies):
    assert list(policies.matching(request())) == []
    put(store, "one")
    assert [policy.name for policy, _ in policies.matching(request())] == ["one"]
    put(store, "one", matchConstraints={"resourceRules": [{**RULE, "operations": ["UPDATE"]}]})
    assert list(policies.matching(request())) == []


def test_the_consequences_of_an_admitted_request_are_not_admitted_again(store: Store, policies: Policies):
    put(store, "one")
    assert list(policies.matching(request(is_admitted=True))) == []


def test_a_binding_narrows_its_policy(store: Store, policies: Policies):
    put(store, "one", {"matchResources": {"namespaceSelector": {"matchLabels": {"x": "z"}}}})
    ((policy, matched),) = policies.matching(request())
    assert list(policies.matching_bindings(policy, matched)) == []


@pytest.mark.parametrize(
    ("kind", "reference", "message"),
    [
        (
            {"apiVersion": "v1", "kind": "Nothing"},
            {"name": "x"},
            "failed to find resource referenced by paramKind: 'v1, Kind=Nothing'",
        ),
        (
            {"apiVersion": "v1", "kind": "Node"},
            {"name": "x", "namespace": "a"},
            "paramRef.namespace must not be provided",
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap"},
            {"name": "x", "parameterNotFoundAction": "Deny"},
            "no params found for policy binding with `Deny` parameterNotFoundAction",
        ),
    ],
)
def test_parameters_that_cannot_be_found_are_an_error(
    store: Store, policies: Policies, kind: dict[str, Any], reference: dict[str, Any], message: str
):
    put(store, "one", {"paramRef": reference}, paramKind=kind)
    ((policy, matched),) = policies.matching(request())
    with pytest.raises(ConfigurationError) as raised:
        policies.surroundings(policy, policy.bindings[0], matched)
    assert message in str(raised.value)


def evaluator(store: Store, spec: dict[str, Any], **options: Any) -> Evaluator:
    policies = Policies("validating", store, Kinds(), Authorizer(store))
    put(store, "one")
    ((policy, matched),) = policies.matching(request(user=User("anna", ("team",))))
    (surroundings,) = policies.surroundings(policy, policy.bindings[0], matched)
    return Evaluator(compile_policy({**SPEC, **spec}), matched, matched.kind, surroundings, **options)


def test_an_expression_sees_the_request_and_the_namespace_without_its_managed_fields(store: Store):
    text = "request.userInfo.username + ' ' + request.userInfo.groups[0] + ' ' + namespaceObject.metadata.labels.x"
    spec = {
        "validations": [{"expression": f"({text}) == 'anna team y' && !has(namespaceObject.metadata.managedFields)"}]
    }
    made = evaluator(store, spec)
    assert made.value(made.policy.validations[0].compiled) is True


def test_only_the_variables_that_are_needed_are_evaluated(store: Store):
    variables = [{"name": "bad", "expression": "object.nothing"}, {"name": "good", "expression": "1"}]
    validations = [{"expression": "variables.good == 1"}, {"expression": "variables.bad == 1"}]
    made = evaluator(store, {"variables": variables, "validations": validations})
    assert made.value(made.policy.validations[0].compiled) is True
    with pytest.raises(EvaluationError) as raised:
        made.value(made.policy.validations[1].compiled)
    words = 'composited variable "bad" fails to evaluate: no such key: nothing'
    assert str(raised.value) == f"expression 'variables.bad == 1' resulted in error: {words}"


def test_the_authorizer_decides_for_the_user_or_for_an_account(store: Store):
    api = "rbac.authorization.k8s.io"
    rule = {"apiGroups": ["kubernaut.io"], "resources": ["actions"], "resourceNames": ["scale"], "verbs": ["execute"]}
    store.put(f"roles.{api}", {"metadata": {"name": "r", "namespace": "a"}, "rules": [rule]})
    subjects = [{"kind": "User", "name": "anna"}, {"kind": "ServiceAccount", "name": "bot", "namespace": "a"}]
    binding = {
        "kind": "RoleBinding",
        "metadata": {"name": "b", "namespace": "a"},
        "roleRef": {"kind": "Role", "name": "r"},
        "subjects": subjects,
    }
    store.put(f"rolebindings.{api}", binding)
    asked = (
        "authorizer{}.group('kubernaut.io').resource('actions').namespace('a').name('{}').check('execute').allowed()"
    )
    expressions = [
        asked.format("", "scale"),
        f"!{asked.format('', 'other')}",
        asked.format(".serviceAccount('a', 'bot')", "scale"),
        "!" + asked.format(".serviceAccount('a', 'default')", "scale"),
    ]
    made = evaluator(store, {"validations": [{"expression": text} for text in expressions]})
    assert [made.value(validation.compiled) for validation in made.policy.validations] == [True] * 4


@pytest.mark.parametrize("field", ["new", "params"])
def test_a_nul_character_is_not_decided_on(store: Store, field: str):
    made = evaluator(store, {})
    text = {"metadata": {"name": "one"}, "data": {"a": "b\0c"}}
    asked = made.request.with_new(text) if field == "new" else made.request
    around = replace(made.surroundings, params=text) if field == "params" else made.surroundings
    with pytest.raises(ApiError) as raised:
        Evaluator(made.policy, asked, made.requested, around)
    assert raised.value.code == 501
