"""The identity of the pod that the client runs in: its ServiceAccount, whose token the kubelet replaces before it expires."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from kubernaut.kube.config.credentials import StoredCredentials
from kubernaut.kube.config.endpoint import Endpoint
from kubernaut.kube.config.proxy import environment_proxy
from kubernaut.kube.config.rotating_file import RotatingFile
from kubernaut.kube.config.tls import TlsContexts

DIRECTORY = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The files that the kubelet mounts, and the environment that it sets."""

    directory: Path
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def present(cls, directory: Path = DIRECTORY, environment: Mapping[str, str] = os.environ) -> Self | None:
        """Return the pod's, or None where this is not a pod, or one without a token."""
        is_pod = environment.get("KUBERNETES_SERVICE_HOST") and environment.get("KUBERNETES_SERVICE_PORT")
        return cls(directory, environment) if is_pod and (directory / "token").is_file() else None

    @property
    def identity(self) -> str:
        """Whose token it is, for messages."""
        return f"the pod's ServiceAccount, whose token is {self.directory / 'token'}"

    def endpoint(self) -> Endpoint:
        """Return the API server of the pod's cluster. Raises InputError if its authority cannot be used."""
        host, port = self.environment["KUBERNETES_SERVICE_HOST"], self.environment["KUBERNETES_SERVICE_PORT"]
        server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
        file = self.directory / "ca.crt"
        authority = RotatingFile(file) if file.exists() else None
        tls = TlsContexts(authority, named=str(file))
        tls.context()
        return Endpoint(server, tls, authority, proxy=environment_proxy(server, self.environment))

    def credentials(self) -> StoredCredentials:
        """Return its token. Raises InputError if that cannot be read."""
        stored = StoredCredentials(token_file=RotatingFile(self.directory / "token"))
        stored.read()
        return stored

    def namespace(self) -> str:
        """Return the pod's namespace."""
        named = self.environment.get("POD_NAMESPACE")
        try:
            return named or (self.directory / "namespace").read_text("utf-8").strip() or "default"
        except (OSError, UnicodeDecodeError):
            return "default"
