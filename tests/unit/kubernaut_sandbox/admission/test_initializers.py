"""`Object{...}` and `JSONPatch{...}` become maps, and nothing else changes."""

from __future__ import annotations

import pytest

from kubernaut_cel.environment import CompileError
from kubernaut_sandbox.admission.initializers import rewrite


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("Object{}", "{}"),
        ("Object{metadata: Object.metadata{labels: {'a': b.c}}}", "{'metadata': {'labels': {'a': b.c}}}"),
        ("Object{a: f(x, y), b: [1, 2]}", "{'a': f(x, y), 'b': [1, 2]}"),
        ("Object{?a: b.?c}", "{?'a': b.?c}"),
        ("c ? Object{a: d} : Object { a : e }", "c ? {'a': d} : { 'a' : e }"),
        (
            "[JSONPatch{op: 'add', path: '/a', value: Object.a{b: 1}}]",
            "[{'op': 'add', 'path': '/a', 'value': {'b': 1}}]",
        ),
        ("'Object{a: 1}' + x.Object", "'Object{a: 1}' + x.Object"),
        ("object.map(k, JSONPatch{op: k})", "object.map(k, {'op': k})"),
    ],
)
def test_an_initializer_becomes_a_map(source: str, result: str):
    assert rewrite(source).source == result


def test_the_types_are_listed():
    assert rewrite("Object{spec: Object.spec{x: 1}}").types == {"Object", "Object.spec"}


@pytest.mark.parametrize(
    ("source", "mismatch"),
    [
        ("Object{spec: Object.spec{containers: [Object.spec.containers{name: 'a'}]}}", ""),
        ("Object{spec: Object.status{}}", 'unexpected type name "Object.status", expected "Object.spec"'),
        (
            "Object{spec: Object.spec{a: [Object.spec.b{}]}}",
            'unexpected type name "Object.spec.b", expected "Object.spec.a"',
        ),
        ("JSONPatch{value: Object.spec.anything{}}", ""),
    ],
)
def test_a_type_that_is_not_that_of_its_field_is_a_mismatch(source: str, mismatch: str):
    found = rewrite(source).mismatch
    assert found.startswith(mismatch)
    assert bool(found) == bool(mismatch)


def test_a_patch_has_four_fields():
    with pytest.raises(CompileError, match="undefined field 'from_'"):
        rewrite("JSONPatch{op: 'move', from_: '/a'}")
