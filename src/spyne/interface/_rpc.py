"""How methods look in rpc style: a wrapper named after the operation, its parts in no namespace (WS-I Basic Profile 1.1 R2735)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spyne import const
from spyne.schema import DeclarationError, Field, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spyne.interface._base import Call, Message

__all__ = ["rpc_call"]


def rpc_call(call: Call, namespace: str) -> Call:
    """The messages of a method in rpc style, wrapped whatever its body style; headers and faults stay as they are.

    namespace: the wrappers'. Raises DeclarationError for arguments and results that a part cannot be.
    """
    descriptor = call.descriptor
    name = descriptor.operation_name
    arguments = list(descriptor.in_names.items())
    result = f"{descriptor.function.__name__}{const.RESULT_SUFFIX}"
    return msgspec.structs.replace(
        call,
        request=_message(call.request, name, namespace, arguments[0] if len(arguments) == 1 else ("", "")),
        response=_message(call.response, f"{name}{const.RESPONSE_SUFFIX}", namespace, (result, result)),
    )


def _message(message: Message, name: str, namespace: str, bare: tuple[str, str]) -> Message:
    """The message with one part per argument or result; `bare`: the names that the only one of a bare message takes."""
    if message.wrapped:
        node = resolve(message.field.type)
        assert isinstance(node, Struct)
        struct = msgspec.structs.replace(
            node, name=name, namespace="", base=None, fields=tuple(_part(name, field) for field in node.fields)
        )
    else:
        python_name, wire_name = bare
        field = msgspec.structs.replace(message.field, name=python_name, wire_name=wire_name)
        struct = Struct(name=name, namespace="", fields=(_part(name, field),), cls=list, make=_as_list, positional=True)
    field = msgspec.structs.replace(message.field, type=struct, name=name, wire_name=name)
    return msgspec.structs.replace(message, name=name, namespace=namespace, field=field, wrapped=True)


def _as_list(*values: Any) -> Sequence[Any]:
    return list(values)


def _part(operation: str, field: Field) -> Field:
    """An argument as a part: an element that is there once, in no namespace."""
    where = f"{operation}.{field.wire_name or field.name}"
    if field.repeated:
        raise DeclarationError(f"{where}: a part of a message in rpc style is there once; declare an Array of the type")
    if field.hints.get("xml_place", "element") != "element":
        raise DeclarationError(
            f"{where}: a part of a message in rpc style is an element; leave out XmlAttribute or XmlData"
        )
    hints = {name: value for name, value in field.hints.items() if name != "xml_namespace"}
    return msgspec.structs.replace(field, hints=hints)
