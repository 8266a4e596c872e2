"""Whatever a forge answers, a request to it ends with a value, a refusal or an attempt to be repeated, within a bounded time."""

import copy
import json
import time
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubernaut.runner import Rejected, TryAgain
from kubernaut_gitops_pr.demo_git import Reply
from kubernaut_gitops_pr.forges.base import PullRequest, PullRequestSpec
from kubernaut_gitops_pr.forges.github import GitHub
from kubernaut_gitops_pr.forges.gitlab import GitLab
from kubernaut_gitops_pr.forges.http import Http
from kubernaut_gitops_pr.git_errors import ErrorTranslator
from kubernaut_gitops_pr.retry_budget import RetryBudget
from kubernaut_gitops_pr.secrets import Token
from tests.plugins.gitops_pr.conftest import TOKEN, gitlab, site  # noqa: F401 - fixtures
from tests.plugins.gitops_pr.pod import BRANCH
from tests.security.limits import recursion_of_a_pod

MAX_SECONDS = 20
SPEC = PullRequestSpec(BRANCH, "main", "title", "body", ("a", "b"), ("jane", "acme/owners"))
GITHUB_PULL = {
    "number": 1,
    "html_url": "https://git.example.com/1",
    "state": "open",
    "merged_at": None,
    "head": {"ref": BRANCH, "sha": "1" * 40, "repo": {"full_name": "platform/gitops"}},
    "base": {"ref": "main", "repo": {"full_name": "platform/gitops"}},
}
GITLAB_MERGE = {
    "iid": 1,
    "web_url": "https://git.example.com/1",
    "state": "opened",
    "sha": "1" * 40,
    "source_project_id": 1,
    "target_project_id": 1,
    "source_branch": BRANCH,
    "target_branch": "main",
}
REPOSITORY = {
    "full_name": "platform/gitops",
    "path_with_namespace": "platform/gitops",
    "archived": False,
    "ci_config_path": "ci.yml",
    "permissions": {"push": True, "project_access": {"access_level": 30}, "group_access": None},
}
ORDINARY = [
    GITHUB_PULL,
    [GITHUB_PULL],
    GITLAB_MERGE,
    [GITLAB_MERGE],
    REPOSITORY,
    [{"id": 7}],
    {"message": "no", "errors": [{"code": 1}]},
]
KEYS = st.sampled_from(
    ["message", "errors", "permissions", "state", "number", "head", "base", "ref", "id", "\x1b[31m", TOKEN, ""]
)
TEXTS = st.text(max_size=20) | st.sampled_from(
    [TOKEN, TOKEN[:30], "https://x", "\x1b[31m", "\u202e", "\ud800", "\x85", "x" * 3000, "main", BRANCH]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**300, 10**4299, -(10**4000), 2**63])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
DEEP = st.sampled_from([40, 60, 400, 900, 30_000]).map(lambda n: b'{"message":' * n + b"1" + b"}" * n)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-reset", "location", "content-encoding"]
    ),
    st.sampled_from(
        [
            "0",
            "1",
            "-1",
            "9" * 400,
            "soon",
            "",
            "1.5",
            "\xb2",
            "Wed, 21 Oct 2015 07:28:00 GMT",
            "Fri, 99 Foo 0000",
            "gzip",
            TOKEN,
        ]
    ),
)
CODES = st.sampled_from([200, 201, 204, 299, 301, 304, 307, 400, 401, 403, 404, 409, 422, 429, 451, 500, 503, 599, 700])


@st.composite
def mutated(draw):
    """Draw an ordinary answer in which some values are replaced by any others, or removed."""
    content = [copy.deepcopy(draw(st.sampled_from(ORDINARY)))]
    for _ in range(draw(st.integers(0, 3))):
        holder, key = content, 0
        while isinstance(holder[key], dict | list) and holder[key] and draw(st.booleans()):
            holder, key = (
                holder[key],
                draw(
                    st.sampled_from(sorted(holder[key]) if isinstance(holder[key], dict) else range(len(holder[key])))
                ),
            )
        if isinstance(holder, dict) and draw(st.booleans()):
            del holder[key]
        else:
            holder[key] = draw(VALUES)
    return content[0]


BODIES = (mutated() | VALUES).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60) | DEEP
ANSWERS = st.lists(st.tuples(CODES, BODIES, HEADERS), min_size=1, max_size=12)


class Pool:
    """Gives the answers one after the other, and the last one again and again."""

    def __init__(self, answers):
        self._answers = list(answers)

    def request(self, *_, **__):
        code, body, headers = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return SimpleNamespace(status=code, headers=headers, read=lambda *_, **__: body, close=lambda: None)


def forge_of(kind, answers):
    budget = RetryBudget(60, lambda seconds: None)
    http = Http(
        "https://git.example.com", Token(TOKEN, "x"), ErrorTranslator("platform/gitops", "Secret s"), budget, "rights"
    )
    http._pool = Pool(answers)
    return kind(http, "platform/gitops")


OPENING = 3
"""The number of the call that opens a pull request."""


def calls(forge):
    pull = PullRequest(1, "https://git.example.com/1", "open", "main", BRANCH)
    return (
        lambda: forge.check(SPEC.reviewers),
        lambda: forge.find(SPEC),
        lambda: forge.open_requests("main"),
        lambda: forge.open(SPEC, "1" * 40),
        lambda: forge.complete(pull, SPEC),
    )


@settings(max_examples=88, deadline=None)
@given(kind=st.sampled_from([GitHub, GitLab]), answers=ANSWERS, number=st.integers(0, 4))
def test_any_answers_end_a_request_with_a_value_a_refusal_or_another_attempt(kind, answers, number):
    started = time.monotonic()
    found, ending = None, ""
    try:
        with recursion_of_a_pod():
            found = calls(forge_of(kind, answers))[number]()
    except (Rejected, TryAgain) as error:
        ending = str(error)
    assert TOKEN not in ending
    assert len(ending) < 3000
    for pull in found if isinstance(found, list) else [found] if found else []:
        assert pull.state in {"open", "closed", "merged"}
        assert pull.url.isprintable()
        assert " " not in pull.url
        assert number != OPENING or (pull.branch, pull.base) == (SPEC.branch, SPEC.base)
    assert time.monotonic() - started < MAX_SECONDS


@pytest.mark.parametrize("which", ["site", "gitlab"])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answer=st.tuples(CODES, BODIES, HEADERS),
    place=st.sampled_from([("GET", "gitops"), ("GET", "s"), ("POST", "s")]),
    step=st.sampled_from(["dry-run", "execute"]),
)
def test_a_step_with_any_answer_is_done_rejected_or_to_be_retried(request, which, answer, place, step):
    made = request.getfixturevalue(which)
    code, body, headers = answer
    made.api.answers.clear()
    headers = {name: value for name, value in headers.items() if name != "content-encoding"}
    made.api.answer(*place, *[Reply(code, body, headers)] * 3)
    started = time.monotonic()
    with recursion_of_a_pod():
        result = made.step(step)
    assert result.state in {"done", "rejected", "error"}
    assert time.monotonic() - started < MAX_SECONDS
    assert result.message.isprintable()
    assert all(char.isprintable() or char in "\n\t" for char in result.printed + result.report)
    assert TOKEN not in result.message + result.printed + result.report
    assert result.state != "done" or step == "dry-run" or result.outputs["pull_request"].startswith("http")
    if BRANCH in made.branches():
        made.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    made.forge.pulls.clear()
