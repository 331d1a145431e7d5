"""Documents of nested dicts and lists: ``{"method": {"argument": value}}``; JSON, MessagePack and YAML differ in their bytes only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from spyne.codec import tree
from spyne.codec._base import DecodeError, Options
from spyne.context import Lazy, MethodContext
from spyne.error import Fault, RequestTooLongError, ResourceNotFoundError, ValidationError
from spyne.limits import LimitExceeded
from spyne.protocol._base import CodecKind, ProtocolBase, first, joined, validation_error
from spyne.protocol._items import Items, is_stream
from spyne.schema import Any as AnyNode
from spyne.schema import Array, DeclarationError, Field, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from spyne.interface._base import Call, Message

__all__ = ["HierDictDocument"]

_COMPLEX_AS: Mapping[Any, Literal["dict", "list"]] = {dict: "dict", "dict": "dict", list: "list", "list": "list"}


def kind_of_object(complex_as: Any) -> Literal["dict", "list"]:
    """How objects are written, for the type or its name. Raises DeclarationError for another."""
    if complex_as not in _COMPLEX_AS:
        raise DeclarationError(f"complex_as is dict or list, not {complex_as!r}")
    return _COMPLEX_AS[complex_as]


_UNREAD: Any = object()


class Body(Lazy):
    """The bytes of one value, decoded straight into objects; calling it gives the builtins, always the same ones."""

    __slots__ = ("data", "parse", "tree")

    def __init__(self, data: bytes, parse: Any) -> None:
        self.data = data
        self.parse = parse
        self.tree = _UNREAD

    def __call__(self) -> Any:
        if self.tree is _UNREAD:
            self.tree = self.parse(self.data)
        return self.tree


class ResultWriter:
    """Writes the results of a method whose one result may be streamed: as a whole when called, and an item of it by `item`."""

    __slots__ = ("_write", "item")

    def __init__(self, write: Callable[[Any], bytes], item: Callable[[Any], bytes]) -> None:
        self._write = write
        self.item = item

    def __call__(self, values: Any) -> bytes:
        return self._write(values)


class HierDictDocument(ProtocolBase):
    """The base of protocols whose documents are trees of builtins. A subclass names its `format` and the two functions between
    bytes and trees, `parse` and `write_tree`.

    A request is an object with one key, the method's name, and the arguments as an object or, in order, as a list. The
    response is the result itself. ignore_wrappers=False: class names stand around objects, and message names around responses.
    complex_as: write objects as dict or list. polymorphic: write subclasses as what they are. levels_around: objects and arrays
    that a request has around the arguments. brackets: what stands before, between and after the items of an array, for formats
    in which a result can be written item by item.
    """

    levels_around: ClassVar[int] = 1
    brackets: ClassVar[tuple[bytes, bytes, bytes] | None] = None
    format: ClassVar[tree.TreeFormat]
    error_code: ClassVar[str]
    default_binary_encoding = "base64"

    def __init__(
        self,
        app: Any = None,
        validator: Any = None,
        mime_type: str | None = None,
        ignore_uncap: bool = False,
        ignore_wrappers: bool = True,
        complex_as: Any = dict,
        ordered: bool = False,
        polymorphic: bool = False,
        key_encoding: str | None = None,
        binary_encoding: Any = None,
        string_encoding: str | None = None,
    ) -> None:
        self.complex_as: Literal["dict", "list"] = kind_of_object(complex_as)
        self.polymorphic = polymorphic
        self.key_encoding = key_encoding
        super().__init__(app, validator, mime_type, ignore_uncap, ignore_wrappers, binary_encoding, string_encoding)

    def codec_options(self) -> Options:
        options = super().codec_options()
        return msgspec.structs.replace(
            options,
            max_depth=options.max_depth - self.levels_around,
            polymorphic=self.polymorphic,
            ignore_wrappers=self.ignore_wrappers,
            complex_as=self.complex_as,
        )

    # --- what a format says ---

    def parse(self, data: bytes) -> Any:
        """Bytes to a tree; raises DecodeError or LimitExceeded."""
        raise NotImplementedError

    def write_tree(self, value: Any) -> bytes:
        """A tree to bytes."""
        raise NotImplementedError

    def reader(self, field: Field, options: Options) -> Any:
        """A function from a tree, or from a `Body`, to the value of a field."""
        decode = tree.compile_decoder(field, options, self.format)
        return lambda body: decode(body() if isinstance(body, Body) else body)

    def writer(self, field: Field, options: Options, *, wrapped: bool = False) -> Any:
        """A function from the value of a field to bytes."""
        encode = tree.compile_encoder(field, options, self.format, wrapped=wrapped)
        return lambda value: self.write_tree(encode(value))

    # --- compiled once ---

    def compile(self, kind: CodecKind, call: Call) -> Any:
        options = self.codec_options()
        if kind == "decode_request":
            return self.reader(call.request.field, options), call.request.wrapped
        if kind == "encode_request":
            return self._request_writer(call.request, options)
        if kind == "decode_response":
            return self.reader(self._result_field(call), options), call.descriptor.results
        return self._response_writer(call, options)

    def _result_field(self, call: Call) -> Field:
        """What a response carries: the one result, or the message with all of them."""
        message = call.response
        if (
            message.wrapped
            and self.ignore_wrappers
            and call.descriptor.results == 1
            and isinstance(message.field.type, Struct)
        ):
            return message.field.type.fields[0]
        return message.field

    def _response_writer(self, call: Call, options: Options) -> Any:
        field = self._result_field(call)
        if field is call.response.field and call.response.wrapped:
            return self.writer(field, options, wrapped=not self.ignore_wrappers)
        write = self.writer(field, options)
        item = self._item_of(field)
        if item is not None:
            return ResultWriter(lambda values: write(first(values)), self.item_writer(item, options))
        return lambda values: write(first(values))

    def _item_of(self, field: Field) -> Field | None:
        """The item of a result that may be streamed, None for all others."""
        node = resolve(field.type)
        if field.repeated or not isinstance(node, Array) or not node.stream or not self.ignore_wrappers:
            return None
        return msgspec.structs.replace(node.item, max_occurs=1)

    def item_writer(self, item: Field, options: Options) -> Any:
        """A function from an item of an array to what stands between the `brackets`."""
        return self.writer(item, options)

    def _request_writer(self, message: Message, options: Options) -> Any:
        encode = tree.compile_encoder(message.field, options, self.format)
        if message.wrapped:
            return lambda values: self.write_tree({message.name: encode(values)})
        return lambda values: self.write_tree({message.name: encode(first(values))})

    # --- in ---

    def create_in_document(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx._in_document is None:
            ctx._in_document = Body(utf8(joined(ctx.in_string), charset), self.parse_or_fault)

    def parse_or_fault(self, data: bytes) -> Any:
        """`parse`, with a Fault for what is malformed or too large."""
        try:
            return self.parse(data)
        except LimitExceeded as error:
            raise RequestTooLongError(str(error)) from None
        except DecodeError as error:
            raise Fault(self.error_code, _sentence(error.message)) from None

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        document = ctx.in_document
        if message == self.RESPONSE:
            ctx._in_body_doc = document
            return
        ((name, body),) = one_key(document).items()
        ctx.method_request_string = self.qualified(name)
        ctx._in_body_doc = {} if body is None else body

    def qualified(self, name: object) -> str:
        """The method's name in Clark's notation: dict documents name the methods of the target namespace."""
        return f"{{{self.app.interface.tns}}}{name}"

    def deserialize(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        self.fire("before_deserialize", ctx)
        if message == self.RESPONSE:
            self._deserialize_response(ctx)
        elif ctx.descriptor is None:
            raise ResourceNotFoundError(ctx.method_request_string or "")
        elif ctx.in_object is None and ctx.in_stream is not None:
            ctx.in_object = self._read(lambda _: ctx.in_stream.arguments(), ctx)
        elif ctx.in_object is None:
            read, wrapped = ctx.app.codec(self, "decode_request", ctx.descriptor)
            value = self._read(read, ctx)
            if wrapped and value is None:  # null stands for no arguments
                ctx._in_body_doc = {}
                value = self._read(read, ctx)
            ctx.in_object = value if wrapped else [value] if ctx.descriptor.in_names else []
        self.fire("after_deserialize", ctx)

    def _read(self, read: Any, ctx: MethodContext) -> Any:
        try:
            return read(ctx._in_body_doc)
        except DecodeError as error:
            raise validation_error(error) from None

    def _deserialize_response(self, ctx: MethodContext) -> None:
        document = ctx._in_body_doc
        if isinstance(document, Mapping) and document.keys() >= {"faultcode", "faultstring"}:
            code, text, actor = (str(document.get(key) or "") for key in ("faultcode", "faultstring", "faultactor"))
            ctx.in_error = Fault(code, text, actor, document.get("detail"))
            return
        if ctx.in_stream is not None:
            ctx.in_object = self._read(lambda _: ctx.in_stream.results(), ctx)
        else:
            ctx.in_object = self._read_result(ctx)

    def _read_result(self, ctx: MethodContext) -> Any:
        """What a response says, without the name of its message."""
        read, results = ctx.app.codec(self, "decode_response", ctx.descriptor)
        document = ctx._in_body_doc
        message = ctx.app.call_of(ctx.descriptor).response
        named = message.wrapped and not self.ignore_wrappers
        if named and isinstance(document, Mapping) and document.keys() == {message.name}:
            ctx._in_body_doc = document[message.name]
        value = self._read(read, ctx)
        if value is not None and (results > 1 or named):
            value = list(value)
        return value[0] if named and results == 1 and value else value if results else None

    # --- out ---

    def serialize(self, ctx: MethodContext, message: str = ProtocolBase.RESPONSE) -> None:
        if ctx._out_document is not None:
            return
        self.fire("before_serialize", ctx)
        if ctx.out_error is not None:
            ctx._out_document = Body(self.write_tree(self.fault_tree(ctx.out_error)), self.parse)
        else:
            kind = "encode_response" if message == self.RESPONSE else "encode_request"
            write = ctx.app.codec(self, kind, ctx.descriptor)
            if self.streams_now(ctx, write):
                ctx._out_document = self.items(ctx, write)
            else:
                ctx._out_document = Body(write(ctx.out_object), self.parse)
        self.fire("after_serialize", ctx)

    def streams(self, ctx: MethodContext) -> bool:
        return self.brackets is not None and isinstance(
            ctx.app.codec(self, "encode_response", ctx.descriptor), ResultWriter
        )

    def streams_now(self, ctx: MethodContext, write: Any) -> bool:
        """Whether the result is to be pulled while it is sent; write: what was compiled for it."""
        return type(write) is ResultWriter and is_stream(first(ctx.out_object or ())) and self.streams(ctx)

    def items(self, ctx: MethodContext, write: ResultWriter, before: bytes = b"", after: bytes = b"") -> Items:
        """The document of a result that is pulled while it is sent, with what stands before and after it."""
        assert self.brackets is not None
        start, separator, end = self.brackets

        def tree_of(source: Any) -> Any:
            ctx.out_object = [list(source)]
            return self.parse(before + write(ctx.out_object) + after)

        return Items(
            first(ctx.out_object),
            item=write.item,
            around=lambda: (start, end),
            whole=lambda values: write([values]),
            tree=tree_of,
            separator=separator,
            frame=(before, after),
        )

    def fault_tree(self, fault: Fault) -> Any:
        """A fault as a tree: an object, or a list with every member under ``complex_as=list``."""
        found = Fault.to_dict(fault)
        detail = found.get("detail")
        if detail is not None:
            found["detail"] = self._detail(detail)
        if self.complex_as == "list":
            return [found.get(name) or "" for name in ("faultcode", "faultstring", "faultactor", "detail")]
        return found

    def _detail(self, detail: Any) -> Any:
        field = Field(type=AnyNode())
        if hasattr(type(detail), "__spyne_schema__"):
            field = self.app.interface.lowering.field(type(detail))
        return tree.compile_encoder(field, self.codec_options(), self.format)(detail)

    def create_out_string(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx.out_string is not None:
            return
        document = ctx._out_document
        if isinstance(document, Items):
            ctx.out_string = document.blocks()
            return
        ctx.out_string = [document.data if isinstance(document, Body) else self.write_tree(document)]


UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})
"""Charsets whose texts are UTF-8 as they are."""


def one_key(document: Any) -> Mapping[Any, Any]:
    """The document itself if it may be a call. Raises ValidationError otherwise."""
    if not isinstance(document, Mapping) or len(document) != 1:
        raise ValidationError(custom_msg="Need a dictionary with exactly one key as method name.")
    return document


def _sentence(message: str) -> str:
    """What a parser said as a sentence of its own; a codec's message begins with its verb."""
    return message if message[:1].isupper() else f"the document {message}"


def utf8(data: bytes, charset: str | None) -> bytes:
    """The text in UTF-8, whatever charset the transport said. Raises Fault for one that is unknown or does not fit."""
    if charset is None or charset.lower() in UTF8:
        return data
    try:
        return data.decode(charset).encode()
    except (LookupError, ValueError):
        raise Fault("Client.InvalidInput", "the request is not text in the charset of its Content-Type") from None
