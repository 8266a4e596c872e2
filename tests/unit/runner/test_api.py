"""The client of the pod's side: what it sends, and what answers mean."""

import json

import pytest

from kubernaut.runner.answers import Answer, read_content
from kubernaut.runner.api import Api
from kubernaut.runner.exceptions import (
    AlreadyExists,
    Conflict,
    Misuse,
    NotFound,
    Rejected,
    TooManyRequests,
    TryAgain,
    Unanswered,
)
from kubernaut.runner.rest import parts_of


class Recording(Api):
    """The client, with its requests recorded instead of sent."""

    def __init__(self, answers, dry_run=False):
        super().__init__("ns", dry_run)
        self.sent, self.queries, self._answers = [], [], list(answers)

    def _request(self, method, kind, name, body=None, *, query="", content_type=""):
        self.sent.append((method, kind, name, body, query == "dryRun=All"))
        self.queries.append(query)
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
    assert parts_of(kind) == parts


@pytest.mark.parametrize("kind", ["pods", "a/b/c/d/e", ""])
def test_a_kind_that_is_not_valid_is_rejected_with_an_example(kind):
    with pytest.raises(ValueError, match="such as apps/v1/deployments"):
        parts_of(kind)


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
        read_content(Answer(code, json.dumps(status).encode()), "GET v1/x y", changing=False)
    assert getattr(caught.value, "reason", "") == reason
    assert str(caught.value) == status.get("message", "GET v1/x y was answered with 503")


@pytest.mark.parametrize("code", [500, 502, 504])
def test_a_write_that_broke_on_the_way_may_have_been_carried_out(code):
    answer = Answer(code, b'{"message": "etcdserver: request timed out"}')
    with pytest.raises(Unanswered, match="request timed out"):
        read_content(answer, "PATCH v1/x y", changing=True)
    with pytest.raises(TryAgain) as caught:
        read_content(answer, "PATCH v1/x y", changing=False)
    assert not isinstance(caught.value, Unanswered)


GONE = {"kind": "Status", "reason": "NotFound", "message": "gone", "details": {"name": "x", "kind": "pods"}}
BUDGET = {"message": "no", "reason": "TooManyRequests", "details": {"causes": [{"reason": "DisruptionBudget"}]}}
FIELD = {
    "message": "bad",
    "reason": "Invalid",
    "details": {"causes": [{"reason": "FieldValueInvalid", "field": "spec"}]},
}


@pytest.mark.parametrize(
    ("code", "status", "error", "facts"),
    [
        pytest.param(404, GONE, NotFound, ("NotFound", ()), id="no such object"),
        pytest.param(404, {"reason": "NotFound"}, Rejected, ("NotFound", ()), id="no such kind"),
        pytest.param(409, {"reason": "AlreadyExists"}, AlreadyExists, ("AlreadyExists", ()), id="a name that is taken"),
        pytest.param(409, {"reason": "Conflict"}, Conflict, ("Conflict", ()), id="another version"),
        pytest.param(429, BUDGET, TooManyRequests, ("TooManyRequests", ("DisruptionBudget",)), id="a budget"),
        pytest.param(422, FIELD, Rejected, ("Invalid", ("FieldValueInvalid",)), id="an invalid field"),
        pytest.param(503, {"details": {"causes": "?"}}, TryAgain, ("", ()), id="causes of another form"),
    ],
)
def test_a_refusal_carries_what_the_api_server_answered(code, status, error, facts):
    with pytest.raises(error) as caught:
        read_content(Answer(code, json.dumps(status).encode()), "call", changing=False)
    assert type(caught.value) is error
    assert (caught.value.status, caught.value.status_reason, caught.value.causes) == (code, *facts)


def test_a_refusal_within_a_success_is_a_refusal():
    status = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": 500, "message": "two budgets"}
    with pytest.raises(Rejected, match="two budgets") as caught:
        read_content(Answer(201, json.dumps(status).encode()), "POST v1/pods/eviction x", changing=True)
    assert caught.value.status == 500


def page(*names, token=""):
    return {"metadata": {"continue": token}, "items": [{"metadata": {"name": name}} for name in names]}


def names(listing):
    return [item["metadata"]["name"] for item in listing]


@pytest.mark.parametrize(
    ("pages", "limit", "found", "has_more"),
    [
        pytest.param([page("a", "b")], 2, ["a", "b"], False, id="exactly as many"),
        pytest.param([page("a", "b", token="t")], 2, ["a", "b"], True, id="more than the limit"),
        pytest.param([page("a", token="t"), page("b")], 3, ["a", "b"], False, id="two pages"),
        pytest.param([page(token="t"), page("a", token="u"), page()], 3, ["a"], False, id="pages that are empty"),
        pytest.param([page("a", "b", "c")], 2, ["a", "b"], True, id="a server that knows no limit"),
        pytest.param([{"items": None}], 2, [], False, id="none"),
    ],
)
def test_a_list_is_read_to_its_end_or_its_limit_and_says_which(pages, limit, found, has_more):
    listing = Recording(pages).list("v1/pods", limit=limit)
    assert (names(listing), listing.has_more) == (found, has_more)


