"""Finds how an execution can be undone, or why it cannot.

Its plugin is asked just before the end is written. It may be another version by then than the one that built the Job, or gone: what it
returns counts only if the plugins that are installed now accept it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from kubernaut.admission.admission import Admission
from kubernaut.admission.decisions import Rejected
from kubernaut.api.plugin import Result, Rollback
from kubernaut.api.view import ExecutionView
from kubernaut.errors import KubernautError
from kubernaut.plugins.hook_caller import HookCaller

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RollbackFinder:
    """Asks plugins for rollbacks."""

    admission: Admission
    hooks: HookCaller

    async def add_to(self, execution: ExecutionView, result: Result) -> Result:
        """Return the result with its rollback, or with the reason why it has none. A plugin that fails costs nothing but its rollback."""
        if execution.is_dry_run:
            return result
        admitted = await self.admission.resolve(execution)
        if isinstance(admitted, Rejected):
            return _irreversible(execution, result, f"{_upgraded(execution, '')}{admitted.message}")
        action = admitted.action
        try:
            call = partial(action.hook.on_complete, execution=admitted.execution, result=result)
            rollback = await self.hooks.call(action.name, "on_complete", call)
        except KubernautError as error:
            return _irreversible(execution, result, f"{_upgraded(execution, action.distribution)}{error}")
        if not isinstance(rollback, Rollback):
            why = "it changed more than its report has room for, so the old values are not known"
            return _irreversible(execution, result, why) if result.truncated and result.changes else result
        refused = await self.admission.check_parameters(rollback.action, rollback.parameters)
        if refused is not None:
            upgraded = _upgraded(execution, action.distribution)
            return _irreversible(execution, result, f"{upgraded}its rollback would be refused: {refused.message}")
        return result.model_copy(update={"rollback": rollback})


def _upgraded(execution: ExecutionView, distribution: str) -> str:
    """Return that it began under another version of its plugin, where it did."""
    began = execution.status.plugin
    if not began or began == distribution:
        return ""
    return f"it began under {began}, and ended under {distribution}; " if distribution else f"it began under {began}; "


def _irreversible(execution: ExecutionView, result: Result, why: str) -> Result:
    """Return the result with the reason why it cannot be undone, if there is anything to undo."""
    log.warning("no rollback for %s: %s", execution.name, why)
    return result.model_copy(update={"irreversible": why}) if result.changes else result
