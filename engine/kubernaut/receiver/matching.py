"""Which runbooks an alert begins: those of its own namespace with a rule all of whose labels it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubernaut.api.runbook import AlertRule
from kubernaut.receiver.runbook_store import AlertRunbook


@dataclass(frozen=True, slots=True)
class Match:
    """A runbook, and its first rule that fits."""

    runbook: AlertRunbook
    rule: AlertRule


def matches(runbooks: Sequence[AlertRunbook], labels: Mapping[str, str]) -> Iterator[Match]:
    """Yield the runbooks that an alert with these labels begins, each once."""
    for runbook in runbooks:
        rule = next((rule for rule in runbook.spec.alerts if _fits(rule, labels)), None)
        if rule is not None:
            yield Match(runbook, rule)


def _fits(rule: AlertRule, labels: Mapping[str, str]) -> bool:
    """Whether the alert has all labels of the rule. As in Prometheus, a label that is not there is the same as an empty one."""
    return all(labels.get(name, "") == value for name, value in rule.match.items())
