"""The client of the pod's side: what it sends, and what answers mean."""

import json

import pytest

from kubernaut.runner.api import Api, _content, _parts
from kubernaut.runner.exceptions import Conflict, Rejected, TryAgain, Unanswered
from kubernaut.runner.http_client import Answer


class Recording(Api):
    """The client, with its requests recorded instead of sent."""

    def __init__(self, answers, dry_run=False):
        super().__init__("ns", dry_run)
        self.sent, self._answers = [], list(answers)

    def _request(self, method, kind, name, body=None, *, query=""):
        self.sent.append((method, kind, name, body, query == "dryRun=All"))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def obj(version, **spec):
    return {"metadata": {"resourceVersion": version}, "spec": spec}


def test_modify_starts_over_when_someone_else_wrote_in_between():
    api = Recording([obj("1", n=1), Conflict("changed"), obj("2", n=4), obj("3", n=5)])
    before, after = api.modify("v1/things", "x", lambda current: {"spec": {"n": current["spec"]["n"] + 1}})
    assert (before["spec"]["n"], after["spec"]["n"]) == (4, 5)
    versions = [body["metadata"]["resourceVersion"] for _, _, _, body, rehearsed in api.sent if not rehearsed]
    assert versions == ["1", "2"]


def test_modify_gives_up_after_five_conflicts():
    api = Recording([obj("1"), Conflict("changed")] * 5)
    with pytest.raises(Conflict):
        api.modify("v1/things", "x", lambda _: {"spec": {}})


def test_a_write_that_was_carried_out_without_an_answer_is_a_change():
    api = Recording([obj("1", n=1), Unanswered("lost"), obj("2", n=5), obj("2", n=5)])
    before, after = api.modify("v1/things", "x", lambda _: {"spec": {"n": 5}})
    assert (before["spec"]["n"], after["spec"]["n"]) == (1, 5)


def test_a_write_without_an_answer_is_a_change_if_nothing_is_left_to_write():
    api = Recording([obj("1", n=1), Unanswered("lost"), obj("2", n=5)])
    before, after = api.modify(
        "v1/things", "x", lambda current: {} if current["spec"]["n"] == 5 else {"spec": {"n": 5}}
    )
    assert (before["spec"]["n"], after["spec"]["n"]) == (1, 5)
    assert len(api.sent) == 3


def test_modify_with_nothing_to_change_writes_nothing():
    api = Recording([obj("1")])
    api.modify("v1/things", "x", lambda _: {})
    assert [rehearsed for *_, rehearsed in api.sent] == [True]


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("v1/configmaps", ("", "v1", "configmaps", "")),
        ("v1/pods/log", ("", "v1", "pods", "log")),
        ("apps/v1/deployments", ("apps", "v1", "deployments", "")),
        ("apps/v1/deployments/scale", ("apps", "v1", "deployments", "scale")),
        ("kubernaut.io/v1alpha1/kubernetesexecutions", ("kubernaut.io", "v1alpha1", "kubernetesexecutions", "")),
    ],
)
def test_a_kind_is_written_as_in_a_rest_path(kind, parts):
    assert _parts(kind) == parts


@pytest.mark.parametrize("kind", ["pods", "a/b/c/d/e", ""])
def test_a_kind_that_is_not_valid_is_rejected_with_an_example(kind):
    with pytest.raises(ValueError, match="such as apps/v1/deployments"):
        _parts(kind)


def test_names_cannot_leave_their_place_in_the_path():
    assert Recording([])._path("v1/configmaps", "../secrets/x") == "/api/v1/namespaces/ns/configmaps/..%2Fsecrets%2Fx"


DENIED = 'configmaps "a" is forbidden: User "u" cannot patch resource "configmaps"'


@pytest.mark.parametrize(
    ("code", "status", "error", "reason"),
    [
        pytest.param(403, {"message": DENIED}, Rejected, "Forbidden", id="a missing right"),
        pytest.param(403, {"message": "exceeded quota: q"}, Rejected, "", id="an admission's no"),
        pytest.param(404, {"message": "not found"}, Rejected, "", id="no such object"),
        pytest.param(422, {"message": "invalid"}, Rejected, "", id="invalid"),
        pytest.param(409, {"message": "modified", "reason": "Conflict"}, Conflict, "", id="a conflict"),
        pytest.param(409, {"message": "exists", "reason": "AlreadyExists"}, Rejected, "", id="a name that is taken"),
        pytest.param(429, {"message": "slow down"}, TryAgain, "", id="too many requests"),
        pytest.param(503, {}, TryAgain, "", id="unavailable"),
    ],
)
def test_an_answer_becomes_a_rejection_or_another_attempt(code, status, error, reason):
    with pytest.raises(error) as caught:
        _content(Answer(code, json.dumps(status).encode()), "GET v1/x y", changing=False)
    assert getattr(caught.value, "reason", "") == reason
    assert str(caught.value) == status.get("message", "GET v1/x y was answered with 503")


@pytest.mark.parametrize("code", [500, 502, 504])
def test_a_write_that_broke_on_the_way_may_have_been_carried_out(code):
    answer = Answer(code, b'{"message": "etcdserver: request timed out"}')
    with pytest.raises(Unanswered, match="request timed out"):
        _content(answer, "PATCH v1/x y", changing=True)
    with pytest.raises(TryAgain) as caught:
        _content(answer, "PATCH v1/x y", changing=False)
    assert not isinstance(caught.value, Unanswered)
