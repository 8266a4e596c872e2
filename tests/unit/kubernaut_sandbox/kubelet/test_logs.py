"""The last lines of a log."""

from __future__ import annotations

import pytest

from kubernaut_sandbox.kubelet.logs import tail


@pytest.mark.parametrize(
    ("lines", "expected"), [(None, b"one\ntwo\nthree"), (2, b"two\nthree"), (9, b"one\ntwo\nthree"), (0, b"")]
)
def test_a_tail_is_the_last_lines(lines: int | None, expected: bytes) -> None:
    assert tail(b"one\ntwo\nthree", lines) == expected
