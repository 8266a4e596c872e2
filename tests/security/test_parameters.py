"""No parameter of an execution can lead to another namespace: not as a field, and not as a name within a path."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from urllib3.util import parse_url

from kubernaut.plugins.registry import Registry
from kubernaut.runner import Rejected
from kubernaut.runner.api import Api

SHIPPED = Registry.discover()
PLACE = "/namespaces/production/"
KINDS = ("v1/configmaps", "apps/v1/deployments", "apps/v1/deployments/scale", "apps/v1/statefulsets/scale")
NAMED = sorted(name for name, action in SHIPPED.actions.items() if "name" in action.spec.parameters.model_fields)
CLIMBING = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="a./%2eEfF\\?#;:@&=\n", max_size=30),
    st.sampled_from(
        [
            "..",
            ".",
            "../../kube-system/configmaps/x",
            "..%2f..",
            "kube-system/x",
            "x?namespace=a",
            "x#",
            "//evil",
            "%2e%2e",
        ]
    ),
)


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr("kubernaut.runner.pod.ca_file", lambda: None)
    return Api("production", dry_run=False)


def fields(schema, path=""):
    """Yield the path of every field of a model."""
    for name, node in [*schema.get("properties", {}).items(), *schema.get("$defs", {}).items()]:
        yield f"{path}.{name}"
        yield from fields(node, f"{path}.{name}")


@pytest.mark.parametrize("name", sorted(SHIPPED.actions))
def test_no_parameter_is_a_namespace(name):
    found = list(fields(SHIPPED.actions[name].spec.parameters.model_json_schema()))
    assert found
    assert [field for field in found if "namespace" in field.lower()] == []


@pytest.mark.parametrize("name", sorted(SHIPPED.actions))
def test_a_namespace_among_the_parameters_is_rejected(name):
    model = SHIPPED.actions[name].spec.parameters
    example = SHIPPED.actions[name].spec.examples[0]
    for extra in ("namespace", "targetNamespace", "metadata"):
        with pytest.raises(ValidationError, match="Extra inputs"):
            model.model_validate_json(json.dumps({**example, extra: "kube-system"}), strict=True)


def test_the_request_for_any_name_stays_below_its_kind_in_its_namespace(api):
    @given(kind=st.sampled_from(KINDS), name=CLIMBING.filter(bool))
    def check(kind, name):
        try:
            path = api._path(kind, name)
        except (Rejected, UnicodeEncodeError):
            return
        sent = parse_url(f"https://server{path}")
        *group, resource = kind.removesuffix("/scale").split("/")
        root = f"/apis/{'/'.join(group)}" if len(group) > 1 else "/api/v1"
        below = sent.path.removeprefix(f"{root}{PLACE}{resource}/")
        assert below != sent.path
        assert below.count("/") == kind.endswith("/scale")
        assert (sent.host, sent.query, sent.fragment) == ("server", None, None)

    check()


@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_that_would_leave_its_path_is_rejected_when_the_path_is_built(api, name):
    with pytest.raises(Rejected, match="is not a valid object name"):
        api._path("v1/configmaps", name)


@pytest.mark.parametrize("action", NAMED)
def test_a_name_that_the_model_accepts_is_one_segment_without_quoting(action):
    spec = SHIPPED.actions[action].spec

    @given(name=CLIMBING)
    def check(name):
        try:
            parameters = spec.parameters.model_validate_json(
                json.dumps({**spec.examples[0], "name": name}), strict=True
            )
        except ValidationError:
            return
        assert spec.target(parameters).name == name
        assert not set(name) & set("/%?#\\:\n")
        assert name not in {".", ".."}

    check()
