"""The objects of a list, page by page, up to a limit."""

from __future__ import annotations

from kubernaut.runner.exceptions import Rejected, TryAgain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_PAGE = 500
"""Objects per request, as kubectl asks for them."""
_GONE = 410
"""A page whose list is no longer known to the API server."""
_MAX_TRIES = 3


class Listing(list):  # type: ignore[type-arg]
    """The objects found: a list, which knows whether there were more."""

    has_more = False
    """Whether the cluster has more of them than the limit."""


def read_pages(page: Callable[[int, str], dict[str, Any]], limit: int) -> Listing:
    """Return at most `limit` objects; `page(count, token)` asks for so many after a token, and for the first ones without.

    A list that changes so much meanwhile that the API server forgets it is read anew, three times at most.
    """
    for _ in range(_MAX_TRIES):
        try:
            return _read(page, limit)
        except Rejected as refusal:
            if refusal.status != _GONE:
                raise
    raise TryAgain("the list expired on the API server while it was read: try again, or with fewer objects")


def _read(page: Callable[[int, str], dict[str, Any]], limit: int) -> Listing:
    found, token = Listing(), ""
    while True:
        content = page(min(_PAGE, limit - len(found)), token)
        found.extend(content.get("items") or ())
        token = (content.get("metadata") or {}).get("continue") or ""
        if len(found) >= limit or not token:
            break
    found.has_more = bool(token) or len(found) > limit
    del found[limit:]
    return found
