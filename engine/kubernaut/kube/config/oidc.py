"""The auth-provider `oidc` of a user entry: an id token, and a refresh token that gets the next one from the OpenID provider."""

from __future__ import annotations

import base64
import binascii
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

from kubernaut.errors import UnauthenticatedError
from kubernaut.kube.config.credential_cache import Issued
from kubernaut.kube.config.credentials import Credential, basic, bearer, file_or_data
from kubernaut.kube.config.kubeconfig_section import Section, is_header_value
from kubernaut.kube.config.proxy import environment_proxy
from kubernaut.kube.config.tls import ClientCertificate, TlsContexts

_TIMEOUT = aiohttp.ClientTimeout(total=30)
_EARLY_SECONDS = 10
_REMEDY = "log in again with the tool that wrote this kubeconfig"

Save = Callable[[Mapping[str, str]], None]
"""Keeps new tokens: `id-token`, and `refresh-token` if the provider has replaced it."""


@dataclass(slots=True)
class OidcProvider:
    """A user's tokens, and the provider that issues them."""

    where: Section
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    id_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    tls: TlsContexts
    certificate: ClientCertificate | None
    save: Save

    @classmethod
    def of(cls, provider: Section, certificate: ClientCertificate | None, save: Save) -> Self:
        """Return the provider; the client certificate is for the API server. Raises InputError naming the field."""
        config = provider.section("config") or Section({}, f"{provider.place}.config", provider.file)
        issuer, client_id = config.line("idp-issuer-url").rstrip("/"), config.line("client-id")
        if not issuer.startswith(("https://", "http://")):
            raise config.error("idp-issuer-url", "must be the URL of the OpenID provider")
        if not client_id:
            raise config.error("client-id", "is not set; it is the name by which the provider knows this client")
        authority = file_or_data(config, "idp-certificate-authority")
        tls = TlsContexts(authority, named=f"{config.place}.idp-certificate-authority")
        tls.context()
        tokens = (config.line("client-secret"), config.line("id-token"), config.line("refresh-token"))
        return cls(config, issuer, client_id, *tokens, tls, certificate, save)

    async def issue(self) -> Issued:
        """Return the id token, a new one if it has expired. Raises UnauthenticatedError if there is none."""
        expires_at = self._expires_at(self.id_token) if self.id_token else 0.0
        if time.time() + _EARLY_SECONDS >= expires_at:
            await self._refresh()
            expires_at = self._expires_at(self.id_token)
        return Issued(Credential(bearer(self.id_token), self.certificate), expires_at)

    async def _refresh(self) -> None:
        if not self.refresh_token:
            raise self._failed("id-token", "has expired, and there is no refresh-token")
        try:
            answer = await self._ask()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError) as error:
            raise self._failed(
                "idp-issuer-url", f"{self.issuer} gave no token: {error or 'no answer in time'}"
            ) from error
        token, refresh_token = answer.get("id_token"), answer.get("refresh_token")
        if not isinstance(token, str) or not is_header_value(token):
            raise self._failed("refresh-token", f"{self.issuer} refused it or sent no id_token")
        self.id_token = token
        tokens = {"id-token": token}
        if isinstance(refresh_token, str) and refresh_token not in {"", self.refresh_token}:
            self.refresh_token = tokens["refresh-token"] = refresh_token
        self.save(tokens)

    async def _ask(self) -> Mapping[str, Any]:
        """Return what the provider's token endpoint answers; what it refuses is an answer without tokens."""
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        identified = {**form, "client_id": self.client_id, "client_secret": self.client_secret}
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            discovered = await self._json(session, "GET", f"{self.issuer}/.well-known/openid-configuration")
            endpoint = str(discovered["token_endpoint"])
            login = {"Authorization": basic(self.client_id, self.client_secret)}
            answer = await self._json(session, "POST", endpoint, data=form, headers=login)
            return answer if "id_token" in answer else await self._json(session, "POST", endpoint, data=identified)

    async def _json(self, session: aiohttp.ClientSession, method: str, url: str, **options: Any) -> Mapping[str, Any]:
        proxy = environment_proxy(url, os.environ) or None
        async with session.request(method, url, ssl=self.tls.context(), proxy=proxy, **options) as response:
            document = _parse(await response.read())
        if not isinstance(document, dict):
            raise ValueError(f"{url} answered {response.status} without a JSON object")  # noqa: TRY004 - see _refresh
        return document

    def _expires_at(self, token: str) -> float:
        try:
            _, payload, _ = token.split(".")
            return float(_parse(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])
        except (ValueError, KeyError, TypeError, OverflowError, binascii.Error):
            raise self._failed("id-token", "is not a JWT with an expiry") from None

    def _failed(self, field_name: str, problem: str) -> UnauthenticatedError:
        return UnauthenticatedError(f"{self.where.error(field_name, problem)}; {_REMEDY}")


def _parse(text: bytes) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
