"""Traces are off unless the standard variables ask for them; exporters and protocols that are not built in are rejected by name."""

from datetime import UTC, datetime

import pytest

from kubernaut.api.view import ExecutionView
from kubernaut.errors import InputError
from kubernaut.telemetry.tracing import Tracing, wanted

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("environment", "on"),
    [
        ({}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, False),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False),
    ],
)
def test_the_standard_variables_switch_tracing_on_and_off(environment, on):
    assert wanted(environment) is on


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {**ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"},
    ],
)
def test_an_exporter_or_protocol_that_is_not_built_in_is_rejected_by_name(environment):
    name = list(environment)[-1]
    with pytest.raises(InputError, match=f"^{name}: '{environment[name]}' is not built in: use "):
        wanted(environment)


def test_without_the_variables_nothing_is_sent():
    tracing = Tracing.from_environment("me", {})
    tracing.send(ExecutionView({}), datetime.now(UTC))
    tracing.close()
    assert tracing.lost == 0
