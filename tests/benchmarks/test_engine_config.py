"""The engine must accept the configuration that the benchmarks write."""

import pytest

from benchmarks.engine_config import KEEP_JOBS, MODES, EngineConfig
from kubernaut.settings import Settings


def loaded(**fields):
    return Settings.model_validate(EngineConfig("ns", **fields).settings(1234))


@pytest.mark.parametrize("rehearsal", MODES.values())
def test_the_engine_rehearses_where_the_stage_says(rehearsal):
    assert loaded(rehearsal=rehearsal).rehearsal == rehearsal


def test_jobs_stay_unless_clean_up_is_measured():
    assert loaded().job_ttl_seconds == KEEP_JOBS
    assert loaded(job_ttl_seconds=5).job_ttl_seconds == 5


def test_a_cpu_limit_is_that_of_the_action_with_real_pods():
    assert loaded(cpu_limit="500m").actions["patch-configmap"].resources.cpu_limit == "500m"
    assert "patch-configmap" not in loaded().actions
