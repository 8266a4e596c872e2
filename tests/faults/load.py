"""A load of executions, what is seen of it from outside while things break, and the account that must balance afterwards."""

import asyncio
import random
from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kubernaut.cluster import EXECUTIONS, JOBS, PODS
from kubernaut.errors import ConflictError, ExistsError, KubernautError, RetryError
from kubernaut.execution import API_VERSION, KIND
from kubernaut.following import has_ended
from kubernaut.hardening import LABEL_EXECUTION
from kubernaut.informer import Informer
from tests.support.site import CONFIG_MAPS

MISSING = 10
"""Each tenth execution acts on what is not there: its true end is a refusal."""


@dataclass
class Account:
    """What became of a load."""

    executions: int
    jobs: int
    """Jobs ever seen."""
    ends: int
    """Executions whose end was told."""
    duplicates: int
    """Executions with a second Job, a second pod, or a second and different end."""
    lost: int
    """Executions without an end, or with one that is not true."""
    untrue: list

    def line(self, what):
        """For whoever reads the run."""
        return f"{what}: {self.executions} executions, {self.jobs} Jobs, {self.ends} ends, {self.duplicates} duplicates, {self.lost} lost"


class Witness:
    """Sees every Job, pod and end there ever is, however short-lived."""

    def __init__(self, site):
        self.ends, self.jobs, self.pods = defaultdict(set), defaultdict(set), defaultdict(set)
        self._informers = [
            Informer(site.cluster, EXECUTIONS, self._ended, namespaces=(site.namespace,)),
            Informer(
                site.cluster, JOBS, self._counted(self.jobs), selector=LABEL_EXECUTION, namespaces=(site.namespace,)
            ),
            Informer(
                site.cluster, PODS, self._counted(self.pods), selector=LABEL_EXECUTION, namespaces=(site.namespace,)
            ),
        ]

    def _ended(self, _, new):
        if new is not None and has_ended(new):
            status = new["status"]
            self.ends[new["metadata"]["name"]].add((status["phase"], status.get("reason"), status["completionTime"]))

    def _counted(self, seen):
        return lambda _, new: new and seen[new["metadata"]["labels"][LABEL_EXECUTION]].add(new["metadata"]["uid"])

    @asynccontextmanager
    async def looking(self):
        tasks = [asyncio.create_task(informer.run()) for informer in self._informers]
        for informer in self._informers:
            await informer.synced.wait()
        yield self
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class Load:
    """So many executions, each on a ConfigMap of its own, created within so many seconds."""

    def __init__(self, site, executions, seconds, prefix=""):
        self._site, self._number, self._seconds, self._prefix = site, executions, seconds, prefix
        self._names = [f"{prefix}e{number}" for number in range(executions)]

    async def prepare(self):
        """The ConfigMaps; none for each tenth."""
        for number in range(self._number):
            if number % MISSING:
                metadata = {"name": f"{self._prefix}c{number}", "namespace": self._site.namespace}
                await self._site.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})

    async def create(self):
        """Create them; as any client must, try again where the API server does not answer."""
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
            await stubborn(
                lambda manifest=manifest: self._site.cluster.create(EXECUTIONS, self._site.namespace, manifest)
            )
            await asyncio.sleep(self._seconds / self._number * random.uniform(0.5, 1.5))

    async def account(self, witness, seconds):
        """Wait until all have ended (`seconds` at most), and balance the books."""
        try:
            async with asyncio.timeout(seconds):
                while len(witness.ends) < self._number:
                    await asyncio.sleep(0.2)
                await asyncio.sleep(2)  # for a second end, if anything would tell one
        except TimeoutError:
            pass
        untrue = [name for number, name in enumerate(self._names) if not await self._true(number, witness.ends[name])]
        doubled = {
            name
            for seen in (witness.ends, witness.jobs, witness.pods)
            for name, found in seen.items()
            if len(found) > 1
        }
        told = Counter(bool(witness.ends[name]) for name in self._names)
        jobs = sum(len(found) for found in witness.jobs.values())
        return Account(self._number, jobs, told[True], len(doubled), len(untrue), untrue[:5])

    async def _true(self, number, ends):
        """Is its one end what really happened to its ConfigMap?"""
        if len(ends) != 1:
            return False
        ((phase, reason, _),) = ends
        if not number % MISSING:
            return (phase, reason) == ("Failed", "DryRunRejected")
        found = await stubborn(lambda: self._site.get(CONFIG_MAPS, f"{self._prefix}c{number}"))
        return (phase, found.get("data")) == ("Succeeded", {"N": str(number)})


async def stubborn(call, seconds=60):
    """Call until it is answered: a create that was carried out unheard exists already."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await call()
            except ExistsError:
                return None
            except ConflictError:
                raise
            except (RetryError, KubernautError):
                await asyncio.sleep(0.2)
