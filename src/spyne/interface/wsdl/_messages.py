"""Messages: what travels, by element (WSDL 1.1 §2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from spyne.const.xml import WSDL11
from spyne.schema.nodes import Field, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spyne.interface._base import Call, Interface, Message

_Parts = tuple[tuple[str, str], ...]


class MessageWriter:
    """Writes the messages of all methods once each, and knows their names; all are in the target namespace."""

    def __init__(self, interface: Interface, root: etree._Element, part_name: str | None) -> None:
        self._interface = interface
        self._root = root
        self._part_name = part_name
        self._names: dict[tuple[str, _Parts], str] = {}
        self._taken: set[str] = set()
        self._headers: dict[Message, str] = {}
        self._bodies: dict[Message, str] = {}
        self._faults: dict[str, str] = {}

    def write(self) -> None:
        """Body, header and fault messages of each method."""
        for call in offered(self._interface):
            for message in (call.request, call.response):
                part = message.field.hints.get("part_name") or self._part_name or message.name
                self._bodies[message] = self._message(
                    message.name, ((str(part), self._element(message.namespace, message.name)),)
                )
            for message, suffix in ((call.request, "InHeaderMsg"), (call.response, "OutHeaderMsg")):
                self._header(call, message, suffix)
            for fault in call.faults:
                self._faults[fault.name] = self._message(fault.name, (self._part(fault),))

    def body_message(self, message: Message) -> str:
        """The qualified name of a body's message."""
        return f"tns:{self._bodies[message]}"

    def header_message(self, message: Message) -> str:
        """The qualified name of the message that has a header's parts."""
        return f"tns:{self._headers[message]}"

    def fault_message(self, fault: Field) -> str:
        """The qualified name of a fault's message."""
        return f"tns:{self._faults[fault.name]}"

    def _header(self, call: Call, message: Message, suffix: str) -> None:
        """One header is a message of its own name, several are the parts of one named after the method."""
        if not message.headers:
            return
        several = len(message.headers) > 1
        name = f"{call.request.name}{suffix}" if several else message.headers[0].name
        self._headers[message] = self._message(name, tuple(self._part(header) for header in message.headers))

    def _part(self, field: Field) -> tuple[str, str]:
        return field.name, self._element(resolve(field.type).namespace, field.name)

    def _element(self, namespace: str, name: str) -> str:
        return f"{self._interface.get_namespace_prefix(namespace)}:{name}"

    def _message(self, name: str, parts: _Parts) -> str:
        """The name of a message; another one with the same name and other parts gets a number."""
        known = self._names.get((name, parts))
        if known is not None:
            return known
        unique, number = name, 1
        while unique in self._taken:
            number += 1
            unique = f"{name}{number}"
        self._taken.add(unique)
        self._names[name, parts] = unique
        element = etree.SubElement(self._root, WSDL11("message"), {"name": unique})
        for part, qualified in parts:
            etree.SubElement(element, WSDL11("part"), {"name": part, "element": qualified})
        return unique


def offered(interface: Interface) -> Iterator[Call]:
    """The methods that callers see: not the auxiliary ones that run along with another."""
    for call in interface.calls.values():
        if interface.service_method_map[call.request.tag][0] is call.descriptor:
            yield call
