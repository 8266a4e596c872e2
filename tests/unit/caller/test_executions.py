"""Executions are created, read and patched for a person, and what is wrong is explained."""

import pytest

from kubernaut.api.execution import UNOBSERVED_MESSAGE
from kubernaut.caller.executions import (
    create_execution,
    get_execution,
    get_unfinished_execution,
    patch_execution,
    read_execution,
)
from kubernaut.errors import DeniedError, InputError, NotFoundError, UnauthenticatedError, UnavailableError
from kubernaut.kube.objects import EXECUTIONS, Key
from tests.support.executions import make_execution
from tests.support.fake_client import FakeClient

SPEC = {"action": "scale", "parameters": {"name": "web", "replicas": 3}}


@pytest.fixture
def cluster(monkeypatch):
    monkeypatch.delenv("TRACEPARENT", raising=False)
    return FakeClient()


def stored(**status):
    return EXECUTIONS, dict(make_execution(**status).json)


async def test_a_new_execution_names_its_requester(cluster):
    execution = await create_execution(cluster, Key("prod", "more"), SPEC)
    assert (execution.name, execution.namespace, execution.requested_by) == ("more", "prod", "anna")
    (obj,) = cluster.all(EXECUTIONS)
    assert obj["spec"] == SPEC
    assert (obj["apiVersion"], obj["kind"]) == ("kubernaut.io/v1alpha1", "KubernetesExecution")


async def test_a_new_execution_without_a_name_gets_one_with_the_prefix(cluster):
    execution = await create_execution(cluster, Key("prod", ""), SPEC, prefix="scale-")
    assert execution.name.startswith("scale-")


async def test_a_new_execution_continues_the_callers_trace(cluster, monkeypatch):
    monkeypatch.setenv("TRACEPARENT", "00-1-2-01")
    execution = await create_execution(cluster, Key("prod", "a"), SPEC, annotations={"kubernaut.io/rollback-of": "b"})
    assert execution.json["metadata"]["annotations"] == {
        "kubernaut.io/rollback-of": "b",
        "kubernaut.io/requested-by": "anna",
        "traceparent": "00-1-2-01",
    }


async def test_a_requester_that_the_api_server_does_not_name_is_left_out(cluster):
    cluster.failures["create", "selfsubjectreviews"] = [DeniedError("no")]
    assert (await create_execution(cluster, Key("prod", "more"), SPEC)).json["metadata"]["annotations"] == {}


async def test_where_there_is_no_credential_nothing_more_is_asked(cluster):
    cluster.failures["create", "selfsubjectreviews"] = [UnauthenticatedError("the plugin failed")]
    with pytest.raises(UnauthenticatedError, match="the plugin failed"):
        await create_execution(cluster, Key("prod", "more"), SPEC)
    assert cluster.requests == [("create", "selfsubjectreviews")]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("namespaces", "namespace prod does not exist: name another with -n"),
        ("", "does not have the CRD of KubernetesExecution: kubernaut crd | kubectl apply -f -"),
    ],
)
async def test_a_cluster_that_cannot_take_executions_is_explained(cluster, kind, message):
    cluster.failures["create", "kubernetesexecutions"] = [NotFoundError("404", kind)]
    with pytest.raises(InputError) as raised:
        await create_execution(cluster, Key("prod", "more"), SPEC)
    assert message in str(raised.value)


async def test_other_errors_of_a_creation_are_passed_on(cluster):
    cluster.failures["create", "kubernetesexecutions"] = [UnavailableError("503")]
    with pytest.raises(UnavailableError):
        await create_execution(cluster, Key("prod", "more"), SPEC)


async def test_a_missing_execution_is_bad_input_with_the_command_that_lists_them(cluster):
    with pytest.raises(InputError, match="there is no execution more in prod: kubernaut get -n prod"):
        await get_execution(cluster, Key("prod", "more"))


async def test_an_execution_that_has_ended_is_not_unfinished():
    assert (await get_unfinished_execution(FakeClient(stored()), Key("prod", "more"))).name == "more"
    with pytest.raises(InputError, match="more has ended already: Cancelled"):
        await get_unfinished_execution(FakeClient(stored(phase="Cancelled")), Key("prod", "more"))


async def test_a_patch_returns_the_patched_execution():
    patched = await patch_execution(FakeClient(stored()), Key("prod", "more"), {"spec": {"suspend": True}})
    assert patched.is_suspended
    assert patched.action == "scale"


def test_an_execution_of_another_version_is_named_with_the_field():
    assert read_execution(make_execution(message=UNOBSERVED_MESSAGE).json).status.message == UNOBSERVED_MESSAGE
    with pytest.raises(
        InputError,
        match=r"prod/more does not fit this version of kubernaut \(phase: .*'Paused'.* kubectl get kex more -n prod",
    ):
        read_execution(make_execution(phase="Paused").json)
