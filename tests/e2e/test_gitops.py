"""gitops-pr through the engine: it opens a pull request on a git server of its own, and its token is never visible."""

import base64
import json
import socket
import ssl

import pytest

from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EVENTS, EXECUTIONS, JOBS, PODS, Resource
from kubernaut.plugins.registry import Registry
from kubernaut.settings import ActionSettings, Settings
from kubernaut_gitops_pr.demo_forge import demo_forge
from kubernaut_gitops_pr.demo_forge import settings as forge_settings
from tests.support.certificates import Authority
from tests.support.site import site_on

INSTALLED = Registry.discover()
NODES = Resource("/api/v1", "nodes")
EXAMPLE = dict(INSTALLED.actions["gitops-pr"].spec.examples[0])


TOKEN, AUTHORITY = "gitops-token", "gitops-ca"


@pytest.fixture
async def guarded(request, tmp_path, rehearsal):
    """Return a site whose engine is allowed to use a forge of its own, by TLS, and the forge's secrets."""
    options = request.config.option
    host = "127.0.0.1" if options.cluster == "sandbox" else await _address_for_pods()
    authority = Authority()
    (tmp_path / "forge.pem").write_bytes(b"".join(authority.pair("forge", host)))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "forge.pem")
    with demo_forge(host=host, tls=tls) as (_, url, token, _root):
        (plain,) = forge_settings(url)["forges"]
        settings = {"forges": [{**plain, "ca_secret": {"name": AUTHORITY, "key": "ca.pem"}}]}
        actions = {"gitops-pr": ActionSettings(settings=settings)}
        async with site_on(
            options.cluster, options.image, INSTALLED, Settings(actions=actions, rehearsal=rehearsal)
        ) as made:
            for name, data in ((TOKEN, {"token": token}), (AUTHORITY, {"ca.pem": authority.pem.decode()})):
                metadata = {"name": name, "namespace": made.namespace}
                await made.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})
            yield made, [token, base64.b64encode(token.encode()).decode()]


async def _address_for_pods():
    """Return the address of this machine by which it reaches a node, and so the node's pods reach it."""
    async with await Cluster.connect() as admin:
        (node, *_) = (await admin.list(NODES)).items
    addresses = {found["type"]: found["address"] for found in node["status"]["addresses"]}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((addresses["InternalIP"], 9))  # sends nothing
        return probe.getsockname()[0]


@pytest.fixture
def site(guarded):
    return guarded[0]


async def test_the_dry_run_shows_the_diff_and_opens_nothing(site):
    status = await site.run("gitops-pr", EXAMPLE, dryRun=True)
    assert status["phase"] == "Succeeded", status
    assert '+    tag: "1.28.0"   # keep in step with the API' in status["result"]["outputs"]["diff"]
    assert "pull_request" not in status["result"]["outputs"]


async def test_the_execution_opens_a_pull_request_and_reports_its_url(site):
    status = await site.run("gitops-pr", EXAMPLE)
    assert status["phase"] == "Succeeded", status
    assert status["result"]["outputs"]["pull_request"].endswith("/platform/gitops/pull/1")
    assert status["result"]["outputs"]["branch"].startswith("kubernaut/gitops-pr-")
    assert status["target"] == "Repository/platform/gitops"
    assert status["message"] == f"Pull request {status['result']['outputs']['pull_request']} is open."


async def test_another_spelling_of_the_repository_is_the_same_target(site):
    status = await site.run("gitops-pr", {**EXAMPLE, "repository": "Platform/GitOps"}, dryRun=True)
    assert status["target"] == "Repository/platform/gitops"
    assert status["reason"] == "DryRunRejected", "it is allowed, but this forge looks for the name as it was sent"


async def test_the_pod_has_no_service_account_token(site):
    status = await site.run("gitops-pr", EXAMPLE)
    job = await site.get(JOBS, status["jobName"])
    assert job["spec"]["template"]["spec"]["automountServiceAccountToken"] is False


async def test_the_token_of_the_forge_is_in_no_object_and_in_no_log(guarded, rehearsal):
    site, secrets = guarded
    assert secrets
    for parameters in (EXAMPLE, {**EXAMPLE, "base": "no-such-branch"}, {**EXAMPLE, "repository": "platform/nothing"}):
        await site.run("gitops-pr", parameters)
    pods = (await site.cluster.list(PODS, site.namespace, selector="kubernaut.io/action=gitops-pr")).items
    objects = [(await site.cluster.list(kind, site.namespace)).items for kind in (EXECUTIONS, JOBS, EVENTS)] + [pods]
    names = [pod["metadata"]["name"] for pod in pods]
    first = "execute" if rehearsal == "inline" else "dry-run"
    logs = [line for name in names async for line in site.cluster.log_lines(site.namespace, name, first)]
    assert any("tag" in log for log in logs), "there are logs to search"
    for secret in secrets:
        assert secret not in json.dumps(objects)
        assert all(secret not in log for log in logs)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        pytest.param({"repository": "somebody/else"}, "InvalidParameters", id="a repository that is not allowed"),
        pytest.param({"repository": "https://elsewhere.example/a/b"}, "InvalidParameters", id="a host of its own"),
        pytest.param(
            {"changes": [{"path": "../../etc/passwd", "content": "x"}]},
            "InvalidParameters",
            id="a path that leaves the clone",
        ),
        pytest.param({"base": "no-such-branch"}, "DryRunRejected", id="a missing branch"),
        pytest.param(
            {"changes": [{"path": "apps/web/nothing.yaml", "set": {"a": 1}}]},
            "DryRunRejected",
            id="a missing file",
        ),
    ],
)
async def test_a_change_that_is_not_allowed_or_not_possible_is_rejected(site, parameters, reason):
    status = await site.run("gitops-pr", {**EXAMPLE, **parameters})
    assert (status["phase"], status["reason"]) == ("Failed", reason), status["message"]
