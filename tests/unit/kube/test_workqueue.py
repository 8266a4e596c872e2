"""The queue: each key once, one worker a key, nothing forgotten."""

import asyncio

from kubernaut.kube.workqueue import KeyQueue


async def test_a_key_added_twice_is_taken_once():
    queue = KeyQueue()
    queue.add("a")
    queue.add("a")
    assert await queue.take() == "a"
    assert len(queue) == 0


async def test_a_key_added_while_held_comes_back_after_it_is_let_go():
    queue = KeyQueue()
    queue.add("a")
    await queue.take()
    queue.add("a")
    assert len(queue) == 0
    queue.done("a")
    assert await queue.take() == "a"


async def test_keys_leave_in_the_order_they_came():
    queue = KeyQueue()
    for key in "abc":
        queue.add(key)
    assert [await queue.take() for _ in range(3)] == list("abc")


async def test_whoever_waits_is_woken():
    queue = KeyQueue()
    taker = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add("a")
    assert await asyncio.wait_for(taker, 1) == "a"


async def test_of_those_who_wait_one_is_woken_for_a_key():
    queue = KeyQueue()
    takers = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)
    queue.add("a")
    queue.add("b")
    await asyncio.sleep(0)
    assert [taker.done() for taker in takers] == [True, True, False]
    takers[2].cancel()


async def test_a_key_is_not_lost_with_the_taker_that_was_woken_for_it():
    queue = KeyQueue()
    first, second = (asyncio.create_task(queue.take()) for _ in range(2))
    await asyncio.sleep(0)
    queue.add("a")
    first.cancel()
    assert await asyncio.wait_for(second, 1) == "a"


async def test_delays_double_and_begin_anew_after_success():
    queue = KeyQueue(first_delay=1, longest_delay=5)
    assert [queue.retry("a") for _ in range(5)] == [1, 2, 4, 5, 5]
    queue.forget("a")
    assert queue.retry("a") == 1
    queue.close()


async def test_of_two_delays_the_sooner_counts():
    queue = KeyQueue()
    queue.add_after("a", 60)
    queue.add_after("a", 0)
    assert await asyncio.wait_for(queue.take(), 1) == "a"
    queue.close()


async def test_a_retry_waits_at_least_what_the_server_asks():
    queue = KeyQueue(first_delay=0.1)
    assert queue.retry("a", at_least=7) == 7
    queue.close()
