"""The commented configuration file: every field with its meaning and default, and the settings of what is installed."""

import pytest
import yaml

from kubernaut.cli.config_reference import _value, commented_settings
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings


def uncommented(text, key):
    """The commented lines below this key, as YAML."""
    lines = text.splitlines()
    start = lines.index(f"{key}:") + 1
    below = []
    for line in lines[start:]:
        if not line.startswith("  #"):
            break
        below.append(line.removeprefix("  # "))
    return yaml.safe_load("\n".join(below))


def test_the_file_has_the_default_of_every_field():
    read = yaml.safe_load(commented_settings(Registry()))
    defaults = Settings().model_dump(mode="json", by_alias=True)
    empty = {"actions", "policies", "budget"}  # written as comments
    assert {key: value for key, value in read.items() if key not in empty} == {
        key: value for key, value in defaults.items() if key not in empty
    }


def test_every_field_is_explained():
    text = " ".join(commented_settings(Registry()).replace("#", " ").split())
    unexplained = [name for name, field in Settings.model_fields.items() if field.description not in text]
    assert unexplained == []


def test_an_installed_action_is_shown_with_what_its_plugin_declares(registry):
    spec = registry.actions["scale"].spec
    shown = uncommented(commented_settings(registry), "actions")["scale"]
    assert (shown["deadlineSeconds"], shown["backoffLimit"]) == (spec.deadline, spec.backoff_limit)
    assert shown["resources"]["memoryLimit"] == spec.resources.memory_limit
    assert set(shown["settings"]) == set(spec.settings.model_fields)


def test_an_installed_policy_is_shown_with_its_settings(registry):
    shown = uncommented(commented_settings(registry), "policies")
    assert shown["freeze-windows"] == {"windows": [], "dry_runs": True}


def test_a_section_without_a_default_is_a_comment():
    lines = commented_settings(Registry()).splitlines()
    assert "# budget:" in lines
    assert "#   executions: (required)" in lines
    assert "leaderElection:" in lines


def test_the_settings_of_every_installed_action_have_their_defaults(registry):
    shown = uncommented(commented_settings(registry), "actions")
    for name, action in registry.actions.items():
        assert (shown[name].get("settings") or {}) == action.spec.settings().model_dump(mode="json")


@pytest.mark.parametrize(
    "default", [None, 5, [], "main", "a: b", "yes", "1.0", "", "{x}", "[", "a\nb", "# x", {"a": 1}], ids=repr
)
def test_a_default_is_read_back_as_it_is(default):
    assert yaml.safe_load(f"key: {_value(default)}") == {"key": default}
