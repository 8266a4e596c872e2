"""Pods: their environment and files, how they end, and their status."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.client import Client
from tests.conformance.manifests import WRITE, configmap, container, pod


@pytest.fixture
def pods(namespace: str) -> str:
    """Where the namespace's pods are."""
    return f"/api/v1/namespaces/{namespace}/pods"


def over(found: dict[str, Any]) -> bool:
    """Whether a pod has ended."""
    return found["status"].get("phase") in ("Succeeded", "Failed")


def end(found: dict[str, Any], field: str = "containerStatuses") -> dict[str, Any]:
    """How the first container ended."""
    return found["status"][field][0]["state"]["terminated"]


async def test_a_pod_whose_containers_exit_with_0_has_succeeded(cluster: Client, pods: str, image: str) -> None:
    await cluster.made(pods, pod("one", container(image, f"{WRITE}('all is well')")))
    done = await cluster.until(pods, "one", over)
    assert done["status"]["phase"] == "Succeeded"
    assert (end(done)["exitCode"], end(done)["reason"], end(done)["message"]) == (0, "Completed", "all is well")
    found = {c["type"]: (c["status"], c.get("reason")) for c in done["status"]["conditions"]}
    assert found["Initialized"] == ("True", "PodCompleted")
    assert found["Ready"] == ("False", "PodCompleted")
    assert found["PodScheduled"] == ("True", None)


async def test_init_containers_run_one_after_the_other_before_the_containers(
    cluster: Client, pods: str, image: str
) -> None:
    shared = {"volumes": [{"name": "shared", "emptyDir": {}}]}
    mount = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    root = "import os; path = os.environ.get('SANDBOX_POD_ROOT', '') + '/shared/order'; open(path, 'a').write"
    first = container(image, f"{root}('first ')", "first", **mount)
    second = container(image, f"{root}('second ')", "second", **mount)
    last = container(image, f"{root}('main'); {WRITE}(open(path).read())", **mount)
    await cluster.made(pods, pod("one", last, initContainers=[first, second], **shared))
    assert end(await cluster.until(pods, "one", over))["message"] == "first second main"


async def test_a_failed_init_container_fails_the_pod(cluster: Client, pods: str, image: str) -> None:
    failing = container(image, "raise SystemExit(42)", "first")
    await cluster.made(pods, pod("one", container(image, "pass"), initContainers=[failing]))
    done = await cluster.until(pods, "one", over)
    assert done["status"]["phase"] == "Failed"
    assert (end(done, "initContainerStatuses")["exitCode"], end(done, "initContainerStatuses")["reason"]) == (
        42,
        "Error",
    )
    assert done["status"]["containerStatuses"][0]["state"] == {"waiting": {"reason": "PodInitializing"}}


async def test_a_termination_message_is_cut_at_4096_bytes(cluster: Client, pods: str, image: str) -> None:
    await cluster.made(pods, pod("one", container(image, f"{WRITE}('x' * 5000)")))
    assert end(await cluster.until(pods, "one", over))["message"] == "x" * 4096


async def test_a_termination_message_can_fall_back_to_the_log(cluster: Client, pods: str, image: str) -> None:
    quiet = container(
        image, "print('the last words'); raise SystemExit(1)", terminationMessagePolicy="FallbackToLogsOnError"
    )
    await cluster.made(pods, pod("one", quiet))
    assert end(await cluster.until(pods, "one", over))["message"] == "the last words\n"


async def test_a_container_that_exceeds_its_memory_limit_is_oomkilled(cluster: Client, pods: str, image: str) -> None:
    limits = {"resources": {"limits": {"memory": "64Mi"}}}
    code = "import time\nhoard = []\nwhile True:\n    hoard.append(b'x' * 4000000)\n    time.sleep(0.01)"
    await cluster.made(pods, pod("one", container(image, code, **limits)))
    done = await cluster.until(pods, "one", over)
    assert (end(done)["exitCode"], end(done)["reason"]) == (137, "OOMKilled")


