"""Each edit means what was requested to readers of YAML 1.1 and of YAML 1.2, and changes no other line.

PyYAML reads YAML 1.1, with libyaml's scanner, from which kubectl's, Helm's and Flux's is derived; ruamel.yaml reads YAML 1.2.
"""

import json

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from kubernaut_gitops_pr.file_changes import apply_change
from kubernaut_gitops_pr.paths import parse
from kubernaut_gitops_pr.tree import EditError


def edit(text, **change):
    return apply_change("values.yaml", text.encode(), change)[0].decode()


def read_1_1(text):
    return list(pyyaml.load_all(text, pyyaml.CSafeLoader))


def read_1_2(text):
    without_tabs = (
        text if text.count("\t") == 0 else text.replace("\t#", " #").replace(":\t", ": ").replace("\t\n", "\n")
    )
    return list(YAML(typ="safe", pure=True).load_all(without_tabs))


def requested(documents, change):
    """Return the documents with the change, made on values and not on text."""
    data = documents[change.get("document", 0)]
    for path, value in change.get("set", {}).items():
        *outer, last = parse(path)
        holder = data
        for step in outer:
            holder = holder[step] if isinstance(step, int) else holder.setdefault(step, {})
        holder[last] = value
    for path, value in change.get("append", {}).items():
        holder = data
        for step in parse(path):
            holder = holder[step]
        holder.append(value)
    for path in change.get("remove", ()):
        *outer, last = parse(path)
        holder = data
        for step in outer:
            holder = holder[step]
        del holder[last]
    return documents


