"""The string formats of schemas. As in Kubernetes, an unknown format is ignored."""

from __future__ import annotations

import re
from datetime import datetime


def has_format(name: str, value: str) -> bool:
    """Whether the text has the named format; true for an unknown format."""
    try:
        match name:
            case "date-time":
                datetime.fromisoformat(value)
                return bool(re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$", value))
            case "date":
                datetime.strptime(value, "%Y-%m-%d")  # a date has no zone
            case "uuid":
                return bool(re.match(r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$", value))
    except ValueError:
        return False
    return True
