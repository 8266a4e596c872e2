"""A container's root: the directory that stands for `/` where the container has files of its own.

Processes see the host's file system; `SANDBOX_POD_ROOT` tells them where their token, mounts and termination log are.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from kubernaut_sandbox.kubelet.volumes import mount
from kubernaut_sandbox.model.objects import Object, encode, namespace_of
from kubernaut_sandbox.registry.service_accounts import MOUNT_PATH

_MESSAGE_LIMIT = 4096
_FALLBACK_LIMIT = 2048
_FALLBACK_LINES = 80


@dataclass(frozen=True, slots=True)
class Root:
    """Where one container's files are."""

    path: Path
    log: Path
    termination_log: Path

    def message(self, *, failed: bool, from_logs: bool) -> str:
        """The termination message: what the container wrote, else the end of its log if it asked for that."""
        written = _head(self.termination_log, _MESSAGE_LIMIT)
        if written or not (failed and from_logs):
            return written
        tail = _tail(self.log, _FALLBACK_LIMIT)
        return "".join(tail.splitlines(keepends=True)[-_FALLBACK_LINES:])


def make_root(pod: Object, container: Object, directory: Path, attempt: int, server: str) -> Root:
    """A fresh root for one start of a container."""
    name = container["name"]
    path = directory / "roots" / name
    shutil.rmtree(path, ignore_errors=True)
    (path / "tmp").mkdir(parents=True)
    termination = path / container.get("terminationMessagePath", "/dev/termination-log").lstrip("/")
    mount(container, path, directory / "volumes")
    termination.parent.mkdir(parents=True, exist_ok=True)
    termination.write_bytes(b"")
    log = directory / "logs" / f"{name}.{attempt}.log"
    log.parent.mkdir(exist_ok=True)
    log.touch()
    _write_kubeconfig(pod, path, server)
    return Root(path, log, termination)


def working_directory(container: Object, root: Path) -> Path:
    """workingDir below the root or on the host, if it is there; else the root's tmp."""
    wanted = container.get("workingDir")
    if wanted:
        for place in (root / wanted.lstrip("/"), Path(wanted)):
            if place.is_dir():
                return place
    return root / "tmp"


def interpreter_directory(directory: Path) -> Path:
    """A directory where `python` and `python3` are this very interpreter: its own, or one of wrappers."""
    own = Path(sys.executable).parent
    if (own / "python").exists() and (own / "python3").exists():
        return own
    wrappers = directory / "bin"
    wrappers.mkdir(exist_ok=True)
    for name in ("python", "python3"):
        wrapper = wrappers / name
        wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        wrapper.chmod(0o755)
    return wrappers


def _write_kubeconfig(pod: Object, root: Path, server: str) -> None:
    account = root / MOUNT_PATH.lstrip("/")
    if not (account / "token").exists():
        return
    cluster = {"server": server, "certificate-authority": str(account / "ca.crt")}
    context = {"cluster": "sandbox", "user": "pod", "namespace": namespace_of(pod)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": cluster}],
        "users": [{"name": "pod", "user": {"tokenFile": str(account / "token")}}],
        "contexts": [{"name": "sandbox", "context": context}],
        "current-context": "sandbox",
    }
    (root / "kubeconfig").write_bytes(encode(document))  # JSON is YAML, and quicker


def _head(path: Path, limit: int) -> str:
    try:
        with path.open("rb") as file:
            return file.read(limit).decode(errors="replace")
    except OSError:
        return ""


def _tail(path: Path, limit: int) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - limit))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
