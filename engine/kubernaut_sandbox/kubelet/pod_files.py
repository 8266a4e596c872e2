"""The files of one pod: directories, files and links below one directory, which no operation here leaves.

Containers write below that directory while the kubelet works in it, and what they leave there may be a link to anywhere. Each path is
therefore walked one directory at a time, relative to the directory above it, and a link is followed only to a place inside. No existing
file is opened to be overwritten: what is written is a new file, so a hard link to a file of the host is replaced, not written through.
"""

from __future__ import annotations

import errno
import os
import posixpath
import shutil
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_EXISTING_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TEMPORARY = "..new"
"""No key of a ConfigMap, and no path of an item, starts with two dots."""
_MAX_LINKS = 40
"""Of one walk, as Linux has it; a directory that has to be created counts as well."""


def below(root: str, path: str) -> str:
    """Return a path as seen in a container, below the container's root: `..` stops there, as in a container of its own."""
    return posixpath.normpath(f"{root}{posixpath.normpath('/' + path.lstrip('/'))}")


class PodFiles:
    """The files below a pod's directory. Paths are relative to it; every method raises OSError for one that leads out of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def make_directory(self, path: str) -> None:
        """Create a directory, and those above it, as far as they do not exist."""
        with _Walk(self.directory, create=True) as walk:
            walk.go(path)

    def remove(self, path: str) -> None:
        """Remove a file, a link, or a directory with all that is in it; nothing happens if it does not exist."""
        with suppress(FileNotFoundError), self._parent(path, create=False) as (parent, name):
            _remove(name, parent)

    def link(self, path: str, target: str) -> None:
        """Put a link to another path of the pod in place of whatever is there."""
        with self._parent(path, create=True) as (parent, name):
            _remove(name, parent)
            os.symlink(self.directory / target, name, dir_fd=parent)

    def create(self, path: str, content: bytes = b"") -> None:
        """Write a new file in place of whatever is there; raise OSError for a directory."""
        with self._parent(path, create=True) as (parent, name):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=parent)
            _write_new(name, parent, content, 0o644)

    def replace(self, path: str, content: bytes) -> None:
        """Write a file that only the user can read, in one step: a reader finds the old content or the new one."""
        with self._parent(path, create=True) as (parent, name):
            with suppress(FileNotFoundError):
                os.unlink(_TEMPORARY, dir_fd=parent)
            _write_new(_TEMPORARY, parent, content, 0o600)
            os.replace(_TEMPORARY, name, src_dir_fd=parent, dst_dir_fd=parent)

    def open(self, path: str, flags: int = os.O_RDONLY) -> int:
        """Return a descriptor of an existing plain file with one name; never waits, and refuses links, pipes and devices."""
        with self._parent(path, create=False) as (parent, name):
            descriptor = os.open(name, flags | _EXISTING_FILE, dir_fd=parent)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            os.close(descriptor)
            raise OSError(errno.EINVAL, "not a plain file of the pod", path)
        return descriptor

    def resolve(self, base: str, path: str) -> str:
        """Return where a path below `base` is once its links are followed; a directory is created if nothing is there.

        Raises OSError if it leads out of `base`, as kubelets do for the subPath of a mount.
        """
        with _Walk(self.directory, create=True) as walk:
            walk.go(base)
            inside = walk.place
            walk.go(path, to_file=True)
            if not f"{walk.place}/".startswith(f"{inside}/"):
                raise _outside(f"{base}/{path}")
            return walk.place

    @contextmanager
    def _parent(self, path: str, *, create: bool) -> Iterator[tuple[int, str]]:
        """Yield a descriptor of the directory that the path is in, and the name there."""
        above, _, name = path.rpartition("/")
        if name in ("", ".", "..") or "\0" in path:
            raise OSError(errno.EINVAL, "not the path of a file", path)
        with _Walk(self.directory, create=create) as walk:
            walk.go(above)
            yield walk.directory, name


class _Walk:
    """A walk from the pod's directory downwards, as a context manager."""

    def __init__(self, base: Path, *, create: bool) -> None:
        self._base, self._create, self._links = base, create, 0
        self._descriptors, self._names = [os.open(base, _DIRECTORY)], [""]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)

    @property
    def directory(self) -> int:
        """The descriptor of the directory in which the walk has arrived."""
        return self._descriptors[-1]

    @property
    def place(self) -> str:
        """The path at which the walk has arrived, without links."""
        return "/".join(self._names[1:])

    def go(self, path: str, *, to_file: bool = False) -> None:
        """Go on along a path; with `to_file`, its end may be a file."""
        waiting = deque(path.split("/"))
        while waiting:
            name = waiting.popleft()
            if name == "..":
                self._leave(path)
            elif name not in ("", "."):
                ending = to_file and not any(waiting)
                waiting.extendleft(reversed(self._enter(name, ending=ending)))

    def _leave(self, path: str) -> None:
        if len(self._descriptors) == 1:
            raise _outside(path)
        self._names.pop()
        os.close(self._descriptors.pop())

    def _enter(self, name: str, *, ending: bool) -> list[str]:
        """Enter a directory; return the path that is to be walked first, if it is a link or was just created."""
        if "\0" in name:
            raise OSError(errno.EINVAL, "not the path of a file", name)
        try:
            self._descriptors.append(os.open(name, _DIRECTORY, dir_fd=self.directory))
            self._names.append(name)
        except FileNotFoundError:
            if not self._create:
                raise
            self._count(name)
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=self.directory)
            return [name]
        except NotADirectoryError:
            return self._follow(name, ending=ending)
        return []

    def _follow(self, name: str, *, ending: bool) -> list[str]:
        self._count(name)
        kind = os.stat(name, dir_fd=self.directory, follow_symlinks=False).st_mode
        if ending and stat.S_ISREG(kind):
            self._descriptors.append(os.dup(self.directory))
            self._names.append(name)
            return []
        if not stat.S_ISLNK(kind):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name)
        target = os.readlink(name, dir_fd=self.directory)
        if target.startswith("/"):
            inside = os.path.relpath(target, self._base)
            if f"{inside}/".startswith("../"):
                raise _outside(target)
            while len(self._descriptors) > 1:
                self._leave(target)
            target = inside
        return target.split("/")

    def _count(self, name: str) -> None:
        self._links += 1
        if self._links > _MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)


def _outside(path: str) -> OSError:
    return PermissionError(errno.EPERM, "leads out of the files of the pod", path)


def _remove(name: str, parent: int) -> None:
    try:
        kind = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(kind):
        shutil.rmtree(name, dir_fd=parent)
    else:
        os.unlink(name, dir_fd=parent)


def _write_new(name: str, parent: int, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(name, _NEW_FILE, mode, dir_fd=parent), "wb") as file:
        file.write(content)
