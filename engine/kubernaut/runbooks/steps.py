"""The graph that the steps of a runbook make: what each comes after, in which order they are created, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubernaut.api.runbook import MAX_AFTER, After, RunbookSpec, Step, When
from kubernaut.runbooks.references import did_you_mean

Outcomes = frozenset[tuple[str, When]]
"""How steps must have ended: the names of steps, each with Succeeded or Failed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a runbook: in which field, and what to do."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def edges(step: Step) -> tuple[After, ...]:
    """Return what a step comes after. One that undoes another comes after it, however it ended, unless its author says how."""
    if step.undoes and step.undoes not in {edge.step for edge in step.after}:
        return (*step.after, After(step=step.undoes, when=When.ENDED))
    return step.after


def in_order(spec: RunbookSpec) -> list[Step]:
    """Return the steps so that each comes after those that it waits for, else as they are listed. The runbook has no problems."""
    steps, placed = list(spec.steps), dict[str, Step]()
    while steps:
        step = next(step for step in steps if all(edge.step in placed for edge in edges(step)))
        placed[step.name] = step
        steps.remove(step)
    return list(placed.values())


def step_problems(spec: RunbookSpec) -> list[Problem]:
    """Return what is wrong with the references between steps; of cycles, each by the names of its steps."""
    checks = (_after_problems, _undoes_problems)
    problems = [problem for step in spec.steps for check in checks for problem in check(step, spec)]
    if problems:
        return problems
    graph = {step.name: [edge.step for edge in edges(step)] for step in spec.steps}
    if cycle := _cycle(graph):
        shown = " -> ".join(cycle)
        return [Problem(f"steps.{cycle[0]}.after", f"the steps wait for each other: {shown}; leave out one of these")]
    return [*_undone_twice(spec), *_never_runs(spec)]


def _after_problems(step: Step, spec: RunbookSpec) -> Iterator[Problem]:
    at, known = f"steps.{step.name}", spec.by_name
    for edge in step.after:
        if edge.step == step.name:
            yield Problem(f"{at}.after", "a step cannot come after itself")
        elif edge.step not in known:
            yield Problem(f"{at}.after", _no_step(edge.step, known))
    if len(edges(step)) > MAX_AFTER:
        yield Problem(f"{at}.after", f"with the step that it undoes, it comes after more than {MAX_AFTER} others")


def _undoes_problems(step: Step, spec: RunbookSpec) -> Iterator[Problem]:
    if step.undoes is None:
        return
    at, known = f"steps.{step.name}", spec.by_name
    names = list(known)
    if step.undoes not in known:
        yield Problem(f"{at}.undoes", _no_step(step.undoes, known))
    elif step.undoes == step.name:
        yield Problem(f"{at}.undoes", "a step cannot undo itself")
    elif known[step.undoes].undoes:
        yield Problem(f"{at}.undoes", f"{step.undoes} undoes a step itself; to do it again, write a step of its own")
    elif names.index(step.undoes) > names.index(step.name):
        yield Problem(f"{at}.undoes", f"{step.undoes} comes later: list the step that undoes it below it")
    if "parameters" in step.model_fields_set:
        yield Problem(f"{at}.parameters", "a step that undoes another has none: they follow from what the other did")


def _no_step(name: str, known: Mapping[str, Step]) -> str:
    return f"there is no step {name}{did_you_mean(name, known)}"


def _cycle(graph: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names along one cycle, from a step by those it waits for back to itself, or an empty list."""
    left = {name: set(before) for name, before in graph.items()}
    while ready := [name for name, before in left.items() if not before & left.keys()]:
        for name in ready:
            del left[name]
    if not left:
        return []
    walk = [min(left)]
    while walk[-1] not in walk[:-1]:
        walk.append(min(left[walk[-1]] & left.keys()))
    return walk[walk.index(walk[-1]) :]


def _required(spec: RunbookSpec) -> dict[str, Outcomes]:
    """Return for each step how others must have ended if it runs. A step that must have ended as it should must have run, too."""
    required: dict[str, Outcomes] = {}
    for step in in_order(spec):
        decided = [edge for edge in edges(step) if edge.when is not When.ENDED]
        own = {(edge.step, edge.when) for edge in decided}
        required[step.name] = frozenset(own.union(*(required[edge.step] for edge in decided)))
        if step.undoes:
            required[step.name] |= required[step.undoes]
    return required


def _contradiction(outcomes: Outcomes) -> str:
    """Return a step that would have to have succeeded and failed, or ""."""
    return next(
        (name for name, when in sorted(outcomes) if when is When.FAILED and (name, When.SUCCEEDED) in outcomes), ""
    )


def _never_runs(spec: RunbookSpec) -> Iterator[Problem]:
    for name, outcomes in _required(spec).items():
        if contradiction := _contradiction(outcomes):
            message = f"it can never run: {contradiction} would have to have succeeded and to have failed"
            yield Problem(f"steps.{name}.after", message)


def _undone_twice(spec: RunbookSpec) -> Iterator[Problem]:
    """Two steps may undo the same one only if just one of them can run: what is undone already cannot be undone again."""
    required, undoing = _required(spec), [step for step in spec.steps if step.undoes]
    for index, step in enumerate(undoing):
        for other in undoing[:index]:
            if step.undoes == other.undoes and not _contradiction(_joined(required[step.name], required[other.name])):
                message = f"{other.name} undoes {step.undoes}, too, and both could run: leave out one of them"
                yield Problem(f"steps.{step.name}.undoes", message)


def _joined(*outcomes: Iterable[tuple[str, When]]) -> Outcomes:
    return frozenset().union(*outcomes)
