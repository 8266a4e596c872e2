"""Faults of the cluster, each for itself. Where a dry run takes place makes no difference to them; all of them in turn meet both places."""

import pytest

from tests.faults.test_faults import IN_THE_SANDBOX, named, survive

REHEARSALS = ["initContainer"]
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", named(IN_THE_SANDBOX))
async def test_every_execution_has_one_job_and_one_end_despite_faults_of_the_cluster(stage, request, fault):
    if stage.site.sandbox is None:
        pytest.skip("injected in the sandbox; on a real cluster use --restart=NAME=COMMAND")
    await survive(stage, request, fault)
