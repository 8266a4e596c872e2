"""Access and token reviews: answered by the authorizer that guards every request, and never stored."""

from __future__ import annotations

from kubernaut_sandbox.access.rbac import Attributes, Authorizer
from kubernaut_sandbox.access.tokens import AUDIENCE, Tokens
from kubernaut_sandbox.access.users import User
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, now, spec_of
from kubernaut_sandbox.model.statuses import bad_request, invalid, invalid_value


class Reviews:
    """Evaluates SubjectAccessReviews, TokenReviews and the like."""

    def __init__(self, authorizer: Authorizer, tokens: Tokens) -> None:
        self._authorizer, self._tokens = authorizer, tokens

    def evaluate(self, kind: Kind, user: User, namespace: str, body: Object) -> Object:
        """Return the review with its status filled in."""
        review = {
            **body,
            "kind": kind.kind,
            "apiVersion": kind.api_version,
            "metadata": {**(body.get("metadata") or {})},
        }
        spec = spec_of(body)
        match kind.kind:
            case "SelfSubjectReview":
                review["metadata"]["creationTimestamp"] = now()
                review["status"] = {"userInfo": user.info()}
            case "TokenReview":
                review["status"] = self._token(spec)
            case "SelfSubjectRulesReview":
                review["status"] = self._rules(user, spec.get("namespace", ""))
            case "SelfSubjectAccessReview":
                review["status"] = self._access(kind, user, spec)
            case _:
                if kind.namespaced:
                    review["metadata"]["namespace"] = namespace
                    _check_local(kind, review)
                review["status"] = self._access(kind, _reviewed_user(kind, spec), spec)
        return review

    def _access(self, kind: Kind, user: User, spec: Object) -> Object:
        resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
        if bool(resource) == bool(path):
            detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            raise invalid(f".{kind.group}", "", [invalid_value("spec.resourceAttributes", resource, detail)])
        if path is not None:
            attributes = Attributes(path.get("verb", ""), path=path.get("path", ""))
        else:
            fields = {
                key: (resource or {}).get(key, "")
                for key in ("verb", "group", "resource", "subresource", "namespace", "name")
            }
            attributes = Attributes(**fields)
        reason = self._authorizer.reason(user, attributes)
        return {"allowed": True, "reason": reason} if reason else {"allowed": False}

    def _rules(self, user: User, namespace: str) -> Object:
        if not namespace:
            raise bad_request("no namespace on request")
        rules = self._authorizer.rules(user, namespace)
        return {
            "resourceRules": [rule for rule in rules if not rule.get("nonResourceURLs")],
            "nonResourceRules": [rule for rule in rules if rule.get("nonResourceURLs")],
            "incomplete": False,
        }

    def _token(self, spec: Object) -> Object:
        audiences = spec.get("audiences") or [AUDIENCE]
        user = self._tokens.authenticate(spec.get("token", ""), audiences[0])
        if user is None:
            return {"user": {}, "error": "invalid bearer token"}
        return {"authenticated": True, "user": user.info(), "audiences": audiences}


def _check_local(kind: Kind, review: Object) -> None:
    """Reject a LocalSubjectAccessReview about anything but resources of its own namespace."""
    metadata, spec = review["metadata"], spec_of(review)
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    causes = []
    if set(metadata) != {"namespace"}:
        causes.append(invalid_value("metadata", metadata, "must be empty except for namespace"))
    if resource is not None and resource.get("namespace", "") != metadata["namespace"]:
        namespace = resource.get("namespace", "")
        causes.append(invalid_value("spec.resourceAttributes.namespace", namespace, "must match metadata.namespace"))
    if path is not None:
        causes.append(invalid_value("spec.nonResourceAttributes", path, "disallowed on this kind of request"))
    if causes:
        raise invalid(f".{kind.group}", "", causes)


def _reviewed_user(kind: Kind, spec: Object) -> User:
    name, groups = spec.get("user", ""), tuple(spec.get("groups") or ())
    if not name and not groups:
        raise invalid(
            f".{kind.group}", "", [invalid_value("spec.user", "", "at least one of user or group must be specified")]
        )
    return User(name, groups)
