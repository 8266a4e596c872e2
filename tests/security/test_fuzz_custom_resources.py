"""Executions with any content, sent to a sandbox with the admission policies and a running engine.

Whatever is accepted can be listed by every client, and ends or waits with a reason; what is not accepted is answered with a Status.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubernaut.api.execution import PENDING_REASONS, Phase
from kubernaut.embedded.cluster import embedded
from kubernaut.plugins.registry import Registry
from tests.conformance.client import MERGE, TABLE, Client, connected

EXECUTIONS = "/apis/kubernaut.io/v1alpha1/namespaces/production/kubernetesexecutions"
UNSEEN = "No engine has picked it up yet."
ENDED = {Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED}
REFUSALS = {400, 403, 409, 413, 422, 501}
"""501: a NUL in what an admission policy decides on, which the sandbox's CEL cannot read."""
NAMES = count()

texts = st.text(st.characters(codec=None, categories=None, exclude_characters="\0"), max_size=30) | st.sampled_from(
    ["", "\ud800", "\x1b[2J", "\u202e", "../..", "$(HOME)", "x" * 5000, "{{ x }}", "\x85", "true", "null", "web"]
)
numbers = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([-(2**63) - 1, 2**63, 10**300, 1e308, -0.0, 2**53 + 1])
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
anything = values | st.integers(1, 240).map(lambda levels: json.loads("[" * levels + "]" * levels))
"""Any JSON that an object can hold."""
refused = st.sampled_from([float("nan"), float("-inf"), 10**400]) | st.integers(250, 2000).map(
    lambda levels: "DEEP" * levels
)
"""What none can: deep nesting stands as text until it is sent."""
specs = st.fixed_dictionaries(
    {
        "action": st.sampled_from(["scale", "patch-configmap", "restart-deployment", "gitops-pr", "no-such"]) | texts,
        "parameters": st.fixed_dictionaries(
            {},
            optional={
                "name": texts,
                "replicas": st.integers(0, 3) | anything,
                "set": st.dictionaries(texts, texts | anything, max_size=2),
                **dict.fromkeys(("kind", "remove", "changes", "x"), anything),
            },
        ),
    },
    optional={
        **dict.fromkeys(("dryRun", "suspend", "cancel"), st.booleans()),
        "deadlineSeconds": st.integers(1, 600),
        "ttlSecondsAfterFinished": st.integers(30, 10**9),
    },
)
annotations = st.dictionaries(
    st.sampled_from(
        ["traceparent", "a", *(f"kubernaut.io/{key}" for key in ("requested-by", "resumed", "rollback-of", "target"))]
    ),
    texts,
    max_size=4,
)
metadata = st.fixed_dictionaries(
    {},
    optional={
        "annotations": annotations,
        "labels": st.dictionaries(
            st.sampled_from(["a", "kubernaut.io/action"]), st.sampled_from(["", "b"]), max_size=2
        ),
        "finalizers": st.lists(st.sampled_from(["example.com/x", "foregroundDeletion"]), max_size=2),
        "uid": texts,
    },
)
odd = st.none() | st.tuples(
    st.sampled_from(
        [
            *(f"metadata.{field}" for field in ("annotations", "labels", "finalizers", "ownerReferences", "namespace")),
            *("metadata.generateName", "metadata.creationTimestamp", "spec", "spec.action", "spec.parameters"),
            *("spec.parameters.name", "spec.suspend", "spec.deadlineSeconds", "spec.other", "status", "other"),
        ]
    ),
    anything | refused,
)
"""At most one field that has no place there."""
statuses = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from(["Pending", "Running", "Succeeded", "Failed"]) | anything
        for name in ("phase", "reason", "message", "result", "stages", "conditions", "jobName", "startTime", "attempts")
    },
)


