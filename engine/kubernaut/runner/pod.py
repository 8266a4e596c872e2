"""Where a pod's files are. In the embedded sandbox a process sees the host's file system, and its pod's files below a root directory."""

from __future__ import annotations

import os

_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def path(absolute: str) -> str:
    """Return the path of the file that containers see at this absolute path."""
    return os.environ.get("SANDBOX_POD_ROOT", "") + absolute


def token_file() -> str:
    """Return the path of the ServiceAccount's token, which is read for every request, as the kubelet renews it."""
    return path(f"{_SERVICE_ACCOUNT}/token")


def ca_file() -> str:
    """Return the path of the cluster's certificate authority."""
    return path(f"{_SERVICE_ACCOUNT}/ca.crt")


def termination_log() -> str:
    """Return the path from which the kubelet reads the termination message."""
    return path("/dev/termination-log")


def handed_file() -> str:
    """Return the path, on the volume that both steps of a pod share, of what the dry run hands over."""
    return path("/tmp/kubernaut-handed.json")  # noqa: S108 - an emptyDir of the pod's own


def api_address() -> tuple[str, int]:
    """Return the API server's host and port, from the variables that every container has."""
    return os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])


def api_server() -> str:
    """Return the API server's URL."""
    host, port = api_address()
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
