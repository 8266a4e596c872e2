"""The policies that ship: what they deny, in which words, and until when."""

from datetime import datetime

import pytest
from pydantic import ValidationError

from kubernaut import Target
from kubernaut.api.plugin import Execution
from kubernaut.policies import freeze_windows, protected_targets
from kubernaut.policies.freeze_windows import FreezeWindow, FreezeWindows
from kubernaut.policies.protected_targets import ProtectedTarget, ProtectedTargets


def execution(settings, at="2026-11-24T03:00:00+00:00", labels=None, **changes):
    known = {
        "name": "e",
        "namespace": "production",
        "uid": "u",
        "action": "scale",
        "parameters": None,
        "image": "i",
        "settings": settings,
        "target": Target("Deployment", "db-main", "apps/v1/deployments"),
        "target_labels": labels or {},
        "checked_at": datetime.fromisoformat(at),
    }
    return Execution(**{**known, **changes})


def told(policy, given):
    return [problem.message for problem in policy.validate(given)]


def protected(**entry):
    return ProtectedTargets(targets=(ProtectedTarget(**entry),))


@pytest.mark.parametrize(
    ("entry", "denied"),
    [
        ({"namespace": "prod*"}, True),
        ({"namespace": "staging"}, False),
        ({"kind": "Deployment", "name": "db-*"}, True),
        ({"kind": "StatefulSet", "name": "db-*"}, False),
        ({"action": "restart-*"}, False),
        ({"labels": {"tier": "critical"}}, True),
        ({"labels": {"tier": "c*"}, "name": "db-*"}, True),
        ({"labels": {"tier": "low"}}, False),
        ({"labels": {"owner": "*"}}, False),
    ],
)
def test_an_entry_denies_what_all_its_fields_match(entry, denied):
    assert bool(told(protected_targets, execution(protected(**entry), labels={"tier": "critical"}))) is denied


def test_a_denial_names_the_target_and_the_reason():
    settings = protected(name="db-*", reason="the databases are scaled by hand")
    assert told(protected_targets, execution(settings)) == [
        "Deployment/db-main in production is protected: the databases are scaled by hand; to allow it, change the configuration"
    ]


def test_labels_are_read_only_where_an_entry_could_need_them():
    reads = protected_targets.describe().reads_labels
    assert reads(execution(protected(labels={"a": "b"})))
    assert not reads(execution(protected(labels={"a": "b"}, namespace="other")))
    assert not reads(execution(protected(name="x")))


def window(**changes):
    return FreezeWindow(**{"name": "nights", "starts": "0 22 * * *", "hours": 8, **changes})


@pytest.mark.parametrize(
    ("at", "frozen"),
    [
        ("2026-11-24T21:59:59+00:00", False),
        ("2026-11-24T22:00:00+00:00", True),
        ("2026-11-25T03:00:00+00:00", True),
        ("2026-11-25T05:59:59+00:00", True),
        ("2026-11-25T06:00:00+00:00", False),
        ("2026-11-25T00:30:00+02:00", True),
    ],
)
def test_a_window_holds_from_its_first_moment_to_its_last(at, frozen):
    assert bool(told(freeze_windows, execution(FreezeWindows(windows=(window(),)), at))) is frozen


def test_a_denial_says_which_window_until_when_and_why():
    settings = FreezeWindows(windows=(window(time_zone="Europe/Berlin", reason="nobody is awake"),))
    assert told(freeze_windows, execution(settings)) == [
        "window nights is open until 2026-11-24 06:00 CET: nobody is awake"
    ]


def test_a_change_of_the_clocks_neither_shortens_nor_lengthens_a_window():
    berlin = window(time_zone="Europe/Berlin", starts="0 22 * * SAT", hours=8)
    spring, autumn = (
        datetime.fromisoformat("2026-03-28T23:00:00+01:00"),
        datetime.fromisoformat("2026-10-24T23:00:00+02:00"),
    )
    assert berlin.end_at(spring).isoformat() == "2026-03-29T07:00:00+02:00"
    assert berlin.end_at(autumn).isoformat() == "2026-10-25T05:00:00+01:00"


@pytest.mark.parametrize("seconds", range(0, 60, 7))
def test_a_window_that_begins_every_minute_is_always_open(seconds):
    moment = datetime.fromisoformat(f"2026-11-24T03:25:{seconds:02}+00:00")
    assert window(starts="* * * * *", hours=1).end_at(moment) is not None


@pytest.mark.parametrize(
    ("changes", "frozen"),
    [
        ({"namespaces": ("staging",)}, False),
        ({"namespaces": ("staging", "prod*")}, True),
        ({"actions": ("gitops-pr",)}, False),
    ],
)
def test_a_window_holds_where_and_for_what_it_says(changes, frozen):
    assert bool(told(freeze_windows, execution(FreezeWindows(windows=(window(**changes),))))) is frozen


@pytest.mark.parametrize(("through", "frozen"), [(True, False), (False, True)])
def test_rehearsals_pass_unless_told_otherwise(through, frozen):
    settings = FreezeWindows(windows=(window(),), dry_runs=through)
    assert bool(told(freeze_windows, execution(settings, dry_run=True))) is frozen


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"starts": "whenever"}, "is not a cron expression of five fields"),
        ({"starts": "61 * * * *"}, "is not a cron expression of five fields"),
        ({"time_zone": "Mars/Olympus"}, "is not a valid IANA time zone"),
        ({"time_zone": "../etc/passwd"}, "is not a valid IANA time zone"),
        ({"hours": 0}, "hours"),
    ],
)
def test_a_window_that_cannot_be_is_refused(changes, complaint):
    with pytest.raises(ValidationError, match=complaint):
        window(**changes)
