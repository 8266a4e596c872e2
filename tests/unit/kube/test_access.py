"""Access reviews ask for each permission as the account, by name and by its groups."""

import pytest

from kubernaut.api.rules import Permission
from kubernaut.kube.access import Account, missing_permissions


class Reviewing:
    """Allows the given verbs."""

    def __init__(self, *allowed):
        self.allowed, self.reviews = allowed, []

    async def create(self, resource, namespace, review):
        self.reviews.append((resource.plural, namespace, review))
        return {"status": {"allowed": review["spec"]["resourceAttributes"]["verb"] in self.allowed}}


WANTED = [Permission("apps", "deployments/scale", "get", "web"), Permission("", "pods", "list")]


async def test_a_permission_that_is_not_allowed_is_missing():
    missing = await missing_permissions(Reviewing("get"), Account("n", "scaler"), WANTED, "n", local=True)
    assert missing == [Permission("", "pods", "list")]


@pytest.mark.parametrize(
    ("local", "plural", "where"),
    [(True, "localsubjectaccessreviews", "n"), (False, "subjectaccessreviews", None)],
)
async def test_a_review_names_user_groups_and_resource(local, plural, where):
    cluster = Reviewing("get", "list")
    assert await missing_permissions(cluster, Account("n", "scaler"), WANTED, "n", local=local) == []
    resource, namespace, review = cluster.reviews[0]
    assert (resource, namespace) == (plural, where)
    assert review["spec"] == {
        "user": "system:serviceaccount:n:scaler",
        "groups": ["system:serviceaccounts", "system:serviceaccounts:n", "system:authenticated"],
        "resourceAttributes": {
            "namespace": "n",
            "verb": "get",
            "group": "apps",
            "resource": "deployments",
            "subresource": "scale",
            "name": "web",
        },
    }
