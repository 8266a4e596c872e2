"""A newcomer's computer: an empty folder, and a virtual environment in which plugins can be installed without a network."""

from __future__ import annotations

import os
import site
import subprocess
import sys
from pathlib import Path


def newcomer(folder: Path) -> dict[str, str]:
    """Make a virtual environment in the folder that sees what is installed here, and return the variables with which it is used."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    packages = next((folder / "venv").glob("lib/python*/site-packages"))
    lines = "; ".join(f"site.addsitedir({path!r})" for path in site.getsitepackages())
    (packages / "installed-here.pth").write_text(f"import site; {lines}\n", "utf-8")
    for program, module in {"pip": "pip", "pytest": "pytest", "kubernaut": "kubernaut.cli"}.items():
        script = folder / "venv" / "bin" / program
        script.write_text(f'#!/bin/sh\nexec "{folder}/venv/bin/python" -m {module} "$@"\n', "utf-8")
        script.chmod(0o755)
    environment = {"PATH": f"{folder}/venv/bin:{os.environ['PATH']}", "HOME": str(folder), "NO_COLOR": "1"}
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {**environment, **offline, "PYTHONWARNINGS": "ignore"}


def run(folder: Path, environment: dict[str, str], text: str) -> subprocess.CompletedProcess[str]:
    """Run shell commands in the folder, as a person who types them."""
    words = ["bash", "-eu", "-o", "pipefail", "-c", text]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
