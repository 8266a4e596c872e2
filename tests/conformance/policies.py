"""Installs an admission policy for one namespace, and waits until it decides."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.conformance.client import Client, Object

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
DRY = {"dryRun": "All"}
CONFIG_MAPS = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "resources": ["configmaps"],
    "operations": ["CREATE", "UPDATE"],
}


def unique_name() -> str:
    """Return a name that no other test uses: policies are cluster-scoped."""
    return f"conformance-{secrets.token_hex(4)}"


def config_maps(namespace: str) -> str:
    """Return the path of the ConfigMaps of a namespace."""
    return f"/api/v1/namespaces/{namespace}/configmaps"


def config_map(name: str = "one", **data: str) -> Object:
    """Return a ConfigMap."""
    return {"metadata": {"name": name}, "data": data}


def in_namespace(namespace: str) -> Object:
    """Return the matchResources of a binding that is for one namespace."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


@asynccontextmanager
async def created(cluster: Client, plural: str, manifest: Object) -> AsyncIterator[Object]:
    """Create a cluster-scoped object of the admission API; delete it after the block."""
    path = f"{ADMISSION}/{plural}"
    made = await cluster.made(path, manifest)
    try:
        yield made
    finally:
        await cluster.delete(f"{path}/{manifest['metadata']['name']}")


@asynccontextmanager
async def validating(
    cluster: Client,
    namespace: str,
    *validations: Object,
    rules: list[Object] | None = None,
    actions: tuple[str, ...] = ("Deny",),
    binding: Object | None = None,
    constraints: Object | None = None,
    **spec: Any,
) -> AsyncIterator[str]:
    """Install a validating policy for the namespace, and a second one to see that both are in effect; return its name."""
    name = unique_name()
    matched = {"resourceRules": rules or [CONFIG_MAPS], **(constraints or {})}
    policy = {
        "metadata": {"name": name},
        "spec": {"matchConstraints": matched, "validations": list(validations), **spec},
    }
    bound = {"policyName": name, "validationActions": list(actions), "matchResources": in_namespace(namespace)}
    async with (
        _canary(cluster, namespace, "leaving", wait_for="end"),
        created(cluster, "validatingadmissionpolicies", policy),
        created(
            cluster, "validatingadmissionpolicybindings", {"metadata": {"name": name}, "spec": bound | (binding or {})}
        ),
        _canary(cluster, namespace, "entering", wait_for="beginning"),
    ):
        yield name


@asynccontextmanager
async def _canary(cluster: Client, namespace: str, denied: str, *, wait_for: str) -> AsyncIterator[None]:
    """Deny Secrets of one name, and wait until that begins, or ends: then all older changes of policies have begun, too."""
    name, secrets_ = unique_name(), f"/api/v1/namespaces/{namespace}/secrets"
    denied = f"{denied}-{name}"
    rule = {**CONFIG_MAPS, "resources": ["secrets"]}
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": f"object.metadata.name != '{denied}'"}],
    }
    bound = {"policyName": name, "validationActions": ["Deny"], "matchResources": in_namespace(namespace)}

    async def until(*, accepted: bool) -> None:
        async with asyncio.timeout(30):
            while True:
                answer = await cluster.post(secrets_, {"metadata": {"name": denied}}, **DRY)
                if (answer.code == 201) == accepted:
                    return
                await asyncio.sleep(0.1)

    async with (
        created(cluster, "validatingadmissionpolicies", {"metadata": {"name": name}, "spec": spec}),
        created(cluster, "validatingadmissionpolicybindings", {"metadata": {"name": name}, "spec": bound}),
    ):
        if wait_for == "beginning":
            await until(accepted=False)
        yield
    if wait_for == "end":
        await until(accepted=True)


@asynccontextmanager
async def mutating(cluster: Client, namespace: str, *mutations: Object, **spec: Any) -> AsyncIterator[str]:
    """Install a mutating policy for the namespace; return its name. It has effect within the block, and none after it."""
    name = unique_name()
    whole = {
        "matchConstraints": {"resourceRules": [CONFIG_MAPS]},
        "reinvocationPolicy": "Never",
        "mutations": list(mutations),
        **spec,
    }
    bound = {"policyName": name, "matchResources": in_namespace(namespace)}
    async with (
        _label_canary(cluster, namespace, "leaving", wait_for="end"),
        created(cluster, "mutatingadmissionpolicies", {"metadata": {"name": name}, "spec": whole}),
        created(cluster, "mutatingadmissionpolicybindings", {"metadata": {"name": name}, "spec": bound}),
        _label_canary(cluster, namespace, "entering", wait_for="beginning"),
    ):
        yield name


@asynccontextmanager
async def _label_canary(cluster: Client, namespace: str, label: str, *, wait_for: str) -> AsyncIterator[None]:
    """Label every Secret, and wait until that begins, or ends: then older changes of mutating policies have effect, too."""
    name, secrets_ = unique_name(), f"/api/v1/namespaces/{namespace}/secrets"
    label = f"{label}-{name}"
    mutation = {
        "patchType": "ApplyConfiguration",
        "applyConfiguration": {"expression": f"Object{{metadata: Object.metadata{{labels: {{'{label}': 'yes'}}}}}}"},
    }
    spec = {
        "matchConstraints": {"resourceRules": [{**CONFIG_MAPS, "resources": ["secrets"]}]},
        "reinvocationPolicy": "Never",
        "mutations": [mutation],
    }

    async def until(*, labelled: bool) -> None:
        async with asyncio.timeout(30):
            while True:
                answer = await cluster.post(secrets_, {"metadata": {"name": label}}, **DRY)
                if (label in answer.body["metadata"].get("labels", {})) == labelled:
                    return
                await asyncio.sleep(0.1)

    bound = {"policyName": name, "matchResources": in_namespace(namespace)}
    async with (
        created(cluster, "mutatingadmissionpolicies", {"metadata": {"name": name}, "spec": spec}),
        created(cluster, "mutatingadmissionpolicybindings", {"metadata": {"name": name}, "spec": bound}),
    ):
        if wait_for == "beginning":
            await until(labelled=True)
        yield
    if wait_for == "end":
        await until(labelled=False)
