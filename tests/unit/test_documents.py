"""YAML and JSON from files, standard input and the command line."""

import io
import os
from contextlib import suppress
from pathlib import Path

import pytest

from kubernaut.documents import (
    MAX_BYTES,
    MAX_DEPTH,
    DocumentError,
    LimitError,
    load_all_yaml,
    load_yaml,
    read_document,
    read_standard_input,
)


def laughs(value, key=""):
    """Ten lists, each of which has nine aliases of the one before."""
    lines = [f"a0: &a0 {value}"]
    for index in range(1, 10):
        aliases = "[" + ", ".join([f"*a{index - 1}"] * 9) + "]"
        lines.append(f"a{index}: &a{index} " + (f"{{{key}: {aliases}}}" if key else aliases))
    return "\n".join(lines)


def nested(levels):
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    "text",
    [
        nested(3000),
        nested(MAX_DEPTH + 1),
        "- " * 3000 + "a",
        "{a: " * 3000 + "}" * 3000,
        '{"a":' * 100_000,
        "a: &a [*a]",
        laughs("[x, x, x, x, x, x, x, x, x]"),
        "a: &a " + "x" * 100_000 + "\nb: [" + "*a," * 100_000 + "]",
        "a: .nan",
        "a: [1, -.inf]",
        "a: [",
        "a: \x00",
        "\ud800",
        "a: !!python/object/apply:os.system [id]",
        "9" * 100_000,
        "a: 1\n---\nb: 2",
    ],
    ids=lambda text: f"{text[:20]!a} {len(text)}",
)
def test_a_document_that_cannot_be_handled_is_an_error_and_not_a_traceback(text):
    with pytest.raises(DocumentError) as refused:
        load_yaml(text)
    assert len(str(refused.value)) < 200


def test_merge_keys_that_multiply_are_counted():
    """PyYAML from 6.0.3 on leaves out what is merged twice; before, it took all the memory."""
    with suppress(LimitError):
        assert load_yaml(laughs("{x: 1}", "<<"))["a9"] == {"x": 1}


def test_the_deepest_document_is_read():
    assert str(load_yaml(nested(MAX_DEPTH))) == nested(MAX_DEPTH)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_in_any_encoding_of_yaml(tmp_path, encoding):
    (tmp_path / "f").write_text("a: \u00e9", encoding)
    assert load_yaml(read_document(tmp_path / "f")) == {"a": "\u00e9"}


def test_an_error_says_where_and_does_not_quote_the_document():
    with pytest.raises(DocumentError, match=r"^line 2, column 2: ") as refused:
        load_all_yaml("token: [secret\nb: c")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["/dev/zero", "none", "directory", "not-utf-8", "a\0b", "large"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, name):
    (tmp_path / "directory").mkdir()
    (tmp_path / "not-utf-8").write_bytes(b"a: \xff")
    (tmp_path / "large").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(DocumentError):
        load_yaml(read_document(tmp_path / name))


def test_standard_input_without_end_is_an_error(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("#" * (MAX_BYTES + 1)))
    with pytest.raises(LimitError):
        read_standard_input()


def test_standard_input_that_is_not_text_is_an_error(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff"), "utf-8"))
    with pytest.raises(DocumentError, match="not text in UTF-8"):
        read_standard_input()


def test_a_missing_file_is_told_from_others_by_its_cause(tmp_path):
    with pytest.raises(DocumentError) as refused:
        read_document(Path(os.devnull) / "x")
    assert isinstance(refused.value.__cause__, NotADirectoryError)
