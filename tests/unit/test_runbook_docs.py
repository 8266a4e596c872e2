"""docs/runbooks.md shows the runbooks that ship and explains every field; each of them can be run."""

import re
from pathlib import Path

import pytest
import yaml

from kubernaut.api.runbook import After, AlertRule, RunbookParameter, RunbookSpec, Step
from kubernaut.runbooks.check import check_runbook
from kubernaut.runbooks.expansion import expand
from kubernaut.runbooks.manifest import read_runbook

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "runbooks.md").read_text("utf-8")
FILES = sorted((ROOT / "docs" / "runbooks").glob("*.yaml"))
VALUES = {"string": "web", "integer": 3, "number": 0.5, "boolean": True}


def test_the_page_shows_the_files_as_they_are():
    shown = set(re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    assert len(FILES) == 6
    assert shown == {file.read_text("utf-8") for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_runbook_that_ships_has_no_findings(file, registry):
    name, spec = read_runbook(yaml.safe_load(file.read_text("utf-8")))
    assert name == file.stem
    assert check_runbook(name, spec, registry) == []


def test_the_runbook_of_the_readme_has_no_findings(registry):
    blocks = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (runbook,) = [block for block in blocks if "kind: Runbook" in block]
    name, spec = read_runbook(yaml.safe_load(runbook))
    assert check_runbook(name, spec, registry) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_runbook_that_ships_becomes_executions(file):
    name, spec = read_runbook(yaml.safe_load(file.read_text("utf-8")))
    arguments = {key: VALUES[one.type] for key, one in spec.parameters.items() if one.is_required}
    run = expand(name, spec, arguments)
    assert len(run.steps) == len(spec.steps)
    assert "$(" not in yaml.safe_dump([dict(step.spec) for step in run.steps])


@pytest.mark.parametrize("model", [RunbookSpec, RunbookParameter, Step, After, AlertRule])
def test_the_page_explains_every_field(model):
    table = PAGE[PAGE.index("## Fields") : PAGE.index("## Parameters in steps")]
    assert [name for name in model.model_fields if not re.search(rf"[`.]{name}\b", table)] == []


def test_the_readme_and_the_changelog_lead_to_it():
    assert "docs/runbooks.md" in (ROOT / "README.md").read_text("utf-8")
    assert "Runbook" in (ROOT / "CHANGELOG.md").read_text("utf-8")
