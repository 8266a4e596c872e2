"""Edits by path change the requested values, and no other character."""

import io
import json

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from kubernaut_gitops_pr.file_changes import apply_change
from kubernaut_gitops_pr.paths import format_path
from kubernaut_gitops_pr.tree import EditError


def edit(text, path="f.yaml", **change):
    new, values = apply_change(path, text.encode(), change)
    return new.decode(), {value.field: (value.before, value.after) for value in values}


def loaded(text):
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


EDITS = {
    "an anchor on a line of its own stays with its block": (
        "a: &x  # c | d\n  |-\n  1\n  2\nb: *x\n",
        {"set": {"b": "z"}},
        "a: &x  # c | d\n  |-\n  1\n  2\nb: z\n",
    ),
    "a block below its anchor is rewritten": (
        "a: &x\n  >-\n  one\n  two\nb: 1\n",
        {"set": {"a": "three\nfour\n"}},
        "a: &x >\n  three\n\n  four\nb: 1\n",
    ),
    "a quoted value keeps its quotes": ("a: 'x'  # c\n", {"set": {"a": "it's"}}, "a: 'it''s'  # c\n"),
    "a plain value stays plain": ("a: x # c\n", {"set": {"a": "y/z:1.2.3"}}, "a: y/z:1.2.3 # c\n"),
    "a text that would be read as another type is quoted": ("a: x\n", {"set": {"a": "on"}}, 'a: "on"\n'),
    "a number loses the quotes of a text": ("a: '5'\n", {"set": {"a": 5}}, "a: 5\n"),
    "a new key is appended": (
        "m:\n    a: 1   # c\n\n# end\n",
        {"set": {"m.b": True}},
        "m:\n    a: 1   # c\n    b: true\n\n# end\n",
    ),
    "missing mappings are created": ("a: 1", {"set": {"b.c": None}}, "a: 1\nb:\n  c: null"),
    "an item of a list": ("l:\n- x # one\n- y\n", {"set": {"l[0]": "z"}}, "l:\n- z # one\n- y\n"),
    "a list in brackets": ("l: [a, 'b' ]\n", {"append": {"l": "c"}}, "l: [a, 'b', c ]\n"),
    "an empty list": ("l: []  # none\n", {"append": {"l": {"a": 1}}}, "l: [{a: 1}]  # none\n"),
    "a list that is null": ("l:\nb: 1\n", {"append": {"l": 1}}, "l:\n  - 1\nb: 1\n"),
    "a mapping at the end of a list": (
        "l:\n  - a: 1\n    b: 2\n",
        {"append": {"l": {"a": 3, "c": [4]}}},
        "l:\n  - a: 1\n    b: 2\n  - a: 3\n    c:\n      - 4\n",
    ),
    "a value that the list contains is not added again": ("l: [a]\n", {"append": {"l": "a"}}, "l: [a]\n"),
    "a key is removed with its line": ("a: 1\nb: 2 # c\nc: 3\n", {"remove": ["b"]}, "a: 1\nc: 3\n"),
    "the first key of an item": ("- a: 1\n  b: 2\n", {"remove": ["[0].a"]}, "- b: 2\n"),
    "the last key leaves an empty mapping": ("m:\n  a: 1\nz: 1\n", {"remove": ["m.a"]}, "m: {}\nz: 1\n"),
    "several items of a list at once": ("- a\n- b\n- c\n", {"remove": ["[0]", "[2]"]}, "- b\n"),
    "what is not there need not be removed": ("a: 1\n", {"remove": ["b.c", "x"]}, "a: 1\n"),
    "a literal block": (
        "t: |\n  one\n  two\n\nb: 1\n",
        {"set": {"t": "three\nfour\n"}},
        "t: |\n  three\n  four\n\nb: 1\n",
    ),
    "a kept block is removed whole": ("t: |+\n  x\n\nb: 1\n", {"remove": ["t"]}, "b: 1\n"),
    "an anchor stays": ("a: &v 1\nb: 2\n", {"set": {"a": 3}}, "a: &v 3\nb: 2\n"),
    "an alias gives way to a value": ("a: &v 1\nb: *v # c\n", {"set": {"b": 2}}, "a: &v 1\nb: 2 # c\n"),
    "a merged value is overridden": (
        "a: &v\n  x: 1\nb:\n  <<: *v\n  y: 2\n",
        {"set": {"b.x": 3}},
        "a: &v\n  x: 1\nb:\n  <<: *v\n  y: 2\n  x: 3\n",
    ),
    "one of several documents": (
        "# 1\na: 1\n---\n# 2\na: 1 # x\n...\n",
        {"set": {"a": 2}, "document": 1},
        "# 1\na: 1\n---\n# 2\na: 2 # x\n...\n",
    ),
    "a file of comments": ("# nothing yet\n", {"set": {"a.b": 1}}, "# nothing yet\na:\n  b: 1\n"),
    "Windows' newlines and a byte order mark": (
        "\ufeffa: 1\r\nb: 2\r\n",
        {"set": {"c": {"d": 1}}},
        "\ufeffa: 1\r\nb: 2\r\nc:\r\n  d: 1\r\n",
    ),
    "a number as a key": ("ports:\n  8080: web\n", {"set": {"ports.8080": "api"}}, "ports:\n  8080: api\n"),
    "a document that is null": ("--- ~\n", {"set": {"a.b": 1}}, "--- {a: {b: 1}}\n"),
    "a key with dots": ("x.y/z: 1\n", {"set": {r"x\.y/z": 2}}, "x.y/z: 2\n"),
    "odd spacing elsewhere": ("{  a : 1 ,\n b: [ 1,2 ]  }\n", {"set": {"a": 2}}, "{  a : 2 ,\n b: [ 1,2 ]  }\n"),
    "tagged values elsewhere": ("a: !vault |\n  x\nb: 1\n", {"set": {"b": 2}}, "a: !vault |\n  x\nb: 2\n"),
    "long lines elsewhere": (f"a: {'word ' * 60}end\nb: 1\n", {"set": {"b": 2}}, f"a: {'word ' * 60}end\nb: 2\n"),
}


