"""The API that an author uses: objects of the execution's namespace, read and written."""

from __future__ import annotations

from urllib.parse import quote

from kubernaut.runner.exceptions import Conflict, Misuse, Rejected, Unanswered
from kubernaut.runner.rest import DRY_RUN, Rest, parts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kubernaut.runner.listing import Listing
    from kubernaut.runner.rest import Patch

_PATCH_TYPES = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
}
_MAX_TRIES = 5
_INVALID = 422


class Api(Rest):
    """Requests to the API server, each within one namespace.

    A kind is written as in a REST path: `v1/configmaps`, `apps/v1/deployments`, `apps/v1/deployments/scale`. Every method returns
    the object and raises one of `runner.exceptions`: Rejected (4xx), of which NotFound and AlreadyExists are kinds, or TryAgain (5xx, no
    answer), of which Conflict, TooManyRequests and Unanswered are. Each has the HTTP code as `status`, Kubernetes' `status_reason`, and
    `causes`.
    """

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """Read an object."""
        return self._request("GET", kind, name)

    def list(self, kind: str, *, selector: str = "", fields: str = "", limit: int = 250) -> Listing:
        """Return the objects that match, at most `limit`; `has_more` of the list says whether there are more.

        `selector` is a label selector (`app=web,tier in (a,b)`), `fields` a field selector (`status.phase=Failed,spec.nodeName=n1`).
        """
        from kubernaut.runner.listing import read_pages  # noqa: PLC0415 - not every step lists

        if limit < 1:
            raise Misuse(f"list: limit is {limit}, and must be at least 1")
        matching = f"labelSelector={quote(selector, safe='')}" + (
            f"&fieldSelector={quote(fields, safe='')}" if fields else ""
        )

        def page(count: int, token: str) -> dict[str, Any]:
            after = f"&continue={quote(token, safe='')}" if token else ""
            return self._request("GET", kind, "", query=f"limit={count}&{matching}{after}")

        return read_pages(page, limit)

    def patch(
        self, kind: str, name: str, patch: Patch, *, patch_type: str = "merge", dry_run: bool = False
    ) -> dict[str, Any]:
        """Send a patch and return the object as it is afterwards.

        `patch_type` is `merge`, `strategic` (lists are merged by their keys; not for custom resources) or `json`, the type of every patch
        that is a list of operations.
        """
        if isinstance(patch, list) and patch_type == "merge":
            patch_type = "json"
        if patch_type not in _PATCH_TYPES or isinstance(patch, list) != (patch_type == "json"):
            wanted = "a list of operations for json, and a mapping for merge and strategic"
            raise Misuse(f"patch_type is {patch_type!r} and the patch a {type(patch).__name__}: it must be {wanted}")
        query, content_type = DRY_RUN if dry_run else "", _PATCH_TYPES[patch_type]
        return self._request("PATCH", kind, _named(name, "patch"), patch, query=query, content_type=content_type)

    def create(self, kind: str, manifest: dict[str, Any], *, name: str = "") -> dict[str, Any]:
        """Create an object of this kind; or what a subresource such as `v1/pods/eviction` creates, of the object called `name`.

        One that gets no answer is repeated where it names what it concerns: `metadata.name`, or for an eviction the uid in
        `deleteOptions.preconditions`, which then returns {} where the pod is gone. AlreadyExists is the author's to judge.
        """
        from kubernaut.runner.unanswered import repeat_creation, repeat_deletion  # noqa: PLC0415 - not every step creates

        is_subresource = bool(parts_of(kind)[3])
        if is_subresource != bool(name):
            raise Misuse(
                f"create {kind}: `name` is for a subresource, and needed there; of another object it is `metadata.name`"
            )
        metadata = manifest.get("metadata") or {}
        if is_subresource:
            manifest = {**manifest, "metadata": {"name": name, **metadata}}
        call = ("POST", kind, name or metadata.get("name") or "")

        def send() -> dict[str, Any]:
            return self._request("POST", kind, name, manifest)

        if self._dry_run:
            return send()
        if is_subresource:
            return repeat_deletion(send, manifest.get("deleteOptions") or {}, self._report, call)
        return repeat_creation(send, self._report, call)

    def delete(
        self,
        kind: str,
        name: str,
        *,
        uid: str = "",
        resource_version: str = "",
        grace_seconds: int | None = None,
        propagation: str = "",
    ) -> dict[str, Any]:
        """Delete an object, if it has this uid and resourceVersion, and return the answer: the object, or a Status.

        It raises NotFound where there is none, and Conflict where it is another one. With `uid`, a request that gets no answer is
        repeated, and {} is returned where the object is gone then. `propagation` is `Foreground`, `Background` or `Orphan`. An object with
        finalizers, and a pod with a grace period, are still there for a while: wait until `get` raises NotFound.
        """
        from kubernaut.runner.unanswered import repeat_deletion  # noqa: PLC0415 - not every step deletes

        given = {"uid": uid, "resourceVersion": resource_version}
        preconditions = {key: value for key, value in given.items() if value}
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            **({"preconditions": preconditions} if preconditions else {}),
            **({} if grace_seconds is None else {"gracePeriodSeconds": grace_seconds}),
            **({"propagationPolicy": propagation} if propagation else {}),
        }
        name = _named(name, "delete")

        def send() -> dict[str, Any]:
            return self._request("DELETE", kind, name, options)

        return send() if self._dry_run else repeat_deletion(send, options, self._report, ("DELETE", kind, name))

    def peek(self, kind: str, name: str) -> dict[str, Any]:
        """Read an object with permission to patch it alone: the dry run of an empty patch returns the object."""
        return self.patch(kind, name, {}, dry_run=True)

    def modify(
        self, kind: str, name: str, change: Callable[[dict[str, Any]], Patch], *, patch_type: str = "merge"
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read the object, call `change(current)` for a patch, write it if the object is still the same, and return (before, after).

        Needs permission to patch alone. Tries again, five times at most, when someone else wrote in between or no answer came. An empty
        patch writes nothing. `before` is the object before the first write that may have been carried out. `patch_type` is that of `patch`.
        """
        unsure: dict[str, Any] | None = None
        before = self.peek(kind, name)
        for left in reversed(range(_MAX_TRIES)):
            patch = change(before)
            after = before
            if patch:
                try:
                    after = self.patch(kind, name, _conditional(patch, before), patch_type=patch_type)
                except (Conflict, Unanswered, Rejected) as failure:
                    if not left or (isinstance(failure, Rejected) and not _may_be_conflict(failure, patch)):
                        raise
                    if isinstance(failure, Unanswered):
                        unsure = unsure or before
                    now = self.peek(kind, name)
                    if isinstance(failure, Rejected) and _version(now) == _version(before):
                        raise
                    before = now
                    continue
            self._report.unanswered.discard(("PATCH", kind, name))
            return unsure or before, after
        raise AssertionError("unreachable")


def _named(name: str, verb: str) -> str:
    """Return the name; without one, the request would be for all objects of the kind."""
    if not name:
        raise Misuse(f"{verb} needs the name of an object")
    return name


def _conditional(patch: Patch, before: dict[str, Any]) -> Patch:
    """Return the patch on condition that the object still has the version that it had before."""
    version = _version(before)
    if isinstance(patch, list):
        return [{"op": "test", "path": "/metadata/resourceVersion", "value": version}, *patch]
    return {**patch, "metadata": {**patch.get("metadata", {}), "resourceVersion": version}}


def _may_be_conflict(refusal: Rejected, patch: Patch) -> bool:
    """Whether it may be the answer to a JSON patch for another version: a `test` that fails is a 422, as is one of the author's own."""
    return isinstance(patch, list) and refusal.status == _INVALID


def _version(obj: dict[str, Any]) -> str:
    return str(obj["metadata"]["resourceVersion"])
