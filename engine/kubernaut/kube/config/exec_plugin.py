"""Credential plugins: the command of a user entry's `exec`, which prints a credential. Asked as client-go asks it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from kubernaut.errors import UnauthenticatedError
from kubernaut.kube.config import child_process
from kubernaut.kube.config.credential_cache import Issued
from kubernaut.kube.config.exec_credential import API_VERSIONS, read_exec_credential
from kubernaut.kube.config.kubeconfig_section import Section

TIMEOUT_SECONDS = 60.0
"""How long a plugin may take."""
INTERACTIVE_TIMEOUT_SECONDS = 300.0
"""How long a plugin may take that talks to the person at the terminal."""
_MODES = ("Never", "IfAvailable", "Always")


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A credential plugin as a user entry names it."""

    where: Section
    """The `exec` section, for messages."""
    command: str
    args: tuple[str, ...]
    environment: Mapping[str, str]
    api_version: str
    mode: str
    """What it needs standard input for: Never, IfAvailable or Always."""
    install_hint: str
    cluster: Mapping[str, Any] | None
    """The description of the cluster that it is given (`provideClusterInfo`), or None."""
    timeout_seconds: float = TIMEOUT_SECONDS

    @classmethod
    def of(cls, section: Section, cluster: Mapping[str, Any]) -> Self:
        """Return the plugin. Raises InputError naming the field."""
        command, api_version = section.text("command"), section.text("apiVersion")
        if not command:
            raise section.error("command", "is not set; name the command that prints the credential")
        if api_version not in API_VERSIONS:
            raise section.error(
                "apiVersion", f"{api_version!r} is not supported; update the plugin and use {API_VERSIONS[0]}"
            )
        mode = section.text("interactiveMode") or ("IfAvailable" if api_version == API_VERSIONS[1] else "")
        if mode not in _MODES:
            raise section.error("interactiveMode", f"must be one of {', '.join(_MODES)}")
        return cls(
            section,
            str(section.relative(command)) if os.sep in command else command,
            section.lines("args"),
            {_variable(one): one.text("value") for one in section.sections("env")},
            api_version,
            mode,
            child_process.one_line(section.text("installHint").encode()),
            cluster if section.flag("provideClusterInfo") else None,
        )

    async def issue(self) -> Issued:
        """Return a new credential. Raises InputError if the plugin cannot be run, UnauthenticatedError if it gives none."""
        interactive = self._is_interactive()
        seconds = INTERACTIVE_TIMEOUT_SECONDS if interactive else self.timeout_seconds
        command = [shutil.which(self.command) or self.command, *self.args]
        try:
            ended = await child_process.run(
                command, self._full_environment(interactive), seconds=seconds, interactive=interactive
            )
        except FileNotFoundError:
            hint = self.install_hint or "install it, or correct the path"
            raise self.where.error("command", f"{self.command} is not installed: {hint}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            problem = f"{self.command} cannot be run: {reason}; make it executable, or correct path, args and env"
            raise self.where.error("command", problem) from error
        except child_process.TimedOutError as error:
            raise self._failed(f"did not end within {seconds:g} s", str(error)) from None
        except child_process.TooMuchOutputError:
            raise self._failed(f"printed more than {child_process.MAX_OUTPUT_BYTES} bytes", "") from None
        if ended.code:
            how = f"exited with code {ended.code}" if ended.code > 0 else f"was killed by signal {-ended.code}"
            raise self._failed(how, ended.error)
        try:
            return read_exec_credential(ended.output, self.api_version)
        except ValueError as error:
            raise self._failed(f"gave no credential: {error}", ended.error) from None

    def _is_interactive(self) -> bool:
        if self.mode == "Never":
            return False
        try:
            has_terminal = os.isatty(0)
        except OSError:
            has_terminal = False
        if self.mode == "Always" and not has_terminal:
            raise self.where.error("interactiveMode", f"{self.command} needs a terminal, and standard input is not one")
        return has_terminal

    def _full_environment(self, interactive: bool) -> dict[str, str]:
        spec = {"interactive": interactive, **({"cluster": self.cluster} if self.cluster else {})}
        request = {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": spec}
        return {**os.environ, **self.environment, "KUBERNETES_EXEC_INFO": json.dumps(request, default=str)}

    def _failed(self, how: str, error: str) -> UnauthenticatedError:
        said = f" It wrote: {error}" if error else ""
        message = str(self.where.error("command", f"{self.command} {how}; run it by hand to see why, or log in again."))
        return UnauthenticatedError(message + said)


def _variable(entry: Section) -> str:
    name = entry.text("name")
    if not name or "=" in name or "\0" in name:
        raise entry.error("name", "must be the name of an environment variable")
    return name
