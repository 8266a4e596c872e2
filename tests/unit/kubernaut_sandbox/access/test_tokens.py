"""Tokens: static ones, signed ones, and what makes a signed token invalid."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.access.tokens import Tokens
from kubernaut_sandbox.model.store import Store


def obj(name: str, uid: str) -> dict[str, Any]:
    """An object in the namespace `a`."""
    return {"metadata": {"name": name, "namespace": "a", "uid": uid}}


@pytest.fixture
def store() -> Store:
    """A store with a ServiceAccount and a pod."""
    store = Store()
    store.put("serviceaccounts", obj("worker", "1"))
    store.put("pods", obj("pod", "2"))
    return store


def test_a_static_token_identifies_its_user() -> None:
    tokens = Tokens(Store())
    user = tokens.authenticate(tokens.static_token("eve"))
    assert user is not None
    assert user.name == "eve"
    assert tokens.static_token("eve") == tokens.static_token("eve") != tokens.static_token("bob")


def test_a_signed_token_identifies_its_account_and_pod(store: Store) -> None:
    tokens = Tokens(store)
    user = tokens.authenticate(tokens.issue(obj("worker", "1"), 60, obj("pod", "2")))
    assert user is not None
    assert (user.name, user.uid) == ("system:serviceaccount:a:worker", "1")
    assert dict(user.extra)["authentication.kubernetes.io/pod-name"] == ("pod",)


@pytest.mark.parametrize(
    ("resource", "name"), [("serviceaccounts", "worker"), ("pods", "pod")], ids=["its account", "its pod"]
)
def test_a_signed_token_is_invalid_after_its_owner_is_recreated(store: Store, resource: str, name: str) -> None:
    tokens = Tokens(store)
    token = tokens.issue(obj("worker", "1"), 60, obj("pod", "2"))
    store.put(resource, obj(name, "9"))
    assert tokens.authenticate(token) is None


def test_an_expired_foreign_or_forged_token_is_invalid(store: Store) -> None:
    tokens, account = Tokens(store), obj("worker", "1")
    assert tokens.authenticate(tokens.issue(account, -1)) is None
    assert tokens.authenticate(tokens.issue(account, 60, audiences=("vault",))) is None
    assert tokens.authenticate(tokens.issue(account, 60, audiences=("vault",)), "vault") is not None
    assert Tokens(store).authenticate(tokens.issue(account, 60)) is None
    assert tokens.authenticate("nonsense") is None
