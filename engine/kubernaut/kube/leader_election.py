"""Leader election: one engine works at a time, the one that holds and renews a Lease. The algorithm is client-go's.

A candidate takes a Lease that it has seen unchanged for `leaseSeconds` by its own monotonic clock, so clocks need not agree. A leader
stops as soon as it sees another holder, and when it has not renewed for `renewSeconds`. Two engines that both believe to lead for a moment
do no harm: a Job's name follows from its execution, and each status write names the version that it was made for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from kubernaut.api.timestamps import micro_time, now
from kubernaut.errors import DeniedError, KubernautError, LeadershipLostError, NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import LEASES, Object
from kubernaut.settings import LeaderElectionSettings

log = logging.getLogger(__name__)

_RELEASE_SECONDS = 2.0
_RECORD = ("holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime")


class LeaderElector:
    """One candidate: wait for `leading`, and stop everything when `run` ends."""

    def __init__(self, cluster: Cluster, settings: LeaderElectionSettings, namespace: str, identity: str) -> None:
        """Stand as `identity` for the Lease in `namespace`, unless the settings name another one."""
        self._cluster, self._settings, self._identity = cluster, settings, identity
        self._namespace = settings.namespace or namespace
        self._lease: Object | None = None
        """The Lease as last read or written; None where there is none."""
        self._observed_at = 0.0
        """When the Lease was last seen to change, by the event loop's clock."""
        self._renewed_at = 0.0
        """When this engine last renewed it, by the event loop's clock."""
        self._denial_logged = False
        self.leading = asyncio.Event()
        """Set while this engine leads."""
        if not settings.enabled:
            self.leading.set()

    async def run(self) -> None:
        """Acquire the Lease, then renew it until cancelled. Raises LeadershipLostError once it is lost."""
        if not self._settings.enabled:
            return
        while not await self._try_acquire_or_renew():  # noqa: ASYNC110 - another process releases it
            await asyncio.sleep(self._settings.retry_seconds)
        log.info("%s leads: it holds %s", self._identity, self)
        self.leading.set()
        try:
            await self._renew()
        except TimeoutError:
            raise LeadershipLostError(
                f"{self} is lost: it could not be renewed in time; this engine stops now"
            ) from None
        finally:
            self.leading.clear()
        raise LeadershipLostError(f"{self} is lost: {self._holder} holds it now; this engine stops now")

    async def release(self) -> None:
        """Give the Lease back once all work has stopped, so that the next engine need not wait until it expires."""
        self.leading.clear()
        if self._lease is None or self._holder != self._identity:
            return
        try:
            async with asyncio.timeout(_RELEASE_SECONDS):
                await self._patch({"holderIdentity": "", "leaseDurationSeconds": 1})
        except (KubernautError, TimeoutError) as error:
            log.info("%s was not released, so it expires: %s", self, error or "no answer in time")

    def __str__(self) -> str:
        return f"Lease {self._namespace}/{self._settings.name}"

    async def _renew(self) -> None:
        """Renew until another holder is seen. Raises TimeoutError once the last renewal is too old."""
        while self._holder in {self._identity, ""}:
            async with asyncio.timeout_at(self._renewed_at + self._settings.renew_seconds):
                await asyncio.sleep(self._settings.retry_seconds)
                await self._try_acquire_or_renew()

    async def _try_acquire_or_renew(self) -> bool:
        """Return whether the Lease is this engine's now; a failure is logged."""
        try:
            await self._read()
            if self._is_held_by_other():
                return False
            await self._write()
        except (KubernautError, TimeoutError) as error:
            self._log(error)
            return False
        self._renewed_at = asyncio.get_running_loop().time()
        return True

    async def _read(self) -> None:
        before = self._record
        try:
            async with asyncio.timeout(self._request_seconds):
                self._lease = await self._cluster.get(LEASES, self._namespace, self._settings.name)
        except NotFoundError:
            self._lease = None
        if self._record != before:
            self._observed_at = asyncio.get_running_loop().time()

    def _is_held_by_other(self) -> bool:
        if not all(self._record.values()) or self._holder == self._identity:
            return False
        if self.leading.is_set():
            return True  # it was taken from this engine, however long ago
        return asyncio.get_running_loop().time() < self._observed_at + self._settings.lease_seconds

    async def _write(self) -> None:
        """Create, take or renew the Lease, unless another engine has written it since it was read."""
        time, spec = micro_time(now()), self._spec
        is_renewal = self._holder == self._identity
        wanted = {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": self._settings.lease_seconds,
            "acquireTime": (spec.get("acquireTime") if is_renewal else None) or time,
            "renewTime": time,
            "leaseTransitions": int(spec.get("leaseTransitions") or 0) + (self._lease is not None and not is_renewal),
        }
        async with asyncio.timeout(self._request_seconds):
            await (self._patch(wanted) if self._lease is not None else self._create(wanted))

    async def _create(self, spec: Mapping[str, Any]) -> None:
        manifest = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._settings.name, "namespace": self._namespace},
            "spec": spec,
        }
        self._lease = await self._cluster.create(LEASES, self._namespace, manifest)

    async def _patch(self, spec: Mapping[str, Any]) -> None:
        version = self._lease["metadata"]["resourceVersion"] if self._lease else ""
        patch = {"metadata": {"resourceVersion": version}, "spec": spec}
        self._lease = await self._cluster.patch(LEASES, self._namespace, self._settings.name, patch)

    @property
    def _request_seconds(self) -> float:
        """How long one request may take, so that a renewal has time for two."""
        return self._settings.renew_seconds / 2

    @property
    def _spec(self) -> Mapping[str, Any]:
        return (self._lease or {}).get("spec") or {}

    @property
    def _record(self) -> dict[str, Any]:
        return {field: self._spec.get(field) for field in _RECORD}

    @property
    def _holder(self) -> str:
        return str(self._spec.get("holderIdentity") or "")

    def _log(self, error: Exception) -> None:
        """Log a failure; of missing permissions, log once what an admin must do."""
        if not isinstance(error, DeniedError):
            log.warning("%s could not be acquired or renewed: %s", self, error or "no answer in time")
        elif not self._denial_logged:
            self._denial_logged = True
            remedy = "kubernaut rbac render --engine | kubectl apply -f -"
            log.error("the engine is not allowed to use %s, so it cannot work: %s: %s", self, remedy, error)