@pytest.mark.parametrize(("text", "change", "after"), EDITS.values(), ids=EDITS)
def test_an_edit_changes_no_other_character(text, change, after):
    assert edit(text, **change)[0] == after


JSONS = {
    "a value": ('{\n\t"a": 1,\n\t"b": [1, 2]\n}\n', {"set": {"a": "é"}}, '{\n\t"a": "é",\n\t"b": [1, 2]\n}\n'),
    "a new key": (
        '{\n    "a": 1\n}',
        {"set": {"b.c": [1]}},
        '{\n    "a": 1,\n    "b": {\n        "c": [\n            1\n        ]\n    }\n}',
    ),
    "one line stays one line": ('{"a": [1,2]}\n', {"append": {"a": 3}}, '{"a": [1,2,3]}\n'),
    "a key and its comma": ('{\n  "a": 1,\n  "b": 2\n}\n', {"remove": ["b"]}, '{\n  "a": 1\n}\n'),
    "escapes elsewhere": (
        '{"a": "\\u00e9\\/", "b": 1.50e3, "c": 0}',
        {"set": {"c": 1}},
        '{"a": "\\u00e9\\/", "b": 1.50e3, "c": 1}',
    ),
}


@pytest.mark.parametrize(("text", "change", "after"), JSONS.values(), ids=JSONS)
def test_json_keeps_its_indentation_order_and_final_newline(text, change, after):
    assert edit(text, "f.json", **change)[0] == after


def test_changing_an_anchor_reports_every_value_that_uses_it():
    _, changes = edit("a: &v 1\nb: *v\nc: {<<: &m {x: 1}, y: *v}\n", set={"a": 2})
    assert changes == {"a": (1, 2), "b": (1, 2), "c.y": (1, 2)}


