"""Answers one webhook: finds out who sent it, reads it, decides on its alerts, and says how it went.

The token is used for this one request, in a connection of its own, and kept nowhere. docs/alerts.md has the table of answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kubernaut.caller.executions import authenticate
from kubernaut.errors import InputError, KubernautError, UnauthenticatedError
from kubernaut.kube.client import Cluster
from kubernaut.kube.config.client_config import ClientConfig, config_of_token
from kubernaut.kube.transport import Connection
from kubernaut.receiver import audit
from kubernaut.receiver.decisions import Decision, Outcome, Reason, http_status
from kubernaut.receiver.delivery import Delivery
from kubernaut.receiver.firing import Sender
from kubernaut.receiver.metrics import ReceiverMetrics
from kubernaut.receiver.webhook import TooManyAlertsError, Webhook, read_webhook

log = logging.getLogger(__name__)

MAX_AT_WORK = 8
"""How many webhooks are decided at a time; the others wait for their turn, with their time running."""
WORK_SECONDS, LAST_SECONDS = 15.0, 10.0
"""For one webhook: until nothing more is begun, and from then until what was begun must be over."""
_RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What Alertmanager gets."""

    code: int
    message: str
    retry_after: float = 0.0
    """Seconds, of an answer after which it shall try again."""


class Receiver:
    """Everything that answers webhooks on one API server."""

    def __init__(self, config: ClientConfig, delivery: Delivery, metrics: ReceiverMetrics) -> None:
        """`config` is the receiver's own: of it, only where the API server is is used for others."""
        self._config, self._delivery, self._metrics = config, delivery, metrics
        self._turns = asyncio.Semaphore(MAX_AT_WORK)

    async def answer(self, token: str, body: bytes) -> Answer:
        """Return the answer to a webhook with this bearer token and body."""
        if not self._delivery.runbooks.synced.is_set():
            return Answer(503, "the runbooks are not read yet", _RETRY_SECONDS)
        try:
            config = config_of_token(self._config, token, "whoever sent the webhook")
        except InputError as error:
            return Answer(400, str(error))
        deadline = asyncio.get_running_loop().time() + WORK_SECONDS
        try:
            async with asyncio.timeout_at(deadline + LAST_SECONDS), self._turns, Cluster(Connection(config)) as cluster:
                return await self._answer_as(cluster, body, deadline)
        except TimeoutError:
            log.warning("a webhook of %d bytes took too long; Alertmanager sends it again", len(body))
            return Answer(503, "there was not enough time", _RETRY_SECONDS)

    async def _answer_as(self, cluster: Cluster, body: bytes, deadline: float) -> Answer:
        """Answer as whoever `cluster` is. The body is not read before the API server has accepted the token."""
        try:
            user = await authenticate(cluster)
        except UnauthenticatedError:
            return Answer(401, "the API server does not accept this token")
        except KubernautError as error:
            log.warning("the API server does not say whose token a webhook has: %s", error)
            return Answer(503, "the API server does not say whose token this is", _RETRY_SECONDS)
        try:
            webhook = read_webhook(body)
        except TooManyAlertsError as error:
            return Answer(413, str(error))
        except InputError as error:
            return Answer(400, str(error))
        return _answer(await self._decided(webhook, Sender(cluster, user), deadline))

    async def _decided(self, webhook: Webhook, sender: Sender, deadline: float) -> list[Decision]:
        self._metrics.observe_webhook(webhook)
        if webhook.truncated:
            log.warning(
                "Alertmanager left out %d alerts of a group: raise max_alerts, or group less", webhook.truncated
            )
        decisions: list[Decision] = []
        async for decision in self._delivery.decide(webhook, sender, deadline):
            audit.record(decision, sender.user)
            self._metrics.observe_decision(decision)
            decisions.append(decision)
        return decisions


def _answer(decisions: Sequence[Decision]) -> Answer:
    counted = Counter(str(one.outcome) for one in decisions)
    said = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counted.items())) or "no alerts"
    unhappy = (one for one in decisions if one.outcome in {Outcome.DENIED, Outcome.POSTPONED})
    first = next((f": {one.reason}: {_told(one)}" for one in unhappy), "")
    return Answer(http_status(decisions), said + first, max((one.retry_after for one in decisions), default=0.0))


def _told(decision: Decision) -> str:
    """Return the message as far as the sender may know it: the API server's refusal names the run, and so runbook and step."""
    if decision.reason is Reason.FORBIDDEN and decision.alert:
        return f"the token may not create executions in namespace {decision.alert.namespace}: bind kubernaut-alert-sender there"
    return decision.message[:500]
