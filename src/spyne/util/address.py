"""Address: the other end of a connection."""

from __future__ import annotations

from typing import Any, NamedTuple

TCP4 = "TCP4"
TCP6 = "TCP6"
UDP4 = "UDP4"
UDP6 = "UDP6"


class Address(NamedTuple):
    """A network address. type: one of `TCP4`, `TCP6`, `UDP4`, `UDP6`. host: as the transport names it. port: 0 where unknown."""

    type: str | None = None
    host: str | None = None
    port: int = 0

    @classmethod
    def tcp(cls, host: str | None, port: Any = 0) -> Address:
        """The address of a TCP peer; a port that is no number counts as unknown."""
        text = str(port)
        return cls(TCP6 if host and ":" in host else TCP4, host, int(text) if text.isascii() and text.isdigit() else 0)

    @classmethod
    def from_twisted_address(cls, address: Any) -> Address:
        """The same as Twisted's IPv4Address or IPv6Address says it."""
        family = "6" if type(address).__name__.startswith("IPv6") else "4"
        return cls(f"{address.type}{family}", address.host, address.port)
