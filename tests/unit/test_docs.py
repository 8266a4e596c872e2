"""The README and the guides are true: commands, reasons, actions, files and fields exist, and none is left out."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
import yaml

from kubernaut.api.execution import ExecutionSpec, Reason
from kubernaut.cli.app import app
from kubernaut.plugins.overrides import apply_settings
from kubernaut.policies.freeze_windows import FreezeWindow
from kubernaut.policies.protected_targets import ProtectedTarget
from kubernaut.settings import ActionSettings, BudgetSettings, LeaderElectionSettings, ResourceSettings, Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def _without_comments(text):
    """Return the text without lines of examples that look like headings."""
    return re.sub(r"^# ", " # ", text, flags=re.MULTILINE)


def test_the_readme_explains_every_reason_and_no_other():
    assert set(re.findall(r"^\| `(\w+)` \| (?:Pending|Failed|Skipped|Cancelled)", README, re.MULTILINE)) == set(Reason)


def test_the_readme_lists_every_action_that_ships(registry):
    assert set(re.findall(r"^\| `([a-z-]+)` \|", README, re.MULTILINE)) == set(registry.actions)


def test_the_readme_or_the_changelog_names_every_command():
    text = README + (ROOT / "CHANGELOG.md").read_text("utf-8")
    names = [c.name or c.callback.__name__.replace("_", "-") for c in app.registered_commands] + [
        g.name for g in app.registered_groups
    ]
    assert [name for name in names if f"`{name}" not in text and f"kubernaut {name}" not in text] == []


GUIDE = (ROOT / "docs" / "command-line.md").read_text("utf-8")
SECTIONS = dict(
    re.findall(r"^### `kubernaut ([\w -]+)`\n(.*?)(?=^#|\Z)", _without_comments(GUIDE), re.MULTILINE | re.DOTALL)
)
EVERYWHERE = {"--namespace", "--all-namespaces", "--kubeconfig", "--context", "--output", "--help"}


def commands(group, before=()):
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*before, name))
        else:
            yield " ".join((*before, name)), one


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_section_with_an_example_and_all_its_options(name):
    section = SECTIONS[name]
    assert f"```console\n$ kubernaut {name}" in section
    options = {opt for p in COMMANDS[name].params for opt in (*p.opts, *p.secondary_opts) if opt.startswith("--")}
    assert [option for option in options - EVERYWHERE if option not in section] == []


def test_every_section_is_about_a_command_that_exists():
    assert SECTIONS.keys() == COMMANDS.keys()
    assert all(f"`{option}`" in GUIDE for option in EVERYWHERE - {"--help"})


@pytest.mark.parametrize(
    "line", sorted(set(re.findall(r"kubernaut ((?:actions|render|crd|rbac render)\b[^`|#\n]*)", README)))
)
def test_an_offline_command_of_the_readme_runs(line):
    ran = subprocess.run(
        [sys.executable, "-m", "kubernaut.cli", *shlex.split(line)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:plugins|rbac|deploy|tests)/[\w/.-]*)`", README))))
def test_a_folder_that_the_readme_names_exists(path):
    assert (ROOT / path).exists()


def test_the_printed_configuration_documents_every_field_and_loads(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "kubernaut.cli", "configuration"], capture_output=True, text=True, check=True
    )
    for model in (Settings, ActionSettings, ResourceSettings, BudgetSettings, LeaderElectionSettings):
        for name, field in model.model_fields.items():
            assert field.description, name
            assert f"{field.alias}:" in ran.stdout, name
    file = tmp_path / "engine.yaml"
    file.write_text(ran.stdout.replace("actions:", "actions: {}").replace("policies:", "policies: {}"), "utf-8")
    assert Settings.load(file) == Settings()


def test_the_configuration_that_the_docs_show_loads(tmp_path, registry):
    guide = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    file = tmp_path / "engine.yaml"
    examples = []
    for text in (guide, (ROOT / "docs" / "clusters.md").read_text("utf-8")):
        (shown,) = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        file.write_text(shown, "utf-8")
        examples.append(apply_settings(registry, Settings.load(file)))
    made = examples[0]
    assert made.actions["scale"].settings.max_replicas == 20
    policies = {policy.name: policy for policy in made.policies}
    for policy, entry in (("protected-targets", ProtectedTarget), ("freeze-windows", FreezeWindow)):
        assert all(
            f"`{field}`" in guide for field in (*entry.model_fields, *type(policies[policy].settings).model_fields)
        )


def test_the_steps_of_the_guide_are_executions_that_the_engine_accepts(registry):
    """Their parameters are checked here, their order and undoing by tests/e2e/test_steps.py."""
    (block,) = re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / "docs" / "steps.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    steps = list(yaml.safe_load_all(block))
    for step in steps:
        spec = ExecutionSpec.model_validate(step["spec"])
        assert spec.action in registry.actions
        if not spec.undoes:
            registry.actions[spec.action].spec.parameters.model_validate_json(json.dumps(spec.parameters), strict=True)
    assert [step["spec"].get("undoes") for step in steps] == [None, None, steps[0]["metadata"]["name"]]
