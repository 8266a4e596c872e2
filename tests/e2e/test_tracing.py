"""One trace per execution, as a real OTLP receiver gets it: the parents and times of its spans are right for every outcome."""

import asyncio
import json
import secrets
import time
from contextlib import asynccontextmanager

import pytest

from kubernaut.embedded.example_environment import example_environment
from kubernaut.kube.objects import EXECUTIONS, PODS, key_of
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from tests.e2e.test_crashes import without_engine
from tests.support.collector import collecting
from tests.support.shell import as_admin, command
from tests.support.site import site_on

SHIPPED = ("gitops-pr", "patch-configmap", "restart-deployment", "scale")


@pytest.fixture
async def collector(monkeypatch):
    async with collecting() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        yield receiver


@pytest.fixture
async def traced(request, registry, collector, rehearsal):
    """Return a site whose engine sends traces."""
    options = request.config.option
    async with site_on(options.cluster, options.image, registry, Settings(rehearsal=rehearsal)) as site:
        yield site


async def traced_end(site, collector, key):
    """Return the ended execution and its trace."""
    obj = await site.end(key)
    trace = await collector.trace(obj)
    trace.check()
    return obj, trace


async def test_the_trace_of_a_success_has_every_stage(traced, collector, rehearsal):
    before = time.time_ns()
    key = await traced.create("patch-configmap", {"name": "app-config", "set": {"LOG_LEVEL": "debug"}})
    obj, trace = await traced_end(traced, collector, key)
    root, attributes = trace.root, trace.root.attributes
    assert (root.name, root.parent_id, root.failed) == ("execute patch-configmap", "", False)
    assert attributes["k8s.namespace.name"] == traced.namespace
    assert attributes["k8s.job.name"] == obj["status"]["jobName"]
    assert (attributes["kubernaut.target"], attributes["kubernaut.phase"]) == ("ConfigMap/app-config", "Succeeded")
    assert root.resource["service.name"] == "kubernaut-engine"
    order = ["validate", "create-job", "attempt 1", "notice", "record"]
    found = [span.name for span in trace.spans if span.parent_id == root.span_id]
    depend_on_load = ("wait", "create-pod")  # recorded only if they took longer than 50 ms
    assert [name for name in found if not name.startswith(depend_on_load)] == order
    assert before - 1_000_000_000 <= root.start < root.end <= time.time_ns()
    assert trace.parent(trace.one("policy freeze-windows")).name == "validate"
    assert trace.parent(trace.one("hook patch-configmap.validate")).name == "validate"
    assert trace.parent(trace.one("rights")).name == "validate"
    assert trace.parent(trace.one("POST jobs")).name == "create-job"
    assert trace.parent(trace.one("hook patch-configmap.on_complete")).name == "record"
    assert [trace.parent(span).name for span in trace.named("PATCH v1/configmaps")] == ["dry-run", "execute"]
    assert trace.one("dry-run").attributes["k8s.pod.name"] == trace.one("attempt 1").attributes["k8s.pod.name"]
    first = "execute" if rehearsal == "inline" else "dry-run"
    assert trace.one(f"start {first}").end <= trace.one("dry-run").start <= trace.one("dry-run").end
    assert trace.one("dry-run").end <= trace.one("execute").start
    assert trace.one("dry-run").attributes["k8s.container.name"] == first
    assert trace.one("execute").attributes["k8s.container.name"] == "execute"
    assert all(span.attributes["http.response.status_code"] == 200 for span in trace.named("PATCH v1/configmaps"))


@pytest.mark.parametrize("action", SHIPPED)
async def test_each_action_that_ships_has_a_trace(request, collector, action, rehearsal):
    options, registry = request.config.option, Registry.discover()
    if action == "gitops-pr" and options.cluster != "sandbox":
        pytest.skip("its forge listens on loopback, which pods of a real cluster cannot reach")
    with example_environment(registry, "production") as environment:
        settings = environment.settings.model_copy(update={"rehearsal": rehearsal})
        async with site_on(options.cluster, options.image, registry, settings) as site:
            for manifest in environment.objects[action] if options.cluster == "sandbox" else ():
                await site.apply(manifest)
            key = await site.create(action, registry.actions[action].spec.examples[0])
            obj, trace = await traced_end(site, collector, key)
            assert obj["status"]["phase"] == "Succeeded", obj["status"]
            assert trace.root.name == f"execute {action}"
            assert (
                trace.one("attempt 1").start <= trace.one("dry-run").start < trace.one("execute").end <= trace.root.end
            )


