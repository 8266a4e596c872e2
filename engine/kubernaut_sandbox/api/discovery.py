"""The discovery documents of the API, built from the kinds that are served at this moment."""

from __future__ import annotations

from typing import Any

from kubernaut_sandbox.cluster import VERSION
from kubernaut_sandbox.model.kinds import Kind, Kinds
from kubernaut_sandbox.model.objects import Object

_SUBRESOURCES: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "status": ("", ("get", "patch", "update"), "", ""),
    "scale": ("Scale", ("get", "patch", "update"), "autoscaling", "v1"),
    "finalize": ("Namespace", ("update",), "", ""),
    "log": ("Pod", ("get",), "", ""),
    "eviction": ("Eviction", ("create",), "policy", "v1"),
    "ephemeralcontainers": ("", ("get", "patch", "update"), "", ""),
    "token": ("TokenRequest", ("create",), "authentication.k8s.io", "v1"),
}
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def version_info() -> Object:
    """Return the /version document."""
    return {
        "major": "1",
        "minor": "36",
        "gitVersion": VERSION,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "python",
        "platform": "sandbox",
    }


def paths() -> Object:
    """Return the / document."""
    return {"paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]}


def core_versions() -> Object:
    """Return the /api document."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def group_list(kinds: Kinds) -> Object:
    """Return the /apis document."""
    return {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [_group(kinds, name) for name in _groups(kinds) if name],
    }


def group(kinds: Kinds, name: str) -> Object | None:
    """Return the /apis/GROUP document; None when the group is not served."""
    if not name or name not in _groups(kinds):
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(kinds, name)}


def resource_list(kinds: Kinds, group_name: str, version: str) -> Object | None:
    """Return the document of a group version; None when it is not served."""
    served = [kind for kind in kinds if (kind.group, kind.version) == (group_name, version)]
    if not served:
        return None
    resources = [entry for kind in served for entry in _resources(kind)]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": served[0].api_version,
        "resources": resources,
    }


def aggregated(kinds: Kinds, *, core: bool) -> Object:
    """Return the aggregated discovery document of /api (`core`) or /apis."""
    items = []
    for name in _groups(kinds):
        if bool(name) == core:
            continue
        versions = [
            {
                "version": version,
                "resources": [
                    _aggregated_resource(kind) for kind in kinds if (kind.group, kind.version) == (name, version)
                ],
                "freshness": "Current",
            }
            for version in _versions(kinds, name)
        ]
        items.append(
            {
                "metadata": {"name": name, "creationTimestamp": None} if name else {"creationTimestamp": None},
                "versions": versions,
            }
        )
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _groups(kinds: Kinds) -> list[str]:
    return list(dict.fromkeys(kind.group for kind in kinds))


def _versions(kinds: Kinds, name: str) -> list[str]:
    return list(dict.fromkeys(kind.version for kind in kinds if kind.group == name))


def _group(kinds: Kinds, name: str) -> Object:
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in _versions(kinds, name)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(kind: Kind) -> list[Object]:
    main: Object = {
        "name": kind.plural,
        "singularName": kind.singular or kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        main["shortNames"] = list(kind.short_names)
    if kind.categories:
        main["categories"] = list(kind.categories)
    return [main, *(_subresource(kind, name) for name in kind.subresources)]


def _subresource(kind: Kind, name: str) -> Object:
    response_kind, verbs, group_name, version = _SUBRESOURCES[name]
    entry: Object = {
        "name": f"{kind.plural}/{name}",
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": response_kind or kind.kind,
    }
    if version:
        entry |= {"group": group_name, "version": version}
    return {**entry, "verbs": list(verbs)}


def _aggregated_resource(kind: Kind) -> Object:
    entry: Object = {
        "resource": kind.plural,
        "responseKind": _response_kind(kind.group, kind.version, kind.kind),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular or kind.kind.lower(),
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        entry["shortNames"] = list(kind.short_names)
    if kind.categories:
        entry["categories"] = list(kind.categories)
    if kind.subresources:
        entry["subresources"] = [_aggregated_subresource(kind, name) for name in kind.subresources]
    return entry


def _aggregated_subresource(kind: Kind, name: str) -> Object:
    response_kind, verbs, group_name, version = _SUBRESOURCES[name]
    responds = _response_kind(
        group_name if version else kind.group, version or kind.version, response_kind or kind.kind
    )
    return {"subresource": name, "responseKind": responds, "verbs": list(verbs)}


def _response_kind(group_name: str, version: str, kind: str) -> dict[str, Any]:
    return {"group": group_name, "version": version, "kind": kind}
