"""What a worker does after a reconcile: forget, requeue, or retry with a growing delay."""

import asyncio

import pytest

from kubernaut.controller.result import Done, RequeueAfter
from kubernaut.controller.worker import Worker
from kubernaut.errors import ConflictError, DeniedError, ThrottledError
from kubernaut.kube.objects import Key
from kubernaut.kube.workqueue import WorkQueue

KEY = Key("production", "more-web")


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

    worker = Worker(queue, ground.caches, reconcile, lambda result, _: observed.append(result))
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
