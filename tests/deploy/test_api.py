"""The API server accepts every manifest: a server-side dry run of each, in which unknown fields are rejected."""

import pytest

from tests.conformance.conftest import cluster, namespace, sandbox  # noqa: F401 - fixtures
from tests.deploy.manifests import KUSTOMIZATIONS, built

NOT_IN_THE_SANDBOX = {"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "PrometheusRule", "ServiceMonitor"}
"""Kinds that the sandbox does not serve; it must accept all others."""
NOT_KUBERNETES_OWN = {"PrometheusRule", "ServiceMonitor"}
"""Kinds of operators that a real cluster may not have."""
REJECTED_BY_THE_SANDBOX = {
    ("Deployment", "kubernaut-engine"): "the sandbox does not implement liveness and startup probes",
    ("Deployment", "kubernaut-jaeger"): "the sandbox does not implement liveness and startup probes",
    ("Deployment", "kubernaut-receiver"): "the sandbox does not implement liveness and startup probes",
}
"""The sandbox's message for each object that it rejects."""


async def path_of(client, manifest, namespace):  # noqa: F811
    """Return the path at which its kind is served, or None."""
    version = manifest["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    served = (await client.get(root)).body.get("resources", [])
    for resource in served:
        if resource["kind"] == manifest["kind"] and "/" not in resource["name"]:
            place = f"/namespaces/{namespace}" if resource["namespaced"] else ""
            return f"{root}{place}/{resource['name']}"
    return None


@pytest.mark.parametrize("folder", KUSTOMIZATIONS)
async def test_the_api_server_accepts_every_object(folder, cluster, namespace, sandbox):  # noqa: F811
    rejected = []
    for manifest in built(folder):
        path = await path_of(cluster, manifest, namespace)
        unserved = NOT_IN_THE_SANDBOX if sandbox else NOT_KUBERNETES_OWN
        if path is None and manifest["kind"] in unserved:
            continue
        assert path, f"{manifest['kind']} is not served here"
        name = manifest["metadata"]["name"]
        if f"/namespaces/{namespace}/" in path:  # its own namespace may not exist yet
            manifest = {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}  # noqa: PLW2901
        answer = await cluster.post(path, manifest, dryRun="All", fieldValidation="Strict")
        if sandbox and (manifest["kind"], name) in REJECTED_BY_THE_SANDBOX:
            assert (answer.code, answer.message) == (501, REJECTED_BY_THE_SANDBOX[manifest["kind"], name])
            continue
        if answer.code == 409:
            answer = await cluster.patch(f"{path}/{name}", manifest, dryRun="All", fieldValidation="Strict")
        if answer.code not in {200, 201} or answer.warnings:
            rejected.append(f"{manifest['kind']} {name}: {answer.code} {answer.message} {answer.warnings}")
    assert rejected == []
