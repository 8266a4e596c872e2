"""Tables, which `kubectl get` requests: the server chooses the columns and computes the cells."""

from __future__ import annotations

from typing import Any

from kubernaut_sandbox.api.printer_columns import AGE, BUILT_IN_COLUMNS, NAME, Column
from kubernaut_sandbox.model.durations import age
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, dig, meta

_META = "meta.k8s.io/v1"


def wants_table(accept: str) -> bool:
    """Whether the Accept header prefers a Table."""
    first = accept.split(",", maxsplit=1)[0].replace(" ", "")
    return "as=Table" in first and "g=meta.k8s.io" in first and "v=v1;" in f"{first};"


def table(kind: Kind, objects: list[Object], include: str, *, revision: str, with_columns: bool = True) -> Object:
    """Return the Table of the objects.

    Args:
        kind: the kind of the objects.
        objects: one for each row.
        include: how much of the object each row contains: `None`, `Metadata` or `Object`.
        revision: the resourceVersion of the Table.
        with_columns: False for the later events of a watch, which do not repeat the columns.
    """
    columns = _columns(kind)
    return {
        "kind": "Table",
        "apiVersion": _META,
        "metadata": {"resourceVersion": revision},
        "columnDefinitions": [column.definition() for column in columns] if with_columns else None,
        "rows": [
            {"cells": [column.cell(obj) for column in columns], "object": _row_object(obj, include)} for obj in objects
        ],
    }


def _columns(kind: Kind) -> list[Column]:
    if kind.custom is None:
        return BUILT_IN_COLUMNS.get(kind.resource) or [
            NAME,
            Column("Created At", lambda obj: meta(obj).get("creationTimestamp"), "date"),
        ]
    declared = kind.custom.get("additionalPrinterColumns")
    return [NAME, *(_custom_column(column) for column in declared)] if declared else [NAME, AGE]


def _custom_column(column: Object) -> Column:
    def read(obj: Object) -> Any:
        value = dig(obj, column["jsonPath"])
        if column["type"] == "date":
            return age(value)
        if isinstance(value, list):
            value = value[0] if value else None
        if column["type"] == "string" and value is not None and not isinstance(value, str):
            return str(value)
        return value

    return Column(
        column["name"],
        read,
        column["type"],
        column.get("format", ""),
        column.get("priority", 0),
        column.get("description", ""),
    )


def _row_object(obj: Object, include: str) -> Object | None:
    if include == "None":
        return None
    if include == "Object":
        return obj
    return {"kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": meta(obj)}
