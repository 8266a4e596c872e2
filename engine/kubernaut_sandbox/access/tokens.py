"""Bearer tokens: static ones for any user name, and signed ones with an expiry for ServiceAccounts.

A signed token is a JWT with Kubernetes' own claims. It is valid until it expires, or until its ServiceAccount, or the pod that
it is bound to, is deleted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time

from kubernaut_sandbox.access.users import User, account_user_name, user_by_name
from kubernaut_sandbox.model.objects import Object, encode, name_of, namespace_of, uid_of
from kubernaut_sandbox.model.store import Store

AUDIENCE = "https://kubernetes.default.svc.cluster.local"


class Tokens:
    """Issues tokens and authenticates their bearers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._key = secrets.token_bytes(32)
        self._static_tokens: dict[str, str] = {}
        self._names_by_token: dict[str, str] = {}

    def static_token(self, user_name: str) -> str:
        """Return the static token of a user name: always the same one, valid as long as the sandbox runs."""
        if user_name not in self._static_tokens:
            token = secrets.token_urlsafe(24)
            self._static_tokens[user_name] = token
            self._names_by_token[token] = user_name
        return self._static_tokens[user_name]

    def issue(self, account: Object, seconds: int, bound: Object | None = None, audiences: tuple[str, ...] = ()) -> str:
        """Return a signed token of the ServiceAccount.

        Args:
            account: the ServiceAccount.
            seconds: until the token expires.
            bound: the pod that the token is bound to, if any.
            audiences: whom the token is for; by default the API server.
        """
        identity: Object = {
            "namespace": namespace_of(account),
            "serviceaccount": {"name": name_of(account), "uid": uid_of(account)},
        }
        if bound is not None:
            identity["pod"] = {"name": name_of(bound), "uid": uid_of(bound)}
        issued = int(time.time())
        claims = {
            "aud": list(audiences) or [AUDIENCE],
            "exp": issued + seconds,
            "iat": issued,
            "iss": AUDIENCE,
            "jti": secrets.token_hex(8),
            "kubernetes.io": identity,
            "sub": account_user_name(namespace_of(account), name_of(account)),
        }
        body = f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{_segment(claims)}"
        return f"{body}.{self._signature(body)}"

    def authenticate(self, token: str, audience: str = AUDIENCE) -> User | None:
        """Return the user whose token it is; None for one that is unknown, expired, revoked, or for another audience."""
        if token in self._names_by_token:
            return user_by_name(self._names_by_token[token])
        body, _, signature = token.rpartition(".")
        if not body or not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            return None
        claims = json.loads(base64.urlsafe_b64decode(body.partition(".")[2] + "=="))
        valid = claims["exp"] > time.time() and audience in claims["aud"]
        return self._bearer(claims["kubernetes.io"]) if valid else None

    def _bearer(self, identity: Object) -> User | None:
        namespace, account = identity["namespace"], identity["serviceaccount"]
        stored = self._store.get("serviceaccounts", namespace, account["name"])
        if stored is None or uid_of(stored) != account["uid"]:
            return None
        extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
        if pod := identity.get("pod"):
            bound = self._store.get("pods", namespace, pod["name"])
            if bound is None or uid_of(bound) != pod["uid"]:
                return None
            prefix = "authentication.kubernetes.io/pod-"
            extra = ((f"{prefix}name", (pod["name"],)), (f"{prefix}uid", (pod["uid"],)))
        authenticate = user_by_name(account_user_name(namespace, account["name"]))
        return User(authenticate.name, authenticate.groups, account["uid"], extra)

    def _signature(self, body: str) -> str:
        digest = hmac.new(self._key, body.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _segment(value: Object) -> str:
    return base64.urlsafe_b64encode(encode(value)).decode().rstrip("=")
