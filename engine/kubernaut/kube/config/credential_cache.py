"""Credentials that are issued for a time, and asked for again shortly before it is over or when the API server rejects them.

Requests that need one at the same moment share one issue.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from kubernaut.errors import KubernautError
from kubernaut.kube.config.credentials import Credential

_EARLY_SECONDS = 10.0
"""How long before its end a credential is replaced; of one that lives shortly, a quarter of its time."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential, and when it ends (seconds since the epoch; None: unknown)."""

    credential: Credential
    expires_at: float | None = None


class CachedCredentials:
    """Keeps what `issue` returned until it is about to expire."""

    def __init__(self, issue: Callable[[], Awaitable[Issued]], clock: Callable[[], float] = time.time) -> None:
        self._issue, self._clock = issue, clock
        self._issued: Issued | None = None
        self._renew_at = 0.0
        """When to ask again, by the clock; meaningless before the first issue."""
        self._issuing: asyncio.Task[Credential] | None = None

    async def current(self) -> Credential:
        """Return the credential, a new one if the present one is about to expire. Raises what `issue` raises."""
        issued = self._issued
        if issued is None or (issued.expires_at is not None and self._clock() >= issued.expires_at):
            return await self._renewed()
        if issued.expires_at is not None and self._clock() >= self._renew_at:
            with suppress(KubernautError):  # the present one is still valid
                return await self._renewed()
        return issued.credential

    async def renew(self, rejected: Credential) -> Credential:
        """Return a newer credential, unless there is one already. Raises what `issue` raises."""
        if self._issued is not None and self._issued.credential is not rejected:
            return self._issued.credential
        return await self._renewed()

    async def close(self) -> None:
        """Stop an issue that is under way."""
        if self._issuing is not None:
            self._issuing.cancel()
            await asyncio.wait([self._issuing])

    async def _renewed(self) -> Credential:
        if self._issuing is None:
            self._issuing = asyncio.create_task(self._renew())
            self._issuing.add_done_callback(self._finish)
        return await asyncio.shield(self._issuing)

    async def _renew(self) -> Credential:
        issued = await self._issue()
        if issued.expires_at is not None:
            left = max(0.0, issued.expires_at - self._clock())
            self._renew_at = issued.expires_at - min(_EARLY_SECONDS, left / 4)
        self._issued = issued
        return issued.credential

    def _finish(self, task: asyncio.Task[Credential]) -> None:
        self._issuing = None
        if not task.cancelled():
            task.exception()  # every request that waited has it; if none does any more, it is not worth a log line
