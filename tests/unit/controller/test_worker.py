"""What a worker does after a reconcile: forget, requeue, or retry with a growing delay."""

import asyncio
import logging

import pytest

from kubernaut.controller.result import Done, RequeueAfter
from kubernaut.controller.worker import Worker
from kubernaut.errors import ConflictError, DeniedError, ThrottledError
from kubernaut.kube.objects import Key
from kubernaut.kube.workqueue import WorkQueue

KEY = Key("production", "more-web")


async def never(key, error, failures):
    """Give up nothing."""
    return False


class RecordingQueue(WorkQueue):
    """Records the delays instead of waiting for them."""

    def __init__(self):
        super().__init__()
        self.delays, self.forgotten = [], []

    def add_after(self, key, seconds):
        self.delays.append(seconds)

    def forget(self, key):
        self.forgotten.append(key)
        super().forget(key)


async def process(ground, outcome):
    """Process one key; returns the queue and the observed results."""
    queue, observed = RecordingQueue(), []

    async def reconcile(_):
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    worker = Worker(queue, ground.caches, reconcile, lambda result, _: observed.append(result), never)
    queue.add(KEY)
    task = asyncio.create_task(worker.run())
    while not observed:
        await asyncio.sleep(0)
    task.cancel()
    return queue, observed


@pytest.mark.parametrize(
    ("outcome", "result", "delays", "forgotten"),
    [
        pytest.param(Done(), "success", [], [KEY], id="done"),
        pytest.param(RequeueAfter(3.0), "requeue_after", [3.0], [KEY], id="requeue after"),
        pytest.param(ConflictError("x"), "error", [0.05], [], id="an error that may pass"),
        pytest.param(ThrottledError("x", 7.0), "error", [7.0], [], id="throttled"),
        pytest.param(DeniedError("x"), "error", [5.0], [], id="an error that comes again"),
        pytest.param(KeyError("x"), "panic", [0.05], [], id="a defect of the engine"),
    ],
)
async def test_each_outcome_has_its_delay_and_its_metric(ground, outcome, result, delays, forgotten):
    queue, observed = await process(ground, outcome)
    assert (observed, queue.delays, queue.forgotten) == ([result], delays, forgotten)


async def test_a_worker_is_free_again_after_a_defect(ground):
    queue, _ = await process(ground, RuntimeError("x"))
    assert queue.longest_running() is None


async def test_a_defect_is_logged_with_its_traceback_and_an_expected_error_without(ground, caplog):
    await process(ground, KeyError("defect"))
    assert "internal error" in caplog.text
    assert "Traceback" in caplog.text
    caplog.clear()
    await process(ground, DeniedError("jobs is forbidden"))
    assert "jobs is forbidden; retrying in 5 s" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_defect_that_comes_again_has_one_traceback_and_is_given_up(ground, caplog):
    queue, given_up = RecordingQueue(), []

    async def reconcile(_):
        raise KeyError("istio-proxy")

    async def give_up(key, error, failures):
        given_up.append((key, str(error), failures))
        return failures == 3

    worker = Worker(queue, ground.caches, reconcile, lambda *_: None, give_up)
    for _ in range(3):
        await worker._process(KEY)
    assert given_up == [(KEY, "'istio-proxy'", number) for number in (1, 2, 3)]
    assert caplog.text.count("Traceback") == 1
    assert "given up after 3 internal errors in a row" in caplog.text


@pytest.mark.parametrize(
    ("error", "logged"), [(ConflictError("someone wrote"), logging.INFO), (RuntimeError("again"), logging.ERROR)]
)
async def test_giving_up_may_fail_and_is_tried_again(ground, caplog, error, logged):
    caplog.set_level(logging.INFO)
    queue = RecordingQueue()

    async def reconcile(_):
        raise KeyError("x")

    async def give_up(*_):
        raise error

    worker = Worker(queue, ground.caches, reconcile, lambda *_: None, give_up)
    await worker._process(KEY)
    assert [r.levelno for r in caplog.records if "cannot be given up" in r.getMessage()] == [logged]
    assert len(queue.delays) == 1


async def test_an_execution_that_cannot_be_read_is_reconciled_all_the_same(ground):
    key = ground.add()
    cached = ground.caches.executions.get(key)
    cached.json["metadata"]["annotations"] = 7
    assert Worker(RecordingQueue(), ground.caches, never, lambda *_: None, never)._facts(key) == {}
