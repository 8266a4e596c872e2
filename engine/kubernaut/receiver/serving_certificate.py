"""The certificate that the receiver serves, read again when its files change: a Secret is replaced while it is mounted."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from kubernaut.errors import InputError
from kubernaut.kube.config.rotating_file import RotatingFile

log = logging.getLogger(__name__)


class ServingCertificate:
    """A certificate and its key, in PEM files."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raise InputError naming the file if they cannot be used."""
        self._files = (RotatingFile(certificate, "--tls-cert"), RotatingFile(key, "--tls-key"))
        self._made_for = tuple(file.read() for file in self._files)
        self._context = self._load()

    def context(self) -> ssl.SSLContext:
        """Return the context for a new connection. While the files do not fit each other, the pair before them stays in use."""
        content = tuple(file.read() for file in self._files)
        if content != self._made_for:
            self._made_for = content  # also of a pair that cannot be used: that is said once, until they change again
            try:
                self._context = self._load()
            except InputError as error:
                log.warning("%s; the certificate before it stays in use", error)
            else:
                log.info("the certificate in %s was read again", self._files[0].path)
        return self._context

    def _load(self) -> ssl.SSLContext:
        certificate, key = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(
                certificate.path, key.path, password=""
            )  # for an encrypted key: fail, do not prompt
        except (ssl.SSLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", "") or str(error)
            raise InputError(
                f"--tls-cert {certificate.path} and --tls-key {key.path} are no certificate and its key, in PEM: {reason}"
            ) from error
        return context