CASES = {
    # block scalars
    "a block with blank lines at its start": (
        "a:\n  run: |  # asks first\n\n\n    [\n      1\n    ]\n\n\nb: 1\n",
        {"set": {"a.run": "\n\n[\n  2\n]\n"}},
        "a:\n  run: |  # asks first\n\n\n    [\n      2\n    ]\n\n\nb: 1\n",
    ),
    "a value after a block with blank lines": (
        "a: |\n  x\n\n\n  y\n\n\nb: 1\n",
        {"set": {"b": 2}},
        "a: |\n  x\n\n\n  y\n\n\nb: 2\n",
    ),
    "a text that starts with a space": (
        "a: |\n  x\n  y\nb: 1\n",
        {"set": {"a": "  p\nq\n"}},
        "a: |2\n    p\n  q\nb: 1\n",
    ),
    "a text that starts with a tab": ("a: |\n  x\nb: 1\n", {"set": {"a": "\tp\nq\n"}}, "a: |2\n  \tp\n  q\nb: 1\n"),
    "a text that starts with a line of spaces": (
        "a: |\n  x\nb: 1\n",
        {"set": {"a": "   \nq\n"}},
        "a: |2\n     \n  q\nb: 1\n",
    ),
    "an indicator that is there stays": ("a: |2\n    x\n  y\nb: 1\n", {"set": {"a": "p\n"}}, "a: |2\n  p\nb: 1\n"),
    "an indicator relative to a nested key": (
        "a:\n    - k: |\n          x\n      z: 1\n",
        {"set": {"a[0].k": " p\nq\n"}},
        "a:\n    - k: |4\n           p\n          q\n      z: 1\n",
    ),
    "an item that is a block": ("- |\n  x\n- y\n", {"set": {"[0]": " p\nq\n"}}, "- |2\n   p\n  q\n- y\n"),
    "a text without a newline at its end": ("a: |\n  x\nb: 1\n", {"set": {"a": "p\nq"}}, "a: |-\n  p\n  q\nb: 1\n"),
    "a text with a newline in a stripped block": (
        "a: |-\n  x\n\nb: 1\n",
        {"set": {"a": "p\nq\n"}},
        "a: |\n  p\n  q\n\nb: 1\n",
    ),
    "a text of one line stays a block": ("a: |\n  x\n  y\nb: 1\n", {"set": {"a": "p\n"}}, "a: |\n  p\nb: 1\n"),
    "a text that ends with blank lines": (
        "a: |\n  x\n\n\n\n# next\nb: 1\n",
        {"set": {"a": "p\nq\n\n"}},
        "a: |+\n  p\n  q\n\n# next\nb: 1\n",
    ),
    "a kept block that ends with fewer lines": (
        "a: |+\n  x\n\n\nb: 1\n",
        {"set": {"a": "p\n"}},
        "a: |+\n  p\nb: 1\n",
    ),
    "a kept block that ends without a newline": (
        "a: |+\n  x\n\nb: 1\n",
        {"set": {"a": "p"}},
        "a: |-\n  p\n\nb: 1\n",
    ),
    "a kept block at the end of the file": (
        "b: 1\na: |+\n  x\n\n",
        {"set": {"a": "p\n\n\n"}},
        "b: 1\na: |+\n  p\n\n\n",
    ),
    "a block at the end of a file without a newline": ("b: 1\na: |-\n  x", {"set": {"a": "p\n"}}, "b: 1\na: |\n  p\n"),
    "a new block at the end of a file without a newline": ("b: 1", {"set": {"a": "p\nq\n"}}, "b: 1\na: |\n  p\n  q\n"),
    "a folded block stays folded": (
        "a: >  # folded\n  x y\n  z\nb: 1\n",
        {"set": {"a": "one two\nthree\n\nfour\n"}},
        "a: >  # folded\n  one two\n\n  three\n\n\n  four\nb: 1\n",
    ),
    "a folded block with indented lines": (
        "a: >-\n  x\nb: 1\n",
        {"set": {"a": "list:\n  - p\n\n  - q\nend"}},
        "a: >-\n  list:\n    - p\n\n    - q\n  end\nb: 1\n",
    ),
    "a folded block that starts with a space and keeps its end": (
        "a: >\n  x\nb: 1\n",
        {"set": {"a": "\n p\nq\n\n"}},
        "a: >2+\n\n   p\n  q\n\nb: 1\n",
    ),
    "a text with spaces at the ends of lines": (
        "a: |\n  x  \n  y  \nb: 1\n",
        {"set": {"a": "p  \nq\n"}},
        "a: |\n  p  \n  q\nb: 1\n",
    ),
    "a text with tabs": ("a: |\n  x\nb: 1\n", {"set": {"a": "all:\n\trun\tit\n"}}, "a: |\n  all:\n  \trun\tit\nb: 1\n"),
    "a text with a no-break space": (
        "a: |\n  x\nb: 1\n",
        {"set": {"a": "p\u00a0q\nr\n"}},
        "a: |\n  p\u00a0q\n  r\nb: 1\n",
    ),
    "a text with lines like document marks": (
        "a: |\n  x\nb: 1\n",
        {"set": {"a": "---\n...\n# no comment\n"}},
        "a: |\n  ---\n  ...\n  # no comment\nb: 1\n",
    ),
    "a text that a block cannot contain keeps the comment": (
        "a: |  # why\n  x\nb: 1\n",
        {"set": {"a": "p\rq\n"}},
        'a: "p\\rq\\n"  # why\nb: 1\n',
    ),
    "an empty text in place of a block keeps the comment": (
        "a: |-  # why\n  x\nb: 1\n",
        {"set": {"a": ""}},
        'a: ""  # why\nb: 1\n',
    ),
    "a number in place of a block keeps the comment": (
        "a: |  # a + b\n  x\n\nb: 1\n",
        {"set": {"a": 5}},
        "a: 5  # a + b\n\nb: 1\n",
    ),
    "a block in place of a text keeps the comment": (
        "a: x   # why\nb: 1\n",
        {"set": {"a": "p\nq\n"}},
        "a: |   # why\n  p\n  q\nb: 1\n",
    ),
    "an anchor of a block stays": ("a: &t |\n  x\nb: *t\n", {"set": {"b": 1}}, "a: &t |\n  x\nb: 1\n"),
    "a block with Windows' newlines": (
        "a: |\r\n  x\r\n  y\r\nb: 1\r\n",
        {"set": {"a": "x\nz\n"}},
        "a: |\r\n  x\r\n  z\r\nb: 1\r\n",
    ),
    # comments
    "a comment after the key of a mapping": (
        "r:   # measured\n  # upper bound\n  l: {c: 1}  # cores\n  m: 2\nz: 1\n",
        {"set": {"r": {"l": {"c": 4}, "m": 2}}},
        "r:   # measured\n  # upper bound\n  l: {c: 4}  # cores\n  m: 2\nz: 1\n",
    ),
    "comments around keys that come and go": (
        "r:  # measured\n  # about a\n  a: 1  # one\n  # about b\n  b: 2\nz: 1\n",
        {"set": {"r": {"b": 2, "c": 3}}},
        "r:  # measured\n  # about a\n  # about b\n  b: 2\n  c: 3\nz: 1\n",
    ),
    "a mapping that becomes empty": (
        "r:  # measured\n  # about a\n  a: 1\nz: 1\n",
        {"set": {"r": {}}},
        "r: {}  # measured\n  # about a\nz: 1\n",
    ),
    "a mapping that becomes a text": (
        "r:  # measured\n  a: 1\nz: 1\n",
        {"set": {"r": "x"}},
        "r: x  # measured\nz: 1\n",
    ),
    "a text that becomes a mapping": (
        "r: x  # why\nz:\n    y: 1\n",
        {"set": {"r": {"a": 1}}},
        "r:  # why\n    a: 1\nz:\n    y: 1\n",
    ),
    "the last key is removed": (
        "m:  # why\n  # about a\n  a: 1\nz: 1\n",
        {"remove": ["m.a"]},
        "m: {}  # why\n  # about a\nz: 1\n",
    ),
    "an item that is added before others": (
        "l:\n  # loud\n  - -v  # very\n  # last\n  - x=1\n",
        {"set": {"l": ["a", "-v", "b", "x=1", "c"]}},
        "l:\n  - a\n  # loud\n  - -v  # very\n  - b\n  # last\n  - x=1\n  - c\n",
    ),
    "items that are removed": (
        "l:\n- a  # one\n# about b\n- b\n- c  # three\n",
        {"set": {"l": ["b", "c"]}},
        "l:\n# about b\n- b\n- c  # three\n",
    ),
    "items with a name are the same items": (
        "l:\n- name: a  # first\n  image: x:1\n- name: b  # second\n  image: y:1  # pinned\n",
        {"set": {"l": [{"name": "b", "image": "y:2"}]}},
        "l:\n- name: b  # second\n  image: y:2  # pinned\n",
    ),
    "the first key of an item, with a comment after it": (
        "- a: 1\n  # about b\n  b: 2\n",
        {"remove": ["[0].a"]},
        "- # about b\n  b: 2\n",
    ),
    "an item in brackets with comments": (
        "l: [\n  a,  # one\n  # about b\n  b,  # two\n  c\n]\n",
        {"remove": ["l[0]"]},
        "l: [\n  # about b\n  b,  # two\n  c\n]\n",
    ),
    "the last item in brackets with comments": (
        "l: [\n  a,  # one\n  # about b\n  b  # two\n]\n",
        {"append": {"l": "c"}},
        "l: [\n  a,  # one\n  # about b\n  b,  # two\n  c\n]\n",
    ),
    "an item in brackets after a comma and a comment": (
        "l: [\n  a,\n  b,  # two\n]\n",
        {"append": {"l": "c"}},
        "l: [\n  a,\n  b,  # two\n  c,\n]\n",
    ),
    "a marker in a comment": (
        'images:\n- name: x\n  newTag: 1.0.0 # {"$imagepolicy": "apps:x:tag"}\n',
        {"set": {"images[0].newTag": "1.0.1"}},
        'images:\n- name: x\n  newTag: 1.0.1 # {"$imagepolicy": "apps:x:tag"}\n',
    ),
    "a text over several lines in quotes": (
        'a: "x\n  y"  # why\nb: 1\n',
        {"set": {"a": "z"}},
        'a: "z"  # why\nb: 1\n',
    ),
    "comments between documents": (
        "# one\n---\na: 1\n---\n# none\n---\nb: 1  # x\n",
        {"set": {"b": 2}, "document": 2},
        "# one\n---\na: 1\n---\n# none\n---\nb: 2  # x\n",
    ),
    # tabs
    "a tab before a comment": ("a:\n  b: x\t# why\n", {"set": {"a.b": "w"}}, "a:\n  b: w\t# why\n"),
    "a tab after a colon": ("a:\tx\nb: 1\n", {"set": {"a": "w"}}, "a:\tw\nb: 1\n"),
    "a tab at the end of a line": ("a: x\t\nb: 1\n", {"set": {"a": "w"}}, "a: w\t\nb: 1\n"),
    "a tab after a quoted value": ("a: 'x'\t# why\n", {"set": {"a": "w"}}, "a: 'w'\t# why\n"),
    "a tab after a key with a mapping": ("a:\t\n  b: 1\n", {"set": {"a.b": 2}}, "a:\t\n  b: 2\n"),
    "a tab after the header of a block": (
        "a: |\t# why\n  x\nb: 1\n",
        {"set": {"a": "y\n"}},
        "a: |\t# why\n  y\nb: 1\n",
    ),
    "a tab after a document mark": ("---\t# why\na: 1\n", {"set": {"a": 2}}, "---\t# why\na: 2\n"),
    # values that the versions read differently
    "yes as a text": ("a: yes  # why\n", {"set": {"a": "yes"}}, 'a: "yes"  # why\n'),
    "yes as a boolean": ("a: yes\n", {"set": {"a": True}}, "a: true\n"),
    "off inside a mapping": ("a: {b: off, c: 1}\n", {"set": {"a": {"b": "off", "c": 1}}}, 'a: {b: "off", c: 1}\n'),
    "a number with a leading zero": ("a: 010\n", {"set": {"a": 10}}, "a: 10\n"),
    "a number in octal": ("a: 0o17\n", {"set": {"a": 15}}, "a: 15\n"),
    "a number with underscores": ("a: 1_000\n", {"set": {"a": 1000}}, "a: 1000\n"),
    "a number in base 60": ("a: 12:30\n", {"set": {"a": "12:30"}}, 'a: "12:30"\n'),
    "an exponent": ("a: 1e3\n", {"set": {"a": 1000.0}}, "a: 1000.0\n"),
    "a date": ("a: 2024-01-02\n", {"set": {"a": "2024-01-02"}}, 'a: "2024-01-02"\n'),
    "a text that only looks like one": ("a: x\n", {"set": {"a": "0x1F"}}, 'a: "0x1F"\n'),
    "a tag": ("a: !!int '5'\n", {"set": {"a": 5}}, "a: 5\n"),
    "a text with a colon in brackets": ("a: [x]\n", {"append": {"a": "y:1"}}, 'a: [x, "y:1"]\n'),
    "a key that looks like a boolean": ("a: {}\n", {"set": {"a.on": 1}}, 'a: {"on": 1}\n'),
    "a directive": ("%YAML 1.1\n---\non_call: no\n", {"set": {"on_call": True}}, "%YAML 1.1\n---\non_call: true\n"),
}


