"""Every error of the engine in one tree of two families: *retry*, where trying again can help, and *never*, where it cannot.

    KubernautError
    ├── RetryError             the cause may pass: the key goes back to the queue
    │   ├── ConflictError          someone else wrote the object first
    │   ├── ThrottledError         429: try again after `retry_after` seconds
    │   ├── UnauthenticatedError   401, or no credential could be obtained
    │   ├── UnavailableError       unreachable, timed out, or 5xx
    │   ├── QuotaError             a ResourceQuota has no room now
    │   └── ExpiredError           410: list again before watching on
    └── NeverError             the same call will fail the same way
        ├── NotFoundError          404
        ├── ExistsError            409 on a create
        ├── DeniedError            403: a permission is missing, or a policy refuses it
        ├── RejectedError          400, 413 or 422: the API server refuses the content
        ├── TooLargeError          an answer is larger than the caller reads
        ├── HookError              a plugin's hook raised, hung or returned the wrong type
        ├── LeadershipLostError    another engine leads now: stop
        ├── UnsafeJobError         a Job asks for more than an action is allowed to have
        ├── InputError             bad input from a user: names the field and the remedy
        └── PluginLoadError        a plugin cannot be used at all

`controller.worker` acts on the family alone. `kube.api_errors` is the one place that translates status codes.
"""

from __future__ import annotations


class KubernautError(Exception):
    """The root: every error that the engine raises on purpose is one."""


class RetryError(KubernautError):
    """The cause may pass by itself: try again later."""


class ConflictError(RetryError):
    """Someone else changed the object since it was read (409)."""


class ThrottledError(RetryError):
    """The API server asks its clients to slow down (429)."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds to wait, from the Retry-After header."""


class UnauthenticatedError(RetryError):
    """The API server does not accept the caller's credentials (401), or the caller could not obtain any."""


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

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        """What does not exist, as the Status's details name it (plural, such as `namespaces`), or ""."""


class ExistsError(NeverError):
    """An object of that name exists already (409 on a create)."""


class DeniedError(NeverError):
    """The caller lacks a permission, or an admission policy refuses the request (403)."""

    def __init__(self, message: str, *, by_policy: bool = False) -> None:
        super().__init__(message)
        self.by_policy = by_policy
        """Whether an admission policy or webhook of the cluster refused it, and not RBAC."""


class TooLargeError(NeverError):
    """An answer of the API server is larger than the caller reads: ask for less."""


class RejectedError(NeverError):
    """The API server refuses the object's content (400, 413 or 422)."""

    def __init__(self, message: str, *, by_policy: bool = False) -> None:
        super().__init__(message)
        self.by_policy = by_policy
        """Whether an admission policy or webhook of the cluster refused it, and not the API server's own validation."""


class HookError(NeverError):
    """A plugin's hook raised, ran out of time, or returned something other than its spec says."""


class LeadershipLostError(NeverError):
    """This engine no longer holds its Lease and must not act any more."""


class UnsafeJobError(NeverError):
    """A plugin's Job asks for something that no action is allowed to have; the message names the field."""


class InputError(NeverError):
    """A user's input cannot be used; the message names the field and the remedy."""


class PluginLoadError(NeverError):
    """A plugin cannot be used; the message names the plugin, its distribution and what to fix."""
