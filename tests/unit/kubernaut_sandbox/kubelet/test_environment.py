"""The expansion of references in a container's environment and arguments."""

from __future__ import annotations

import pytest

from kubernaut_sandbox.kubelet.environment import expand


@pytest.mark.parametrize(
    ("text", "expected"), [("$(A)", "1"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("a$A", "a$A"), ("$(A)$(A)", "11")]
)
def test_only_known_references_are_replaced(text: str, expected: str) -> None:
    assert expand(text, {"A": "1"}) == expected
