"""The two steps of an execution, how they share a pod, and the exit codes by which they tell the Job whether to try again."""

from __future__ import annotations

from typing import Literal

DRY_RUN, EXECUTE = "dry-run", "execute"
STEP_VARIABLE, STEPS_VARIABLE = "KUBERNAUT_STEP", "KUBERNAUT_STEPS"
"""The variable of a container that runs one step, and of one that runs BOTH. A runner that only knows the first does nothing without it."""
BOTH = f"{DRY_RUN},{EXECUTE}"
NEXT_STEP = "--- execute ---"
"""The line in its log between the two."""
Rehearsal = Literal["initContainer", "inline"]
"""Where the dry run takes place: in an initContainer of its own, or in the process that then executes."""
REJECTED_EXIT_CODE = 42
"""No further attempt is made after this exit code."""
REHEARSAL_FAILED_EXIT_CODE = 43
"""The dry run failed in the container that would have executed afterwards, so nothing was changed, and another attempt is safe."""
