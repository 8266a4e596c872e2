"""A site whose alerts begin runbooks: the rights of docs/alerts.md, and the identities of the receiver and of Alertmanager."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kubernaut.api.execution import Phase
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Resource
from tests.support.alertmanager import RunningReceiver, running_receiver
from tests.support.runbooks import make_runbook, make_step
from tests.support.site import DEPLOYMENTS, Site, kubeconfig_with

ROOT = Path(__file__).parents[2]
SENDER = "system:serviceaccount:monitoring:alertmanager"
SHOWN: list[dict[str, Any]] = [
    document
    for block in re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / "docs" / "alerts.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    for document in yaml.safe_load_all(block)
]
"""The documents of the guide."""
DEPLOYED: list[dict[str, Any]] = list(
    yaml.safe_load_all((ROOT / "deploy" / "receiver" / "rights.yaml").read_text("utf-8"))
)
RESTART = next(document for document in SHOWN if document.get("kind") == "Runbook")
CONFIGURATION = next(document for document in SHOWN if "route" in document)
GROW = make_runbook(
    make_step("grow", parameters={"name": "$(params.app)", "replicas": 3, "wait": False}),
    make_step("again", "grow", parameters={"name": "$(params.app)", "replicas": 4, "wait": False}),
    name="grow",
    parameters={"app": {}},
    alerts=[{"match": {"alertname": "Slow"}, "arguments": {"app": "$(labels.deployment)"}, "mode": "propose"}],
)
BOUND = ("kubernaut-run-scale", "kubernaut-run-patch-configmap")


@dataclass(frozen=True)
class Alerting:
    """The site, and the tokens of the receiver and of Alertmanager."""

    site: Site
    own: Cluster
    own_token: str
    token: str

    async def executions(self, namespace: str = "production") -> dict[str, dict[str, Any]]:
        """Return the executions of a namespace by name."""
        found = (await self.site.cluster.list(EXECUTIONS, namespace)).items
        return {obj["metadata"]["name"]: obj for obj in found}

    async def ended(self, number: int) -> list[dict[str, Any]]:
        """Wait until there are so many executions and all have ended, and return them."""
        async with asyncio.timeout(30):
            while True:
                found = list((await self.executions()).values())
                if len(found) == number and all(
                    Phase(o.get("status", {}).get("phase", "Pending")).ended for o in found
                ):
                    return found
                await asyncio.sleep(0.1)

    async def has_restarted(self) -> bool:
        """Whether somebody restarted the Deployment."""
        template = (await self.site.get(DEPLOYMENTS, "web"))["spec"]["template"]["metadata"]
        return "kubectl.kubernetes.io/restartedAt" in template.get("annotations", {})

    def receiver(self, **options: Any) -> AbstractAsyncContextManager[RunningReceiver]:
        """Run a receiver with its own identity."""
        return running_receiver(self.own, **options)


async def token_of(cluster: Cluster, namespace: str, name: str) -> str:
    """Return a token of a ServiceAccount."""
    path = Resource(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}", "token")
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    return str((await cluster.create(path, None, request))["status"]["token"])


def bind(namespace: str, role: str, account: str = "alertmanager") -> dict[str, Any]:
    """Return the binding of a ClusterRole to a ServiceAccount of the namespace `monitoring`."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"{account}-{role}", "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": "monitoring"}],
    }


def make_account(namespace: str, name: str) -> dict[str, Any]:
    """Return a ServiceAccount."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}


def placed(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest of deploy/receiver in the namespace that its kustomization names."""
    namespaced = {} if manifest["kind"].startswith("Cluster") else {"namespace": "kubernaut-system"}
    return {**manifest, "metadata": {**namespaced, **manifest["metadata"]}}


@asynccontextmanager
async def alerting_on(site: Site) -> AsyncIterator[Alerting]:
    """Prepare the sandbox of a site."""
    if site.sandbox is None:
        raise RuntimeError("only on the sandbox")
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("monitoring", "empty")]
    shown = [document for document in SHOWN if document.get("kind") == "RoleBinding"]
    manifests = [
        *spaces,
        make_account("monitoring", "alertmanager"),
        make_account("monitoring", "elsewhere"),
        *map(placed, DEPLOYED),
        *shown,
        *(bind("production", role) for role in BOUND),
        bind("empty", "kubernaut-alert-sender", "elsewhere"),
        RESTART,
        {**GROW, "metadata": {**GROW["metadata"], "namespace": "production"}},
    ]
    await site.sandbox.apply(manifests)
    own_token = await token_of(site.cluster, "kubernaut-system", "kubernaut-receiver")
    async with await Cluster.connect(kubeconfig_with(site.cluster, own_token)) as own:
        yield Alerting(site, own, own_token, await token_of(site.cluster, "monitoring", "alertmanager"))
