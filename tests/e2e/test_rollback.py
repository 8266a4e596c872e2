"""`kubernaut rollback`: restores what was before, unless it has been changed since."""

from kubernaut.kube.objects import EXECUTIONS
from tests.support.shell import as_admin, command
from tests.support.site import CONFIG_MAPS, DEPLOYMENTS

REHEARSALS = ["initContainer"]


async def test_an_execution_is_undone_once_and_its_rollback_can_be_undone(site, tmp_path):
    place = as_admin(site, tmp_path)
    done = await site.create("scale", {"name": "web", "replicas": 4}, name="more")
    assert (await site.end(done))["status"]["phase"] == "Succeeded"
    code, out, err = await command("rollback", "more", *place)
    assert code == 0, err
    assert "Deployment/web spec.replicas: 4 → 2" in out
    assert (await site.get(DEPLOYMENTS, "web"))["spec"]["replicas"] == 2
    undone = await undoing(site, "more")
    code, _, err = await command("rollback", "more", *place)
    assert code == 2
    assert "there is nothing to undo: everything that more changed is as it was before" in err
    code, out, err = await command("rollback", undone, *place)
    assert code == 0, err
    assert (await site.get(DEPLOYMENTS, "web"))["spec"]["replicas"] == 4


async def undoing(site, name):
    """The execution that undid this one; its rehearsals do so, too."""
    found = (await site.cluster.list(EXECUTIONS, site.namespace)).items
    (one,) = [
        obj["metadata"]["name"] for obj in found if obj["spec"].get("undoes") == name and not obj["spec"].get("dryRun")
    ]
    return one


async def test_a_later_change_is_not_overwritten_and_its_writer_is_named(site, tmp_path):
    done = await site.create("scale", {"name": "web", "replicas": 4}, name="more")
    await site.end(done)
    await site.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 3}})
    code, _, err = await command("rollback", "more", *as_admin(site, tmp_path))
    assert code == 2
    assert "Deployment/web spec.replicas is 3 now, not 4 as more left it" in err
    assert "Nothing was changed. To undo it nevertheless: kubernaut execute scale" in err
    if site.sandbox is None:
        assert "it was written by kubernaut-engine at 20" in err, "the tests' own client, by its user agent"
    assert (await site.get(DEPLOYMENTS, "web"))["spec"]["replicas"] == 3


async def test_later_changes_of_other_keys_do_not_prevent_a_rollback(site, tmp_path):
    done = await site.create("patch-configmap", {"name": "app-config", "set": {"NEW": "1"}}, name="new-key")
    await site.end(done)
    await site.patch(CONFIG_MAPS, "app-config", {"data": {"OTHER": "2"}})
    code, _, err = await command("rollback", "new-key", *as_admin(site, tmp_path))
    assert code == 0, err
    data = (await site.get(CONFIG_MAPS, "app-config"))["data"]
    assert ("NEW" in data, data["OTHER"]) == (False, "2")


async def test_an_execution_that_cannot_be_undone_is_refused_with_the_reason(site, tmp_path):
    place = as_admin(site, tmp_path)
    for name, action, parameters, spec, message in (
        ("rehearsed", "scale", {"name": "web", "replicas": 4}, {"dryRun": True}, "was a dry run: it changed nothing"),
        ("refused", "scale", {"name": "nope", "replicas": 4}, {}, "refused has no recorded changes"),
        (
            "restarted",
            "restart-deployment",
            {"name": "web", "wait": False},
            {},
            "does not support rollback of restarted",
        ),
    ):
        await site.end(await site.create(action, parameters, name=name, **spec))
        code, _, err = await command("rollback", name, *place)
        assert (code, message in err) == (2, True), err
    code, _, err = await command("rollback", "never-was", *place)
    assert (code, "there is no execution never-was" in err) == (2, True), err
