"""From `-p key=value` and `-f FILE` to an action's parameters, with the types that its model wants."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from kubernaut.errors import InputError
from kubernaut.validation_errors import format_validation_error


def read_parameters(pairs: Sequence[str], file: Path | None, model: type[BaseModel] | None) -> dict[str, Any]:
    """The parameters that a person gave; where the model is known, what does not fit it is refused here and now.

    Raises InputError naming the option or the field.
    """
    from_file = _from_file(file) if file else {}
    if model is None:
        return _merged(from_file, _untyped(pairs))
    given = _merged(from_file, _as_text(pairs, model))
    try:
        return model.model_validate(given).model_dump(mode="json", include=set(given))
    except ValidationError as error:
        raise InputError(format_validation_error(error, "parameters", "parameter of this action")) from error


def _from_file(file: Path) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
        content = yaml.safe_load(text) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"-f {file}: cannot be read as YAML or JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"-f {file}: holds {type(content).__name__}; write the parameters as a mapping")
    return content


def _split(pairs: Sequence[str]) -> list[tuple[str, str, str]]:
    """`set.LOG_LEVEL=debug` as ("set", "LOG_LEVEL", "debug"): only the first dot divides, as ConfigMap keys have dots too."""
    split = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InputError(f"-p {pair}: write it as key=value, or key.subkey=value for a mapping")
        field, _, key = name.partition(".")
        split.append((field, key, value))
    return split


def _untyped(pairs: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for field, key, value in _split(pairs):
        parsed = _parsed(field, value)
        if key:
            given.setdefault(field, {})[key] = parsed
        else:
            given[field] = parsed
    return given


def _as_text(pairs: Sequence[str], model: type[BaseModel]) -> dict[str, Any]:
    """Every value is text; the model says what it becomes, so `set.REPLICAS=5` stays text and `replicas=5` does not."""
    given: dict[str, Any] = {}
    for field, key, value in _split(pairs):
        if key:
            given.setdefault(field, {})[key] = value
        elif field in model.model_fields and _is_list(model, field):
            read = _read(value)
            given.setdefault(field, []).extend(read if isinstance(read, list) else [read])
        else:
            given[field] = _read(value)
    return given


def _parsed(field: str, value: str) -> Any:
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise InputError(f"-p {field}: {value[:60]!r} cannot be read as YAML: {error}") from error


def _read(value: str) -> Any:
    """A value that is written as a JSON or YAML mapping or list is one; any other is text."""
    if value[:1] not in {"{", "["}:
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _is_list(model: type[BaseModel], field: str) -> bool:
    return get_origin(model.model_fields[field].annotation) in {list, tuple, set, frozenset}


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """The command line wins over the file, key by key in mappings."""
    return base | {
        k: {**base[k], **v} if isinstance(v, dict) and isinstance(base.get(k), dict) else v for k, v in over.items()
    }


def as_pairs(parameters: dict[str, Any]) -> list[str]:
    """Parameters as a person would type them."""
    pairs: list[tuple[str, object]] = []
    for key, value in parameters.items():
        if isinstance(value, dict):
            pairs += [(f"{key}.{sub}", inner) for sub, inner in value.items()]
        elif isinstance(value, list):
            pairs += [(key, inner) for inner in value]
        else:
            pairs.append((key, value))
    return [shlex.quote(f"{key}={_typed(value)}") for key, value in pairs]


def _typed(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, bool | dict | list) else str(value)
