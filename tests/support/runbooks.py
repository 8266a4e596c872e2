"""Runbooks for tests: act, verify, undo, in as few words as a test needs."""

from __future__ import annotations

from typing import Any

from kubernaut.api.execution import API_VERSION
from kubernaut.api.runbook import RunbookSpec

SCALE: dict[str, Any] = {"name": "web", "replicas": 4}
GROW: dict[str, Any] = {"name": "grow", "action": "scale", "parameters": SCALE}


def make_step(name: str, *after: str, action: str = "scale", **more: Any) -> dict[str, Any]:
    """Return a step; each of `after` is `STEP` or `STEP=WHEN`."""
    edges = [dict(zip(("step", "when"), one.split("="), strict=False)) for one in after]
    content = {} if "undoes" in more else {"parameters": SCALE}
    return {"name": name, "action": action, **content, **({"after": edges} if edges else {}), **more}


def make_runbook(*steps: dict[str, Any], name: str = "grow-web", **spec: Any) -> dict[str, Any]:
    """Return the manifest of a runbook with these steps, by default with one."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Runbook",
        "metadata": {"name": name},
        "spec": {"summary": "A test.", "steps": list(steps or (GROW,)), **spec},
    }


def make_spec(*steps: dict[str, Any], **spec: Any) -> RunbookSpec:
    """Return the spec of such a runbook."""
    return RunbookSpec.model_validate(make_runbook(*steps, **spec)["spec"])
