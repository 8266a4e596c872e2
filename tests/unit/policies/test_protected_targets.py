"""`protected-targets`: which executions an entry denies, in which words, and when labels are needed."""

import pytest

from kubernaut.api.plugin import Target
from kubernaut.policies import protected_targets
from kubernaut.policies.protected_targets import ProtectedTarget, ProtectedTargets


def protected(**entry):
    return ProtectedTargets(targets=(ProtectedTarget(**entry),))


@pytest.mark.parametrize(
    ("entry", "denied"),
    [
        ({"namespace": "prod*"}, True),
        ({"namespace": "staging"}, False),
        ({"kind": "Deployment", "name": "db-*"}, True),
        ({"kind": "StatefulSet", "name": "db-*"}, False),
        ({"name": "DB-*"}, False),
        ({"action": "restart-*"}, False),
        ({"labels": {"tier": "critical"}}, True),
        ({"labels": {"tier": "c*"}, "name": "db-*"}, True),
        ({"labels": {"tier": "low"}}, False),
        ({"labels": {"owner": "*"}}, False),
    ],
    ids=str,
)
def test_an_entry_denies_an_execution_that_all_its_fields_match(denial, entry, denied):
    found = denial(protected_targets, protected(**entry), target_labels={"tier": "critical"})
    assert bool(found) is denied


@pytest.mark.parametrize("name", ["platform/prod", "Platform/PROD", "PLATFORM/*", "*/[P]rod"])
@pytest.mark.parametrize("spelling", ["platform/prod", "platform/PROD"])
def test_the_case_of_a_name_does_not_count_outside_of_the_cluster(denial, name, spelling):
    target = Target("Repository", spelling)
    assert denial(protected_targets, protected(kind="Repository", name=name), target=target)
    assert not denial(protected_targets, protected(kind="repository", name=name), target=target)
    assert not denial(protected_targets, protected(name="platform/production"), target=target)


def test_a_denial_names_the_target_and_the_reason(denial):
    settings = protected(name="db-*", reason="the databases are scaled by hand")
    assert denial(protected_targets, settings) == (
        "Deployment/db-main in production is protected: the databases are scaled by hand; "
        "to allow it, change the configuration"
    )


def test_the_reason_of_the_first_matching_entry_is_given(denial):
    entries = [ProtectedTarget(name=name, reason=name) for name in ("other", "db-*", "*")]
    assert "is protected: db-*;" in denial(protected_targets, ProtectedTargets(targets=tuple(entries)))


@pytest.mark.parametrize(
    ("entry", "needed"),
    [({"labels": {"a": "b"}}, True), ({"labels": {"a": "b"}, "namespace": "other"}, False), ({"name": "db-*"}, False)],
    ids=["an entry with labels", "an entry of another namespace", "an entry without labels"],
)
def test_labels_are_read_only_if_a_matching_entry_needs_them(execution, entry, needed):
    reads_labels = protected_targets.describe().reads_labels
    assert bool(reads_labels(execution(protected(**entry)))) is needed
