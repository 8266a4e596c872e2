"""Create, read, update and delete, and the errors that clients rely on."""

from __future__ import annotations

import pytest

from tests.conformance.client import Client
from tests.conformance.manifests import configmap


@pytest.fixture
def maps(namespace: str) -> str:
    """Where the namespace's ConfigMaps are."""
    return f"/api/v1/namespaces/{namespace}/configmaps"


async def test_a_created_object_is_read_back_with_its_identity(cluster: Client, maps: str) -> None:
    made = await cluster.made(maps, configmap("a", {"k": "v"}))
    assert (await cluster.get(f"{maps}/a")).body == made
    assert {"uid", "resourceVersion", "creationTimestamp"} <= made["metadata"].keys()


async def test_the_404_for_a_missing_object_names_it(cluster: Client, maps: str) -> None:
    answer = await cluster.get(f"{maps}/nope")
    assert (answer.code, answer.reason, answer.message) == (404, "NotFound", 'configmaps "nope" not found')
    assert answer.body["details"] == {"name": "nope", "kind": "configmaps"}


async def test_creating_an_existing_name_is_a_conflict(cluster: Client, maps: str) -> None:
    await cluster.made(maps, configmap("a"))
    answer = await cluster.post(maps, configmap("a"))
    assert (answer.code, answer.reason, answer.message) == (409, "AlreadyExists", 'configmaps "a" already exists')


async def test_an_update_from_an_old_version_is_a_conflict(cluster: Client, maps: str) -> None:
    made = await cluster.made(maps, configmap("a"))
    assert (await cluster.patch(f"{maps}/a", {"data": {"k": "1"}})).code == 200
    answer = await cluster.put(f"{maps}/a", made | {"data": {"k": "2"}})
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert answer.message == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


async def test_an_update_without_changes_keeps_the_resource_version(cluster: Client, maps: str) -> None:
    made = await cluster.made(maps, configmap("a", {"k": "v"}))
    for answer in (await cluster.put(f"{maps}/a", made), await cluster.patch(f"{maps}/a", {})):
        assert answer.body["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


async def test_an_update_of_a_missing_object_is_a_404(cluster: Client, maps: str) -> None:
    assert (await cluster.put(f"{maps}/nope", configmap("nope"))).code == 404
    assert (await cluster.patch(f"{maps}/nope", {})).code == 404


async def test_a_missing_lease_is_created_by_an_update(cluster: Client, namespace: str) -> None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/one"
    body = {"metadata": {"name": "one"}, "spec": {"holderIdentity": "me"}}
    assert (await cluster.put(path, body)).code == 201
    answer = await cluster.put(path, body)
    assert answer.code == 422
    assert "metadata.resourceVersion: Invalid value: 0: must be specified for an update" in answer.message


async def test_a_generated_name_starts_with_its_prefix(cluster: Client, maps: str) -> None:
    made = await cluster.made(maps, {"metadata": {"generateName": "some-"}})
    assert made["metadata"]["name"].startswith("some-")
    assert len(made["metadata"]["name"]) == len("some-") + 5


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        pytest.param(
            {"metadata": {"name": "UP"}},
            "metadata.name",
            "a lowercase RFC 1123 subdomain must consist of",
            id="upper case name",
        ),
        pytest.param({"metadata": {}}, "metadata.name", "name or generateName is required", id="no name"),
        pytest.param(
            {"metadata": {"name": "a", "labels": {"a": "b c"}}},
            "metadata.labels",
            "a valid label must be",
            id="label value",
        ),
        pytest.param(
            {"metadata": {"name": "a"}, "data": {"a b": ""}},
            "data[a b]",
            "a valid config key must consist of",
            id="data key",
        ),
        pytest.param(
            {"metadata": {"name": "a"}, "data": {"k": "x" * 1048577}},
            "",
            "may not be more than 1048576 bytes",
            id="too much",
        ),
    ],
)
async def test_a_malformed_configmap_is_invalid(cluster: Client, maps: str, body: dict, field: str, words: str) -> None:
    answer = await cluster.post(maps, body)
    assert (answer.code, answer.reason) == (422, "Invalid")
    cause = answer.body["details"]["causes"][0]
    assert cause["field"] in (field, "[]")
    assert words in cause["message"]
    assert words in answer.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(
            {"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "a"}},
            "cannot be handled as a ConfigMap",
            id="version",
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}},
            "cannot be handled as a ConfigMap",
            id="kind",
        ),
        pytest.param(
            {"metadata": {"name": "a", "namespace": "other"}},
            "the namespace of the provided object does not match the namespace sent on the request",
            id="namespace",
        ),
        pytest.param(b"{", "the object provided is unrecognized (must be of type ConfigMap)", id="no JSON"),
        pytest.param(
            {"metadata": {"name": "a"}, "data": {"k": 1}},
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
            id="type",
        ),
    ],
)
async def test_a_body_that_does_not_match_its_url_or_type_is_a_bad_request(
    cluster: Client, maps: str, body: object, words: str
) -> None:
    answer = await cluster.post(maps, body)
    assert (answer.code, answer.reason) == (400, "BadRequest")
    assert words in answer.message


