"""Any Job and pods that an API server can return: observing them never raises, and each is in progress or ended in one way."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubernaut.api.execution import Phase
from kubernaut.controller.predicates import is_significant_change
from kubernaut.controller.transforms import trim_job, trim_pod
from kubernaut.jobs.attempts import read_attempts
from kubernaut.jobs.failure_policy import failure_rules
from kubernaut.jobs.outcome import Finished, InProgress, is_conclusive, is_explained, observe
from kubernaut.jobs.stages import attempt_stages
from kubernaut.kube.objects import CachedObject

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = st.sampled_from(["dry-run", "execute", "execute-proxy", "istio-proxy", "", "é"])
TIMES = st.integers(-(10**6), 10**6).map(
    lambda seconds: (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
)
WORDS = st.one_of(
    st.sampled_from(
        [
            "",
            "{",
            '{"kubernaut": 1, "step": "execute", "state": "done"}',
            '{"kubernaut": 1, "step": "dry-run", "state": "error"}',
            '{"kubernaut": 1, "step": "execute", "state": "error", "rehearsal": {"state": "done", "asExecuted": true}}',
            '{"kubernaut": 1, "step": "execute", "state": "done", "rehearsal": {"state": 1, "step": "execute"}}',
        ]
    ),
    st.text(max_size=40),
)
REASONS = st.sampled_from(
    [
        "",
        "Completed",
        "Error",
        "OOMKilled",
        "StartError",
        "ContainerStatusUnknown",
        "ErrImagePull",
        "CrashLoopBackOff",
        "Unheard",
    ]
)


def partly(fields):
    """Any of the fields, each of them absent or null at times."""
    return st.fixed_dictionaries(
        {}, optional={name: st.one_of(st.none(), value) for name, value in fields.items()}
    ).map(
        lambda found: {
            key: value for key, value in found.items() if value is not None or key not in {"name", "type", "status"}
        }
    )


STATES = st.one_of(
    st.none(),
    st.just({}),
    st.builds(lambda value: {"running": value}, partly({"startedAt": TIMES})),
    st.builds(lambda value: {"waiting": value}, partly({"reason": REASONS, "message": WORDS})),
    st.builds(
        lambda value, code: {"terminated": {**value, "exitCode": code}},
        partly({"reason": REASONS, "startedAt": TIMES, "finishedAt": TIMES}),
        st.integers(0, 255),
    ),
)
CONTAINERS = st.lists(
    st.builds(
        lambda name, more, message: {"name": name, **more, **_with_message(more, message)},
        NAMES,
        partly({"image": st.text(max_size=10), "state": STATES}),
        WORDS,
    ),
    max_size=4,
)
CONDITIONS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["PodScheduled", "Initialized", "DisruptionTarget", "Ready", "Other"]),
            "status": st.sampled_from(["True", "False", "Unknown"]),
        },
        optional={"reason": REASONS | st.just("Unschedulable"), "message": WORDS, "lastTransitionTime": TIMES},
    ),
    max_size=4,
)
PODS = st.builds(
    lambda name, times, status, node: {
        "metadata": {"name": name, "uid": name, "namespace": "a", **times},
        "spec": {"nodeName": node} if node else {},
        "status": status,
    },
    st.sampled_from(["p1", "p2", "p3"]),
    st.fixed_dictionaries({"creationTimestamp": TIMES}, optional={"deletionTimestamp": TIMES}),
    partly(
        {
            "phase": st.sampled_from(["Pending", "Running", "Succeeded", "Failed", "Unknown"]),
            "reason": REASONS,
            "message": WORDS,
            "conditions": CONDITIONS,
            "initContainerStatuses": CONTAINERS,
            "containerStatuses": CONTAINERS,
        }
    ),
    st.sampled_from(["", "n1"]),
)
ANNOTATIONS = st.dictionaries(
    st.sampled_from(["kubernaut.io/target", "kubernaut.io/reports"]), st.sampled_from(["x", "false"])
)
JOBS = st.builds(
    lambda conditions, annotations, spec, status: {
        "metadata": {
            "name": "j",
            "uid": "j",
            "namespace": "a",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            **annotations,
        },
        "spec": spec,
        "status": {**status, "conditions": conditions},
    },
    st.lists(
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(["Complete", "Failed", "Suspended", "FailureTarget", "Other"]),
                "status": st.sampled_from(["True", "False"]),
            },
            optional={
                "reason": st.sampled_from(["PodFailurePolicy", "BackoffLimitExceeded", "DeadlineExceeded", "Other"]),
                "message": WORDS,
                "lastTransitionTime": TIMES,
            },
        ),
        max_size=3,
    ),
    partly({"annotations": ANNOTATIONS}),
    partly(
        {
            "activeDeadlineSeconds": st.integers(1, 1000),
            "suspend": st.booleans(),
            "podFailurePolicy": st.builds(
                lambda steps, safe: {"rules": failure_rules(steps, retry_safe=safe)},
                st.sampled_from([["dry-run"], ["execute"], ["dry-run", "execute"]]),
                st.booleans(),
            ),
        }
    ),
    partly({"failed": st.integers(0, 3), "startTime": TIMES}),
)


def _with_message(container, message):
    terminated = (container.get("state") or {}).get("terminated")
    return {"state": {"terminated": {**terminated, "message": message}}} if terminated and message else {}


@settings(max_examples=140, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    job=JOBS,
    pods=st.lists(PODS, max_size=3),
    dry_run=st.booleans(),
    seconds=st.integers(-100, 10**7),
    trimmed=st.booleans(),
)
def test_whatever_is_observed_is_in_progress_or_has_ended(job, pods, dry_run, seconds, trimmed):
    now = NOW + timedelta(seconds=seconds)
    seen = [trim_pod(pod) for pod in pods] if trimmed else [{**pod, "status": pod["status"] or {}} for pod in pods]
    job = trim_job(job) if trimmed else job
    cached = [CachedObject(pod) for pod in seen]
    assert is_conclusive(job, cached, now) or not is_explained(job, cached)
    outcome = observe(job, read_attempts(cached), dry_run=dry_run, now=now)
    if isinstance(outcome, Finished):
        assert outcome.phase in {Phase.SUCCEEDED, Phase.FAILED}
        assert (outcome.reason is None) == (outcome.phase is Phase.SUCCEEDED)
        assert outcome.message
    else:
        assert isinstance(outcome, InProgress)
        assert outcome.diagnosis is None or outcome.diagnosis.message
    attempt_stages(outcome.attempts, None, now, {})
    for one in cached:
        is_significant_change(one, cached[0])
