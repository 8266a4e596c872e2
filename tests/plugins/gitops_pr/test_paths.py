"""The path language: examples and properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernaut_gitops_pr.paths import MAX_STEPS, PathError, Selector, format_path, parse

KEYS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8)
STEPS = st.one_of(KEYS, st.integers(0, 999_999), st.builds(Selector, KEYS, KEYS))
PATHS = st.lists(STEPS, min_size=1, max_size=8).map(tuple)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("image.tag", ("image", "tag")),
        ("env[0].name", ("env", 0, "name")),
        ("[2][0]", (2, 0)),
        (r"annotations.example\.com/owner", ("annotations", "example.com/owner")),
        (r"a\[0\]\\", ("a[0]\\",)),
        ("a b.0", ("a b", "0")),
        ("images[name=shop/api].newTag", ("images", Selector("name", "shop/api"), "newTag")),
        ("[image=a.b/c:1.0=x]", (Selector("image", "a.b/c:1.0=x"),)),
        (r"l[a\.b\=c=d\]]", ("l", Selector("a.b=c", "d]"))),
        ("a=b.c", ("a=b", "c")),
    ],
)
def test_a_path_is_parsed_into_its_steps(text, steps):
    assert parse(text) == steps
    assert parse(format_path(steps)) == steps


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
        "a[=x]",
        "a[x=]",
        "a[b.c=x]",
        "a[b=x",
        "a.[b=x]",
        "a[b=x]c",
        "a[b=[x]]",
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
def test_an_invalid_path_is_rejected(text):
    with pytest.raises(PathError):
        parse(text)


@given(PATHS)
def test_a_formatted_path_is_parsed_into_the_same_steps(steps):
    assert parse(format_path(steps)) == steps


@given(st.text(max_size=30))
def test_any_text_is_parsed_or_rejected(text):
    try:
        steps = parse(text)
    except PathError:
        return
    assert parse(format_path(steps)) == steps
