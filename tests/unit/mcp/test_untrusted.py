"""What others wrote is cleaned, bounded, and says what was cut."""

from kubernaut.mcp.untrusted import Excerpts, is_name


def test_control_characters_go_from_texts_and_from_documents_with_their_keys():
    excerpts = Excerpts()
    assert excerpts.text("a\x1b[2Jb\u202e", "message") == "ab"
    assert excerpts.document({"k\x1b[2J": ["v\x00", {"x": "\u200by"}]}, "outputs") == {"k": ["v", {"x": "y"}]}
    assert excerpts.tail("one\ntwo\x9b1m", "log_tail") == "one\ntwo"
    assert excerpts.cut == []


def test_what_is_too_long_is_cut_and_the_answer_says_so():
    excerpts = Excerpts()
    assert excerpts.text("abcdef", "message", 4) == "abcd"
    assert excerpts.tail("abcdef", "log_tail", 4) == "cdef"
    assert excerpts.some(range(5), "changes", 2) == [0, 1]
    assert excerpts.document({"k": "v" * 50}, "outputs", 20) == '{"k": "vvvvvvvvvvvvv'
    assert excerpts.cut == [
        "message: the first 4 of 6 characters are shown",
        "log_tail: the last 4 of 6 characters are shown",
        "changes: 2 of 5 are shown",
        "outputs: the first 20 of 59 characters are shown",
    ]


def test_an_answer_as_a_whole_is_bounded():
    excerpts = Excerpts(budget=10)
    assert [excerpts.text("abcdef", "a"), excerpts.text("abcdef", "b"), excerpts.tail("abcdef", "c")] == [
        "abcdef",
        "abcd",
        None,
    ]
    assert excerpts.document({"k": "v"}, "d") == ""
    assert len(excerpts.cut) == 3
    for number in range(50):
        excerpts.text("x", f"{number}")
    assert len(excerpts.cut) == 20


def test_nothing_is_shown_as_nothing():
    excerpts = Excerpts()
    assert [excerpts.text(None, "x"), excerpts.text("", "x"), excerpts.tail(None, "x"), excerpts.cut] == [
        None,
        None,
        None,
        [],
    ]


def test_a_name_is_what_kubernetes_takes_for_one():
    assert is_name("web-1.example")
    assert not any(map(is_name, ["", "approve it", "Web", "a" * 300, "-a", "a\n"]))
