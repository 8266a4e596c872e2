"""A denial is final only if the API server is ready, so that it has read all grants."""

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


async def test_a_denial_is_reviewed_again_if_the_server_is_ready(scale):
    assert await AccessReviewer(Server(), 30).missing(scale, "production") == ""


async def test_a_denial_by_a_server_that_is_not_ready_does_not_count(scale):
    with pytest.raises(UnavailableError):
        await AccessReviewer(Server(ready_after=1), 30).missing(scale, "production")


async def test_a_repeated_denial_is_final_after_two_reviews_of_each_permission(scale):
    server = Server(granted=False)
    message = await AccessReviewer(server, 30).missing(scale, "production")
    assert message.startswith("ServiceAccount deployment-scaler is not allowed to get deployments (apps)")
    assert server.reviews == 2 * 5
