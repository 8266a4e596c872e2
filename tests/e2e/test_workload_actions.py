"""Actions on workloads: each changes its fields alone, waits for the pods, and its rollback restores what was there."""

import asyncio

import pytest

from tests.support.site import DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

REHEARSALS = ("initContainer",)
"""What these actions do does not depend on where they are rehearsed; other tests run in both places."""


def template(deployment):
    return deployment["spec"]["template"]


def version(deployment):
    (container,) = template(deployment)["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"]}["VERSION"]


async def rolled_back(site, status):
    rollback = status["result"]["rollback"]
    undone = await site.run(rollback["action"], rollback["parameters"])
    assert undone["phase"] == "Succeeded", undone
    return undone


async def test_undo_rollout_goes_back_to_the_previous_revision_and_its_rollback_returns(site):
    await site.surround("undo-rollout")
    new = template(await site.get(DEPLOYMENTS, "shop"))
    status = await site.run("undo-rollout", {"name": "shop"})
    assert status["phase"] == "Succeeded", status
    shop = await site.get(DEPLOYMENTS, "shop")
    assert version(shop) == "shop:1.0"
    assert shop["status"]["updatedReplicas"] == shop["status"]["availableReplicas"] == 1
    assert status["result"]["outputs"] == {"revision": 1, "undone": 2}
    fields = [change["field"] for change in status["result"]["changes"]]
    assert "spec.template.spec.containers[shop].env[VERSION].value" in fields
    undone = await rolled_back(site, status)
    assert template(await site.get(DEPLOYMENTS, "shop")) == new
    assert undone["result"]["outputs"]["revision"] == 2


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (
            {"name": "shop", "revision": 7},
            "Deployment shop has no revision 7; it has 1, 2: name one of these in `revision`",
        ),
        ({"name": "web"}, "Deployment web has no revision before 1, so there is nothing to go back to"),
        ({"name": "nope"}, "not found"),
    ],
)
async def test_undo_rollout_refuses_what_it_cannot_go_back_to(site, parameters, words):
    await site.surround("undo-rollout")
    status = await site.run("undo-rollout", parameters)
    assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected")
    assert words in status["message"]


async def test_undo_rollout_to_the_present_revision_changes_nothing(site):
    await site.surround("undo-rollout")
    status = await site.run("undo-rollout", {"name": "shop", "revision": 2})
    assert (status["phase"], status["message"]) == ("Succeeded", "Already in the requested state: nothing was changed.")
    assert "rollback" not in status["result"]


async def test_undo_rollout_refuses_a_paused_deployment(site):
    await site.patch(DEPLOYMENTS, "web", {"spec": {"paused": True}})
    status = await site.run("undo-rollout", {"name": "web"})
    assert (status["reason"], "is paused" in status["message"]) == ("DryRunRejected", True)


@pytest.mark.parametrize(
    ("kind", "name", "resource"), [("StatefulSet", "db", STATEFUL_SETS), ("DaemonSet", "agent", DAEMON_SETS)]
)
async def test_restart_workload_replaces_every_pod(site, kind, name, resource):
    before = await site.get(resource, name)
    status = await site.run("restart-workload", {"kind": kind, "name": name})
    assert status["phase"] == "Succeeded", status
    after = await site.get(resource, name)
    assert RESTARTED_AT in template(after)["metadata"]["annotations"]
    assert after["status"]["observedGeneration"] == before["metadata"]["generation"] + 1
    assert [change["name"] for change in status["result"]["changes"]] == [name]
    assert {c["type"] for c in status["conditions"] if c["status"] == "True"} >= {"Executed", "Verified"}


