"""A step run as its container runs it: a process of its own, with its pod's files below a folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from kubernaut.api.steps import BOTH
from kubernaut.jobs.termination import parse_both_reports, parse_report

ENV = {
    "KUBERNAUT_EXECUTION": json.dumps(
        {
            "name": "e1",
            "namespace": "ns",
            "uid": "u1",
            "action": "do",
            "requestedBy": "",
            "deadlineSeconds": 60,
            "parameters": {"name": "x"},
            "settings": {},
        }
    ),
    "KUBERNETES_SERVICE_HOST": "127.0.0.1",
    "KUBERNETES_SERVICE_PORT": "1",
}


@pytest.fixture
def step(tmp_path):
    """Return a function that runs the body of a `perform` as one step of a pod, and returns exit code and report."""
    secrets = tmp_path / "var/run/secrets/kubernetes.io/serviceaccount"
    secrets.mkdir(parents=True)
    for folder in ("dev", "tmp"):
        (tmp_path / folder).mkdir()

    def run(body, name="execute", interrupt=False, module=""):
        """`module` is a plugin's whole module, run as the container of a `runner_job` does, instead of a body of `perform`."""
        source = f"import os, time\nfrom kubernaut.runner import run\ndef perform(action):\n    {body}\nrun(perform)\n"
        command = ["-c", source]
        if module:
            (tmp_path / "a_plugin.py").write_text(module, "utf-8")
            command = ["-m", "kubernaut.runner", "a_plugin"]
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
            **ENV,
            "KUBERNAUT_STEPS" if name == BOTH else "KUBERNAUT_STEP": name,
            "SANDBOX_POD_ROOT": str(tmp_path),
        }
        with subprocess.Popen(
            [sys.executable, *command], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            if interrupt:
                assert "here\n" in iter(process.stdout.readline, "")
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
        message = (tmp_path / "dev/termination-log").read_text("utf-8")
        return process.returncode, parse_both_reports(message) if name == BOTH else parse_report(message, name)

    return run
