"""The pod failure policy, evaluated as the job controller does."""

import pytest

from kubernaut.jobs.attempts import read_attempts
from kubernaut.jobs.failure_policy import fails_job, failure_rules
from kubernaut.kube.objects import CachedObject

TWO, INLINE = ("dry-run", "execute"), ("execute",)


def job(steps=TWO, retry_safe=False):
    return {"spec": {"podFailurePolicy": {"rules": failure_rules(steps, retry_safe=retry_safe)}}}


def attempt(dry_run=None, execute=None, *conditions):
    def status(name, code):
        return [{"name": name, "state": {"terminated": {"exitCode": code}}}] if code is not None else []

    pod = {
        "metadata": {"name": "p", "creationTimestamp": "2026-05-01T12:00:00Z"},
        "status": {
            "phase": "Failed",
            "initContainerStatuses": status("dry-run", dry_run),
            "containerStatuses": status("execute", execute),
            "conditions": [{"type": kind, "status": "True"} for kind in conditions],
        },
    }
    (read,) = read_attempts([CachedObject(pod)])
    return read


@pytest.mark.parametrize(
    ("kind", "failed", "ends"),
    [
        pytest.param({}, attempt(42), True, id="refused in the dry run"),
        pytest.param({}, attempt(1), False, id="an error in the dry run is retried"),
        pytest.param({}, attempt(0, 1, "Initialized"), True, id="any failure of execute"),
        pytest.param(
            {}, attempt(0, None, "Initialized", "DisruptionTarget"), True, id="evicted once execute may have started"
        ),
        pytest.param({}, attempt(None, None, "DisruptionTarget"), False, id="evicted before that"),
        pytest.param({"retry_safe": True}, attempt(0, 1, "Initialized"), False, id="safe to repeat"),
        pytest.param({"retry_safe": True}, attempt(0, 42, "Initialized"), True, id="refused though safe to repeat"),
        pytest.param(
            {"retry_safe": True}, attempt(0, None, "Initialized", "DisruptionTarget"), False, id="evicted though safe"
        ),
        pytest.param({"steps": ("dry-run",)}, attempt(None, None), False, id="a dry run that failed"),
        pytest.param({"steps": INLINE}, attempt(None, 42), True, id="refused inline"),
        pytest.param(
            {"steps": INLINE}, attempt(None, 43, "Initialized"), False, id="an error of the inline dry run is retried"
        ),
        pytest.param({"steps": INLINE}, attempt(None, 1), True, id="any other failure inline"),
        pytest.param({"steps": INLINE}, attempt(None, None, "DisruptionTarget"), False, id="evicted before its start"),
        pytest.param(
            {"steps": INLINE}, attempt(None, None, "Initialized", "DisruptionTarget"), True, id="evicted inline"
        ),
        pytest.param(
            {"steps": INLINE}, attempt(None, 43, "Initialized", "DisruptionTarget"), False, id="evicted as it rehearsed"
        ),
        pytest.param({"steps": INLINE, "retry_safe": True}, attempt(None, 1), False, id="inline and safe to repeat"),
        pytest.param({"steps": INLINE, "retry_safe": True}, attempt(None, 42), True, id="refused inline though safe"),
    ],
)
def test_the_first_matching_rule_decides(kind, failed, ends):
    assert fails_job(job(**kind), failed) is ends


def test_no_rule_matches_for_a_job_without_a_policy():
    assert not fails_job({"spec": {}}, attempt(42))
