"""Faults a test can order: cut or silent watches, a forgotten history; requests refused, kept waiting, or carried out untold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.store import Store

_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


@dataclass(slots=True, kw_only=True)
class _Order:
    """Something to do to the next `times` requests that fit; None fits all."""

    times: int
    verb: str | None
    resource: str | None

    def take(self, verb: str, resource: str) -> bool:
        """Whether this request is one of them; counts it."""
        fits = self.times > 0 and self.verb in (None, verb) and self.resource in (None, resource)
        self.times -= fits
        return fits


@dataclass(slots=True, kw_only=True)
class _Answer(_Order):
    status: int
    retry_after: int | None


@dataclass(slots=True, kw_only=True)
class _Delay(_Order):
    seconds: float


_Some = TypeVar("_Some", bound=_Order)


class Faults:
    """The switches; the server asks before and after it answers. A resource is `jobs` or `pods/log`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers: list[_Answer] = []
        self._delays: list[_Delay] = []
        self._drops: list[_Order] = []
        self._watches: dict[object, tuple[Callable[[], None], Callable[[], None]]] = {}

    def cut_watches(self) -> None:
        """Close every open watch."""
        for cut, _ in tuple(self._watches.values()):
            cut()

    def silence_watches(self) -> None:
        """Keep the open watches connected, but deliver nothing more on them, not even bookmarks."""
        for _, silence in tuple(self._watches.values()):
            silence()

    def compact(self) -> None:
        """Forget the watch history: an older resourceVersion gets 410 Gone."""
        self._store.compact()

    def answer(
        self,
        status: int,
        times: int,
        verb: str | None = None,
        resource: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Answer the next matching requests with that Status, and do not carry them out."""
        self._answers.append(_Answer(times=times, verb=verb, resource=resource, status=status, retry_after=retry_after))

    def delay(self, seconds: float, times: int, verb: str | None = None, resource: str | None = None) -> None:
        """Keep the next matching requests waiting that long before they are carried out."""
        self._delays.append(_Delay(times=times, verb=verb, resource=resource, seconds=seconds))

    def drop_answers(self, times: int, verb: str | None = None, resource: str | None = None) -> None:
        """Carry out the next matching requests and reset their connections instead of answering.

        Only what succeeds is dropped, and no watches: the client cannot know that it was done, which is how things get done twice.
        """
        self._drops.append(_Order(times=times, verb=verb, resource=resource))

    def relent(self) -> None:
        """Forget every answer, delay and loss that was ordered and has not come to pass."""
        for ordered in (self._answers, self._delays, self._drops):
            ordered.clear()

    def check(self, verb: str, resource: str) -> None:
        """Raise what was ordered for this request, if anything was."""
        if answer := _first(self._answers, verb, resource):
            message = f"the sandbox was told to answer {answer.status} here"
            raise ApiError(answer.status, _REASONS.get(answer.status, ""), message, retry_after=answer.retry_after)

    def wait_for(self, verb: str, resource: str) -> float:
        """Seconds that this request has to wait."""
        delay = _first(self._delays, verb, resource)
        return delay.seconds if delay else 0.0

    def drops(self, verb: str, resource: str) -> bool:
        """Whether the answer to this request, which was carried out, is to be lost."""
        return verb != "watch" and _first(self._drops, verb, resource) is not None

    def watch_opened(self, watch: object, cut: Callable[[], None], silence: Callable[[], None]) -> None:
        """Note an open watch, and how to cut or silence it."""
        self._watches[watch] = (cut, silence)

    def watch_closed(self, watch: object) -> None:
        """Forget a watch."""
        self._watches.pop(watch, None)


def _first(orders: Iterable[_Some], verb: str, resource: str) -> _Some | None:
    return next((order for order in orders if order.take(verb, resource)), None)
