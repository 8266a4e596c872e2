"""A no is final only from an API server that has read what is granted."""

import pytest

from kubernaut.admission.access_review import AccessReviewer
from kubernaut.errors import UnavailableError


class Server:
    """Denies everything until it is ready."""

    def __init__(self, granted=True, ready_after=0):
        self.granted, self.ready_after, self.reviews = granted, ready_after, 0

    async def get(self, resource, namespace, name):
        return {"metadata": {"labels": {"kubernaut.io/action": "scale"}}}

    async def ready(self):
        if self.ready_after:
            self.ready_after -= 1
            raise UnavailableError("not yet")
        self.warm = True

    async def create(self, resource, namespace, review):
        self.reviews += 1
        return {"status": {"allowed": self.granted and getattr(self, "warm", False)}}


@pytest.fixture
def scale(registry):
    return registry.actions["scale"]


async def test_a_no_from_a_server_that_is_ready_by_now_is_asked_again(scale):
    assert await AccessReviewer(Server(), 30).missing(scale, "production") == ""


async def test_a_no_from_a_server_that_is_not_ready_is_no_answer(scale):
    with pytest.raises(UnavailableError):
        await AccessReviewer(Server(ready_after=1), 30).missing(scale, "production")


async def test_a_no_that_stays_is_final_and_costs_each_right_a_second_question(scale):
    server = Server(granted=False)
    told = await AccessReviewer(server, 30).missing(scale, "production")
    assert told.startswith("ServiceAccount deployment-scaler is not allowed to get deployments (apps)")
    assert server.reviews == 8