def test_a_list_sends_its_selectors_and_where_it_was():
    api = Recording([page("a", token="n/1"), page("b")])
    api.list("v1/pods", selector="app in (a,b)", fields="status.phase=Failed", limit=600)
    both = "labelSelector=app%20in%20%28a%2Cb%29&fieldSelector=status.phase%3DFailed"
    assert api.queries == [f"limit=500&{both}", f"limit=500&{both}&continue=n%2F1"]


def expired():
    error = Rejected("expired")
    error.status = 410
    return error


def test_a_list_that_expires_between_two_pages_is_read_anew():
    api = Recording([page("a", token="t"), expired(), page("b", token="u"), page("c")])
    assert names(api.list("v1/pods")) == ["b", "c"]
    with pytest.raises(TryAgain, match="expired"):
        Recording([page("a", token="t"), expired()] * 3).list("v1/pods")


def test_a_limit_below_one_is_a_defect():
    with pytest.raises(Misuse, match="at least 1"):
        Recording([]).list("v1/pods", limit=0)


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr("kubernaut.runner.unanswered.time.sleep", lambda _: None)


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("refusal", [NotFound("gone"), Conflict("another uid")], ids=["gone", "replaced"])
def test_a_deletion_by_uid_that_got_no_answer_was_made_if_the_object_is_gone_then(refusal):
    api = Recording([Unanswered("lost"), refusal])
    assert api.delete("v1/pods", "x", uid="u") == {}
    assert {body["preconditions"]["uid"] for *_, body, _ in api.sent} == {"u"}
    assert api._report.unrecorded == {("DELETE", "v1/pods", "x")}


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    ("answers", "options", "error", "sent"),
    [
        pytest.param([NotFound("gone")], {"uid": "u"}, NotFound, 1, id="gone before"),
        pytest.param([Conflict("other")], {"uid": "u"}, Conflict, 1, id="another one before"),
        pytest.param([Unanswered("lost")], {}, Unanswered, 1, id="without a uid, which could be the successor's"),
        pytest.param(
            [Unanswered("lost"), Conflict("changed")],
            {"uid": "u", "resource_version": "7"},
            Unanswered,
            2,
            id="changed since, perhaps by the deletion itself",
        ),
        pytest.param([Unanswered("lost")] * 5, {"uid": "u"}, Unanswered, 5, id="never answered"),
    ],
)
def test_a_deletion_whose_outcome_is_not_known_is_never_taken_for_made(answers, options, error, sent):
    api = Recording(answers)
    with pytest.raises(error):
        api.delete("v1/pods", "x", **options)
    assert len(api.sent) == sent
    assert api._report.unrecorded == set()


@pytest.mark.usefixtures("no_pauses")
def test_a_creation_that_got_no_answer_is_repeated_only_where_it_names_its_object():
    named, unnamed = {"metadata": {"name": "x"}}, {"metadata": {"generateName": "x-"}}
    assert Recording([Unanswered("lost"), obj("1")]).create("v1/things", named) == obj("1")
    api = Recording([Unanswered("lost")])
    with pytest.raises(Unanswered):
        api.create("v1/things", unnamed)
    assert len(api.sent) == 1


@pytest.mark.usefixtures("no_pauses")
def test_an_object_that_is_there_after_a_creation_without_an_answer_may_be_this_steps_own():
    with pytest.raises(AlreadyExists, match="may have created it"):
        Recording([Unanswered("lost"), AlreadyExists("it exists")]).create("v1/things", {"metadata": {"name": "x"}})
    with pytest.raises(AlreadyExists, match=r"^it exists$"):
        Recording([AlreadyExists("it exists")]).create("v1/things", {"metadata": {"name": "x"}})


@pytest.mark.usefixtures("no_pauses")
def test_an_eviction_names_its_pod_and_is_repeated_only_for_one_uid():
    api = Recording([Unanswered("lost"), NotFound("gone")])
    assert api.create("v1/pods/eviction", {"deleteOptions": {"preconditions": {"uid": "u"}}}, name="x") == {}
    assert {(name, body["metadata"]["name"]) for _, _, name, body, _ in api.sent} == {("x", "x")}
    with pytest.raises(Unanswered):
        Recording([Unanswered("lost")]).create("v1/pods/eviction", {}, name="x")