async def test_unknown_fields_are_dropped_warned_about_or_rejected_by_field_validation(
    cluster: Client, maps: str
) -> None:
    body = configmap("a") | {"foo": 1}
    warned = await cluster.post(maps, body, dryRun="All")
    assert (warned.code, warned.warnings) == (201, ('299 - "unknown field \\"foo\\""',))
    assert "foo" not in warned.body
    assert not (await cluster.post(maps, body, dryRun="All", fieldValidation="Ignore")).warnings
    refused = await cluster.post(maps, body, fieldValidation="Strict")
    assert refused.code == 400
    assert 'strict decoding error: unknown field "foo"' in refused.message


async def test_creating_an_object_in_a_missing_namespace_is_a_404(cluster: Client) -> None:
    answer = await cluster.post("/api/v1/namespaces/no-such-namespace/configmaps", configmap("a"))
    assert (answer.code, answer.message) == (404, 'namespaces "no-such-namespace" not found')


async def test_an_unknown_resource_is_a_404_and_a_wrong_verb_a_405(cluster: Client, maps: str) -> None:
    unknown = await cluster.get(maps.replace("configmaps", "nopes"))
    assert (unknown.code, unknown.message) == (404, "the server could not find the requested resource")
    wrong = await cluster.post(f"{maps}/a", {})
    assert (wrong.code, wrong.message) == (405, "the server does not allow this method on the requested resource")


async def test_an_unknown_api_group_is_a_404_without_a_status(cluster: Client, namespace: str) -> None:
    answer = await cluster.get(f"/apis/no.such.example.com/v1/namespaces/{namespace}/things")
    assert (answer.code, answer.body) == (404, {"text": "404 page not found\n"})


async def test_a_body_larger_than_three_mebibytes_is_rejected(cluster: Client, maps: str) -> None:
    answer = await cluster.post(maps, configmap("a", {"k": "x" * (3 * 1024 * 1024 + 1)}))
    assert (answer.code, answer.reason) == (413, "RequestEntityTooLarge")


async def test_the_data_of_an_immutable_configmap_cannot_change(cluster: Client, maps: str) -> None:
    await cluster.made(maps, configmap("a", {"k": "v"}) | {"immutable": True})
    answer = await cluster.patch(f"{maps}/a", {"data": {"k": "w"}})
    assert answer.code == 422
    assert "data: Forbidden: field is immutable when `immutable` is set" in answer.message


async def test_a_dry_run_returns_the_result_and_stores_nothing(cluster: Client, maps: str) -> None:
    assert (await cluster.post(maps, configmap("a"), dryRun="All")).code == 201
    assert (await cluster.get(f"{maps}/a")).code == 404
    await cluster.made(maps, configmap("a", {"k": "v"}))
    assert (await cluster.patch(f"{maps}/a", {"data": {"k": "w"}}, dryRun="All")).body["data"] == {"k": "w"}
    assert (await cluster.delete(f"{maps}/a", dryRun="All")).code == 200
    assert (await cluster.get(f"{maps}/a")).body["data"] == {"k": "v"}


async def test_an_unknown_dry_run_value_is_invalid(cluster: Client, maps: str) -> None:
    answer = await cluster.post(maps, configmap("a"), dryRun="Some")
    assert answer.code == 422
    assert 'dryRun: Unsupported value: ["Some"]: supported values: "All"' in answer.message


