"""Where a client connects to and as whom, from a kubeconfig or in a pod."""

import base64

import pytest
import yaml

from kubernaut.errors import InputError
from kubernaut.kube.config import client_config, in_cluster
from kubernaut.kube.config.client_config import config_of_token, load_client_config
from kubernaut.kube.config.credential_cache import CachedCredentials
from kubernaut.kube.config.credentials import Credential
from kubernaut.kube.config.entry_credentials import EntryCredentials
from tests.support.certificates import Authority

AUTHORITY = Authority()
CERTIFICATE, KEY = (base64.b64encode(part).decode() for part in AUTHORITY.pair("anna"))
PAIR = {"client-certificate-data": CERTIFICATE, "client-key-data": KEY}
EXEC = {"command": "x", "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}


def config(user=None, server="https://a", **context):
    return {
        "current-context": "c",
        "contexts": [
            {"name": "c", "context": {"cluster": "c", "user": "u", **context}},
            {"name": "d", "context": {"cluster": "c", "user": "u", "namespace": "in-d"}},
        ],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user or {"token": "t"}}],
    }


def test_somebody_elses_token_takes_nothing_of_the_own_identity_along():
    own = load_client_config(config({"username": "anna", "password": "p", "as": "bob"}))
    other = config_of_token(own, "abc", "a sender")
    assert other.credentials.read() == Credential("Bearer abc")
    assert (other.endpoint, other.impersonation, other.identity) == (own.endpoint, (), "a sender")


@pytest.mark.parametrize(("server", "token"), [("http://a", "abc"), ("https://a", "a\nb")])
def test_somebody_elses_token_is_not_sent_in_the_clear_or_if_it_is_none(server, token):
    with pytest.raises(InputError):
        config_of_token(load_client_config(config(server=server)), token, "a sender")


def test_the_namespace_is_the_contexts_or_default():
    assert load_client_config(config()).namespace == "default"
    assert load_client_config(config(namespace="ops")).namespace == "ops"
    assert load_client_config(config(namespace="ops"), "d").namespace == "in-d"


def test_a_user_is_named_with_its_file(tmp_path):
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump(config()), "utf-8")
    assert load_client_config(file).identity == f"user 'u' of kubeconfig {file}"
    assert (
        load_client_config(
            config(user={"token": "t"}) | {"contexts": [{"name": "c", "context": {"cluster": "c"}}]}
        ).identity
        == "context 'c', which has no user"
    )


async def test_no_credential_is_sent_in_the_clear():
    assert (await load_client_config(config(server="http://a")).credentials.current()).authorization == ""
    assert (await load_client_config(config()).credentials.current()).authorization == "Bearer t"


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        pytest.param({"exec": EXEC}, CachedCredentials, id="a plugin alone"),
        pytest.param({"exec": EXEC, "token": "t"}, EntryCredentials, id="a token before a plugin"),
        pytest.param({"exec": EXEC, **PAIR}, EntryCredentials, id="a certificate before a plugin"),
        pytest.param({"exec": EXEC, "username": "anna"}, EntryCredentials, id="a login before a plugin"),
        pytest.param(
            {"auth-provider": {"name": "oidc", "config": {"idp-issuer-url": "https://i", "client-id": "k"}}, **PAIR},
            CachedCredentials,
            id="an auth-provider beside a certificate",
        ),
        pytest.param(
            {"auth-provider": {"name": "gcp"}, "token": "t"}, EntryCredentials, id="a token before an auth-provider"
        ),
    ],
)
def test_what_an_entry_holds_itself_goes_before_a_plugin(user, kind):
    assert type(load_client_config(config(user)).credentials) is kind


@pytest.mark.parametrize(
    ("user", "message"),
    [
        pytest.param(
            {"auth-provider": {"name": "gcp"}},
            "users[u].user.auth-provider.name: the auth-provider 'gcp' is no longer supported (nor by kubectl); use the",
            id="gcp",
        ),
        pytest.param({"auth-provider": {"name": "azure"}}, "use the credential plugin kubelogin", id="azure"),
        pytest.param(
            {"auth-provider": {"name": "x"}}, "use a credential plugin (exec) or a token", id="any other auth-provider"
        ),
        pytest.param(
            {"auth-provider": {"name": "oidc"}, "exec": EXEC},
            "auth-provider: there is an exec plugin as well",
            id="a plugin and an auth-provider",
        ),
        pytest.param(
            {"client-certificate-data": CERTIFICATE, "client-key-data": "a2V5"},
            "client certificate and key cannot be used",
            id="a bad key",
        ),
        pytest.param(
            {"token": "t", "as-groups": ["g"]},
            "users[u].user.as: is not set, and as-uid, as-groups",
            id="groups without a user",
        ),
        pytest.param({"exec": "x"}, "users[u].user.exec: must be a mapping", id="a plugin that is not a mapping"),
    ],
)
def test_a_user_that_cannot_be_used_is_refused_by_its_field(user, message):
    with pytest.raises(InputError) as refused:
        load_client_config(config(user))
    assert message in str(refused.value)


def test_a_user_may_act_as_someone_else():
    user = {
        "token": "t",
        "as": "anna",
        "as-uid": "7",
        "as-groups": ["dev", "ops"],
        "as-user-extra": {"scopes": ["a", "b"], "acme.com/project id": ["p"]},
    }
    assert load_client_config(config(user)).impersonation == (
        ("Impersonate-User", "anna"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Group", "dev"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Extra-scopes", "a"),
        ("Impersonate-Extra-scopes", "b"),
        ("Impersonate-Extra-acme.com%2Fproject%20id", "p"),
    )
    assert load_client_config(config()).impersonation == ()


@pytest.fixture
def pod(monkeypatch, tmp_path):
    """This process is in a pod, and $KUBECONFIG names a file that does not exist yet."""
    (tmp_path / "token").write_text("t")
    (tmp_path / "namespace").write_text("ops")
    monkeypatch.setattr(
        client_config.ServiceAccount,
        "present",
        lambda: in_cluster.ServiceAccount(
            tmp_path, {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
        ),
    )
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    return tmp_path


def test_in_a_pod_its_own_account_is_used_where_there_is_no_kubeconfig(pod):
    found = load_client_config()
    assert (found.endpoint.server, found.namespace) == ("https://10.0.0.1:443", "ops")
    (pod / "config").write_text(yaml.safe_dump(config()), "utf-8")
    assert load_client_config().endpoint.server == "https://a"


def test_a_context_is_never_that_of_the_pod(pod):
    with pytest.raises(InputError, match=r"there is no usable kubeconfig: .*config does not exist or is empty"):
        load_client_config(context="c")


def test_without_kubeconfig_and_pod_the_files_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/a:{tmp_path}/b")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(InputError, match=r"/a and .*/b does not exist or is empty; set KUBECONFIG or --kubeconfig"):
        load_client_config()