async def test_a_command_that_does_not_exist_is_a_start_error(cluster: Client, pods: str, image: str) -> None:
    await cluster.made(pods, pod("one", container(image, "") | {"command": ["no-such-command"]}))
    done = await cluster.until(pods, "one", over)
    assert (end(done)["exitCode"], end(done)["reason"]) == (128, "StartError")
    assert 'exec: "no-such-command": executable file not found in $PATH' in end(done)["message"]


async def test_an_image_that_cannot_be_pulled_keeps_the_pod_pending(cluster: Client, pods: str, image: str) -> None:
    await cluster.made(pods, pod("one", container("registry.invalid/a:1", "pass")))

    def backing_off(found: dict[str, Any]) -> bool:
        states = found["status"].get("containerStatuses") or [{"state": {}}]
        return states[0]["state"].get("waiting", {}).get("reason") == "ImagePullBackOff"

    found = await cluster.until(pods, "one", backing_off, seconds=60)
    assert found["status"]["phase"] == "Pending"
    assert found["status"]["containerStatuses"][0]["state"]["waiting"]["message"].startswith(
        'Back-off pulling image "registry.invalid/a:1"'
    )


async def test_environment_variables_come_from_every_source_of_the_manifest(
    cluster: Client, namespace: str, pods: str, image: str
) -> None:
    await cluster.made(f"/api/v1/namespaces/{namespace}/configmaps", configmap("config", {"key": "from the map"}))
    await cluster.made(
        f"/api/v1/namespaces/{namespace}/secrets",
        {"metadata": {"name": "hidden"}, "stringData": {"key": "from the secret"}},
    )
    env = [
        {"name": "PLAIN", "value": "plain"},
        {"name": "COMPOSED", "value": "$(PLAIN)-$(UNKNOWN)-$$(PLAIN)"},
        {"name": "FIELD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        {"name": "MAP", "valueFrom": {"configMapKeyRef": {"name": "config", "key": "key"}}},
        {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "hidden", "key": "key"}}},
        {"name": "LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
    ]
    names = [entry["name"] for entry in env]
    code = f"{WRITE}('|'.join(os.environ[n] for n in {names}))"
    await cluster.made(pods, pod("one", container(image, code, env=env, resources={"limits": {"memory": "128Mi"}})))
    expected = f"plain|plain-$(UNKNOWN)-$(PLAIN)|{namespace}|from the map|from the secret|128"
    assert end(await cluster.until(pods, "one", over))["message"] == expected


async def test_a_container_waits_for_a_missing_configmap(
    cluster: Client, namespace: str, pods: str, image: str
) -> None:
    env = [{"name": "MAP", "valueFrom": {"configMapKeyRef": {"name": "config", "key": "key"}}}]
    await cluster.made(pods, pod("one", container(image, f"{WRITE}(os.environ['MAP'])", env=env)))

    def held(found: dict[str, Any]) -> bool:
        states = found["status"].get("containerStatuses") or [{"state": {}}]
        return states[0]["state"].get("waiting", {}).get("reason") == "CreateContainerConfigError"

    found = await cluster.until(pods, "one", held)
    assert found["status"]["containerStatuses"][0]["state"]["waiting"]["message"] == 'configmap "config" not found'
    await cluster.made(f"/api/v1/namespaces/{namespace}/configmaps", configmap("config", {"key": "now"}))
    assert end(await cluster.until(pods, "one", over, seconds=60))["message"] == "now"


async def test_a_container_waits_for_a_missing_secret(cluster: Client, pods: str, image: str) -> None:
    env = [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "hidden", "key": "key"}}}]
    await cluster.made(pods, pod("one", container(image, "pass", env=env)))

    def held(found: dict[str, Any]) -> Any:
        states = found["status"].get("containerStatuses") or [{"state": {}}]
        return states[0]["state"].get("waiting", {}).get("message")

    found = await cluster.until(pods, "one", held)
    expected = {"reason": "CreateContainerConfigError", "message": 'secret "hidden" not found'}
    assert found["status"]["phase"] == "Pending"
    assert found["status"]["containerStatuses"][0]["state"]["waiting"] == expected
    conditions = {c["type"]: c["status"] for c in found["status"]["conditions"]}
    assert (conditions["PodReadyToStartContainers"], conditions["Initialized"]) == ("True", "True")


