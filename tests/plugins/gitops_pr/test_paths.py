"""The path language, by example and by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernaut_gitops_pr.paths import MAX_STEPS, PathError, parse, spell

KEYS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8)
PATHS = st.lists(st.one_of(KEYS, st.integers(0, 999_999)), min_size=1, max_size=8).map(tuple)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("image.tag", ("image", "tag")),
        ("env[0].name", ("env", 0, "name")),
        ("[2][0]", (2, 0)),
        (r"annotations.example\.com/owner", ("annotations", "example.com/owner")),
        (r"a\[0\]\\", ("a[0]\\",)),
        ("a b.0", ("a b", "0")),
    ],
)
def test_a_path_is_read(text, steps):
    assert parse(text) == steps
    assert parse(spell(steps)) == steps


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "a.[0]",
        "a[",
        "a[]",
        "a[-1]",
        "a[01]",
        "a[x]",
        "a[0]b",
        "a]b",
        "a\\",
        r"a\b",
        "a\n",
        "a\x00b",
        "x" * 501,
        ".".join("a" * (MAX_STEPS + 1)),
    ],
)
def test_what_is_no_path_is_refused(text):
    with pytest.raises(PathError):
        parse(text)


@given(PATHS)
def test_every_path_can_be_spelt_and_read_again(steps):
    assert parse(spell(steps)) == steps


@given(st.text(max_size=30))
def test_any_text_is_a_path_or_is_refused(text):
    try:
        steps = parse(text)
    except PathError:
        return
    assert parse(spell(steps)) == steps
