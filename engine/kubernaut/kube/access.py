"""Access reviews: asks the API server whether a ServiceAccount holds a permission."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from kubernaut.api.rules import Permission
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import LOCAL_SUBJECT_ACCESS_REVIEWS, SUBJECT_ACCESS_REVIEWS


@dataclass(frozen=True, slots=True)
class Account:
    """A ServiceAccount as RBAC sees it: a user in three groups."""

    namespace: str
    name: str

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    @property
    def groups(self) -> tuple[str, ...]:
        return ("system:serviceaccounts", f"system:serviceaccounts:{self.namespace}", "system:authenticated")


async def missing_permissions(
    cluster: Cluster, account: Account, permissions: Iterable[Permission], namespace: str, *, local: bool
) -> list[Permission]:
    """Return which of the permissions the account lacks in a namespace ("" for all namespaces).

    `local` asks with LocalSubjectAccessReviews, which a caller may be allowed to create in that namespace alone.
    Raises DeniedError if the caller is not allowed to ask.
    """
    wanted = list(permissions)
    allowed = await asyncio.gather(*(_is_allowed(cluster, account, one, namespace, local) for one in wanted))
    return [permission for permission, held in zip(wanted, allowed, strict=True) if not held]


async def _is_allowed(cluster: Cluster, account: Account, permission: Permission, namespace: str, local: bool) -> bool:
    plural, _, subresource = permission.resource.partition("/")
    attributes = {
        "namespace": namespace,
        "verb": permission.verb,
        "group": permission.api_group,
        "resource": plural,
        "subresource": subresource,
        "name": permission.name,
    }
    spec = {
        "user": account.user,
        "groups": list(account.groups),
        "resourceAttributes": {key: value for key, value in attributes.items() if value},
    }
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "LocalSubjectAccessReview" if local else "SubjectAccessReview",
        **({"metadata": {"namespace": namespace}} if local else {}),
        "spec": spec,
    }
    resource = LOCAL_SUBJECT_ACCESS_REVIEWS if local else SUBJECT_ACCESS_REVIEWS
    answer = await cluster.create(resource, namespace if local else None, review)
    return bool(answer["status"]["allowed"])