@pytest.mark.parametrize(("before", "change", "after"), CASES.values(), ids=CASES)
def test_an_edit_means_the_same_in_both_versions_and_changes_no_other_line(before, change, after):
    assert edit(before, **change) == after
    for read in (read_1_1, read_1_2):
        assert read(after) == requested(read(before), change)


@pytest.mark.parametrize(("before", "change", "after"), CASES.values(), ids=CASES)
def test_an_edit_that_was_made_is_not_made_again(before, change, after):
    if "remove" not in change:
        assert edit(after, **change) == after


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a:\n\tb: x\n", 2),
        ("a: x\n\t\nb: 1\n", 2),
        ("a: 'x'\n\t\nb: 1\n", 2),
        ("a: x\n\t# why\nb: 1\n", 2),
        ("a:\n-\tb: 1\n", 2),
        ("a: |\n  x\n\t\nb: 1\n", 3),
    ],
    ids=["indentation", "an empty line", "an empty line after a quote", "a comment", "after a dash", "in a block"],
)
def test_a_tab_that_no_reader_accepts_is_rejected_with_the_remedy(text, line):
    with pytest.raises(pyyaml.YAMLError):
        read_1_1(text)
    with pytest.raises(EditError, match=f"in line {line}: there is a tab .* replace it with spaces"):
        edit(text, set={"b": 2})


