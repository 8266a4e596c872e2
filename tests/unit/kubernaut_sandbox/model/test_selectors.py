"""Label and field selectors."""

from __future__ import annotations

import pytest

from kubernaut_sandbox.model.selectors import label_selector, matches_labels, parse_labels, parse_selector
from kubernaut_sandbox.model.statuses import ApiError


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True),
        ("a=1", True),
        ("a = 1 , b != 3", True),
        ("a notin (1)", False),
        ("c notin (1)", True),
        ("a in (2, 1),!c", True),
        ("c", False),
    ],
)
def test_a_label_selector_matches_labels(text: str, fits: bool) -> None:
    assert matches_labels(parse_labels(text), {"a": "1", "b": "2"}) is fits


def test_a_malformed_selector_is_a_bad_request() -> None:
    with pytest.raises(ApiError, match="unable to parse requirement"):
        parse_labels("a in 1")


def test_a_manifests_selector_may_have_expressions() -> None:
    selector = {"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "b", "operator": "Exists"}]}
    assert matches_labels(label_selector(selector), {"a": "1", "b": ""})
    assert not matches_labels(label_selector(selector), {"a": "1"})


def test_a_field_selector_compares_fields_as_text() -> None:
    selector = parse_selector("pods", "", "status.phase!=Running,spec.hostNetwork=true")
    assert selector.matches({"status": {"phase": "Failed"}, "spec": {"hostNetwork": True}})
    assert not selector.matches({"status": {"phase": "Running"}, "spec": {"hostNetwork": True}})
