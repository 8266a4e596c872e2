"""`kubernaut-action-accounts`: only the engine's Jobs use the ServiceAccounts of actions."""

from tests.conformance.client import Client
from tests.deploy.admission.requests import DRY, JOB_CONTROLLER, LABELS, MALLORY, expect, job, jobs, pod, pods


async def test_no_user_runs_a_pod_or_gets_a_token_of_an_actions_account(cluster: Client, place: str):
    controller, mallory = cluster.impersonating(JOB_CONTROLLER), cluster.impersonating(MALLORY)
    accounts, secrets = (f"/api/v1/namespaces/{place}/{plural}" for plural in ("serviceaccounts", "secrets"))
    fragment = "ServiceAccount deployment-scaler belongs to an action"
    token = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token_secret = {
        "metadata": {"name": "t", "annotations": {"kubernetes.io/service-account.name": "deployment-scaler"}},
        "type": "kubernetes.io/service-account-token",
    }
    for user in (cluster, mallory):
        expect(await user.post(pods(place), pod(account="deployment-scaler"), **DRY), 403, fragment)
        expect(await user.post(jobs(place), job(account="deployment-scaler"), **DRY), 403, fragment)
        expect(await user.post(f"{accounts}/deployment-scaler/token", token, **DRY), 403, fragment)
        expect(await user.post(f"{accounts}/default/token", token, **DRY), 201)
        expect(await user.post(secrets, token_secret, **DRY), 403, fragment)
    expect(await mallory.post(secrets, {"metadata": {"name": "t"}}, **DRY), 201)
    expect(await controller.post(pods(place), pod(account="deployment-scaler"), **DRY), 403, fragment)
    expect(await controller.post(pods(place), pod(labels=LABELS, account="deployment-scaler"), **DRY), 201)
