"""Whatever a runbook holds, it is read, checked and expanded, or refused as bad input; nothing else is raised."""

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from kubernaut.errors import InputError
from kubernaut.plugins.registry import Registry
from kubernaut.runbooks.check import check_runbook
from kubernaut.runbooks.expansion import expand
from kubernaut.runbooks.manifest import read_runbook
from tests.support.runbooks import make_runbook, make_step

REGISTRY = Registry.discover()
TEXTS = st.text(max_size=8) | st.sampled_from(
    ["$(params.app)", "$$(params.app)", "$(params.", "a", "grow", "scale", "web"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
GOOD = make_runbook(
    make_step("grow", parameters={"name": "$(params.app)", "replicas": "$(params.n)"}),
    make_step("check", "grow", action="patch-configmap", parameters={"name": "c", "set": {"a": "$(params.app)"}}),
    make_step("undo", "check=Failed", undoes="grow"),
    parameters={"app": {}, "n": {"type": "integer", "default": 3}},
    alerts=[{"match": {"alertname": "x"}, "arguments": {"app": "$(labels.app)"}}],
)


def places(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


PLACES = [path for path in places(GOOD) if path]


def put(document, path, value):
    """Set a value, unless an earlier change has replaced what it would be in."""
    try:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value
    except (TypeError, KeyError, IndexError):
        return


@settings(max_examples=105, deadline=None)
@given(
    changes=st.lists(st.tuples(st.sampled_from(PLACES), JSON), max_size=3),
    arguments=st.dictionaries(TEXTS, JSON, max_size=2),
)
def test_any_runbook_is_used_or_refused(changes, arguments):
    manifest = copy.deepcopy(GOOD)
    for path, value in changes:
        put(manifest, path, value)
    try:
        name, spec = read_runbook(manifest)
        check_runbook(name, spec, REGISTRY)
        run = expand(name, spec, {"app": "web", **arguments})
    except InputError:
        return
    names = [step.name for step in run.steps]
    assert len(set(names)) == len(names) == len(spec.steps)
    for index, step in enumerate(run.steps):
        json.dumps(dict(step.spec))
        assert {edge["execution"] for edge in step.spec.get("after", ())} <= set(names[:index])
        assert len(step.name) <= 63