@pytest.mark.parametrize(
    "call",
    [
        lambda api: api.create("v1/pods/eviction", {}),
        lambda api: api.create("v1/pods", {}, name="x"),
        lambda api: api.delete("v1/pods", ""),
        lambda api: api.patch("v1/pods", "", {}),
        lambda api: api.patch("v1/pods", "x", {}, patch_type="json"),
        lambda api: api.patch("v1/pods", "x", [], patch_type="strategic"),
        lambda api: api.patch("v1/pods", "x", {}, patch_type="apply"),
        lambda api: Api("ns", True).create("v1/services/proxy", {}, name="x"),
        lambda api: Api("ns", True).delete("v1/services/proxy", "x"),
    ],
)
def test_a_call_that_no_cluster_could_mean_is_a_defect_and_sends_nothing(call):
    with pytest.raises(Misuse):
        call(Recording([]))


@pytest.fixture
def wire(monkeypatch, tmp_path):
    """Return a function that makes an Api whose requests are recorded as they would be sent."""
    (tmp_path / "token").write_text("t", "utf-8")
    monkeypatch.setattr("kubernaut.runner.pod.token_file", lambda: str(tmp_path / "token"))

    def make(dry_run, answer=b"{}"):
        api, sent = Api("ns", dry_run), []

        def request(method, path, headers, body, *, again):
            sent.append((method, path, headers["Content-Type"].partition("+")[0], body and json.loads(body)))
            return Answer(200, answer)

        api._connection.request = request
        return api, sent

    return make


def test_a_deletion_in_the_dry_run_says_so_in_its_body_as_the_api_server_ignores_the_query_beside_one(wire):
    api, sent = wire(dry_run=True)
    api.delete("v1/pods", "x", uid="u", resource_version="7", grace_seconds=0, propagation="Orphan")
    ((method, path, _, body),) = sent
    assert (method, path) == ("DELETE", "/api/v1/namespaces/ns/pods/x?dryRun=All")
    assert body == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": "u", "resourceVersion": "7"},
        "gracePeriodSeconds": 0,
        "propagationPolicy": "Orphan",
        "dryRun": ["All"],
    }


def test_a_deletion_that_executes_has_no_dry_run_in_it(wire):
    api, sent = wire(dry_run=False)
    api.delete("v1/pods", "x")
    assert sent[0][1:] == (
        "/api/v1/namespaces/ns/pods/x",
        "application/json",
        {"apiVersion": "v1", "kind": "DeleteOptions"},
    )


def test_an_eviction_is_sent_to_its_pod_and_rehearsed_by_its_query(wire):
    api, sent = wire(dry_run=True)
    api.create("v1/pods/eviction", {"deleteOptions": {"gracePeriodSeconds": 1}}, name="x")
    assert sent[0][:2] == ("POST", "/api/v1/namespaces/ns/pods/x/eviction?dryRun=All")


@pytest.mark.parametrize(
    ("patch", "options", "content_type"),
    [
        ({}, {}, "application/merge-patch"),
        ({}, {"patch_type": "strategic"}, "application/strategic-merge-patch"),
        ([], {}, "application/json-patch"),
        ([], {"patch_type": "json"}, "application/json-patch"),
    ],
)
def test_a_patch_is_sent_as_its_type(wire, patch, options, content_type):
    api, sent = wire(dry_run=False)
    api.patch("v1/things", "x", patch, **options)
    assert sent[0][2] == content_type


def test_modify_writes_a_json_patch_only_to_the_version_that_it_read():
    api = Recording([obj("1"), obj("2")])
    api.modify("v1/things", "x", lambda _: [{"op": "add", "path": "/spec/n", "value": 5}])
    test, add = api.sent[1][3]
    assert test == {"op": "test", "path": "/metadata/resourceVersion", "value": "1"}
    assert add["path"] == "/spec/n"


def test_modify_writes_a_strategic_patch_only_to_the_version_that_it_read():
    api = Recording([obj("1"), obj("2")])
    api.modify("v1/things", "x", lambda _: {"metadata": {"labels": {"a": "b"}}}, patch_type="strategic")
    assert api.sent[1][3] == {"metadata": {"labels": {"a": "b"}, "resourceVersion": "1"}}


def invalid():
    error = Rejected("testing value /metadata/resourceVersion failed")
    error.status = 422
    return error


def test_a_json_patch_that_fails_on_another_version_is_made_anew_and_on_the_same_one_is_refused():
    patch = [{"op": "remove", "path": "/spec/n"}]
    api = Recording([obj("1", n=1), invalid(), obj("2", n=4), obj("3")])
    assert api.modify("v1/things", "x", lambda _: patch)[0]["spec"] == {"n": 4}
    with pytest.raises(Rejected):
        Recording([obj("1"), invalid(), obj("1")]).modify("v1/things", "x", lambda _: patch)
    with pytest.raises(Rejected):
        Recording([obj("1"), invalid(), obj("2")]).modify("v1/things", "x", lambda _: {"spec": {}})
