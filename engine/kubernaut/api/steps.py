"""The two steps of an execution, which are the containers of its Job's pod, and the exit code by which a step refuses for good."""

from __future__ import annotations

DRY_RUN, EXECUTE = "dry-run", "execute"
REJECTED_EXIT_CODE = 42
"""No further attempt is made after this exit code."""
