"""TLS to the API server, as kubectl does it: whose certificates are trusted, for which name, and the client's own certificate.

The context is made anew when the authority's file or the client's certificate changes; connections that are open keep the old one.
"""

from __future__ import annotations

import logging
import re
import ssl
import tempfile
from dataclasses import dataclass, field

from kubernaut.errors import InputError
from kubernaut.kube.config.rotating_file import Source, content_of

log = logging.getLogger(__name__)

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

_OPENSSL = re.compile(r"^\[.*?\]|\(_ssl\.c:\d+\)")


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A client's certificate, with those between it and the authority, and its key; PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


class TlsContexts:
    """Makes the context for the present authority and client certificate."""

    def __init__(self, authority: Source | None, *, verify: bool = True, named: str = "certificate-authority") -> None:
        """Trust this authority, else those of the operating system; `named` is its place, for messages."""
        self._authority, self._verify, self._named = authority, verify, named
        self._made_for: tuple[bytes, ClientCertificate | None] | None = None
        self._context: ssl.SSLContext | None = None

    def context(self, certificate: ClientCertificate | None = None) -> ssl.SSLContext:
        """Return the context. Raises InputError if there has never been a usable one."""
        authority = content_of(self._authority) if self._authority is not None else b""
        if self._context is None or self._made_for != (authority, certificate):
            try:
                self._context = self._make(authority, certificate)
            except InputError as error:
                if self._context is None:
                    raise
                log.warning("%s; the certificates that were valid before stay in use", error)
                return self._context
            self._made_for = (authority, certificate)
        return self._context

    def _make(self, authority: bytes, certificate: ClientCertificate | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_flags |= (
            ssl.VERIFY_X509_PARTIAL_CHAIN
        )  # like Go, trust an intermediate that is named as authority
        context.hostname_checks_common_name = False  # like Go
        if not self._verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif self._authority is None:
            context.load_default_certs()
        else:
            self._trust(context, authority)
        if certificate is not None:
            _load_pair(context, certificate)
        return context

    def _trust(self, context: ssl.SSLContext, authority: bytes) -> None:
        found = _CERTIFICATE.findall(authority)
        if not found:
            raise InputError(f"{self._named} is not a certificate in PEM: it has no block of a CERTIFICATE")
        try:
            context.load_verify_locations(cadata=b"\n".join(found).decode("ascii"))
        except (ssl.SSLError, ValueError) as error:
            raise InputError(f"{self._named} is not a certificate in PEM: {_reason(error)}") from error


def check_pair(certificate: ClientCertificate) -> None:
    """Raise InputError if certificate and key are not valid, or not of each other."""
    _load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), certificate)


def _load_pair(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Use the client's certificate. Raises InputError if certificate and key are not valid, or not of each other."""
    with tempfile.NamedTemporaryFile() as file:  # readable by its owner alone; Python has no other way
        file.write(certificate.certificate.rstrip() + b"\n" + certificate.key)
        file.flush()
        try:
            context.load_cert_chain(file.name, password="")  # for an encrypted key: fail instead of prompting
        except (ssl.SSLError, ValueError) as error:
            raise InputError(f"client certificate and key cannot be used: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return _OPENSSL.sub("", str(getattr(error, "reason", "") or error)).replace("_", " ").strip().lower()
