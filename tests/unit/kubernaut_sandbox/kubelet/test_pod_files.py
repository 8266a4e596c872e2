"""Files below the directory of a pod: no link that a container made, and no path, leads a write or a deletion out of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kubernaut_sandbox.kubelet.pod_files import PodFiles, below


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A directory of the host beside the pod's, with one file."""
    host = tmp_path / "host"
    (host / "inner").mkdir(parents=True)
    (host / "file").write_text("mine")
    return host


@pytest.fixture
def files(tmp_path: Path) -> PodFiles:
    """The files of a pod."""
    (tmp_path / "pod").mkdir()
    return PodFiles(tmp_path / "pod")


def content(host: Path) -> dict[str, str]:
    """Everything in the host's directory."""
    return {str(path.relative_to(host)): path.read_text() if path.is_file() else "" for path in host.rglob("*")}


OPERATIONS = {
    "make a directory": lambda files, path: files.make_directory(f"{path}/new"),
    "write": lambda files, path: files.replace(f"{path}/file", b"theirs"),
    "create": lambda files, path: files.create(f"{path}/file", b"theirs"),
    "link": lambda files, path: files.link(f"{path}/inner", "volumes"),
    "remove": lambda files, path: files.remove(f"{path}/inner"),
    "open": lambda files, path: os.close(files.open(f"{path}/file")),
    "resolve": lambda files, path: files.resolve(path, "inner"),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
@pytest.mark.parametrize(
    "target", ["{host}", "../host", "again", "volumes/../../host"], ids=["absolute", "relative", "twice", "up and down"]
)
def test_no_operation_follows_a_link_out_of_the_pod(
    files: PodFiles, host: Path, operation: Callable[[PodFiles, str], None], target: str
) -> None:
    before = content(host)
    files.make_directory("volumes")
    (files.directory / "again").symlink_to(host)
    (files.directory / "link").symlink_to(target.format(host=host))
    with pytest.raises(OSError, match="leads out of the files of the pod"):
        operation(files, "link")
    assert content(host) == before


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_no_path_leads_up_and_out_of_the_pod(
    files: PodFiles, host: Path, operation: Callable[[PodFiles, str], None]
) -> None:
    before = content(host)
    files.make_directory("volumes")
    with pytest.raises(OSError, match="leads out of the files of the pod"):
        operation(files, "volumes/../../host")
    assert content(host) == before


def test_a_link_to_another_place_of_the_pod_is_followed(files: PodFiles) -> None:
    files.make_directory("volumes/data")
    files.link("roots/main/data", "volumes/data")
    files.create("roots/main/data/sub/file", b"x")
    assert (files.directory / "volumes" / "data" / "sub" / "file").read_bytes() == b"x"


@pytest.mark.parametrize("write", [PodFiles.create, PodFiles.replace])
@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["a link", "a hard link"])
def test_a_file_that_stands_for_one_of_the_host_is_replaced_and_not_written_through(
    files: PodFiles, host: Path, link: Callable[[Path, Path], None], write: Callable[[PodFiles, str, bytes], None]
) -> None:
    link(host / "file", files.directory / "log")
    write(files, "log", b"theirs")
    assert (host / "file").read_text() == "mine"
    assert (files.directory / "log").read_bytes() == b"theirs"


@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["a link", "a hard link"])
def test_a_file_that_stands_for_one_of_the_host_is_not_opened(
    files: PodFiles, host: Path, link: Callable[[Path, Path], None]
) -> None:
    link(host / "file", files.directory / "log")
    with pytest.raises(OSError, match=r"plain file|Too many levels"):
        files.open("log")


def test_a_pipe_in_place_of_a_file_is_refused_without_waiting_for_its_other_end(files: PodFiles) -> None:
    os.mkfifo(files.directory / "log")
    with pytest.raises(OSError, match="plain file"):
        files.open("log")


def test_removing_a_directory_removes_the_links_in_it_and_nothing_behind_them(files: PodFiles, host: Path) -> None:
    before = content(host)
    files.make_directory("roots/main")
    (files.directory / "roots" / "main" / "out").symlink_to(host)
    files.remove("roots/main")
    assert not (files.directory / "roots" / "main").exists()
    assert content(host) == before


def test_links_in_a_circle_are_an_error(files: PodFiles) -> None:
    (files.directory / "a").symlink_to("b")
    (files.directory / "b").symlink_to("a")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        files.make_directory("a/x")


@pytest.mark.parametrize("path", ["a/..", "a/", "", "a\0b", "a\0/b"])
def test_a_path_without_the_name_of_a_file_is_refused(files: PodFiles, path: str) -> None:
    with pytest.raises(OSError, match="not the path of a file"):
        files.create(path)


def test_no_descriptor_stays_open(files: PodFiles, host: Path) -> None:
    (files.directory / "out").symlink_to(host)
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - their number matters
    for operation in OPERATIONS.values():
        with pytest.raises(OSError, match="leads out"):
            operation(files, "out")
        files.make_directory("a/b/c")
        files.create("a/b/c/d")
        os.close(files.open("a/b/c/d"))
    assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/data", "roots/main/data"),
        ("data", "roots/main/data"),
        ("//data//x/", "roots/main/data/x"),
        ("/data/../../../etc", "roots/main/etc"),
        ("..", "roots/main"),
        ("/", "roots/main"),
    ],
)
def test_a_path_in_a_container_stops_at_its_root(path: str, place: str) -> None:
    assert below("roots/main", path) == place
