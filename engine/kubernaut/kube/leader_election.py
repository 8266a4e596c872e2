"""One engine works at a time: a Lease that its holder renews, by the election of `kubernetes.aio`.

That election goes by the wall clock and keeps on for seconds after somebody else has taken the Lease; a leader here stops at the first look
that shows another holder, and when it has not renewed for `renewSeconds` by a clock that cannot jump. Two engines that believe for a moment
that they lead do no harm either: a Job's name follows from its execution, and each status write names the version it was made for.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from kubernaut.errors import DeniedError, KubernautError, LeadershipLostError, NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.resources import LEASES
from kubernaut.settings import LeaderElectionSettings

if TYPE_CHECKING:
    from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord

log = logging.getLogger(__name__)

_RELEASE_SECONDS = 2.0
Asked = tuple[bool, Any]


class LeaseLock:
    """The Lease as the election of `kubernetes.aio` wants it: every answer in time, no failure that ends the campaign."""

    def __init__(self, cluster: Cluster, settings: LeaderElectionSettings, namespace: str, identity: str) -> None:
        self.name, self.namespace, self.identity = settings.name, namespace, identity
        self._cluster, self._patience = cluster, settings.renew_seconds / 2
        self._lease: Mapping[str, Any] = {}
        self._explained = False
        self.renewed_at = 0.0
        """When it was last ours, by the event loop's clock."""
        self.taken = asyncio.Event()
        """Set once somebody else holds it after it was ours."""

    @property
    def holder(self) -> str:
        """Who holds it, as last seen."""
        return str(self._lease.get("spec", {}).get("holderIdentity") or "")

    async def get(self, _name: str, _namespace: str) -> Asked:
        """The record in the Lease; a failure as the election expects one."""
        try:
            async with asyncio.timeout(self._patience):
                self._lease = await self._cluster.get(LEASES, self.namespace, self.name)
        except NotFoundError as error:
            return False, _absent(str(error))
        except (KubernautError, TimeoutError) as error:
            self._explain(error)
            return False, SimpleNamespace(reason=str(error) or "no answer in time", body=None)
        if self.renewed_at and self.holder != self.identity:
            self.taken.set()
        return True, _record(self._lease.get("spec") or {})

    async def create(self, name: str, namespace: str, election_record: LeaderElectionRecord) -> bool:
        """Make the Lease, ours."""
        manifest = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": namespace},
            "spec": self._spec(election_record, transitions=0),
        }
        return await self._written("create", lambda: self._cluster.create(LEASES, namespace, manifest))

    async def update(self, name: str, namespace: str, updated_record: LeaderElectionRecord) -> bool:
        """Take or renew it, if nobody wrote to it since it was read."""
        transitions = int(self._lease.get("spec", {}).get("leaseTransitions") or 0)
        spec = self._spec(updated_record, transitions + (self.holder != self.identity))
        return await self._written("update", lambda: self._patch(spec))

    async def release(self) -> None:
        """Let the next one take it at once."""
        if not self.renewed_at or self.taken.is_set():
            return
        async with asyncio.timeout(_RELEASE_SECONDS):
            self._lease = await self._patch({"holderIdentity": "", "leaseDurationSeconds": 1})

    async def _patch(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        version = self._lease["metadata"]["resourceVersion"]
        patch = {"metadata": {"resourceVersion": version}, "spec": spec}
        return await self._cluster.patch(LEASES, self.namespace, self.name, patch)

    async def _written(self, what: str, write: Any) -> bool:
        try:
            async with asyncio.timeout(self._patience):
                self._lease = await write()
        except (KubernautError, TimeoutError) as error:
            self._explain(error)
            log.warning("Lease %s/%s: %s: %s", self.namespace, self.name, what, error or "no answer in time")
            return False
        self.renewed_at = asyncio.get_running_loop().time()
        return True

    def _explain(self, error: Exception) -> None:
        """Say once what an admin must do; the election itself says again and again that it cannot lead."""
        if isinstance(error, DeniedError) and not self._explained:
            self._explained = True
            log.error(
                "the engine may not use Lease %s/%s, so it cannot work: kubernaut rbac render --engine | kubectl apply -f -: %s",
                self.namespace,
                self.name,
                error,
            )

    def _spec(self, record: LeaderElectionRecord, transitions: int) -> dict[str, Any]:
        time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        kept = self._lease.get("spec", {}).get("acquireTime") if self.holder == self.identity else None
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": int(record.lease_duration),
            "acquireTime": kept or time,
            "renewTime": time,
            "leaseTransitions": transitions,
        }


class Leadership:
    """The campaign of one engine: wait for `leading`, and stop everything when `campaign` ends."""

    def __init__(self, cluster: Cluster, settings: LeaderElectionSettings, namespace: str, identity: str) -> None:
        self._settings = settings
        self._lock = LeaseLock(cluster, settings, settings.namespace or namespace, identity)
        self.leading = asyncio.Event()
        """Set once this engine leads."""
        if not settings.enabled:
            self.leading.set()

    async def campaign(self) -> None:
        """Stand for leader, then renew, until cancelled. Raises LeadershipLostError when the lead is lost."""
        if not self._settings.enabled:
            return
        tasks = [asyncio.create_task(work) for work in (self._elect(), self._lock.taken.wait(), self._silence())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
        self.leading.clear()
        lease, holder = f"Lease {self._lock.namespace}/{self._lock.name}", self._lock.holder
        by = f"{holder} holds it now" if holder != self._lock.identity else "it could not be renewed in time"
        raise LeadershipLostError(f"{lease} is lost: {by}; this engine stops at once")

    async def release(self) -> None:
        """Give the lead back, once the work has stopped: the next engine need not wait until it expires."""
        self.leading.clear()
        try:
            await self._lock.release()
        except (KubernautError, TimeoutError) as error:
            log.info("the Lease was not released, so it expires: %s", error or "no answer in time")

    async def _elect(self) -> None:
        from kubernetes.aio.leaderelection import electionconfig, leaderelection  # noqa: PLC0415 - see Connection.configured

        configuration = electionconfig.Config(
            lock=self._lock,
            lease_duration=self._settings.lease_seconds,
            renew_deadline=self._settings.renew_seconds,
            retry_period=self._settings.retry_seconds,
            onstarted_leading=self._started,
            onstopped_leading=None,
        )
        await leaderelection.LeaderElection(configuration).run()

    async def _started(self) -> None:
        log.info("%s leads: it holds Lease %s/%s", self._lock.identity, self._lock.namespace, self._lock.name)
        self.leading.set()

    async def _silence(self) -> None:
        """Return once the lead has not been renewed for too long."""
        await self.leading.wait()
        loop = asyncio.get_running_loop()
        while (left := self._lock.renewed_at + self._settings.renew_seconds - loop.time()) > 0:  # noqa: ASYNC110 - each renewal moves it
            await asyncio.sleep(left)


def _absent(message: str) -> SimpleNamespace:
    """A failure that the election takes for "there is no Lease yet": it wants the client's own exception."""
    from kubernetes.aio.client.exceptions import ApiException  # noqa: PLC0415 - see Connection.configured

    absent: SimpleNamespace = ApiException(status=404, reason=message)
    absent.body = json.dumps({"code": 404})
    return absent


def _record(spec: Mapping[str, Any]) -> LeaderElectionRecord:
    from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord  # noqa: PLC0415 - see Connection.configured

    seconds = spec.get("leaseDurationSeconds")
    return LeaderElectionRecord(
        spec.get("holderIdentity") or None,
        str(seconds) if seconds else None,
        spec.get("acquireTime"),
        spec.get("renewTime"),
    )
