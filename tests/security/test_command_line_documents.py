"""Hostile documents on the command line: each is bad input, exit code 2, and named; none is a traceback or takes the memory."""

import io
import sys

import pytest

from kubernaut.cli import main

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}" if i else "*a"] * 9) + "]\n" for i in range(10)
)
DOCUMENTS = {
    "3,000 nested lists": "[" * 3000 + "]" * 3000,
    "a mapping of 3,000 nested lists": "name: " + "[" * 3000 + "]" * 3000,
    "150 nested lists": "name: " + "[" * 150 + "]" * 150,
    "3,000 nested mappings": "{a: " * 3000 + "}" * 3000,
    "an alias of itself": "name: &a [*a]",
    "aliases that multiply": LAUGHS,
    "not a number": "name: .nan",
    "5 million characters": "name: " + "x" * 5_000_000,
    "a tag of Python": "name: !!python/object/apply:os.system [id]",
    "a NUL": "name: \0",
    "bytes": b"name: \xff",
}


@pytest.fixture
def is_bad_input(monkeypatch, capsys):
    """Check that a command line ends with exit code 2 and a short message with these names."""

    def check(*arguments, names=(), text=b""):
        monkeypatch.setattr(sys, "argv", ["kubernaut", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text), "utf-8"))
        with pytest.raises(SystemExit) as ended:
            main()
        error = capsys.readouterr().err
        assert ended.value.code == 2, error
        assert len(error) < 1000
        assert all(name in error.replace("\n", "") for name in names), error

    return check


@pytest.fixture(params=DOCUMENTS.values(), ids=DOCUMENTS.keys())
def document(request, tmp_path):
    file = tmp_path / "f.yaml"
    file.write_bytes(request.param if isinstance(request.param, bytes) else request.param.encode())
    return file


def test_parameters_in_a_file(document, is_bad_input):
    is_bad_input("render", "scale", "-f", str(document), names=("-f ", "f.yaml"))


def test_parameters_on_standard_input(document, is_bad_input):
    is_bad_input("render", "scale", "-f", "-", text=document.read_bytes(), names=["-f -"])


def test_the_configuration(document, is_bad_input):
    given = ("render", "scale", "-p", "name=web", "-p", "replicas=1")
    is_bad_input(*given, "--config", str(document), names=("configuration", "f.yaml"))


def test_a_kubeconfig(document, is_bad_input):
    is_bad_input("get", "--kubeconfig", str(document), names=("kubeconfig", "f.yaml"))


def test_manifests_for_the_sandbox(document, is_bad_input):
    is_bad_input("sandbox", "--load", str(document), names=["--load"])


@pytest.mark.parametrize("action", ["scale", "patch-configmap", "gitops-pr"])
@pytest.mark.parametrize(
    "pairs",
    [
        ["name=" + "[" * 3000],
        ["name=" + "[" * 900 + "]" * 900],
        ["name=" + "{a: " * 3000],
        ["name={a: &a [*a]}"],
        ["name=1", "name.a=1"],
        ["name.a=1", "name=1", "name.b=2"],
        ["set=1", "set.a=1"],
        ["remove.a=1", "remove=1"],
        ["changes=[.nan]"],
        ["wait=" + "9" * 10_000],
    ],
    ids=lambda pairs: f"{pairs[0][:12]} {len(pairs)}",
)
def test_values_on_the_command_line(action, pairs, is_bad_input):
    is_bad_input("render", action, *[part for pair in pairs for part in ("-p", pair)], names=["p"])
