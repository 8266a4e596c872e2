"""Output for people and machines: foreign text cannot control a terminal, and a pipe gets no escape codes."""

import io
import json

import pytest
import yaml
from rich.console import Console

from kubernaut.cli.console import (
    console,
    escape_markup,
    print_error,
    print_json,
    print_manifests,
    print_trimmed,
    strip_control,
    styled_phase,
    supports_live,
    table,
)
from tests.support.shown import shown

HOSTILE = "\x1b]0;title\x07 [bold red]x[/] C:\\dir\\ [/] \u202eevil"


def test_foreign_text_in_markup_is_shown_literally_and_controls_nothing():
    text = shown(f"[green]{escape_markup(HOSTILE)}[/]", terminal=True)
    assert "\x1b]" not in text
    assert "\u202e" not in text
    assert "[bold red]x[/] C:\\dir\\ [/]" in text


def test_tabs_and_line_ends_are_not_control_characters():
    assert strip_control("a\tb\nc\x07\x9b") == "a\tb\nc\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"


def test_control_characters_are_escaped_in_json(capsys):
    print_json({"a": HOSTILE})
    out = capsys.readouterr().out
    assert "\\u001b]0;title\\u0007" in out
    assert "\\u202e" in out
    assert json.loads(out) == {"a": HOSTILE}


def test_a_stream_of_json_has_one_line_per_document(capsys):
    print_json({"a": [1, 2]}, indent=None)
    assert capsys.readouterr().out == '{"a": [1, 2]}\n'


def test_several_manifests_are_yaml_documents_or_one_json_list(capsys):
    manifests = [{"kind": "A"}, {"kind": "B"}]
    print_manifests(manifests, "yaml")
    assert list(yaml.safe_load_all(capsys.readouterr().out)) == manifests
    print_manifests(manifests, "json")
    assert json.loads(capsys.readouterr().out) == {"apiVersion": "v1", "kind": "List", "items": manifests}
    print_manifests(manifests[:1], "json")
    assert json.loads(capsys.readouterr().out) == {"kind": "A"}


def test_an_error_is_one_line_on_standard_error_however_long(capsys):
    print_error("x" * 500)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"error: {'x' * 500}\n")


def test_a_table_is_printed_without_the_blanks_of_its_last_column():
    listing = table("A", "B")
    listing.add_row("1", "short")
    listing.add_row("2", "much longer")
    out = Console(file=io.StringIO(), width=80)
    print_trimmed(out, listing)
    assert out.file.getvalue() == "A  B\n1  short\n2  much longer\n"


def test_a_phase_has_its_colour_and_an_unknown_one_is_white():
    assert shown(styled_phase("Failed"), terminal=True) == "\x1b[31mFailed\x1b[0m\n"
    assert styled_phase("[x]") == "[white]\\[x][/]"


@pytest.mark.parametrize(
    ("terminal", "stdout_is_terminal", "live"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_only_a_terminal_is_redrawn(monkeypatch, terminal, stdout_is_terminal, live):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stdout.isatty", lambda: stdout_is_terminal)
    assert supports_live(Console(file=io.StringIO(), force_terminal=terminal)) is live


def test_a_dumb_terminal_is_not_redrawn(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert not supports_live(Console(file=io.StringIO(), force_terminal=True))


def test_no_colour_means_no_escape_code_at_all(monkeypatch, capsys):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    console().print("[bold red]x[/]")
    assert capsys.readouterr().out == "x\n"
