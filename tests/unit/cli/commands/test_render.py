"""`kubernaut render`: the Job of an execution, without a cluster."""

import json

import yaml


def parameters(job):
    env = {entry["name"]: entry["value"] for entry in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    return json.loads(env["KUBERNAUT_EXECUTION"])["parameters"]


def test_parameters_of_the_command_line_reach_the_job(kubernaut):
    words = ("-p", "name=c", "-p", "set.REPLICAS=5", "-p", "remove=a", "-p", "remove=b.c")
    job = yaml.safe_load(kubernaut("render", "patch-configmap", "-n", "prod", *words).out)
    assert (job["kind"], job["metadata"]["namespace"]) == ("Job", "prod")
    assert parameters(job) == {"name": "c", "set": {"REPLICAS": "5"}, "remove": ["a", "b.c"]}


def test_the_job_is_hardened(kubernaut):
    job = yaml.safe_load(kubernaut("render", "scale", "-p", "name=web", "-p", "replicas=3").out)
    pod = job["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "deployment-scaler"
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_a_file_gives_parameters_and_the_command_line_takes_precedence(kubernaut, tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("name: c\nset: {a: '1', b: '2'}\n", "utf-8")
    ran = kubernaut("render", "patch-configmap", "-f", str(file), "-p", "set.b=3", "-o", "json")
    assert parameters(json.loads(ran.out))["set"] == {"a": "1", "b": "3"}


def test_a_job_that_stops_after_the_dry_run_has_no_execute_step(kubernaut):
    words = ("render", "scale", "-p", "name=web", "-p", "replicas=3", "-o", "json")
    whole, rehearsed = (json.loads(kubernaut(*words, *more).out) for more in ((), ("--dry-run",)))
    steps = [[c["name"] for c in job["spec"]["template"]["spec"]["containers"]] for job in (whole, rehearsed)]
    assert steps == [["execute"], ["dry-run"]]


def test_parameters_that_the_plugin_rejects_are_bad_input(kubernaut, tmp_path):
    file = tmp_path / "engine.yaml"
    file.write_text("actions: {scale: {settings: {max_replicas: 2}}}\n", "utf-8")
    ran = kubernaut("render", "scale", "-p", "name=web", "-p", "replicas=3", "--config", str(file))
    assert (ran.code, ran.out) == (2, "")
    assert "parameters.replicas: " in ran.err
