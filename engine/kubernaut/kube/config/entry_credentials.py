"""What a user entry of a kubeconfig holds itself, read anew once the API server rejects it: somebody may have logged in again since.

kubectl reads its kubeconfig with each command; a page or an agent server that is open for a day has to do so itself.
"""

from __future__ import annotations

import logging

from kubernaut.errors import InputError
from kubernaut.kube.config.credentials import Credential, StoredCredentials, stored_credentials
from kubernaut.kube.config.kubeconfig import Kubeconfig
from kubernaut.kube.config.kubeconfig_section import Section
from kubernaut.kube.config.rotating_file import RotatingFile
from kubernaut.kube.config.tls import check_pair

_IMPERSONATION = ("as", "as-uid", "as-groups", "as-user-extra")

log = logging.getLogger(__name__)


class EntryCredentials:
    """The credentials of one user entry, in whichever state its file was last usable."""

    def __init__(self, stored: StoredCredentials, entry: Section, user_name: str, server: str) -> None:
        """`stored` is what `entry` holds now, for the API server at this URL."""
        self._stored, self._entry, self._user_name, self._server = stored, entry, user_name, server
        self._kubeconfig = RotatingFile(entry.file) if entry.file else None
        self._seen = b""

    async def current(self) -> Credential:
        """Return what the entry held when it was last read. Raises InputError if a file that it names has never been readable."""
        return await self._stored.current()

    async def renew(self, rejected: Credential) -> Credential:
        """Return what the files that the entry names hold now or, if that was rejected, what the entry itself holds now."""
        renewed = await self._stored.renew(rejected)
        if renewed != rejected:
            return renewed
        self._read_again()
        return await self._stored.current()

    async def close(self) -> None:
        """Nothing is ever under way."""

    def _read_again(self) -> None:
        """Take over what the entry holds now, if that can be used, and is for this server and impersonated user."""
        if self._kubeconfig is None:
            return
        try:
            if (content := self._kubeconfig.read()) == self._seen:
                return
            kubeconfig = Kubeconfig.explicit(self._kubeconfig.path)
            entry = kubeconfig.user(self._user_name)
            if entry is None or not self._is_meant(entry, kubeconfig.servers_of(self._user_name)):
                return
            stored = stored_credentials(entry)
            held = stored.read()
            if held.certificate:
                check_pair(held.certificate)
        except InputError as error:
            log.debug("the kubeconfig cannot be read again: %s", error)
            return
        self._seen = content
        if held != Credential():
            self._stored = stored

    def _is_meant(self, entry: Section, servers: set[str]) -> bool:
        """Whether an entry is for this connection: users of several clusters have one name, such as that of an administrator."""
        same_user = all(entry.fields.get(name) == self._entry.fields.get(name) for name in _IMPERSONATION)
        return same_user and (not servers or self._server in servers)
