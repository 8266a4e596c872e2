"""A page as named regions of fragments, and what has to change in a browser that shows an earlier state of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

_FIRST_TAG = re.compile(r"\s*<(\w+)")


@dataclass(frozen=True, slots=True)
class Fragment:
    """One element of a page."""

    id: str
    """Of the element, unique in the page."""
    html: Markup
    version: str
    """Equal for equal content, and for no other, however it was made up: who approves must see what the form carries."""


def fragment(id_: str, html: Markup) -> Fragment:
    """Return an element, rendered with this id, which tells its version to the browser."""
    text = str(html)
    version = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
    return Fragment(id_, Markup(_FIRST_TAG.sub(rf'<\1 data-v="{version}"', text, count=1)), version)  # noqa: S704 - a macro escaped it


Regions = Mapping[str, Sequence[Fragment]]
"""By the id of the element that holds them, the fragments in their order."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser shows at one address."""

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    """For what does not change while the page is open."""
    regions: Regions = field(default_factory=dict)
    refresh_seconds: float | None = None
    """How often it is built anew although no execution changes."""


def difference(before: Regions, after: Regions) -> dict[str, Any]:
    """Return the regions that differ: `put` lists elements to place (id, the one before it, version, HTML), `drop` ids to remove."""
    changes: dict[str, Any] = {}
    for region, fragments in after.items():
        old = {one.id: one.version for one in before.get(region, ())}
        wanted = {one.id for one in fragments}
        put, previous = [], None
        for one in fragments:
            if old.get(one.id) != one.version:
                put.append([one.id, previous, one.version, str(one.html)])
            previous = one.id
        drop = [id_ for id_ in old if id_ not in wanted]
        if put or drop:
            changes[region] = {"put": put, "drop": drop}
    return changes
