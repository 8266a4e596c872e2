"""Lists in pages."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.api.paging import paginate
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.store import Store


@pytest.fixture
def store() -> Store:
    """A store with three ConfigMaps."""
    store = Store()
    for name in "abc":
        store.put("configmaps", {"metadata": {"name": name, "namespace": "default"}})
    return store


def page(store: Store, **query: Any) -> tuple[list[str], dict[str, Any]]:
    """The names on a page, and the metadata of the list."""
    objects, metadata = paginate(store, "configmaps", store.list("configmaps"), query)
    return [obj["metadata"]["name"] for obj in objects], metadata


def test_pages_follow_one_another_until_the_end(store: Store) -> None:
    names, metadata = page(store, limit="2")
    assert (names, metadata["remainingItemCount"]) == (["a", "b"], 1)
    names, metadata = page(store, limit="2", **{"continue": metadata["continue"]})
    assert names == ["c"]
    assert "continue" not in metadata


def test_a_page_after_the_history_was_compacted_is_expired(store: Store) -> None:
    _, metadata = page(store, limit="2")
    store.put("configmaps", {"metadata": {"name": "d", "namespace": "default"}})
    store.compact()
    with pytest.raises(ApiError, match="too old resource version") as caught:
        page(store, limit="2", **{"continue": metadata["continue"]})
    assert caught.value.code == 410


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": "many"}, 'strconv.ParseInt: parsing "many"'),
        ({"resourceVersion": "old"}, 'resourceVersion: Invalid value: "old"'),
        ({"continue": "nonsense"}, "invalid continue token"),
    ],
)
def test_an_invalid_parameter_is_a_bad_request(store: Store, query: dict[str, str], message: str) -> None:
    with pytest.raises(ApiError, match=message) as caught:
        page(store, **query)
    assert caught.value.code == 400
