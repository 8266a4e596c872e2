"""The parameters of an execution, validated before a pod exists."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, Field, JsonValue, field_validator, model_validator

from kubernaut import Parameters
from kubernaut_gitops_pr import paths
from kubernaut_gitops_pr.folding import fold

_INVALID_BRANCH_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[/.-]|/\.|/$|\.$|\.lock(/|$)|^@$")
_SEGMENT = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*", re.ASCII)


def _one_line(text: str) -> str:
    if not text.strip() or any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text):
        raise ValueError("must be one line of text, without control characters")
    return text


def _text(text: str) -> str:
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t\r" for char in text):
        raise ValueError("contains control characters")
    return text


def is_branch_name(text: str) -> bool:
    """Whether git accepts the text as the name of a branch."""
    return not _INVALID_BRANCH_NAME.search(text)


def branch_name(text: str) -> str:
    """Return the text if it is a branch name that git accepts. Raises ValueError."""
    if not is_branch_name(text):
        raise ValueError("is not a branch name that git accepts")
    if text.startswith("kubernaut/"):
        raise ValueError("starts with kubernaut/, which is reserved for the branches that this action creates")
    return text


def repository_name(text: str) -> str:
    """Return the text if it is `owner/name` or `group/sub/name`. Raises ValueError."""
    segments = text.split("/")
    if len(segments) < 2 or len(segments) > 20 or not all(map(_is_segment, segments)):
        raise ValueError("must be owner/name (on GitLab also group/subgroup/name), not a URL, host or path")
    if segments[-1].lower().endswith(".git"):
        raise ValueError("must be written without .git")
    return text


def file_path(text: str) -> str:
    """Return the text if it is a path below the root of the repository. Raises ValueError."""
    if "\\" in text or not text.isprintable():
        raise ValueError("contains a backslash or a character that cannot be printed")
    segments = text.split("/")
    if any(segment in {"", ".", ".."} for segment in segments):
        raise ValueError("must be a path below the repository's root: no leading, double or trailing slash, no . or ..")
    if any(_is_git_directory(segment) for segment in segments):
        raise ValueError("leads into git's own directory")
    return text


def _is_segment(segment: str) -> bool:
    return bool(_SEGMENT.fullmatch(segment)) and segment.strip(".") != ""


def _is_git_directory(segment: str) -> bool:
    """Whether some file system reads the segment as `.git`."""
    return fold(segment) in {".git", "git~1"}


def _is_path(text: str) -> str:
    paths.parse(text)
    return text


Line = Annotated[str, Field(min_length=1, max_length=250), AfterValidator(_one_line)]
ValuePath = Annotated[str, AfterValidator(_is_path)]
FilePath = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(file_path)]
Branch = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(branch_name)]
Repository = Annotated[str, Field(min_length=3, max_length=255), AfterValidator(repository_name)]
Label = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[^,\x00-\x1f\x7f]+$")]
Reviewer = Annotated[
    str, Field(max_length=200, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)?$")
]

KINDS = ("set", "remove", "append", "content")


class Change(Parameters):
    """The change of one file: exactly one of set, remove, append and content."""

    path: FilePath
    document: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """The document of a YAML file with several, counted from 0."""
    expect: dict[ValuePath, JsonValue] | None = Field(default=None, max_length=100)
    """Values by path that the file must have before the edit, which is rejected otherwise; null expects none."""
    set: dict[ValuePath, JsonValue] | None = Field(default=None, max_length=100)
    """Values by path; missing mappings on the way are created."""
    remove: tuple[ValuePath, ...] | None = Field(default=None, max_length=100)
    """Paths to remove, all as they are in the original file; a path that does not exist is not an error."""
    append: dict[ValuePath, JsonValue] | None = Field(default=None, max_length=100)
    """Values to append, by the path of a list, unless the list contains them already."""
    content: str | None = None
    """The whole file, new or replaced."""

    @model_validator(mode="after")
    def _one_kind(self) -> Change:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                f"{self.path}: set exactly one of {', '.join(KINDS)} (found: {', '.join(given) or 'none'})"
            )
        if given[0] != "content" and not getattr(self, given[0]):
            raise ValueError(f"{self.path}: {given[0]} names no path")
        suffix = self.path.rpartition(".")[2]
        if given[0] != "content" and suffix not in {"yaml", "yml", "json"}:
            raise ValueError(f"{self.path}: {given[0]} works on .yaml, .yml and .json; for other files, use content")
        if self.document is not None and (given[0] == "content" or suffix == "json"):
            raise ValueError(f"{self.path}: document can be used only with set, remove and append in YAML")
        if self.expect is not None and given[0] == "content":
            raise ValueError(f"{self.path}: expect can be used only with set, remove and append")
        return self

    @field_validator("set", "append", "expect")
    @classmethod
    def _finite(cls, value: Any) -> Any:
        if "nan" in (text := repr(value)) or "inf" in text:
            _expect_finite(value)
        return value


class GitOpsPr(Parameters):
    """The repository, the changes, and the pull request that proposes them."""

    repository: Repository
    """Its name, `owner/name`; the admin's settings say where it is."""
    base: Branch | None = None
    """The branch to change; by default the one in the settings."""
    changes: tuple[Change, ...] = Field(min_length=1, max_length=100)
    """Applied one after the other; a path can be named more than once."""
    title: Line
    """The title of the pull request and its commit."""
    body: Annotated[str, Field(max_length=20_000), AfterValidator(_text)] = ""
    """The reason. The name of the execution and its requester are added."""
    labels: tuple[Label, ...] = Field(default=(), max_length=20)
    reviewers: tuple[Reviewer, ...] = Field(default=(), max_length=20)
    """User names; on GitHub also teams, as `org/team`."""
    draft: bool = False


def _expect_finite(value: Any) -> None:
    if isinstance(value, float) and (value != value or value in {float("inf"), float("-inf")}):  # noqa: PLR0124 - NaN
        raise ValueError("numbers must be finite")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _expect_finite(inner)
