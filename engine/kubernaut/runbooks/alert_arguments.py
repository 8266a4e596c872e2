"""The parameters that an alert gives to a runbook: `$(labels.NAME)` in `spec.alerts[].arguments`.

Labels come from metrics, and so from whoever can expose one. A value is inserted once and never read again, and only a value that means
itself wherever it is inserted is used at all: letters, digits and a few signs, without quotation marks, brackets, blanks or anything else
that could end a string or begin an expression, an option or a pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.api.runbook import AlertRule, RunbookParameter
from kubernaut.errors import InputError
from kubernaut.runbooks.arguments import parse_argument
from kubernaut.validation_errors import brief

MAX_VALUE_LENGTH = 253
"""Characters of a label's value that is inserted: the longest name that an object of Kubernetes has."""
_VALUE = re.compile(rf"(?!.*\.\.)[A-Za-z0-9_/][A-Za-z0-9._:/@-]{{0,{MAX_VALUE_LENGTH - 1}}}")
_TOKEN = re.compile(
    r"\$\$\(|\$\(labels\.(?P<name>[A-Za-z_][A-Za-z0-9_]{0,127})\)|(?P<broken>\$\(labels\b[^()\s]{0,40}\)?)"
)


@dataclass(frozen=True, slots=True)
class LabelProblem:
    """A label that a rule inserts, and the alert cannot give."""

    label: str
    is_missing: bool
    """Whether the alert does not have it, or has it with a value that is not inserted."""
    message: str


def label_problem(rule: AlertRule, labels: Mapping[str, str]) -> LabelProblem | None:
    """Return the first label that keeps this alert from giving the rule's arguments, or None."""
    for name, text in rule.arguments.items():
        for label in _labels(text):
            value = labels.get(label, "")
            if not value:  # Prometheus takes an empty label for one that is not there
                message = f"the alert has no label {label}, which parameter {name[:63]} takes its value from"
                return LabelProblem(label, is_missing=True, message=message)
            if not _VALUE.fullmatch(value):
                message = (
                    f"label {label} is {brief(value)}: a value that becomes parameter {name[:63]} has at most {MAX_VALUE_LENGTH} "
                    "letters, digits and . _ : / @ -, no two dots in a row, and begins with a letter, a digit, _ or /"
                )
                return LabelProblem(label, is_missing=False, message=message)
    return None


def alert_arguments(
    declared: Mapping[str, RunbookParameter], rule: AlertRule, labels: Mapping[str, str]
) -> dict[str, Any]:
    """Return the parameters that an alert with these labels gives, with their types; it has no `label_problem`.

    Raises InputError naming the parameter that is not declared, or whose value is not of its type.
    """
    return {name: parse_argument(declared, name, _substitute(text, labels)) for name, text in rule.arguments.items()}


def argument_problems(declared: Mapping[str, RunbookParameter], rule: AlertRule) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a rule's arguments whatever the alert: the parameter, and the message."""
    for name, text in rule.arguments.items():
        if broken := [token["broken"] for token in _TOKEN.finditer(text) if token["broken"]]:
            yield name, f"{broken[0]!r} is not complete: write $(labels.NAME), or $$( for a literal $("
        elif name in declared and not list(_labels(text)):
            try:
                parse_argument(declared, name, _substitute(text, {}))
            except InputError as error:
                yield name, str(error)


def _labels(text: str) -> Iterator[str]:
    return (token["name"] for token in _TOKEN.finditer(text) if token["name"])


def _substitute(text: str, labels: Mapping[str, str]) -> str:
    """Return the text with its references replaced, all at once; what is inserted is not read again."""

    def value(token: re.Match[str]) -> str:
        if token["broken"]:
            return token["broken"]
        return "$(" if token["name"] is None else labels[token["name"]]

    return _TOKEN.sub(value, text)
