"""The settings that the cluster's admin decides: where Prometheus is, and with which credential it is asked."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from kubernaut import ObjectName, Parameters

_HOST = re.compile(r"[A-Za-z0-9.:_-]{1,253}")
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_WANTED = "must be a URL with only scheme, host, port and path, such as https://prometheus.monitoring:9090"


class SecretKey(Parameters):
    """One key of a Secret in the namespace of the execution."""

    name: ObjectName
    key: Annotated[str, Field(max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]


class CheckMetricSettings(Parameters):
    """The settings of check-metric."""

    url: Annotated[str, Field(max_length=500)] = ""
    """The URL of Prometheus, or of what answers like it, with the path before `/api/v1/query`. Without it, no execution is allowed."""
    token_secret: SecretKey | None = None
    """The bearer token, in a Secret of each namespace that uses the action."""
    username: Annotated[str, Field(max_length=200, pattern=r"^[!-9;-~]*$")] = ""
    """The user of basic authentication, with `password_secret`."""
    password_secret: SecretKey | None = None
    """The password of basic authentication, in a Secret of each namespace that uses the action."""
    ca_secret: SecretKey | None = None
    """The certificate authority, in PEM, of a Prometheus whose certificate the system does not trust."""

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if not value:
            return value
        try:
            parts = urlsplit(value)
            is_plain = not (parts.query or parts.fragment or "@" in parts.netloc or "?" in value or "#" in value)
            port, host = parts.port, parts.hostname or ""
        except ValueError as error:
            raise ValueError(f"{_WANTED}: {error}") from None
        if not is_plain or not _HOST.fullmatch(host) or port == 0 or not _PATH.fullmatch(parts.path):
            raise ValueError(_WANTED)
        if parts.scheme not in ("http", "https"):
            raise ValueError("must start with https:// or http://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if bool(self.username) != bool(self.password_secret):
            raise ValueError("username and password_secret belong together: give both, or neither")
        if self.token_secret and self.password_secret:
            raise ValueError("token_secret and password_secret are two credentials: give one of them")
        return self

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme == "http" and (self.token_secret or self.password_secret) and not _is_loopback(parts.hostname):
            raise ValueError(
                "url must start with https:// where there is a credential, so that it is encrypted in transit"
            )
        if parts.scheme == "http" and self.ca_secret:
            raise ValueError("ca_secret is for a url that starts with https://")
        return self


def _is_loopback(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"
