"""The machine that runs the benchmarks, and the CPU time that other processes used during the run."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.engine import TICKS, cpu_seconds_of

_MAX_SHOWN = 8
_MIN_SHOWN_SECONDS = 1.0
_REST = "the kernel and short-lived processes"


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that runs the benchmarks."""

    cores: int
    processor: str
    memory_bytes: int
    kernel: str
    python: str
    load_before: float
    """The one-minute load average before the run."""

    @classmethod
    def here(cls) -> Self:
        """Return this machine, as it is now."""
        return cls(
            cores=len(os.sched_getaffinity(0)),
            processor=_processor(Path("/proc/cpuinfo").read_text()),
            memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            kernel=platform.release(),
            python=platform.python_version(),
            load_before=round(os.getloadavg()[0], 2),
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for the report."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds that were used up to one moment."""

    whole: float
    """By all processes of the machine."""
    own: float
    """By this process and the child processes that have ended."""
    others: Mapping[str, tuple[str, float]]
    """By process id, the name of each other process and its CPU seconds."""

    @classmethod
    def now(cls) -> Self:
        """Return the usage up to now."""
        times, others = os.times(), dict(_processes())
        own = times.user + times.system + times.children_user + times.children_system
        return cls(_busy(Path("/proc/stat").read_text()), own, others)

    def others_since(self, before: Usage) -> dict[str, float]:
        """Return what other processes have used since `before`, by name, the busiest first."""
        spent: dict[str, float] = {}
        for pid, (name, seconds) in self.others.items():
            if pid in before.others:
                spent[name] = spent.get(name, 0.0) + seconds - before.others[pid][1]
        spent[_REST] = self.whole - before.whole - (self.own - before.own) - sum(spent.values())
        busiest = sorted(spent, key=lambda name: spent[name], reverse=True)[:_MAX_SHOWN]
        return {name: round(spent[name], 1) for name in busiest if spent[name] >= _MIN_SHOWN_SECONDS}


def _processor(cpuinfo: str) -> str:
    names = (line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name"))
    return next(names, platform.machine())


def _busy(stat: str) -> float:
    """Return the busy seconds in the content of /proc/stat."""
    user, nice, system, _idle, _iowait, interrupts, soft = (int(field) for field in stat.split()[1:8])
    return (user + nice + system + interrupts + soft) / TICKS


def _processes() -> Iterator[tuple[str, tuple[str, float]]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            text, pid = stat.read_text(), stat.parent.name
            if pid != str(os.getpid()):
                yield pid, (text[text.index("(") + 1 : text.rindex(")")], cpu_seconds_of(text))
