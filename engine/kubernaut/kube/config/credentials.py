"""What a request proves its identity with, and the user entries of a kubeconfig that hold it themselves.

Entries that obtain it elsewhere are `kube.exec_plugin` (a command) and `kube.oidc` (an OpenID provider), behind `kube.credential_cache`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Protocol

from kubernaut.kube.config.kubeconfig_section import Section, is_header_value
from kubernaut.kube.config.rotating_file import RotatingFile, Source, content_of
from kubernaut.kube.config.tls import ClientCertificate


@dataclass(frozen=True, slots=True)
class Credential:
    """The value of the Authorization header ("": none) and the client's certificate."""

    authorization: str = field(default="", repr=False)
    certificate: ClientCertificate | None = None


class Credentials(Protocol):
    """Where a connection gets its credential for each request."""

    async def current(self) -> Credential:
        """Return the credential to use now. Raises UnauthenticatedError or InputError if there is none."""

    async def renew(self, rejected: Credential) -> Credential:
        """Return a newer credential than one that was answered with 401; an equal one if there is none."""

    async def close(self) -> None:
        """Stop what is under way."""


class StoredCredentials:
    """A token, a user name and password, or a client certificate; those in files are read again when the files change."""

    def __init__(
        self,
        *,
        token: str = "",
        token_file: RotatingFile | None = None,
        login: tuple[str, str] | None = None,
        certificate: tuple[Source, Source] | None = None,
    ) -> None:
        """A token file is preferred to a token, as client-go does; `certificate` has the key too."""
        self._token, self._token_file, self._login, self._certificate = token, token_file, login, certificate

    async def current(self) -> Credential:
        """Return what the files hold now. Raises InputError if one has never been readable."""
        return self.read()

    async def renew(self, rejected: Credential) -> Credential:
        """Read the files again and return what they hold."""
        for source in (self._token_file, *(self._certificate or ())):
            if isinstance(source, RotatingFile):
                source.reload()
        return self.read()

    async def close(self) -> None:
        """Nothing is ever under way."""

    def read(self) -> Credential:
        """Return what the files hold now. Raises InputError if one has never been readable."""
        certificate = ClientCertificate(*map(content_of, self._certificate)) if self._certificate else None
        return Credential(self._authorization(), certificate)

    def _authorization(self) -> str:
        if self._token_file is not None:
            token = self._token_file.read().decode("utf-8", "replace").strip()
            return bearer(token) if token and is_header_value(token) else bearer(self._token)
        if self._login is not None:
            return basic(*self._login)
        return bearer(self._token)


def bearer(token: str) -> str:
    """Return the header's value for a token, or "" for none."""
    return f"Bearer {token}" if token else ""


def basic(user: str, password: str) -> str:
    """Return the header's value for a user name and password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def stored_credentials(user: Section) -> StoredCredentials:
    """Return what a user entry holds itself. Raises InputError for a combination that kubectl refuses, too."""
    token, token_file = user.line("token").strip(), user.path("tokenFile")
    login = (user.text("username"), user.text("password"))
    if any(login) and (token or token_file):
        raise user.error("username", "there is a token as well, and only one of the two is allowed; remove one")
    return StoredCredentials(
        token=token,
        token_file=RotatingFile(token_file, _place(user, "tokenFile")) if token_file else None,
        login=login if login[0] else None,
        certificate=_certificate(user),
    )


def _certificate(user: Section) -> tuple[Source, Source] | None:
    certificate = file_or_data(user, "client-certificate")
    if certificate is None:
        return None
    key = file_or_data(user, "client-key")
    if key is None:
        raise user.error("client-key", "is not set, and client-certificate needs its key; set it, or client-key-data")
    return certificate, key


def file_or_data(section: Section, field_name: str) -> Source | None:
    """Return the file that a field names, or the content of its twin in base64; None if neither is set, InputError if both are."""
    path, data = section.path(field_name), section.data(f"{field_name}-data")
    if path and data:
        raise section.error(field_name, f"{field_name}-data is set as well; remove one of the two")
    return RotatingFile(path, _place(section, field_name)) if path else data or None


def _place(section: Section, field_name: str) -> str:
    return str(section.error(field_name, "")).removesuffix(": ")
