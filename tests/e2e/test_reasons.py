"""Every reason with which an execution can end or wait, and its message."""

import secrets

import pytest

from kubernaut.kube.objects import JOBS
from tests.support.site import CONFIG_MAPS, QUOTAS, ROLE_BINDINGS

CHANGE = "action.changed('ConfigMap', 'app-config', 'data.A', '1', '2')"
LONG = "time.sleep(100)"


def ended(status):
    return status["phase"], status.get("reason")


async def test_an_unknown_action_ends_as_unknown_action(site):
    status = await site.run("drop-database")
    assert ended(status) == ("Failed", "UnknownAction")
    assert status["message"].startswith("action 'drop-database' is not installed; installed: ")


async def test_invalid_parameters_end_as_invalid_parameters_and_each_is_named(site):
    status = await site.run("scale", {"name": "web", "replicas": "5", "namespace": "kube-system"})
    assert ended(status) == ("Failed", "InvalidParameters")
    assert "parameters.replicas: input should be a valid integer (got '5')" in status["message"]
    assert "parameters.namespace: there is no such parameter of this action" in status["message"]
    assert "jobName" not in status


async def test_a_plugin_that_cannot_be_loaded_ends_as_action_unavailable(site):
    status = await site.run("unloadable")
    assert ended(status) == ("Failed", "ActionUnavailable")
    assert "No module named 'tests.support.no_such_module'" in status["message"]


async def test_a_missing_permission_ends_as_forbidden_before_a_job_exists(site):
    binding = await site.get(ROLE_BINDINGS, "kubernaut-scale")
    await site.cluster.delete(ROLE_BINDINGS, site.namespace, "kubernaut-scale", uid=binding["metadata"]["uid"])
    status = await site.run("scale", {"name": "web", "replicas": 5})
    assert ended(status) == ("Failed", "Forbidden")
    assert "is not allowed to get deployments (apps)" in status["message"]
    assert "patch statefulsets/scale (apps)" in status["message"]
    assert status["message"].endswith(
        f"grant it with: kubernaut rbac render scale -n {site.namespace} | kubectl apply -f -"
    )
    assert "jobName" not in status


async def test_an_action_that_does_more_than_it_declared_ends_as_forbidden_in_the_pod(site):
    status = await site.run("script", {"dry_run": "action.api.get('v1/secrets', 'token')"})
    assert ended(status) == ("Failed", "Forbidden")
    user = f"system:serviceaccount:{site.namespace}:script-account"
    assert f'secrets "token" is forbidden: User "{user}" cannot get resource "secrets"' in status["message"]


async def test_the_pod_of_an_action_without_rules_has_no_token(site):
    status = await site.run("tokenless", {"dry_run": "action.api.get('v1/configmaps', 'app-config')"})
    assert ended(status) == ("Failed", "DryRunRejected")
    assert "its pod has no token" in status["message"]


async def test_a_rejection_in_the_dry_run_ends_as_dry_run_rejected(site):
    status = await site.run("scale", {"name": "nope", "replicas": 5})
    assert ended(status) == ("Failed", "DryRunRejected")
    assert status["message"].startswith(
        'The dry run on Deployment/nope was rejected: deployments.apps "nope" not found (pod '
    )
    assert status["message"].endswith("Nothing was changed.")
    assert status["attempts"] == 1


async def test_a_rejection_after_a_change_ends_as_action_failed(site):
    status = await site.run("script", {"execute": f"{CHANGE}\naction.reject('it did not help')"})
    assert ended(status) == ("Failed", "ActionFailed")
    assert "it did not help" in status["message"]
    assert "Before that it changed ConfigMap/app-config data.A: '1' → '2'" in status["message"]


async def test_a_failure_of_an_action_that_is_not_retry_safe_ends_as_action_failed(site):
    status = await site.run("once", {"execute": f"{CHANGE}\nos._exit(3)"})
    assert ended(status) == ("Failed", "ActionFailed")
    assert "failed with exit code 3 and is not retried" in status["message"]
    assert status["attempts"] == 1


