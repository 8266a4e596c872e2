"""The proxy that the environment names for an API server, by the rules of Go, which are kubectl's: HTTPS_PROXY, HTTP_PROXY and NO_PROXY."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

PROXY_SCHEMES = ("http", "https", "socks5")
_PORTS = {"http": 80, "https": 443}


def environment_proxy(server: str, environment: Mapping[str, str]) -> str:
    """Return the proxy's URL, or "" to connect directly."""
    parts = urlsplit(server)
    host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 443)
    proxy = _variable(environment, f"{parts.scheme}_proxy")
    if not proxy or _is_loopback(host) or _is_exempt(host, port, _variable(environment, "no_proxy")):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(environment: Mapping[str, str], name: str) -> str:
    return (environment.get(name.upper()) or environment.get(name) or "").strip()


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _is_exempt(host: str, port: int, exceptions: str) -> bool:
    return any(_matches(host, port, one.strip().lower()) for one in exceptions.split(",") if one.strip())


def _matches(host: str, port: int, exception: str) -> bool:
    """Whether one entry of NO_PROXY is about this host: `*`, an address, a CIDR, a domain, or a host with its port."""
    if exception == "*":
        return True
    address = _address(host)
    if "/" in exception:
        try:
            return address is not None and address in ipaddress.ip_network(exception, strict=False)
        except ValueError:
            return False
    name, colon, number = exception.rpartition(":")
    if colon and number.isdecimal() and _address(exception) is None:
        if int(number) != port:
            return False
        exception = name
    if address is not None:
        return address == _address(exception.strip("[]"))
    domain = exception.removeprefix("*")
    return host.endswith(domain) if domain.startswith(".") else host == domain or host.endswith(f".{domain}")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
