"""JSON from outside: any depth is read, and what is too deep costs itself alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernaut.admission.parameters import depth
from kubernaut.kube.decoding import _shallow, decode, lines_of

LEAVES = st.none() | st.booleans() | st.integers() | st.text()
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


@given(JSON)
def test_what_python_can_read_is_read_as_it_is(value):
    assert decode(json.dumps(value).encode()) == value
    assert json.loads(_shallow(json.dumps(value).encode())) == value


@pytest.mark.parametrize("levels", [1_500, 100_000])
def test_what_is_too_deep_is_cut_and_its_neighbours_are_whole(levels):
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
        pytest.param([b"\xff\n"], ["\N{REPLACEMENT CHARACTER}"], id="no text at all"),
        pytest.param([b"x" * 70_000, b"y"], ["x" * 70_000, "y"], id="a line without end"),
        pytest.param([], [], id="nothing"),
    ],
)
async def test_log_lines_come_whole_however_they_are_cut_on_the_way(chunks, lines):
    async def arriving():
        for chunk in chunks:
            yield chunk

    assert [line async for line in lines_of(arriving())] == lines
