"""Every policy must approve; one that cannot be called has not."""

from dataclasses import replace

import pytest

from kubernaut import PolicySpec, Problem
from kubernaut.admission.policies import PolicyChecker
from kubernaut.errors import DeniedError, PluginLoadError
from kubernaut.kube.objects import resource_of
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.registry import Policy, Registry
from tests.support.fake_cluster import FakeCluster
from tests.unit.admission.test_validate_hook import Hook

DEPLOYMENTS = resource_of("apps/v1/deployments")
WEB = {"metadata": {"name": "web", "namespace": "production", "labels": {"tier": "critical"}}}


class Recording(Hook):
    """Records the executions that it is called with."""

    def __init__(self, answers):
        super().__init__(answers)
        self.executions = []

    def __call__(self, execution):
        self.executions.append(execution)
        return self._answers


def policy(name, hook, **spec):
    return Policy(
        name,
        "d 1.0",
        type("Hooks", (), {"validate": hook}),
        PolicySpec(summary="s", **spec),
        settings=f"settings of {name}",
    )


@pytest.fixture
async def admitted(ground):
    return await ground.admission.admit(ground.caches.view(ground.add()))


def checker(*policies, cluster=None, **registry):
    return PolicyChecker(Registry(policies=policies, **registry), HookCaller(), cluster)


async def test_every_policy_is_called_with_its_own_settings(admitted):
    first, second = Recording([[]]), Recording([[]])
    assert await checker(policy("a", first), policy("b", second)).check(admitted) is None
    assert [hook.executions[0].settings for hook in (first, second)] == ["settings of a", "settings of b"]


async def test_the_first_denial_is_final_and_later_policies_are_not_called(admitted):
    later = Recording([[]])
    rejected = await checker(policy("nights", Hook([[Problem("", "not at night")]])), policy("later", later)).check(
        admitted
    )
    assert (rejected.reason, rejected.message, later.executions) == ("PolicyDenied", "policy nights: not at night", [])


async def test_a_policy_that_is_not_usable_stops_every_execution(admitted):
    broken = {"nights": PluginLoadError("plugin nights: no module x")}
    rejected = await checker(broken=broken, broken_policies=frozenset({"nights"})).check(admitted)
    assert rejected.message == "policy nights is not usable, so no execution runs: plugin nights: no module x"


async def test_a_policy_reads_labels_only_if_it_depends_on_them(admitted):
    cluster, reads, ignores = FakeCluster((DEPLOYMENTS, WEB)), Recording([[]]), Recording([[]])
    policies = (
        policy("reads", reads, reads_labels=lambda _: True),
        policy("ignores", ignores, reads_labels=lambda _: False),
    )
    await checker(*policies, cluster=cluster).check(admitted)
    assert reads.executions[0].target_labels == {"tier": "critical"}
    assert (ignores.executions[0].target_labels, cluster.requests) == ({}, [("get", "deployments")])


async def test_a_target_that_does_not_exist_has_no_labels(admitted):
    hook = Recording([[]])
    await checker(policy("reads", hook, reads_labels=lambda _: True), cluster=FakeCluster()).check(admitted)
    assert hook.executions[0].target_labels == {}


async def test_a_policy_whose_labels_cannot_be_read_has_not_approved(admitted):
    cluster = FakeCluster((DEPLOYMENTS, WEB))
    cluster.failures["get", "deployments"] = [DeniedError("forbidden")]
    rejected = await checker(policy("reads", Hook([[]]), reads_labels=lambda _: True), cluster=cluster).check(admitted)
    assert rejected.reason == "PolicyDenied"
    assert "grant the engine `get` on deployments there" in rejected.message


async def test_a_target_outside_the_cluster_has_no_labels_to_read(admitted):
    outside = replace(admitted.execution, target=replace(admitted.execution.target, resource=""))
    hook, cluster = Recording([[]]), FakeCluster()
    await checker(policy("reads", hook, reads_labels=lambda _: True), cluster=cluster).check(
        replace(admitted, execution=outside)
    )
    assert (hook.executions[0].target_labels, cluster.requests) == ({}, [])
