"""Readiness: probes by command, HTTP and TCP, their thresholds and Events, and readiness gates."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.client import STRATEGIC, Client
from tests.conformance.manifests import condition, container, pod

Object = dict[str, Any]
_SERVER = """
import http.server, os, ssl, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        code = {"/ok": 200, "/moved": 302, "/away": 302, "/broken": 500, "/gone": 404}.get(self.path, 400)
        if self.path == "/header":
            code = 200 if self.headers.get("X-Probe") == "yes" and self.headers["User-Agent"].startswith("kube-probe/1.") else 403
        if self.path == "/slow":
            time.sleep(5)
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/ok" if self.path == "/moved" else "http://example.invalid/")
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.ThreadingHTTPServer(("", PORT), Handler).serve_forever()
"""
_IDLE = "import time; time.sleep(300)"


@pytest.fixture
def pods(namespace: str) -> str:
    """Where the namespace's pods are."""
    return f"/api/v1/namespaces/{namespace}/pods"


@pytest.fixture
def port() -> int:
    """A port that is most likely free, also where pods share a network."""
    return random.randint(20000, 29999)


def ready(found: Object) -> bool:
    """Whether the pod is ready, and says so everywhere."""
    statuses = found["status"].get("containerStatuses") or [{}]
    return bool(condition(found, "Ready")) and statuses[0].get("ready") is True


async def unhealthy(cluster: Client, pods: str, holds: Callable[[str], bool] = bool) -> str:
    """The message of the first Event with the reason Unhealthy that is as wanted."""
    events = pods.replace("/pods", "/events")
    async for event in cluster.watch(events, 30, fieldSelector="reason=Unhealthy,involvedObject.name=one"):
        message = str(event["object"]["message"])
        if holds(message):
            return message
    raise AssertionError("no such Event")


@pytest.mark.parametrize(
    "action",
    [
        {"httpGet": {"path": "/ok", "port": "web"}},
        {"httpGet": {"path": "/moved", "port": "web"}},
        {"httpGet": {"path": "/away", "port": "web"}},
        {"httpGet": {"path": "/header", "port": "web", "httpHeaders": [{"name": "X-Probe", "value": "yes"}]}},
        {"tcpSocket": {"port": "web"}},
    ],
    ids=["a path", "a redirect", "a redirect to another host", "a header", "a TCP port"],
)
async def test_a_container_is_ready_once_its_port_answers(
    cluster: Client, pods: str, image: str, port: int, action: Object
) -> None:
    code = "import time; time.sleep(2)" + _SERVER.replace("PORT", str(port))
    server = container(
        image, code, readinessProbe={**action, "periodSeconds": 1}, ports=[{"name": "web", "containerPort": port}]
    )
    made = await cluster.made(pods, pod("one", server))
    probe = made["spec"]["containers"][0]["readinessProbe"]
    assert (probe["timeoutSeconds"], probe["successThreshold"], probe["failureThreshold"]) == (1, 1, 3)
    found = await cluster.until(pods, "one", lambda found: found["status"]["phase"] == "Running")
    assert not ready(found)
    await cluster.until(pods, "one", ready)
    message = await unhealthy(cluster, pods)
    assert message.startswith("Readiness probe failed: ")
    assert ("dial tcp" in message) or ("Get " in message)


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("/broken", "HTTP probe failed with statuscode: 500"),
        ("/gone", "HTTP probe failed with statuscode: 404"),
        ("/slow", "context deadline exceeded"),
    ],
)
async def test_a_container_whose_port_answers_wrongly_is_not_ready(
    cluster: Client, pods: str, image: str, port: int, path: str, failure: str
) -> None:
    probe = {"httpGet": {"path": path, "port": port}, "periodSeconds": 1}
    await cluster.made(pods, pod("one", container(image, _SERVER.replace("PORT", str(port)), readinessProbe=probe)))
    await unhealthy(cluster, pods, lambda message: failure in message)
    found = (await cluster.get(f"{pods}/one")).body
    assert (ready(found), found["status"]["containerStatuses"][0]["ready"]) == (False, False)
    (state,) = [item for item in found["status"]["conditions"] if item["type"] == "Ready"]
    assert (state["reason"], state["message"]) == ("ContainersNotReady", "containers with unready status: [main]")


