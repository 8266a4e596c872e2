"""Where a pod's files are. A process of the embedded sandbox sees the host's file system, and finds its pod's below a root."""

from __future__ import annotations

import os

_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def path(absolute: str) -> str:
    """The file that containers see at this absolute path."""
    return os.environ.get("KUBERNAUT_POD_ROOT", "") + absolute


def token_file() -> str:
    """The ServiceAccount's token; read anew for each request, as the kubelet renews it."""
    return path(f"{_SERVICE_ACCOUNT}/token")


def ca_file() -> str:
    """The cluster's certificate authority."""
    return path(f"{_SERVICE_ACCOUNT}/ca.crt")


def termination_log() -> str:
    """Where the kubelet reads the container's last word."""
    return path("/dev/termination-log")


def api_address() -> tuple[str, int]:
    """The API server's host and port, from the variables that every container gets."""
    return os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])


def api_server() -> str:
    """The API server's URL."""
    host, port = api_address()
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
