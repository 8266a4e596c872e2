"""RBAC rules: what a rule allows, whom a binding binds, and the words of a denial."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.access.rbac import Attributes, Authorizer, rule_allows
from kubernaut_sandbox.access.users import ADMIN, User, user_by_name
from kubernaut_sandbox.model.store import Store

_GROUP = "rbac.authorization.k8s.io"
_GET = Attributes("get", "apps", "deployments", "scale", "a", "web")


def rule(**fields: Any) -> dict[str, Any]:
    """A rule that allows `_GET`, except for these fields."""
    return {"verbs": ["get"], "apiGroups": ["apps"], "resources": ["deployments/scale"], **fields}


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        pytest.param({}, True, id="an exact rule"),
        pytest.param({"verbs": ["*"]}, True, id="any verb"),
        pytest.param({"verbs": ["list"]}, False, id="another verb"),
        pytest.param({"apiGroups": [""]}, False, id="another group"),
        pytest.param({"resources": ["deployments"]}, False, id="the resource without its subresource"),
        pytest.param({"resources": ["*/scale"]}, True, id="the subresource of any resource"),
        pytest.param({"resourceNames": ["web"]}, True, id="the name"),
        pytest.param({"resourceNames": ["db"]}, False, id="another name"),
        pytest.param({"nonResourceURLs": ["*"], "resources": None}, False, id="paths only"),
    ],
)
def test_a_rule_allows_an_action_on_a_resource(changes: dict[str, Any], allowed: bool) -> None:
    assert rule_allows(rule(**changes), _GET) is allowed


@pytest.mark.parametrize(("pattern", "allowed"), [("/healthz", True), ("/health*", True), ("/livez", False)])
def test_a_rule_allows_a_path(pattern: str, allowed: bool) -> None:
    assert rule_allows({"verbs": ["get"], "nonResourceURLs": [pattern]}, Attributes("get", path="/healthz")) is allowed


@pytest.mark.parametrize(
    ("subject", "user", "bound"),
    [
        ({"kind": "User", "name": "eve"}, User("eve"), True),
        ({"kind": "User", "name": "eve"}, User("bob"), False),
        ({"kind": "Group", "name": "ops"}, User("eve", ("ops",)), True),
        ({"kind": "ServiceAccount", "name": "worker"}, user_by_name("system:serviceaccount:a:worker"), True),
        (
            {"kind": "ServiceAccount", "name": "worker", "namespace": "b"},
            user_by_name("system:serviceaccount:a:worker"),
            False,
        ),
    ],
    ids=["a user", "another user", "a group", "a service account of the namespace", "one of another namespace"],
)
def test_a_role_binding_binds_its_subjects(subject: dict[str, str], user: User, bound: bool) -> None:
    store = Store()
    store.put(f"roles.{_GROUP}", {"metadata": {"name": "scaler", "namespace": "a"}, "rules": [rule()]})
    reference = {"kind": "Role", "name": "scaler"}
    metadata = {"name": "scaler", "namespace": "a"}
    binding = {"kind": "RoleBinding", "metadata": metadata, "subjects": [subject], "roleRef": reference}
    store.put(f"rolebindings.{_GROUP}", binding)
    assert Authorizer(store).allows(user, _GET) is bound


def test_an_administrator_is_allowed_everything_without_a_role() -> None:
    assert Authorizer(Store()).allows(ADMIN, _GET)
    assert not Authorizer(Store()).allows(User("eve"), _GET)


@pytest.mark.parametrize(
    ("attributes", "denial"),
    [
        (_GET, 'cannot get resource "deployments/scale" in API group "apps" in the namespace "a"'),
        (Attributes("list", resource="nodes"), 'cannot list resource "nodes" in API group "" at the cluster scope'),
        (Attributes("get", path="/metrics"), 'cannot get path "/metrics"'),
    ],
    ids=["in a namespace", "at the cluster scope", "a path"],
)
def test_a_denial_is_worded_as_the_api_server_words_it(attributes: Attributes, denial: str) -> None:
    assert attributes.denial(User("eve")) == f'User "eve" {denial}'