@pytest.mark.parametrize("kind", ["configmap", "secret"])
async def test_a_pod_waits_for_the_missing_source_of_a_volume(
    cluster: Client, namespace: str, pods: str, image: str, kind: str
) -> None:
    source = {"secret": {"secretName": "lacking"}} if kind == "secret" else {"configMap": {"name": "lacking"}}
    mount = {"volumeMounts": [{"name": "it", "mountPath": "/it"}]}
    code = f"{WRITE}(open(os.environ.get('SANDBOX_POD_ROOT', '') + '/it/key').read())"
    await cluster.made(pods, pod("one", container(image, code, **mount), volumes=[{"name": "it", **source}]))
    events = f"/api/v1/namespaces/{namespace}/events"
    failures = await cluster.events(events, 1, 30, fieldSelector="involvedObject.name=one,reason=FailedMount")
    message = f'MountVolume.SetUp failed for volume "it" : {kind} "lacking" not found'
    assert [(event["object"]["type"], event["object"]["message"]) for event in failures] == [("Warning", message)]
    found = await cluster.until(pods, "one", lambda found: found["status"].get("containerStatuses"))
    assert found["status"]["phase"] == "Pending"
    assert found["status"]["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    body = {"metadata": {"name": "lacking"}, "stringData" if kind == "secret" else "data": {"key": "here"}}
    await cluster.made(f"/api/v1/namespaces/{namespace}/{kind}s", body)
    assert end(await cluster.until(pods, "one", over, seconds=90))["message"] == "here"


_ASK = """
import json, os, ssl, urllib.request
root = os.environ.get('SANDBOX_POD_ROOT', '')
account = root + '/var/run/secrets/kubernetes.io/serviceaccount/'
token, namespace = open(account + 'token').read(), open(account + 'namespace').read()
server = 'https://' + os.environ['KUBERNETES_SERVICE_HOST'] + ':' + os.environ['KUBERNETES_SERVICE_PORT']
request = urllib.request.Request(server + '/apis/authentication.k8s.io/v1/selfsubjectreviews', b'{}', method='POST')
request.add_header('Authorization', 'Bearer ' + token)
request.add_header('Content-Type', 'application/json')
answer = json.load(urllib.request.urlopen(request, context=ssl.create_default_context(cafile=account + 'ca.crt')))
open(root + '/dev/termination-log', 'w').write(json.dumps([namespace, answer['status']['userInfo']]))
"""


async def test_a_pod_authenticates_as_its_service_account(
    cluster: Client, namespace: str, pods: str, image: str
) -> None:
    await cluster.made(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "worker"}})
    await cluster.made(pods, pod("one", container(image, _ASK), serviceAccountName="worker"))
    done = await cluster.until(pods, "one", over)
    assert done["status"]["phase"] == "Succeeded", end(done)
    message = end(done)["message"]
    assert message.startswith(f'["{namespace}", {{"username": "system:serviceaccount:{namespace}:worker"')
    assert '"authentication.kubernetes.io/pod-name": ["one"]' in message


async def test_a_pod_that_opts_out_gets_no_token(cluster: Client, pods: str, image: str) -> None:
    made = await cluster.made(pods, pod("one", container(image, "pass"), automountServiceAccountToken=False))
    assert "volumes" not in made["spec"]
    assert "volumeMounts" not in made["spec"]["containers"][0]


async def test_a_pod_with_a_missing_service_account_is_forbidden(cluster: Client, namespace: str, pods: str) -> None:
    answer = await cluster.post(
        pods, pod("one", {"name": "main", "image": "example.invalid/a"}, serviceAccountName="nope")
    )
    missing = f'error looking up service account {namespace}/nope: serviceaccount "nope" not found'
    assert (answer.code, answer.message) == (403, f'pods "one" is forbidden: {missing}')


