"""What `action.api` does to a cluster, and that none of it happens in the dry run."""

import pytest

from tests.support.site import CONFIG_MAPS

CREATE = "action.api.create('v1/configmaps', {'metadata': {'name': 'made'}, 'data': {'a': '1'}})"
LIST = "action.api.list('v1/pods', selector='app=web', fields='status.phase=Running', limit=1)"
FIND = f"while not (found := {LIST}):\n    time.sleep(0.2)\n(pod,) = found"
DELETE = f"{FIND}\naction.api.delete('v1/pods', pod['metadata']['name'], uid=pod['metadata']['uid'], grace_seconds=0)"
EVICT = (
    f"{FIND}\naction.api.create('v1/pods/eviction', "
    "{'deleteOptions': {'preconditions': {'uid': pod['metadata']['uid']}}}, name=pod['metadata']['name'])"
)
STILL_THERE = "assert action.api.get('v1/pods', pod['metadata']['name'])['metadata'].get('deletionTimestamp') is None"
WAIT = (
    "def gone():\n    try:\n        left = action.api.get('v1/pods', pod['metadata']['name'])\n"
    "    except NotFound:\n        return ''\n"
    "    return '' if left['metadata']['uid'] != pod['metadata']['uid'] else 'it is still there'\n"
    "action.wait_until(gone)\n"
    "action.changed_between('ConfigMap', 'app-config', {'data': {'A': '1'}}, {'data': {'A': '2'}})"
)
IMPORTS = "from kubernaut.runner import AlreadyExists, NotFound, Rejected"


def script(*parts):
    return "\n".join((IMPORTS, *parts))


@pytest.mark.parametrize("removal", [DELETE, EVICT], ids=["deleted", "evicted"])
async def test_a_pod_is_removed_by_execute_and_not_by_the_dry_run(site, removal):
    steps = {"dry_run": script(removal, STILL_THERE), "execute": script(removal, WAIT)}
    status = await site.run("broad", steps)
    assert status["phase"] == "Succeeded", status["message"]


async def test_an_object_is_created_by_execute_and_not_by_the_dry_run(site):
    missing = "try:\n    action.api.get('v1/configmaps', 'made')\nexcept NotFound as refusal:\n    assert refusal.status == 404"
    taken = f"try:\n    {CREATE}\nexcept AlreadyExists as refusal:\n    assert refusal.status_reason == 'AlreadyExists'"
    told = "action.changed_between('ConfigMap', 'made', None, made)"
    steps = {"dry_run": script(CREATE, missing), "execute": script(f"made = {CREATE}", told, taken)}
    status = await site.run("broad", steps)
    assert status["phase"] == "Succeeded", status["message"]
    assert (await site.get(CONFIG_MAPS, "made"))["data"] == {"a": "1"}


async def test_a_deletion_of_another_object_of_the_name_is_a_conflict(site):
    steps = {"dry_run": "action.api.delete('v1/configmaps', 'app-config', uid='another')"}
    status = await site.run("broad", steps)
    assert (status["phase"], status["reason"]) == ("Failed", "RetriesExhausted")
    assert (await site.get(CONFIG_MAPS, "app-config"))["metadata"]["name"] == "app-config"


async def test_json_and_strategic_patches_change_what_they_name_if_nobody_wrote_in_between(site):
    add = "[{'op': 'add', 'path': '/data/B', 'value': '2'}]"
    lines = script(
        f"action.api.modify('v1/configmaps', 'app-config', lambda current: {add})",
        "names = lambda o: [c['name'] for c in o['spec']['template']['spec']['containers']]",
        "kind, wanted = 'apps/v1/deployments', {'spec': {'template': {'spec': {'containers': [{'name': 'web', 'env': []}]}}}}",
        "web = action.api.peek(kind, 'web')",
        "wanted['spec']['template']['spec']['containers'][0] = {'name': names(web)[0], 'env': [{'name': 'E', 'value': '1'}]}",
        "before, after = action.api.modify(kind, 'web', lambda current: wanted, patch_type='strategic')",
        "assert names(before) == names(after)",
        "action.output('image', after['spec']['template']['spec']['containers'][0].get('image'))",
        "action.conclude('done')",
    )
    tries = script(
        "stale = [{'op': 'test', 'path': '/metadata/resourceVersion', 'value': '0'}]",
        "try:\n    action.api.patch('v1/configmaps', 'app-config', stale)",
        "except Rejected as refusal:\n    assert refusal.status == 422, refusal.status",
        "else:\n    action.reject('it was accepted')",
    )
    status = await site.run("broad", {"dry_run": tries + "\n" + lines, "execute": lines})
    assert status["phase"] == "Succeeded", status["message"]
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"]["B"] == "2"
    assert status["result"]["outputs"]["image"]


async def test_what_the_dry_run_hands_over_is_there_in_execute(site):
    steps = {
        "dry_run": "action.hand_over('plan', {'pods': ['a', 'b']})",
        "execute": "action.output('handed', action.handed)\naction.output('who', [action.action_name, action.pod_name])",
    }
    status = await site.run("broad", steps)
    assert status["phase"] == "Succeeded", status["message"]
    assert status["result"]["outputs"]["handed"] == {"plan": {"pods": ["a", "b"]}}
    action, pod = status["result"]["outputs"]["who"]
    assert (action, pod.rpartition("-")[0]) == ("broad", status["jobName"])
