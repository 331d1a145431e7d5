"""Arguments that are read while they arrive: where one may stand, and the message without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spyne.descriptor import MethodDescriptor
from spyne.schema import DeclarationError, Field, Struct, resolve
from spyne.schema.nodes import Array
from spyne.util.run import iterate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from spyne.interface._base import Call

__all__ = ["Stream", "note_streams", "stream_of", "with_stream"]


class Stream(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The last argument of a wrapped message, whose items are handed over one by one.

    descriptor: the method. field: the argument. array: its type. struct: the message. head: the message without it, as a list of values.
    """

    descriptor: MethodDescriptor
    field: Field
    array: Array
    struct: Struct
    head: Field

    @property
    def name(self) -> str:
        """The public name of the argument."""
        return self.field.wire_name or self.field.name

    def arguments(self, head: list[Any], items: Any) -> Any:
        """The message of the other arguments' values and the iterator."""
        values = [*head, items]
        if self.struct.positional:
            return self.struct.make(*values)
        return self.struct.make(**dict(zip((field.name for field in self.struct.fields), values, strict=True)))


def stream_of(call: Call) -> Stream | None:
    """The stream of a call's request, None where there is none."""
    message = call.request
    struct = resolve(message.field.type)
    if not message.wrapped or not isinstance(struct, Struct) or not struct.fields:
        return None
    *others, last = struct.fields
    array = _stream_type(last)
    if array is None:
        return None
    rest = msgspec.structs.replace(
        struct, fields=tuple(others), cls=list, make=_as_list, positional=True, base=None, subtypes=dict, native=False
    )
    head = msgspec.structs.replace(message.field, type=rest)
    return Stream(descriptor=call.descriptor, field=last, array=array, struct=struct, head=head)


def note_streams(calls: Iterable[Call], methods: Mapping[str, list[MethodDescriptor]]) -> None:
    """Note in the descriptors which argument is a stream. Raises DeclarationError for one that is declared elsewhere."""
    for call in calls:
        _note(call)
        descriptor = call.descriptor
        if descriptor.stream_in is not None and len(methods[call.request.tag]) > 1:
            raise DeclarationError(
                f"{descriptor.operation_name}: an auxiliary method needs the request of this one, whose argument "
                f"{descriptor.stream_in!r} is gone once it was read; declare list[…] instead of an iterator"
            )


def _note(call: Call) -> None:
    descriptor, message = call.descriptor, call.request
    where = descriptor.operation_name
    struct = resolve(message.field.type)
    if not message.wrapped:
        if _stream_type(message.field) is not None:
            raise DeclarationError(
                f"{where}: the argument of a bare method cannot be an iterator; leave out _body_style, or declare list[…]"
            )
        return
    fields = struct.fields if isinstance(struct, Struct) else ()
    for field in fields[:-1]:
        if _stream_type(field) is not None:
            raise DeclarationError(
                f"{where}: {field.name!r} is an iterator and not the last parameter; move it to the end, or declare list[…]"
            )
    last = next(reversed(fields), None)
    array = None if last is None else _stream_type(last)
    if last is not None and array is not None:
        descriptor.stream_in = last.name
        descriptor.stream_in_async = array.arrives == "async_iterator"


def with_stream(descriptor: MethodDescriptor, arguments: Any) -> Any:
    """The arguments of a request that was read as a whole, the last one as the iterator that the method declares."""
    *others, last = msgspec.structs.astuple(arguments) if isinstance(arguments, msgspec.Struct) else arguments
    items = as_stream(last, asynchronous=descriptor.stream_in_async)
    if not isinstance(arguments, msgspec.Struct):
        return [*others, items]
    setattr(arguments, descriptor.stream_in or "", items)
    return arguments


def as_stream(values: Any, *, asynchronous: bool) -> Any:
    """An iterator, or an asynchronous one, over an iterable of either kind; None is empty."""
    values = () if values is None else values
    if asynchronous:
        return values if hasattr(values, "__anext__") else _each(values)
    if hasattr(values, "__aiter__") and not hasattr(values, "__iter__"):
        return iterate(aiter(values))
    return iter(values)


async def _each(values: Any) -> AsyncIterator[Any]:
    if hasattr(values, "__aiter__"):
        async for value in values:
            yield value
    else:
        for value in values:
            yield value


def _stream_type(field: Field) -> Array | None:
    node = resolve(field.type)
    return node if isinstance(node, Array) and node.arrives != "list" and not field.repeated else None


def _as_list(*values: Any) -> list[Any]:
    return list(values)
