"""A load of executions, a witness that observes it while things break, and the account that must balance afterwards."""

import asyncio
import random
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.api.labels import LABEL_EXECUTION
from kubernaut.errors import ConflictError, ExistsError, KubernautError
from kubernaut.kube.follow import has_ended
from kubernaut.kube.informer import Informer, Scope
from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS
from tests.support.site import CONFIG_MAPS

MISSING = 10
"""Every tenth execution names a missing ConfigMap: its true end is a rejection."""


@dataclass
class Account:
    """The result of a load."""

    executions: int
    jobs: int
    """Jobs that ever existed."""
    ends: int
    """Executions whose end was recorded."""
    duplicates: int
    """Executions with a second Job, a second pod that succeeded, or a second, different end."""
    lost: int
    """Executions without an end, or with one that is not true."""
    remarks: list
    """Details of the first few problems."""

    def line(self, what):
        """Return it as one line of output."""
        return f"{what}: {self.executions} executions, {self.jobs} Jobs, {self.ends} ends, {self.duplicates} duplicates, {self.lost} lost"


def _current(handle):
    """Return a handler that passes on the object after a change, and no deletions."""
    return lambda _, new: handle(new.json) if new is not None else None


class Witness:
    """Records every Job, pod and end that ever exists, however briefly."""

    def __init__(self, site):
        self._site = site
        self.ends, self.jobs, self.pods = defaultdict(set), defaultdict(set), defaultdict(set)
        """By execution: its recorded ends, its Jobs, and its pods that succeeded."""
        self._informers = [
            Informer(site.cluster, Scope(EXECUTIONS, (site.namespace,)), _current(self._ended)),
            Informer(site.cluster, Scope(JOBS, (site.namespace,), LABEL_EXECUTION), _current(self._job)),
            Informer(site.cluster, Scope(PODS, (site.namespace,), LABEL_EXECUTION), _current(self._pod)),
        ]

    def _ended(self, new):
        if has_ended(new):
            status = new["status"]
            self.ends[new["metadata"]["name"]].add((status["phase"], status.get("reason"), status["completionTime"]))

    def _job(self, new):
        self.jobs[new["metadata"]["labels"][LABEL_EXECUTION]].add(new["metadata"]["uid"])

    def _pod(self, new):
        """Record a pod that succeeded. A failed pod can be followed by another one; two that succeed did the work twice."""
        if new["status"].get("phase") == "Succeeded":
            self.pods[new["metadata"]["labels"][LABEL_EXECUTION]].add(new["metadata"]["uid"])

    async def list_again(self):
        """Record what its watches may have missed while they were cut."""
        namespace = self._site.namespace
        for resource, record in ((JOBS, self._job), (PODS, self._pod)):
            listing = partial(self._site.cluster.list, resource, namespace, selector=LABEL_EXECUTION)
            for obj in (await persist(listing)).items:
                record(obj)

    @asynccontextmanager
    async def watching(self):
        tasks = [asyncio.create_task(informer.run()) for informer in self._informers]
        for informer in self._informers:
            await informer.synced.wait()
        yield self
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class Load:
    """A number of executions, each on a ConfigMap of its own, created within some seconds."""

    def __init__(self, site, executions, seconds, prefix=""):
        self._site, self._number, self._seconds, self._prefix = site, executions, seconds, prefix
        self._names = [f"{prefix}e{number}" for number in range(executions)]

    async def prepare(self):
        """Create the ConfigMaps; none for every tenth execution."""
        for number in range(self._number):
            if number % MISSING:
                metadata = {"name": f"{self._prefix}c{number}", "namespace": self._site.namespace}
                await self._site.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})

    async def create(self):
        """Create the executions; like any client, retry if the API server does not answer."""
        for number, name in enumerate(self._names):
            manifest = {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "metadata": {"name": name, "namespace": self._site.namespace},
                "spec": {
                    "action": "patch-configmap",
                    "parameters": {"name": f"{self._prefix}c{number}", "set": {"N": str(number)}},
                },
            }
            await persist(partial(self._site.cluster.create, EXECUTIONS, self._site.namespace, manifest))
            await asyncio.sleep(self._seconds / self._number * random.uniform(0.5, 1.5))

    async def account(self, witness, seconds):
        """Wait until all have ended, for at most `seconds`, and return the account."""
        try:
            async with asyncio.timeout(seconds):
                while not all(name in witness.ends for name in self._names):
                    await asyncio.sleep(0.2)
                await asyncio.sleep(2)  # for a second end, if there is one
        except TimeoutError:
            pass
        await witness.list_again()
        ended = sum(bool(witness.ends[name]) for name in self._names)
        untrue = [name for number, name in enumerate(self._names) if not await self._true(number, witness.ends[name])]
        doubled = sorted(
            {
                n
                for records in (witness.ends, witness.jobs, witness.pods)
                for n, found in records.items()
                if len(found) > 1
            }
        )
        remarks = [
            (name, witness.ends[name], len(witness.jobs[name]), len(witness.pods[name]))
            for name in [*untrue, *doubled][:5]
        ]
        jobs = sum(len(witness.jobs[name]) for name in self._names)
        return Account(self._number, jobs, ended, len(doubled), len(untrue), remarks)

    async def _true(self, number, ends):
        """Whether its only end is what happened to its ConfigMap. Faults that also affect pods may exhaust their retries."""
        if len(ends) != 1:
            return False
        ((phase, reason, _),) = ends
        missing = not number % MISSING
        if missing and phase == "Failed":
            return reason in {"DryRunRejected", "RetriesExhausted"}
        found = await persist(partial(self._site.get, CONFIG_MAPS, f"{self._prefix}c{number}"))
        done = found.get("data") == {"N": str(number)}
        return done if phase == "Succeeded" else (reason, done) == ("RetriesExhausted", False)


async def persist(call, seconds=60):
    """Call until there is an answer. After a create whose answer was lost, the object exists already."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await call()
            except ExistsError:
                return None
            except ConflictError:
                raise
            except KubernautError:
                await asyncio.sleep(0.2)
