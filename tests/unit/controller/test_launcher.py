"""A Job is built by the plugin, hardened and created, or it is said who prevented it."""

import pytest

from kubernaut.admission.decisions import Deferred, Rejected
from kubernaut.controller.launcher import Launcher, build_job
from kubernaut.errors import HookError, QuotaError
from kubernaut.kube.objects import JOBS
from kubernaut.plugins.hook_caller import HookCaller


@pytest.fixture
async def admitted(ground):
    return await ground.admission.admit(ground.caches.view(ground.add()))


@pytest.fixture
def launcher(ground):
    return Launcher(HookCaller(), ground.jobs, 7.0, 86_400)


async def test_the_created_job_is_hardened(launcher, admitted):
    job = await launcher.launch(admitted)
    assert job["spec"]["serviceAccountName"] == "deployment-scaler", "as the cache keeps it"
    manifest = await build_job(HookCaller(), admitted, 86_400)
    assert manifest["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] is True


async def test_a_job_that_the_hardening_refuses_is_the_plugins_fault(launcher, admitted, monkeypatch):
    monkeypatch.setattr(admitted.action.hook, "build_job", lambda execution: {"spec": {"suspend": True}})
    rejected = await launcher.launch(admitted)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "PluginError"
    assert "plugin scale did not build a usable Job: spec.suspend must not be set by a plugin" in rejected.message
    assert not rejected.is_admitted


async def test_a_hook_that_raises_is_the_plugins_fault(launcher, admitted, monkeypatch):
    def broken(execution):
        raise KeyError("x")

    monkeypatch.setattr(admitted.action.hook, "build_job", broken)
    with pytest.raises(HookError, match="raised KeyError"):
        await build_job(HookCaller(), admitted, 86_400)
    assert "raised KeyError" in (await launcher.launch(admitted)).message


async def test_a_full_quota_defers_for_as_long_as_the_settings_say(ground, launcher, admitted):
    ground.cluster.failures["create", JOBS.plural] = [QuotaError("exceeded quota: jobs")]
    deferred = await launcher.launch(admitted)
    assert isinstance(deferred, Deferred)
    assert (deferred.reason, deferred.retry_after, deferred.keeps_queue_position) == ("QuotaExceeded", 7.0, False)
    assert "has no room for its Job: exceeded quota: jobs" in deferred.message
