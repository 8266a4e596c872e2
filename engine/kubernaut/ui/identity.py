"""Who the page acts as, asked of the API server now and then: whoever logs in again while it is open may be somebody else."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from kubernaut.caller.executions import current_user
from kubernaut.errors import KubernautError
from kubernaut.kube.client import Cluster

_SECONDS = 5.0


class Identity:
    """The API server's name for this user."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.name = ""
        """As last told; "" if it never was."""

    async def ask(self) -> None:
        """Ask for the name. Raises UnauthenticatedError if the API server does not accept the credentials."""
        self.name = await current_user(self._cluster) or self.name

    async def run(self) -> None:
        """Ask again and again, until cancelled."""
        while True:
            await asyncio.sleep(_SECONDS)
            with suppress(KubernautError):
                await self.ask()
