"""What trusted proxies say of a request: Forwarded (RFC 7239) and the X-Forwarded-* headers that came before it."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import msgspec

from spyne.schema import DeclarationError
from spyne.server._headers import host_or

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Forwarded", "Proxies"]

_PAIR = re.compile(r'([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^;,\s"]*)')
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[^",]+|.', re.DOTALL)
_OBFUSCATED = re.compile(r"_[A-Za-z0-9._-]{1,64}").fullmatch
_MAX_HOPS = 16
_PORT = re.compile(r":\d{1,5}$")


class Forwarded(msgspec.Struct, frozen=True, kw_only=True):
    """What the request was before the proxies: None where they do not say."""

    addr: str | None = None
    scheme: str | None = None
    host: str | None = None


NOTHING = Forwarded()


class Proxies:
    """The proxies that are believed, by address or network: ``["10.0.0.0/8", "::1"]``. Raises DeclarationError for another text."""

    def __init__(self, trusted: Iterable[str]) -> None:
        try:
            self._networks = [ip_network(text) for text in trusted]
        except ValueError as error:
            raise DeclarationError(
                f"trusted_proxies takes addresses and networks, as in ['10.0.0.0/8']: {error}"
            ) from None

    def trusts(self, address: str | None) -> bool:
        """Whether the other end of a connection is one of them."""
        try:
            found = ip_address(_bare(address or ""))
        except ValueError:
            return False
        return any(found in network for network in self._networks)

    def read(self, peer: str | None, headers: Mapping[str, Any]) -> Forwarded:
        """What they say. Hops are believed from the nearest on, as far as each was reported by a proxy that is trusted."""
        if not self.trusts(peer):
            return NOTHING
        hops = _hops(headers)
        found = NOTHING
        for hop in reversed(hops[-_MAX_HOPS:]):
            found = Forwarded(
                addr=hop.addr or found.addr, scheme=hop.scheme or found.scheme, host=hop.host or found.host
            )
            if not self.trusts(hop.addr):
                break
        return found


def _hops(headers: Mapping[str, Any]) -> list[Forwarded]:
    """One record for each proxy on the way, the nearest last."""
    standard = headers.get("forwarded")
    if standard:
        return [_hop(text) for text in _split(",".join(standard))]
    addresses = _items(headers, "x_forwarded_for")
    schemes, hosts = _items(headers, "x_forwarded_proto"), _items(headers, "x_forwarded_host")
    count = max(len(addresses), 1 if schemes or hosts else 0)
    return [
        Forwarded(
            addr=_address(_at(addresses, index, count)),
            scheme=_scheme(_at(schemes, index, count)),
            host=_host(_at(hosts, index, count)),
        )
        for index in range(count)
    ]


def _items(headers: Mapping[str, Any], name: str) -> list[str]:
    return [item.strip() for value in headers.get(name) or () for item in value.split(",")]


def _at(items: list[str], index: int, count: int) -> str | None:
    """The item of a hop: lists that are shorter were written by the last proxies, a single item counts for all."""
    if len(items) == 1:
        return items[0]
    place = index - (count - len(items))
    return items[place] if 0 <= place < len(items) else None


def _split(text: str) -> list[str]:
    """The elements of a Forwarded header; commas in quotes do not separate."""
    parts = [""]
    for piece in _PIECE.findall(text):
        if piece == ",":
            parts.append("")
        else:
            parts[-1] += piece
    return [part for part in parts if part.strip()]


def _hop(text: str) -> Forwarded:
    pairs = {name.lower(): _unquoted(value) for name, value in _PAIR.findall(text)}
    return Forwarded(addr=_address(pairs.get("for")), scheme=_scheme(pairs.get("proto")), host=_host(pairs.get("host")))


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value[:1] == '"' else value


def _address(text: str | None) -> str | None:
    """The address of a hop, or the name that stands for it (RFC 7239 §6.3); None for anything else."""
    bare = _bare(text or "")
    try:
        return str(ip_address(bare))
    except ValueError:
        return bare if _OBFUSCATED(bare) else None


def _bare(address: str) -> str:
    """An address without its port and brackets."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return _PORT.sub("", address) if address.count(":") == 1 else address


def _scheme(text: str | None) -> str | None:
    found = (text or "").lower()
    return found if found in ("http", "https") else None


def _host(text: str | None) -> str | None:
    return host_or(text, "") or None
