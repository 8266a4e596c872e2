"""What `deploy/Containerfile` puts into the image: every plugin that ships, and nothing that is only for trials and tests."""

import re
import shutil
import zipfile

import pytest

from tests.deploy.manifests import DEPLOY, ROOT
from tests.support.distributions import build_wheel

_TEXT = (DEPLOY / "Containerfile").read_text("utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The engine's wheel, from the same files that the image builds it from, and with the sandbox beside it."""
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(
        ROOT / "engine", source / "engine", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
    )
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    with zipfile.ZipFile(build_wheel(source, tmp_path_factory.mktemp("wheels"))) as archive:
        yield archive


def test_the_image_installs_the_engine_without_an_extra():
    (arguments,) = re.findall(r"set -- (\S+); for plugin in", _TEXT)
    assert arguments == "."


def test_the_engines_wheel_contains_the_engine_alone(wheel):
    folders = {name.partition("/")[0] for name in wheel.namelist()}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"kubernaut"}


def test_the_engine_requires_the_sandbox_only_for_its_extras(wheel):
    (metadata,) = (wheel.read(name).decode() for name in wheel.namelist() if name.endswith("/METADATA"))
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: kubernaut-sandbox")]
    assert required == ['Requires-Dist: kubernaut-sandbox>=0.1; extra == "sandbox"']


def test_the_images_build_context_leaves_the_sandbox_out():
    assert "engine/kubernaut_sandbox" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
