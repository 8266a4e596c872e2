"""Waits until something holds that the step does not bring about itself, as `check-workload` and `check-metric` do."""

from __future__ import annotations

import time

from kubernaut.runner.action import Action
from kubernaut.runner.exceptions import TryAgain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Finding:
    """What one look found: whether it holds, and what was there, in one line."""

    def __init__(self, holds: bool, seen: str) -> None:
        self.holds, self.seen = holds, seen


def wait_until_it_holds(
    action: Action,
    look: Callable[[], Finding],
    timeout_seconds: float,
    settle_seconds: float = 0.0,
    every: float = 1.0,
    hold_seconds: float = 0.0,
) -> None:
    """Call `look()` until what it finds has held for `hold_seconds`, every so many seconds.

    The step is refused with the last finding `timeout_seconds` after the first look. `settle_seconds` pass before that, and do not count as
    part of the timeout. An API server that does not answer is waited for, too. The dry run looks once, at once, and passes whether it holds
    or not. The outputs `holds`, `seen` and `seconds` (waited since the first look) are those of the last look.
    """
    if action.dry_run:
        _rehearse(action, look())
        return
    if settle_seconds:
        action.progress(f"settling: the first look is in {settle_seconds:g} s")
        time.sleep(settle_seconds)
    begun, logged = time.time(), ""
    until = min(begun + timeout_seconds, action.waits_until)
    held_since: float | None = None
    while True:
        finding, now = _answered(look), time.time()
        held_since = (now if held_since is None else held_since) if finding.holds else None
        waited = _record(action, finding, begun)
        if held_since is not None and now - held_since >= hold_seconds:
            break
        left = until - now
        if left <= 0:
            held = f", or not for {hold_seconds:g} s at a time" if hold_seconds else ""
            action.reject(f"it did not hold within {waited:g} s{held}: {finding.seen}")
        if finding.seen != logged:
            action.progress(f"{'holds so far' if finding.holds else 'waiting'}: {finding.seen}")
            logged = finding.seen
        time.sleep(min(every, left))
    action.verified()
    action.progress(f"holds: {finding.seen}")
    held = f" and for {hold_seconds:g} s" if hold_seconds else ""
    action.conclude(f"It holds, {f'after {waited:g} s' if waited else 'at the first look'}{held}: {finding.seen}.")


def _rehearse(action: Action, finding: Finding) -> None:
    """Say what one look found, whatever that is."""
    _record(action, finding)
    now = f"{'holds' if finding.holds else 'does not hold'} now: {finding.seen}"
    action.conclude(f"The dry run passed. It {now}.")
    action.progress(now)


def _record(action: Action, finding: Finding, begun: float | None = None) -> float:
    """Record the finding as outputs, and return the seconds since the first look."""
    waited = 0.0 if begun is None else round(time.time() - begun, 1)
    action.output("holds", finding.holds)
    action.output("seen", finding.seen)
    if begun is not None:
        action.output("seconds", waited)
    return waited


def _answered(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except TryAgain as failure:
        return Finding(False, f"the API server does not answer: {failure}")
