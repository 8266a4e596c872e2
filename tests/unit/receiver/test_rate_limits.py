"""Token buckets: a minute's worth at once, then as fast as they fill, each namespace by itself and all together."""

import pytest

from kubernaut.receiver.rate_limits import RateLimits


@pytest.fixture
def clock():
    return [0.0]


def limits(clock, per_namespace=6, in_all=10):
    return RateLimits(per_namespace, in_all, lambda: clock[0])


def test_a_minutes_worth_is_there_at_once_and_more_as_time_passes(clock):
    limited = limits(clock)
    assert [limited.take("a", 2) for _ in range(3)] == [0, 0, 0]
    assert limited.take("a", 2) == pytest.approx(20)
    clock[0] = 19.9
    assert limited.take("a", 2) > 0
    clock[0] = 20
    assert limited.take("a", 2) == 0
    assert limited.take("a", 1) == pytest.approx(10)


def test_asking_takes_nothing(clock):
    limited = limits(clock)
    assert [limited.wait("a", 6) for _ in range(3)] == [0, 0, 0]
    assert limited.take("a", 6) == 0
    assert limited.wait("a", 1) == pytest.approx(10)


def test_all_namespaces_share_one_limit(clock):
    limited = limits(clock)
    assert [limited.take(name, 5) for name in "abc"] == [0, 0, pytest.approx(30)]
    assert limited.take("c", 0) == 0


def test_what_is_larger_than_a_bucket_waits_for_a_full_one_and_is_paid_back(clock):
    limited = limits(clock)
    assert limited.take("a", 9) == 0
    assert limited.wait("a", 9) == pytest.approx(60), "the wait that is told has a bound"
    clock[0] = 89
    assert limited.wait("a", 9) > 0
    clock[0] = 90
    assert limited.take("a", 9) == 0


def test_a_full_bucket_does_not_grow(clock):
    limited = limits(clock, in_all=100)
    assert limited.take("a", 6) == 0
    clock[0] = 10_000
    assert limited.take("a", 6) == 0
    assert limited.take("a", 1) > 0


def test_namespaces_are_forgotten_once_their_bucket_is_full(clock):
    limited = limits(clock, 6, 100_000)
    for number in range(1000):
        clock[0] += 60
        limited.take(f"n{number}", 1)
    assert len(limited._namespaces) <= 2
