"""Fault injection: what a test can make the API server do wrong.

Watches can be cut, silenced, or lose their history. Requests can be rejected, delayed, or carried out without a response.
"""

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
class _Rule:
    """A fault for the next `times` requests that match; None matches every verb or resource."""

    times: int
    verb: str | None
    resource: str | None

    def consume(self, verb: str, resource: str) -> bool:
        """Whether the rule applies to the request; if so, it applies once less from now on."""
        matches = self.times > 0 and self.verb in (None, verb) and self.resource in (None, resource)
        self.times -= matches
        return matches


@dataclass(slots=True, kw_only=True)
class _Response(_Rule):
    status: int
    retry_after: int | None


@dataclass(slots=True, kw_only=True)
class _Delay(_Rule):
    seconds: float


_AnyRule = TypeVar("_AnyRule", bound=_Rule)


class FaultInjector:
    """Keeps the faults that a test requested. The API server consults it before and after it handles a request.

    Everywhere, `times` is the number of requests that a fault applies to; `verb` and `resource` choose them, and None chooses all.
    A resource is written as `jobs` or `pods/log`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._responses: list[_Response] = []
        self._delays: list[_Delay] = []
        self._drops: list[_Rule] = []
        self._watches: dict[object, tuple[Callable[[], None], Callable[[], None]]] = {}

    def cut_watches(self) -> None:
        """Close every open watch."""
        for cut, _ in tuple(self._watches.values()):
            cut()

    def silence_watches(self) -> None:
        """Keep the open watches connected, but send nothing more on them, not even bookmarks."""
        for _, silence in tuple(self._watches.values()):
            silence()

    def compact(self) -> None:
        """Drop the watch history: a watch from an older resourceVersion gets 410 Gone."""
        self._store.compact()

    def respond_with(
        self,
        status: int,
        times: int,
        verb: str | None = None,
        resource: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Answer the next matching requests with this status code, without carrying them out.

        `retry_after` is in seconds.
        """
        self._responses.append(
            _Response(times=times, verb=verb, resource=resource, status=status, retry_after=retry_after)
        )

    def delay(self, seconds: float, times: int, verb: str | None = None, resource: str | None = None) -> None:
        """Delay the next matching requests by this many seconds before they are carried out."""
        self._delays.append(_Delay(times=times, verb=verb, resource=resource, seconds=seconds))

    def drop_responses(self, times: int, verb: str | None = None, resource: str | None = None) -> None:
        """Carry out the next matching requests, then reset their connections instead of responding.

        This applies only to requests that succeed, and not to watches. The client cannot know that its request was carried
        out, which is how requests are repeated by mistake.
        """
        self._drops.append(_Rule(times=times, verb=verb, resource=resource))

    def clear(self) -> None:
        """Remove every response, delay and drop that has not been used up."""
        for rules in (self._responses, self._delays, self._drops):
            rules.clear()

    def raise_injected_error(self, verb: str, resource: str) -> None:
        """Raise the ApiError that is injected into this request, if there is one."""
        if response := _first(self._responses, verb, resource):
            message = f"fault injection: the sandbox answers {response.status} to this request"
            reason = _REASONS.get(response.status, "")
            raise ApiError(response.status, reason, message, retry_after=response.retry_after)

    def injected_delay(self, verb: str, resource: str) -> float:
        """Return the seconds by which this request is delayed."""
        delay = _first(self._delays, verb, resource)
        return delay.seconds if delay else 0.0

    def drops_response(self, verb: str, resource: str) -> bool:
        """Whether the response to this request, which was carried out, is dropped."""
        return verb != "watch" and _first(self._drops, verb, resource) is not None

    def watch_opened(self, watch: object, cut: Callable[[], None], silence: Callable[[], None]) -> None:
        """Register an open watch, with the functions that cut it and silence it."""
        self._watches[watch] = (cut, silence)

    def watch_closed(self, watch: object) -> None:
        """Unregister a watch."""
        self._watches.pop(watch, None)


def _first(rules: Iterable[_AnyRule], verb: str, resource: str) -> _AnyRule | None:
    return next((rule for rule in rules if rule.consume(verb, resource)), None)
