"""JSON from outside: any depth can be decoded, and a value that is too deep does not affect its neighbours."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernaut.admission.parameters import depth
from kubernaut.kube.decoding import _shallow, decode, lines_of

LEAVES = st.none() | st.booleans() | st.integers() | st.text()
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


@given(JSON)
def test_json_is_decoded_unchanged(value):
    assert decode(json.dumps(value).encode()) == value
    assert json.loads(_shallow(json.dumps(value).encode())) == value


@pytest.mark.parametrize("levels", [1_500, 100_000])
def test_a_value_that_is_nested_too_deeply_is_replaced_and_its_neighbours_are_not(levels):
    deep = "[" * levels + '"]}\\"["' + "]" * levels
    read = decode(f'{{"items": [{{"name": "a", "spec": {deep}}}, {{"name": "b", "spec": [1]}}]}}'.encode())
    assert read["items"][1] == {"name": "b", "spec": [1]}
    assert read["items"][0]["name"] == "a"
    assert depth(read) > 90


@pytest.mark.parametrize(("value", "levels"), [(1, 1), ([], 1), ([1], 2), ({"a": {"b": [1]}}, 4)])
def test_depth_counts_levels(value, levels):
    assert depth(value) == levels


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        pytest.param([b"one\ntw", b"o\n"], ["one", "two"], id="a line in two pieces"),
        pytest.param(["→".encode()[:1], "→".encode()[1:] + b"\nend"], ["→", "end"], id="a character in two pieces"),
        pytest.param([b"\xff\n"], ["\N{REPLACEMENT CHARACTER}"], id="not text"),
        pytest.param([b"x" * 70_000, b"y"], ["x" * 70_000, "y"], id="a line without end"),
        pytest.param([], [], id="nothing"),
    ],
)
async def test_log_lines_are_complete_no_matter_where_the_chunks_are_split(chunks, lines):
    async def arriving():
        for chunk in chunks:
            yield chunk

    assert [line async for line in lines_of(arriving())] == lines
