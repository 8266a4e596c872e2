"""Proxies that the environment names, by Go's rules."""

import pytest

from kubernaut.kube.config.proxy import environment_proxy

PROXY = {"HTTPS_PROXY": "http://proxy:3128"}


@pytest.mark.parametrize(
    ("server", "environment", "expected"),
    [
        pytest.param("https://a.example", {}, "", id="none"),
        pytest.param("https://a.example", PROXY, "http://proxy:3128", id="for https"),
        pytest.param(
            "https://a.example",
            {"https_proxy": "proxy:3128"},
            "http://proxy:3128",
            id="in small letters, without a scheme",
        ),
        pytest.param("http://a.example", PROXY, "", id="not for http"),
        pytest.param("http://a.example", {"HTTP_PROXY": "http://p"}, "http://p", id="for http"),
        pytest.param("https://localhost:6443", PROXY, "", id="never for localhost"),
        pytest.param("https://127.0.0.5:6443", PROXY, "", id="never for loopback"),
        pytest.param("https://[::1]:6443", PROXY, "", id="never for loopback of IPv6"),
    ],
)
def test_the_environment_names_a_proxy(server, environment, expected):
    assert environment_proxy(server, environment) == expected


@pytest.mark.parametrize(
    ("server", "exceptions", "direct"),
    [
        pytest.param("https://a.example", "*", True, id="all"),
        pytest.param("https://a.example", "example", True, id="a subdomain"),
        pytest.param("https://example", "example", True, id="the domain itself"),
        pytest.param("https://example", ".example", False, id="subdomains alone"),
        pytest.param("https://a.example", "*.example", True, id="a star"),
        pytest.param("https://anexample", "example", False, id="a name that ends so"),
        pytest.param("https://a.example:6443", "a.example:6443", True, id="a port"),
        pytest.param("https://a.example", "a.example:6443", False, id="another port"),
        pytest.param("https://10.1.2.3", "x, 10.0.0.0/8", True, id="a range"),
        pytest.param("https://11.1.2.3", "10.0.0.0/8,nonsense/x", False, id="outside of the range"),
        pytest.param("https://10.1.2.3:6443", "10.1.2.3", True, id="an address"),
        pytest.param("https://[fd00::1]:6443", "fd00::1", True, id="an address of IPv6"),
        pytest.param("https://A.example", "a.EXAMPLE", True, id="capitals"),
    ],
)
def test_exceptions_are_connected_directly(server, exceptions, direct):
    assert (environment_proxy(server, {**PROXY, "NO_PROXY": exceptions}) == "") is direct
