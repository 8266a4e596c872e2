"""How the body of a request is encoded."""

import json

import pytest

from kubernaut.api.execution import Phase
from kubernaut.kube.transport import encode


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"phase": Phase.RUNNING, "tuple": (1, 2), "none": None}, id="as the engine builds them"),
        pytest.param("é\u2028\x00", id="text"),
        pytest.param("\ud800", id="half a surrogate"),
        pytest.param(nested(500), id="deep"),
        pytest.param([10**30, 0.1, 1e22], id="numbers"),
    ],
)
def test_a_body_is_encoded_as_json_dumps_would(value):
    assert json.loads(encode({"a": value})) == json.loads(json.dumps({"a": value}))
