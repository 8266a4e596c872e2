"""Log lines for machines have their context; audit lines are written at every log level."""

import asyncio
import json
import logging
import sys

import pytest
from aiohttp import web

from kubernaut.printable import is_printable
from kubernaut.telemetry.logs import (
    AUDIT_LOGGER,
    JsonLines,
    PlainLines,
    keep_audit_log,
    log_context,
    log_to_stderr,
)


def line(**extra):
    record = logging.makeLogRecord(
        {"name": "kubernaut.x", "levelno": logging.INFO, "levelname": "INFO", "msg": "a %s", "args": ("b",), **extra}
    )
    return json.loads(JsonLines().format(record))


def test_a_line_has_time_level_logger_and_message():
    assert line() | {"time": ""} == {"time": "", "level": "info", "logger": "kubernaut.x", "message": "a b"}


def test_a_line_carries_the_context_and_the_extras_of_its_call():
    with log_context(execution="n/a"):
        assert line(audit={"event": "ended"}) | {"time": ""} == {
            "time": "",
            "level": "info",
            "logger": "kubernaut.x",
            "message": "a b",
            "execution": "n/a",
            "audit": {"event": "ended"},
        }
    assert "execution" not in line()


HOSTILE = "red \x1b[31m, C1 \x9b2J, turned \u202e, split \u2028 and \x00"


@pytest.mark.parametrize("formatter", [JsonLines(), PlainLines()], ids=["JSON", "plain"])
def test_no_line_can_steer_a_terminal(formatter):
    extra = {"msg": "%s", "args": (HOSTILE,), "audit": {"message": HOSTILE}}
    record = logging.makeLogRecord({"name": "k", "levelno": logging.INFO, "levelname": "INFO", **extra})
    text = formatter.format(record)
    assert is_printable(text)
    assert "red " in text


def test_what_a_line_for_machines_means_stays_the_same():
    assert line(msg="%s", args=(HOSTILE,))["message"] == HOSTILE


def test_an_exception_is_one_field():
    try:
        _ = {}["x"]
    except KeyError:
        assert "KeyError: 'x'" in line(exc_info=sys.exc_info())["exception"]


@pytest.fixture
def restored_logging():
    root, audit = logging.getLogger(), logging.getLogger(AUDIT_LOGGER)
    handlers, level, audit_level = root.handlers[:], root.level, audit.level
    yield
    root.handlers[:], audit.level = handlers, audit_level
    root.setLevel(level)


def test_audit_lines_are_written_at_log_level_warning(restored_logging, capsys):
    log_to_stderr("warning")
    keep_audit_log()
    logging.getLogger("kubernaut.x").info("not wanted")
    logging.getLogger(AUDIT_LOGGER).info("execution n/a ended")
    assert [json.loads(text)["message"] for text in capsys.readouterr().err.splitlines()] == ["execution n/a ended"]


async def test_a_request_that_is_not_http_leaves_nothing_in_the_log_and_a_defect_of_ours_does(restored_logging, capsys):
    async def fail(_):
        raise LookupError("a defect")

    log_to_stderr()
    runner = web.ServerRunner(web.Server(fail, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    said = []
    for request in (
        b"GET / HTTP/1.1\r\nAuthorization: Bearer secret\0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection(*runner.addresses[0])
        writer.write(request)
        async with asyncio.timeout(5):
            said.append((await reader.readline()).split()[1])
        writer.close()
    await runner.cleanup()
    logged = capsys.readouterr().err
    assert said == [b"400", b"500"]
    assert "secret" not in logged
    assert len(logged.splitlines()) == 1
    assert "a defect" in logged
