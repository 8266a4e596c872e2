"""A runner step that patches a ConfigMap costs at most twice the CPU of `kubectl patch`, in one run on one machine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest
import yaml

import kubernaut
import kubernaut_patch_configmap

RUNS = 7


def cpu_seconds(command, environment):
    """Return the CPU time of a process in microseconds; `os.times` would count in hundredths of a second."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_a_step_costs_at_most_twice_the_cpu_of_kubectl_patch(workbench, tmp_path):
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl is installed to compare with")
    config = workbench.kubeconfig
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config), "utf-8")
    account = tmp_path / "var/run/secrets/kubernetes.io/serviceaccount"
    account.mkdir(parents=True)
    (tmp_path / "dev").mkdir()
    (account / "token").write_text(config["users"][0]["user"]["token"], "utf-8")
    (account / "ca.crt").write_text(workbench.get("v1/configmaps", "kube-root-ca.crt")["data"]["ca.crt"], "utf-8")
    host, port = config["clusters"][0]["cluster"]["server"].removeprefix("https://").split(":")
    execution = {
        "name": "e",
        "namespace": "production",
        "uid": "u",
        "requestedBy": "",
        "deadlineSeconds": 60,
        "parameters": {"name": "app-config", "set": {"A": "1"}, "remove": []},
        "settings": {},
    }
    step = {
        "SANDBOX_POD_ROOT": str(tmp_path),
        "KUBERNAUT_STEP": "execute",
        "KUBERNAUT_EXECUTION": json.dumps(execution),
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": port,
    }
    # Without `site`: an image has no editable installs, whose import hooks cost a tenth of the CPU time.
    roots = [Path(module.__file__).parents[1] for module in (kubernaut, kubernaut_patch_configmap)]
    environment = {**os.environ, **step, "PYTHONPATH": os.pathsep.join(map(str, roots))}
    perform = [sys.executable, "-S", "-m", "kubernaut.runner", "kubernaut_patch_configmap.perform"]
    patch = ["patch", "configmap", "app-config", "-n", "production", "--type=merge", "-p", '{"data":{"A":"2"}}']
    command = [kubectl, "--kubeconfig", str(tmp_path / "kubeconfig"), *patch]
    home = {**os.environ, "HOME": str(tmp_path)}
    # Alternately, and the minimum of each, which is the cost of the work without that of other processes.
    runs = [(cpu_seconds(perform, environment), cpu_seconds(command, home)) for _ in range(RUNS)]
    ours, theirs = map(min, zip(*runs, strict=True))
    print(f"runner {ours:.3f} s, kubectl {theirs:.3f} s")
    assert ours <= 2 * theirs
