"""Objects of an embedded cluster: in rounds where one is listed twice, waited for, and rejected by name."""

import pytest

from kubernaut.embedded.population import populate, rounds, wait_until_ready
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import resource_of
from kubernaut_sandbox import Sandbox


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def test_an_object_that_is_listed_again_begins_a_new_round():
    first, second, other = config_map("a", A="1"), config_map("a", A="2"), config_map("b")
    assert list(rounds([first, other, second])) == [[first, other], [second]]
    assert list(rounds([first, other])) == [[first, other]]


@pytest.fixture
async def admin():
    async with Sandbox() as sandbox, await Cluster.connect(sandbox.kubeconfig()) as cluster:
        yield sandbox, cluster


def deployment(version, image="shop:1"):
    container = {
        "name": "shop",
        "image": image,
        "command": ["sleep", "infinity"],
        "env": [{"name": "V", "value": version}],
    }
    template = {"metadata": {"labels": {"app": "shop"}}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": {"app": "shop"}}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop", "namespace": "default"},
        "spec": spec,
    }


async def test_a_deployment_that_is_listed_twice_has_two_revisions(admin):
    sandbox, cluster = admin
    await wait_until_ready(cluster, await populate(sandbox, cluster, [deployment("1"), deployment("2")]))
    sets = (await cluster.list_all(resource_of("apps/v1/replicasets"), "default")).items
    revisions = {one["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for one in sets}
    found = await cluster.get(resource_of("apps/v1/deployments"), "default", "shop")
    assert (revisions, found["status"]["availableReplicas"]) == ({"1", "2"}, 1)


async def test_a_workload_that_never_becomes_ready_is_not_waited_for_without_end(admin):
    sandbox, cluster = admin
    waiting = await populate(sandbox, cluster, [deployment("1", "registry.invalid/shop:1")])
    await wait_until_ready(cluster, waiting, seconds=0.2)


async def test_an_object_that_the_api_server_rejects_is_named(admin):
    sandbox, cluster = admin
    with pytest.raises(InputError, match=r"^ConfigMap A_b: the API server rejects it: .*invalid"):
        await populate(sandbox, cluster, [config_map("fine"), config_map("A_b")])
