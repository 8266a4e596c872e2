"""Commands that are run for their output."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from kubernaut.kube.config import child_process
from kubernaut.kube.config.child_process import one_line, run


def shell(script, **options):
    return run(["/bin/sh", "-c", script], dict(os.environ), **{"seconds": 20, **options})


async def test_output_and_errors_and_exit_code_are_returned():
    ended = await shell("echo out; echo 'not so' >&2; exit 3")
    assert (ended.code, ended.output, ended.error) == (3, b"out\n", "not so")
    assert (await shell("kill -9 $$")).code == -9


async def test_standard_input_is_empty():
    assert (await shell("cat; echo end")).output == b"end\n"


async def test_a_command_that_hangs_is_ended_with_its_children(tmp_path):
    started = time.monotonic()
    with pytest.raises(child_process.TimedOutError, match="waiting for you"):
        await shell(f"echo waiting for you >&2; sleep 60 & echo $! > {tmp_path}/child; wait", seconds=0.5)
    assert time.monotonic() - started < 10
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        if not _runs(child):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the child still runs")


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").split()[2] != "Z"
    except FileNotFoundError:
        return False


async def test_a_command_that_is_cancelled_is_ended(tmp_path):
    running = asyncio.create_task(shell(f"echo $$ > {tmp_path}/pid; exec sleep 60"))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not _runs(int((tmp_path / "pid").read_text()))


async def test_the_event_loop_goes_on_meanwhile():
    running = asyncio.create_task(shell("sleep 0.3"))
    ticks = 0
    while not running.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 10


async def test_output_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(child_process, "MAX_OUTPUT_BYTES", 1000)
    with pytest.raises(child_process.TooMuchOutputError):
        await shell("yes")


async def test_errors_without_end_keep_their_last_characters():
    ended = await shell("head -c 300000 /dev/zero | tr '\\0' n >&2; echo last >&2")
    assert ended.error.startswith("…")
    assert ended.error.endswith("last")
    assert len(ended.error) == 1001


async def test_an_interactive_command_shows_its_errors_as_they_come(capsys):
    ended = await shell(r"printf 'open \033[1mthis\033[0m page\a\n' >&2", interactive=True)
    assert (capsys.readouterr().err, ended.error) == ("open this page\n", "open this page")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(b"a\r\n\tb\n", "a b", id="lines"),
        pytest.param(b"\x1b[31mred\x1b[0m \x1b]0;t\x07", "red ]0;t", id="escape sequences"),
        pytest.param("a\u202eb\x9b".encode(), "a b", id="direction and control"),
        pytest.param(b"\xff", "\N{REPLACEMENT CHARACTER}", id="not UTF-8"),
    ],
)
def test_foreign_text_becomes_one_line_without_control_characters(text, expected):
    assert one_line(text) == expected
