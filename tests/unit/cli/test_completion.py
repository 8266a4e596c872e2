"""Shell completion: names that begin so, and none at all rather than an error or a long wait."""

import asyncio
import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from kubernaut.cli import completion
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS
from tests.support.executions import make_execution
from tests.support.fake_client import FakeClient


@pytest.fixture(autouse=True)
def logging_again():
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def contexts():
    """The contexts that were connected to."""
    return []


@pytest.fixture
def complete(monkeypatch, contexts):
    """Complete names on this cluster, or with this error instead of one."""

    def names(answer, incomplete="", **options):
        async def connect(_kubeconfig, *, context):
            contexts.append(context)
            if isinstance(answer, Exception):
                raise answer
            if answer is None:
                await asyncio.sleep(10)
            return answer

        monkeypatch.setattr(Cluster, "connect", connect)
        return completion.executions(SimpleNamespace(params=options), incomplete)

    return names


def stored(name, namespace="default", **status):
    return EXECUTIONS, dict(make_execution(name, namespace=namespace, **status).json)


def test_actions_are_completed_with_their_summaries():
    ((name, summary),) = completion.actions("patch")
    assert (name, summary) == ("patch-configmap", "Set or remove keys of one ConfigMap's data.")
    assert completion.actions("x") == []


def test_executions_of_the_namespace_are_completed_with_action_target_and_phase(complete):
    cluster = FakeClient(
        stored("more", target="Deployment/web", phase="Running"), stored("other"), stored("more-2", "prod")
    )
    assert complete(cluster, "more") == [("more", "scale Deployment/web Running")]
    assert complete(cluster, namespace="prod") == [("more-2", "scale")]


def test_executions_of_the_context_and_its_namespace_are_completed(complete, contexts):
    cluster = FakeClient(stored("here"), stored("there", "staging"))
    cluster.namespace = "staging"
    assert complete(cluster, context="other") == [("there", "scale")]
    assert contexts == ["other"]


def test_a_target_that_could_control_the_terminal_is_left_out(complete):
    assert complete(FakeClient(stored("more", target="\x1b[2J", phase="Failed"))) == [("more", "scale Failed")]


def test_the_terminal_is_not_the_standard_input_of_a_credential_plugin(complete, monkeypatch):
    replaced = []
    monkeypatch.setattr(os, "isatty", lambda _: True)
    monkeypatch.setattr(
        os, "dup2", lambda source, target: replaced.append((str(Path(f"/proc/self/fd/{source}").readlink()), target))
    )
    complete(FakeClient())
    assert replaced == [("/dev/null", 0)]


@pytest.mark.parametrize("answer", [InputError("no kubeconfig"), None], ids=["an error", "silence"])
def test_a_cluster_that_does_not_answer_yields_no_names(complete, monkeypatch, answer):
    monkeypatch.setattr(completion, "_TIMEOUT_SECONDS", 0.05)
    assert complete(answer) == []
