"""Finds the list items that the selectors of a path name, such as `[name=shop/api]`: an index would name another one after an insertion."""

from __future__ import annotations

from kubernaut_gitops_pr.paths import Path, Query, Selector, Step, format_path
from kubernaut_gitops_pr.tree import EditError, Entry, Node

_MAX_SHOWN = 8
_MAX_VALUE_LENGTH = 40


class NoSuchItemError(EditError):
    """No item of the list has the value."""


def resolve(root: Node | None, query: Query) -> Path:
    """Return the path with an index for each selector. Raises EditError naming the selector, NoSuchItemError if it matches nothing."""
    path: list[Step] = []
    node = root
    for position, step in enumerate(query):
        if isinstance(step, Selector):
            index = _index(node, query[: position + 1], step)
            path.append(index)
            node = node.entries[index].node if node else None
        else:
            path.append(step)
            node = _child(node, step)
    return tuple(path)


def _index(node: Node | None, place: Query, selector: Selector) -> int:
    """Return the index of the one item that matches."""
    here, owner = format_path(place), format_path(place[:-1]) or "the top level"
    if node is None or (node.data is None and node.kind == "scalar"):
        raise NoSuchItemError(f"{here}: there is no list at {owner}; set the list as a whole")
    if node.kind == "alias":
        raise EditError(
            f"{here}: {owner} is the alias *{node.anchor}; change the list at its anchor, or set {owner} as a whole"
        )
    if node.kind != "sequence":
        raise EditError(f"{here}: {owner} is not a list; name a key as .KEY")
    if node.entries and not any(isinstance(entry.node.data, dict) for entry in node.entries):
        raise EditError(f"{here}: the items of {owner} are not mappings; name one as [INDEX]")
    found = [index for index, entry in enumerate(node.entries) if _value(entry, selector.key) == selector.value]
    if len(found) > 1:
        raise EditError(
            f"{here}: {len(found)} items have {selector.key} {selector.value}; select them by a key that differs, or name "
            f"one by its index: {', '.join(f'[{index}]' for index in found[:_MAX_SHOWN])}"
        )
    if not found:
        raise NoSuchItemError(f"{here}: {_explain_absence(node, owner, selector)}")
    return found[0]


def _explain_absence(node: Node, owner: str, selector: Selector) -> str:
    known = [value for entry in node.entries if (value := _value(entry, selector.key)) is not None]
    shown = ", ".join(value[:_MAX_VALUE_LENGTH] for value in known[:_MAX_SHOWN]) + (
        ", …" if len(known) > _MAX_SHOWN else ""
    )
    names = f"its items have: {shown}" if known else f"no item has the key {selector.key}"
    return f"no item of {owner} has {selector.key} {selector.value} ({names}); correct the value, or add the item with append"


def _value(item: Entry, key: str) -> str | None:
    """Return the value of an item's key as text, as the file has it."""
    entry = next((entry for entry in item.node.entries if entry.step == key), None)
    if entry is not None and entry.node.kind == "scalar" and not entry.node.empty:
        return entry.node.text
    data = item.node.data
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, str) else None


def _child(node: Node | None, step: Step) -> Node | None:
    return next((entry.node for entry in node.entries if entry.step == step), None) if node else None
