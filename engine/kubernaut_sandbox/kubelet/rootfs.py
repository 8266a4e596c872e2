"""The root file system of a container: a directory with the container's own files, in place of `/`.

Processes see the host's file system; the variable `SANDBOX_POD_ROOT` says where their token, mounts and termination log are.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from kubernaut_sandbox.admission.service_accounts import MOUNT_PATH
from kubernaut_sandbox.kubelet.volumes import mount
from kubernaut_sandbox.model.objects import Object, encode, namespace_of

_MAX_MESSAGE_BYTES = 4096
_MAX_FALLBACK_BYTES = 2048
_MAX_FALLBACK_LINES = 80


@dataclass(frozen=True, slots=True)
class RootFs:
    """The paths of a container's files."""

    path: Path
    log: Path
    termination_log: Path

    def message(self, *, failed: bool, from_logs: bool) -> str:
        """Return the termination message: what the container wrote, or else, with `from_logs`, the end of its log."""
        written = _head(self.termination_log, _MAX_MESSAGE_BYTES)
        if written or not (failed and from_logs):
            return written
        tail = _tail(self.log, _MAX_FALLBACK_BYTES)
        return "".join(tail.splitlines(keepends=True)[-_MAX_FALLBACK_LINES:])


def make_rootfs(pod: Object, container: Object, directory: Path, attempt: int, server: str) -> RootFs:
    """Create an empty root for a start of a container.

    Args:
        pod: the pod.
        container: the container's manifest.
        directory: the directory of the pod.
        attempt: the number of restarts, for the name of the log.
        server: the URL of the API server, for the kubeconfig.
    """
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
    return RootFs(path, log, termination)


def working_directory(container: Object, root: Path) -> Path:
    """Return workingDir, below the root or on the host, if it exists; otherwise the root's `tmp`."""
    given = container.get("workingDir")
    if given:
        for path in (root / given.lstrip("/"), Path(given)):
            if path.is_dir():
                return path
    return root / "tmp"


def interpreter_directory(directory: Path) -> Path:
    """Return a directory in which `python` and `python3` are the running interpreter: its own, or one with wrappers."""
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
    (root / "kubeconfig").write_bytes(encode(document))  # JSON is valid YAML, and faster


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
