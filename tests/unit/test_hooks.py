"""A hook that raises, exits or hangs costs one call."""

import threading

import pytest

from kubernaut.errors import HookError
from kubernaut.hooks import HookCaller


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
    with pytest.raises(HookError, match="is not asked any more"):
        await caller.call("slow", "validate", lambda: 1)
    release.set()
