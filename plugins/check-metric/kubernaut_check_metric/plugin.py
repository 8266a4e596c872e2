"""`check-metric`: its parameters and settings. It has no permission in the cluster and changes nothing, so it returns no rollback."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

import kubernaut
from kubernaut import ActionSpec, Parameters, Problem, Target
from kubernaut_check_metric.bounds import BOUNDS, contradiction
from kubernaut_check_metric.credentials import CA_VARIABLE, CREDENTIAL_VARIABLE
from kubernaut_check_metric.demo_prometheus import surroundings
from kubernaut_check_metric.settings import CheckMetricSettings, SecretKey

HOOK_VERSION = 1
DEADLINE = 3600
"""Seconds for all attempts together."""
_START_SECONDS = 60
"""What is left of the deadline for the pod to start, for a request that is under way, and to report."""
_MAX_TARGET_LENGTH = 60

Number = Annotated[float, Field(allow_inf_nan=False)]


class CheckMetric(Parameters):
    """The query, and what its value must be: at least one bound, and all that are given hold."""

    query: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]
    """PromQL with one value: a scalar, or a vector of one series."""
    below: Number | None = None
    atMost: Number | None = None  # noqa: N815 - as Kubernetes writes fields
    equals: Number | None = None
    atLeast: Number | None = None  # noqa: N815
    above: Number | None = None
    settleSeconds: Annotated[int, Field(ge=0, le=DEADLINE)] = 60  # noqa: N815
    """Seconds that pass before the first query: as long as the metric needs to show a change."""
    timeoutSeconds: Annotated[int, Field(ge=1, le=DEADLINE)] = 300  # noqa: N815
    """Seconds from the first query on within which it must hold, and have held for `holdSeconds`."""
    holdSeconds: Annotated[int, Field(ge=0, le=DEADLINE)] = 0  # noqa: N815
    """Seconds for which it must hold at every query: a value that swings is within bounds for a moment now and then."""
    intervalSeconds: Annotated[int, Field(ge=1, le=300)] = 15  # noqa: N815
    """Seconds between two queries."""

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        given = {name: bound for name in BOUNDS if (bound := getattr(self, name)) is not None}
        if not given:
            raise ValueError(f"nothing says what the value must be: give at least one of {', '.join(BOUNDS)}")
        if problem := contradiction(given):
            raise ValueError(problem)
        return self


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Wait until a Prometheus query has a value within bounds; it changes nothing.",
        parameters=CheckMetric,
        target=lambda parameters: Target("Query", _short(parameters.query)),
        fields=lambda _: (),
        service_account="metric-checker",
        deadline=DEADLINE,
        read_only=True,
        settings=CheckMetricSettings,
        examples=(
            {"query": 'sum(rate(http_requests_total{code=~"5.."}[5m]))', "below": 0.5, "settleSeconds": 0},
            {"query": "count(up)", "atLeast": 1, "atMost": 5, "settleSeconds": 0, "timeoutSeconds": 60},
        ),
        surroundings=surroundings,
    )


@kubernaut.hookimpl
def validate(execution: kubernaut.Execution) -> list[Problem]:
    parameters: CheckMetric = execution.parameters
    problems = []
    if not execution.settings.url:
        problems.append(
            Problem("", "this cluster's settings name no Prometheus: its admin sets actions.check-metric.settings.url")
        )
    if parameters.holdSeconds >= parameters.timeoutSeconds:
        problems.append(Problem("holdSeconds", "it must be less than timeoutSeconds, within which it has to pass"))
    waits = parameters.settleSeconds + parameters.timeoutSeconds
    if waits + _START_SECONDS > execution.deadline_seconds:
        problems.append(
            Problem(
                "timeoutSeconds",
                f"settleSeconds and timeoutSeconds are {waits} s together, and must leave {_START_SECONDS} s of the deadline of "
                f"{execution.deadline_seconds} s: make them smaller, or spec.deadlineSeconds larger",
            )
        )
    return problems


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    settings: CheckMetricSettings = execution.settings
    variables = {
        CREDENTIAL_VARIABLE: settings.token_secret or settings.password_secret,
        CA_VARIABLE: settings.ca_secret,
    }
    env = {name: _from_secret(secret) for name, secret in variables.items() if secret}
    return kubernaut.runner_job(execution, "kubernaut_check_metric.perform", env=env)


def _short(query: str) -> str:
    """Return the query in one line, and if it is long its beginning with a digest, so that each query is a target of its own."""
    line = " ".join(query.split())
    if len(line) <= _MAX_TARGET_LENGTH:
        return line
    return f"{line[:_MAX_TARGET_LENGTH]}… ({hashlib.sha256(line.encode()).hexdigest()[:8]})"


def _from_secret(secret: SecretKey) -> dict[str, Any]:
    """Return an optional reference, so that the pod reports a missing Secret at once, instead of not starting until its deadline."""
    return {"secretKeyRef": {"name": secret.name, "key": secret.key, "optional": True}}