@dataclass(frozen=True)
class Ground:
    """A sandbox whose loop runs only while something is done with it."""

    runner: asyncio.Runner
    admin: Client


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """Start the sandbox and the engine once: hypothesis runs its examples on the same one."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def start() -> Client:
            running = await stack.enter_async_context(embedded(Registry.discover()))
            return await stack.enter_async_context(connected(running.sandbox.kubeconfig()))

        yield Ground(runner, runner.run(start()))
        runner.run(stack.aclose())


def encoded(document: Any) -> bytes:
    """JSON as a hostile client writes it: with NaN, half characters, all digits, and nesting that Python's encoder does not do."""
    text = json.dumps(document)
    return re.sub('"((?:DEEP)+)"', lambda deep: "[" * (len(deep[1]) // 4) + "]" * (len(deep[1]) // 4), text).encode()


def with_field(manifest: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The manifest with one field set, as far as there is a mapping for it."""
    first, _, rest = path.partition(".")
    if not rest:
        return {**manifest, first: value}
    inner = manifest.get(first)
    return {**manifest, first: with_field(inner if isinstance(inner, dict) else {}, rest, value)}


async def read_by_everybody(admin: Client) -> None:
    """Read all executions as the clients do; a strict one takes no NaN."""
    for accept in ("application/json", TABLE):
        answer = await admin.call("GET", EXECUTIONS, accept=accept)
        assert answer.code == 200, answer.body
        json.dumps(answer.body, allow_nan=False, ensure_ascii=False).encode()


async def settled(admin: Client, name: str) -> dict[str, Any]:
    """Wait until the execution has ended, or waits for a reason that the engine gave."""
    status: dict[str, Any] = {}
    try:
        async with asyncio.timeout(30):
            while True:
                found = await admin.get(f"{EXECUTIONS}/{name}")
                status = found.body.get("status") or {}
                if found.code == 404 or status.get("phase") in ENDED:
                    return status
                if status.get("reason") in PENDING_REASONS and status.get("message") != UNSEEN:
                    return status
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"neither ended nor waits with a reason: {status}") from None


async def removed(admin: Client, name: str) -> None:
    """Delete the execution, whatever its finalizers."""
    await admin.patch(f"{EXECUTIONS}/{name}", {"metadata": {"finalizers": None}}, MERGE)
    await admin.delete(f"{EXECUTIONS}/{name}")
    await admin.gone(f"{EXECUTIONS}/{name}")


bounded = settings(
    max_examples=21,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)


@bounded
@given(spec=specs, meta=metadata, status=statuses, strange=odd)
def test_an_execution_of_any_content_is_refused_or_ends_or_waits(
    ground: Ground, spec: Any, meta: dict[str, Any], status: dict[str, Any], strange: tuple[str, Any] | None
) -> None:
    name = f"fuzz-{next(NAMES)}"
    manifest = {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {**meta, "name": name},
        "spec": spec,
        "status": status,
    }
    if strange:
        manifest = with_field(manifest, *strange)

    async def example() -> None:
        answer = await ground.admin.post(EXECUTIONS, encoded(manifest))
        await read_by_everybody(ground.admin)
        if answer.code != 201:
            assert answer.code in REFUSALS, answer.body
            assert answer.body["kind"] == "Status"
            return
        found = await settled(ground.admin, name)
        assert found.get("reason") != "EngineError", found
        await read_by_everybody(ground.admin)
        await removed(ground.admin, name)

    ground.runner.run(example())


@bounded
@given(
    status=statuses | anything | refused,
    spec=st.fixed_dictionaries({}, optional={"suspend": st.booleans() | anything, "cancel": st.booleans() | refused}),
)
def test_an_execution_whose_status_anybody_writes_can_be_read_and_removed(
    ground: Ground, status: Any, spec: dict[str, Any]
) -> None:
    name = f"fuzz-{next(NAMES)}"
    manifest = {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {"name": name},
        "spec": {"action": "scale", "parameters": {"name": "web", "replicas": 1}, "suspend": True},
    }

    async def example() -> None:
        path = f"{EXECUTIONS}/{name}"
        await ground.admin.made(EXECUTIONS, manifest)
        for target, body in ((f"{path}/status", {"status": status}), (path, {"spec": spec})):
            answer = await ground.admin.patch(target, encoded(body), MERGE)
            assert answer.code in REFUSALS | {200}, answer.body
            await read_by_everybody(ground.admin)
        await settled(ground.admin, name)
        await removed(ground.admin, name)

    ground.runner.run(example())
