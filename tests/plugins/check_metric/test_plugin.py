"""The hooks: bad parameters are refused before a pod exists, and the pod gets what the settings name."""

import json

import pytest
from pydantic import ValidationError

from kubernaut.api.plugin import Execution
from kubernaut_check_metric import plugin
from kubernaut_check_metric.plugin import CheckMetric
from kubernaut_check_metric.settings import CheckMetricSettings

GOOD = {"query": "count(up)", "atLeast": 1}
URL = "https://prometheus.example.com"


def parse(**parameters):
    return CheckMetric.model_validate_json(json.dumps(parameters), strict=True)


def execution(parameters=None, settings=None, deadline=plugin.DEADLINE):
    known = CheckMetricSettings.model_validate({"url": URL} if settings is None else settings)
    parsed = parse(**(parameters or GOOD))
    return Execution("x", "shop", "u", "check-metric", parsed, known, "image", deadline_seconds=deadline)


def problems(*given, **more):
    return [str(problem) for problem in plugin.validate(execution(*given, **more))]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"query": "up"}, "give at least one of above, atLeast, equals, atMost, below"),
        ({"query": "up", "below": None}, "give at least one of"),
        ({**GOOD, "below": 1}, "no value is at least 1 and below 1"),
        ({"atLeast": 1}, "query"),
        ({**GOOD, "query": ""}, "query"),
        ({**GOOD, "query": " \n"}, "query"),
        ({**GOOD, "query": "a" * 2001}, "query"),
        ({**GOOD, "atLeast": float("nan")}, "atLeast"),
        ({**GOOD, "atLeast": float("inf")}, "atLeast"),
        ({**GOOD, "atLeast": "1"}, "atLeast"),
        ({**GOOD, "atLeast": True}, "atLeast"),
        ({**GOOD, "atLeast": 10**400}, "atLeast"),
        ({**GOOD, "settleSeconds": -1}, "settleSeconds"),
        ({**GOOD, "settleSeconds": 10**9}, "settleSeconds"),
        ({**GOOD, "timeoutSeconds": 0}, "timeoutSeconds"),
        ({**GOOD, "timeoutSeconds": 3601}, "timeoutSeconds"),
        ({**GOOD, "intervalSeconds": 0}, "intervalSeconds"),
        ({**GOOD, "intervalSeconds": 301}, "intervalSeconds"),
        ({**GOOD, "url": "http://other"}, "url"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_parameter_that_makes_no_sense_is_refused_by_its_name(bad, words):
    with pytest.raises(ValidationError, match=words):
        parse(**bad)


def test_nothing_is_allowed_until_the_admin_names_a_prometheus():
    assert problems(settings={}) == [
        "this cluster's settings name no Prometheus: its admin sets actions.check-metric.settings.url"
    ]
    assert problems() == []


def test_the_waits_must_leave_room_in_the_deadline():
    assert problems({**GOOD, "settleSeconds": 3000, "timeoutSeconds": 540}) == []
    (problem,) = problems({**GOOD, "settleSeconds": 3000, "timeoutSeconds": 541})
    assert problem.startswith("parameters.timeoutSeconds: settleSeconds and timeoutSeconds are 3541 s together")
    assert "of the deadline of 300 s" in problems(deadline=300)[0]


def test_it_cannot_have_to_hold_for_longer_than_there_is_time():
    assert problems({**GOOD, "holdSeconds": 59, "timeoutSeconds": 60}) == []
    (problem,) = problems({**GOOD, "holdSeconds": 60, "timeoutSeconds": 60})
    assert problem.startswith("parameters.holdSeconds: it must be less than timeoutSeconds")


def test_it_has_no_permission_and_changes_nothing():
    spec = plugin.describe()
    assert spec.rules == ()
    assert list(spec.fields(parse(**GOOD))) == []


def test_each_query_is_a_target_of_its_own_and_a_short_line():
    def target(query):
        return plugin.describe().target(parse(query=query, atLeast=1)).name

    assert target("sum(\n  up\n)") == "sum( up )"
    long = "sum(up) + " * 100
    assert len(target(f"{long}1")) < 80
    assert target(f"{long}1") != target(f"{long}2")


def test_the_pod_gets_the_secrets_that_the_settings_name_and_no_other():
    def variables(**settings):
        job = plugin.build_job(execution(settings={"url": URL, **settings}))
        env = job["spec"]["template"]["spec"]["containers"][0]["env"]
        return {one["name"]: one["valueFrom"] for one in env if "valueFrom" in one}

    token, authority = {"name": "prometheus", "key": "token"}, {"name": "ca", "key": "ca.crt"}
    assert variables() == {}
    assert variables(token_secret=token, ca_secret=authority) == {
        "KUBERNAUT_PROMETHEUS_CREDENTIAL": {"secretKeyRef": {**token, "optional": True}},
        "KUBERNAUT_PROMETHEUS_CA": {"secretKeyRef": {**authority, "optional": True}},
    }
    assert variables(username="me", password_secret=token) == {
        "KUBERNAUT_PROMETHEUS_CREDENTIAL": {"secretKeyRef": {**token, "optional": True}}
    }
