"""Runs of several steps: under faults each step happens at most once, none before the one that it comes after, and every run has an end."""

import asyncio
import random

import pytest

from tests.faults.runs import Runs
from tests.faults.test_faults import SPREAD_SECONDS, api_server_killed, controllers_killed, endure, engine_killed

REHEARSALS = ["initContainer"]
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.timeout(1800)
async def test_every_step_of_a_run_has_one_end_in_its_order_although_everything_is_killed(stage, request):
    """On a real cluster the parts that `--restart=NAME=COMMAND` names are killed beside the engine."""
    commands = [pair.split("=", 1)[1] for pair in request.config.getoption("--restart")]

    async def killed(stage):
        if stage.site.sandbox is not None:
            await random.choice([engine_killed, api_server_killed, controllers_killed])(stage)
            return
        for shell in commands:
            process = await asyncio.create_subprocess_shell(shell)
            await process.wait()
        await engine_killed(stage)

    runs = max(4, request.config.getoption("--executions") // 3)
    load = Runs(stage.site, runs, SPREAD_SECONDS * max(1.0, runs / 12), "run-")
    await endure(stage, killed, load, 240 + 6 * runs, f"{runs} runs of three, everything killed")
