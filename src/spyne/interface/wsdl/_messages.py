"""Messages: what travels, by element, or in rpc style by type (WSDL 1.1 §2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from spyne.const.xml import NS_XSD, WSDL11
from spyne.interface._rpc import rpc_call
from spyne.interface.wsdl._bindings import messages_of
from spyne.schema.nodes import Field, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spyne.interface._base import Call, Interface, Message

_Part = tuple[str, str, str]
"""The name of a part, the attribute that says what it is, and a qualified name."""


class MessageWriter:
    """Writes the messages of all methods once each, and knows their names; all are in the target namespace.

    rpc: the bodies have a part for each argument and result, by type.
    """

    def __init__(
        self, interface: Interface, root: etree._Element, part_name: str | None = None, *, rpc: bool = False
    ) -> None:
        self._interface = interface
        self._root = root
        self._part_name = part_name
        self.rpc = rpc
        self._names: dict[tuple[str, tuple[_Part, ...]], str] = {}
        self._taken: set[str] = set()
        self._headers: dict[Message, str] = {}
        self._bodies: dict[Message, str] = {}
        self._faults: dict[str, str] = {}

    def write(self, calls: Iterable[Call]) -> None:
        """Body, header and fault messages of each method."""
        for call in calls:
            for _, message in messages_of(call):
                self._bodies[message] = self._message(message.name, self._body_parts(message))
            for kind, message in messages_of(call):
                self._header(call, message, "InHeaderMsg" if kind == "input" else "OutHeaderMsg")
            for fault in () if call.descriptor.one_way else call.faults:
                self._faults[fault.name] = self._message(fault.name, (self._part(fault),))

    def _body_parts(self, message: Message) -> tuple[_Part, ...]:
        if not self.rpc:
            part = message.field.hints.get("part_name") or self._part_name or message.name
            return ((str(part), "element", self._element(message.namespace, message.name)),)
        node = resolve(message.field.type)
        assert isinstance(node, Struct)
        return tuple((field.wire_name or field.name, "type", self._type(field)) for field in node.fields)

    def _type(self, field: Field) -> str:
        node = resolve(field.type)
        return self._element(node.namespace or NS_XSD, node.name or "anyType")

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

    def _part(self, field: Field) -> _Part:
        return field.name, "element", self._element(resolve(field.type).namespace, field.name)

    def _element(self, namespace: str, name: str) -> str:
        return f"{self._interface.get_namespace_prefix(namespace)}:{name}"

    def _message(self, name: str, parts: tuple[_Part, ...]) -> str:
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
        for part, attribute, qualified in parts:
            etree.SubElement(element, WSDL11("part"), {"name": part, attribute: qualified})
        return unique


def offered(interface: Interface, *, rpc: bool = False) -> list[Call]:
    """The methods that callers see, in this style: not the auxiliary ones that run along with another."""
    calls = [
        call
        for call in interface.calls.values()
        if call.descriptor.aux is None or interface.service_method_map[call.request.tag][0] is call.descriptor
    ]
    return [rpc_call(call, interface.tns) for call in calls] if rpc else calls
