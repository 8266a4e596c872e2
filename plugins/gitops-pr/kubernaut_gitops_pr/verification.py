"""Verifies an edit: the file has the requested value, and otherwise the values that it had before.

What is written at one place can stand at others, too: aliases, and what merge keys bring. There, values may change with an edit, and are
reported. All of this takes time in proportion to the number of values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubernaut_gitops_pr.paths import Path, Step
from kubernaut_gitops_pr.tree import EditError, Node, is_same

MAX_ELSEWHERE = 20_000
"""How many values one edit can change through aliases."""
_Derived = Mapping[Step, Any] | bool
"""By step, which parts of a value are written elsewhere; True for all of it."""


def changed_elsewhere(old: Any, expected: Any, root: Node) -> list[tuple[Path, Any, Any]] | None:
    """Return each value that changed because an anchor did: path, before and after, in the order of the paths, the last first.

    None if any other value is not as expected. Raises EditError if there are too many.
    """
    derived = _derived(root)
    if any(not _is_within(at, derived) for at, _, _ in differing_leaves(expected, root.data)):
        return None
    found = []
    for at, before, after in differing_leaves(old, root.data):
        if _is_within(at, derived):
            found.append((at, before, after))
        if len(found) > MAX_ELSEWHERE:
            raise EditError(f"would change in more than {MAX_ELSEWHERE} other places through aliases: use content")
    return sorted(found, key=lambda change: sort_key(change[0]))


def differing_leaves(one: Any, other: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Yield the path and both sides of each value that contains no others and is not the same on both; None for one that is missing."""
    queue: list[tuple[Any, Any, Any]] = [(None, one, other)]
    while queue:
        at, left, right = queue.pop()
        if isinstance(left, dict) and isinstance(right, dict) and left and right:
            queue += [((at, key), left.get(key, _Missing), right.get(key, _Missing)) for key in {**left, **right}]
        elif isinstance(left, list) and isinstance(right, list) and left and right:
            queue += [((at, i), _item(left, i), _item(right, i)) for i in range(max(len(left), len(right)))]
        elif _is_inner(left) or _is_inner(right):
            queue += [(here, value, _Missing) for here, value in _parts(at, left)]
            queue += [(here, _Missing, value) for here, value in _parts(at, right)]
        elif left is _Missing or right is _Missing or not is_same(left, right):
            yield _path(at), None if left is _Missing else left, None if right is _Missing else right


def sort_key(path: Path) -> list[tuple[bool, int, str]]:
    """Return a key for sorting paths: in reverse order, removing one does not move the next."""
    return [(isinstance(s, str), s if isinstance(s, int) else 0, s if isinstance(s, str) else "") for s in path]


def set_in(data: Any, path: Path, value: Any) -> Any:
    """Return the data with this value at the path."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        data = [] if data is None else data
        if step == len(data):
            data.append(None)
        data[step] = set_in(data[step], rest, value)
        return data
    data = {} if data is None else data
    data[step] = set_in(data.get(step), rest, value)
    return data


def remove_from(data: Any, path: Path) -> Any:
    """Return the data without the value at the path."""
    holder = data
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return data


class _Missing:
    """Stands for a value that is not there."""


def _is_inner(value: Any) -> bool:
    """Whether the value contains others."""
    return isinstance(value, dict | list) and bool(value)


def _item(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else _Missing


def _parts(at: Any, value: Any) -> list[tuple[Any, Any]]:
    """Return what a value contains, or itself, with its place; nothing for a missing one."""
    if value is _Missing:
        return []
    if not _is_inner(value):
        return [(at, value)]
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    return [((at, step), inner) for step, inner in entries]


def _path(at: Any) -> Path:
    """Return the path of a place: a pair of the place that contains it and the last step, or None at the top."""
    steps = []
    while at is not None:
        at, step = at
        steps.append(step)
    return tuple(reversed(steps))


def _derived(node: Node) -> _Derived:
    if node.kind == "alias":
        return True
    own = {entry.step for entry in node.entries}
    merged = (key for key in node.data if key not in own) if isinstance(node.data, dict) else ()
    found: dict[Step, Any] = dict.fromkeys(merged, True)
    for entry in node.entries:
        if inner := _derived(entry.node):
            found[entry.step] = inner
    return found


def _is_within(path: Path, derived: _Derived) -> bool:
    for step in path:
        if isinstance(derived, bool):
            break
        derived = derived.get(step, {})
    return derived is True
