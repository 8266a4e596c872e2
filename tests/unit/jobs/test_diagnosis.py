"""What kept a pod from running is read back from the condition that recorded it."""

import pytest

from kubernaut.api.conditions import make_condition
from kubernaut.api.execution import ExecutionStatus
from kubernaut.jobs.diagnosis import Diagnosis, last_diagnosis


@pytest.mark.parametrize(
    ("conditions", "diagnosis"),
    [
        pytest.param((), None, id="never recorded"),
        pytest.param((make_condition("PodReady", True, "Started"),), None, id="over"),
        pytest.param((make_condition("Validated", False, "Forbidden", "x"),), None, id="another condition"),
        pytest.param(
            (make_condition("PodReady", False, "FailedMount", "FailedMount: no Secret"),),
            Diagnosis("FailedMount", "FailedMount: no Secret"),
            id="recorded",
        ),
    ],
)
def test_the_last_diagnosis_is_what_the_condition_holds(conditions, diagnosis):
    assert last_diagnosis(ExecutionStatus(conditions=conditions)) == diagnosis


def test_only_an_image_that_cannot_be_pulled_is_one():
    assert Diagnosis("ImagePullFailed", "").is_image_pull
    assert not Diagnosis("Unschedulable", "").is_image_pull
