"""The configuration file: every error names file, field and value, and its settings are applied to actions."""

import pytest

from kubernaut.errors import InputError
from kubernaut.plugins.overrides import apply_settings
from kubernaut.settings import Settings


def written(folder, text):
    file = folder / "engine.yaml"
    file.write_text(text, "utf-8")
    return file


def test_an_empty_file_is_all_defaults(tmp_path):
    assert Settings.load(written(tmp_path, "")) == Settings()


GOOD = """
image: registry.example/kubernaut:1
namespaces: [production]
maxRunning: 5
hookLimitSeconds: 2
actions:
  scale:
    deadlineSeconds: 120
    backoffLimit: 0
    resources: {memoryLimit: 256Mi}
    settings: {max_replicas: 10}
  patch-configmap: {enabled: false}
"""


def test_settings_of_actions_are_applied(tmp_path, registry):
    settings = Settings.load(written(tmp_path, GOOD))
    scale = apply_settings(registry, settings).actions["scale"]
    assert (scale.spec.deadline, scale.spec.backoff_limit) == (120, 0)
    assert scale.spec.resources.manifest()["limits"] == {"cpu": "1", "memory": "256Mi"}
    assert scale.settings.max_replicas == 10


def test_a_disabled_action_is_unavailable_and_the_message_names_the_setting(tmp_path, registry):
    found = apply_settings(registry, Settings.load(written(tmp_path, GOOD)))
    assert str(found.broken["patch-configmap"]) == (
        "action patch-configmap is switched off in the engine's configuration (actions.patch-configmap.enabled)"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "maxRunning: 0", "maxRunning: input should be greater than or equal to 1 (got 0)", id="out of bounds"
        ),
        pytest.param(
            "maxRunning: many", "maxRunning: input should be a valid integer (got 'many')", id="a word for a number"
        ),
        pytest.param("maxRuning: 5", "maxRuning: there is no such field (got 5)", id="misspelt"),
        pytest.param(
            "actions: {scale: {resources: {cpuLimit: lots}}}",
            "actions.scale.resources.cpuLimit: it is not a valid Kubernetes quantity, such as 200m or 128Mi: it must be a number with ",
            id="no quantity",
        ),
        pytest.param(
            "namespaces: [Not_A_Namespace]", "namespaces.0: string should match pattern", id="no namespace name"
        ),
        pytest.param("- a", "contains list, not a mapping", id="a list"),
        pytest.param("a: [", "is not valid YAML", id="no YAML"),
    ],
)
def test_each_error_names_file_field_and_value(tmp_path, text, message):
    with pytest.raises(InputError) as caught:
        Settings.load(written(tmp_path, text))
    assert str(tmp_path / "engine.yaml") in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "policies: {nights: {}}", "policies.nights: no plugin of this name is installed", id="unknown policy"
        ),
        pytest.param(
            "actions: {scale: {settings: {max_replicas: -1}}}",
            "actions.scale.settings.max_replicas: input should be greater than or equal to 0 (got -1)",
            id="a setting the action refuses",
        ),
        pytest.param(
            "actions: {scale: {settings: {colour: red}}}",
            "actions.scale.settings.colour: there is no such setting (got 'red')",
            id="a setting the action does not have",
        ),
    ],
)
def test_settings_of_plugins_are_checked_by_their_own_models(tmp_path, registry, text, message):
    with pytest.raises(InputError) as caught:
        apply_settings(registry, Settings.load(written(tmp_path, text)))
    assert message in str(caught.value)


def test_settings_of_an_action_that_is_not_installed_are_a_warning(tmp_path, registry, caplog):
    made = apply_settings(registry, Settings.load(written(tmp_path, "actions: {scael: {}, scale: {backoffLimit: 7}}")))
    assert made.actions["scale"].spec.backoff_limit == 7
    assert "actions.scael: no plugin of this name is installed; installed: " in caplog.text
