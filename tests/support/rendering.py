"""The Job that an action's first example becomes, as `kubernaut render` prints it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from kubernaut.cli.app import app
from kubernaut.plugins.registry import Registry

FORGE = {
    "kind": "github",
    "url": "https://github.com",
    "token_secret": {"name": "forge"},
    "repositories": ["**"],
    "namespaces": ["*"],
}
CONFIGURATION = {
    "actions": {
        "check-metric": {"settings": {"url": "https://prometheus.monitoring:9090"}},
        "gitops-pr": {"settings": {"forges": [FORGE]}},
    }
}


def rendered(folder: Path, action: str, *options: str) -> dict[str, Any]:
    """Return that Job; its configuration and parameters are written into the folder."""
    example = Registry.discover().actions[action].spec.examples[0]
    (folder / "engine.yaml").write_text(yaml.safe_dump(CONFIGURATION), "utf-8")
    (folder / "parameters.yaml").write_text(yaml.safe_dump(example), "utf-8")
    given = ("-f", str(folder / "parameters.yaml"), "--config", str(folder / "engine.yaml"), "-o", "json")
    with ThreadPoolExecutor(1) as thread:  # the command has an event loop of its own
        words = ["render", action, *given, *options]
        ran = thread.submit(partial(CliRunner().invoke, app, words, catch_exceptions=False)).result()
    made: dict[str, Any] = json.loads(ran.stdout)
    return made
