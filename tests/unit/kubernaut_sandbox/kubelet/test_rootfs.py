"""The root file system of a container: its termination message and its working directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubernaut_sandbox.kubelet.pod_files import PodFiles
from kubernaut_sandbox.kubelet.rootfs import RootFs, working_directory


def root(tmp_path: Path, written: str, log: str) -> RootFs:
    """A root whose container wrote a termination message and a log."""
    (tmp_path / "message").write_text(written)
    (tmp_path / "log").write_text(log)
    return RootFs(PodFiles(tmp_path), "", "log", "message")


@pytest.mark.parametrize(
    ("written", "failed", "from_logs", "message"),
    [
        pytest.param("done", True, True, "done", id="what the container wrote"),
        pytest.param("", True, True, "last\n", id="the end of the log"),
        pytest.param("", True, False, "", id="nothing without the policy"),
        pytest.param("", False, True, "", id="nothing after a success"),
    ],
)
def test_the_message_falls_back_to_the_log_of_a_failed_container(
    tmp_path: Path, written: str, failed: bool, from_logs: bool, message: str
) -> None:
    assert root(tmp_path, written, "last\n").message(failed=failed, from_logs=from_logs) == message


def test_the_fallback_is_limited_in_lines_and_bytes(tmp_path: Path) -> None:
    lines = root(tmp_path, "", "x\n" * 500).message(failed=True, from_logs=True)
    assert lines == "x\n" * 80
    assert len(root(tmp_path, "", "x" * 9000).message(failed=True, from_logs=True)) == 2048


def test_a_working_directory_is_below_the_root_or_on_the_host(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    assert working_directory({"workingDir": "/app"}, tmp_path) == tmp_path / "app"
    assert working_directory({"workingDir": "/usr"}, tmp_path) == Path("/usr")
    assert working_directory({"workingDir": "/no/such"}, tmp_path) == tmp_path / "tmp"


def test_a_working_directory_that_leads_up_stops_at_the_root_of_the_container(tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "root" / "beside").mkdir(parents=True)
    assert working_directory({"workingDir": "../beside"}, tmp_path / "root") == tmp_path / "root" / "beside"
