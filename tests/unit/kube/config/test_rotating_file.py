"""A file that is replaced while it is in use."""

import os

import pytest

from kubernaut.errors import InputError
from kubernaut.kube.config.rotating_file import RotatingFile, content_of


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "token"
    path.write_text("one")
    return path


def test_a_file_is_read_again_when_it_changes(path):
    file = RotatingFile(path)
    assert file.read() == b"one"
    path.write_text("three")
    assert file.read() == b"three"


def test_a_file_that_is_swapped_behind_a_link_is_read_again(path, tmp_path):
    (tmp_path / "new").write_text("two")
    for each in (path, tmp_path / "new"):
        os.utime(each, (1, 1))
    link = tmp_path / "link"
    link.symlink_to(path)
    file = RotatingFile(link)
    file.read()
    (tmp_path / "next").symlink_to(tmp_path / "new")
    (tmp_path / "next").replace(link)
    assert file.read() == b"two"


def test_a_file_that_did_not_change_is_not_read_again_until_it_is_reloaded(path):
    file = RotatingFile(path)
    file.read()
    status = path.stat()
    path.write_text("two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.read() == b"one"
    file.reload()
    assert file.read() == b"two"


def test_the_last_content_stays_while_the_file_is_empty_or_missing(path):
    file = RotatingFile(path)
    file.read()
    path.write_text("")
    assert file.read() == b"one"
    path.unlink()
    assert file.read() == b"one"
    path.write_text("two")
    assert file.read() == b"two"


def test_a_file_that_was_never_readable_is_named_with_the_field(tmp_path):
    with pytest.raises(InputError, match=r"^users\[u\]: .*none cannot be read: No such file"):
        RotatingFile(tmp_path / "none", "users[u]").read()
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match="empty is empty"):
        RotatingFile(tmp_path / "empty").read()


def test_content_is_that_of_a_file_or_what_is_known(path):
    assert (content_of(RotatingFile(path)), content_of(b"known")) == (b"one", b"known")
