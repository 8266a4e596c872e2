"""A load of runs of three: act, check that fails, undo. Each step may be created first; what is left must be as if nothing had happened."""

import asyncio
import random
from functools import partial

from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.kube.objects import EXECUTIONS
from tests.faults.load import MISSING, Account, persist
from tests.support.site import CONFIG_MAPS

TOLD = ("phase", "reason", "startTime", "completionTime", "attempts", "message")
NEVER = {"name": "web", "expression": "object.spec.replicas == 99", "timeoutSeconds": 1}


class Runs:
    """A number of runs, each on a ConfigMap of its own, created within some seconds."""

    def __init__(self, site, runs, seconds, prefix=""):
        self._site, self._number, self._seconds, self._prefix = site, runs, seconds, prefix
        self._names = [f"{prefix}r{number}-{step}" for number in range(runs) for step in ("act", "check", "undo")]

    async def prepare(self):
        """Create the ConfigMaps; none for every tenth run, whose first step then fails."""
        for number in range(self._number):
            if number % MISSING:
                metadata = {"name": f"{self._prefix}c{number}", "namespace": self._site.namespace}
                await self._site.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})

    async def create(self):
        """Create the steps of each run in any order; like any client, retry if the API server does not answer."""
        for number in range(self._number):
            act, check, undo = (f"{self._prefix}r{number}-{step}" for step in ("act", "check", "undo"))
            wanted = {"name": f"{self._prefix}c{number}", "set": {"N": str(number)}}
            steps = [
                (act, {"action": "patch-configmap", "parameters": wanted}),
                (check, {"action": "check-workload", "parameters": NEVER, "after": [{"execution": act}]}),
                (
                    undo,
                    {
                        "action": "patch-configmap",
                        "undoes": act,
                        "after": [{"execution": check, "when": "Failed"}],
                    },
                ),
            ]
            for name, spec in random.sample(steps, 3):
                metadata = {"name": name, "namespace": self._site.namespace}
                manifest = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}
                await persist(partial(self._site.cluster.create, EXECUTIONS, self._site.namespace, manifest))
            await asyncio.sleep(self._seconds / self._number * random.uniform(0.5, 1.5))

    async def account(self, witness, seconds):
        """Wait until all steps have ended, for at most `seconds`, and return the account."""
        try:
            async with asyncio.timeout(seconds):
                while not all(name in witness.ends for name in self._names):
                    await asyncio.sleep(0.2)
                await asyncio.sleep(2)  # for a second end, if there is one
        except TimeoutError:
            pass
        await witness.list_again()
        found = (await persist(partial(self._site.cluster.list_all, EXECUTIONS, self._site.namespace))).items
        steps = {obj["metadata"]["name"]: obj.get("status") or {} for obj in found}
        untrue = [n for n in range(self._number) if not await self._true(n, steps)]
        records = (witness.ends, witness.jobs, witness.pods)
        doubled = sorted({n for record in records for n in self._names if len(record[n]) > 1})
        remarks = [line for number in untrue[:3] for line in self._told(number, steps)]
        started = sum(bool(steps.get(name, {}).get("jobName")) for name in self._names)
        jobs = sum(len(witness.jobs[name]) for name in self._names)
        ended = sum(bool(witness.ends[name]) for name in self._names)
        # Steps that were skipped never had a Job: they count as having the one that they need.
        return Account(
            len(self._names), jobs + len(self._names) - started, ended, len(doubled), len(untrue), [*remarks, *doubled]
        )

    def _told(self, number, steps):
        """One line for each step of a run: what its status says of its end."""
        for step in ("act", "check", "undo"):
            status = steps.get(f"{self._prefix}r{number}-{step}", {})
            yield " ".join([f"{number}-{step}", *(str(status.get(key)) for key in TOLD)])

    async def _true(self, number, steps):
        """Whether the three ends are in order and tell what became of the ConfigMap."""
        act, check, undo = (steps.get(f"{self._prefix}r{number}-{step}", {}) for step in ("act", "check", "undo"))
        phases = tuple(step.get("phase") for step in (act, check, undo))
        if phases[0] == "Failed":
            return phases == ("Failed", "Skipped", "Skipped")
        in_order = act["completionTime"] <= check["startTime"] and check["completionTime"] <= undo["startTime"]
        name = f"{self._prefix}c{number}"
        data = (await persist(partial(self._site.get, CONFIG_MAPS, name))).get("data") or {}
        if phases == ("Succeeded", "Failed", "Succeeded"):
            return in_order and data == {}
        return (
            in_order
            and phases == ("Succeeded", "Failed", "Failed")
            and (undo["reason"], bool(data)) == ("RetriesExhausted", True)
        )
