"""Installed actions are found by name, and what is not is explained."""

import pytest

from kubernaut.caller.action_reference import installed_action
from kubernaut.errors import InputError, PluginLoadError
from kubernaut.plugins.registry import Registry


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


def test_the_action_that_was_probably_meant_is_named(registry):
    with pytest.raises(InputError, match="action 'scael' is not installed; did you mean scale\\?"):
        installed_action("scael", registry)