@pytest.mark.parametrize(
    ("text", "change", "words"),
    [
        ("a: [1]\n", {"set": {"a[1]": 2}}, "a has 1 items, so there is no [1]: use append"),
        ("a: 1\n", {"append": {"a": 2}}, "a: there is no list to append to"),
        ("a: 1\n", {"append": {"b": 2}}, "b: there is no list to append to"),
        ("a: 1\n", {"set": {"a[0]": 2}}, "a is 1, not a mapping or list"),
        ("a: {b: 1}\n", {"set": {"a[0]": 2}}, "a is a mapping: name a key, not [0]"),
        ("a: &v {x: 1}\nb: *v\n", {"set": {"b.x": 2}}, "change the anchor itself, or set b as a whole"),
        ("a: &v {x: {z: 1}}\nb: {<<: *v}\n", {"set": {"b.x.z": 2}}, "b.x comes from a merged anchor"),
        ("a: &v {x: 1}\nb: {<<: *v, y: 1}\n", {"remove": ["b.x"]}, "b.x comes from a merged anchor"),
        ("a: &v 1\nb: *v\n", {"remove": ["a"]}, "would break the file, which then uses the alias *v"),
        ("? [1]\n: 2\n", {"set": {"a": 1}}, "would break the file, which then is not valid YAML"),
        ("a: 1\n", {"set": {"a": 2}, "document": 1}, "there is no document 1"),
    ],
)
def test_an_edit_that_would_change_other_values_is_rejected(text, change, words):
    with pytest.raises(EditError) as caught:
        edit(text, **change)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1,}',
        "{'a': 1}",
        '{"a": 1} x',
        '{"a" 1}',
        "[1, 2",
        '{"a": 01}',
        '{"a": 1, "a": 2}',
        "// c\n{}",
        '{"a": "\n"}',
        "[" * 5000,
    ],
)
def test_invalid_json_is_rejected(text):
    with pytest.raises(EditError):
        edit(text, "f.json", set={"b": 1})


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False), TEXTS
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS.filter(bool), inner, max_size=3)),
    max_leaves=6,
)
WORDS = st.sampled_from(["a", "b1", "c-d", "e/f", "replicas", "yes", "8080"])
LINES = st.tuples(
    st.sampled_from(["1", "x y", "'q'", '"d"', "[1, 2]", "{a: b}", "", "~", "!!str 5"]),
    st.sampled_from(["", " # c", "   # d: e", "  "]),
)
DOCUMENTS = st.dictionaries(WORDS, LINES, min_size=1)


def format_document(document):
    lines = ["# before", ""]
    for key, (value, comment) in document.items():
        lines += [f"  {key}: {value}{comment}", "  # between" if comment else ""]
    return "\n".join(["---", "top:", *lines, "after: &x [1]", "last: *x", ""])


@settings(max_examples=21, deadline=None)
@given(DOCUMENTS, st.data(), st.one_of(st.integers(), st.booleans(), st.text("abc 'é:#", min_size=1)))
def test_an_edit_keeps_every_other_line(document, data, value):
    before = format_document(document)
    key = data.draw(st.sampled_from(sorted(document)))
    after, _ = edit(before, set={format_path(("top", key)): value})
    kept = [line for line in before.split("\n") if not line.startswith(f"  {key}:")]
    assert [line for line in after.split("\n") if not line.startswith(f"  {key}:")] == kept
    assert next(v for k, v in loaded(after)["top"].items() if str(k).lower() == key or k == key) == value
    changed = next(line for line in after.split("\n") if line.startswith(f"  {key}:"))
    assert changed.rstrip().endswith(document[key][1].strip())


@settings(max_examples=21, deadline=None)
@given(VALUES, TEXTS.filter(lambda t: t and t.isprintable()))
def test_any_value_is_read_back_as_it_was_written(value, key):
    before = "# c\na:\n    b: 1 # d\nz: [x]\n"
    after, _ = edit(before, set={format_path(("a", "b")): value, format_path(("n", key)): value, "z[0]": value})
    expected = {"a": {"b": value}, "n": {key: value}, "z": [value]}
    assert loaded(after) == expected
    if not any(c in json.dumps(value) for c in ("e+", "e-")):
        assert pyyaml.safe_load(after) == expected


@settings(max_examples=21, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=4), VALUES, st.sampled_from([None, 2, "\t"]))
def test_json_has_the_requested_values_and_keeps_its_indentation(document, value, indent):
    before = json.dumps({"k": document, "end": 1}, indent=indent)
    after, _ = edit(before, "f.json", set={"k": value, "end": 1, "new": value})
    assert json.loads(after) == {"k": value, "end": 1, "new": value}
    if "\n" in before:
        assert after == json.dumps(json.loads(after), indent=indent, ensure_ascii=False) or "\\u" in after


@settings(max_examples=35, deadline=None)
@given(st.text("ab:-#[]{}&*|>'\" \n,?0", max_size=40), st.sampled_from(["a", "a.b", "[0]", "b[1]"]))
def test_a_file_with_any_text_is_edited_correctly_or_rejected(text, path):
    try:
        after, _ = edit(text, set={path: "v"})
    except EditError:
        return
    documents = list(YAML(typ="safe", pure=True).load_all(after))
    assert "v" in json.dumps(documents, default=str)
