"""What `deploy/Containerfile` puts into the image: every plugin that ships, and nothing that is only for trials and tests."""

import re
import shutil
import sys
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.manifests import DEPLOY, ROOT
from tests.support.distributions import build_wheel

_TEXT = (DEPLOY / "Containerfile").read_text("utf-8")
_LOCK = (DEPLOY / "requirements.lock").read_text("utf-8")


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
    (arguments,) = re.findall(r"set -- ([^;]+); for plugin in", _TEXT)
    assert arguments == "./engine/kubernaut_cel ."


def test_the_engines_wheel_contains_the_engine_alone(wheel):
    folders = {name.partition("/")[0] for name in wheel.namelist()}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"kubernaut"}


def test_the_engine_requires_the_sandbox_only_for_its_extras(wheel):
    (metadata,) = (wheel.read(name).decode() for name in wheel.namelist() if name.endswith("/METADATA"))
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: kubernaut-sandbox")]
    assert required == ['Requires-Dist: kubernaut-sandbox>=0.1; extra == "sandbox"']


def test_the_images_build_context_leaves_the_sandbox_out():
    assert "engine/kubernaut_sandbox" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()


def test_the_base_is_named_by_digest():
    (base,) = re.findall(r"^ARG BASE=(\S+)$", _TEXT, re.MULTILINE)
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)


def locked():
    return dict(re.findall(r"^([\w.-]+)==(\S+) \\$", _LOCK, re.MULTILINE))


def test_everything_of_others_is_installed_by_version_and_hash_and_as_wheels():
    assert "--no-deps --require-hashes --only-binary :all: -r requirements.lock" in _TEXT
    assert "!deploy/requirements.lock" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    entries = re.split(r"^(?=\S)", _LOCK, flags=re.MULTILINE)
    pinned = [entry for entry in entries if "==" in entry]
    assert len(pinned) == len(locked()) > 20
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in pinned)


def test_the_lock_has_a_version_that_each_declared_dependency_allows(monkeypatch):
    monkeypatch.syspath_prepend(str(DEPLOY))
    sys.modules.pop("third_party", None)
    from third_party import requirements  # noqa: PLC0415 - it is not a package

    versions = {canonicalize_name(name): version for name, version in locked().items()}
    declared = [Requirement(text) for text in requirements()]
    assert len(declared) > 10
    assert {
        r.name: versions.get(canonicalize_name(r.name))
        for r in declared
        if not r.specifier.contains(versions.get(canonicalize_name(r.name), "0"))
    } == {}


def test_every_image_of_others_is_named_by_digest():
    images = [
        (file.name, image)
        for file in DEPLOY.rglob("*.yaml")
        for image in re.findall(r"^\s*image: (\S+)$", file.read_text("utf-8"), re.MULTILINE)
        if "kubernaut" not in image and "{{" not in image
    ]
    assert images
    assert [(name, image) for name, image in images if not re.search(r"@sha256:[0-9a-f]{64}$", image)] == []
