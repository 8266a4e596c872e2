"""The root file system of a container: a directory with the container's own files, in place of `/`.

Processes see the host's file system; the variable `SANDBOX_POD_ROOT` says where their token, mounts and termination log are.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kubernaut_sandbox.admission.service_accounts import MOUNT_PATH
from kubernaut_sandbox.kubelet.pod_files import PodFiles, below
from kubernaut_sandbox.kubelet.volumes import mount
from kubernaut_sandbox.model.objects import Object, encode, namespace_of

_MAX_MESSAGE_BYTES = 4096
_MAX_FALLBACK_BYTES = 2048
_MAX_FALLBACK_LINES = 80


@dataclass(frozen=True, slots=True)
class RootFs:
    """The paths of a container's files, relative to the pod's."""

    files: PodFiles
    root: str
    log: str
    termination_log: str

    @property
    def path(self) -> Path:
        """The root on the host."""
        return self.files.directory / self.root

    def message(self, *, failed: bool, from_logs: bool) -> str:
        """Return the termination message: what the container wrote, or else, with `from_logs`, the end of its log."""
        written = self._read(self.termination_log, _MAX_MESSAGE_BYTES)
        if written or not (failed and from_logs):
            return written
        tail = self._read(self.log, _MAX_FALLBACK_BYTES, from_end=True)
        return "".join(tail.splitlines(keepends=True)[-_MAX_FALLBACK_LINES:])

    def _read(self, file: str, limit: int, *, from_end: bool = False) -> str:
        """Return the beginning or end of a file; nothing of what is not a file of the pod."""
        with suppress(OSError), os.fdopen(self.files.open(file), "rb") as opened:
            if from_end:
                opened.seek(max(0, os.fstat(opened.fileno()).st_size - limit))
            return opened.read(limit).decode(errors="replace")
        return ""


def make_rootfs(pod: Object, container: Object, files: PodFiles, attempt: int, server: str) -> RootFs:
    """Create an empty root for a start of a container.

    Args:
        pod: the pod.
        container: the container's manifest.
        files: the files of the pod.
        attempt: the number of restarts, for the name of the log.
        server: the URL of the API server, for the kubeconfig.

    Raises MissingReferenceError for a mount that cannot be prepared, OSError for a path that cannot be used.
    """
    root, log = f"roots/{container['name']}", log_of(container["name"], attempt)
    files.remove(root)
    files.make_directory(below(root, "tmp"))
    termination = below(root, container.get("terminationMessagePath") or "/dev/termination-log")
    mount(container, root, files)
    _write_kubeconfig(pod, root, files, server)
    files.create(termination)
    files.create(log)
    return RootFs(files, root, log, termination)


def log_of(container: str, attempt: int) -> str:
    """Return the path of a container's log, relative to the pod's files."""
    return f"logs/{container}.{attempt}.log"


def working_directory(container: Object, root: Path) -> Path:
    """Return workingDir, below the root or on the host, if it exists; otherwise the root's `tmp`."""
    given = container.get("workingDir")
    if given and "\0" not in given:
        for path in (Path(below(str(root), given)), Path(given)):
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


def _write_kubeconfig(pod: Object, root: str, files: PodFiles, server: str) -> None:
    """Write a kubeconfig for the pod's account, if it has a token and no mount in that place."""
    account = files.directory / below(root, MOUNT_PATH)
    if not (account / "token").exists() or os.path.lexists(files.directory / root / "kubeconfig"):
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
    files.create(f"{root}/kubeconfig", encode(document))  # JSON is valid YAML, and faster