async def test_failures_of_all_attempts_end_as_retries_exhausted(site):
    status = await site.run("script", {"execute": "raise __import__('kubernaut').runner.TryAgain('no answer yet')"})
    assert ended(status) == ("Failed", "RetriesExhausted")
    assert (
        "The action on ConfigMap/app-config failed 2 times, the last time with exit code 1: no answer yet"
        in status["message"]
    )
    assert status["attempts"] == 2


async def test_an_execution_that_takes_too_long_ends_as_deadline_exceeded(site):
    status = await site.run("script", {"execute": f"{CHANGE}\n{LONG}"}, deadlineSeconds=4)
    assert ended(status) == ("Failed", "DeadlineExceeded")
    assert "The action on ConfigMap/app-config was stopped in attempt 1: deadline of 4 s exceeded" in status["message"]
    assert "Before that it changed" in status["message"]


async def test_an_image_that_cannot_be_pulled_is_reported_at_once_and_ends_as_image_pull_failed_at_the_deadline(site):
    key = await site.create("unpullable", deadlineSeconds=6)
    status = await site.until(key, phase="Running", reason="ImagePullFailed")
    assert "image registry.invalid/nothing:1 cannot be pulled" in status["message"]
    status = (await site.end(key))["status"]
    assert ended(status) == ("Failed", "ImagePullFailed")
    began = "Deadline of 6 s exceeded before any step started: image registry.invalid/nothing:1 cannot be pulled"
    assert status["message"].startswith(began)
    assert "Check the image's name and the registry." in status["message"]
    assert status["attempts"] == 0


async def test_a_pod_that_exceeds_its_memory_limit_ends_as_out_of_memory(site):
    status = await site.run("script", {"execute": "x = bytearray(300 * 2**20)\ntime.sleep(20)"})
    assert ended(status) == ("Failed", "OutOfMemory")
    assert "raise the action's limit" in status["message"]


async def test_an_exception_of_a_plugin_in_the_pod_ends_as_plugin_error(site):
    status = await site.run("script", {"dry_run": "{}['colour']"})
    assert ended(status) == ("Failed", "PluginError")
    assert (
        "failed in the plugin's own code: KeyError: 'colour' (<string>:5): a defect of the action's plugin"
        in status["message"]
    )
    assert status["message"].endswith("Nothing was changed.")
    assert (status["attempts"], status["result"]["changes"]) == (1, [])


async def test_a_defect_in_execute_ends_at_once_before_a_change_and_is_tried_again_after_one(site):
    status = await site.run("script", {"execute": "None.colour"})
    assert ended(status) == ("Failed", "PluginError")
    assert status["attempts"] == 1
    assert status["message"].endswith("Nothing was changed.")
    status = await site.run("script", {"execute": f"{CHANGE}\nNone.colour"})
    assert ended(status) == ("Failed", "PluginError")
    assert status["attempts"] == 2
    assert "Before that it changed ConfigMap/app-config data.A: '1' → '2'" in status["message"]


async def test_a_module_that_cannot_be_imported_ends_as_plugin_error_in_its_first_attempt(site):
    status = await site.run("unimportable")
    assert ended(status) == ("Failed", "PluginError")
    assert (
        "(ModuleNotFoundError: No module named 'no_such_package'): a defect of the action's plugin" in status["message"]
    )
    assert status["message"].endswith("Nothing was changed.")
    assert status["attempts"] == 1


async def test_a_success_without_a_result_ends_as_plugin_error(site):
    status = await site.run(
        "script",
        {
            "execute": "open(__import__('kubernaut.runner.pod', fromlist=['x']).termination_log(), 'w').close(); os._exit(0)"
        },
    )
    assert ended(status) == ("Failed", "PluginError")
    assert "wrote no result" in status["message"]


async def test_an_execution_whose_job_was_deleted_ends_as_lost(site):
    key = await site.create("script", {"execute": LONG})
    status = await site.until(key, phase="Running")
    job = await site.get(JOBS, status["jobName"])
    await site.cluster.delete(JOBS, site.namespace, status["jobName"], uid=job["metadata"]["uid"])
    status = (await site.end(key))["status"]
    assert ended(status) == ("Failed", "Lost")
    assert status["message"].startswith(f"Job {status['jobName']} was deleted before its end was seen; ")
    assert status["message"].endswith("check ConfigMap/app-config.")


