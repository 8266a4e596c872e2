"""What is rejected before a Job exists, and with which message."""

import json

import pytest

from kubernaut import PolicySpec, Problem
from kubernaut.admission.decisions import Admitted, Rejected
from kubernaut.admission.policies import PolicyChecker
from kubernaut.admission.validation import Validator
from kubernaut.api.view import ExecutionView
from kubernaut.errors import PluginLoadError
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.overrides import apply_settings
from kubernaut.plugins.registry import Policy, Registry
from kubernaut.settings import Settings


def execution(action="scale", parameters=None, **spec):
    metadata = {"name": "e", "namespace": "ns", "uid": "u"}
    return {
        "metadata": metadata,
        "spec": {"action": action, "parameters": parameters or {"name": "web", "replicas": 3}, **spec},
    }


@pytest.fixture
def ask(registry):
    async def validate(obj, with_registry=registry, **settings):
        with_registry, hooks = apply_settings(with_registry, Settings(**settings)), HookCaller()
        validator = Validator(with_registry, hooks, "image:1", PolicyChecker(with_registry, hooks))
        return await validator.validate(ExecutionView(obj))

    return validate


async def test_a_valid_execution_is_admitted_with_typed_parameters_and_its_target(ask):
    verdict = await ask(execution())
    assert isinstance(verdict, Admitted)
    assert (verdict.execution.parameters.replicas, str(verdict.execution.target)) == (3, "Deployment/web")
    assert (verdict.execution.deadline_seconds, verdict.execution.rehearsal) == (600, "initContainer")


async def test_its_dry_run_takes_place_where_the_admin_wants_it(ask):
    assert (await ask(execution(), rehearsal="inline")).execution.rehearsal == "inline"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        pytest.param({"name": "web"}, "parameters.replicas: is required", id="a missing one"),
        pytest.param(
            {"name": "web", "replicas": 1, "namespace": "kube-system"},
            "parameters.namespace: there is no such parameter",
            id="namespace",
        ),
        pytest.param(
            {"name": "web", "replicas": "5"},
            "parameters.replicas: input should be a valid integer (got '5')",
            id="text for a number",
        ),
        pytest.param(
            {"name": "web", "replicas": True},
            "parameters.replicas: input should be a valid integer (got True)",
            id="a truth for a number",
        ),
        pytest.param({"name": "web", "replicas": -1}, "greater than or equal to 0", id="a negative number"),
        pytest.param(
            {"name": "web", "replicas": 10**9},
            "exceeds the maximum of 1000 in this cluster's settings",
            id="too many",
        ),
        pytest.param(
            {"name": "a/b", "replicas": 1}, "parameters.name: string should match pattern", id="a name with a slash"
        ),
        pytest.param(
            {"name": "..", "replicas": 1}, "parameters.name: string should match pattern", id="a path upwards"
        ),
        pytest.param({"name": "ünïcode", "replicas": 1}, "parameters.name: string should match pattern", id="unicode"),
        pytest.param({"name": "x" * 10_000, "replicas": 1}, "at most 253 characters", id="10,000 characters"),
        pytest.param(
            {"name": None, "replicas": 1}, "parameters.name: input should be a valid string (got None)", id="null"
        ),
        pytest.param(
            {"name": "web", "replicas": 1, "kind": "DaemonSet"},
            "parameters.kind: input should be 'Deployment' or",
            id="another kind",
        ),
    ],
)
async def test_invalid_parameters_are_rejected_by_field(ask, parameters, message):
    verdict = await ask(execution(parameters=parameters))
    assert isinstance(verdict, Rejected)
    assert verdict.reason == "InvalidParameters"
    assert message in verdict.message
    assert len(verdict.message) < 1000


