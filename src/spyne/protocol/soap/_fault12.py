"""Faults of SOAP 1.2 (part 1 §5.4), to and from the dotted codes that services use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from spyne.codec._xml_text import escape, escape_attribute
from spyne.const.xml import NS_SOAP12_ENV, NS_XML
from spyne.error import Fault
from spyne.protocol._xml_fault import detail_content, text_of

if TYPE_CHECKING:
    from spyne.codec._base import Options
    from spyne.interface._base import Interface

__all__ = ["fault12_text", "read_fault12"]

_CODES = {
    "Client": "Sender",
    "Server": "Receiver",
    "VersionMismatch": "VersionMismatch",
    "MustUnderstand": "MustUnderstand",
    "DataEncodingUnknown": "DataEncodingUnknown",
}
"""What a dotted code begins with, and the Value for it (part 1 §5.4.6)."""
_DOTTED = {value: code for code, value in _CODES.items()}
_MAX_SUBCODES = 32

_NAME_START = r"A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff"
_NO_NAME = re.compile(rf"^[^{_NAME_START}]|[^{_NAME_START}0-9\u00b7\u0300-\u036f\u203f\u2040-]|_(?=x[0-9A-F]{{4,6}}_)")
_ESCAPED = re.compile(r"_x([0-9A-F]{4,6})_")


def fault12_text(fault: Fault, interface: Interface, options: Options) -> str:
    """A Fault element; the prefix ``soap12env`` is not declared here.

    ``Client.Some.Thing`` is a Sender with the Subcode Some, and in that the Subcode Thing, both in the target namespace. A code
    that begins with none of the standard's names is the Receiver's.
    """
    first, _, rest = str(fault.faultcode).partition(".")
    value = _CODES.get(first)
    names = [name for name in (rest if value else str(fault.faultcode)).split(".") if name]
    content = detail_content(fault, interface, options)
    role = f"<soap12env:Role>{escape(fault.faultactor)}</soap12env:Role>" if fault.faultactor else ""
    detail = f"<soap12env:Detail>{content}</soap12env:Detail>" if content else ""
    return (
        f"<soap12env:Fault><soap12env:Code><soap12env:Value>soap12env:{value or 'Receiver'}</soap12env:Value>"
        f"{_subcodes(names[:_MAX_SUBCODES], escape_attribute(interface.tns))}</soap12env:Code>"
        f'<soap12env:Reason><soap12env:Text xml:lang="{escape_attribute(str(fault.lang or "en"))}">'
        f"{escape(str(fault.faultstring))}</soap12env:Text></soap12env:Reason>{role}{detail}</soap12env:Fault>"
    )


def _subcodes(names: list[str], namespace: str) -> str:
    """A Subcode in each other; the prefix of a Value is declared on it, for it must be in scope (part 1 §5.4.3)."""
    text = ""
    for name in reversed(names):
        value = f'<soap12env:Value xmlns:tns="{namespace}">tns:{escape(_to_name(name))}</soap12env:Value>'
        text = f"<soap12env:Subcode>{value}{text}</soap12env:Subcode>"
    return text


def _to_name(text: str) -> str:
    """The text as an NCName: what cannot stand in one as ``_xHHHH_`` (ISO 9075-14 §9.1)."""
    return _NO_NAME.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _from_name(name: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if int(found[1], 16) < 0x110000 else found[0], name)


def read_fault12(element: Any) -> Fault:
    """The Fault that a Fault element says; of several languages the English text, or else the first."""
    parts = {child.tag: child for child in element if isinstance(child.tag, str)}
    code = parts.get(_env("Code"))
    texts = list(element.iterfind(f"{_env('Reason')}/{_env('Text')}"))
    english = (text for text in texts if text.get(_LANG, "").lower().partition("-")[0] == "en")
    text = next(english, texts[0] if texts else None)
    detail = parts.get(_env("Detail"))
    return Fault(
        ".".join(_codes(code)),
        text_of(text),
        text_of(parts.get(_env("Role"))),
        detail if detail is not None and (len(detail) or detail.text) else None,
        text.get(_LANG, "en") if text is not None else "en",
    )


_LANG = f"{{{NS_XML}}}lang"


def _env(name: str) -> str:
    return f"{{{NS_SOAP12_ENV}}}{name}"


def _codes(code: Any) -> list[str]:
    """The parts of the dotted code, the first one Client or Server where the standard has other words for it."""
    found: list[str] = []
    while code is not None and len(found) <= _MAX_SUBCODES:
        name = text_of(code.find(_env("Value"))).rpartition(":")[2]
        found.append(_from_name(name) if found else _DOTTED.get(name, name or "Server"))
        code = code.find(_env("Subcode"))
    return found or ["Server"]
