"""What the cluster's admin decides: which forges there are, which repositories and namespaces may use them, and how much."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from kubernaut import ObjectName, Parameters

Pattern = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._/*?\[\]!-]+$")]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f<>]+$")]


class _Section(Parameters):
    model_config = ConfigDict(use_attribute_docstrings=True)


class SecretKey(_Section):
    """One key of a Secret in the namespace of the execution."""

    name: ObjectName
    key: Annotated[str, Field(max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")] = "token"


class ForgeSettings(_Section):
    """One GitHub or GitLab."""

    kind: Literal["github", "gitlab"]
    url: str
    """What repositories are cloned from, such as `https://github.com`."""
    api: str = ""
    """Its REST API; by default what `url` implies."""
    token_secret: SecretKey
    """The token, in a Secret of each namespace that uses the forge."""
    ca_secret: SecretKey | None = None
    """The certificate authority of a forge with a certificate of its own, as PEM."""
    repositories: tuple[Pattern, ...] = Field(default=(), strict=False)
    """Allowed repositories: `platform/gitops`, `platform/*`, `group/**`. Empty allows none."""
    namespaces: tuple[Pattern, ...] = Field(default=(), strict=False)
    """Namespaces that may use this forge: `production`, `team-*`, `*`. Empty allows none."""
    base: str = "main"
    """The branch that pull requests are for, if an execution names none."""

    @field_validator("url", "api")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.query or parts.fragment or parts.username or parts.password or not parts.hostname):
            raise ValueError("must be a URL of scheme, host and path alone, such as https://github.com")
        if value and parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ValueError("must begin with https://, or a token would travel in the clear")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _url_given(self) -> Self:
        if not self.url:
            raise ValueError("url is required, such as https://github.com")
        return self


class GitOpsSettings(_Section):
    """The settings of gitops-pr."""

    forges: tuple[ForgeSettings, ...] = Field(default=(), strict=False)
    """In the order in which they are asked for a repository. None: no execution is allowed."""
    author_name: Line = "kubernaut"
    """The author of commits."""
    author_email: Line = "kubernaut@localhost"
    """The author's address."""
    clone_seconds: Annotated[int, Field(ge=5, le=3600)] = 180
    """How long one call of git may take."""
    max_repository_mb: Annotated[int, Field(ge=1, le=10_000)] = 1024
    """A clone that grows past this is stopped."""
    max_changed_files: Annotated[int, Field(ge=1, le=100)] = 20
    """Files that one execution may change."""
    retry_seconds: Annotated[int, Field(ge=0, le=600)] = 60
    """How long in all one step waits for a forge that asks for patience, before the attempt fails."""


def is_loopback(host: str) -> bool:
    """Is it this machine?"""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
