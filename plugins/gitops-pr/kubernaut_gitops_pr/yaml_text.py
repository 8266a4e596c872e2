"""Formats values as YAML that every reader understands in the same way.

A string that YAML 1.1 or 1.2 would read as another type (`on`, `1e3`, `2024-01-01`) is quoted, because the tools that read a GitOps
repository use either version.
"""

from __future__ import annotations

import json
import re
from typing import Any

from kubernaut_gitops_pr import block_scalars

_PLAIN = re.compile(r"[A-Za-z0-9_/.][\w./@%+:=~-]*(?: [\w./@%+:=~(-][\w./@%+:=~()-]*)*", re.ASCII)
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
_NUMBER = re.compile(
    r"[-+]?(?:0b[01_]+|0x[\da-f_]+|0o?[0-7_]+|[\d_]+(:[0-5]?\d)*(\.[\d_]*)?|[\d_]*\.[\d_]*(e[-+]?\d+)?|[\d_]+e[-+]?\d+|\.(inf|nan)"
    r"|\d{4}-\d\d?-\d\d?.*)",
    re.IGNORECASE,
)
_WORD_VALUES = {"true", "false", "null", "~", "", ".inf", "-.inf", "+.inf", ".nan"}
_ALIKE_NUMBER = re.compile(r"[-+]?(0|[1-9]\d*)|[-+]?(0|[1-9]\d*)\.\d*([eE][-+]\d+)?", re.ASCII)


def scalar(value: Any, style: str = "") -> str:
    """Return a scalar in one line, quoted with `style` (a quote or nothing) if possible."""
    if isinstance(value, str):
        return _string(value, style)
    if isinstance(value, float) and "." not in (text := json.dumps(value)):
        return text.replace("e", ".0e")
    return json.dumps(value)


def flow(value: Any, style: str = "") -> str:
    """Return any value in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{in_brackets(k)}: {in_brackets(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(in_brackets, value)) + "]"
    return scalar(value, style)


def in_brackets(value: Any, style: str = "") -> str:
    """Return a value inside brackets, where older readers end a plain scalar at any colon."""
    return flow(value, style or ('"' if isinstance(value, str) and ":" in value else ""))


def key(text: str) -> str:
    """Return the key of a mapping."""
    return _string(text, "")


def reads_alike(text: str, value: Any) -> bool:
    """Whether YAML 1.1 and 1.2 both read a plain scalar as this value."""
    if isinstance(value, str):
        return text not in {"<<", "="} and text.lower() not in _WORDS and not _NUMBER.fullmatch(text)
    return text.lower() in _WORD_VALUES or bool(_ALIKE_NUMBER.fullmatch(text))


def literal(value: Any, indent: int, parent: int) -> str | None:
    """Return a text of several lines as a literal block, or None if it is better written in one line.

    Where several newlines end it, the block would depend on the blank lines that follow it in the file.
    """
    if not isinstance(value, str) or "\n" not in value.rstrip("\n") or value.endswith("\n\n"):
        return None
    return block_scalars.write(value, "|", indent, parent)


def block(value: Any, indent: int, step: int, dash: int) -> str:
    """Return a mapping or list that is not empty, over several lines, each indented by at least `indent`.

    `step` is how much deeper a nested mapping is, `dash` the same for a nested list.
    """
    space = " " * indent
    if isinstance(value, dict):
        return "\n".join(f"{space}{key(k)}:{after(v, indent, step, dash)}" for k, v in value.items())
    return "\n".join(f"{space}-{item(v, indent, step, dash)}" for v in value)


def after(value: Any, indent: int, step: int, dash: int) -> str:
    """Return what follows the colon of a key with this indentation."""
    if isinstance(value, dict | list) and value:
        return "\n" + block(value, indent + (step if isinstance(value, dict) else dash), step, dash)
    return " " + (literal(value, indent + step, indent) or flow(value))


def item(value: Any, indent: int, step: int, dash: int) -> str:
    """Return what follows a dash with this indentation."""
    if isinstance(value, dict | list) and value:
        return " " + block(value, indent + 2, step, dash).lstrip(" ")
    return " " + (literal(value, indent + 2, indent) or flow(value))


def _string(text: str, style: str) -> str:
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if style != '"' and _can_be_plain(text):
        return text
    return '"' + "".join(map(_escape, text)) + '"'


def _can_be_plain(text: str) -> bool:
    if not _PLAIN.fullmatch(text) or text.endswith(":") or ": " in text:
        return False
    return text.lower() not in _WORDS and not _NUMBER.fullmatch(text)


def _escape(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char)
    code = ord(char)
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
