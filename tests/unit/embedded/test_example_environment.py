"""What examples need: it exists during the block, and given settings take precedence."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from kubernaut import Surroundings
from kubernaut.embedded.example_environment import example_environment
from kubernaut.plugins.registry import Registry
from kubernaut.settings import ActionSettings, Settings


class Server:
    """A server that an example needs."""

    def __init__(self):
        self.running = False

    @contextmanager
    def surroundings(self):
        self.running = True
        yield Surroundings(
            settings={"max_replicas": 5, "url": "https://x"},
            objects=(
                {"kind": "Secret", "metadata": {"name": "a"}},
                {"kind": "B", "metadata": {"name": "b", "namespace": "c"}},
            ),
        )
        self.running = False


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def needy(registry, server):
    """`scale` with a server that its examples need, beside an action that needs nothing."""
    scale = registry.actions["scale"]
    spec = scale.spec.model_copy(update={"surroundings": server.surroundings})
    return Registry({"scale": replace(scale, spec=spec), "patch-configmap": registry.actions["patch-configmap"]})


def test_servers_run_during_the_block(needy, server):
    with example_environment(needy, "production"):
        assert server.running
    assert not server.running


def test_an_object_without_a_namespace_gets_the_given_one(needy):
    with example_environment(needy, "production") as environment:
        assert [obj["metadata"]["namespace"] for obj in environment.objects["scale"]] == ["production", "c"]


def test_settings_of_the_environment_are_those_of_the_action(needy):
    with example_environment(needy, "production") as environment:
        assert {name: action.settings for name, action in environment.settings.actions.items()} == {
            "scale": {"max_replicas": 5, "url": "https://x"}
        }


def test_given_settings_take_precedence_and_the_others_are_kept(needy):
    given = Settings(max_running=7, actions={"scale": ActionSettings(enabled=False, settings={"max_replicas": 9})})
    with example_environment(needy, "production", given) as environment:
        scale = environment.settings.actions["scale"]
        assert (environment.settings.max_running, scale.enabled) == (7, False)
        assert scale.settings == {"max_replicas": 9, "url": "https://x"}


def test_actions_that_need_nothing_have_an_empty_environment(registry):
    with example_environment(Registry({"scale": registry.actions["scale"]}), "production") as environment:
        assert (environment.settings, environment.objects) == (Settings(), {"scale": ()})


def surrounded_by(registry, surroundings):
    scale = registry.actions["scale"]
    spec = scale.spec.model_copy(update={"surroundings": surroundings})
    return Registry({"scale": replace(scale, spec=spec), "patch-configmap": registry.actions["patch-configmap"]})


def test_surroundings_that_cannot_be_started_cost_their_own_plugin_alone(registry):
    @contextmanager
    def broken():
        raise OSError("no port is free")
        yield

    with example_environment(surrounded_by(registry, broken), "production") as environment:
        assert list(environment.registry.actions) == ["patch-configmap"]
        assert environment.broken == {"scale": "its surroundings cannot be started: OSError: no port is free"}


def test_surroundings_of_another_type_are_named(registry):
    @contextmanager
    def wrong():
        yield {"settings": {}}

    with example_environment(surrounded_by(registry, wrong), "production") as environment:
        assert environment.broken["scale"].endswith("TypeError: surroundings yields dict, not Surroundings")


def test_examples_of_surroundings_take_the_place_of_those_that_are_declared(registry):
    @contextmanager
    def with_port():
        yield Surroundings(examples=({"name": "web", "replicas": 8080},))

    with example_environment(surrounded_by(registry, with_port), "production") as environment:
        assert environment.registry.actions["scale"].spec.examples == ({"name": "web", "replicas": 8080},)
        declared = registry.actions["patch-configmap"].spec.examples
        assert environment.registry.actions["patch-configmap"].spec.examples == declared
