"""The identity of the pod that the client runs in."""

import pytest

from kubernaut.errors import InputError
from kubernaut.kube.config.in_cluster import ServiceAccount
from tests.support.certificates import Authority

ENVIRONMENT = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def mounted(tmp_path):
    (tmp_path / "token").write_text("one")
    (tmp_path / "namespace").write_text("ops\n")
    (tmp_path / "ca.crt").write_bytes(Authority().pem)
    return tmp_path


async def test_a_pod_has_server_token_and_namespace(mounted):
    account = ServiceAccount.present(mounted, ENVIRONMENT)
    assert account.endpoint().server == "https://10.0.0.1:443"
    assert account.namespace() == "ops"
    assert str(mounted / "token") in account.identity
    credentials = account.credentials()
    assert (await credentials.current()).authorization == "Bearer one"
    (mounted / "token").write_text("three")
    assert (await credentials.current()).authorization == "Bearer three"


def test_an_address_of_ipv6_is_put_into_brackets(mounted):
    account = ServiceAccount.present(mounted, {**ENVIRONMENT, "KUBERNETES_SERVICE_HOST": "fd00::1"})
    assert account.endpoint().server == "https://[fd00::1]:443"


@pytest.mark.parametrize("environment", [{}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}], ids=["no pod", "no port"])
def test_elsewhere_there_is_none(mounted, environment):
    assert ServiceAccount.present(mounted, environment) is None


def test_a_pod_without_a_token_has_none(tmp_path):
    assert ServiceAccount.present(tmp_path, ENVIRONMENT) is None


def test_the_namespace_is_that_of_the_environment_the_file_or_default(mounted):
    assert ServiceAccount.present(mounted, {**ENVIRONMENT, "POD_NAMESPACE": "env"}).namespace() == "env"
    (mounted / "namespace").unlink()
    assert ServiceAccount.present(mounted, ENVIRONMENT).namespace() == "default"


def test_files_that_cannot_be_used_are_named(mounted):
    (mounted / "ca.crt").write_text("x")
    with pytest.raises(InputError, match=r"ca\.crt is not a certificate"):
        ServiceAccount.present(mounted, ENVIRONMENT).endpoint()
    (mounted / "token").write_text("")
    with pytest.raises(InputError, match="token is empty"):
        ServiceAccount.present(mounted, ENVIRONMENT).credentials()
