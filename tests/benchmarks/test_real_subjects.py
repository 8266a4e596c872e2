"""The bare Pod must run what the pod of the engine's Job runs."""

from types import SimpleNamespace

from benchmarks.place import CONFIG_MAP
from benchmarks.real_subjects import executions, has_ended_containers, pods, runner_pod_spec

PLACE = SimpleNamespace(namespace="ns")


def variables(spec):
    return {entry["name"]: entry["value"] for entry in spec["containers"][0]["env"]}


def test_the_bare_pod_runs_both_steps_in_one_process_as_the_actions_account():
    spec = runner_pod_spec("e-1", "ns", "image:1")
    (container,) = spec["containers"]
    assert "initContainers" not in spec
    assert container["command"] == ["python", "-m", "kubernaut.runner", "kubernaut_patch_configmap.perform"]
    assert container["image"] == "image:1"
    assert variables(spec)["KUBERNAUT_STEPS"] == "dry-run,execute"
    assert '"set":{"LOG_LEVEL":"e-1"}' in variables(spec)["KUBERNAUT_EXECUTION"]
    assert spec["serviceAccountName"] == "configmap-patcher"
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["resources"]["limits"]["cpu"] == "1"


def test_the_effect_is_the_moment_when_the_config_map_has_the_value_that_names_the_subject():
    for subject in (executions(PLACE, "inline"), pods(PLACE, "any")):
        state = subject.states["effect"]
        changed = {"metadata": {"name": CONFIG_MAP}, "data": {"LOG_LEVEL": "e-1"}}
        assert state.matches(changed)
        assert state.subject_name(changed) == "e-1"
        assert not state.matches({"metadata": {"name": "another"}, "data": {"LOG_LEVEL": "e-1"}})


def test_a_container_has_ended_when_its_status_says_so():
    ended = {"containerStatuses": [{"state": {"terminated": {"exitCode": 0}}}]}
    assert has_ended_containers({"status": ended})
    assert not has_ended_containers({"status": {"containerStatuses": [{"state": {"running": {}}}]}})
    assert not has_ended_containers({"status": {}})
