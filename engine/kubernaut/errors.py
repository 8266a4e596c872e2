"""Every error of the engine, in one tree: does trying again help, or never?

    KubernautError
    ├── RetryError             the cause may pass: the key goes back to the queue
    │   ├── ConflictError          somebody else wrote the object first
    │   ├── ThrottledError         429: come back after `retry_after` seconds
    │   ├── UnavailableError       unreachable, timed out, or 5xx
    │   ├── QuotaError             a ResourceQuota has no room now
    │   └── ExpiredError           410: list again before watching on
    └── NeverError             the same call will fail the same way
        ├── NotFoundError          404
        ├── ExistsError            409 on a create
        ├── DeniedError            401 or 403: a grant is missing
        ├── RejectedError          400, 413 or 422: the API server refuses the content
        ├── HookError              a plugin's hook raised, hung or answered nonsense
        ├── LeadershipLostError    another engine leads now: stop
        ├── UnsafeJobError         a Job asks for more than an action may have
        ├── InputError             bad input from a person: names the field and the remedy
        └── PluginLoadError        a plugin cannot be used at all

`reconcile` catches the two families; nothing else in the engine needs to know their members' status codes.
"""

from __future__ import annotations


class KubernautError(Exception):
    """The root: catch it to catch everything the engine raises on purpose."""


class RetryError(KubernautError):
    """The cause may pass by itself."""


class ConflictError(RetryError):
    """Somebody else changed the object since it was read (409)."""


class ThrottledError(RetryError):
    """The API server asks for patience (429)."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds to wait, from the Retry-After header."""


class UnavailableError(RetryError):
    """The API server could not be reached, timed out, or answered 5xx."""


class QuotaError(RetryError):
    """A ResourceQuota of the namespace has no room for the object now."""


class ExpiredError(RetryError):
    """The resourceVersion is too old to watch from (410)."""


class NeverError(KubernautError):
    """The same call will fail the same way."""


class NotFoundError(NeverError):
    """The object, or its kind, does not exist (404)."""


class ExistsError(NeverError):
    """An object of that name exists already (409 on a create)."""


class DeniedError(NeverError):
    """The caller lacks a right (401 or 403)."""


class RejectedError(NeverError):
    """The API server refuses the object's content (400, 413 or 422)."""


class HookError(NeverError):
    """A plugin's hook raised, ran out of time, or returned something else than its spec says."""


class LeadershipLostError(NeverError):
    """This engine no longer holds its Lease: it must not act any more."""


class UnsafeJobError(NeverError):
    """A plugin's Job asks for something that no action may have; the message names the field."""


class InputError(NeverError):
    """A person's input cannot be used; the message names the field and the remedy."""


class PluginLoadError(NeverError):
    """A plugin cannot be used: the message names the plugin, its distribution and what to mend."""
