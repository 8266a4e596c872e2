"""RBAC's escalation check."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.access.rbac import Authorizer
from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.access.users import ADMIN, User
from kubernaut_sandbox.admission.escalation import EscalationCheck
from kubernaut_sandbox.model.kinds import Kinds
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.store import Store

_GROUP = "rbac.authorization.k8s.io"
_EVE = User("eve", ("ops",))


def rule(verbs: str, *resources: str, group: str = "", **fields: Any) -> dict[str, Any]:
    """A rule; verbs are separated by commas."""
    return {"verbs": verbs.split(","), "apiGroups": [group], "resources": list(resources), **fields}


def check(held: list[dict[str, Any]], obj: dict[str, Any], plural: str = "roles", user: User = _EVE) -> None:
    """Check that Eve, who holds these rules in the namespace `a`, is allowed to write the object."""
    store = Store()
    store.put(f"roles.{_GROUP}", {"metadata": {"name": "held", "namespace": "a"}, "rules": held})
    store.put(f"roles.{_GROUP}", {"metadata": {"name": "secret", "namespace": "a"}, "rules": [rule("get", "secrets")]})
    binding = {
        "kind": "RoleBinding",
        "metadata": {"name": "held", "namespace": "a"},
        "subjects": [{"kind": "User", "name": "eve"}],
        "roleRef": {"kind": "Role", "name": "held"},
    }
    store.put(f"rolebindings.{_GROUP}", binding)
    kind = Kinds().by_resource(f"{plural}.{_GROUP}")
    EscalationCheck(Authorizer(store)).check(RequestContext(user), kind, obj, None)


def role(*rules: dict[str, Any]) -> dict[str, Any]:
    """A Role in the namespace `a`."""
    return {"metadata": {"name": "new", "namespace": "a"}, "rules": list(rules)}


@pytest.mark.parametrize(
    "held",
    [
        pytest.param([rule("get,list", "pods", "secrets")], id="the same rights"),
        pytest.param([rule("get", "pods"), rule("list", "pods")], id="from several rules"),
        pytest.param([rule("*", "*")], id="wildcards"),
        pytest.param([rule("escalate", "roles", group=_GROUP)], id="the right to escalate"),
    ],
)
def test_a_role_with_rights_that_the_user_holds_is_allowed(held: list[dict[str, Any]]) -> None:
    check(held, role(rule("get,list", "pods")))


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        pytest.param([rule("get", "pods")], '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}', id="a verb"),
        pytest.param(
            [rule("get,list", "pods", resourceNames=["one"])],
            '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}\n{APIGroups:[""], Resources:["pods"], Verbs:["list"]}',
            id="every other name",
        ),
    ],
)
def test_a_role_with_other_rights_is_forbidden_and_they_are_listed(held: list[dict[str, Any]], missing: str) -> None:
    with pytest.raises(ApiError) as caught:
        check(held, role(rule("get,list", "pods")))
    assert caught.value.code == 403
    head = 'user "eve" (groups=["ops"]) is attempting to grant RBAC permissions not currently held:'
    assert caught.value.message.endswith(f"{head}\n{missing}")


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        pytest.param([rule("get", "secrets")], True, id="its rights"),
        pytest.param([rule("bind", "roles", group=_GROUP, resourceNames=["secret"])], True, id="the right to bind it"),
        pytest.param([rule("bind", "roles", group=_GROUP, resourceNames=["other"])], False, id="to bind another"),
    ],
)
def test_binding_a_role_needs_its_rights_or_the_right_to_bind_it(held: list[dict[str, Any]], allowed: bool) -> None:
    binding = {"metadata": {"name": "new", "namespace": "a"}, "roleRef": {"kind": "Role", "name": "secret"}}
    if allowed:
        check(held, binding, "rolebindings")
        return
    with pytest.raises(ApiError, match="permissions not currently held"):
        check(held, binding, "rolebindings")


def test_an_administrator_grants_anything() -> None:
    check([], role(rule("*", "*")), user=ADMIN)