@pytest.mark.parametrize("megabytes", [0.1, 2])
async def test_parameters_that_are_too_large_for_a_pod_are_rejected(ask, megabytes):
    verdict = await ask(execution("patch-configmap", {"name": "c", "set": {"key": "x" * int(megabytes * 2**20)}}))
    assert (verdict.reason, "shorten them" in verdict.message) == ("InvalidParameters", True)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        pytest.param({"name": "c"}, "parameters.set: there is nothing to do", id="nothing to do"),
        pytest.param(
            {"name": "c", "set": {"a": "1"}, "remove": ["a"]}, "parameters.remove: a is also in set", id="both"
        ),
        pytest.param({"name": "c", "set": {"a/b": "1"}}, "parameters.set.a/b", id="a key with a slash"),
        pytest.param(
            {"name": "c", "set": {"a": 5}},
            "parameters.set.a: input should be a valid string (got 5)",
            id="a number for text",
        ),
        pytest.param({"name": "c", "remove": "a"}, "parameters.remove", id="text for a list"),
    ],
)
async def test_patch_configmap_rejects_contradictory_parameters(ask, parameters, message):
    verdict = await ask(execution("patch-configmap", parameters))
    assert (verdict.reason, message in verdict.message) == ("InvalidParameters", True), verdict.message


async def test_an_unknown_action_is_rejected_with_a_list_of_the_installed_ones(ask, registry):
    verdict = await ask(execution("drop-database"))
    installed, restart = (
        ", ".join(sorted(registry.actions)),
        "Restart the engine to use an action that was installed since it started.",
    )
    assert verdict == Rejected(
        "UnknownAction", f"action 'drop-database' is not installed; installed: {installed}. {restart}"
    )


async def test_the_action_of_a_broken_plugin_is_rejected_with_the_reason(ask):
    verdict = await ask(execution("sick"), Registry(broken={"sick": PluginLoadError("plugin sick: no module x")}))
    assert verdict == Rejected("ActionUnavailable", "plugin sick: no module x")


async def test_a_deadline_longer_than_the_actions_is_rejected(ask):
    verdict = await ask(execution(deadlineSeconds=601))
    assert verdict == Rejected("InvalidParameters", "spec.deadlineSeconds: 601 exceeds the limit of scale, 600")


class Hooks:
    """The hooks of a policy, without a distribution."""

    def __init__(self, answer):
        self._answer = answer

    def validate(self, execution):
        return self._answer(execution)


def policy(answer):
    return Policy("nights", "test", Hooks(answer), PolicySpec(summary="s"))


def raises(_):
    raise RuntimeError("no calendar")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(
            lambda _: [[Problem("", "no changes before 06:00")]], "policy nights: no changes before 06:00", id="denies"
        ),
        pytest.param(
            raises,
            "policy nights could not decide: hook validate of plugin nights raised RuntimeError: no calendar",
            id="raises",
        ),
        pytest.param(
            lambda _: ["nope"],
            "policy nights could not decide: validate of plugin nights returned str",
            id="answers nonsense",
        ),
    ],
)
async def test_a_policy_that_does_not_approve_denies(ask, registry, answer, message):
    verdict = await ask(execution(), Registry(registry.actions, (policy(answer),)))
    assert verdict.reason == "PolicyDenied"
    assert verdict.message.startswith(message)


async def test_a_policy_that_cannot_be_loaded_denies_every_execution(ask, registry):
    broken = {"nights": PluginLoadError("plugin nights: no module x")}
    verdict = await ask(execution(), Registry(registry.actions, (), broken, frozenset({"nights"})))
    assert verdict == Rejected(
        "PolicyDenied", "policy nights is not usable, so no execution runs: plugin nights: no module x"
    )


async def test_a_policy_that_returns_no_problem_approves(ask, registry):
    assert isinstance(await ask(execution(), Registry(registry.actions, (policy(lambda _: [[]]),))), Admitted)


async def test_the_message_for_hostile_input_is_short(ask):
    verdict = await ask(execution(parameters=json.loads('{"' + "k" * 10_000 + '": 1}')))
    assert len(verdict.message) < 600
