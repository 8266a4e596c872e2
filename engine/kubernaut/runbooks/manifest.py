"""Reads a Runbook from JSON or YAML, from a cluster or a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kubernaut.api.execution import API_VERSION
from kubernaut.api.runbook import RUNBOOK_KIND, RunbookSpec
from kubernaut.errors import InputError
from kubernaut.validation_errors import format_validation_error


def read_runbook(obj: Any) -> tuple[str, RunbookSpec]:
    """Return name and spec. Raises InputError naming the field that is not valid, and what it must be."""
    if not isinstance(obj, Mapping):
        raise InputError(f"it is {type(obj).__name__}, not a manifest: write apiVersion, kind, metadata and spec")
    if (obj.get("apiVersion"), obj.get("kind")) != (API_VERSION, RUNBOOK_KIND):
        found = f"{obj.get('kind')} of {obj.get('apiVersion')}"
        raise InputError(f"it is {found[:100]}: apiVersion must be {API_VERSION} and kind {RUNBOOK_KIND}")
    metadata = obj.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not isinstance(name, str) or not name:
        raise InputError("metadata.name: is required")
    try:
        return name, RunbookSpec.model_validate(obj.get("spec") or {})
    except ValidationError as error:
        raise InputError(f"runbook {name[:63]}: {format_validation_error(error, 'spec')}") from error
