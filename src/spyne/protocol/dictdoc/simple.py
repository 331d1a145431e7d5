"""Documents of flat names: ``{"order.items[0].qty": ["3"]}``, as queries and forms carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spyne.codec import flat
from spyne.codec._base import DecodeError
from spyne.error import RequestTooLongError, ResourceNotFoundError
from spyne.limits import LimitExceeded, unless_off
from spyne.protocol._base import CodecKind, ProtocolBase, validation_error
from spyne.schema import DeclarationError, Field, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spyne.context import MethodContext
    from spyne.interface._base import Call, Message

__all__ = ["FlatReader", "SimpleDictDocument"]


class FlatReader(msgspec.Struct, frozen=True, eq=False):
    """A method's request as flat names: how its arguments are read, and each of its header classes with the members' names."""

    decode: flat.Decoder
    wrapped: bool
    headers: tuple[tuple[flat.Decoder, tuple[str, ...]], ...]


class SimpleDictDocument(ProtocolBase):
    """The base of protocols whose requests are flat names. A subclass fills ``ctx.in_body_doc`` and ``ctx.in_header_doc``, mappings
    from names to lists of values, and says how responses are written.

    hier_delim: what stands between the names of a path. strict_arrays: refuse indices that do not count on from 0.
    """

    default_binary_encoding = "urlsafe_base64"

    def __init__(
        self,
        app: Any = None,
        validator: Any = None,
        mime_type: str | None = None,
        ignore_uncap: bool = False,
        hier_delim: str = ".",
        strict_arrays: bool = False,
        *,
        binary_encoding: Any = None,
        string_encoding: str | None = None,
    ) -> None:
        if not hier_delim or "[" in hier_delim:
            raise DeclarationError(f"hier_delim is a text without brackets, not {hier_delim!r}")
        self.hier_delim = hier_delim
        self.strict_arrays = strict_arrays
        super().__init__(
            app,
            validator,
            mime_type,
            ignore_uncap,
            binary_encoding=binary_encoding,
            string_encoding=string_encoding,
        )

    # --- compiled once ---

    def compile(self, kind: CodecKind, call: Call) -> Any:
        if kind == "decode_request":
            return self._request_reader(call)
        raise DeclarationError(
            f"{type(self).__name__} serves requests and does not make them; use another protocol in a client"
        )

    def _request_reader(self, call: Call) -> FlatReader:
        message = call.request
        return FlatReader(
            self.flat_decoder(_root_field(message, call)),
            message.wrapped,
            tuple((self.flat_decoder(field), _member_names(field)) for field in message.headers),
        )

    def flat_decoder(self, field: Field) -> flat.Decoder:
        """A function from flat names to the value of a field."""
        return flat.compile_decoder(
            field,
            self.codec_options(),
            delimiter=self.hier_delim,
            strict_arrays=self.strict_arrays,
            array_index=unless_off(self.app.limits.array_index),
        )

    # --- in ---

    def deserialize(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        heard = self.event_manager.handlers
        if heard:
            self.fire("before_deserialize", ctx)
        if ctx.descriptor is None:
            raise ResourceNotFoundError(ctx.method_request_string or "")
        reader: FlatReader = ctx.app.codec(self, "decode_request", ctx.descriptor)
        try:
            if reader.headers and ctx.in_header is None:
                ctx.in_header = self._read_headers(reader, ctx)
            if ctx.in_object is None:
                value = reader.decode(ctx.in_body_doc or {})
                ctx.in_object = value if reader.wrapped else [value] if ctx.descriptor.in_names else []
        except LimitExceeded as error:
            raise RequestTooLongError(str(error)) from None
        except DecodeError as error:
            raise validation_error(error) from None
        if heard:
            self.fire("after_deserialize", ctx)

    def _read_headers(self, reader: FlatReader, ctx: MethodContext) -> Any:
        """The header objects: one for one declared class, else a list."""
        found = [decode(self.header_values(ctx, names)) for decode, names in reader.headers]
        return found[0] if len(found) == 1 else found

    def header_values(self, ctx: MethodContext, names: tuple[str, ...]) -> Mapping[str, list[Any]]:
        """What was sent for the members of a header class."""
        sent: Mapping[str, list[Any]] = ctx.in_header_doc or {}
        return {name: sent[name] for name in names if name in sent}


def _root_field(message: Message, call: Call) -> Field:
    """Where names begin: at the arguments, at the members of a bare one, or at the name of a bare one that has none."""
    field = message.field
    if message.wrapped or (isinstance(resolve(field.type), Struct) and not field.repeated):
        return field
    name = next(iter(call.descriptor.in_names.values()), message.name)
    return msgspec.structs.replace(field, wire_name=name)


def _member_names(field: Field) -> tuple[str, ...]:
    node = resolve(field.type)
    return (
        tuple(each.wire_name or each.name for each in node.fields) if isinstance(node, Struct) else (field.wire_name,)
    )