async def test_a_log_can_be_followed_and_limited_after_the_container_exits(
    cluster: Client, pods: str, image: str
) -> None:
    await cluster.made(pods, pod("one", container(image, "print('one'); print('two')", "only")))
    await cluster.until(pods, "one", over)
    assert (await cluster.get(f"{pods}/one/log")).body["text"] == "one\ntwo\n"
    assert (await cluster.get(f"{pods}/one/log", follow="true")).body["text"] == "one\ntwo\n"
    assert (await cluster.get(f"{pods}/one/log", tailLines=1)).body["text"] == "two\n"
    assert (await cluster.get(f"{pods}/one/log", limitBytes=3)).body["text"] == "one"
    wrong = await cluster.get(f"{pods}/one/log", container="nope")
    assert (wrong.code, wrong.message) == (400, "container nope is not valid for pod one")


async def test_a_deleted_pod_gets_sigterm_and_its_grace_period(cluster: Client, pods: str, image: str) -> None:
    mask = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); print('up', flush=True)"
    code = f"{mask}\nsignal.sigwait([signal.SIGTERM])\n{WRITE}('goodbye')"
    await cluster.made(pods, pod("one", container(image, code), terminationGracePeriodSeconds=20))
    await cluster.until(pods, "one", lambda found: found["status"].get("phase") == "Running")
    while (await cluster.get(f"{pods}/one/log")).body.get("text") != "up\n":
        pass
    answer = await cluster.delete(f"{pods}/one")
    assert answer.body["metadata"]["deletionGracePeriodSeconds"] == 20
    last: dict[str, Any] = {}
    async for event in cluster.watch(pods, 15, fieldSelector="metadata.name=one"):
        last = event["object"]
        if event["type"] == "DELETED":
            break
    assert (last["status"]["phase"], end(last)["message"]) == ("Succeeded", "goodbye")


async def test_a_pod_fails_after_its_deadline(cluster: Client, pods: str, image: str) -> None:
    await cluster.made(pods, pod("one", container(image, "import time; time.sleep(60)"), activeDeadlineSeconds=2))
    done = await cluster.until(pods, "one", over)
    assert (done["status"]["phase"], done["status"]["reason"]) == ("Failed", "DeadlineExceeded")
    assert done["status"]["message"] == "Pod was active on the node longer than the specified deadline"


async def test_a_failed_container_is_restarted_under_restart_policy_on_failure(
    cluster: Client, pods: str, image: str
) -> None:
    shared = {"volumes": [{"name": "shared", "emptyDir": {}}], "restartPolicy": "OnFailure"}
    code = (
        "import os; path = os.environ.get('SANDBOX_POD_ROOT', '') + '/shared/been'\n"
        "if os.path.exists(path): raise SystemExit(0)\nopen(path, 'w'); raise SystemExit(5)"
    )
    await cluster.made(
        pods, pod("one", container(image, code, volumeMounts=[{"name": "shared", "mountPath": "/shared"}]), **shared)
    )
    done = await cluster.until(pods, "one", over, seconds=60)
    (status,) = done["status"]["containerStatuses"]
    assert (done["status"]["phase"], status["restartCount"], status["lastState"]["terminated"]["exitCode"]) == (
        "Succeeded",
        1,
        5,
    )


async def test_the_command_of_a_running_pod_is_immutable(cluster: Client, pods: str) -> None:
    await cluster.made(pods, pod("one", container("registry.invalid/a:1", "pass")))
    operations = [{"op": "replace", "path": "/spec/containers/0/command", "value": ["true"]}]
    answer = await cluster.patch(f"{pods}/one", operations, "application/json-patch+json")
    assert answer.code == 422
    assert "pod updates may not change fields other than `spec.containers[*].image`" in answer.message


async def test_the_restricted_pod_security_standard_is_enforced_by_the_namespaces_label(
    cluster: Client, namespace: str, pods: str
) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    await cluster.patch(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": labels}})
    answer = await cluster.post(pods, pod("one", {"name": "main", "image": "example.invalid/a"}))
    assert answer.code == 403
    assert answer.message == (
        'pods "one" is forbidden: violates PodSecurity "restricted:latest": '
        'allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), '
        'unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), '
        'runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), '
        'seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
    )
    context = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "runAsUser": 1000,
    }
    context["seccompProfile"] = {"type": "RuntimeDefault"}
    allowed = await cluster.post(
        pods, pod("one", {"name": "main", "image": "example.invalid/a", "securityContext": context}), dryRun="All"
    )
    assert allowed.code == 201
