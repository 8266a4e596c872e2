"""A forge on loopback with one repository, for the tests of this action."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubernaut_gitops_pr import demo_forge
from kubernaut_gitops_pr.demo_forge import DemoForge
from kubernaut_gitops_pr.demo_git import serve
from tests.plugins.gitops_pr.gitlab_stub import GitLabStub
from tests.plugins.gitops_pr.pod import Scripted, Site

TOKEN = "ghp_a-token-that+must/never=show"


def _site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behind: Any, settings: dict[str, Any]) -> Iterator[Site]:
    root = tmp_path / "forge"
    root.mkdir()
    demo_forge.seed(root, demo_forge.REPOSITORY, demo_forge.FILES)
    forge = behind(root, TOKEN)
    api = Scripted(forge)
    with serve(root, TOKEN, api) as server:
        made = demo_forge.settings(server.url)
        made["forges"][0] |= settings
        yield Site(monkeypatch, tmp_path, root, server, api, forge, {**made, "retry_seconds": 0})


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A GitHub, and pods that use it."""
    yield from _site(tmp_path, monkeypatch, DemoForge, {})


@pytest.fixture
def gitlab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A GitLab, and pods that use it."""
    yield from _site(tmp_path, monkeypatch, GitLabStub, {"kind": "gitlab"})
