"""Optional parts: a missing one is named with the command that installs it."""

import sys

import pytest

from kubernaut.cli.extras import require_mcp, require_sandbox
from kubernaut.errors import InputError


def test_an_installed_sandbox_is_not_complained_about():
    assert require_sandbox() is None


def test_a_missing_sandbox_is_bad_input_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "kubernaut_sandbox", None)
    with pytest.raises(InputError, match=r"the sandbox is not installed .* pip install 'kubernaut-engine\[sandbox\]'"):
        require_sandbox()


def test_an_installed_protocol_is_not_complained_about():
    assert require_mcp() is None


def test_a_missing_protocol_is_bad_input_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.delitem(sys.modules, "mcp.server.lowlevel", raising=False)
    with pytest.raises(InputError, match=r"for AI agents is not installed .* pip install 'kubernaut-engine\[mcp\]'"):
        require_mcp()
