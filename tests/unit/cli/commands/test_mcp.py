"""`kubernaut mcp`: what is wrong with its options is said before anything is served."""

import sys

import pytest


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--agent", "a\nb"), "--agent: write a name of at most 128 characters"),
        (("--agent", "a" * 129), "--agent: write a name of at most 128 characters"),
        (("--action", "sclae"), "--action sclae: it is not installed; installed: check-metric"),
    ],
)
@pytest.mark.parametrize("door", [(), ("--http", "0")], ids=["standard input", "http"])
def test_a_wrong_option_is_bad_input(kubernaut, door, options, words):
    ran = kubernaut("mcp", *door, *options)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err.replace("\n", " ")


def test_without_the_protocol_s_sdk_the_command_that_installs_it_is_named(kubernaut, monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.delitem(sys.modules, "mcp.server.lowlevel", raising=False)
    ran = kubernaut("mcp")
    assert (ran.code, "pip install 'kubernaut-engine[mcp]'" in ran.err) == (2, True)
