"""The tokens of an expression, as far as it must be read without compiling it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)
      | (?P<string>(?:[rR][bB]?|[bB][rR])(?:"{3}.*?"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
        | [bB]?(?:"{3}(?:\\.|[^\\])*?"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
      | (?P<name>[A-Za-z_]\w*)
      | (?P<space>\s+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the source; its kind is `name`, `string`, `space`, `comment` or `other` (a single character)."""

    kind: str
    text: str
    start: int
    """Where it begins in the source."""


def tokens(source: str) -> list[Token]:
    """Return the tokens, which together are the source."""
    return [Token(str(match.lastgroup), match.group(), match.start()) for match in _TOKEN.finditer(source)]


def members(source: str, variable: str) -> Iterator[tuple[str, int]]:
    """Return each name that is selected from a variable (`b` in `a.b` and in `a.?b`), and where its dot is."""
    visible = _visible(source)
    texts = [token.text for token in visible]
    for index in _occurrences(visible, variable):
        after = index + 2 + (texts[index + 1 : index + 3] == [".", "?"])
        if texts[index + 1 : index + 2] == ["."] and after < len(visible) and visible[after].kind == "name":
            yield visible[after].text, visible[index + 1].start


def occurrence(source: str, variable: str) -> int | None:
    """Return where the variable is first mentioned; None where it is not."""
    visible = _visible(source)
    return next((visible[index].start for index in _occurrences(visible, variable)), None)


def error_at(source: str, position: int, text: str) -> str:
    """Return a compile error as CEL prints it: with its line, and a mark below the position."""
    before = source[:position].split("\n")
    line, column = len(before), len(before[-1])
    shown = source.split("\n")[line - 1]
    return f"ERROR: <input>:{line}:{column + 1}: {text}\n | {shown}\n | {'.' * column}^"


def _visible(source: str) -> list[Token]:
    return [token for token in tokens(source) if token.kind not in ("space", "comment")]


def _occurrences(visible: list[Token], variable: str) -> Iterator[int]:
    for index, token in enumerate(visible):
        selected = index > 0 and visible[index - 1].text in (".", "?")
        if token.kind == "name" and token.text == variable and not selected:
            yield index
