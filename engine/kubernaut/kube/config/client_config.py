"""Where a client connects to and as whom: from a kubeconfig, or from the pod that it runs in.

The order is kubectl's: the named file, else $KUBECONFIG, else ~/.kube/config, else the pod's own ServiceAccount.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kubernaut.errors import InputError
from kubernaut.kube.config.credential_cache import CachedCredentials
from kubernaut.kube.config.credentials import Credentials, StoredCredentials, stored_credentials
from kubernaut.kube.config.endpoint import Endpoint
from kubernaut.kube.config.entry_credentials import EntryCredentials
from kubernaut.kube.config.exec_plugin import ExecPlugin
from kubernaut.kube.config.in_cluster import ServiceAccount
from kubernaut.kube.config.kubeconfig import Context, Kubeconfig
from kubernaut.kube.config.kubeconfig_section import Section, is_header_value, source_of
from kubernaut.kube.config.kubeconfig_writer import save_tokens
from kubernaut.kube.config.oidc import OidcProvider
from kubernaut.kube.config.tls import ClientCertificate, check_pair

DEFAULT_NAMESPACE = "default"
_HEADER_CHARACTERS = "!#$&'*+^`|"
"""Those of a header's name that `quote` would encode."""
_REMOVED_PROVIDERS = {
    "gcp": "use the credential plugin gke-gcloud-auth-plugin: gcloud container clusters get-credentials NAME",
    "azure": "use the credential plugin kubelogin: kubelogin convert-kubeconfig",
}


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """One API server, one identity, and the namespace where none is named."""

    endpoint: Endpoint
    credentials: Credentials
    identity: str
    """Whose credentials these are, for messages."""
    namespace: str = DEFAULT_NAMESPACE
    impersonation: tuple[tuple[str, str], ...] = ()
    """The headers that ask to act as someone else."""


def load_client_config(kubeconfig: Path | Mapping[str, Any] | None = None, context: str = "") -> ClientConfig:
    """Return the configuration of a context, by default the current one. Raises InputError naming file, field and remedy."""
    if isinstance(kubeconfig, Mapping):
        return _of_context(Kubeconfig.of(kubeconfig).context(context))
    if kubeconfig is not None:
        return _of_context(Kubeconfig.explicit(kubeconfig).context(context))
    found = Kubeconfig.default()
    if not found.is_empty:
        return _of_context(found.context(context))
    account = ServiceAccount.present()
    if account is None or context:
        raise found.missing()
    return ClientConfig(account.endpoint(), account.credentials(), account.identity, account.namespace())


def config_of_token(config: ClientConfig, token: str, identity: str) -> ClientConfig:
    """Return the configuration of somebody else on the same API server: by this bearer token, and with no other credential of `config`.

    Raises InputError if the API server is reached without TLS, or the token cannot be sent.
    """
    if config.endpoint.tls is None:
        raise InputError(f"the API server {config.endpoint.server} is reached without TLS: no token is sent there")
    if not is_header_value(token):
        raise InputError("the token has characters that no token has")
    return ClientConfig(config.endpoint, StoredCredentials(token=token), identity, config.namespace)


def _of_context(context: Context) -> ClientConfig:
    endpoint = Endpoint.of(context.cluster)
    user = context.user
    credentials: Credentials = StoredCredentials()
    if user is not None and endpoint.tls is not None:  # kubectl sends no credential in the clear either
        credentials = _credentials(user, context.user_name, endpoint)
    identity = (
        f"user {context.user_name!r} of {source_of(user.file)}"
        if user
        else f"context {context.name!r}, which has no user"
    )
    return ClientConfig(
        endpoint, credentials, identity, context.namespace or DEFAULT_NAMESPACE, _impersonation(user) if user else ()
    )


def _credentials(user: Section, user_name: str, endpoint: Endpoint) -> Credentials:
    """Return where the user's credential comes from: what the entry itself holds goes before a plugin, as client-go has it."""
    plugin, provider = user.section("exec"), user.section("auth-provider")
    if plugin and provider:
        raise user.error(
            "auth-provider", "there is an exec plugin as well, and only one of the two is allowed; remove one"
        )
    stored = stored_credentials(user)
    held = stored.read()
    if held.certificate:
        _check(held.certificate, user)
    if plugin and held == StoredCredentials().read():
        return CachedCredentials(ExecPlugin.of(plugin, endpoint.for_plugins()).issue)
    if provider and not held.authorization:
        return CachedCredentials(_provider(provider, held.certificate, user_name).issue)
    return EntryCredentials(stored, user, user_name, endpoint.server)


def _check(certificate: ClientCertificate, user: Section) -> None:
    """Report a bad certificate before anything is sent."""
    try:
        check_pair(certificate)
    except InputError as error:
        raise user.error("client-certificate", str(error)) from error


def _provider(provider: Section, certificate: ClientCertificate | None, user_name: str) -> OidcProvider:
    name = provider.text("name")
    if name != "oidc":
        remedy = _REMOVED_PROVIDERS.get(name, "use a credential plugin (exec) or a token")
        raise provider.error("name", f"the auth-provider {name!r} is no longer supported (nor by kubectl); {remedy}")
    return OidcProvider.of(provider, certificate, partial(save_tokens, provider.file, user_name))


def _impersonation(user: Section) -> tuple[tuple[str, str], ...]:
    """Return the headers for `as`, `as-uid`, `as-groups` and `as-user-extra`."""
    name, uid, groups = user.line("as"), user.line("as-uid"), user.lines("as-groups")
    extra = user.section("as-user-extra")
    if not name:
        if uid or groups or (extra and extra.fields):
            raise user.error("as", "is not set, and as-uid, as-groups and as-user-extra need it; name a user")
        return ()
    uids = [("Impersonate-Uid", uid)] if uid else []
    more = [(_extra_header(key), value) for key in extra.fields for value in extra.lines(key)] if extra else []
    return (("Impersonate-User", name), *uids, *(("Impersonate-Group", group) for group in groups), *more)


def _extra_header(key: str) -> str:
    return f"Impersonate-Extra-{quote(key, safe=_HEADER_CHARACTERS)}"
