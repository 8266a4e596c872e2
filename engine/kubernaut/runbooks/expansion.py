"""From a runbook and its arguments to the executions of one run, named RUNBOOK-SUFFIX-STEP, in the order in which they are created."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.admission.parameters import MAX_DEPTH, depth
from kubernaut.api.names import is_label
from kubernaut.api.runbook import ALERT_SUFFIX_LENGTH, MAX_NAME_LENGTH, SUFFIX_LENGTH, RunbookSpec, Step
from kubernaut.errors import InputError
from kubernaut.runbooks.arguments import complete_arguments
from kubernaut.runbooks.references import Substitution, dotted, reference_problems
from kubernaut.runbooks.steps import Problem, edges, in_order, step_problems

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""What the API server makes suffixes of: no vowels, so that no words arise, and nothing that looks like something else."""
_MAX_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One execution to create."""

    name: str
    """Of the execution."""
    step: str
    spec: Mapping[str, Any]

    @property
    def action(self) -> str:
        return str(self.spec["action"])

    @property
    def undoes(self) -> str:
        """The execution that it undoes, or ""."""
        return str(self.spec.get("undoes", ""))


@dataclass(frozen=True, slots=True)
class Run:
    """The executions of a run, each after those that it waits for."""

    name: str
    """RUNBOOK-SUFFIX, which all of them have as a label."""
    runbook: str
    arguments: Mapping[str, Any]
    """As the caller gave them, without defaults."""
    steps: tuple[PlannedStep, ...]

    def rehearsal(self) -> Run:
        """Return the run that only rehearses: dry runs that wait for nothing. A step that undoes another has nothing to undo yet."""
        steps = tuple(PlannedStep(one.name, one.step, _rehearsed(one.spec)) for one in self.steps if not one.undoes)
        return Run(self.name, self.runbook, self.arguments, steps)


def expand(runbook: str, spec: RunbookSpec, arguments: Mapping[str, Any], suffix: str = "") -> Run:
    """Return a run of the runbook of this name with these arguments; without `suffix`, with one made up.

    Raises InputError for a runbook that cannot be run, and for arguments that it does not declare, that are missing or of another type.
    """
    suffix = suffix or new_suffix()
    if problems := runbook_problems(runbook, spec, len(suffix)):
        shown = "; ".join(map(str, problems[:_MAX_SHOWN]))
        more = f"; and {len(problems) - _MAX_SHOWN} more" if len(problems) > _MAX_SHOWN else ""
        raise InputError(f"runbook {runbook}: {shown}{more}")
    values = complete_arguments(spec.parameters, arguments)
    run = f"{runbook}-{suffix}"
    steps = tuple(PlannedStep(f"{run}-{step.name}", step.name, _spec(run, step, values)) for step in in_order(spec))
    return Run(run, runbook, dict(arguments), steps)


def new_suffix() -> str:
    """Return a suffix that tells this run from every other."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(SUFFIX_LENGTH))


def approved_suffix(run: str) -> str:
    """Return the suffix of the run that carries out a proposed run: always the same, so there is only ever one.

    It is as long as that of the proposed run: one that was chosen so as to meet no other must not end as one that does.
    """
    length = len(run.rpartition("-")[2])
    return _suffix_of(f"approved/{run}", min(max(length, SUFFIX_LENGTH), ALERT_SUFFIX_LENGTH))


def alert_suffix(cause: str) -> str:
    """Return the suffix of the run that an alert begins: always the same for the same cause."""
    return _suffix_of(f"alert/{cause}", ALERT_SUFFIX_LENGTH)


def _suffix_of(text: str, length: int) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:length])


def runbook_problems(name: str, spec: RunbookSpec, suffix_length: int = SUFFIX_LENGTH) -> list[Problem]:
    """Return what keeps a runbook of this name from being run with any arguments and any actions."""
    return [*name_problems(name, spec, suffix_length), *step_problems(spec), *_parameter_problems(spec)]


def name_problems(name: str, spec: RunbookSpec, suffix_length: int) -> Iterator[Problem]:
    """Yield the steps whose execution would have too long a name with a suffix of this length."""
    if not is_label(name):
        yield Problem("metadata.name", "it must be lower-case letters, digits and '-', at most 63")
    room = MAX_NAME_LENGTH - suffix_length - 2
    for step in spec.steps:
        if (length := len(name) + len(step.name)) > room:
            message = (
                f"RUNBOOK-SUFFIX-STEP becomes the name of an execution, which has at most {MAX_NAME_LENGTH} characters: the names "
                f"{name} and {step.name} have {length} together, and {room} are left for them; shorten one"
            )
            yield Problem(f"steps.{step.name}.name", message)


def _parameter_problems(spec: RunbookSpec) -> Iterator[Problem]:
    for step in spec.steps:
        at = f"steps.{step.name}"
        if depth(step.parameters) > MAX_DEPTH:
            yield Problem(
                f"{at}.parameters", f"they are nested more than {MAX_DEPTH} levels deep; no action needs that"
            )
            continue
        for path, message in reference_problems(step.parameters, spec.parameters, ("parameters",)):
            yield Problem(f"{at}.{dotted(path)}", message)


def _spec(run: str, step: Step, values: Mapping[str, Any]) -> dict[str, Any]:
    after = [{"execution": f"{run}-{edge.step}", "when": str(edge.when)} for edge in edges(step)]
    waits = {"after": after} if after else {}
    if step.undoes:
        return {"action": step.action, "undoes": f"{run}-{step.undoes}", **waits}
    try:
        parameters = Substitution(values).apply(step.parameters)
    except InputError as error:
        raise InputError(f"step {step.name}: {error}") from error
    return {"action": step.action, "parameters": parameters, **waits}


def _rehearsed(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"action": spec["action"], "parameters": spec["parameters"], "dryRun": True}
