"""Compares names as the file systems do that a repository is checked out to, which is less exactly than git does.

git's `core.protectHFS` and `core.protectNTFS` guard `.git` against the same spellings (git-config(1), and `is_ntfs_dot_generic` in git's
`path.c`): another case, characters that HFS+ ignores, dots and spaces at the end, `:stream` and short names such as `GITMOD~1` on NTFS.
"""

from __future__ import annotations

import re
import unicodedata

_IGNORED = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
"""What Unicode lists as `Default_Ignorable_Code_Point` beside format characters: case-folding ext4 and F2FS ignore it."""
_SHORT_NAME = re.compile(r"([^.~]{1,6})~[0-9]{1,6}(?:\.[^.]{1,3})?")
_HASHED = re.compile(r"..[0-9a-f]{4}")


def fold(segment: str) -> str:
    """Return a segment of a path, so that two are equal if some file system takes them for the same."""
    plain = unicodedata.normalize("NFKC", segment)
    plain = "".join(char for char in _IGNORED.sub("", plain) if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", plain.casefold()).partition(":")[0].rstrip(". ")


def fold_path(path: str) -> str:
    """Return a path with each segment folded."""
    return "/".join(map(fold, path.split("/")))


def is_short_name(folded: str, name: str) -> bool:
    """Whether a folded segment can be the short name that NTFS gives to a file of this name: six characters, or two and a hash."""
    found = _SHORT_NAME.fullmatch(folded)
    if not found:
        return False
    stem = re.sub(r"[. ]", "", name.lstrip(". ").rpartition(".")[0] or name)
    short = found[1]
    return short == stem[:6] or (stem[:2] == short[:2] and bool(_HASHED.fullmatch(short)))
