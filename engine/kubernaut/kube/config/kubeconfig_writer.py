"""Writes new tokens of an auth-provider back into the kubeconfig, as kubectl does: a provider may accept each refresh token once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kubernaut.documents import DocumentError, load_yaml, read_document
from kubernaut.kube.config.private_file import write_private

log = logging.getLogger(__name__)


def save_tokens(file: Path | None, user: str, tokens: Mapping[str, str]) -> None:
    """Put the tokens into the user's auth-provider; a file that cannot be written is logged, as the tokens are valid all the same."""
    if file is None:
        return
    try:
        _replace(file.resolve(), user, tokens)
    except (OSError, DocumentError, yaml.YAMLError, LookupError, StopIteration, TypeError) as error:
        log.warning("kubeconfig %s: the new tokens of user %r could not be written: %s", file, user, error)


def _replace(file: Path, user: str, tokens: Mapping[str, str]) -> None:
    document = load_yaml(read_document(file))
    entry: dict[str, Any] = next(one for one in document["users"] if one["name"] == user)["user"]["auth-provider"]
    entry["config"] = {**(entry.get("config") or {}), **tokens}
    mode = file.stat().st_mode & 0o777
    write_private(file, yaml.safe_dump(document, sort_keys=False, allow_unicode=True), mode)
