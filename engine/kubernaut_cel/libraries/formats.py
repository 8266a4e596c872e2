"""Formats of strings: `format.dns1123Label().validate(text)` is an optional list of errors.

No function in Python can return an optional, so the result is a record with `hasValue()` and
`value()`, which the compiler knows no type for.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from kubernaut_cel.formats import has_format
from kubernaut_cel.functions import RECORD, Overload, Type, own_type
from kubernaut_cel.names import label_value_errors, name_errors, qualified_name_errors

FORMAT = own_type("kubernetes.NamedFormat")
Record = dict[str, Any]


def _prefix(text: str, *, subdomain: bool) -> list[str]:
    """Return the errors in the prefix of a generated name, which may end in a dash."""
    return name_errors(f"{text[:-1]}a" if text.endswith("-") else text, subdomain=subdomain)


def _uri(text: str) -> list[str]:
    parts = urlsplit(text)
    absolute = bool(parts.scheme) or text.startswith("/")
    return [] if text and absolute else [f'parse "{text}": invalid URI for request']


def _byte(text: str) -> list[str]:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ["invalid base64"]
    return []


_FORMATS: dict[str, Callable[[str], list[str]]] = {
    "dns1123Label": lambda text: name_errors(text, subdomain=False),
    "dns1123Subdomain": lambda text: name_errors(text, subdomain=True),
    "dns1123LabelPrefix": lambda text: _prefix(text, subdomain=False),
    "dns1123SubdomainPrefix": lambda text: _prefix(text, subdomain=True),
    "qualifiedName": qualified_name_errors,
    "labelValue": label_value_errors,
    "uri": _uri,
    "uuid": lambda text: [] if has_format("uuid", text) else ["does not match the UUID format"],
    "byte": _byte,
    "date": lambda text: [] if has_format("date", text) else ["invalid date"],
    "datetime": lambda text: [] if has_format("date-time", text) else ["invalid datetime"],
}


def _optional(value: Any) -> Record:
    return {"has": bool(value), "value": value}


def _value(optional: Record) -> Any:
    if not optional["has"]:
        raise ValueError("optional.none() dereference")
    return optional["value"]


def _constant(name: str) -> Callable[[], Record]:
    return lambda: {"format": name}


OVERLOADS = (
    *(Overload(f"format.{name}", (), FORMAT, _constant(name), member=False) for name in _FORMATS),
    Overload(
        "format.named",
        (Type.STRING,),
        Type.DYN,
        lambda name: _optional({"format": name} if name in _FORMATS else None),
        member=False,
    ),
    Overload("validate", (FORMAT, Type.STRING), Type.DYN, lambda form, text: _optional(_FORMATS[form["format"]](text))),
)
RUN_TIME_OVERLOADS = (
    Overload("hasValue", (RECORD,), Type.BOOL, lambda optional: optional["has"]),
    Overload("value", (RECORD,), Type.DYN, _value),
    Overload("orValue", (*(RECORD,), Type.DYN), Type.DYN, lambda optional, other: optional["value"] or other),
)
"""The functions of the records that stand for an optional; the compiler has them."""
