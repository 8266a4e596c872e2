"""`kubernaut-reserved-pods`: only the job controller creates pods with the reserved label, and such a pod stays what it is."""

from tests.conformance.client import JSON_PATCH, STRATEGIC, Client
from tests.deploy.admission.requests import CONTROLLER_MANAGER, DRY, JOB_CONTROLLER, LABELS, MALLORY, expect, pod, pods


async def test_only_the_job_controller_creates_a_pod_with_the_reserved_label(cluster: Client, place: str):
    for user in (cluster, cluster.impersonating(MALLORY)):
        expect(await user.post(pods(place), pod(labels=LABELS), **DRY), 403, "remove it")
    expect(await cluster.impersonating(MALLORY).post(pods(place), pod(labels={"app": "x"}), **DRY), 201)
    for builtin in (JOB_CONTROLLER, CONTROLLER_MANAGER):
        expect(await cluster.impersonating(builtin).post(pods(place), pod(labels=LABELS), **DRY), 201)


async def test_an_actions_pod_keeps_its_labels_images_and_containers(
    cluster: Client, place: str, on_a_real_cluster: bool
):
    controller, mallory = cluster.impersonating(JOB_CONTROLLER), cluster.impersonating(MALLORY)
    made = await controller.made(pods(place), pod(labels=LABELS, account="deployment-scaler"))
    plain = await cluster.made(pods(place), pod())
    own, other = (f"{pods(place)}/{m['metadata']['name']}" for m in (made, plain))
    for key in LABELS:
        expect(await mallory.patch(own, {"metadata": {"labels": {key: None}}}, **DRY), 403, "must not change")
    labelled = {"metadata": {"labels": {"kubernaut.io/execution-uid": "u"}}}
    expect(await mallory.patch(other, labelled, **DRY), 403, "must not change")
    image = [{"op": "replace", "path": "/spec/containers/0/image", "value": "mine"}]
    expect(await mallory.patch(own, image, JSON_PATCH, **DRY), 403, "images")
    expect(await mallory.patch(other, image, JSON_PATCH, **DRY), 200)
    shell = {"spec": {"ephemeralContainers": [{"name": "shell", "image": "mine"}]}}
    expect(await mallory.patch(f"{own}/ephemeralcontainers", shell, STRATEGIC, **DRY), 403, "ephemeral")
    allowed = 200 if on_a_real_cluster else 501  # the sandbox has no ephemeral containers, and refuses them last
    expect(await mallory.patch(f"{other}/ephemeralcontainers", shell, STRATEGIC, **DRY), allowed)
    unrelated = {"metadata": {"annotations": {"a": "b"}, "finalizers": ["a.example/b"]}}
    expect(await mallory.patch(own, unrelated, **DRY), 200)
