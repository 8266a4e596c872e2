"""`kubernaut check-runbook`: files in, findings and an exit code out."""

import json

import pytest
import yaml

from tests.support.runbooks import make_runbook, make_step

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


@pytest.fixture
def check(kubernaut, tmp_path):
    def run(*documents, options=()):
        file = tmp_path / "runbooks.yaml"
        file.write_text("\n---\n".join(d if isinstance(d, str) else yaml.safe_dump(d) for d in documents), "utf-8")
        return kubernaut("check-runbook", str(file), *options)

    return run


def test_a_good_runbook_can_be_run(check):
    ran = check(make_runbook())
    assert (ran.code, ran.out.endswith("runbooks.yaml: runbook grow-web can be run\n")) == (0, True)


def test_a_bad_one_is_reported_with_file_and_field(check):
    ran = check(make_runbook(make_step("a", "a")))
    assert (ran.code, ran.err) == (1, "")
    assert "runbooks.yaml: error: steps.a.after: a step cannot come after itself" in ran.out


def test_every_document_of_a_file_is_checked_and_numbered(check):
    ran = check(make_runbook(), {"kind": "Pod"}, make_runbook(make_step("a", action="nope")))
    assert ran.code == 1
    assert "(1): runbook grow-web can be run" in ran.out
    assert "(2): error: it is Pod of None: apiVersion must be kubernaut.io/v1alpha1" in ran.out
    assert "(3): error: steps.a.action: action nope is not installed" in ran.out


def test_a_warning_is_no_failure(check):
    ran = check(make_runbook(parameters={"x": {}}))
    assert (ran.code, "warning: parameters.x: no step uses it" in ran.out) == (0, True)


def test_machines_get_the_findings(check):
    (found,) = json.loads(check(make_runbook(make_step("a", "a")), options=("-o", "json")).out)
    assert found["runbook"] == "grow-web"
    assert found["findings"] == [
        {"severity": "error", "field": "steps.a.after", "message": "a step cannot come after itself"}
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "its aliases multiply"),
        ("a: [", "cannot be read as YAML"),
        ("", "it has no document"),
        ("[" * 200, "cannot be read"),
    ],
    ids=["aliases that multiply", "no YAML", "empty", "nested"],
)
def test_a_file_that_cannot_be_read_is_bad_input(check, text, words):
    ran = check(text)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_a_missing_file_is_bad_input(kubernaut):
    ran = kubernaut("check-runbook", "/nowhere.yaml")
    assert (ran.code, "No such file" in ran.err) == (2, True)


def test_nothing_in_a_document_steers_the_terminal(check):
    ran = check({**make_runbook(), "kind": "\x1b[31mX"})
    assert (ran.code, "\x1b" in ran.out) == (1, False)
