"""Turns `-p key=value` and `-f FILE` into an action's parameters, with the types of its model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel

from kubernaut.caller.action_parameters import checked_parameters
from kubernaut.documents import DocumentError, LimitError, load_yaml, read_document, read_standard_input
from kubernaut.errors import InputError
from kubernaut.plugins.registry import Registry


def read_parameters(pairs: Sequence[str], file: Path | None, model: type[BaseModel] | None) -> dict[str, Any]:
    """Return the parameters, checked if the action's model is known.

    Raises InputError naming the option or the field.
    """
    from_file = read_parameter_file(file) if file else {}
    if model is None:
        return _merge(from_file, _parse_untyped(pairs))
    return checked_parameters(model, _merge(from_file, _parse_typed(pairs, model)))


def read_action_parameters(action: str, pairs: Sequence[str], file: Path | None) -> dict[str, Any]:
    """Return the parameters of an action, which is looked for among those installed here. Raises as `read_parameters`."""
    known = Registry.discover().actions.get(action)
    return read_parameters(pairs, file, known.spec.parameters if known else None)


def read_parameter_file(file: Path) -> dict[str, Any]:
    """Return the parameters in a file, or on standard input for `-`. Raises InputError naming the option."""
    try:
        content = load_yaml(read_standard_input() if str(file) == "-" else read_document(file)) or {}
    except DocumentError as error:
        raise InputError(f"-f {file}: cannot be read as YAML or JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"-f {file}: contains {type(content).__name__}; write the parameters as a mapping")
    return content


def _split(pairs: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return `set.LOG_LEVEL=debug` as ("set", "LOG_LEVEL", "debug"). Only the first dot divides: ConfigMap keys have dots too."""
    split = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InputError(f"-p {pair}: write it as key=value, or key.subkey=value for a mapping")
        field, _, key = name.partition(".")
        split.append((field, key, value))
    return split


def _parse_untyped(pairs: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for field, key, value in _split(pairs):
        parsed = _parse_yaml(field, value)
        if key:
            _mapping(given, field)[key] = parsed
        else:
            given[field] = parsed
    return given


def _parse_typed(pairs: Sequence[str], model: type[BaseModel]) -> dict[str, Any]:
    """Return values as text for the model to convert, so `set.REPLICAS=5` stays text and `replicas=5` becomes a number."""
    given: dict[str, Any] = {}
    for field, key, value in _split(pairs):
        if key:
            _mapping(given, field)[key] = value
        elif field in model.model_fields and _is_list(model, field):
            parsed, before = _parse_collection(field, value), given.setdefault(field, [])
            if not isinstance(before, list):
                raise InputError(f"-p {field}: it is given as a list and as a mapping; give it once")
            before.extend(parsed if isinstance(parsed, list) else [parsed])
        else:
            given[field] = _parse_collection(field, value)
    return given


def _mapping(given: dict[str, Any], field: str) -> dict[str, Any]:
    """Return the mapping that a field has so far. Raises InputError if it is something else."""
    found = given.setdefault(field, {})
    if not isinstance(found, dict):
        raise InputError(f"-p {field}: it is given as a whole and by key; give it once")
    return found


def _parse_yaml(field: str, value: str) -> Any:
    try:
        return load_yaml(value)
    except DocumentError as error:
        raise InputError(f"-p {field}: {value[:60]!r} cannot be read as YAML: {error}") from error


def _parse_collection(field: str, value: str) -> Any:
    """Return a JSON or YAML mapping or list as such, and any other value as text. Raises InputError for one without end."""
    if value[:1] not in {"{", "["}:
        return value
    try:
        return load_yaml(value)
    except LimitError as error:
        raise InputError(f"-p {field}: {value[:60]!r} cannot be read as YAML: {error}") from error
    except DocumentError:
        return value


def _is_list(model: type[BaseModel], field: str) -> bool:
    return get_origin(model.model_fields[field].annotation) in {list, tuple, set, frozenset}


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return both, where `over` (the command line) wins over `base` (the file), key by key in mappings."""
    return base | {
        k: {**base[k], **v} if isinstance(v, dict) and isinstance(base.get(k), dict) else v for k, v in over.items()
    }
