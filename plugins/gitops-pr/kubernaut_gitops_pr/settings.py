"""The settings that the cluster's admin decides: the forges, the repositories and namespaces that are allowed, and the limits."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from kubernaut import ObjectName, Parameters
from kubernaut_gitops_pr import templates
from kubernaut_gitops_pr.parameters import is_branch_name

_VISIBLE = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x09\x0b-\x1f\x7f]*\Z")
Pattern = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._/*?\[\]!-]+$")]
PathPattern = Annotated[
    str, Field(min_length=1, max_length=255, pattern=r"^[^\\/\x00-\x1f\x7f]+(/[^\\/\x00-\x1f\x7f]+)*$")
]
_NAME = r"^[^\x00-\x1f\x7f<>]*[^\x00-\x20\x7f<>.,:;\"'\\][^\x00-\x1f\x7f<>]*$"
_EMAIL = r"^[^\x00-\x20\x7f<>@]+@[^\x00-\x20\x7f<>@]+$"
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_NAME)]
Email = Annotated[str, Field(min_length=3, max_length=200, pattern=_EMAIL)]


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
    """The URL that repositories are cloned from, such as `https://github.com`."""
    api: str = ""
    """The URL of its REST API; the default follows from `url`."""
    token_secret: SecretKey
    """The token, in a Secret of each namespace that uses the forge."""
    ca_secret: SecretKey | None = None
    """The certificate authority, in PEM, of a forge whose certificate the system does not trust."""
    repositories: tuple[Pattern, ...] = Field(default=(), strict=False)
    """Allowed repositories: `platform/gitops`, `platform/*`, `group/**`. Empty allows none."""
    namespaces: tuple[Pattern, ...] = Field(default=(), strict=False)
    """Namespaces that are allowed to use this forge: `production`, `team-*`, `*`. Empty allows none."""
    paths: tuple[PathPattern, ...] = Field(default=("**",), strict=False)
    """Files that executions can change: `apps/web/values.yaml`, `apps/*/values.yaml`, `apps/**`. Empty allows none."""
    trusted_paths: tuple[PathPattern, ...] = Field(default=(), strict=False)
    """Files that a forge or git runs or trusts (workflows, pipelines, CODEOWNERS, hooks) and that can be changed nevertheless."""
    base: str = "main"
    """The base branch of pull requests, if an execution names none."""

    @field_validator("url", "api")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.query or parts.fragment or parts.username or parts.password or not parts.hostname):
            raise ValueError("must be a URL with only scheme, host and path, such as https://github.com")
        if value and parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ValueError("must start with https://, so that the token is encrypted in transit")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _url_given(self) -> Self:
        if not self.url:
            raise ValueError("url is required, such as https://github.com")
        return self


class GitOpsSettings(_Section):
    """The settings of gitops-pr."""

    forges: tuple[ForgeSettings, ...] = Field(default=(), strict=False)
    """The first one that allows a repository is used for it. If there is none, no execution is allowed."""
    branch_template: Annotated[str, Field(min_length=1, max_length=100)] = "kubernaut/{execution}-{uid}"
    """The branch of an execution, with the fields {execution}, {namespace} and {uid} (its first eight digits, required)."""
    commit_message_template: Annotated[str, Field(min_length=1, max_length=2000)] = "{title}\n\n{body}\n\n{origin}"
    """The commit message; its fields are {title}, {body}, {origin} (names the execution), {execution}, {namespace}, {uid}, {requester}."""
    author_name: Name = "kubernaut"
    """The author of commits."""
    author_email: Email = "kubernaut@localhost"
    """The author's email address."""
    committer_name: Name | None = None
    """The committer of commits, if not the author."""
    committer_email: Email | None = None
    """The committer's email address, if not the author's."""
    clone_seconds: Annotated[int, Field(ge=5, le=3600)] = 180
    """How long one call of git may take."""
    max_repository_mb: Annotated[int, Field(ge=1, le=10_000)] = 1024
    """A clone that grows past this is stopped."""
    max_changed_files: Annotated[int, Field(ge=1, le=100)] = 20
    """How many files one execution can change."""
    retry_seconds: Annotated[int, Field(ge=0, le=600)] = 60
    """How long one step waits in total for a busy or slow forge before the attempt fails."""

    @field_validator("branch_template")
    @classmethod
    def _branch_template(cls, value: str) -> str:
        if problem := templates.problem(value, templates.BRANCH_FIELDS):
            raise ValueError(problem)
        if "{uid}" not in value:
            raise ValueError("must contain {uid}, so that each execution has a branch of its own")
        if not is_branch_name(templates.branch(value, {"execution": "web", "namespace": "shop", "uid": "0f8fad5b"})):
            raise ValueError("does not make a branch name that git accepts")
        return value

    @field_validator("commit_message_template")
    @classmethod
    def _commit_message_template(cls, value: str) -> str:
        if problem := templates.problem(value, templates.MESSAGE_FIELDS):
            raise ValueError(problem)
        if not _VISIBLE.match(value):
            raise ValueError("must be text, without control characters other than newlines")
        return value


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
