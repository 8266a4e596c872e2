"""JSON and YAML from clients."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from kubernaut_sandbox.model.documents import MAX_DEPTH, DocumentError, as_json, parse_json, parse_yaml


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"NaN", "invalid character 'N' looking for beginning of value"),
        (b'{"a": -Infinity}', "invalid character 'I' looking for beginning of value"),
        (b"[1e400]", "cannot unmarshal number 1e400 into Go value of type float64"),
        (b"[" + b"9" * 400 + b"]", "cannot unmarshal number 9999"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "exceeded max depth"),
        (b"[" * 1_000_000, "exceeded max depth"),
        (b'{"a":' * 200_000, "exceeded max depth"),
        (b"", "Expecting value"),
        (b"\xef\xbb\xbf{}", "BOM"),
        ('{"a": 1}'.encode("utf-16"), "Expecting value"),
    ],
    ids=["NaN", "Infinity", "1e400", "400 digits", "deep", "deeper", "open", "nothing", "a BOM", "UTF-16"],
)
def test_what_is_not_json_is_rejected(text: bytes, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        parse_json(text)


def test_the_deepest_document_is_accepted() -> None:
    parse_json(b"[" * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH)


def test_surrogates_without_a_partner_are_replaced_in_keys_and_values() -> None:
    found = parse_json(b'{"\\ud800": ["a\\udfffb", "\\\\ud800"]}').content
    assert found == {"\N{REPLACEMENT CHARACTER}": ["a\N{REPLACEMENT CHARACTER}b", "\\ud800"]}
    json.dumps(found, ensure_ascii=False).encode()


def test_fields_that_are_there_twice_are_found_by_their_path() -> None:
    text = b'{"a": {"b": 1, "b": 2, "b": 3}, "c": [{}, {"d": 1, "d": 1}], "e": {"f": 1}, "g": 1, "g": 2}'
    parsed = parse_json(text)
    assert sorted(parsed.duplicates) == ["a.b", "a.b", "c[1].d", "g"]
    assert parsed.content == json.loads(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"a: 2020-01-01", {"a": "2020-01-01"}),
        (b"3: x\ntrue: y\n2.5: z", {"3": "x", "true": "y", "2.5": "z"}),
        (b"a: 0x10\nb: 1e3\nc: 1.5", {"a": 16, "b": "1e3", "c": 1.5}),
        (b"base: &b {x: 1}\nmore: {<<: *b, y: 2}", {"base": {"x": 1}, "more": {"x": 1, "y": 2}}),
        (b"", None),
    ],
    ids=["a date", "keys", "numbers", "a merge key", "nothing"],
)
def test_yaml_becomes_json(text: bytes, found: Any) -> None:
    assert parse_yaml(text) == found


def _laughs(value: str, key: str = "") -> bytes:
    """Ten lists, each of which has nine aliases of the one before."""
    lines = [f"a0: &a0 {value}"]
    for index in range(1, 10):
        aliases = "[" + ", ".join([f"*a{index - 1}"] * 9) + "]"
        lines.append(f"a{index}: &a{index} " + (f"{{{key}: {aliases}}}" if key else aliases))
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"a: .nan",
        b"a: .inf",
        b"a: 9" + b"0" * 400,
        b"a: !!binary aGk=",
        b"a: !!set {b}",
        b"a: !!python/object/apply:os.system [id]",
        b"? [1]\n: 2",
        b"null: 2",
        b"[" * 3000 + b"]" * 3000,
        b"- " * 3000 + b"a",
        b"a: &a [*a]",
        _laughs("[x, x, x, x, x, x, x, x, x]"),
        b"a: &a " + b"x" * 100_000 + b"\nb: [" + b"*a," * 100_000 + b"]",
        b"a: &a [" + b"1," * 30_000 + b"]\nb: [" + b"*a," * 30_000 + b"]",
        b"a: [",
        b"\xff",
    ],
    ids=lambda text: text[:20].decode(errors="replace"),
)
def test_yaml_that_is_not_json_or_multiplies_is_rejected(text: bytes) -> None:
    with pytest.raises(DocumentError):
        parse_yaml(text)


def test_merge_keys_that_multiply_are_counted() -> None:
    """PyYAML from 6.0.3 on leaves out what is merged twice; before, it took all the memory."""
    with suppress(DocumentError):
        assert parse_yaml(_laughs("{x: 1}", "<<"))["a9"] == {"x": 1}


def test_manifests_from_python_are_held_to_the_same() -> None:
    with pytest.raises(DocumentError):
        as_json({"a": [float("nan")]})
