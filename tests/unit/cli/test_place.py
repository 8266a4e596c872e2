"""Which cluster and namespace a command's options name."""

from pathlib import Path

import pytest

from kubernaut.cli.place import Place
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key
from tests.support.fake_client import FakeClient


@pytest.fixture
def cluster():
    made = FakeClient()
    made.namespace = "staging"
    return made


@pytest.mark.parametrize(
    ("place", "namespace", "scope"),
    [
        pytest.param(Place(), "staging", "staging", id="the context's"),
        pytest.param(Place(namespace="prod"), "prod", "prod", id="the named one"),
        pytest.param(Place(all_namespaces=True), "staging", None, id="all"),
    ],
)
def test_the_namespace_is_the_named_one_else_the_contexts(cluster, place, namespace, scope):
    assert place.key(cluster, "x") == Key(namespace, "x")
    assert place.scope_on(cluster) == scope


async def test_file_and_context_are_passed_on(monkeypatch, cluster):
    asked = []

    async def connect(kubeconfig, *, context):
        asked.append((kubeconfig, context))
        return cluster

    monkeypatch.setattr(Cluster, "connect", connect)
    assert await Place(Path("f"), "c").connect() is cluster
    assert asked == [(Path("f"), "c")]
