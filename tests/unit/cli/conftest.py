"""The command line in this process: without a cluster, or on a fake one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from kubernaut.cli import main
from kubernaut.kube.client import Cluster
from tests.support.fake_client import FakeClient


@dataclass(frozen=True, slots=True)
class Ran:
    """The result of a command."""

    code: int
    out: str
    err: str


@pytest.fixture
def kubernaut(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `kubernaut WORDS` and return its exit code, standard output and standard error."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("KUBECONFIG", raising=False)

    def run(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["kubernaut", *words])
        monkeypatch.setattr(sys.modules["__main__"], "__package__", None, raising=False)  # else help names pytest
        with pytest.raises(SystemExit) as ended:
            main()
        return Ran(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def kubernaut_on(monkeypatch: pytest.MonkeyPatch, kubernaut: Callable[..., Ran]) -> Callable[..., Ran]:
    """Run `kubernaut WORDS` on this cluster."""

    def run(cluster: FakeClient, *words: str) -> Ran:
        async def connect(*_: object, **__: object) -> FakeClient:
            return cluster

        monkeypatch.setattr(Cluster, "connect", connect)
        return kubernaut(*words)

    return run
