"""Fields of a kubeconfig: their types, and errors that name file and field."""

from pathlib import Path

import pytest

from kubernaut.errors import InputError
from kubernaut.kube.config.kubeconfig_section import Section, is_header_value

FILE = Path("/home/anna/.kube/config")


def user(**fields):
    return Section(fields, "users[dev].user", FILE)


def test_a_field_that_is_not_set_or_null_is_empty():
    section = user(token=None)
    assert (section.text("token"), section.flag("x"), section.lines("x"), section.data("x")) == ("", False, (), b"")
    assert (section.path("x"), section.section("x"), section.sections("x")) == (None, None, [])


@pytest.mark.parametrize(
    ("read", "value", "problem"),
    [
        pytest.param("text", 1234, "must be a text; put it into quotes", id="a number for a text"),
        pytest.param("line", "a\nb", "must be one line without control characters", id="two lines for a header"),
        pytest.param("flag", "true", "must be true or false, without quotes", id="a text for a boolean"),
        pytest.param("flag", 1, "must be true or false", id="a number for a boolean"),
        pytest.param("lines", "a", "must be a list of texts", id="a text for a list"),
        pytest.param("lines", [1], "must be a list of texts", id="a list of numbers"),
        pytest.param("data", "not base64!", "is not valid base64", id="bad base64"),
        pytest.param("data", "YWJ", "is not valid base64", id="bad padding"),
        pytest.param("section", "a", "must be a mapping", id="a text for a mapping"),
        pytest.param("sections", {"a": 1}, "must be a list of mappings", id="a mapping for a list"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_file_and_field(read, value, problem):
    with pytest.raises(InputError) as refused:
        getattr(user(x=value), read)("x")
    assert str(refused.value).startswith(f"kubeconfig {FILE}: users[dev].user.x: {problem}")


def test_base64_may_be_wrapped():
    assert user(x="YWJj\nZGVm\r\n").data("x") == b"abcdef"


def test_a_path_is_relative_to_the_file_that_names_it():
    assert user(x="pki/ca.pem").path("x") == Path("/home/anna/.kube/pki/ca.pem")
    assert user(x="/etc/ca.pem").path("x") == Path("/etc/ca.pem")


def test_a_path_in_a_file_that_is_named_relatively_does_not_depend_on_the_working_directory_later(
    monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    assert Section({"x": "ca.pem"}, "", Path("config")).path("x") == tmp_path / "ca.pem"


def test_a_mapping_inside_knows_its_place():
    section = user(exec={"env": [{"name": 1}]}).section("exec")
    with pytest.raises(InputError, match=r"users\[dev\]\.user\.exec\.env\[0\]\.name: must be a text"):
        section.sections("env")[0].text("name")


@pytest.mark.parametrize(
    ("text", "expected"), [("a b~é", True), ("", True), ("a\r", False), ("\x00", False), ("\x7f", False)]
)
def test_a_header_value_has_no_control_characters(text, expected):
    assert is_header_value(text) is expected