async def test_a_deletion_returns_success_with_the_uid(cluster: Client, maps: str) -> None:
    made = await cluster.made(maps, configmap("a"))
    answer = await cluster.delete(f"{maps}/a")
    assert (answer.code, answer.body["status"]) == (200, "Success")
    assert answer.body["details"] == {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}


async def test_the_options_of_a_deletion_are_those_of_its_body_and_only_without_one_those_of_its_query(
    cluster: Client, maps: str
) -> None:
    for name, body, left in (
        ("a", None, 200),
        ("b", {"propagationPolicy": "Background"}, 404),
        ("c", {"dryRun": ["All"]}, 200),
    ):
        await cluster.made(maps, configmap(name))
        assert (await cluster.delete(f"{maps}/{name}", body, dryRun="All" if name != "c" else "")).code == 200
        assert (await cluster.get(f"{maps}/{name}")).code == left


async def test_a_deletion_with_another_uid_is_a_conflict(cluster: Client, maps: str) -> None:
    await cluster.made(maps, configmap("a"))
    answer = await cluster.delete(f"{maps}/a", {"preconditions": {"uid": "11111111-2222-3333-4444-555555555555"}})
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert answer.message.startswith(
        'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (11111111-2222-3333-4444-555555555555) does not match'
    )


async def test_a_deleted_object_stays_until_its_finalizer_is_removed(cluster: Client, maps: str) -> None:
    await cluster.made(maps, configmap("a", finalizers=["example.com/hold"]))
    assert (await cluster.delete(f"{maps}/a")).body["metadata"]["deletionTimestamp"]
    assert (await cluster.get(f"{maps}/a")).code == 200
    answer = await cluster.patch(f"{maps}/a", {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}})
    assert answer.code == 422
    assert "no new finalizers can be added if the object is being deleted" in answer.message
    assert (await cluster.patch(f"{maps}/a", {"metadata": {"finalizers": None}})).code == 200
    assert (await cluster.get(f"{maps}/a")).code == 404


async def test_a_collection_is_deleted_by_label_selector(cluster: Client, maps: str) -> None:
    for name, color in (("a", "red"), ("b", "red"), ("c", "blue")):
        await cluster.made(maps, configmap(name, labels={"color": color}))
    assert (await cluster.delete(maps, labelSelector="color=red")).code == 200
    assert [item["metadata"]["name"] for item in (await cluster.get(maps, labelSelector="color")).body["items"]] == [
        "c"
    ]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("color=red", ["a"]),
        ("color==red", ["a"]),
        ("color!=red,color", ["b"]),
        ("color in (red,blue)", ["a", "b"]),
        ("color notin (red),color", ["b"]),
        ("color", ["a", "b"]),
        ("!color,plain", ["c"]),
    ],
)
async def test_a_list_is_selected_by_labels(cluster: Client, maps: str, selector: str, names: list[str]) -> None:
    for name, labels in (("a", {"color": "red"}), ("b", {"color": "blue"}), ("c", {"plain": "yes"})):
        await cluster.made(maps, configmap(name, labels=labels))
    assert [
        item["metadata"]["name"] for item in (await cluster.get(maps, labelSelector=selector)).body["items"]
    ] == names


async def test_a_list_is_selected_by_name_and_not_by_unknown_fields(cluster: Client, maps: str) -> None:
    await cluster.made(maps, configmap("a"))
    assert len((await cluster.get(maps, fieldSelector="metadata.name=a")).body["items"]) == 1
    refused = await cluster.get(maps, fieldSelector="data.a=1")
    assert refused.code == 400
    assert refused.message == '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"'


async def test_a_list_is_returned_in_pages(cluster: Client, maps: str) -> None:
    for name in "abc":
        await cluster.made(maps, configmap(name, labels={"mine": "yes"}))
    first = await cluster.get(maps, limit=2, labelSelector="mine")
    assert [item["metadata"]["name"] for item in first.body["items"]] == ["a", "b"]
    rest = await cluster.get(maps, limit=2, labelSelector="mine", **{"continue": first.body["metadata"]["continue"]})
    assert [item["metadata"]["name"] for item in rest.body["items"]] == ["c"]
    assert "continue" not in rest.body["metadata"]
