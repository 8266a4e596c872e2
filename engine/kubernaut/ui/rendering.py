"""Templates, and how values are shown in them. Every text from the cluster is text: escaped, and without what would deceive a reader."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from kubernaut.api.timestamps import parse_time
from kubernaut.caller.changes import absence, diff_lines, exact_text, has_several_lines, value_text
from kubernaut.caller.durations import format_duration, format_measured, format_time
from kubernaut.caller.runs import step_name
from kubernaut.printable import replace_harmful, replace_unseen

_BREAKS = re.compile(r"[:.\]](?=\w)|\w(?=\[)")


def environment(root: str) -> Environment:
    """Return the templates of the page, whose addresses all begin with this path."""
    made = Environment(
        loader=PackageLoader("kubernaut.ui"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "clock": format_time,
        "duration": format_duration,
        "measured": format_measured,
        "iso": _iso,
        "yaml": _yaml,
        "value": value_text,
        "exact": exact_text,
        "seen": replace_unseen,
        "slug": _slug,
        "step": step_name,
        "breakable": _breakable,
    }
    made.tests["several_lines"] = has_several_lines
    made.globals |= {"diff_lines": diff_lines, "absence": absence, "root": root}
    return made


def macro(env: Environment, template: str, name: str) -> Callable[..., Markup]:
    """Return a macro of a template in `parts`, to be called for a fragment."""
    found: Callable[..., Markup] = getattr(env.get_template(f"parts/{template}").module, name)
    return found


def _shown(value: Any) -> Any:
    if value is None:
        return ""
    return replace_harmful(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _iso(time: str | datetime | None) -> str:
    """Return a time as browsers read it."""
    parsed = parse_time(time) if isinstance(time, str) else time
    return parsed.astimezone(UTC).isoformat(timespec="milliseconds") if parsed else ""


def _yaml(value: Any) -> str:
    """Return a JSON value as YAML, which people read more easily."""
    plain = json.loads(json.dumps(value, default=str))
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100).rstrip()


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines line by line."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def _breakable(text: str) -> Markup:
    """Return a text that may be broken after a colon, a dot and a bracket, as a field's path or the name of a ServiceAccount."""
    escaped = str(escape(replace_harmful(text)))  # an entity has none of these
    return Markup(_BREAKS.sub(r"\g<0><wbr>", escaped))  # noqa: S704 - escaped


def _slug(phase: object) -> str:
    """Return a phase as a part of a class name."""
    return str(phase).lower()
