"""A Job or pod belongs to an execution only if labels, name, uid and owner agree: anyone can write any of them."""

import pytest

from kubernaut.api.labels import LABEL_EXECUTION, LABEL_UID
from kubernaut.api.names import job_name
from kubernaut.jobs.ownership import execution_key, execution_of, is_engine_job, is_job_of, is_pod_of
from kubernaut.kube.objects import Key

NAME, UID = "more-web", "uid-1"
JOB_NAME = job_name(NAME, UID)


def owner(kind, **changes):
    return {"apiVersion": "batch/v1", "kind": kind, "name": JOB_NAME, "uid": "job-uid", "controller": True, **changes}


def obj(**changes):
    labels = {LABEL_UID: UID, LABEL_EXECUTION: NAME}
    return {"metadata": {"name": JOB_NAME, "namespace": "n", "uid": "job-uid", "labels": labels, **changes}}


JOB_OWNER = [owner("KubernetesExecution", uid=UID)]


@pytest.mark.parametrize(
    ("job", "belongs"),
    [
        pytest.param(obj(ownerReferences=JOB_OWNER), True, id="all agree"),
        pytest.param(obj(ownerReferences=JOB_OWNER, name="other"), False, id="another name"),
        pytest.param(obj(ownerReferences=JOB_OWNER, labels={LABEL_UID: "x"}), False, id="another uid"),
        pytest.param(obj(ownerReferences=[owner("KubernetesExecution")]), False, id="another owner's uid"),
        pytest.param(obj(ownerReferences=[owner("Deployment", uid=UID)]), False, id="another kind of owner"),
        pytest.param(
            obj(ownerReferences=[owner("KubernetesExecution", uid=UID, controller=False)]),
            False,
            id="an owner that does not control it",
        ),
        pytest.param(obj(), False, id="no owner"),
    ],
)
def test_a_job_belongs_to_an_execution_only_if_all_agree(job, belongs):
    assert is_job_of(job, NAME, UID) is belongs


@pytest.mark.parametrize(
    ("pod", "job", "belongs"),
    [
        pytest.param(obj(ownerReferences=[owner("Job")]), obj(), True, id="all agree"),
        pytest.param(obj(ownerReferences=[owner("Job")]), None, True, id="the Job is gone"),
        pytest.param(obj(ownerReferences=[owner("Job", uid="x")]), obj(), False, id="an earlier Job of that name"),
        pytest.param(obj(ownerReferences=[owner("Job", name="x")]), obj(), False, id="another Job"),
        pytest.param(obj(ownerReferences=[owner("Job")], labels={}), obj(), False, id="no label"),
    ],
)
def test_a_pod_belongs_to_an_execution_only_if_all_agree(pod, job, belongs):
    assert is_pod_of(pod, NAME, UID, job) is belongs


def test_the_execution_is_found_by_label():
    assert execution_key(obj()) == Key("n", NAME)
    assert execution_of(obj()) == "n/more-web"


def test_only_a_job_with_every_label_and_annotation_is_the_engines():
    assert not is_engine_job(obj(ownerReferences=JOB_OWNER))