TEXTS = st.text("ab \t\n#:-é\u00a0", max_size=24)
HEADERS = st.tuples(st.sampled_from("|>"), st.sampled_from(["", "-", "+"]), st.sampled_from(["", "  # why", "\t# why"]))


@settings(max_examples=105, deadline=None)
@given(
    HEADERS,
    TEXTS,
    st.sampled_from(["", "\n", "\n\n# end\n", "\nz: 1\n"]),
    st.sampled_from(["k: ", "l:\n- ", "m:\n  k: "]),
)
def test_any_text_in_place_of_a_block_is_read_as_written(header, value, rest, place):
    style, chomping, note = header
    before = f"{place}{style}{chomping}{note}\n      one\n      two\n{rest}"
    path = {"k: ": "k", "l:\n- ": "l[0]", "m:\n  k: ": "m.k"}[place]
    after = edit(before, set={path: value})
    assert read_1_1(after)[0] == requested(read_1_1(before), {"set": {path: value}})[0]
    assert note.strip() in after
    assert after.endswith(rest.lstrip("\n"))
    if value.strip():
        assert after.startswith(f"{place}{style}")


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 9), st.sampled_from(["x", "yes", "p\nq\n", "a: b", ""])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["name", "a", "b", "on"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def commented(value, indent=""):
    """Return a value in block style, with a comment above and after each line of its own."""
    lines = []
    items = value.items() if isinstance(value, dict) else [(None, item) for item in value]
    for number, (key, inner) in enumerate(items):
        start = "-" if key is None else f"{json.dumps(key)}:"
        lines.append(f"{indent}# above {number}")
        if isinstance(inner, dict | list) and inner:
            lines += [f"{indent}{start}  # after {number}", *commented(inner, indent + "  ")]
        else:
            lines.append(f"{indent}{start} {json.dumps(inner)}  # after {number}")
    return lines


@settings(max_examples=70, deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), VALUES), VALUES, VALUES)
def test_any_value_in_place_of_any_other_is_read_as_written(others, old, value):
    head, tail = commented(others), [*commented({"z": 1}), "# end"]
    before = "\n".join([*head, *commented({"key": old}), *tail, ""])
    after = edit(before, set={"key": value})
    for read in (read_1_1, read_1_2):
        assert read(after) == [{**others, "key": value, "z": 1}]
    assert after.splitlines()[: len(head)] == head
    assert after.splitlines()[-len(tail) :] == tail
    if json.dumps(old) == json.dumps(value):
        assert after == before