async def test_the_callers_trace_continues_in_the_engine_and_in_the_pod(traced, collector):
    traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    manifest = {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {"name": "asked", "namespace": traced.namespace, "annotations": {"traceparent": traceparent}},
        "spec": {
            "action": "script",
            "parameters": {"execute": "action.output('seen', os.environ['TRACEPARENT'])"},
        },
    }
    created = await traced.cluster.create(EXECUTIONS, traced.namespace, manifest)
    obj, trace = await traced_end(traced, collector, key_of(created))
    assert trace.root.parent_id == traceparent.split("-")[2]
    assert obj["status"]["traceparent"] == f"00-{traceparent.split('-')[1]}-{trace.root.span_id}-01"
    assert obj["status"]["result"]["outputs"]["seen"] == obj["status"]["traceparent"]


async def test_an_execution_of_a_caller_that_is_not_sampled_is_not_sent(traced, collector):
    traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
    key = await traced.create("patch-configmap", {"name": "app-config", "set": {"A": "1"}}, suspend=True)
    await traced.patch(EXECUTIONS, key.name, {"metadata": {"annotations": {"traceparent": traceparent}}})
    await traced.patch(EXECUTIONS, key.name, {"spec": {"suspend": False}})
    await traced.end(key)
    other = await traced.create("patch-configmap", {"name": "app-config", "set": {"A": "2"}})
    await traced_end(traced, collector, other)
    assert traceparent.split("-")[1] not in collector.spans or not collector.spans[traceparent.split("-")[1]]


async def test_the_trace_of_a_retry_has_its_pause_and_a_link(traced, collector):
    key = await traced.create("script", {"execute": "sys.exit(1)"})
    obj, trace = await traced_end(traced, collector, key)
    assert obj["status"]["reason"] in {"RetriesExhausted", "PluginError"}
    first, second = trace.one("attempt 1"), trace.one("attempt 2")
    assert first.end <= second.start
    assert second.links == ((obj["status"]["traceparent"].split("-")[1], first.span_id),)
    assert first.failed
    assert second.failed
    assert trace.root.failed
    assert trace.root.attributes["error.type"] == obj["status"]["reason"]
    assert [span.failed for span in trace.named("execute")] == [True, True]
    assert {trace.parent(span).name for span in trace.named("execute")} == {"attempt 1", "attempt 2"}


async def test_the_trace_of_a_rejection_shows_which_check_rejected_it(traced, collector):
    key = await traced.create("patch-configmap", {"name": "app-config", "set": {"A": 1}})
    _, trace = await traced_end(traced, collector, key)
    assert trace.one("validate").failed
    assert trace.root.attributes["error.type"] == "InvalidParameters"
    assert not trace.named("create-job")


async def test_the_trace_of_a_rejected_dry_run_shows_the_rejected_request(traced, collector):
    key = await traced.create("patch-configmap", {"name": "nope", "set": {"A": "1"}})
    _, trace = await traced_end(traced, collector, key)
    refused = trace.one("PATCH v1/configmaps")
    assert (refused.failed, refused.attributes["http.response.status_code"]) == (True, 404)
    assert trace.parent(refused).name == "dry-run"
    assert not trace.named("execute")


async def test_the_trace_of_a_wait_shows_its_reason(traced, collector):
    first = await traced.create("script", {"execute": "time.sleep(2)"})
    await traced.until(first, phase="Running")
    second = await traced.create("script", {"name": "app-config"})
    await traced.until(second, phase="Pending", reason="TargetBusy")
    obj, trace = await traced_end(traced, collector, second)
    wait = trace.one("wait TargetBusy")
    assert wait.attributes["kubernaut.wait.reason"] == "TargetBusy"
    assert wait.end - wait.start > 500_000_000
    assert wait.end <= trace.one("validate").start
    assert trace.root.start <= wait.start
    assert [stage["name"] for stage in obj["status"]["stages"] if not stage.get("within")][:2] == ["wait", "validate"]


async def test_the_trace_of_a_cancelled_execution_shows_its_progress(traced, collector):
    key = await traced.create("script", {"execute": "time.sleep(60)"})
    await running(traced, key, "execute")
    await asyncio.sleep(1)  # until its Python has started
    await traced.patch(EXECUTIONS, key.name, {"spec": {"cancel": True}})
    obj, trace = await traced_end(traced, collector, key)
    assert obj["status"]["phase"] == "Cancelled"
    assert trace.root.attributes["kubernaut.phase"] == "Cancelled"
    assert not trace.root.failed
    assert trace.one("cancel").end <= trace.root.end
    assert trace.one("execute").start < trace.one("cancel").start


