"""Calls plugins' hooks off the event loop, under a time limit, so that one bad plugin costs its own execution alone.

A hook that never returns cannot be stopped in Python, only abandoned. So calls run in daemon threads, which do not block the process's
exit; a thread that is free again takes the next call. A plugin with several abandoned calls is not called again.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from kubernaut.errors import HookError
from kubernaut.telemetry.stage_recorder import stage

T = TypeVar("T")

_MAX_ABANDONED = 3
_PARTS = 10
"""The limit is waited for in parts, so that a pause of the whole process (a frozen or starved machine) uses up one of them at most, and is
not blamed on a hook."""


class HookCaller:
    """Runs hooks, and knows which plugins have hung."""

    def __init__(
        self,
        limit_seconds: float = 5.0,
        observe: Callable[[str, str, float], None] = lambda _plugin, _hook, _seconds: None,
    ) -> None:
        self.limit_seconds = limit_seconds
        self._observe = observe
        self._hung: Counter[str] = Counter()
        self._threads = _Threads()

    async def call(self, plugin: str, hook: str, function: Callable[[], T]) -> T:
        """Return what `function` returns, or raise HookError naming `plugin` and `hook` when it raises or hangs."""
        with stage("hook", f"{plugin}.{hook}"):
            future = self._start(plugin, hook, function)
            started, answer = time.perf_counter(), asyncio.wrap_future(future)
            try:
                for _ in range(_PARTS):
                    if (await asyncio.wait({answer}, timeout=self.limit_seconds / _PARTS))[0]:
                        return answer.result()
            finally:
                answer.cancel()
                self._observe(plugin, hook, time.perf_counter() - started)
            raise self._abandon(plugin, hook, future)

    def call_now(self, plugin: str, hook: str, function: Callable[[], T]) -> T:
        """Do the same for callers without an event loop: start-up and the command line."""
        future = self._start(plugin, hook, function)
        for _ in range(_PARTS):
            if wait([future], self.limit_seconds / _PARTS).done:
                return future.result()
        raise self._abandon(plugin, hook, future)

    def _start(self, plugin: str, hook: str, function: Callable[[], T]) -> Future[T]:
        if self._hung[plugin] >= _MAX_ABANDONED:
            raise HookError(
                f"plugin {plugin} is not called any more: {self._hung[plugin]} of its hook calls never returned; "
                "fix the plugin and restart the engine"
            )
        future: Future[T] = Future()
        self._threads.run(partial(_run, future, plugin, hook, function))
        return future

    def _abandon(self, plugin: str, hook: str, future: Future[Any]) -> HookError:
        self._hung[plugin] += 1
        future.add_done_callback(lambda _: self._hung.subtract([plugin]))
        return HookError(
            f"hook {hook} of plugin {plugin} did not return within {self.limit_seconds:g} s; hooks must be quick and do no I/O"
        )


class _Threads:
    """Daemon threads, as many as there are concurrent calls; they are reused because starting one takes longer than most hooks."""

    def __init__(self) -> None:
        self._idle: deque[SimpleQueue[Callable[[], None]]] = deque()

    def run(self, work: Callable[[], None]) -> None:
        """Run the work on an idle thread, or on a new one."""
        try:
            tasks = self._idle.pop()
        except IndexError:
            tasks = SimpleQueue()
            threading.Thread(target=self._serve, args=(tasks,), name="hooks", daemon=True).start()
        tasks.put(work)

    def _serve(self, tasks: SimpleQueue[Callable[[], None]]) -> None:
        while True:
            tasks.get()()
            self._idle.append(tasks)


def _run(future: Future[T], plugin: str, hook: str, function: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        answer = function()
    except BaseException as error:  # noqa: BLE001 - even sys.exit in a hook must fail its own execution alone
        failure = HookError(f"hook {hook} of plugin {plugin} raised {type(error).__name__}: {error}")
        failure.__cause__ = error
        future.set_exception(failure)
    else:
        future.set_result(answer)
