"""`freeze-windows`: when a window is open, what it denies, and in which words."""

from datetime import datetime

import pytest
from pydantic import ValidationError

from kubernaut.policies import freeze_windows
from kubernaut.policies.freeze_windows import FreezeWindow, FreezeWindows


def window(**changes):
    return FreezeWindow(**{"name": "nights", "starts": "0 22 * * *", "hours": 8, **changes})


def one_window(**changes):
    return FreezeWindows(windows=(window(**changes),))


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
def test_a_window_is_open_from_its_start_to_its_end(denial, at, frozen):
    assert bool(denial(freeze_windows, one_window(), at)) is frozen


def test_a_denial_names_the_window_its_end_and_the_reason(denial):
    settings = one_window(time_zone="Europe/Berlin", reason="no one is on call")
    assert denial(freeze_windows, settings) == "window nights is open until 2026-11-24 06:00 CET: no one is on call"


def test_every_open_window_is_named(denial):
    settings = FreezeWindows(windows=(window(), window(name="closed", starts="0 9 * * *"), window(name="also")))
    assert denial(freeze_windows, settings) == (
        "window nights is open until 2026-11-24 06:00 UTC; window also is open until 2026-11-24 06:00 UTC"
    )


@pytest.mark.parametrize(
    ("time", "end"),
    [
        pytest.param("2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00", id="spring"),
        pytest.param("2026-10-24T23:00:00+02:00", "2026-10-25T05:00:00+01:00", id="autumn"),
    ],
)
def test_a_change_of_the_clocks_does_not_change_the_length_of_a_window(time, end):
    berlin = window(time_zone="Europe/Berlin", starts="0 22 * * SAT", hours=8)
    assert berlin.end_at(datetime.fromisoformat(time)).isoformat() == end


@pytest.mark.parametrize("seconds", range(0, 60, 7))
def test_a_window_that_starts_every_minute_is_always_open(seconds):
    time = datetime.fromisoformat(f"2026-11-24T03:25:{seconds:02}+00:00")
    assert window(starts="* * * * *", hours=1).end_at(time) is not None


@pytest.mark.parametrize(
    ("changes", "frozen"),
    [
        ({"namespaces": ("staging",)}, False),
        ({"namespaces": ("staging", "prod*")}, True),
        ({"actions": ("gitops-pr",)}, False),
        ({"actions": ("s*",)}, True),
    ],
    ids=str,
)
def test_a_window_applies_to_its_namespaces_and_actions(denial, changes, frozen):
    assert bool(denial(freeze_windows, one_window(**changes))) is frozen


@pytest.mark.parametrize(("allowed", "frozen"), [(True, False), (False, True)])
def test_dry_runs_are_allowed_unless_the_settings_say_otherwise(denial, allowed, frozen):
    settings = FreezeWindows(windows=(window(),), dry_runs=allowed)
    assert bool(denial(freeze_windows, settings, dry_run=True)) is frozen


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"starts": "whenever"}, "starts: 'whenever' is not a cron expression of five fields"),
        ({"starts": "61 * * * *"}, "is not a cron expression of five fields"),
        ({"time_zone": "Mars/Olympus"}, "'Mars/Olympus' is not a valid IANA time zone"),
        ({"time_zone": "../etc/passwd"}, "is not a valid IANA time zone"),
        ({"hours": 0}, "hours"),
    ],
)
def test_an_invalid_window_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        window(**changes)
