"""Files with credentials, in directories where others can write as well."""

import os
import threading

import pytest

from kubernaut.kube.config.private_file import write_private


def test_a_link_of_the_name_is_replaced_and_not_followed(tmp_path):
    victim, file = tmp_path / "victim", tmp_path / "kubeconfig"
    victim.write_text("mine", "utf-8")
    file.symlink_to(victim)
    write_private(file, "token")
    assert (victim.read_text("utf-8"), file.read_text("utf-8"), file.is_symlink()) == ("mine", "token", False)


def test_a_hard_link_of_the_name_is_replaced_and_not_written_through(tmp_path):
    victim, file = tmp_path / "victim", tmp_path / "kubeconfig"
    victim.write_text("mine", "utf-8")
    file.hardlink_to(victim)
    write_private(file, "token")
    assert (victim.read_text("utf-8"), file.read_text("utf-8")) == ("mine", "token")


def test_a_link_that_somebody_puts_there_again_and_again_is_never_followed(tmp_path):
    victim, file, over = tmp_path / "victim", tmp_path / "kubeconfig", threading.Event()
    victim.write_text("mine", "utf-8")

    def race():
        number = 0
        while not over.is_set():
            number += 1
            link = tmp_path / f"link-{number % 2}"
            link.unlink(missing_ok=True)
            link.symlink_to(victim)
            link.replace(file)

    attacker = threading.Thread(target=race)
    attacker.start()
    try:
        for _ in range(100):
            write_private(file, "token")
    finally:
        over.set()
        attacker.join()
    assert victim.read_text("utf-8") == "mine"


def test_no_other_user_can_read_the_file_at_any_moment(tmp_path, monkeypatch):
    seen, replace = [], os.replace

    def look(source, *args, **directories):
        seen.append(os.stat(source, dir_fd=directories["src_dir_fd"]).st_mode & 0o777)
        replace(source, *args, **directories)

    monkeypatch.setattr("os.replace", look)
    before = os.umask(0)
    try:
        write_private(tmp_path / "kubeconfig", "token")
    finally:
        os.umask(before)
    assert (seen, (tmp_path / "kubeconfig").stat().st_mode & 0o777) == ([0o600], 0o600)


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        write_private(tmp_path / "kubeconfig", "half a character: \ud800")
    assert list(tmp_path.iterdir()) == []
