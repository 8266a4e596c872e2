"""Proves that an action's guard is in force and no wider than declared: with the action's own token it writes to every other field.

Each write is a dry run. Those that the API server refuses to its admin, too, such as a change of an immutable field, or that change
nothing, as most do on a Scale, prove nothing and are left out; each of the others must be forbidden to the action.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from kubernaut.api.field_paths import field_tree
from kubernaut.api.rules import Rule
from kubernaut.errors import DeniedError, KubernautError, NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Resource, resource_of
from kubernaut.testing.other_writes import Write, other_writes

_MAX_OBJECTS = 3

# ruff: noqa: S101 - these are a test's own assertions


async def assert_guarded(admin: Cluster, account: Cluster, namespace: str, rule: Rule) -> list[str]:
    """Try a write to every field that the rule does not name, on objects at hand; return the fields whose change was forbidden.

    `admin` may do everything; `account` is the action's ServiceAccount. Raises AssertionError for a write that is not forbidden, and
    if there is no object to try it on.
    """
    tree = field_tree(rule.fields)
    refused: list[str] = []
    for resource in rule.resources:
        seen = False
        async for served, subresource, name, obj in _objects(admin, rule, resource, namespace):
            seen = True
            for write in other_writes(obj, tree):
                if not await _changes_something(admin, served, namespace, name, subresource, write, obj):
                    continue
                await _assert_forbidden(account, served, namespace, name, subresource, write)
                refused.append(f"{resource} {write.path}")
        assert seen, f"no {resource} in namespace {namespace} to try the guard on: create one in `prepare`"
    return refused


async def _assert_forbidden(
    account: Cluster, served: Resource, namespace: str, name: str, subresource: str | None, write: Write
) -> None:
    try:
        await account.patch(served, namespace, name, write.patch, subresource=subresource, dry_run=True)
    except DeniedError:
        return
    raise AssertionError(
        f"the action's account is allowed to change {write.path} of {served.plural}/{name}: {write.patch}"
    )


async def _changes_something(
    admin: Cluster,
    served: Resource,
    namespace: str,
    name: str,
    subresource: str | None,
    write: Write,
    obj: dict[str, Any],
) -> bool:
    try:
        after = await admin.patch(served, namespace, name, write.patch, subresource=subresource, dry_run=True)
    except KubernautError:
        return False
    return _content(after) != _content(obj)


def _content(obj: dict[str, Any]) -> dict[str, Any]:
    ignored = ("resourceVersion", "generation", "managedFields")
    metadata = {key: value for key, value in obj["metadata"].items() if key not in ignored}
    return {**obj, "metadata": metadata, "status": None}


async def _objects(
    admin: Cluster, rule: Rule, resource: str, namespace: str
) -> AsyncIterator[tuple[Resource, str | None, str, dict[str, Any]]]:
    """Yield some objects of the rule's resource, as its subresource serves them."""
    plural, _, subresource = resource.partition("/")
    version = await admin.preferred_version(rule.api_group) if rule.api_group else "v1"
    served = resource_of(f"{version}/{plural}")
    try:
        found = (await admin.list_all(served, namespace)).items
    except NotFoundError:
        return
    names = [obj["metadata"]["name"] for obj in found]
    for name in [name for name in names if not rule.names or name in rule.names][:_MAX_OBJECTS]:
        obj = await admin.patch(served, namespace, name, {}, subresource=subresource or None, dry_run=True)
        yield served, subresource or None, name, obj
