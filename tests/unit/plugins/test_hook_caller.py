"""A hook that raises, exits or hangs costs one call."""

import asyncio
import threading
import time
from functools import partial

import pytest

from kubernaut.errors import HookError
from kubernaut.plugins import hook_caller as hooks
from kubernaut.plugins.hook_caller import HookCaller


async def test_a_hook_runs_off_the_event_loop_and_its_answer_comes_back():
    assert await HookCaller().call("p", "validate", threading.get_ident) != threading.get_ident()


def raises():
    raise ValueError("no such thing")


@pytest.mark.parametrize(
    ("function", "told"),
    [
        pytest.param(raises, "hook validate of plugin p raised ValueError: no such thing", id="raises"),
        pytest.param(lambda: exit(3), "raised SystemExit: 3", id="calls exit"),  # noqa: PLR1722 - just that is tested
    ],
)
async def test_a_hook_that_fails_is_a_named_error(function, told):
    with pytest.raises(HookError, match=told):
        await HookCaller().call("p", "validate", function)


async def test_a_hook_that_hangs_is_left_behind_and_others_go_on():
    release = threading.Event()
    caller = HookCaller(limit_seconds=0.05)
    with pytest.raises(HookError, match=r"did not return within 0\.05 s"):
        await caller.call("slow", "build_job", release.wait)
    assert await caller.call("other", "validate", lambda: 1) == 1
    release.set()


async def test_a_plugin_that_hangs_again_and_again_is_not_asked_any_more():
    release = threading.Event()
    caller = HookCaller(limit_seconds=0.02)
    for _ in range(3):
        with pytest.raises(HookError, match="did not return"):
            await caller.call("slow", "validate", release.wait)
    with pytest.raises(HookError, match="is not called any more"):
        await caller.call("slow", "validate", lambda: 1)
    release.set()


def paused(seconds):
    """Both the hook and whoever waits for it stand still, as on a machine that is frozen."""
    time.sleep(seconds)
    return "answered"


async def test_a_pause_of_the_whole_process_is_no_hooks_fault():
    caller = HookCaller(limit_seconds=0.5)
    asyncio.get_running_loop().call_later(0.01, time.sleep, 0.8)
    assert await caller.call("p", "validate", partial(paused, 0.9)) == "answered"


def test_so_it_is_at_start_up(mocker):
    caller = HookCaller(limit_seconds=0.5)
    waits = iter([0.9])
    real = hooks.wait
    mocker.patch.object(hooks, "wait", lambda futures, part: (time.sleep(next(waits, 0)), real(futures, part))[1])
    assert caller.call_now("p", "describe", partial(paused, 0.95)) == "answered"


def test_a_hook_that_hangs_at_start_up_is_left_behind():
    release = threading.Event()
    with pytest.raises(HookError, match=r"did not return within 0\.05 s"):
        HookCaller(limit_seconds=0.05).call_now("slow", "describe", release.wait)
    release.set()


async def test_a_call_that_is_cancelled_lets_its_hook_go():
    release = threading.Event()
    calling = asyncio.create_task(HookCaller().call("p", "validate", release.wait))
    await asyncio.sleep(0.01)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    release.set()
