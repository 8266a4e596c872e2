"""Credentials that expire: asked for in time, once, and by all requests together."""

import asyncio

import pytest

from kubernaut.errors import UnauthenticatedError
from kubernaut.kube.config.credential_cache import CachedCredentials, Issued
from kubernaut.kube.config.credentials import Credential


class Issuer:
    """Issues numbered credentials that live for some seconds, by a clock that a test sets."""

    def __init__(self, lifetime=None):
        self.count, self.now, self.lifetime, self.failing, self.pause = 0, 1000.0, lifetime, False, asyncio.sleep(0)
        self.gate = None
        self.credentials = CachedCredentials(self.issue, lambda: self.now)

    async def issue(self):
        self.count += 1
        number = self.count
        if self.gate:
            await self.gate.wait()
        if self.failing:
            raise UnauthenticatedError("the plugin failed")
        return Issued(Credential(f"Bearer {number}"), None if self.lifetime is None else self.now + self.lifetime)

    async def current(self):
        return (await self.credentials.current()).authorization


@pytest.fixture
def issuer():
    made = []

    def make(**options):
        made.append(Issuer(**options))
        made[-1].pause.close()
        return made[-1]

    return make


async def test_one_without_an_end_is_asked_for_once(issuer):
    one = issuer()
    assert [await one.current(), await one.current()] == ["Bearer 1", "Bearer 1"]
    one.now += 10**6
    assert await one.current() == "Bearer 1"


@pytest.mark.parametrize(
    ("lifetime", "still", "due"),
    [
        pytest.param(3600, 3589, 3590, id="ten seconds before its end"),
        pytest.param(10, 7.4, 7.5, id="after three quarters of a short life"),
    ],
)
async def test_it_is_asked_for_again_shortly_before_its_end(issuer, lifetime, still, due):
    one = issuer(lifetime=lifetime)
    await one.current()
    one.now = 1000 + still
    assert await one.current() == "Bearer 1"
    one.now = 1000 + due
    assert await one.current() == "Bearer 2"


async def test_one_that_is_issued_expired_serves_the_request_that_asked_for_it(issuer):
    one = issuer(lifetime=-5)
    assert [await one.current(), await one.current()] == ["Bearer 1", "Bearer 2"]


async def test_while_it_is_valid_a_failure_to_renew_it_does_no_harm(issuer):
    one = issuer(lifetime=100)
    await one.current()
    one.failing, one.now = True, 1095
    assert await one.current() == "Bearer 1"
    one.now = 1100
    with pytest.raises(UnauthenticatedError, match="the plugin failed"):
        await one.current()


async def test_after_a_rejection_it_is_asked_for_again_once_for_all_who_used_it(issuer):
    one = issuer()
    rejected = await one.credentials.current()
    renewed = await asyncio.gather(*(one.credentials.renew(rejected) for _ in range(5)))
    assert {credential.authorization for credential in renewed} == {"Bearer 2"}
    assert (await one.credentials.renew(rejected)).authorization == "Bearer 2"


async def test_requests_that_need_one_at_the_same_moment_share_it_and_its_failure(issuer):
    one = issuer()
    one.gate, one.failing = asyncio.Event(), True
    waiting = [asyncio.create_task(one.current()) for _ in range(5)]
    await asyncio.sleep(0.01)
    one.gate.set()
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert ([type(error) for error in errors], one.count) == ([UnauthenticatedError] * 5, 1)
    one.failing = False
    assert await one.current() == "Bearer 2"


async def test_a_request_that_gives_up_does_not_take_it_from_the_others(issuer):
    one = issuer()
    one.gate = asyncio.Event()
    first, second = asyncio.create_task(one.current()), asyncio.create_task(one.current())
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0.01)
    one.gate.set()
    assert (await second, one.count) == ("Bearer 1", 1)


async def test_closing_stops_one_that_is_under_way(issuer):
    one = issuer()
    one.gate = asyncio.Event()
    waiting = asyncio.create_task(one.current())
    await asyncio.sleep(0.01)
    await one.credentials.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await one.credentials.close()
