"""What rich renders for a terminal or a pipe, as text."""

from __future__ import annotations

import io

from rich.console import Console, RenderableType


def shown(*renderables: RenderableType, terminal: bool = False, width: int = 200) -> str:
    """Return what is printed: with escape codes for colours if it is for a terminal."""
    colours = "standard" if terminal else None
    out = Console(file=io.StringIO(), force_terminal=terminal, width=width, highlight=False, color_system=colours)
    for renderable in renderables:
        out.print(renderable)
    return out.file.getvalue()  # type: ignore[attr-defined]  # the StringIO above
