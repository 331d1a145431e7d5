"""Network addresses; values are str."""

from __future__ import annotations

from typing import Any

from spyne.model.primitive.string import SPYNE_NAMESPACE, Unicode
from spyne.schema import DeclarationError

_OCTET = "(25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
_V4 = rf"({_OCTET}\.){{3}}{_OCTET}"
_HEX = "[0-9a-fA-F]{1,4}"


def _ipv6() -> str:
    """RFC 4291 §2.2: eight groups, a run of them as ``::``, the last two as IPv4, and link-local ones with a zone."""
    before = f"{_HEX}:"
    forms = [f"({before}){{7}}{_HEX}", f"({before}){{1,7}}:", f":((:{_HEX}){{1,7}}|:)"]
    forms += [f"({before}){{1,{n}}}(:{_HEX}){{1,{7 - n}}}" for n in range(1, 7)]
    forms += [f"({before}){{6}}{_V4}", f"::({before}){{0,5}}{_V4}"]
    forms += [f"({before}){{1,{n}}}:({before}){{0,{5 - n}}}{_V4}" for n in range(1, 6)]
    forms += [f"fe80:(:{_HEX}){{0,4}}%[0-9a-zA-Z]+"]
    return "|".join(forms)


_V6 = _ipv6()


class _Address(Unicode):
    """What the address types share."""

    __namespace__ = SPYNE_NAMESPACE

    class Attributes(Unicode.Attributes):
        """Customizations of addresses."""

        serialize_as: Any = None

    @classmethod
    def _check_attributes(cls) -> None:
        super()._check_attributes()
        if cls.Attributes.serialize_as is not None:
            raise DeclarationError(f"{cls.__name__} has no other wire form: leave serialize_as out")

    @classmethod
    def _dump(cls) -> Any:
        return super()._dump() or str


class MacAddress(_Address):
    """A MAC address: six pairs of hexadecimal digits with ``:`` or ``-`` between them."""

    __type_name__ = "addr_mac"

    class Attributes(_Address.Attributes):
        """Customizations of MAC addresses."""

        min_len: Any = 17
        max_len: Any = 17
        pattern: str | None = "([0-9A-Fa-f]{2}[:-]){5}([0-9A-Fa-f]{2})"

    @classmethod
    def _dump(cls) -> Any:
        return cls.Attributes.sanitizer


class IpAddress(_Address):
    """An IPv4 or IPv6 address as str; objects of the `ipaddress` module are written as well."""

    __type_name__ = "addr_ip"

    class Attributes(_Address.Attributes):
        """Customizations of addresses."""

        max_len: Any = 45
        pattern: str | None = f"({_V4}|{_V6})"


class Ipv4Address(_Address):
    """An IPv4 address as str."""

    __type_name__ = "addr_ipv4"

    class Attributes(_Address.Attributes):
        """Customizations of IPv4 addresses."""

        max_len: Any = 15
        pattern: str | None = _V4


class Ipv6Address(_Address):
    """An IPv6 address as str."""

    __type_name__ = "addr_ipv6"

    class Attributes(_Address.Attributes):
        """Customizations of IPv6 addresses."""

        max_len: Any = 45
        pattern: str | None = f"({_V6})"
