"""The admin's configuration overrides what plugins declare."""

from dataclasses import replace

import pytest

from kubernaut.errors import InputError
from kubernaut.plugins.overrides import apply_settings
from kubernaut.settings import Settings


def configured(registry, **settings):
    return apply_settings(registry, Settings.model_validate(settings))


def test_without_overrides_an_action_is_as_its_plugin_declares(registry):
    assert configured(registry).actions["scale"].spec == registry.actions["scale"].spec


def test_each_setting_replaces_the_plugins_declaration(registry):
    changed = {
        "deadlineSeconds": 5,
        "backoffLimit": 0,
        "cooldownSeconds": 9,
        "image": "i:1",
        "resources": {"memoryLimit": "1Gi"},
    }
    scale = configured(registry, actions={"scale": changed}).actions["scale"]
    assert (scale.spec.deadline, scale.spec.backoff_limit, scale.spec.cooldown, scale.image) == (5, 0, 9, "i:1")
    assert (scale.spec.resources.memory_limit, scale.spec.resources.cpu_limit) == ("1Gi", "1")


def test_a_disabled_action_is_unavailable_and_the_message_names_the_configuration(registry):
    disabled = configured(registry, actions={"scale": {"enabled": False}})
    assert "scale" not in disabled.actions
    assert "switched off in the engine's configuration (actions.scale.enabled)" in str(disabled.broken["scale"])


def test_an_invalid_setting_of_a_plugin_is_reported_by_its_field(registry):
    with pytest.raises(InputError, match=r"actions\.scale\.settings\.max_replicas"):
        configured(registry, actions={"scale": {"settings": {"max_replicas": "many"}}})


def test_a_policy_with_invalid_settings_stops_the_start(registry):
    with pytest.raises(InputError, match=r"policies\.freeze-windows"):
        configured(registry, policies={"freeze-windows": {"windows": "always"}})


def test_the_place_of_the_dry_run_is_the_engines_or_the_actions_own(registry):
    def places(**settings):
        return {name: action.rehearsal for name, action in configured(registry, **settings).actions.items()}

    assert set(places().values()) == {"initContainer"}
    assert set(places(rehearsal="inline").values()) == {"inline"}
    mixed = places(rehearsal="inline", actions={"scale": {"rehearsal": "initContainer"}})
    assert (mixed["scale"], mixed["gitops-pr"]) == ("initContainer", "inline")
    assert places(actions={"scale": {"rehearsal": "inline"}})["scale"] == "inline"


def test_an_action_that_cannot_rehearse_inline_keeps_its_container_and_is_not_asked_by_name(registry):
    action = registry.actions["scale"]
    spec = action.spec.model_copy(update={"inline_rehearsal": False})
    limited = replace(registry, actions={"scale": replace(action, spec=spec)})
    assert configured(limited, rehearsal="inline").actions["scale"].rehearsal == "initContainer"
    with pytest.raises(InputError, match=r"actions\.scale\.rehearsal: its plugin cannot rehearse inline"):
        configured(limited, actions={"scale": {"rehearsal": "inline"}})
