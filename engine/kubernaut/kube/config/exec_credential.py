"""Reads the ExecCredential that a credential plugin prints (https://kubernetes.io/docs/reference/config-api/client-authentication.v1/)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kubernaut.errors import InputError
from kubernaut.kube.config.credential_cache import Issued
from kubernaut.kube.config.credentials import Credential, bearer
from kubernaut.kube.config.kubeconfig_section import is_header_value
from kubernaut.kube.config.tls import ClientCertificate, check_pair

API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


def read_exec_credential(output: bytes, api_version: str) -> Issued:
    """Return the credential in a plugin's output. Raises ValueError with what is wrong about it, without quoting it."""
    if not output.strip():
        raise ValueError("it printed nothing")
    try:
        document = json.loads(output)
    except (ValueError, RecursionError):
        raise ValueError("what it printed is not JSON") from None
    if not isinstance(document, dict) or document.get("kind") != "ExecCredential":
        raise ValueError("what it printed is not an ExecCredential")
    if document.get("apiVersion") != api_version:
        raise ValueError(f"it printed an ExecCredential of {document.get('apiVersion')!r}, not of {api_version}")
    status = document.get("status")
    if not status or not isinstance(status, dict):
        raise ValueError("its ExecCredential has no status")
    return Issued(_credential(status), _expires_at(_text(status, "expirationTimestamp")))


def _credential(status: Mapping[str, Any]) -> Credential:
    token = _text(status, "token").strip()
    certificate, key = _text(status, "clientCertificateData"), _text(status, "clientKeyData")
    if bool(certificate) != bool(key):
        raise ValueError("its ExecCredential has a certificate or a key, and needs both")
    if not token and not certificate:
        raise ValueError("its ExecCredential has neither a token nor a certificate")
    if not is_header_value(token):
        raise ValueError("its token is not one line of text")
    return Credential(bearer(token), _pair(certificate, key) if certificate else None)


def _pair(certificate: str, key: str) -> ClientCertificate:
    pair = ClientCertificate(certificate.encode(), key.encode())
    try:
        check_pair(pair)
    except InputError as error:
        raise ValueError(f"its {error}") from error
    return pair


def _expires_at(text: str) -> float | None:
    try:
        time = datetime.fromisoformat(text) if text else None
    except ValueError:
        time = None
    if text and (time is None or time.tzinfo is None):
        raise ValueError("its expirationTimestamp is not a time such as 2026-05-01T12:00:00Z")
    return time.timestamp() if time else None


def _text(status: Mapping[str, Any], field: str) -> str:
    value = status.get(field)
    if not isinstance(value, str | None):
        raise ValueError(f"its {field} is not a text")  # noqa: TRY004 - one kind of error for whatever is wrong with the output
    return value or ""
