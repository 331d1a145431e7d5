"""Arguments and results that are read while they arrive: where one may stand, and the message without it."""

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

__all__ = ["Stream", "note_streams", "result_of", "returns_many", "stream_of", "with_stream"]


class Stream(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The last argument of a wrapped message, or the one result of a response, whose items are handed over one by one.

    descriptor: the method. field: the argument or result. array: its type. struct: the message. head: the message without it, as a list
    of values. bare: whether it is the message itself; `struct` is then one around it.
    """

    descriptor: MethodDescriptor
    field: Field
    array: Array
    struct: Struct
    head: Field
    bare: bool = False

    @property
    def name(self) -> str:
        """The public name of the argument or result."""
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
    *_others, last = struct.fields
    array = _stream_type(last)
    if array is None:
        return None
    return Stream(descriptor=call.descriptor, field=last, array=array, struct=struct, head=_head(message.field, struct))


def result_of(call: Call) -> Stream | None:
    """The one result of a call as a stream, None where that is no array; what container is declared does not matter."""
    message = call.response
    field, struct = message.field, _results(call)
    if struct is None or len(struct.fields) != 1:
        return None
    (last,) = struct.fields
    array = resolve(last.type)
    if not isinstance(array, Array) or last.repeated:
        return None
    head = _head(field, struct)
    bare = not message.wrapped
    return Stream(descriptor=call.descriptor, field=last, array=array, struct=struct, head=head, bare=bare)


def returns_many(call: Call) -> bool:
    """Whether the one result of a call is a sequence of items."""
    struct = _results(call)
    return (
        struct is not None
        and len(struct.fields) == 1
        and (struct.fields[0].repeated or isinstance(resolve(struct.fields[0].type), Array))
    )


def _results(call: Call) -> Struct | None:
    """The results of a call as members, None where it has none."""
    message = call.response
    if call.descriptor.results == 0:
        return None
    struct = resolve(message.field.type)
    if message.wrapped:
        return struct if isinstance(struct, Struct) else None
    field = msgspec.structs.replace(message.field, name=message.name, wire_name=message.name)
    return Struct(name=message.name, namespace=message.namespace, fields=(field,), cls=list, make=_as_list)


def _head(field: Field, struct: Struct) -> Field:
    """A message without its last member."""
    rest = msgspec.structs.replace(
        struct,
        fields=struct.fields[:-1],
        cls=list,
        make=_as_list,
        positional=True,
        base=None,
        subtypes=dict,
        native=False,
    )
    return msgspec.structs.replace(field, type=rest)


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
