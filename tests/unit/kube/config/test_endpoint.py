"""The API server as a cluster entry describes it."""

import base64

import pytest

from kubernaut.errors import InputError
from kubernaut.kube.config.endpoint import Endpoint
from kubernaut.kube.config.kubeconfig_section import Section
from tests.support.certificates import Authority

CA = base64.b64encode(Authority().pem).decode()


def endpoint(environment=None, **cluster):
    fields = {"server": "https://a:6443", **{field.replace("_", "-"): value for field, value in cluster.items()}}
    return Endpoint.of(Section(fields, "clusters[c].cluster"), environment or {})


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        pytest.param("https://a:6443/", "https://a:6443", id="a slash at the end"),
        pytest.param("https://a/k8s/clusters/c-1/", "https://a/k8s/clusters/c-1", id="a path"),
        pytest.param("https://a/k8s?x=1#y", "https://a/k8s", id="a query"),
        pytest.param("localhost:8080", "http://localhost:8080", id="no scheme"),
        pytest.param("https://[::1]:6443", "https://[::1]:6443", id="IPv6"),
    ],
)
def test_the_server_is_a_url_without_what_no_request_needs(server, expected):
    assert endpoint(server=server).server == expected


def test_plain_http_has_no_tls():
    assert endpoint(server="http://a").tls is None
    assert endpoint().tls is not None


def test_the_way_there_is_read():
    found = endpoint(
        tls_server_name="b", proxy_url="http://p:1", disable_compression=True, insecure_skip_tls_verify=True
    )
    assert (found.tls_server_name, found.proxy, found.compression, found.insecure) == ("b", "http://p:1", False, True)


def test_the_entrys_proxy_goes_before_the_environments():
    environment = {"HTTPS_PROXY": "http://env"}
    assert endpoint(environment).proxy == "http://env"
    assert endpoint(environment, proxy_url="socks5://own").proxy == "socks5://own"


def test_plugins_are_given_the_description_that_kubectl_gives_them(tmp_path):
    (tmp_path / "ca.pem").write_bytes(base64.b64decode(CA))
    extensions = [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}, {"name": "other"}]
    found = endpoint(
        certificate_authority=str(tmp_path / "ca.pem"), tls_server_name="b", proxy_url="http://p", extensions=extensions
    )
    assert found.for_plugins() == {
        "server": "https://a:6443",
        "tls-server-name": "b",
        "certificate-authority-data": CA,
        "proxy-url": "http://p",
        "config": {"audience": "x"},
    }
    assert endpoint().for_plugins() == {"server": "https://a:6443"}


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param({"server": None}, "server: is not set", id="no server"),
        pytest.param({"server": "ftp://a"}, "server: 'ftp://a' is not a URL", id="another scheme"),
        pytest.param({"server": "https://"}, "server: 'https://' is not a URL", id="no host"),
        pytest.param({"server": "https://a:port"}, "server: ", id="a port that is not a number"),
        pytest.param(
            {"proxy_url": "ftp://p"},
            "proxy-url: must be a URL with http or https or socks5",
            id="a proxy of another scheme",
        ),
        pytest.param({"proxy_url": "p:3128"}, "proxy-url: must be a URL", id="a proxy without a scheme"),
        pytest.param(
            {"certificate_authority": "/no/such"},
            "certificate-authority: /no/such cannot be read: No such file",
            id="no authority file",
        ),
        pytest.param(
            {"certificate_authority_data": "AAAA"},
            "certificate-authority is not a certificate in PEM",
            id="an authority that is not PEM",
        ),
        pytest.param(
            {"certificate_authority_data": "%"},
            "certificate-authority-data: is not valid base64",
            id="an authority that is not base64",
        ),
        pytest.param(
            {"certificate_authority": "/a", "certificate_authority_data": CA},
            "certificate-authority-data is set as well",
            id="an authority twice",
        ),
        pytest.param(
            {"certificate_authority_data": CA, "insecure_skip_tls_verify": True},
            "insecure-skip-tls-verify: certificate-authority is set as well",
            id="an authority that is not to be verified",
        ),
        pytest.param(
            {"insecure_skip_tls_verify": "yes"},
            "insecure-skip-tls-verify: must be true or false",
            id="a text for a boolean",
        ),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_by_its_field(cluster, message):
    with pytest.raises(InputError) as refused:
        endpoint(**cluster)
    assert str(refused.value).startswith("kubeconfig: clusters[c].cluster.")
    assert message in str(refused.value)
