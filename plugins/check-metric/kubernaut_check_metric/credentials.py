"""The credential for Prometheus: read from the environment once, and removed from what Prometheus says."""

from __future__ import annotations

import base64
import os
import ssl

from kubernaut.runner import Rejected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CREDENTIAL_VARIABLE = "KUBERNAUT_PROMETHEUS_CREDENTIAL"
CA_VARIABLE = "KUBERNAUT_PROMETHEUS_CA"


class Credential:
    """The header that authenticates, and the words that must not show in output."""

    def __init__(self, header: str = "", hidden: tuple[str, ...] = (), secret: str = "") -> None:
        self.header, self.secret = header, secret
        self._hidden = hidden

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Credential:
        """Return the credential of these settings; one without a header where they name none. Rejects a Secret without one."""
        reference = settings["token_secret"] or settings["password_secret"]
        if not reference:
            return cls()
        secret = f"Secret {reference['name']} (key {reference['key']})"
        value = os.environ.get(CREDENTIAL_VARIABLE, "").strip()
        if not value:
            raise Rejected(
                f"{secret} does not exist in this namespace or is empty: create it with the credential for Prometheus"
            )
        if not (value.isascii() and value.isprintable()) or (settings["token_secret"] and " " in value):
            raise Rejected(
                f"{secret} has spaces, lines or characters that a header cannot have: it must be the credential alone"
            )
        if settings["token_secret"]:
            return cls(f"Bearer {value}", (value,), secret)
        encoded = base64.b64encode(f"{settings['username']}:{value}".encode()).decode()
        return cls(f"Basic {encoded}", (encoded, value), secret)

    def __repr__(self) -> str:
        return "Credential(***)"

    def scrub(self, text: str) -> str:
        """Return the text with `***` for the credential, as it is and as it is sent."""
        for word in self._hidden:
            text = text.replace(word, "***")
        return text


def trust(settings: dict[str, Any]) -> ssl.SSLContext:
    """Return what verifies the certificate of Prometheus: by the settings' authority, or else by those of the system."""
    if not settings["ca_secret"]:
        return ssl.create_default_context()
    reference = settings["ca_secret"]
    secret = f"Secret {reference['name']} (key {reference['key']})"
    authority = os.environ.get(CA_VARIABLE, "")
    if not authority.strip():
        raise Rejected(
            f"{secret} does not exist in this namespace or is empty: create it with the certificate authority, in PEM"
        )
    try:
        return ssl.create_default_context(cadata=authority)
    except (ssl.SSLError, ValueError) as error:
        raise Rejected(f"{secret} does not contain certificates in PEM: {error}") from None
