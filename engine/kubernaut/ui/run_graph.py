"""The steps of a run or runbook as a graph: each in a column after those that it comes after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT, GAP_X, GAP_Y = 168, 52, 88, 20
"""In pixels: of a node, and between nodes."""
_MARGIN = 8


@dataclass(frozen=True, slots=True)
class Step:
    """A step, by its name, and the steps that it comes after with the ends that it needs of them."""

    name: str
    action: str
    phase: str
    link: str = ""
    after: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A step at its place."""

    step: Step
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one step to another."""

    path: str
    when: str
    x: int
    y: int
    followed: bool
    """Whether the first step ended as the second needs it."""


@dataclass(frozen=True, slots=True)
class Graph:
    """What is drawn."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    width: int = 0
    height: int = 0


def graph_of(steps: Sequence[Step]) -> Graph:
    """Return the graph. Steps that form a cycle, which no run has, stay in the first column."""
    columns = _columns(steps)
    rows: dict[int, int] = {}
    nodes: dict[str, Node] = {}
    for step in steps:
        column = columns[step.name]
        row = rows.get(column, 0)
        rows[column] = row + 1
        nodes[step.name] = Node(step, _MARGIN + column * (WIDTH + GAP_X), _MARGIN + row * (HEIGHT + GAP_Y))
    edges = [
        _edge(nodes[before], nodes[step.name], when)
        for step in steps
        for before, when in step.after
        if before in nodes and not _leads_elsewhere(steps, before, step)
    ]
    width = max((node.x for node in nodes.values()), default=0) + WIDTH + _MARGIN
    height = max((node.y for node in nodes.values()), default=0) + HEIGHT + _MARGIN
    return Graph(list(nodes.values()), edges, width, height)


def _leads_elsewhere(steps: Sequence[Step], before: str, after: Step) -> bool:
    """Whether a step also comes before another one that `after` comes after: a line from it would be drawn behind that one."""
    direct = {step.name: {name for name, _ in step.after} for step in steps}
    reached, left = set[str](), [name for name, _ in after.after if name != before]
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left += direct.get(name, ())
    return before in reached


def _columns(steps: Sequence[Step]) -> dict[str, int]:
    columns = {step.name: 0 for step in steps}
    for _ in steps:
        for step in steps:
            before = [columns[name] for name, _ in step.after if name in columns and name != step.name]
            columns[step.name] = min(max(before, default=-1) + 1, len(steps) - 1)
    return columns


def _edge(before: Node, after: Node, when: str) -> Edge:
    x1, y1, x2, y2 = before.x + WIDTH, before.y + HEIGHT // 2, after.x, after.y + HEIGHT // 2
    middle = (x1 + x2) // 2
    ended = before.step.phase in {"Succeeded", "Failed", "Cancelled", "Skipped"}
    followed = ended and when in {"Ended", before.step.phase}
    return Edge(f"M{x1},{y1} C{middle},{y1} {middle},{y2} {x2},{y2}", when, middle, (y1 + y2) // 2 - 4, followed)