@pytest.mark.parametrize(
    ("kind", "name", "strategy", "words"),
    [
        ("StatefulSet", "db", {"type": "OnDelete", "rollingUpdate": None}, "has the update strategy OnDelete"),
        ("DaemonSet", "agent", {"type": "OnDelete", "rollingUpdate": None}, "has the update strategy OnDelete"),
        ("StatefulSet", "db", {"rollingUpdate": {"partition": 1}}, "has a partition of 1"),
    ],
)
async def test_restart_workload_refuses_where_no_pod_would_be_replaced(site, kind, name, strategy, words):
    resource = STATEFUL_SETS if kind == "StatefulSet" else DAEMON_SETS
    await site.patch(resource, name, {"spec": {"updateStrategy": strategy}})
    status = await site.run("restart-workload", {"kind": kind, "name": name})
    assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected")
    assert words in status["message"]


def resources(workload):
    (container,) = template(workload)["spec"]["containers"]
    return container.get("resources") or {}


@pytest.mark.parametrize(
    ("kind", "name", "resource"), [("Deployment", "web", DEPLOYMENTS), ("StatefulSet", "db", STATEFUL_SETS)]
)
async def test_set_resources_sets_them_and_its_rollback_removes_them_again(site, kind, name, resource):
    before = template(await site.get(resource, name))
    wanted = {"requests": {"cpu": "20m", "memory": "24Mi"}, "limits": {"memory": "1Gi"}}
    parameters = {"kind": kind, "name": name, "container": name, **wanted, "allowDecrease": True}
    status = await site.run("set-resources", parameters)
    assert status["phase"] == "Succeeded", status
    assert resources(await site.get(resource, name)) == wanted
    assert {change["field"].rpartition("resources.")[2] for change in status["result"]["changes"]} == {
        "requests.cpu",
        "requests.memory",
        "limits.memory",
    }
    await rolled_back(site, status)
    after = template(await site.get(resource, name))
    after["spec"]["containers"][0]["resources"] = before["spec"]["containers"][0].get("resources", {})
    assert after["spec"]["containers"][0].keys() >= before["spec"]["containers"][0].keys()
    assert resources(await site.get(resource, name)).get("limits") in (None, {})


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"container": "nope", "requests": {"cpu": "1m"}}, "has no container nope; it has web"),
        ({"container": "web", "limits": {"memory": "1Gi"}}, "limits.memory would go down from none to 1Gi"),
        (
            {"container": "web", "requests": {"cpu": "1m"}},
            "requests.cpu would go down from 10m to 1m: set allowDecrease",
        ),
        (
            {"container": "web", "requests": {"cpu": "3"}},
            "requests.cpu would be 3, more than limits.cpu, which would be 2",
        ),
    ],
)
async def test_set_resources_refuses_what_would_hurt(site, wanted, words):
    present = {"requests": {"cpu": "10m"}, "limits": {"cpu": "2"}}
    parameters = {"name": "web", "container": "web", **present, "allowDecrease": True, "wait": False}
    assert (await site.run("set-resources", parameters))["phase"] == "Succeeded"
    status = await site.run("set-resources", {"name": "web", **wanted})
    assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected")
    assert words in status["message"]


async def test_set_resources_says_that_no_node_has_room(site):
    key = await site.create(
        "set-resources", {"name": "web", "container": "web", "requests": {"memory": "900Ti"}}, deadlineSeconds=40
    )
    status = (await site.end(key))["status"]
    assert status["phase"] == "Failed", status
    assert "unschedulable" in status["message"]
    assert "Insufficient memory" in status["message"]
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"requests": {"cpu": "lots"}}, "parameters.requests.cpu: "),
        ({"requests": {"cpu": "-1"}}, "parameters.requests.cpu: it must be more than zero"),
        ({"requests": {"memory": "0"}}, "parameters.requests.memory: it must be more than zero"),
        ({"requests": {"disk": "1Gi"}}, "parameters.requests.disk"),
        ({"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}, "requests.cpu is 2, more than limits.cpu, which is 1"),
        ({}, "there is nothing to do: name cpu or memory"),
    ],
)
async def test_set_resources_refuses_amounts_that_are_none(site, parameters, words):
    status = await site.run("set-resources", {"name": "web", "container": "web", **parameters})
    assert (status["phase"], status["reason"]) == ("Failed", "InvalidParameters")
    assert words in status["message"]
