"""User names and the groups that come with them."""

from __future__ import annotations

import pytest

from kubernaut_sandbox.access.users import ADMIN, service_account_of, user_by_name


def test_a_service_account_is_in_the_groups_of_its_namespace() -> None:
    user = user_by_name("system:serviceaccount:a:worker")
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated")
    assert not user.is_master


def test_only_the_administrator_is_a_master() -> None:
    assert user_by_name(ADMIN.name).is_master
    assert user_by_name("eve").groups == ("system:authenticated",)


@pytest.mark.parametrize(
    ("name", "account"),
    [
        ("system:serviceaccount:a:worker", ("a", "worker")),
        ("system:serviceaccount:a", None),
        ("system:serviceaccount::worker", None),
        ("eve", None),
    ],
)
def test_a_user_name_may_be_that_of_a_service_account(name: str, account: tuple[str, str] | None) -> None:
    assert service_account_of(name) == account
