"""The Jobs that plugins build: two steps, one with the plugin's own code and one with any command line."""

import json

import pytest

from kubernaut import Parameters
from kubernaut.api.plugin import Execution
from kubernaut.jobs.builders import command_job, runner_job


class Name(Parameters):
    """Parameters."""

    name: str


def execution(**changes):
    known = {
        "name": "e",
        "namespace": "n",
        "uid": "u",
        "action": "a",
        "parameters": Name(name="$(HOME)"),
        "settings": Name(name="s"),
        "image": "engine:1",
    }
    return Execution(**{**known, **changes})


def pod(job):
    return job["spec"]["template"]["spec"]


def test_a_runner_job_runs_the_module_as_both_steps_with_the_whole_execution_in_one_variable():
    spec = pod(runner_job(execution(), "my.module", env={"TOKEN": {"secretKeyRef": {"name": "s", "key": "k"}}}))
    (dry_run,), (execute,) = spec["initContainers"], spec["containers"]
    assert (dry_run["name"], execute["name"], execute["image"]) == ("dry-run", "execute", "engine:1")
    assert execute["command"] == ["python", "-m", "kubernaut.runner", "my.module"]
    env = {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in execute["env"]}
    assert env["KUBERNAUT_STEP"] == "execute"
    assert env["TOKEN"] == {"secretKeyRef": {"name": "s", "key": "k"}}
    payload = json.loads(env["KUBERNAUT_EXECUTION"].replace("$$", "$"))
    assert payload["parameters"] == {"name": "$(HOME)"}
    read = {"name", "namespace", "uid", "action", "requestedBy", "parameters", "settings", "deadlineSeconds"}
    assert payload.keys() == read, "what the runner reads, and nothing that only makes each Job and pod larger"


def test_the_kubelet_expands_no_variable_in_parameters():
    spec = pod(command_job(execution(), "git:1", dry_run=["git", "ls-remote"], execute=["git", "$(HOME)"]))
    assert spec["containers"][0]["command"] == ["git", "$$(HOME)"]


@pytest.mark.parametrize(
    "build", [lambda e: runner_job(e, "m"), lambda e: command_job(e, "i", dry_run=["a"], execute=["b"])]
)
def test_the_job_of_a_dry_run_has_only_the_first_step(build):
    spec = pod(build(execution(dry_run=True)))
    assert ([c["name"] for c in spec["containers"]], "initContainers" in spec) == (["dry-run"], False)


def test_a_runner_job_that_rehearses_inline_is_one_container_that_is_told_both_steps():
    spec = pod(runner_job(execution(rehearsal="inline"), "my.module"))
    (container,) = spec["containers"]
    assert ("initContainers" in spec, container["name"]) == (False, "execute")
    assert {"name": "KUBERNAUT_STEPS", "value": "dry-run,execute"} in container["env"]
    names = [entry["name"] for entry in container["env"]]
    assert "KUBERNAUT_STEP" not in names, (
        "an older runner in the action's image would take any value but dry-run for execute"
    )


def test_command_lines_are_two_containers_and_a_dry_run_is_one_wherever_it_takes_place():
    inline = execution(rehearsal="inline")
    assert pod(command_job(inline, "i", dry_run=["a"], execute=["b"])) == pod(
        command_job(execution(), "i", dry_run=["a"], execute=["b"])
    )
    dry = {"dry_run": True}
    assert runner_job(execution(rehearsal="inline", **dry), "m") == runner_job(execution(**dry), "m")
