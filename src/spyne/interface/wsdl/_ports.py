"""Services, port types and bindings (WSDL 1.1 §2.4 to §2.7)."""

from __future__ import annotations

from inspect import cleandoc
from typing import TYPE_CHECKING, Any

import msgspec
from lxml import etree

from spyne.const.xml import WSDL11
from spyne.interface._base import Call, Interface
from spyne.interface.wsdl._bindings import Style, begin_binding, bind, messages_of
from spyne.schema.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spyne.interface.wsdl._messages import MessageWriter


class Ports(msgspec.Struct, frozen=True):
    """Service name to the port types it offers, and port type to its methods, both in order of declaration."""

    services: dict[str, list[str]]
    calls: dict[str, list[Call]]


def port_types_of(interface: Interface, offered: Iterable[Call]) -> Ports:
    """The port types of an application: those that a service names, or one that is named after the application.

    The methods of types are in that one too. offered: those that are published.

    Raises DeclarationError for a method whose port type its service does not name.
    """
    services: dict[str, list[str]] = {}
    calls: dict[str, list[Call]] = {}
    rest = {call.descriptor: call for call in offered}
    for service in interface.services:
        names = list(service.get_port_types()) or [interface.app.name]
        known = services.setdefault(service.get_service_name(), [])
        known.extend(name for name in names if name not in known)
        for name in names:
            calls.setdefault(name, [])
        for descriptor in service.public_methods.values():
            if descriptor in rest:
                calls[_port_type(service, descriptor, names)].append(rest.pop(descriptor))
    if rest:
        calls.setdefault(interface.app.name, []).extend(rest.values())
        if not any(interface.app.name in names for names in services.values()):
            services.setdefault(interface.app.name, []).append(interface.app.name)
    return Ports(services, calls)


def _port_type(service: Any, descriptor: Any, names: list[str]) -> str:
    name = descriptor.port_type
    if name is None or not service.get_port_types():
        return names[0]
    if name not in names:
        raise DeclarationError(
            f"{service.__name__}.{descriptor.operation_name}: _port_type={name!r} is not one of __port_types__: {', '.join(names)}"
        )
    return str(name)


def add_services(root: etree._Element, ports: Ports, styles: list[Style], url: str, *, unique: bool) -> None:
    """One wsdl:service per service class, with a port for each binding of each of its port types."""
    taken: set[str] = set()
    for service, names in ports.services.items():
        element = etree.SubElement(root, WSDL11("service"), {"name": service})
        for binding, style in [(binding_name(ports, name, style), style) for name in names for style in styles]:
            shown = f"{binding}_{service}" if unique and binding in taken else binding
            taken.add(binding)
            port = etree.SubElement(element, WSDL11("port"), {"name": shown, "binding": f"tns:{binding}"})
            etree.SubElement(port, style.tag("address"), {"location": url})


def binding_name(ports: Ports, port_type: str, style: Style) -> str:
    """The name of a port type's binding, and of its port: the port type's own, with the style's suffix."""
    name = f"{port_type}{style.suffix}"
    while style.suffix and name in ports.calls:
        name += "_"
    return name


def add_port_types(root: etree._Element, ports: Ports, messages: MessageWriter) -> None:
    """The operations of each port type; one-way ones have an input only (WSDL 1.1 §2.4.1)."""
    for name, calls in ports.calls.items():
        port_type = etree.SubElement(root, WSDL11("portType"), {"name": name})
        for call in calls:
            _add_operation(port_type, call, messages)


def _add_operation(port_type: etree._Element, call: Call, messages: MessageWriter) -> None:
    attributes = {"name": call.descriptor.operation_name}
    if not messages.rpc:
        attributes["parameterOrder"] = call.request.name
    operation = etree.SubElement(port_type, WSDL11("operation"), attributes)
    if call.descriptor.doc:
        etree.SubElement(operation, WSDL11("documentation")).text = cleandoc(call.descriptor.doc)
    for kind, message in messages_of(call):
        attributes = {"name": message.name, "message": messages.body_message(message)}
        etree.SubElement(operation, WSDL11(kind), attributes)
    for fault in () if call.descriptor.one_way else call.faults:
        attributes = {"name": fault.name, "message": messages.fault_message(fault)}
        etree.SubElement(operation, WSDL11("fault"), attributes)


def add_bindings(root: etree._Element, ports: Ports, messages: MessageWriter, style: Style, transport: str) -> None:
    """One binding per port type, of the same name but for the style's suffix."""
    for name, calls in ports.calls.items():
        attributes = {"name": binding_name(ports, name, style), "type": f"tns:{name}"}
        binding = etree.SubElement(root, WSDL11("binding"), attributes)
        begin_binding(binding, style, transport)
        for call in calls:
            bind(binding, call, messages, style)
