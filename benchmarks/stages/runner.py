"""CPU time of one runner step that patches a ConfigMap, compared with `kubectl patch` of the same one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from urllib.parse import urlsplit

import kubernaut
import kubernaut_patch_configmap
from benchmarks.api import Api
from benchmarks.bench import Bench
from benchmarks.place import CONFIG_MAP, PATCH, Place, account_token, bench_actions

_ACCOUNT_FILES = "var/run/secrets/kubernetes.io/serviceaccount"


class CommandError(Exception):
    """A command that is being measured failed."""


async def measure(bench: Bench) -> None:
    """Measure both several times; the minimum counts, as other processes use the machine too."""
    place = bench.place
    account = bench_actions().actions[PATCH].spec.service_account
    token = await account_token(place.api, place.namespace, account)
    root = _pod_root(place.folder / "pod", token, place.api)
    step = [sys.executable, "-S", "-m", "kubernaut.runner", "kubernaut_patch_configmap.perform"]
    await _repeat(bench, "runner.step", step, _step_environment(place, root))
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        bench.measurements.missing["runner.kubectl"] = "kubectl is not installed"
        return
    patch = ["patch", "configmap", CONFIG_MAP, "-n", place.namespace, "--type=merge", "-p", '{"data":{"A":"2"}}']
    command = [kubectl, "--cache-dir", str(place.folder / "cache"), *place.kubectl, *patch]
    await _repeat(bench, "runner.kubectl", command, os.environ)


async def _repeat(bench: Bench, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
    spent = []
    with bench.steps(name, bench.options.repeats) as advance:
        for _ in range(bench.options.repeats):
            spent.append(await _cpu_seconds(command, environment))
            advance()
    bench.measurements.add(name, spent, "s")


async def _cpu_seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Run the command and return its CPU seconds. Raises CommandError if it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    before = getrusage(RUSAGE_CHILDREN)
    _, errors = await process.communicate()
    after = getrusage(RUSAGE_CHILDREN)
    if process.returncode:
        raise CommandError(f"{Path(command[0]).name} ended with {process.returncode}: {errors.decode()[-500:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _pod_root(root: Path, token: str, api: Api) -> Path:
    """Write the files of a pod and return their root."""
    account = root / _ACCOUNT_FILES
    account.mkdir(parents=True)
    (root / "dev").mkdir()
    (account / "token").write_text(token, "utf-8")
    (account / "ca.crt").write_bytes(api.ca_file.read_bytes())
    return root


def _step_environment(place: Place, root: Path) -> dict[str, str]:
    """Return the environment of the container `execute`.

    It needs no `site`: an image has no editable installs, whose import hooks cost a tenth of the CPU time.
    """
    server = urlsplit(place.api.server)
    roots = [Path(str(module.__file__)).parents[1] for module in (kubernaut, kubernaut_patch_configmap)]
    execution = {
        "name": "e",
        "namespace": place.namespace,
        "uid": "u",
        "requestedBy": "",
        "deadlineSeconds": 60,
        "parameters": {"name": CONFIG_MAP, "set": {"A": "1"}, "remove": []},
        "settings": {},
    }
    step = {
        "SANDBOX_POD_ROOT": str(root),
        "KUBERNAUT_STEP": "execute",
        "KUBERNAUT_EXECUTION": json.dumps(execution),
        "KUBERNETES_SERVICE_HOST": str(server.hostname),
        "KUBERNETES_SERVICE_PORT": str(server.port or 443),
    }
    return {**os.environ, **step, "PYTHONPATH": os.pathsep.join(map(str, roots))}
