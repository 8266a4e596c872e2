"""A termination message comes from a pod, so everything in it is validated."""

import base64
import json
import zlib

import pytest

from kubernaut.jobs.termination import parse_report, shorten


def report(**fields):
    return json.dumps({"kubernaut": 1, "step": "execute", "state": "done", **fields})


def packed(text):
    return json.dumps({"packed": base64.b85encode(zlib.compress(text.encode())).decode()})


def test_a_compressed_report_is_parsed():
    assert parse_report(packed(report(message="m" * 4000)), "execute").message == "m" * 4000


def test_a_valid_report_is_parsed():
    calls = [{"verb": "PATCH", "resource": "v1/configmaps", "name": "c", "at": 1, "ms": 2, "code": 200}]
    read = parse_report(report(message="done", calls=calls), "execute")
    assert (read.state, read.message, read.calls[0].name, read.final) == ("done", "done", "c", True)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "plain text",
        "[]",
        report(kubernaut=2),
        report(step="dry-run"),
        report(state="fine"),
        report(started=-1),
        report(started=1e300),
        report(finished="now"),
        report(outputs={"n": 2**70}),
        '{"kubernaut": 1, "step": "execute", "state": "done", "outputs": {"n": NaN}}',
        '{"kubernaut": 1, "step": "execute", "state": "done", "outputs": {"n": 1e999}}',
        "[" * 100_000,
        report(calls=[{"at": 1, "ms": 1, "code": 200}] * 17),
        '{"packed": 7}',
        '{"packed": "no base85: \\" "}',
        '{"packed": "00000"}',
        packed("plain text"),
        packed(packed(report())),
        packed(report(outputs={"bomb": "0" * 2**24})),
        packed(report())[:-20] + '"}',
    ],
)
def test_any_other_text_is_not_a_report(message):
    assert parse_report(message, "execute") is None


def test_a_report_of_an_older_runner_without_separate_fields_of_calls_is_parsed():
    old = report(calls=[{"call": "PATCH v1/configmaps c", "at": 1, "ms": 2, "code": 200, "times": 1}])
    assert parse_report(old, "execute").calls[0].verb == ""


def test_the_end_of_a_long_text_is_kept():
    assert shorten("  short ") == "short"
    assert shorten("x" * 50 + "end", 5) == "…xxend"
