"""Whatever a file of a repository contains, an edit of it ends with new bytes or a refusal, within a bounded time."""

import json
import time
from contextlib import suppress

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kubernaut_gitops_pr.demo_forge import FILES
from kubernaut_gitops_pr.file_changes import apply_change
from kubernaut_gitops_pr.path_rules import PathRules
from kubernaut_gitops_pr.tree import EditError
from tests.plugins.gitops_pr.conftest import site  # noqa: F401 - a fixture
from tests.plugins.gitops_pr.pod import BRANCH
from tests.security.limits import recursion_of_a_pod

MAX_SECONDS = 20
VALUES = "apps/web/values.yaml"
TOKENS = [
    *(
        "a",
        "b",
        "k: ",
        "- ",
        ": ",
        "? ",
        "\n",
        "\n  ",
        "\n    ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&x ",
        "*x",
        "&y ",
        "*y",
        "<<: ",
        "<<: *x",
    ),
    *(
        "!!int ",
        "!!str ",
        "!custom ",
        "!!binary ",
        "!!set ",
        "|",
        ">",
        "|+\n",
        ">-\n  ",
        "'",
        '"',
        "\\",
        "#",
        " # c",
        "---\n",
        "...\n",
    ),
    *(
        "%YAML 1.1\n",
        "%YAML 9.9\n",
        "%TAG ! x\n",
        "~",
        "null",
        "yes",
        "010",
        "0x1f",
        "1_0",
        "1:30",
        ".inf",
        ".nan",
        "1e999",
        "2024-01-02",
    ),
    *(
        "\t",
        "\r",
        "\r\n",
        "\x00",
        "\x85",
        "\u2028",
        "\ufeff",
        "\ud800",
        "\u202e",
        "\x1b[31m",
        "é",
        "\U0001f600",
        "@",
        "`",
        "=",
        "9" * 5000,
    ),
    *(
        "true",
        "false",
        '"a": ',
        '"\\ud800"',
        "-0",
        "1.5e3",
        "/",
        "//",
        "{}",
        "[]",
        '"',
        "a: 1\n",
        "l:\n- a\n- b\n",
        "m: {a: 1}\n",
    ),
]
TEXTS = st.lists(st.sampled_from(TOKENS), max_size=40).map("".join)
MUTATED = st.tuples(
    st.sampled_from([*FILES.values(), json.dumps({"a": [1, {"b": "x"}], "l": ["a"]}, indent=2)]), st.data()
)
SMALL = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3),
    max_leaves=6,
)
PATHS = st.sampled_from(
    ["a", "a.b", "l", "l[0]", "[0]", "m.a", "k", "l[name=a].b", "image.tag", "env", "env[0].value", "x\\.y"]
)
CHANGES = st.one_of(
    st.fixed_dictionaries({"set": st.dictionaries(PATHS, SMALL, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"append": st.dictionaries(PATHS, SMALL, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"remove": st.lists(PATHS, min_size=1, max_size=3)}),
    st.fixed_dictionaries(
        {"expect": st.dictionaries(PATHS, SMALL, max_size=2), "set": st.dictionaries(PATHS, SMALL, min_size=1)}
    ),
)


def edit(path, raw, change):
    """Edit the file; any other error than a refusal leaves this function, and fails the test."""
    started = time.monotonic()
    with suppress(EditError), recursion_of_a_pod():
        after, values = apply_change(path, raw, change)
        assert isinstance(after, bytes)
        assert all(isinstance(value.field, str) for value in values)
    assert time.monotonic() - started < MAX_SECONDS


@settings(max_examples=140, deadline=None)
@given(path=st.sampled_from(["f.yaml", "f.json"]), text=TEXTS, change=CHANGES)
@example(path="f.yaml", text="|\ra", change={"remove": ["a"]})
@example(path="f.yaml", text="a: |\r  b\rc: 1\r", change={"set": {"a": "d\n"}})
@example(path="f.yaml", text="a: >-\r  b\r  c\r", change={"set": {"a": "d e"}})
def test_any_text_is_edited_or_refused(path, text, change):
    edit(path, text.encode(errors="surrogatepass"), change)


@settings(max_examples=35, deadline=None)
@given(path=st.sampled_from(["f.yaml", "f.json"]), raw=st.binary(max_size=300), change=CHANGES)
def test_any_bytes_are_edited_or_refused(path, raw, change):
    edit(path, raw, change)


@settings(max_examples=70, deadline=None)
@given(path=st.sampled_from(["f.yaml", "f.json"]), source=MUTATED, change=CHANGES)
def test_an_ordinary_file_with_anything_in_it_is_edited_or_refused(path, source, change):
    text, data = source
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from(TOKENS)) + text[at + data.draw(st.integers(0, 6)) :]
    edit(path, text.encode(errors="surrogatepass"), change)


@settings(max_examples=30, deadline=None)
@given(
    opening=st.sampled_from(
        ["[", "{a: ", "- ", "? ", "a:\n  ", '{"a": ', "!x [", "&x [", "|", "> ", "'", "*x ", "<<: "]
    ),
    count=st.sampled_from([10, 101, 1000, 30_000]),
    path=st.sampled_from(["f.yaml", "f.json"]),
)
def test_anything_repeated_is_edited_or_refused(opening, count, path):
    edit(path, (opening * count).encode(), {"set": {"a": 1}})


@settings(max_examples=30, deadline=None)
@given(
    anchors=st.integers(1, 60),
    aliases=st.integers(1, 9),
    entry=st.sampled_from(["[{}]", "{{<<: [{}], k{n}: 1}}", "{{k{n}: [{}]}}", "{{<<: *a{m}, k{n}: [{}]}}"]),
    change=st.sampled_from([{"set": {"a0": 2}}, {"set": {"z": 2}}, {"remove": ["a0"]}, {"set": {"a1": [1, 2]}}]),
)
def test_anchors_of_anchors_are_edited_or_refused(anchors, aliases, entry, change):
    lines = ["a0: &a0 {k: 1}"]
    for n in range(1, anchors):
        inner = ", ".join([f"*a{n - 1}"] * aliases)
        body = entry.replace("{n}", str(n)).replace("{m}", str(n - 1)).replace("{{", "<").replace("}}", ">")
        lines.append(
            f"a{n}: &a{n} "
            + body.replace("{}", inner).replace("<<:", "\0").translate({60: "{", 62: "}"}).replace("\0", "<<:")
        )
    edit("f.yaml", ("\n".join(lines) + "\nz: 1\n").encode(), change)


@settings(max_examples=20, deadline=None)
@given(
    keys=st.sampled_from([1, 30, 1000]),
    uses=st.sampled_from([1, 100, 9000]),
    use=st.sampled_from(["- *a\n", "- <<: *a\n", "- {<<: [*a, *a], k0: 2}\n", "- [*a, *a]\n"]),
    change=st.sampled_from([{"set": {"a.k0": 2}}, {"set": {"z": 2}}, {"remove": ["a"]}, {"append": {"l": 1}}]),
)
def test_one_anchor_that_is_used_often_is_edited_or_refused(keys, uses, use, change):
    anchor = ", ".join(f"k{n}: {n}" for n in range(keys))
    edit("f.yaml", f"a: &a {{{anchor}}}\nl:\n{use * uses}z: 1\n".encode(), change)


@settings(max_examples=14, deadline=None)
@given(
    levels=st.integers(1, 1500),
    path=st.sampled_from(["f.yaml", "f.json"]),
    place=st.sampled_from(["file", "value", "aliases"]),
)
def test_values_of_any_depth_are_edited_or_refused(levels, path, place):
    nested = "[" * levels + "]" * levels
    if place == "file":
        edit(path, f'{{"a": 1, "b": {nested}}}'.encode(), {"set": {"a": 2}, "expect": {"b": 1}})
    elif place == "aliases":
        chain = "".join(f"x{n}: &x{n} [*x{n - 1}]\n" for n in range(1, levels))
        edit("f.yaml", f"a: 1\nx0: &x0 1\n{chain}".encode(), {"set": {"x0": 2}})
    else:
        value = 1
        for _ in range(levels):
            value = [value]
        edit(path, b'{"a": 1}', {"set": {"a": value}})


SEGMENTS = st.sampled_from(
    ["a", "b", "docs", ".github", "workflows", ".GitHub", "..", ".", "", "/", "CODEOWNERS", "é", "\u202e", "~1"]
)


class Links:
    """A repository that has only symbolic links."""

    def __init__(self, links):
        self._links = links

    def links(self, _commit):
        return {path: path for path in self._links}

    def read(self, file):
        return self._links[file.blob].encode(errors="replace")


@settings(max_examples=105, deadline=None)
@given(
    links=st.dictionaries(
        st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join), st.lists(SEGMENTS, max_size=5).map("/".join)
    ),
    path=st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join),
)
@example(links={".github": ".github"}, path="a")
@example(links={".github": "a", "a": ".github"}, path="a/b")
@example(links={".github": "../.github/../.github"}, path=".github/x")
def test_any_links_are_followed_to_an_end(links, path):
    started = time.monotonic()
    try:
        PathRules(["**"], [".github/**", "**"]).check(Links(links), "commit", [path])
    finally:
        assert time.monotonic() - started < MAX_SECONDS


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, mode=st.sampled_from(["100644", "100755", "120000"]), step=st.sampled_from(["dry-run", "execute"]))
def test_a_step_on_any_file_is_done_or_rejected_and_shows_nothing_that_a_terminal_obeys(site, text, mode, step):  # noqa: F811
    site.push("main", {VALUES: text.replace("\x00", "").encode(errors="replace").decode()}, {VALUES: mode})
    started = time.monotonic()
    with recursion_of_a_pod():
        result = site.step(step, {"path": VALUES, "set": {"a": "x"}}, {"path": VALUES, "remove": ["b"]})
    assert result.state in {"done", "rejected"}, result.message
    assert time.monotonic() - started < MAX_SECONDS
    assert all(char.isprintable() or char in "\n\t\xa0" for char in result.printed + result.report)
    if BRANCH in site.branches():
        site.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    site.forge.pulls.clear()


def test_the_largest_file_that_is_read_takes_less_time_than_a_pod_has():
    lines = "".join(f"k{n}: {{v: {n}}}\n" for n in range(1_048_576 // 20))
    started = time.monotonic()
    apply_change("f.yaml", lines.encode(), {"set": {"k1.v": 2}})
    assert time.monotonic() - started < 120
