"""`check-metric` changes nothing: it waits until the value of a query is within bounds, and says what it saw."""

import json
import re
import socket

import pytest
from werkzeug import Response

from kubernaut.settings import ActionSettings

REHEARSALS = ("inline",)
"""One process for both steps, which reads the credential twice; `check-workload` is tested with two."""

QUERY = {"query": "count(up)", "atLeast": 1, "settleSeconds": 0, "timeoutSeconds": 1, "intervalSeconds": 1}


def series(*values):
    result = [{"metric": {"i": str(i)}, "value": [0, value]} for i, value in enumerate(values)]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


def failure(kind, error):
    return {"status": "error", "errorType": kind, "error": error}


@pytest.fixture
def check(request, with_settings, httpserver):
    """Return a function that lets a Prometheus on loopback give these answers, the last one again and again, and checks its value."""
    if request.config.option.cluster != "sandbox":
        pytest.skip("the server of this test is on loopback")

    async def run(*answers, status=200, dry_run=False, objects=(), settings=None, **parameters):
        left = list(answers)

        def answer(_):
            content = left.pop(0) if len(left) > 1 else left[0]
            return Response(json.dumps(content), status, content_type="application/json")

        httpserver.expect_request("/api/v1/query").respond_with_handler(answer)
        known = {"url": httpserver.url_for("").rstrip("/"), **(settings or {})}
        async with with_settings(actions={"check-metric": ActionSettings(settings=known)}) as site:
            await site.populate(*objects)
            return await site.run("check-metric", {**QUERY, **parameters}, dryRun=dry_run)

    return run


async def test_a_value_within_its_bounds_is_a_success_that_changes_nothing(check):
    status = await check(series("3"), atMost=5)
    assert status["phase"] == "Succeeded", status
    assert status["message"] == "It holds, at the first look: the value is 3, which is at least 1 and at most 5."
    assert status["result"]["changes"] == []
    assert "rollback" not in status["result"]
    seen = "the value is 3, which is at least 1 and at most 5"
    assert status["result"]["outputs"] == {"holds": True, "seen": seen, "seconds": 0, "value": 3}
    assert status["target"] == "Query/count(up)"


async def test_a_value_that_comes_within_them_is_waited_for(check):
    none = {"status": "success", "data": {"resultType": "vector", "result": []}}
    answers = (none, none, series("NaN"), failure("timeout", "query timed out"), series("0.5"), series("1"))
    status = await check(*answers, timeoutSeconds=30)
    assert status["phase"] == "Succeeded", status
    assert "the value is 1, which is at least 1" in status["message"]
    assert status["result"]["outputs"]["seconds"] >= 3


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (series("0.25"), ": the value is 0.25, and must be at least 1 (pod "),
        (series(), "the query returns nothing: no series matches it now, and its value must be at least 1"),
        (series("NaN"), "the value is NaN, as after a division by zero, which does not count as at least 1"),
        (series("+Inf"), "the value is +Inf, as after a division by zero, which does not count as at least 1"),
        (failure("timeout", "query timed out"), "Prometheus answered 200 (timeout): query timed out"),
    ],
    ids=str,
)
async def test_one_that_does_not_is_a_failure_that_says_what_was_seen_last(check, answer, words):
    status = await check(answer)
    assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed")
    assert words in status["message"]
    assert re.search(r"it did not hold within 1(\.\d)? s: ", status["message"])
    assert status["message"].endswith("Nothing was changed.")
    assert status["attempts"] == 1


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (failure("bad_data", "parse error"), 400, "Prometheus answered 400 (bad_data): parse error"),
        (series("1", "2"), 200, 'the query returns 2 series, and not one ({i="0"}, {i="1"}): it must have one value'),
        ({}, 404, "does not answer as Prometheus does"),
        ({}, 401, "refuses a request without a credential"),
    ],
    ids=str,
)
async def test_what_waiting_cannot_cure_is_refused_at_once(check, answer, status, words):
    for dry_run in (False, True):
        ended = await check(answer, status=status, dry_run=dry_run)
        assert (ended["phase"], ended["reason"]) == ("Failed", "DryRunRejected" if dry_run else "ActionFailed")
        assert words in ended["message"]


async def test_a_dry_run_says_what_the_value_is_now_and_does_not_wait(check):
    status = await check(series("0.25"), dry_run=True, settleSeconds=600, timeoutSeconds=600)
    assert status["phase"] == "Succeeded", status
    assert status["message"] == "The dry run passed. It does not hold now: the value is 0.25, and must be at least 1."
    assert status["result"]["outputs"]["value"] == 0.25


async def test_a_prometheus_that_is_down_passes_the_dry_run_and_is_waited_for(check):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        down = {"url": f"http://127.0.0.1:{free.getsockname()[1]}"}
        rehearsed = await check({}, settings=down, dry_run=True)
        assert rehearsed["phase"] == "Succeeded", rehearsed
        assert "It does not hold now: Prometheus at http://127.0.0.1:" in rehearsed["message"]
        status = await check({}, settings=down)
        assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed")
        assert re.search(r"it did not hold within 1(\.\d)? s: Prometheus at http://127\.0\.0\.1:", status["message"])


TOKEN = {"token_secret": {"name": "prometheus", "key": "token"}}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "prometheus"},
    "stringData": {"token": "t0ken-t0ken"},
}


async def test_the_token_comes_from_the_secret_of_the_namespace_and_shows_nowhere(check, httpserver):
    status = await check(failure("bad_data", "I got t0ken-t0ken"), status=400, settings=TOKEN, objects=[SECRET])
    assert "I got ***" in status["message"]
    assert {request.headers["Authorization"] for request, _ in httpserver.log} == {"Bearer t0ken-t0ken"}


async def test_a_missing_secret_is_named_at_once(check):
    status = await check({}, settings=TOKEN)
    assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed")
    assert "Secret prometheus (key token) does not exist in this namespace or is empty" in status["message"]


async def test_without_a_prometheus_in_the_settings_nothing_runs(check):
    status = await check({}, settings={"url": ""})
    assert (status["phase"], status["reason"]) == ("Failed", "InvalidParameters")
    assert "its admin sets actions.check-metric.settings.url" in status["message"]
    assert "jobName" not in status


async def test_with_the_token_the_value_is_read_in_the_one_step(check, httpserver):
    status = await check(series("3"), settings=TOKEN, objects=[SECRET])
    assert status["phase"] == "Succeeded", status
    assert [request.headers["Authorization"] for request, _ in httpserver.log] == ["Bearer t0ken-t0ken"]
