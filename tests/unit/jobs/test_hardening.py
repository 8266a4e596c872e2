"""What a plugin returns becomes a hardened Job, or is rejected by the path of a field."""

import copy

import pytest
from pydantic import create_model

from kubernaut import ActionSpec, Parameters, Rule, command_job, runner_job
from kubernaut.api.plugin import Execution
from kubernaut.errors import UnsafeJobError
from kubernaut.jobs.hardening import Hardening

RULES = (Rule(resources=("pods",), verbs=("get",)),)
Empty = create_model("Empty", __base__=Parameters)


def execution(**changes):
    known = {
        "name": "e1",
        "namespace": "ns",
        "uid": "u1",
        "action": "act",
        "parameters": Empty(),
        "settings": Empty(),
        "image": "img",
    }
    return Execution(**{**known, **changes})


def hardened(job, *, rules=RULES, retry_safe=False, **changes):
    spec = ActionSpec(
        summary="s",
        parameters=Empty,
        target=lambda _: None,
        service_account="actor",
        rules=rules,
        backoff_limit=3,
        retry_safe=retry_safe,
    )
    return Hardening(execution(**changes), spec).apply(job)


def pod_of(job):
    return job["spec"]["template"]["spec"]


def good():
    return copy.deepcopy(runner_job(execution(), "some.module"))


def test_the_engines_own_fields_replace_those_of_the_plugin():
    job = good()
    job["metadata"] = {"name": "mine"}
    job["spec"]["backoffLimit"] = 99
    job["spec"]["activeDeadlineSeconds"] = 99_999
    made = hardened(job, deadline_seconds=60)
    assert made["metadata"]["name"].startswith("e1-")
    assert made["metadata"]["namespace"] == "ns"
    assert (made["spec"]["backoffLimit"], made["spec"]["activeDeadlineSeconds"]) == (3, 60)
    assert made["spec"]["podReplacementPolicy"] == "Failed"
    assert made["spec"]["ttlSecondsAfterFinished"] == 86_400, "long after any engine has recorded its result"
    labels = {
        "kubernaut.io/action": "act",
        "kubernaut.io/kubernetes-execution": "e1",
        "kubernaut.io/execution-uid": "u1",
    }
    assert made["metadata"]["labels"] == labels
    app = {"app.kubernetes.io/name": "kubernetes-executor"}
    assert made["spec"]["template"]["metadata"]["labels"] == {**labels, **app}, "the admission policies require it"
    assert made["metadata"]["ownerReferences"][0]["uid"] == "u1"


def test_pods_are_restricted_and_have_limits():
    pod = pod_of(hardened(good()))
    assert pod["serviceAccountName"] == "actor"
    assert pod["restartPolicy"] == "Never"
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    for container in [*pod["initContainers"], *pod["containers"]]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"] == {"cpu": "1", "memory": "128Mi"}
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]
    assert [v["name"] for v in pod["volumes"]] == ["tmp"]


def test_a_token_is_mounted_only_if_rules_are_declared():
    assert pod_of(hardened(good()))["automountServiceAccountToken"] is True
    assert pod_of(hardened(good(), rules=()))["automountServiceAccountToken"] is False


def rules_of(job):
    rules = job["spec"]["podFailurePolicy"]["rules"]
    return [
        (r["action"], *(exit_codes(r["onExitCodes"]) if "onExitCodes" in r else condition(r["onPodConditions"])))
        for r in rules
    ]


def exit_codes(codes):
    return codes["containerName"], codes["operator"], codes["values"]


def condition(patterns):
    return [(pattern["type"], pattern["status"]) for pattern in patterns]


DISRUPTED = ("Ignore", ("DisruptionTarget", "True"))


def test_a_rejection_fails_the_job_and_so_does_any_failure_of_execute_that_is_not_retry_safe():
    refusal = ("FailJob", "dry-run", "In", [42])
    assert rules_of(hardened(good(), retry_safe=True)) == [refusal, ("FailJob", "execute", "In", [42]), DISRUPTED]
    assert rules_of(hardened(good(), retry_safe=False)) == [
        refusal,
        ("FailJob", "execute", "NotIn", [0]),
        ("FailJob", ("Initialized", "True")),
        DISRUPTED,
    ]


def test_a_dry_run_has_exactly_one_container():
    job = runner_job(execution(dry_run=True), "some.module")
    made = hardened(job, dry_run=True)
    assert [c["name"] for c in pod_of(made)["containers"]] == ["dry-run"]
    assert "initContainers" not in pod_of(made)
    assert rules_of(made) == [("FailJob", "dry-run", "In", [42]), DISRUPTED]


def at(path, value):
    """Return a valid Job with one field set."""
    job = good()
    node = job
    *steps, last = path
    for step in steps:
        node = node[step] if isinstance(node, list) else node.setdefault(step, {})
    node[last] = value
    return job


POD = ("spec", "template", "spec")
BOX = (*POD, "containers", 0)


