"""The client of the forges' APIs: it retries within its budget, and follows no redirect."""

import pytest

from kubernaut.runner import Rejected, TryAgain
from kubernaut_gitops_pr.demo_git import Reply
from kubernaut_gitops_pr.forges.http import Http
from kubernaut_gitops_pr.git_errors import ErrorTranslator
from kubernaut_gitops_pr.retry_budget import RetryBudget
from kubernaut_gitops_pr.secrets import Token
from tests.plugins.gitops_pr.conftest import TOKEN

REPO = "/repos/platform/gitops"


@pytest.fixture
def http(site):
    """A client, and the seconds that it has slept."""
    slept = []
    token = Token(TOKEN, "x-access-token")
    client = Http(
        f"{site.server.url}/api/v3",
        token,
        ErrorTranslator("platform/gitops", "Secret s"),
        RetryBudget(60, slept.append),
        "permissions",
    )
    return client, slept


def test_a_retry_waits_as_long_as_the_forge_asks(site, http):
    site.api.answer("GET", REPO, Reply(429, {}, {"Retry-After": "7"}), Reply(403, {}, {"Retry-After": "5"}), Reply(502))
    client, slept = http
    assert client.get(REPO).text("full_name") == "platform/gitops"
    assert slept == [7.0, 5.0, 2.0]


def test_a_wait_that_exceeds_the_budget_is_not_started(site, http):
    site.api.answer("GET", REPO, Reply(429, {}, {"Retry-After": "3600"}))
    client, slept = http
    with pytest.raises(TryAgain):
        client.get(REPO)
    assert slept == []


def test_the_number_of_retries_is_limited(site, http):
    site.api.answer("GET", REPO, *[Reply(503)] * 9)
    client, slept = http
    with pytest.raises(TryAgain):
        client.get(REPO)
    assert len(slept) == 3


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_to_another_host_never_gets_the_token(site, http, code):
    site.api.answer("GET", REPO, Reply(code, {}, {"Location": f"{site.server.url}/stolen"}))
    with pytest.raises(Rejected, match="has moved"):
        http[0].get(REPO)
    assert [call.path for call in site.api.calls] == [f"/api/v3{REPO}"]
