"""The author's guide, executed: every command runs and every file works, in an empty folder with nothing but the guide."""

import re
import subprocess
from pathlib import Path

import pytest

from kubernaut.api.plugin import Execution
from kubernaut.plugins import hookspecs
from tests.support.newcomer import newcomer, run

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "writing-an-action.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)([^\n]*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def author(tmp_path_factory):
    """An empty folder, and the environment of somebody who has just installed the engine."""
    folder = tmp_path_factory.mktemp("author")
    return folder, newcomer(folder)


@pytest.mark.timeout(240)
def test_the_guide_works_word_for_word_in_an_empty_folder(author):
    folder, environment = author
    for language, options, text in BLOCKS:
        file = re.search(r"file=(\S+)", options)
        if language == "sh":
            ran = run(folder, environment, text)
            assert ran.returncode == 0, f"{text}\n{ran.stdout}\n{ran.stderr}"
        elif options.endswith(" part"):
            home = ROOT if file[1].startswith("plugins/") else folder
            assert text in (home / file[1]).read_text("utf-8"), f"the guide shows something else than {file[1]}"
        else:
            (folder / file[1]).parent.mkdir(exist_ok=True, parents=True)
            (folder / file[1]).write_text(text, "utf-8")
    out = subprocess.run(
        ["kubernaut", "demo"], cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert "✓ note-deployment  as note-deployment in production" in out


def test_every_block_of_the_guide_is_run_or_written():
    assert {language for language, _, _ in BLOCKS} == {"sh", "toml", "python", "yaml"}
    assert all(language == "sh" or "file=" in options for language, options, _ in BLOCKS)


def test_the_guide_names_every_hook_with_its_arguments_and_no_other():
    named = re.findall(r"^\| `(\w+)\(([\w, ]*)\)` \| (?:once|for each|at the end)", GUIDE, re.MULTILINE)
    specs = {
        name: ", ".join(function.__code__.co_varnames[: function.__code__.co_argcount])
        for name, function in vars(hookspecs).items()
        if hasattr(function, "kubernaut_spec")
    }
    assert dict(named) == specs


def test_the_guide_names_every_field_of_an_execution():
    section = GUIDE[GUIDE.index("`execution` is a frozen value") :]
    assert [field for field in Execution.__dataclass_fields__ if f"`{field}`" not in section] == []
