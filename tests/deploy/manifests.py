"""The kustomizations of `deploy/`, built with kubectl's own kustomize."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUSTOMIZATIONS = sorted(
    str(file.parent.relative_to(ROOT))
    for file in [*DEPLOY.rglob("kustomization.yaml"), ROOT / "rbac" / "kustomization.yaml"]
    if "kind: Kustomization" in file.read_text("utf-8")
)
COMPONENTS = sorted(str(file.parent.relative_to(ROOT)) for file in DEPLOY.glob("components/*/kustomization.yaml"))
Object = dict[str, Any]


@functools.cache
def _printed(folder: Path) -> str:
    if not (kubectl := shutil.which("kubectl")):
        pytest.skip("kubectl is not installed, and nothing else builds a kustomization as it does")
    ran = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def built(folder: str | Path) -> list[Object]:
    """Return the objects of a kustomization; `folder` is relative to the repository's root."""
    return list(yaml.safe_load_all(_printed(ROOT / folder)))


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    """Return the objects of these kinds."""
    return [o for o in objects if o["kind"] in kinds]


def named(objects: list[Object], kind: str, name: str) -> Object:
    """Return the only object of this kind and name."""
    (found,) = (o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name)
    return found
