"""Cooldowns and the budget, and `kubernaut resume`, which lifts their holds."""

from kubernaut.kube.objects import EXECUTIONS
from kubernaut.settings import ActionSettings, BudgetSettings
from tests.support.shell import as_admin, command


def wish(value):
    return ("patch-configmap", {"name": "app-config", "set": {"A": str(value)}})


async def test_an_execution_waits_for_the_cooldown_of_its_target_and_then_starts_by_itself(with_settings):
    async with with_settings(actions={"patch-configmap": ActionSettings(cooldown_seconds=5)}) as site:
        await site.end(await site.create(*wish(1), name="first"))
        second = await site.create(*wish(2), name="second")
        status = await site.until(second, phase="Pending", reason="CoolingDown")
        assert "execution first finished on ConfigMap/app-config recently" in status["message"]
        ended = (await site.end(second))["status"]
        assert ended["phase"] == "Succeeded"
        assert "heldSince" not in ended


async def test_resume_ends_a_cooldown(with_settings, tmp_path):
    async with with_settings(actions={"patch-configmap": ActionSettings(cooldown_seconds=3600)}) as site:
        await site.end(await site.create(*wish(1), name="first"))
        second = await site.create(*wish(2), name="second")
        await site.until(second, phase="Pending", reason="CoolingDown")
        code, out, err = await command("resume", "second", *as_admin(site, tmp_path))
        assert code == 0, err
        assert "second is resumed; it starts when nothing else holds it back" in out
        assert (await site.end(second))["status"]["phase"] == "Succeeded"


async def test_executions_over_the_budget_wait_until_they_are_resumed_and_dry_runs_do_not_wait(with_settings, tmp_path):
    async with with_settings(budget=BudgetSettings(executions=2, window_seconds=600)) as site:
        for number in range(2):
            assert (await site.run(*wish(number)))["phase"] == "Succeeded"
        keys = [await site.create(*wish(n), name=f"over-{n}") for n in (7, 8)]
        for key in keys:
            status = await site.until(key, phase="Pending", reason="BudgetExceeded")
            assert f"kubernaut resume {key.name} -n {site.namespace}" in status["message"]
        assert (await site.run(*wish(9), dryRun=True))["phase"] == "Succeeded"
        code, _, err = await command("resume", *(key.name for key in keys), *as_admin(site, tmp_path))
        assert code == 0, err
        for key in keys:
            assert (await site.end(key))["status"]["phase"] == "Succeeded"


async def test_an_annotation_that_is_set_in_advance_does_not_lift_a_hold(with_settings):
    async with with_settings(budget=BudgetSettings(executions=1, window_seconds=600)) as site:
        await site.run(*wish(1))
        key = await site.create(*wish(2))
        await site.patch(EXECUTIONS, key.name, {"metadata": {"annotations": {"kubernaut.io/resumed": "true"}}})
        await site.until(key, phase="Pending", reason="BudgetExceeded")