async def test_an_execution_that_exceeds_a_quota_waits_and_runs_once_there_is_room(site):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", "namespace": site.namespace}}
    await site.apply({**quota, "spec": {"hard": {"count/jobs.batch": "0"}}})
    while "used" not in (await site.get(QUOTAS, "none")).get("status", {}):
        pass
    key = await site.create("patch-configmap", {"name": "app-config", "set": {"A": "1"}})
    status = await site.until(key, phase="Pending", reason="QuotaExceeded")
    assert "exceeded quota: none" in status["message"]
    await site.patch(QUOTAS, "none", {"spec": {"hard": {"count/jobs.batch": "5"}}})
    assert (await site.end(key))["status"]["phase"] == "Succeeded"


BAD = {
    "bad-privileged": "spec.template.spec.containers[0].securityContext.privileged: True is more than an action is allowed to have",
    "bad-account": "spec.template.spec.serviceAccountName is 'default', and must be 'bad-account-account' or left out",
    "bad-host-path": "spec.template.spec.volumes[0].hostPath must not be set by a plugin",
    "bad-no-containers": "spec.template.spec.containers must contain ['execute'] here",
    "bad-no-dict": "the Job is list, not a mapping",
    "bad-nothing": "the Job is NoneType, not a mapping",
    "bad-raises": "hook validate of plugin bad-raises raised RuntimeError: out of ideas",
    "bad-sleeps": "hook validate of plugin bad-sleeps did not return within 5 s",
    "bad-exits": "hook validate of plugin bad-exits raised SystemExit: 3",
    "bad-answer": "validate of plugin bad-answer returned str, not a list of Problem",
}


async def test_each_bad_plugin_fails_only_its_own_execution(site):
    keys = {action: await site.create(action) for action in BAD}
    good = await site.run("patch-configmap", {"name": "app-config", "set": {"A": "1"}})
    assert good["phase"] == "Succeeded"
    for action, message in BAD.items():
        status = (await site.end(keys[action]))["status"]
        assert ended(status) == ("Failed", "PluginError"), action
        assert message in status["message"]


@pytest.mark.parametrize(
    "name",
    ["a/b", "..", "x" * 10_000, "ünï", "-p", "$(HOME)"],
    ids=["a slash", "a parent directory", "10,000 characters", "unicode", "an option", "a variable"],
)
async def test_a_hostile_name_fails_its_execution_and_changes_nothing(site, name):
    before = (await site.get(CONFIG_MAPS, "app-config"))["data"]
    status = await site.run("patch-configmap", {"name": name, "set": {"A": "1"}})
    assert ended(status) == ("Failed", "InvalidParameters")
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"] == before


async def test_a_hostile_value_arrives_unchanged(site):
    value = "$(KUBERNAUT_UID) $$(X) $$$ `id` ; rm -rf / \" ' \\ \n\u0000 ünï 💥 {{ x }}".replace("\u0000", "")
    status = await site.run("patch-configmap", {"name": "app-config", "set": {"A": value}})
    assert status["phase"] == "Succeeded", status
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"]["A"] == value


async def test_a_value_that_is_too_large_for_a_pod_is_rejected_with_the_limit(site):
    status = await site.run("patch-configmap", {"name": "app-config", "set": {"A": "x" * 200_000}})
    assert ended(status) == ("Failed", "InvalidParameters")
    assert "195 KiB exceed the 96 KiB that reach a pod" in status["message"]


async def test_changes_that_are_too_large_for_a_termination_message_are_cut_and_the_message_says_so(site):
    values = {f"KEY_{number}": secrets.token_hex(500) for number in range(30)}
    rehearsed = await site.run("patch-configmap", {"name": "app-config", "set": values}, dryRun=True)
    assert "so it cannot be undone" in rehearsed["message"]
    status = await site.run("patch-configmap", {"name": "app-config", "set": values})
    assert status["phase"] == "Succeeded"
    assert "too large for a termination message and was cut, so it cannot be undone" in status["message"]
    assert status["result"]["truncated"] is True
    assert "rollback" not in status["result"]
