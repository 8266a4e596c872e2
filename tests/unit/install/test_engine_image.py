"""Action pods run the engine's own image, unless the configuration names one."""

import pytest

from kubernaut.errors import DeniedError
from kubernaut.install.engine_image import with_own_image
from kubernaut.kube.answers import Page
from kubernaut.settings import DEFAULT_IMAGE, Settings

POD = {"spec": {"containers": [{"name": "engine", "image": "registry.example/k:1.4"}]}}


class Pods:
    def __init__(self, answer):
        self.answer, self.asked = answer, []

    async def list(self, resource, namespace, *, fields):
        self.asked.append((resource.plural, namespace, fields))
        if isinstance(self.answer, Exception):
            raise self.answer
        return Page(self.answer, "1", "")


@pytest.fixture
def in_a_pod(monkeypatch):
    monkeypatch.setenv("POD_NAME", "engine-1")
    monkeypatch.setenv("POD_NAMESPACE", "system")


async def test_in_a_pod_action_pods_run_the_image_of_that_pod(in_a_pod):
    pods = Pods([POD])
    assert (await with_own_image(pods, Settings())).image == "registry.example/k:1.4"
    assert pods.asked == [("pods", "system", "metadata.name=engine-1")]


async def test_a_configured_image_takes_precedence(in_a_pod):
    assert (await with_own_image(Pods([POD]), Settings(image="mine:1"))).image == "mine:1"


@pytest.mark.parametrize("answer", [[], DeniedError("no")], ids=["not found", "not allowed"])
async def test_an_image_that_cannot_be_read_leaves_the_default(in_a_pod, answer):
    assert (await with_own_image(Pods(answer), Settings())).image == DEFAULT_IMAGE


async def test_outside_a_pod_no_request_is_sent(monkeypatch):
    monkeypatch.delenv("POD_NAME", raising=False)
    pods = Pods([POD])
    assert (await with_own_image(pods, Settings())).image == DEFAULT_IMAGE
    assert pods.asked == []
