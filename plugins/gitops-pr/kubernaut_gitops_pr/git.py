"""Runs the git program.

Its environment is built here from scratch: no system or user configuration, no prompt, no hooks, no redirects, and no protocol but the
forge's own. The token reaches git only in that environment, bound to the forge's address; never as an argument, never in a file.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlsplit

from kubernaut.runner import Rejected, TryAgain
from kubernaut_gitops_pr.quotation import quote
from kubernaut_gitops_pr.secrets import Token

_POLL_SECONDS = 0.1
MAX_OUTPUT_BYTES = 8 * 1024 * 1024
_MAX_ERROR_BYTES = 64 * 1024
_MAX_STATUS_BYTES = 64 * 1024
_MAX_QUOTED_LENGTH = 400
_SAFE_CONFIG = {
    "core.bigFileThreshold": "16m",  # larger files are streamed instead of being kept in memory
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.symlinks": "false",
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    "maintenance.auto": "false",
    "protocol.version": "2",
    "submodule.recurse": "false",
    "transfer.bundleURI": "false",
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one command: its time, and the size of the directory."""

    seconds: float
    megabytes: int


@dataclass(frozen=True, slots=True)
class Identity:
    """The author or the committer of a commit."""

    name: str
    email: str


class GitError(Exception):
    """git ended with an error; the message is the end of what it wrote itself, scrubbed and in one line."""

    def __init__(self, message: str, remote: str = "", output: str = "") -> None:
        super().__init__(message)
        self.remote = remote
        """What the forge wrote, scrubbed and in one line."""
        self.output = output
        """The standard output, which has a fixed format."""


class Git:
    """Runs git in one directory, for one forge."""

    def __init__(
        self,
        directory: Path,
        url: str,
        token: Token,
        bounds: Bounds,
        people: tuple[Identity, Identity],
        ca_file: str = "",
    ) -> None:
        """Prepare it; `people` are the author and the committer of commits."""
        self._directory, self._token, self._bounds = directory, token, bounds
        self._environment = _environment(directory, url, token, people, ca_file)

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        max_bytes: int = MAX_OUTPUT_BYTES,
    ) -> bytes:
        """Run a command and return its output. Raises GitError, or Rejected or TryAgain if it exceeds a limit."""
        with (
            TemporaryFile(dir=self._directory) as out,
            TemporaryFile(dir=self._directory) as err,
            TemporaryFile(dir=self._directory) as given,
        ):
            given.write(stdin)
            given.seek(0)
            code = self._wait(
                self._start(arguments, given.fileno(), out.fileno(), err.fileno(), env or {}), arguments[0]
            )
            out.seek(0)
            output, errors = out.read(max_bytes + 1), _end(err)
        if code:
            raise self._error(errors, output)
        if len(output) > max_bytes:
            raise Rejected(
                f"the output of git {arguments[0]} is larger than {max_bytes // 1024**2} MB: the file or the repository is too large"
            )
        return output

    def _start(
        self, arguments: Sequence[str], stdin: int, out: int, err: int, env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
                ["git", *arguments],  # noqa: S607 - the image decides where git is
                cwd=self._directory,
                env={**self._environment, **env},
                stdin=stdin,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise Rejected(
                "the image has no git program: build it with git, or name another image in the configuration"
            ) from None

    def _wait(self, process: subprocess.Popen[bytes], verb: str) -> int:
        until = time.monotonic() + self._bounds.seconds
        try:
            while True:
                try:
                    return process.wait(_POLL_SECONDS)
                except subprocess.TimeoutExpired:
                    self._check_limits(until, verb)
        finally:
            if process.poll() is None:
                _kill(process)

    def _check_limits(self, until: float, verb: str) -> None:
        if time.monotonic() > until:
            raise TryAgain(f"git {verb} took longer than {self._bounds.seconds:g} s (clone_seconds in the settings)")
        if _size(self._directory) > self._bounds.megabytes * 1024**2:
            limit = self._bounds.megabytes
            raise Rejected(f"the repository is larger than the {limit} MB that the settings allow (max_repository_mb)")

    def _error(self, errors: bytes, output: bytes) -> GitError:
        lines = self._token.scrub(errors.decode(errors="replace")).replace("\r", "\n").split("\n")
        own = [line for line in lines if line.strip() and not re.match(r"remote:|hint:|\w+ objects:", line)]
        remote = [line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")]
        message = "; ".join(line.strip() for line in own)[-_MAX_QUOTED_LENGTH:]
        return GitError(
            quote(message, _MAX_QUOTED_LENGTH),
            quote("; ".join(filter(None, remote)), _MAX_QUOTED_LENGTH),
            self._token.scrub(output[:_MAX_STATUS_BYTES].decode(errors="replace")),
        )


def _environment(
    directory: Path, url: str, token: Token, people: tuple[Identity, Identity], ca_file: str
) -> dict[str, str]:
    parts = urlsplit(url)
    author, committer = people
    config = {**_SAFE_CONFIG, f"http.{parts.scheme}://{parts.netloc}/.extraHeader": f"Authorization: {token.basic}"}
    if ca_file:
        config["http.sslCAInfo"] = ca_file
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": parts.scheme,
        "GIT_ASKPASS": "",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_NAME": author.name,
        "GIT_COMMITTER_EMAIL": committer.email,
        "GIT_COMMITTER_NAME": committer.name,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(config)),
        **{f"GIT_CONFIG_KEY_{i}": key for i, key in enumerate(config)},
        **{f"GIT_CONFIG_VALUE_{i}": value for i, value in enumerate(config.values())},
    }


def _end(file: IO[bytes]) -> bytes:
    """Return the last lines of a file; a line of which only the end would be left is not among them."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _MAX_ERROR_BYTES))
    end = file.read(_MAX_ERROR_BYTES)
    return end if size <= _MAX_ERROR_BYTES else end.partition(b"\n")[2]


def _size(directory: Path) -> int:
    total = 0
    for parent, _, files in os.walk(directory):
        for name in files:
            with suppress(FileNotFoundError):  # git is working here at the same time
                total += (Path(parent) / name).lstat().st_size
    return total


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole process group: git works through children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
