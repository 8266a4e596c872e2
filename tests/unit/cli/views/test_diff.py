"""Changes in colour: short values side by side, long texts as a diff, and no value controls a terminal."""

import pytest

from kubernaut.api.plugin import Change
from kubernaut.cli.views.diff import brief_line, change_lines
from tests.support.shown import shown


def change(before, after, field="data.A"):
    return Change(kind="ConfigMap", name="c", field=field, before=before, after=after)


def test_before_is_red_and_after_is_green():
    text = shown(*change_lines([change("info", "debug")]), terminal=True)
    assert text == "ConfigMap/c data.A: \x1b[31minfo\x1b[0m → \x1b[32mdebug\x1b[0m\n"


def test_an_absent_value_and_a_value_that_is_not_text_are_shown_as_such():
    assert shown(*change_lines([change(None, True), change({"a": 1}, 2)])).splitlines() == [
        "ConfigMap/c data.A: absent → true",
        'ConfigMap/c data.A: {"a": 1} → 2',
    ]


def test_a_text_of_several_lines_is_a_diff_of_the_lines_that_differ():
    before = "".join(f"line {number}\n" for number in range(20))
    lines = shown(*change_lines([change(before, before.replace("line 9\n", "line nine\n"))])).splitlines()
    assert lines[0] == "ConfigMap/c data.A:"
    assert "  -line 9" in lines
    assert "  +line nine" in lines
    assert "  -line 0" not in lines
    assert len(lines) == 8


def test_a_long_diff_is_cut_and_says_so():
    lines = shown(*change_lines([change("", "x\n" * 500)])).splitlines()
    assert len(lines) == 42
    assert lines[-1] == "  … and 461 more lines"


def test_a_suffix_follows_one_line_changes_and_not_diffs():
    lines = change_lines([change("a → b", "c"), change("a → b\nc", "d")], suffix=" (planned)")
    assert [line.endswith(" (planned)") for line in lines] == [True, *[False] * (len(lines) - 1)]
    assert len(lines) > 2


def test_a_brief_change_is_one_line():
    (line,) = shown(brief_line(change("a\nb", "x" * 100))).splitlines()
    assert line == f"ConfigMap/c data.A: a⏎b → {'x' * 60}…"


def test_a_value_controls_no_terminal_and_breaks_no_markup():
    hostile = change("\x1b]0;title\x07", "[bold]x[/]\n\x9b2J", field="data.[red]")
    text = shown(*change_lines([hostile]), terminal=True)
    assert "\x1b]" not in text
    assert "\x9b" not in text
    assert "[bold]x[/]" in text
    assert "data.[red]" in text


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_line_break_that_is_replaced_by_another_separator_is_a_change_that_is_seen(separator):
    """What was two lines becomes part of a comment, which some readers of texts call the same two lines."""
    text = shown(*change_lines([change("# note\ndeny: all\nx\n", f"# note{separator}deny: all\nx\n")], whole=True))
    assert "  -deny: all" in text.splitlines()
    assert "  +# note\ufffddeny: all" in text.splitlines()


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        ("a\nb", "a\nb\n", "  \\ no newline at the end"),
        (None, "a\nb\n", "ConfigMap/c data.A: (absent before)"),
        ("a\nb\n", None, "ConfigMap/c data.A: (absent after)"),
    ],
)
def test_the_end_and_the_absence_of_a_text_of_several_lines_are_seen(before, after, note):
    assert note in shown(*change_lines([change(before, after)], whole=True)).splitlines()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "absent"),
        ("absent", '"absent"'),
        (5, "5"),
        ("5", '"5"'),
        (True, "true"),
        ("true", '"true"'),
        ("", '""'),
        ("x ", '"x "'),
        ("a\n", '"a\\n"'),
        ("y → z", '"y → z"'),
        ('{"a": 1}', '"{\\"a\\": 1}"'),
        ('"x"', '"\\"x\\""'),
        ("a=b", "a=b"),
        ("a\\", "a\\"),
        ("a\\\\", "a\\\\"),
        ("a\\\\\\", "a\\\\\\"),
        ("a\\[/]b", "a\\[/]b"),
        ("\\\\[bold]b", "\\\\[bold]b"),
        ("a\u200cb", "a\ufffdb"),
        ("a\ufe0fb", "a\ufffdb"),
        ("a\u00a0b", "a\ufffdb"),
    ],
)
def test_no_two_values_look_the_same_to_who_approves_them(value, text):
    assert shown(*change_lines([change("x", value)], whole=True)) == f"ConfigMap/c data.A: x → {text}\n"