async def test_a_container_that_stops_answering_is_unready_after_the_failure_threshold(
    cluster: Client, pods: str, image: str, port: int
) -> None:
    code = f"""
import socket, time
server = socket.create_server(("", {port}))
end = time.monotonic() + 6
server.settimeout(0.2)
while time.monotonic() < end:
    try:
        server.accept()[0].close()
    except TimeoutError:
        pass
server.close()
time.sleep(300)
"""
    probe = {"tcpSocket": {"port": port}, "periodSeconds": 1, "failureThreshold": 2}
    await cluster.made(pods, pod("one", container(image, code, readinessProbe=probe)))
    await cluster.until(pods, "one", ready)
    found = await cluster.until(pods, "one", lambda found: not ready(found))
    assert found["status"]["phase"] == "Running"
    assert "connection refused" in await unhealthy(cluster, pods, lambda message: "refused" in message)


async def test_a_port_that_no_container_names_is_never_ready(cluster: Client, pods: str, image: str) -> None:
    probe = {"httpGet": {"port": "web"}, "periodSeconds": 1}
    await cluster.made(pods, pod("one", container(image, _IDLE, readinessProbe=probe)))
    message = await unhealthy(cluster, pods)
    assert message.startswith("Readiness probe errored")
    assert not ready((await cluster.get(f"{pods}/one")).body)


async def test_a_grpc_probe_of_a_container_without_a_server_is_never_ready(
    cluster: Client, pods: str, image: str, port: int
) -> None:
    probe = {"grpc": {"port": port}, "periodSeconds": 1}
    await cluster.made(pods, pod("one", container(image, _IDLE, readinessProbe=probe)))
    await unhealthy(cluster, pods, lambda message: message.startswith("Readiness probe "))
    assert not ready((await cluster.get(f"{pods}/one")).body)


async def test_a_command_that_fails_is_reported_with_its_output(cluster: Client, pods: str, image: str) -> None:
    probe = {"exec": {"command": ["sh", "-c", "echo not yet; exit 1"]}, "periodSeconds": 1}
    await cluster.made(pods, pod("one", container(image, _IDLE, readinessProbe=probe)))
    assert "not yet" in await unhealthy(cluster, pods)
    assert not ready((await cluster.get(f"{pods}/one")).body)


async def test_a_pod_with_a_readiness_gate_is_ready_when_its_condition_is_true(
    cluster: Client, pods: str, image: str
) -> None:
    gates = [{"conditionType": "example.com/open"}]
    await cluster.made(pods, pod("one", container(image, _IDLE), readinessGates=gates))
    found = await cluster.until(pods, "one", lambda found: condition(found, "ContainersReady"))
    (state,) = [item for item in found["status"]["conditions"] if item["type"] == "Ready"]
    missing = 'corresponding condition of pod readiness gate "example.com/open" does not exist.'
    assert (state["status"], state["reason"], state["message"]) == ("False", "ReadinessGatesNotReady", missing)
    for status in ("False", "True", "False"):
        conditions = [{"type": "example.com/open", "status": status}]
        await cluster.patch(f"{pods}/one/status", {"status": {"conditions": conditions}}, STRATEGIC)
        found = await cluster.until(
            pods, "one", lambda found, status=status: bool(condition(found, "Ready")) == (status == "True")
        )
    assert condition(found, "ContainersReady")
    closed = 'the status of pod readiness gate "example.com/open" is not "True", but False'
    await cluster.until(
        pods, "one", lambda found: any(item.get("message") == closed for item in found["status"]["conditions"])
    )


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        ({}, "readinessProbe: Required value: must specify a handler type"),
        ({"exec": {}}, "readinessProbe.exec.command: Required value"),
        (
            {"tcpSocket": {"port": 70000}},
            "tcpSocket.port: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (
            {"httpGet": {"port": 80, "scheme": "FTP"}},
            'scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
        ),
        (
            {"exec": {"command": ["true"]}, "tcpSocket": {"port": 80}},
            "tcpSocket: Forbidden: may not specify more than 1 handler type",
        ),
        ({"tcpSocket": {"port": 80}, "periodSeconds": -1}, "periodSeconds: Invalid value: -1"),
        ({"httpGet": {"port": "no port!"}}, 'httpGet.port: Invalid value: "no port!"'),
    ],
    ids=["nothing", "no command", "port", "scheme", "two handlers", "period", "port name"],
)
async def test_an_invalid_probe_is_refused(cluster: Client, pods: str, probe: Object, message: str) -> None:
    body = pod("one", container("registry.invalid/a:1", "pass", readinessProbe=probe))
    answer = await cluster.post(pods, body, dryRun="All")
    assert (answer.code, message in answer.message) == (422, True), answer.message
