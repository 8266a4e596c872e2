"""What the API server has spent, as its own /metrics report it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.api import Api

CPU, ALLOCATED = "process_cpu_seconds_total", "go_memstats_alloc_bytes_total"
_SAMPLE = re.compile(rf"^({CPU}|{ALLOCATED}|go_gc_\w+_(?:sum|count)|go_gc_\w+_total\w*) (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Spending:
    """The growth of each counter between two moments."""

    seconds: float
    by_counter: Mapping[str, float]

    def beyond(self, idle: Spending, number: int) -> dict[str, float]:
        """Return what each of `number` objects cost: the growth beyond that of as many idle seconds, divided by the number."""
        times = self.seconds / idle.seconds
        return {
            name: (growth - times * idle.by_counter.get(name, 0.0)) / number for name, growth in self.by_counter.items()
        }


async def counters(api: Api) -> dict[str, float]:
    """Return the API server's CPU seconds, allocated bytes and garbage collections so far."""
    return read_counters(await api.text("/metrics"))


def read_counters(exposition: str) -> dict[str, float]:
    """Return these counters, by name."""
    return {name: float(value) for name, value in _SAMPLE.findall(exposition)}


def growth(before: Mapping[str, float], after: Mapping[str, float], seconds: float) -> Spending:
    """Return by how much each counter has grown."""
    return Spending(seconds, {name: value - before[name] for name, value in after.items() if name in before})
