"""IP addresses and CIDR blocks."""

from __future__ import annotations

import ipaddress

from kubernaut_cel.functions import Overload, Type, own_type

IP, CIDR = own_type("net.IP"), own_type("net.CIDR")
Record = dict[str, str]
_ADDRESS = "address"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _ip(text: str) -> Record:
    return {_ADDRESS: str(_address(text))}


def _cidr(text: str) -> Record:
    address, slash, length = text.partition("/")
    try:
        ipaddress.ip_network(text if slash else "", strict=False)
    except ValueError:
        raise ValueError(f'CIDR "{text}" parse error during conversion from string: invalid CIDR address') from None
    return {_ADDRESS: f"{ipaddress.ip_address(address)}/{int(length)}"}


def _address(value: str | Record) -> Address:
    text = value if isinstance(value, str) else value[_ADDRESS]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f'IP Address "{text}" parse error during conversion from string: invalid IP') from None
    if "%" in text or (isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped):
        raise ValueError(f'IP Address "{text}" parse error during conversion from string: IPv4-mapped or zoned address')
    return found


def _network(value: str | Record) -> Network:
    text = value if isinstance(value, str) else value[_ADDRESS]
    return ipaddress.ip_network(_cidr(text)[_ADDRESS], strict=False)


def _is(parse: type | object, text: str) -> bool:
    try:
        parse(text)  # type: ignore[operator]
    except ValueError:
        return False
    return True


def _contains_cidr(outer: Record, inner: str | Record) -> bool:
    first, second = _network(outer), _network(inner)
    same = first.version == second.version
    return same and first.prefixlen <= second.prefixlen and second.network_address in first


def _masked(value: Record) -> Record:
    return {_ADDRESS: str(_network(value))}


def _is_link_local_multicast(value: Record) -> bool:
    address = _address(value)
    block = "224.0.0.0/24" if address.version == 4 else "ff02::/16"
    return address in ipaddress.ip_network(block)


def _is_global_unicast(value: Record) -> bool:
    address = _address(value)
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not special and str(address) != "255.255.255.255"


def _family(value: Record) -> int:
    return _address(value).version


OVERLOADS = (
    Overload("ip", (Type.STRING,), IP, _ip, member=False),
    Overload("isIP", (Type.STRING,), Type.BOOL, lambda text: _is(_address, text), member=False),
    Overload("ip.isCanonical", (Type.STRING,), Type.BOOL, lambda text: str(_address(text)) == text, member=False),
    Overload("family", (IP,), Type.INT, _family),
    Overload("isUnspecified", (IP,), Type.BOOL, lambda value: _address(value).is_unspecified),
    Overload("isLoopback", (IP,), Type.BOOL, lambda value: _address(value).is_loopback),
    Overload("isLinkLocalMulticast", (IP,), Type.BOOL, _is_link_local_multicast),
    Overload("isLinkLocalUnicast", (IP,), Type.BOOL, lambda value: _address(value).is_link_local),
    Overload("isGlobalUnicast", (IP,), Type.BOOL, _is_global_unicast),
    Overload("cidr", (Type.STRING,), CIDR, _cidr, member=False),
    Overload("isCIDR", (Type.STRING,), Type.BOOL, lambda text: _is(_cidr, text), member=False),
    Overload("containsIP", (CIDR, Type.STRING), Type.BOOL, lambda block, ip: _address(ip) in _network(block)),
    Overload("containsIP", (CIDR, IP), Type.BOOL, lambda block, ip: _address(ip) in _network(block)),
    Overload("containsCIDR", (CIDR, Type.STRING), Type.BOOL, _contains_cidr),
    Overload("containsCIDR", (CIDR, CIDR), Type.BOOL, _contains_cidr),
    Overload("ip", (CIDR,), IP, lambda value: {_ADDRESS: value[_ADDRESS].partition("/")[0]}),
    Overload("prefixLength", (CIDR,), Type.INT, lambda value: _network(value).prefixlen),
    Overload("masked", (CIDR,), CIDR, _masked),
)
