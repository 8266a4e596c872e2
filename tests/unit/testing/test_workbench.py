"""The kit for plugin tests: what the workbench and its fixtures do."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from kubernaut.api.rules import Rule
from kubernaut.api.surroundings import Surroundings
from kubernaut.errors import NotFoundError
from kubernaut.plugins.registry import Registry
from kubernaut.testing import Workbench

DEPLOYMENTS, CONFIG_MAPS, PODS = "apps/v1/deployments", "v1/configmaps", "v1/pods"


@pytest.fixture
def action_settings():
    return {"scale": {"max_replicas": 5}}


def test_it_begins_when_the_workloads_are_ready(workbench):
    assert workbench.get(DEPLOYMENTS, "web")["status"]["availableReplicas"] == 2
    assert len(workbench.list(PODS, selector="app=web")) == 2
    assert workbench.get("apps/v1/daemonsets", "agent")["status"]["numberReady"] == 1


def test_the_fixture_of_settings_is_taken(run_action):
    assert run_action("scale", {"name": "web", "replicas": 6}).reason == "InvalidParameters"


def test_an_execution_can_have_a_deadline_of_its_own(run_action, workbench):
    assert run_action("scale", {"name": "web", "replicas": 3}, deadline=77).succeeded
    (found,) = workbench.list("kubernaut.io/v1alpha1/kubernetesexecutions")
    assert found["spec"]["deadlineSeconds"] == 77


def test_objects_are_patched_waited_for_and_deleted(workbench):
    workbench.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 1}})
    found = workbench.wait_for(DEPLOYMENTS, "web", lambda web: web["status"].get("availableReplicas") == 1)
    assert found["spec"]["replicas"] == 1
    workbench.delete(CONFIG_MAPS, "app-config")
    with pytest.raises(NotFoundError):
        workbench.get(CONFIG_MAPS, "app-config")


def test_waiting_in_vain_shows_what_was_there(workbench):
    with pytest.raises(TimeoutError, match=r"app-config is after 0.1 s: .*LOG_LEVEL"):
        workbench.wait_for(CONFIG_MAPS, "app-config", lambda _: False, seconds=0.1)


def test_the_kubeconfig_is_a_file_for_its_owner_that_goes_with_the_workbench():
    with Workbench(Registry()) as bench:
        file = bench.kubeconfig_file
        assert (file.stat().st_mode & 0o777, bench.kubeconfig_file) == (0o600, file)
    assert not file.exists()


def test_the_http_server_answers(http_server):
    http_server.expect_request("/x").respond_with_json({"a": 1})
    assert http_server.url_for("/x").startswith("http://localhost")


def with_surroundings(registry, **made):
    started = []

    def surrounded(name):
        @contextmanager
        def surroundings():
            started.append(name)
            yield Surroundings(**made)

        action = registry.actions[name]
        return replace(action, spec=action.spec.model_copy(update={"surroundings": surroundings}))

    return Registry({name: surrounded(name) for name in ("scale", "patch-configmap")}), started


def test_only_the_surroundings_of_the_action_at_hand_are_started_and_once(registry):
    extra = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "extra"}, "data": {"A": "1"}}
    changed, started = with_surroundings(registry, objects=(extra,))
    with Workbench(changed) as bench:
        assert started == []
        for value in ("2", "3"):
            assert bench.run("patch-configmap", {"name": "extra", "set": {"A": value}}).succeeded
    assert started == ["patch-configmap"]


def test_settings_of_surroundings_reach_the_engine(registry):
    changed, _ = with_surroundings(registry, settings={"max_replicas": 2})
    with Workbench(Registry({"scale": changed.actions["scale"]})) as bench:
        assert bench.run("scale", {"name": "web", "replicas": 3}).reason == "InvalidParameters"
        assert bench.run("scale", {"name": "web", "replicas": 1}).succeeded


def test_an_object_that_a_test_created_itself_is_left_as_it_is(registry):
    extra = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "extra"}, "data": {"A": "1"}}
    changed, _ = with_surroundings(registry, objects=(extra,))
    with Workbench(changed) as bench:
        bench.apply({**extra, "data": {"A": "own"}})
        ended = bench.run("patch-configmap", {"name": "extra", "set": {"A": "2"}})
    assert ended.changes[0].before == "own"


def test_a_write_that_is_not_forbidden_is_found(registry):
    rule = registry.actions["patch-configmap"].spec.rules[0]
    action = registry.actions["patch-configmap"]
    wider = replace(action, spec=action.spec.model_copy(update={"rules": (rule.model_copy(update={"fields": ()}),)}))
    with (
        Workbench(Registry({"patch-configmap": wider})) as bench,
        pytest.raises(AssertionError, match="is allowed to change metadata"),
    ):
        bench.assert_guarded(action.spec.service_account, rule)


def test_a_guard_with_nothing_to_try_it_on_is_found(workbench):
    rule = Rule(resources=("secrets",), verbs=("patch",), fields=("data",))
    with pytest.raises(AssertionError, match="no secrets in namespace production to try the guard on"):
        workbench.assert_guarded("configmap-patcher", rule)
