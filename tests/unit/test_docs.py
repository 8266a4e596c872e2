"""What the README says is so: commands, reasons, actions and files exist, and none is left out."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kubernaut.cli.app import app
from kubernaut.execution import Reason

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_every_reason_is_explained_and_no_other():
    assert set(re.findall(r"^\| `(\w+)` \| (?:Pending|Failed|Cancelled)", README, re.MULTILINE)) == set(Reason)


def test_every_action_that_ships_is_in_the_table(registry):
    assert set(re.findall(r"^\| `([a-z-]+)` \|", README, re.MULTILINE)) == set(registry.actions)


def test_every_command_is_named_in_the_readme_or_the_changelog():
    told = README + (ROOT / "CHANGELOG.md").read_text("utf-8")
    names = [c.name or c.callback.__name__ for c in app.registered_commands] + [g.name for g in app.registered_groups]
    assert [name for name in names if f"`{name}" not in told and f"kubernaut {name}" not in told] == []


@pytest.mark.parametrize("line", sorted(set(re.findall(r"kubernaut ((?:actions|render|crd|rbac)\b[^`|#\n]*)", README))))
def test_offline_commands_of_the_readme_run_as_they_stand(line):
    ran = subprocess.run(
        [sys.executable, "-m", "kubernaut.cli", *shlex.split(line)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:plugins|rbac|deploy|tests)/[\w/.-]*)`", README))))
def test_folders_that_the_readme_names_exist(path):
    assert (ROOT / path).exists()
