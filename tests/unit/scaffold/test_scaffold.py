"""A new plugin: its files, and what is refused."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kubernaut.errors import InputError
from kubernaut.plugins.registry import MAX_ACTION_NAME_LENGTH
from kubernaut.scaffold import Kind, scaffold

ROOT = Path(__file__).parents[3]


def test_every_file_of_the_plugin_is_written_below_one_folder(tmp_path):
    files = scaffold("note-deployment", tmp_path)
    root = tmp_path / "kubernaut-note-deployment"
    assert sorted(file.relative_to(root).as_posix() for file in files) == [
        "README.md",
        "kubernaut_note_deployment/__init__.py",
        "kubernaut_note_deployment/perform.py",
        "kubernaut_note_deployment/plugin.py",
        "pyproject.toml",
        "tests/test_action.py",
    ]


def test_the_name_is_the_entry_point_and_the_module_is_the_plugin(tmp_path):
    scaffold("note-deployment", tmp_path)
    root = tmp_path / "kubernaut-note-deployment"
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"] == {"kubernaut.actions": {"note-deployment": "kubernaut_note_deployment.plugin"}}
    plugin = ast.parse((root / "kubernaut_note_deployment" / "plugin.py").read_text("utf-8"))
    names = {node.name for node in plugin.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    assert names == {"NoteDeployment", "describe", "validate", "build_job", "on_complete"}


@pytest.mark.parametrize("kind", Kind)
def test_no_placeholder_is_left(tmp_path, kind):
    texts = [file.read_text("utf-8") for file in scaffold("note", tmp_path, kind)]
    assert len(texts) == (5 if kind is Kind.COMMAND else 6)
    assert [text for text in texts if re.search(r"\$\w|\$\{", text)] == []


@pytest.mark.parametrize("kind", Kind)
def test_what_a_plugin_starts_from_needs_no_reformatting(tmp_path, kind):
    files = [str(file) for file in scaffold("note-deployment", tmp_path, kind) if file.suffix == ".py"]
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--config", str(ROOT / "pyproject.toml")]
    ran = subprocess.run([*ruff, "format", "--check", *config, *files], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "name", ["", "Note", "note_x", "-note", "2note", "../note", "a" * (MAX_ACTION_NAME_LENGTH + 1)]
)
def test_a_name_that_no_action_can_have_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="is not a valid action name"):
        scaffold(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_left_alone(tmp_path):
    folder = tmp_path / "kubernaut-note"
    folder.mkdir()
    with pytest.raises(InputError, match="kubernaut-note already exists"):
        scaffold("note", tmp_path)
    assert list(folder.iterdir()) == []
