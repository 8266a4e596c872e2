"""The values that options name: settings, and installed actions."""

import pytest

from kubernaut.cli.options import installed_action, read_settings
from kubernaut.errors import InputError, PluginLoadError
from kubernaut.plugins.registry import Registry
from kubernaut.settings import DEFAULT_IMAGE


def test_without_a_file_the_settings_are_the_defaults():
    assert read_settings(None, None).image == DEFAULT_IMAGE


def test_an_image_on_the_command_line_overrides_the_configuration(tmp_path):
    file = tmp_path / "engine.yaml"
    file.write_text("image: configured:1\nmaxRunning: 7\n", "utf-8")
    assert read_settings(file, None).image == "configured:1"
    overridden = read_settings(file, "given:2")
    assert (overridden.image, overridden.max_running) == ("given:2", 7)


def test_an_installed_action_is_found_by_name(registry):
    assert installed_action("scale", registry).name == "scale"


def test_a_broken_action_is_refused_with_its_error():
    registry = Registry(broken={"scale": PluginLoadError("plugin scale: it does not import")})
    with pytest.raises(InputError, match="plugin scale: it does not import"):
        installed_action("scale", registry)


def test_an_unknown_action_is_refused_with_the_installed_ones(registry):
    with pytest.raises(
        InputError, match="action 'nope' is not installed; installed: check-metric, check-workload, clean-pods"
    ):
        installed_action("nope", registry)
    with pytest.raises(InputError, match="installed: none"):
        installed_action("nope", Registry())
