"""The work queue: each key once, one worker for a key, and no key lost."""

import asyncio

from kubernaut.kube.workqueue import WorkQueue


async def test_a_key_added_twice_is_taken_once():
    queue = WorkQueue()
    queue.add("a")
    queue.add("a")
    assert await queue.take() == "a"
    assert len(queue) == 0


async def test_a_key_added_while_it_is_processed_is_queued_again_afterwards():
    queue = WorkQueue()
    queue.add("a")
    await queue.take()
    queue.add("a")
    assert len(queue) == 0
    queue.done("a")
    assert await queue.take() == "a"


async def test_keys_are_taken_in_the_order_in_which_they_were_added():
    queue = WorkQueue()
    for key in "abc":
        queue.add(key)
    assert [await queue.take() for _ in range(3)] == list("abc")


async def test_a_waiting_worker_is_woken():
    queue = WorkQueue()
    worker = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add("a")
    assert await asyncio.wait_for(worker, 1) == "a"


async def test_one_waiting_worker_is_woken_for_each_key():
    queue = WorkQueue()
    workers = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)
    queue.add("a")
    queue.add("b")
    await asyncio.sleep(0)
    assert [worker.done() for worker in workers] == [True, True, False]
    workers[2].cancel()


async def test_a_key_is_not_lost_if_the_worker_woken_for_it_is_cancelled():
    queue = WorkQueue()
    first, second = (asyncio.create_task(queue.take()) for _ in range(2))
    await asyncio.sleep(0)
    queue.add("a")
    first.cancel()
    assert await asyncio.wait_for(second, 1) == "a"


async def test_delays_double_until_a_success():
    queue = WorkQueue(base_delay=1, max_delay=5)
    assert [queue.add_rate_limited("a") for _ in range(5)] == [1, 2, 4, 5, 5]
    queue.forget("a")
    assert queue.add_rate_limited("a") == 1
    queue.close()


async def test_the_earlier_of_two_delays_counts():
    queue = WorkQueue()
    queue.add_after("a", 60)
    queue.add_after("a", 0)
    assert await asyncio.wait_for(queue.take(), 1) == "a"
    queue.close()


async def test_a_retry_waits_at_least_as_long_as_the_server_asks():
    queue = WorkQueue(base_delay=0.1)
    assert queue.add_rate_limited("a", at_least=7) == 7
    queue.close()


async def test_a_draining_queue_returns_no_more_keys_and_waits_for_those_in_progress():
    queue = WorkQueue()
    queue.add("a")
    await queue.take()
    draining = asyncio.create_task(queue.drain(5))
    await asyncio.sleep(0)
    queue.add("b")
    worker = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert (worker.done(), draining.done()) == (False, False)
    queue.done("a")
    await asyncio.wait_for(draining, 1)
    worker.cancel()


async def test_the_longest_running_key_is_known():
    queue = WorkQueue()
    assert (queue.longest_running(), queue.longest_queued()) == (None, 0.0)
    queue.add("a")
    assert queue.longest_queued() > 0
    await queue.take()
    assert queue.longest_running()[0] == "a"
