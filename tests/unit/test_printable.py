"""Text of strangers, as it is recorded, logged and shown."""

import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubernaut.printable import escape_harmful, is_printable, printable, replace_harmful

HOSTILE = [
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x1b]0;title\x07shown", "shown"),
    ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x1bPpayload\x1b\\after", "after"),
    ("\x9b2Jcleared", "cleared"),
    ("\x9dtitle\x9cshown", "shown"),
    ("\x1bcreset", "reset"),
    ("\x1b(0line", "line"),
    ("over\rwritten", "overwritten"),
    ("back\x08space", "backspace"),
    ("a\x00b\x7fc\x85d", "abcd"),
    ("user\u202egnp.exe", "usergnp.exe"),
    ("\u2066isolated\u2069", "isolated"),
    ("a\u061cb\u200ec\u200fd", "abcd"),
    ("one\u2028two\u2029three", "onetwothree"),
    ("zero\u200bwidth\u2060\ufeff", "zerowidth"),
    ("lone \ud83d surrogate", "lone  surrogate"),
    ("\x1b[31", "31"),
    ("\x1b", ""),
]


@pytest.mark.parametrize(("text", "left"), HOSTILE)
def test_what_steers_a_terminal_or_deceives_a_reader_is_removed(text, left):
    assert not is_printable(text)
    assert printable(text) == left


@pytest.mark.parametrize("text", ["", "plain", "two\nlines\tand a tab", "Grüße, 世界 👩\u200d🔧", "עברית", "a\xa0b"])
def test_all_other_text_stays_as_it_is(text):
    assert printable(text) == text


def test_only_one_line_is_printable_as_a_name():
    assert is_printable("Grüße, 世界")
    assert not is_printable("two\nlines")


@given(st.text())
def test_nothing_harmful_is_left_and_a_second_look_changes_nothing(text):
    left = printable(text)
    assert printable(left) == left
    assert is_printable(left.replace("\n", "").replace("\t", ""))
    assert is_printable(replace_harmful(text).replace("\n", "").replace("\t", ""))


@example("\U000e0041")
@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_a_json_document_means_the_same_when_it_is_escaped(text):
    document = escape_harmful(json.dumps({"a": text}, ensure_ascii=False))
    assert json.loads(document) == {"a": text}
    assert is_printable(document)


@pytest.mark.parametrize("one", ["\x90", "\x9fb", "\x1b]", "\x9b", "\x1b[0"])
def test_sequences_that_only_begin_take_no_time(one):
    started = time.process_time()
    printable(one * 200_000)
    assert time.process_time() - started < 1
