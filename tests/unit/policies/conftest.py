"""What policies are called with, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from kubernaut.api.plugin import Execution, Target


@pytest.fixture
def execution() -> Callable[..., Execution]:
    """Make an execution of `scale` on a database, for a policy with these settings."""

    def make(settings: Any, at: str = "2026-11-24T03:00:00+00:00", **changes: Any) -> Execution:
        fields = {
            "name": "e",
            "namespace": "production",
            "uid": "u",
            "action": "scale",
            "parameters": None,
            "image": "i",
            "target": Target("Deployment", "db-main", "apps/v1/deployments"),
            "checked_at": datetime.fromisoformat(at),
        }
        return Execution(**{**fields, "settings": settings, **changes})

    return make


@pytest.fixture
def denial(execution: Callable[..., Execution]) -> Callable[..., str]:
    """Return the message with which a policy denies an execution, or ""."""

    def message(policy: Any, *args: Any, **changes: Any) -> str:
        return "; ".join(problem.message for problem in policy.validate(execution(*args, **changes)))

    return message
