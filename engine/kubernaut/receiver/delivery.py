"""Decides on each alert of a webhook, one after the other, within a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime

from kubernaut.api.names import is_label
from kubernaut.plugins.registry import Registry
from kubernaut.receiver.decisions import Decision, Outcome, Reason
from kubernaut.receiver.firing import Sender, begin_run
from kubernaut.receiver.matching import Match, matches
from kubernaut.receiver.rate_limits import RateLimits
from kubernaut.receiver.resolved import withdraw_runs
from kubernaut.receiver.runbook_store import RunbookStore
from kubernaut.receiver.webhook import Alert, Unreadable, Webhook

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_STOPPING = frozenset({Reason.CLUSTER_UNAVAILABLE, Reason.UNAUTHENTICATED})
"""What meets one alert meets those after it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What decides: the runbooks, the limits, the actions that check parameters, and the time."""

    runbooks: RunbookStore
    limits: RateLimits
    registry: Registry
    now: Callable[[], datetime]

    async def decide(self, webhook: Webhook, sender: Sender, deadline: float) -> AsyncIterator[Decision]:
        """Yield a decision for each alert and each runbook that it matches.

        From `deadline` on, in seconds of the event loop's clock, everything that is left is postponed; what has begun then has a little
        more time.
        """
        stopped = _stopped(deadline)
        for alert in webhook.alerts:
            try:
                async for decision in self._decide(alert, sender, stopped, deadline):
                    if decision.reason in _STOPPING:
                        stopped = decision.reason
                    yield decision
            except Exception as error:  # a defect of ours must cost this alert alone
                log.exception("an alert cannot be handled")
                about = alert if isinstance(alert, Alert) else None
                yield Decision(about, Outcome.REFUSED, Reason.INTERNAL_ERROR, type(error).__name__)
            await asyncio.sleep(0)  # others have their turn, also where no alert asks the cluster
            stopped = stopped or _stopped(deadline)

    async def _decide(
        self, alert: Alert | Unreadable, sender: Sender, stopped: Reason, deadline: float
    ) -> AsyncIterator[Decision]:
        if isinstance(alert, Unreadable):
            yield Decision(None, Outcome.REFUSED, Reason.UNREADABLE, alert.message)
            return
        found, reason = self._matches(alert)
        if not found:
            yield Decision(alert, Outcome.NOT_MATCHED, reason)
        elif not alert.is_firing:
            yield _postponed(alert, stopped) if stopped else await withdraw_runs(sender, alert)
        else:
            for match in found:
                if stopped:
                    yield _postponed(alert, stopped, match.runbook.name)
                    continue
                decision = await begin_run(sender, alert, match, self.limits, self.registry, self.now())
                yield decision
                await asyncio.sleep(0)  # a namespace may have any number of runbooks for one alert
                stopped = decision.reason if decision.reason in _STOPPING else _stopped(deadline)

    def _matches(self, alert: Alert) -> tuple[list[Match], Reason]:
        """Return the runbooks that the alert matches, or why there are none."""
        if not is_label(alert.namespace):
            return [], Reason.NO_NAMESPACE
        runbooks = self.runbooks.of_namespace(alert.namespace)
        if not runbooks:
            return [], Reason.NO_RUNBOOK
        return list(matches(runbooks, alert.labels)), Reason.NO_RULE


def _stopped(deadline: float) -> Reason:
    """Return why nothing more is begun now, as far as the time goes."""
    return Reason.OUT_OF_TIME if asyncio.get_running_loop().time() >= deadline else Reason.NONE


def _postponed(alert: Alert, reason: Reason, runbook: str = "") -> Decision:
    message = "the time for one webhook is over" if reason is Reason.OUT_OF_TIME else "an alert before it met this"
    return Decision(alert, Outcome.POSTPONED, reason, message, runbook, retry_after=_RETRY_SECONDS)
