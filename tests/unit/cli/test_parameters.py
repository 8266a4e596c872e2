"""Parameters from the command line and files, and back to what can be typed."""

import io
import subprocess

import pytest
from pydantic import Field

from kubernaut.api.plugin import Parameters
from kubernaut.caller.commands import as_pairs
from kubernaut.cli.parameters import read_parameters
from kubernaut.errors import InputError


class Model(Parameters):
    """Parameters of several types."""

    name: str
    replicas: int = 1
    set: dict[str, str] = Field(default_factory=dict)
    remove: tuple[str, ...] = ()


def test_the_model_decides_what_a_value_becomes():
    read = read_parameters(["name=5", "replicas=5", "set.REPLICAS=5"], None, Model)
    assert read == {"name": "5", "replicas": 5, "set": {"REPLICAS": "5"}}


def test_without_a_model_values_are_yaml():
    assert read_parameters(["a=5", "b=true", "c.d=x", "e=[1, 2]"], None, None) == {
        "a": 5,
        "b": True,
        "c": {"d": "x"},
        "e": [1, 2],
    }


def test_only_the_first_dot_divides_a_key():
    assert read_parameters(["name=c", "set.app.properties=x"], None, Model)["set"] == {"app.properties": "x"}


def test_a_list_is_repeated_or_written_as_json():
    expected = {"name": "c", "remove": ["a", "b", "c"]}
    assert read_parameters(["name=c", "remove=a", "remove=b", "remove=c"], None, Model) == expected
    assert read_parameters(["name=c", 'remove=["a", "b"]', "remove=c"], None, Model) == expected


def test_the_command_line_takes_precedence_over_a_file_key_by_key(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("name: c\nset: {a: '1', b: '2'}\n", "utf-8")
    assert read_parameters(["set.b=3"], file, Model) == {"name": "c", "set": {"a": "1", "b": "3"}}


def test_parameters_are_read_from_standard_input(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO('{"name": "c"}'))
    assert read_parameters([], tmp_path.__class__("-"), Model) == {"name": "c"}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["name"], "-p name: write it as key=value"),
        (["=x"], "-p =x: write it as key=value"),
        (["name=c", "replicas=x"], "parameters.replicas: input should be a valid integer"),
        (["name=c", "naem=c"], "parameters.naem: there is no such parameter of this action"),
    ],
)
def test_a_bad_pair_is_named(pairs, message):
    with pytest.raises(InputError, match=message):
        read_parameters(pairs, None, Model)


def test_a_value_that_is_not_yaml_is_named_if_there_is_no_model():
    with pytest.raises(InputError, match="-p a: '\\[1' cannot be read as YAML"):
        read_parameters(["a=[1"], None, None)


@pytest.mark.parametrize(("text", "message"), [("[1]", "contains list"), ("a: [", "cannot be read as YAML or JSON")])
def test_a_bad_file_is_named(tmp_path, text, message):
    file = tmp_path / "p.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError, match=f"-f {file}: {message}"):
        read_parameters([], file, Model)


def test_parameters_are_written_as_they_are_typed():
    parameters = {"name": "web", "replicas": 3, "wait": True, "set": {"A": "1"}, "remove": ["a", "b"]}
    assert as_pairs(parameters) == ["name=web", "replicas=3", "wait=true", "set.A=1", "remove=a", "remove=b"]


@pytest.mark.parametrize(
    "value", ["x'; touch /tmp/pwned; '", "$(id)", "a b", "`id`", "-n kube-system", 'a"b', "", "line\nline"]
)
def test_a_written_value_is_one_word_to_a_shell(value):
    (pair,) = as_pairs({"set": {"A": value}})
    ran = subprocess.run(["sh", "-c", f"printf %s {pair}"], capture_output=True, text=True, check=True)
    assert ran.stdout == f"set.A={value}"
