"""Kubeconfig files, found and merged as kubectl does, and what one context of them selects.

The first file that has an entry of some name wins, and so does the first that sets `current-context`. A path in an entry is relative to
the file that the entry stands in. Only what the context selects is read in full, so a broken entry that is not used does no harm.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kubernaut.documents import DocumentError, load_yaml, read_document
from kubernaut.errors import InputError
from kubernaut.kube.config.kubeconfig_section import Section, source_of

_REMEDY = "set KUBECONFIG or --kubeconfig, or start a cluster with `kubernaut sandbox`"
_FIELDS = ("clusters", "contexts", "users", "current-context")


@dataclass(frozen=True, slots=True)
class Context:
    """What a context selects: a cluster, a user (None: no credentials), and a namespace ("": none)."""

    name: str
    cluster: Section
    user: Section | None
    user_name: str
    namespace: str


class Kubeconfig:
    """Documents in the order of their precedence."""

    def __init__(self, documents: Iterable[Section], files: Sequence[Path] = ()) -> None:
        self._documents = list(documents)
        self._files = files

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return a kubeconfig that is in memory."""
        return cls([Section(document, "")])

    @classmethod
    def explicit(cls, file: Path) -> Self:
        """Read one file. Raises InputError if it does not exist."""
        document = _read(file)
        if document is None:
            raise InputError(f"{source_of(file)}: there is no such file; {_REMEDY}")
        return cls([document], [file])

    @classmethod
    def default(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the files of $KUBECONFIG, else ~/.kube/config, as far as they exist."""
        named = [Path(name) for name in environment.get("KUBECONFIG", "").split(os.pathsep) if name]
        files = list(dict.fromkeys(named)) or [Path(os.path.expanduser("~")) / ".kube" / "config"]  # noqa: PTH111 - Path.home raises
        return cls(filter(None, map(_read, files)), files)

    @property
    def is_empty(self) -> bool:
        """Whether it has no content at all, as where no file exists."""
        return not any(document.fields.get(field) for document in self._documents for field in _FIELDS)

    def missing(self) -> InputError:
        """Return the error for a kubeconfig that is empty."""
        files = " and ".join(map(str, self._files)) or "it"
        return InputError(f"there is no usable kubeconfig: {files} does not exist or is empty; {_REMEDY}")

    def context(self, name: str = "") -> Context:
        """Return what this context selects, by default the current one. Raises InputError naming file and field."""
        chosen = name or next(filter(None, (document.text("current-context") for document in self._documents)), "")
        if not chosen:
            raise InputError(f"{self._where}: current-context is not set; name a context with --context{self._choice}")
        entry = self._entry("contexts", "context", chosen)
        if entry is None:
            field = "--context" if name else "current-context"
            raise InputError(f"{self._where}: {field}: there is no context {chosen!r}{self._choice}")
        user_name = entry.text("user")
        return Context(
            chosen,
            self._named(entry, "cluster", required=True) or entry,
            self._named(entry, "user", required=bool(user_name)),
            user_name,
            entry.text("namespace"),
        )

    def user(self, name: str) -> Section | None:
        """Return the user entry of this name, or None."""
        return self._entry("users", "user", name)

    def servers_of(self, user_name: str) -> set[str]:
        """Return the servers that contexts select together with this user, as far as their clusters are here."""
        contexts = [entry.section("context") for document in self._documents for entry in document.sections("contexts")]
        names = {context.text("cluster") for context in contexts if context and context.text("user") == user_name}
        clusters = [self._entry("clusters", "cluster", name) for name in names]
        return {cluster.text("server").rstrip("/") for cluster in clusters if cluster}

    def _named(self, context: Section, kind: str, *, required: bool) -> Section | None:
        """Return the cluster or user that a context names."""
        name = context.text(kind)
        found = self._entry(f"{kind}s", kind, name) if name else None
        if found is None and required:
            raise context.error(kind, f"there is no {kind} {name!r} in {kind}s; add it, or name another context")
        return found

    def _entry(self, field: str, kind: str, name: str) -> Section | None:
        """Return the content of the first entry of this name."""
        for document in self._documents:
            found = [entry for entry in document.sections(field) if entry.text("name") == name]
            if len(found) > 1:
                raise document.error(field, f"{name!r} is there {len(found)} times; remove all but one")
            if found:
                content = found[0].section(kind)
                return Section(content.fields if content else {}, f"{field}[{name}].{kind}", document.file)
        return None

    @property
    def _where(self) -> str:
        return source_of(next((document.file for document in self._documents), None))

    @property
    def _choice(self) -> str:
        names = {entry.text("name") for document in self._documents for entry in document.sections("contexts")}
        return f"; its contexts are: {', '.join(sorted(names))}" if names else "; it has no contexts"


def _read(file: Path) -> Section | None:
    """Return the file's content, or None if it does not exist."""
    try:
        document = load_yaml(read_document(file))
    except DocumentError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        if isinstance(error.__cause__, OSError):
            raise InputError(f"{source_of(file)}: it cannot be read: {error}") from error
        raise InputError(f"{source_of(file)}: it is not valid YAML: {error}; {_REMEDY}") from None
    section = Section(document if document is not None else {}, "", file)
    if not isinstance(section.fields, Mapping):
        raise InputError(f"{source_of(file)}: it is not a kubeconfig, which is a mapping with clusters and contexts")
    if section.text("kind") not in {"", "Config"}:
        raise section.error("kind", "must be Config; this file is not a kubeconfig")
    return section
