"""The digest of a plan: one text for each plan, whoever computes it."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernaut.plan_digest import PATTERN, canonical_json, plan_digest

_SECURITY = Path(__file__).parents[2] / "docs" / "security.md"
CHANGE = {"kind": "Deployment", "name": "web", "field": "spec.replicas", "before": 2, "after": 5}
PARAMETERS = {"name": "web", "kind": "Deployment", "replicas": 5, "wait": True}


def hashed(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_the_example_of_the_documentation_is_true():
    text, digest = re.search(
        r"^\$ printf %s '(.+)' \| sha256sum\n([0-9a-f]{64})  -$", _SECURITY.read_text("utf-8"), re.MULTILINE
    ).groups()
    assert hashed(text) == f"sha256:{digest}" == plan_digest("scale", PARAMETERS, [CHANGE])


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ([], '{"action":"a","changes":[],"parameters":{"n":1}}'),
        ([{**CHANGE, "after": 2}], '{"action":"a","changes":[],"parameters":{"n":1}}'),
        (
            [{"kind": "K", "name": "n", "field": "f", "before": None, "after": 'é\n\u2028"\\'}],
            '{"action":"a","changes":[{"after":"é\\n\u2028\\"\\\\","before":null,"field":"f","kind":"K","name":"n"}],"parameters":{"n":1}}',
        ),
        (
            [{"kind": "K", "name": "n", "field": "f", "before": "1", "after": "2", "volatile": True}],
            '{"action":"a","changes":[{"field":"f","kind":"K","name":"n"}],"parameters":{"n":1}}',
        ),
        (
            [{**CHANGE, "before": 1.5, "after": {"b": [True, None], "a": 10**15}}],
            '{"action":"a","changes":[{"after":{"a":1000000000000000,"b":[true,null]},"before":1.5,"field":"spec.replicas",'
            '"kind":"Deployment","name":"web"}],"parameters":{"n":1}}',
        ),
    ],
    ids=["no change", "a field that stays", "text", "volatile", "values"],
)
def test_vectors(changes, text):
    assert plan_digest("a", {"n": 1}, changes) == hashed(text)


def test_command_lines_count_where_there_are_some():
    commands = [{"name": "execute", "image": "i:1", "command": ["a", "b"], "args": None, "env": []}]
    step = '{"args":null,"command":["a","b"],"env":[],"image":"i:1","name":"execute"}'
    text = f'{{"action":"a","changes":[],"commands":[{step}],"parameters":{{}}}}'
    assert plan_digest("a", {}, [], commands) == hashed(text)


def test_the_order_of_changes_does_not_count_and_everything_else_does():
    other = {**CHANGE, "field": "spec.paused", "before": False, "after": True}
    digest = plan_digest("scale", PARAMETERS, [CHANGE, other])
    assert digest == plan_digest("scale", PARAMETERS, [other, CHANGE])
    others = {
        plan_digest("scale-2", PARAMETERS, [CHANGE, other]),
        plan_digest("scale", {**PARAMETERS, "replicas": 6}, [CHANGE, other]),
        plan_digest("scale", PARAMETERS, [CHANGE]),
        *(plan_digest("scale", PARAMETERS, [{**CHANGE, key: "x"}, other]) for key in CHANGE),
    }
    assert digest not in others
    assert len(others) == 3 + len(CHANGE)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(JSON, JSON)
def test_engine_and_pod_agree_after_the_way_through_json(before, after):
    """A pod hashes its own values, the engine those of the report: the way there changes none."""
    change = {**CHANGE, "before": before, "after": after}
    report = json.loads(json.dumps(change, ensure_ascii=False))
    assert plan_digest("a", {}, [change]) == plan_digest("a", {}, [report])
    assert re.match(PATTERN, plan_digest("a", {}, [change]))


@given(JSON)
def test_the_canonical_text_is_the_value(value):
    assert json.loads(canonical_json(value)) == value
