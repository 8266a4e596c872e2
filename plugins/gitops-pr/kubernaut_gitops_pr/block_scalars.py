"""Reads and writes YAML's block scalars: texts over several lines after `|` (as they are) or `>` (folded).

The header says how the text is indented, if its first line does not show it, and how it ends: `-` without a newline, nothing with one,
`+` with all that follow.
"""

from __future__ import annotations

import re

_PROPERTIES = re.compile(r"(?:[&!]\S*(?:[ \t]+#[^\r\n]*)?\s+(?:#[^\r\n]*\s+)*)*")
"""An anchor and a tag before the header, which may have lines of their own, with comments."""
_HEADER = re.compile(r"([|>])([-+1-9]*)([ \t]+#[^\r\n]*|[ \t]*)(?=[\r\n]|\Z)")
_TRAILING_LINES = re.compile(r"(\r?\n *)+\Z")
_TEXT = re.compile(r"[\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*")
"""What every reader accepts in a block: YAML 1.1 takes U+0085, U+2028 and U+2029 for newlines."""
_MAX_INDENTATION = 9


def length(source: str, value: str) -> int:
    """Return how many characters of the source are the block, without blank lines after it that are not part of its text."""
    if "+" in _indicators(source)[1]:
        return len(source)
    last = value.rstrip("\n").rpartition("\n")[2]
    return len(source.rstrip("\r\n") if last and not last.strip(" ") else _TRAILING_LINES.sub("", source))


def rewrite(source: str, value: str, parent: int, step: int) -> str | None:
    """Return the block with another text: the same style, indentation and comment. None if a block cannot contain the text.

    `parent` is the column of its key or dash, `step` how much deeper a block without lines is indented.
    """
    style, indicators, comment = _indicators(source)
    given = re.search(r"\d", indicators)
    first = next((line for line in _block(source).split("\n")[1:] if line.strip(" \r")), "")
    indent = parent + int(given[0]) if given else len(first) - len(first.lstrip(" "))
    if indent <= parent:
        indent = parent + step
    return write(value, style, indent, parent, comment, explicit=bool(given), keep="+" in indicators)


def write(
    value: str, style: str, indent: int, parent: int, comment: str = "", *, explicit: bool = False, keep: bool = False
) -> str | None:
    """Return a text as a block, or None if a block cannot contain it. It ends with newlines only if those are part of the text."""
    body = value.rstrip("\n")
    newlines = len(value) - len(body)
    if not body.strip() or not _TEXT.fullmatch(value):
        return None
    lines = body.split("\n")
    explicit = explicit or next(line for line in lines if line)[0] in " \t"
    if explicit and indent - parent > _MAX_INDENTATION:
        return None
    keep = newlines > 1 or (keep and newlines == 1)
    chomping = "-" if not newlines else "+" if keep else ""
    header = f"{style}{indent - parent if explicit else ''}{chomping}{comment}"
    folded = _fold(lines) if style == ">" else lines
    text = "\n".join([header, *(" " * indent + line if line else "" for line in folded)])
    return text + "\n" * newlines if keep else text


def comment(source: str) -> str:
    """Return the comment of the header, with the space before it."""
    return _indicators(source)[2]


def _indicators(source: str) -> tuple[str, str, str]:
    found = _HEADER.match(_block(source))
    if not found:
        raise ValueError(f"not a block scalar: {source[:40]!r}")
    return found[1], found[2], found[3].rstrip()


def _block(source: str) -> str:
    """Return the source from its header on."""
    properties = _PROPERTIES.match(source)
    return source[properties.end() :] if properties else source


def _fold(lines: list[str]) -> list[str]:
    """Return the lines to write for these lines of a text: a single newline would be read as a space, except beside indented lines."""
    written: list[str] = []
    before = ""
    for line in lines:
        if line and before and not (line[0] in " \t" or before[0] in " \t"):
            written.append("")
        written.append(line)
        before = line or before
    return written
