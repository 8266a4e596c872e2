"""CEL that lists the fields in which two versions of an object differ, outside those that may.

Maps are compared level by level and key by key, lists with `[*]` item by item; each level of maps becomes variables of its own, so that a
reviewer reads one short expression at a time. What cannot be compared (a list longer than `MAX_ITEMS`, a text in place of a map) counts as
changed or is an error, which the policy takes as a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kubernaut.api.field_paths import ITEMS, FieldTree, format_path

MAX_ITEMS = 64
"""The most items of a list with `[*]`: CEL cannot count, so a variable holds the positions."""
POSITIONS = "positions"
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_FREE_KEYS = {
    "annotations",
    "binaryData",
    "data",
    "labels",
    "limits",
    "matchLabels",
    "nodeSelector",
    "requests",
    "stringData",
}
"""Maps whose keys users make up: a path has these in brackets."""
_WRITTEN_BY_THE_SERVER = ("generation", "managedFields", "resourceVersion")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a policy."""

    name: str
    expression: str


def positions() -> Variable:
    """Return the variable with the positions in a list."""
    return Variable(POSITIONS, f"[{', '.join(map(str, range(MAX_ITEMS)))}]")


def needs_positions(tree: FieldTree) -> bool:
    """Whether some field is in the items of a list."""
    return ITEMS in tree.children or any(needs_positions(child) for child in tree.children.values())


def quoted(text: str) -> str:
    """Return the text as CEL writes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def listed(texts: Iterable[str]) -> str:
    """Return the texts as a list in CEL."""
    return f"[{', '.join(quoted(text) for text in texts)}]"


def difference_variables(tree: FieldTree, suffix: str) -> list[Variable]:
    """Return variables of which the last, `changed` and the suffix, is the list of paths that differ and are not in the tree."""
    variables: list[Variable] = []
    found: list[str] = []
    for path, node in _levels(tree):
        level = _Level.of(path, suffix)
        if path:
            parent = _Level.of(path[:-1], suffix)
            empty = "{}" if node.items is None else "[]"
            for name, above in ((level.new, parent.new), (level.old, parent.old)):
                variables.append(
                    Variable(name.removeprefix("variables."), f"dyn({above}[?{quoted(path[-1])}].orValue({empty}))")
                )
        if node.items is None:
            kept = (*_WRITTEN_BY_THE_SERVER, *node.children) if path == ("metadata",) else (*node.children,)
            prefix = quoted(format_path(path))
            expression = _changed_keys(
                level, [*kept, "metadata"] if not path and "metadata" not in kept else kept, prefix
            )
        else:
            expression = _changed_items(node.items, level, quoted(format_path(path)))
        variables.append(Variable(level.changed, expression))
        found.append(f"variables.{level.changed}")
    return [*variables, Variable(f"changed{suffix}", "\n+ ".join(found))]


@dataclass(frozen=True, slots=True)
class _Level:
    """A map or list, as it is now and as it was, in CEL."""

    new: str
    old: str
    changed: str
    """The name of the variable with the paths that differ."""
    last: str
    """The last step of its path."""
    depth: int = 0
    """How many lists it is in: each has iteration variables of its own."""

    @classmethod
    def of(cls, path: tuple[str, ...], suffix: str) -> _Level:
        if not path:
            return cls("dyn(object)", "dyn(oldObject)", f"topChanged{suffix}", "")
        words = [word for step in path for word in re.split(r"[^A-Za-z0-9]+", step) if word]
        title = "".join(word[0].upper() + word[1:] for word in words)
        name = title[0].lower() + title[1:]
        return cls(f"variables.{name}{suffix}", f"variables.old{title}{suffix}", f"{name}Changed{suffix}", path[-1])

    def child(self, key: str, empty: str) -> _Level:
        new, old = (f"dyn({one}[?{quoted(key)}].orValue({empty}))" for one in (self.new, self.old))
        return _Level(new, old, "", key, self.depth)

    def item(self, at: str) -> _Level:
        return _Level(f"{self.new}[{at}]", f"{self.old}[{at}]", "", ITEMS, self.depth + 1)


def _levels(tree: FieldTree, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldTree]]:
    """Yield each map and list of which only a part may change, from the top, with its path; those inside lists are part of these.

    Metadata is always among them: the API server itself changes some of it.
    """
    if tree.is_whole and path != ("metadata",):
        return
    yield path, tree
    if tree.items is not None:
        return
    if not path and "metadata" not in tree.children:
        yield ("metadata",), FieldTree()
    for key, child in tree.children.items():
        if not child.is_whole:
            yield from _levels(child, (*path, key))


def _changed_keys(level: _Level, kept: Iterable[str], prefix: str) -> str:
    """Return a list of the paths of keys that were set, changed or removed, except those that are kept. `prefix` is an expression."""
    key, new, old = f"k{level.depth or ''}", level.new, level.old
    others = f"!({key} in {listed(kept)}) && "
    free = level.last in _FREE_KEYS or any(not _PLAIN.fullmatch(step) for step in kept)
    path = key if prefix == "''" else f"{prefix} + '[' + {key} + ']'" if free else f"{prefix} + '.' + {key}"
    path = path.replace("' + '", "")
    return (
        f"({new}.filter({key}, {others}{new}[?{key}] != {old}[?{key}])\n"
        f"+ {old}.filter({key}, {others}!({key} in {new}))).map({key}, {path})"
    )


def _changed_items(tree: FieldTree, level: _Level, prefix: str) -> str:
    """Return a list of the paths that differ in the items; of the list itself where their number does."""
    at, new, old = f"i{level.depth or ''}", level.new, level.old
    item = level.item(at)
    name = f"{item.new}[?'name'].orValue(string({at}))"
    inner = _changed_fields(tree, item, f"{prefix} + '[' + {name} + ']'".replace("' + '", ""))
    return (
        f"{new}.size() != {old}.size() || {new}.size() > {MAX_ITEMS} ? [{prefix}]\n"
        f": variables.{POSITIONS}.filter({at}, {at} < {new}.size()).map({at},\n({inner}).join(', ')).filter({at}, {at} != '')"
    )


def _changed_fields(tree: FieldTree, level: _Level, prefix: str) -> str:
    """Return, as one expression, a list of the paths that differ below a map inside a list."""
    parts = [_changed_keys(level, tree.children, prefix)]
    for key, child in tree.children.items():
        step = f"{prefix} + {quoted(f'.{key}' if _PLAIN.fullmatch(key) else f'[{key}]')}".replace("' + '", "")
        if child.items is not None:
            parts.append(f"({_changed_items(child.items, level.child(key, '[]'), step)})")
        elif not child.is_whole:
            parts.append(_changed_fields(child, level.child(key, "{}"), step))
    return "\n+ ".join(parts)