@pytest.mark.parametrize(
    ("job", "field"),
    [
        pytest.param(
            at((*BOX, "securityContext", "privileged"), True),
            r"containers\[0\]\.securityContext\.privileged",
            id="privileged",
        ),
        pytest.param(at((*BOX, "securityContext", "runAsUser"), 0), "runAsUser", id="root"),
        pytest.param(
            at((*BOX, "securityContext", "allowPrivilegeEscalation"), True), "allowPrivilegeEscalation", id="escalation"
        ),
        pytest.param(
            at((*BOX, "securityContext", "readOnlyRootFilesystem"), False), "readOnlyRootFilesystem", id="writable root"
        ),
        pytest.param(
            at((*BOX, "securityContext", "capabilities"), {"add": ["NET_RAW"]}), r"capabilities\.add", id="capabilities"
        ),
        pytest.param(at((*BOX, "securityContext", "procMount"), "Unmasked"), "procMount", id="procMount"),
        pytest.param(
            at((*POD, "securityContext", "runAsNonRoot"), False), "runAsNonRoot", id="a pod that can run as root"
        ),
        pytest.param(at((*POD, "securityContext", "sysctls"), []), "sysctls", id="sysctls"),
        pytest.param(
            at((*BOX, "securityContext", "seccompProfile"), {"type": "Unconfined"}), "seccompProfile", id="no seccomp"
        ),
        pytest.param(
            at((*POD, "serviceAccountName"), "admin"), "serviceAccountName is 'admin'", id="another ServiceAccount"
        ),
        pytest.param(
            at((*POD, "serviceAccount"), "admin"), "serviceAccount must not be set", id="the old name of the same"
        ),
        pytest.param(at((*POD, "hostNetwork"), True), "hostNetwork", id="host network"),
        pytest.param(at((*POD, "hostPID"), True), "hostPID", id="host processes"),
        pytest.param(at((*POD, "nodeName"), "master"), "nodeName", id="a node of its choice"),
        pytest.param(
            at((*POD, "volumes"), [{"name": "x", "hostPath": {"path": "/"}}]), r"volumes\[0\]\.hostPath", id="hostPath"
        ),
        pytest.param(
            at((*POD, "volumes"), [{"name": "x", "projected": {}}]),
            r"volumes\[0\]\.projected",
            id="a token by projection",
        ),
        pytest.param(at((*POD, "ephemeralContainers"), []), "ephemeralContainers", id="ephemeral containers"),
        pytest.param(at((*POD, "containers"), []), "containers must contain", id="no containers"),
        pytest.param(at((*POD, "initContainers"), []), "initContainers must contain", id="no dry run"),
        pytest.param(at((*BOX, "name"), "other"), "containers must contain", id="a step of another name"),
        pytest.param(at((*BOX, "lifecycle"), {}), "lifecycle", id="lifecycle hooks"),
        pytest.param(at((*BOX, "command"), []), "command is missing", id="no command"),
        pytest.param(
            at(("metadata", "namespace"), "kube-system"),
            r"metadata\.namespace is 'kube-system'",
            id="another namespace",
        ),
        pytest.param(at(("metadata", "finalizers"), ["x"]), r"metadata\.finalizers", id="finalizers"),
        pytest.param(at(("spec", "parallelism"), 5), r"spec\.parallelism", id="several pods"),
        pytest.param(at(("kind",), "CronJob"), "kind is 'CronJob'", id="another kind"),
        pytest.param({}, "spec is NoneType", id="an empty dict"),
        pytest.param("job", "the Job is str, not a mapping", id="not a dict"),
        pytest.param(None, "the Job is NoneType", id="nothing"),
    ],
)
def test_a_field_that_no_action_is_allowed_to_have_is_rejected_by_its_path(job, field):
    with pytest.raises(UnsafeJobError, match=field):
        hardened(job)


def test_a_plain_command_is_unchanged_and_reports_no_result():
    job = command_job(
        execution(),
        "kubectl:1",
        dry_run=["kubectl", "--dry-run=server"],
        execute=["kubectl", "$(HOME) $$x"],
        env={"A": "$(B)"},
    )
    made = hardened(job)
    assert pod_of(made)["containers"][0]["command"] == ["kubectl", "$$(HOME) $$$$x"], (
        "the kubelet expands nothing of it"
    )
    assert pod_of(made)["containers"][0]["env"] == [{"name": "A", "value": "$$(B)"}]
    assert made["metadata"]["annotations"]["kubernaut.io/reports"] == "false"
    assert hardened(good())["metadata"]["annotations"]["kubernaut.io/reports"] == "true"


INLINE = {"rehearsal": "inline"}


def inline():
    return copy.deepcopy(runner_job(execution(**INLINE), "some.module"))


def test_a_job_that_rehearses_inline_has_the_rules_of_one_container():
    made = hardened(inline(), **INLINE)
    assert [c["name"] for c in pod_of(made)["containers"]] == ["execute"]
    assert "initContainers" not in pod_of(made)
    assert made["metadata"]["annotations"]["kubernaut.io/reports"] == "true"
    rules = made["spec"]["podFailurePolicy"]["rules"]
    assert [(rule["action"], rule.get("onExitCodes", {}).get("values")) for rule in rules] == [
        ("Count", [43]),
        ("FailJob", [0]),
        ("FailJob", None),
        ("Ignore", None),
    ]


def test_a_job_of_two_containers_keeps_them_where_the_admin_prefers_one():
    made = hardened(good(), **INLINE)
    assert [c["name"] for c in pod_of(made)["initContainers"]] == ["dry-run"]


def test_one_container_that_would_execute_without_rehearsing_is_refused():
    with pytest.raises(UnsafeJobError, match=r"initContainers must contain \['dry-run'\]"):
        hardened(inline())
    job = inline()
    pod_of(job)["containers"][0]["env"] = [{"name": "KUBERNAUT_STEPS", "value": "execute"}]
    with pytest.raises(UnsafeJobError, match=r"containers\[0\] must rehearse before it executes"):
        hardened(job, **INLINE)
