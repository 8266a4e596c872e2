"""A hook that raises, exits or hangs fails only its own call."""

import asyncio
import threading
import time
from functools import partial

import pytest

from kubernaut.errors import HookError
from kubernaut.plugins import hook_caller as hooks
from kubernaut.plugins.hook_caller import HookCaller


async def test_a_hook_runs_off_the_event_loop_and_its_result_is_returned():
    assert await HookCaller().call("p", "validate", threading.get_ident) != threading.get_ident()


def raises():
    raise ValueError("no such thing")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        pytest.param(raises, "hook validate of plugin p raised ValueError: no such thing", id="raises"),
        pytest.param(lambda: exit(3), "raised SystemExit: 3", id="calls exit"),  # noqa: PLR1722 - just that is tested
    ],
)
async def test_a_hook_that_fails_raises_a_hook_error(function, message):
    with pytest.raises(HookError, match=message):
        await HookCaller().call("p", "validate", function)


async def test_a_hook_that_hangs_is_abandoned_and_others_continue():
    release = threading.Event()
    caller = HookCaller(limit_seconds=0.05)
    with pytest.raises(HookError, match=r"did not return within 0\.05 s"):
        await caller.call("slow", "build_job", release.wait)
    assert await caller.call("other", "validate", lambda: 1) == 1
    release.set()


async def test_a_plugin_whose_hooks_hang_repeatedly_is_not_called_any_more():
    release = threading.Event()
    caller = HookCaller(limit_seconds=0.02)
    for _ in range(3):
        with pytest.raises(HookError, match="did not return"):
            await caller.call("slow", "validate", release.wait)
    with pytest.raises(HookError, match="is not called any more"):
        await caller.call("slow", "validate", lambda: 1)
    release.set()


def paused(seconds):
    """Pause the hook and its caller together, as a frozen machine does."""
    time.sleep(seconds)
    return "answered"


async def test_a_pause_of_the_whole_process_does_not_count_as_the_time_of_a_hook():
    caller = HookCaller(limit_seconds=0.5)
    asyncio.get_running_loop().call_later(0.01, time.sleep, 0.8)
    assert await caller.call("p", "validate", partial(paused, 0.9)) == "answered"


def test_a_pause_at_start_up_does_not_count_as_the_time_of_a_hook(mocker):
    caller = HookCaller(limit_seconds=0.5)
    waits = iter([0.9])
    real = hooks.wait
    mocker.patch.object(hooks, "wait", lambda futures, part: (time.sleep(next(waits, 0)), real(futures, part))[1])
    assert caller.call_now("p", "describe", partial(paused, 0.95)) == "answered"


def test_a_hook_that_hangs_at_start_up_is_abandoned():
    release = threading.Event()
    with pytest.raises(HookError, match=r"did not return within 0\.05 s"):
        HookCaller(limit_seconds=0.05).call_now("slow", "describe", release.wait)
    release.set()


async def test_a_cancelled_call_abandons_its_hook():
    release = threading.Event()
    calling = asyncio.create_task(HookCaller().call("p", "validate", release.wait))
    await asyncio.sleep(0.01)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    release.set()
