"""Other systems of a cluster, played by a policy that changes what is created: meshes that inject containers, queues that suspend Jobs."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from kubernaut.kube.objects import Resource
from tests.support.site import Site

_POLICIES = Resource("/apis/admissionregistration.k8s.io/v1", "mutatingadmissionpolicies")
_BINDINGS = Resource("/apis/admissionregistration.k8s.io/v1", "mutatingadmissionpolicybindings")
_ACTIONS = {"key": "kubernaut.io/execution-uid", "operator": "Exists"}
_NEW_PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}


@asynccontextmanager
async def mutated(site: Site, rule: Mapping[str, Any], expression: str) -> AsyncIterator[None]:
    """Let a policy change, by this JSON patch in CEL, what is created in the site's namespace for an action."""
    name = f"foreign-{secrets.token_hex(4)}"
    spec = {
        "matchConstraints": {"resourceRules": [rule], "objectSelector": {"matchExpressions": [_ACTIONS]}},
        "reinvocationPolicy": "Never",
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}],
    }
    selected = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": site.namespace}}}
    policy = await site.cluster.create(_POLICIES, None, {"metadata": {"name": name}, "spec": spec})
    bound = {"metadata": {"name": name}, "spec": {"policyName": name, "matchResources": selected}}
    binding = await site.cluster.create(_BINDINGS, None, bound)
    try:
        if site.sandbox is None:
            await asyncio.sleep(3)  # until the API server has read it
        yield
    finally:
        await site.cluster.delete(_BINDINGS, "", name, uid=binding["metadata"]["uid"])
        await site.cluster.delete(_POLICIES, "", name, uid=policy["metadata"]["uid"])


def injected(site: Site, code: str, *, image: str = "", initial: bool = False) -> AbstractAsyncContextManager[None]:
    """Return a policy that puts a container with this Python program into each pod."""
    kind = "initContainers" if initial else "containers"
    command = f"['python3', '-c', {json.dumps(code)}]"
    fields = (
        f"name: 'proxy', image: {json.dumps(image or site.image)}, imagePullPolicy: 'IfNotPresent', command: {command}"
    )
    container = f"Object.spec.{kind}{{{fields}}}"
    if initial:
        first = f"[JSONPatch{{op: 'add', path: '/spec/initContainers/0', value: {container}}}]"
        # Kubernetes 1.36.2 panics where a container is in a list, so the list is added empty.
        empty = "[JSONPatch{op: 'add', path: '/spec/initContainers', value: []}]"
        return mutated(site, _NEW_PODS, f"(has(object.spec.initContainers) ? [] : {empty}) + {first}")
    return mutated(site, _NEW_PODS, f"[JSONPatch{{op: 'add', path: '/spec/containers/-', value: {container}}}]")
