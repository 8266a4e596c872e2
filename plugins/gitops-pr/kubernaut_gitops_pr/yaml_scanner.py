"""Splits YAML into tokens, with tabs where libyaml and go-yaml allow them: kubectl, Helm and Flux read such files.

A tab can separate tokens within a line, as a space can. It cannot indent, and a line of tabs alone is an error, as it is in those readers.
"""

from __future__ import annotations

from typing import Any

from ruamel.yaml.scanner import Scanner, ScannerError

_BREAKS = "\r\n\x85\u2028\u2029"
_ENDS = "\0 \t" + _BREAKS


class TabScanner(Scanner):
    """ruamel.yaml's scanner, which allows tabs only in brackets."""

    def scan_to_next_token(self) -> None:
        """Skip space, comments and line breaks."""
        super().scan_to_next_token()
        while not self.allow_simple_key and self.reader.peek() == "\t":
            self._skip(" \t")
            super().scan_to_next_token()

    def scan_plain_spaces(self, indent: Any, start_mark: Any) -> Any:
        """Return the space after a word of a plain scalar, folded, or nothing where the scalar ends."""
        space = self._skip(" \t")
        if self.reader.peek() not in _BREAKS:
            return [space] if space else []
        line_break = self.scan_line_break()
        self.allow_simple_key = True
        breaks: list[str] = []
        while not self._at_document_mark():
            if self.reader.peek() == "\t" and self.reader.column < indent:
                raise ScannerError("while scanning a plain scalar", start_mark, "found a tab", self.reader.get_mark())
            if self.reader.peek() in " \t":
                self.reader.forward()
            elif self.reader.peek() in _BREAKS:
                breaks.append(self.scan_line_break())
            else:
                return [*(["\n"] if line_break != "\n" else [] if breaks else [" "]), *breaks]
        return None

    def scan_block_scalar_indicators(self, start_mark: Any) -> tuple[bool | None, int | None]:
        """Return how a block scalar ends (None: with one newline) and its indentation, if that is given."""
        chomping: bool | None = None
        increment: int | None = None
        for _ in range(2):
            char = self.reader.peek()
            if chomping is None and char in "+-":
                chomping = char == "+"
            elif increment is None and char in "123456789":
                increment = int(char)
            else:
                break
            self.reader.forward()
        if self.reader.peek() not in _ENDS:
            problem = f"expected chomping or indentation indicators, but found {self.reader.peek()!r}"
            raise ScannerError("while scanning a block scalar", start_mark, problem, self.reader.get_mark())
        return chomping, increment

    def scan_block_scalar_ignored_line(self, start_mark: Any) -> Any:
        """Skip the rest of a block scalar's first line."""
        self._skip(" \t")
        return super().scan_block_scalar_ignored_line(start_mark)

    def _skip(self, characters: str) -> str:
        length = 0
        while self.reader.peek(length) in characters:
            length += 1
        skipped = str(self.reader.prefix(length))
        self.reader.forward(length)
        return skipped

    def _at_document_mark(self) -> bool:
        return self.reader.column == 0 and self.reader.prefix(3) in {"---", "..."} and self.reader.peek(3) in _ENDS
