"""`Object{...}` and `JSONPatch{...}`, the values that the expressions of a mutating policy create.

The runtime knows no such types, so they are rewritten into maps before the expression is compiled: `Object{metadata: ...}` becomes
`{'metadata': ...}`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kubernaut_cel.environment import CompileError
from kubernaut_cel.syntax import Token, tokens

OBJECT, JSON_PATCH = "Object", "JSONPatch"
_PATCH_FIELDS = ("op", "path", "from", "value")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """An expression without initializers."""

    source: str
    types: frozenset[str]
    """The types of its initializers, such as `Object.metadata`."""
    mismatch: str = ""
    """Set where the type of an initializer is not that of the field which it is the value of: an error when it is evaluated."""


@dataclass(slots=True)
class _Bracket:
    """An open bracket; `type` is set for the brace of an initializer."""

    type: str = ""
    at_field: bool = False
    field_name: str = ""


@dataclass(slots=True)
class _Rewriter:
    brackets: list[_Bracket] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    mismatch: str = ""

    def open_initializer(self, name: str) -> None:
        self.types.add(name)
        outer = next((b for b in reversed(self.brackets) if b.type), None)
        if outer and outer.type.startswith(OBJECT) and name != f"{outer.type}.{outer.field_name}":
            expected = f"{outer.type}.{outer.field_name}"
            self.mismatch = f'unexpected type name "{name}", expected "{expected}", which matches field name path from root Object type'
        self.brackets.append(_Bracket(name, at_field=True))
        self.output.append("{")

    def add(self, token: Token) -> None:
        top = self.brackets[-1] if self.brackets else None
        if token.kind in ("space", "comment"):
            self.output.append(token.text)
            return
        if top and top.type and top.at_field and token.kind == "name":
            self._name_field(top, token.text)
            return
        if token.text in ("{", "[", "("):
            self.brackets.append(_Bracket())
        elif token.text in ("}", "]", ")") and self.brackets:
            self.brackets.pop()
        elif top and top.type and token.text == ",":
            top.at_field = True
        self.output.append(token.text)

    def _name_field(self, initializer: _Bracket, name: str) -> None:
        if initializer.type == JSON_PATCH and name not in _PATCH_FIELDS:
            raise CompileError(f"compilation failed: undefined field '{name}' of {JSON_PATCH}")
        initializer.at_field, initializer.field_name = False, name
        self.output.append(f"'{name}'")


def rewrite(source: str) -> Rewritten:
    """Return the expression with every initializer as a map; raise CompileError for a field that a type does not have."""
    parts, rewriter, index = tokens(source), _Rewriter(), 0
    while index < len(parts):
        name, after = _initializer_at(parts, index)
        if name:
            rewriter.open_initializer(name)
            index = after
        else:
            rewriter.add(parts[index])
            index += 1
    return Rewritten("".join(rewriter.output), frozenset(rewriter.types), rewriter.mismatch)


def _initializer_at(parts: list[Token], index: int) -> tuple[str, int]:
    """Return the type of the initializer that begins here, and the index after its brace; an empty type when none does."""
    first = parts[index]
    if first.kind != "name" or first.text not in (OBJECT, JSON_PATCH) or (index and parts[index - 1].text == "."):
        return "", index
    names, at = [first.text], index + 1
    while at + 1 < len(parts) and parts[at].text == "." and parts[at + 1].kind == "name":
        names.append(parts[at + 1].text)
        at += 2
    while at < len(parts) and parts[at].kind == "space":
        at += 1
    if at < len(parts) and parts[at].text == "{":
        return ".".join(names), at + 1
    return "", index
