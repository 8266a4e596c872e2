"""A new plugin: its files, and what is refused."""

import ast
import tomllib

import pytest

from kubernaut.errors import InputError
from kubernaut.plugins.registry import MAX_ACTION_NAME_LENGTH
from kubernaut.scaffold import scaffold


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


def test_no_placeholder_is_left(tmp_path):
    texts = [file.read_text("utf-8") for file in scaffold("note", tmp_path)]
    assert len(texts) == 6
    assert [text for text in texts if "$" in text] == []


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
