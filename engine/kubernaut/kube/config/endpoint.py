"""The API server as a cluster entry of a kubeconfig describes it: its address, whom to trust, and the way there."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from kubernaut.kube.config.credentials import file_or_data
from kubernaut.kube.config.kubeconfig_section import Section
from kubernaut.kube.config.proxy import PROXY_SCHEMES, environment_proxy
from kubernaut.kube.config.rotating_file import Source, content_of
from kubernaut.kube.config.tls import TlsContexts

_EXEC_EXTENSION = "client.authentication.k8s.io/exec"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An API server, and how it is reached."""

    server: str
    """Its URL, without a slash at the end."""
    tls: TlsContexts | None
    """None: plain HTTP, over which no credential is sent."""
    authority: Source | None = None
    tls_server_name: str = ""
    """The name that its certificate must have, if that is not the URL's."""
    insecure: bool = False
    proxy: str = ""
    compression: bool = True
    plugin_configuration: Any = None
    """What the entry has for credential plugins."""

    @classmethod
    def of(cls, cluster: Section, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the endpoint. Raises InputError naming the field."""
        server = _server(cluster)
        authority = file_or_data(cluster, "certificate-authority")
        insecure = cluster.flag("insecure-skip-tls-verify")
        if insecure and authority:
            raise cluster.error(
                "insecure-skip-tls-verify", "certificate-authority is set as well, and only one is allowed; remove one"
            )
        place = str(cluster.error("certificate-authority", "")).removesuffix(": ")
        tls = TlsContexts(authority, verify=not insecure, named=place) if server.startswith("https://") else None
        if tls is not None:
            tls.context()  # so that a bad authority is reported before anything is sent
        return cls(
            server,
            tls,
            authority,
            cluster.line("tls-server-name"),
            insecure,
            _proxy(cluster) or environment_proxy(server, environment),
            not cluster.flag("disable-compression"),
            next((one.fields.get("extension") for one in _extensions(cluster)), None),
        )

    def for_plugins(self) -> dict[str, Any]:
        """Return the description of the cluster for a credential plugin. Raises InputError if the authority cannot be read."""
        described = {
            "server": self.server,
            "tls-server-name": self.tls_server_name,
            "insecure-skip-tls-verify": self.insecure,
            "certificate-authority-data": base64.b64encode(content_of(self.authority or b"")).decode(),
            "proxy-url": self.proxy,
            "disable-compression": not self.compression,
            "config": self.plugin_configuration,
        }
        return {key: value for key, value in described.items() if value}


def _server(cluster: Section) -> str:
    server = cluster.line("server")
    if not server:
        raise cluster.error("server", "is not set; it is the API server's URL, such as https://10.0.0.1:6443")
    server = server if "://" in server else f"http://{server}"
    try:
        parts = urlsplit(server)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise cluster.error("server", f"{server!r} is not a URL such as https://10.0.0.1:6443")
    return parts._replace(query="", fragment="").geturl().rstrip("/")


def _proxy(cluster: Section) -> str:
    proxy = cluster.line("proxy-url")
    try:
        parts = urlsplit(proxy)
        valid = not proxy or (parts.scheme in PROXY_SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0)
    except ValueError:
        valid = False
    if not valid:
        raise cluster.error("proxy-url", f"must be a URL with {' or '.join(PROXY_SCHEMES)}, such as http://proxy:3128")
    return proxy


def _extensions(cluster: Section) -> list[Section]:
    return [one for one in cluster.sections("extensions") if one.text("name") == _EXEC_EXTENSION]