async def test_the_trace_of_a_rollback_links_to_the_execution_that_it_undoes(traced, collector):
    first = await traced.create("patch-configmap", {"name": "app-config", "set": {"LOG_LEVEL": "debug"}})
    obj, original = await traced_end(traced, collector, first)
    undo = obj["status"]["result"]["rollback"]
    manifest = {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {
            "name": "undone",
            "namespace": traced.namespace,
            "annotations": {"kubernaut.io/rollback-of": first.name},
        },
        "spec": undo,
    }
    created = await traced.cluster.create(EXECUTIONS, traced.namespace, manifest)
    _, trace = await traced_end(traced, collector, key_of(created))
    assert trace.root.links == ((obj["status"]["traceparent"].split("-")[1], original.root.span_id),)


async def test_an_execution_has_one_complete_trace_although_its_engine_was_killed(tmp_path, request):
    if request.config.getoption("--cluster") != "sandbox":
        pytest.skip("starts an engine of its own on the sandbox")
    async with collecting() as collector, without_engine(tmp_path) as (site, engine), at_last_killed(engine):
        engine._environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "60000"}
        await engine.start()
        key = await site.create("scale", {"name": "web", "replicas": 4})
        await site.until(key, phase="Running")
        await engine.kill()
        await asyncio.sleep(1)
        await engine.start()
        ended = await site.end(key)
        await engine.kill()  # before its batch is sent
        assert not collector.requests
        engine._environment["OTEL_BSP_SCHEDULE_DELAY"] = "200"
        await engine.start()
        trace = await collector.trace(ended)
    trace.check()
    assert [len(trace.named(name)) for name in ("validate", "create-job", "attempt 1", "record")] == [1, 1, 1, 1]
    notice = trace.one("notice")
    assert notice.end - notice.start >= 0
    assert trace.root.attributes["kubernaut.phase"] == "Succeeded"


async def test_a_broken_collector_costs_one_log_line(traced, collector, caplog):
    collector.broken = True
    started = time.monotonic()
    for number in range(3):
        status = await traced.run("patch-configmap", {"name": "app-config", "set": {"N": str(number)}})
        assert status["phase"] == "Succeeded"
    assert time.monotonic() - started < 60
    async with asyncio.timeout(30):
        while not (lost := [r for r in caplog.records if "traces are lost" in r.getMessage()]):
            await asyncio.sleep(0.1)
    assert len(lost) == 1
    assert collector.endpoint in lost[0].getMessage()
    assert [r for r in caplog.records if r.name.startswith("opentelemetry")] == []


async def test_the_trace_command_draws_the_same_trace_without_a_collector(traced, collector, tmp_path, rehearsal):
    key = await traced.create("patch-configmap", {"name": "app-config", "set": {"LOG_LEVEL": "debug"}})
    _, trace = await traced_end(traced, collector, key)
    words = ("trace", key.name, *as_admin(traced, tmp_path))
    drawn = json.loads((await command(*words, "-o", "json"))[1])
    assert {span["spanId"] for span in drawn["spans"]} == {span.span_id for span in trace.spans}
    drawn = (await command(*words))[1]
    started = "start execute" if rehearsal == "inline" else "start dry-run"
    for text in ("execute patch-configmap", "rights", started, "PATCH v1/configmaps app-config 200", "█"):
        assert text in drawn
    assert "\x1b" not in drawn


@asynccontextmanager
async def at_last_killed(engine):
    """Stop the engine after the block, also when the test fails."""
    try:
        yield
    finally:
        await engine.kill()


async def running(site, key, step):
    """Wait until this step runs in a pod of the execution."""
    async with asyncio.timeout(60):
        while True:
            job = (await site.cluster.get(EXECUTIONS, site.namespace, key.name)).get("status", {}).get("jobName")
            pods = (await site.cluster.list(PODS, site.namespace, selector=f"job-name={job}")).items if job else []
            statuses = [c for pod in pods for c in pod["status"].get("containerStatuses", []) if c["name"] == step]
            if any("running" in c["state"] for c in statuses):
                return
            await asyncio.sleep(0.1)
