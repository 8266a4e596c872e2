"""Faults a test can order: cut or silent watches, a forgotten history, refused requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kubernaut.sandbox.model.statuses import ApiError
from kubernaut.sandbox.model.store import Store

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


@dataclass(slots=True)
class _Answer:
    status: int
    times: int
    verb: str | None
    resource: str | None
    retry_after: int | None

    def fits(self, verb: str, resource: str) -> bool:
        return self.times > 0 and self.verb in (None, verb) and self.resource in (None, resource)


class Faults:
    """The switches; the server asks before it answers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers: list[_Answer] = []
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
        """Answer the next matching requests with that Status; resource is `jobs` or `pods/log`."""
        self._answers.append(_Answer(status, times, verb, resource, retry_after))

    def check(self, verb: str, resource: str) -> None:
        """Raise what was ordered for this request, if anything was."""
        for answer in self._answers:
            if answer.fits(verb, resource):
                answer.times -= 1
                self._answers = [kept for kept in self._answers if kept.times > 0]
                message = f"the sandbox was told to answer {answer.status} here"
                raise ApiError(answer.status, _REASONS.get(answer.status, ""), message, retry_after=answer.retry_after)

    def watch_opened(self, watch: object, cut: Callable[[], None], silence: Callable[[], None]) -> None:
        """Note an open watch, and how to cut or silence it."""
        self._watches[watch] = (cut, silence)

    def watch_closed(self, watch: object) -> None:
        """Forget a watch."""
        self._watches.pop(watch, None)
