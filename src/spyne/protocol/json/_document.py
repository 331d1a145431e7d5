"""JsonDocument: calls and results as JSON (RFC 8259)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from spyne.codec import tree
from spyne.codec._base import DecodeError, Options
from spyne.codec.json_input import check_depth, check_numbers
from spyne.codec.tree_native import Malformed, json_reader, json_tree, json_writer, reject_duplicates
from spyne.error import Fault, RequestTooLongError
from spyne.interface._streams import result_of, stream_of
from spyne.limits import LimitExceeded
from spyne.protocol._base import ProtocolBase, first, joined, validation_error
from spyne.protocol._incoming import Scout, explained, open_stream
from spyne.protocol.dictdoc.hier import UTF8, Body, HierDictDocument, one_key, utf8
from spyne.protocol.json._incoming import JsonReceiver, JsonStream
from spyne.schema import DeclarationError, Field

if TYPE_CHECKING:
    from spyne.context import MethodContext
    from spyne.interface._base import Call, Message
    from spyne.protocol._base import CodecKind

__all__ = ["JsonDocument"]

_CALL = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"([^"\\\x00-\x1f]{1,256})"[ \t\r\n]*:').match
_EXACT = json_tree(exact=True)


class JsonDocument(HierDictDocument):
    """``{"say_hello": {"name": "Dave", "times": 2}}`` is answered by ``["Hello, Dave", "Hello, Dave"]``.

    The options are those of `HierDictDocument`, and duplicate_keys: "last" (the last one counts, as in most parsers) or
    "refuse". Decimals are written as strings, dates and times as in ISO 8601, bytes as base64.
    """

    type: ClassVar[frozenset[str]] = frozenset({"json"})
    mime_type = "application/json"
    media_types: ClassVar[tuple[str, ...]] = ("application/json", "text/json")
    format = tree.JSON
    brackets: ClassVar[tuple[bytes, bytes, bytes] | None] = (b"[", b",", b"]")
    error_code = "Client.JsonDecodeError"

    def __init__(
        self,
        app: Any = None,
        validator: Any = None,
        mime_type: str | None = None,
        ignore_uncap: bool = False,
        ignore_wrappers: bool = True,
        complex_as: Any = dict,
        ordered: bool = False,
        default_string_encoding: str | None = None,
        polymorphic: bool = False,
        *,
        key_encoding: str | None = None,
        binary_encoding: Any = None,
        duplicate_keys: str = "last",
    ) -> None:
        if duplicate_keys not in ("last", "refuse"):
            raise DeclarationError(f"duplicate_keys is 'last' or 'refuse', not {duplicate_keys!r}")
        self.duplicate_keys = duplicate_keys
        self._streams: dict[str, JsonStream] = {}
        given = (app, validator, mime_type, ignore_uncap, ignore_wrappers, complex_as, ordered, polymorphic)
        super().__init__(*given, key_encoding, binary_encoding, default_string_encoding)

    def parse(self, data: bytes) -> Any:
        check_depth(data, self.app.limits)
        if self.duplicate_keys == "refuse":
            reject_duplicates(data)
        return _EXACT(data)

    def write_tree(self, value: Any) -> bytes:
        return msgspec.json.encode(value)

    def reader(self, field: Field, options: Options) -> Any:
        """Straight from bytes where msgspec can read the type."""
        read = json_reader(field, options)
        careful = tree.compile_decoder(field, options, tree.JSON)
        return lambda body: read(body.data) if isinstance(body, Body) else careful(body)

    def writer(self, field: Field, options: Options, *, wrapped: bool = False) -> Any:
        return super().writer(field, options, wrapped=wrapped) if wrapped else json_writer(field, options)

    def _request_writer(self, message: Message, options: Options) -> Any:
        write = json_writer(message.field, options)
        start = b'{"%s":' % message.name.encode()
        if message.wrapped:
            return lambda values: start + write(values) + b"}"
        return lambda values: start + write(first(values)) + b"}"

    def compile(self, kind: CodecKind, call: Call) -> Any:
        if kind == "stream_response":
            return self._result_reader(call)
        reads_itself = type(self).create_in_document is not JsonDocument.create_in_document
        stream = None if reads_itself or kind != "decode_request" else stream_of(call)
        if stream is not None:
            unique = self.duplicate_keys == "refuse"
            reader = JsonStream(stream, self.codec_options(), self.app.limits, unique=unique)
            self._streams[call.request.tag] = reader
            self.streams_in = True
        return super().compile(kind, call)

    def _result_reader(self, call: Call) -> JsonStream | None:
        """What reads the response of a method item by item; None where its result is no array that stands alone."""
        stream = result_of(call)
        if stream is None or (call.response.wrapped and not self.ignore_wrappers):
            return None
        unique = self.duplicate_keys == "refuse"
        return JsonStream(stream, self.codec_options(), self.app.limits, unique=unique, alone=True)

    def result_scout(self, ctx: MethodContext) -> Scout | None:
        reader = ctx.app.codec(self, "stream_response", ctx.descriptor)
        if reader is None:
            return None
        limit = self.app.limits.stream_item
        return Scout(JsonReceiver({}, limit, lambda data: Body(data, self.parse_or_fault), reader), self._explained)

    def scout(self, charset: str | None) -> Scout:
        start = len(self.qualified(""))
        streams = {tag[start:]: reader for tag, reader in self._streams.items() if tag.startswith(self.qualified(""))}
        methods = streams if charset is None or charset.lower() in UTF8 else {}
        receiver = JsonReceiver(methods, self.app.limits.stream_item, lambda data: Body(data, self.parse_or_fault))
        return Scout(receiver, self._explained)

    def _explained(self, error: Exception) -> Fault | None:
        """The fault for what reading a document raises."""
        if isinstance(error, Malformed):
            return Fault(self.error_code, f"{error.where() or 'the document'} {error.message}")
        return explained(error)

    def create_in_document(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx._in_document is None and self.streams_in and open_stream(self, ctx, charset):
            return
        if ctx._in_document is None:
            data = utf8(joined(ctx.in_string), charset)
            self._check_numbers(data)
            if self.duplicate_keys == "refuse":
                self.parse_or_fault(data)
            ctx._in_document = Body(data, self.parse_or_fault)

    def _check_numbers(self, data: bytes) -> None:
        try:
            check_numbers(data, self.app.limits)
        except LimitExceeded as error:
            raise RequestTooLongError(str(error)) from None

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        """The method's name is read off the start; the arguments stay bytes until their type is known."""
        document = ctx._in_document
        if message == self.REQUEST and isinstance(document, Body):
            data = document.data.rstrip(b" \t\r\n")
            match = _CALL(data)
            if match is not None and data.endswith(b"}"):
                ctx.method_request_string = self.qualified(match[1].decode("utf-8", "replace"))
                ctx._in_body_doc = Body(data[match.end() : -1], self.parse)
                return
        super().decompose_incoming_envelope(ctx, message)

    def get_call_handles(self, ctx: MethodContext) -> list[Any]:
        found = super().get_call_handles(ctx)
        if not found:
            self._check_whole(ctx)
        return found

    def _read(self, read: Any, ctx: MethodContext) -> Any:
        try:
            return read(ctx._in_body_doc)
        except DecodeError as error:
            self._check_whole(ctx)
            if not isinstance(error, Malformed) or not isinstance(ctx._in_body_doc, Body):
                raise validation_error(error) from None
        # The arguments alone are no JSON although the document is: it has its one key twice, of which the last counts.
        (ctx._in_body_doc,) = ctx._in_document().values()
        return super()._read(read, ctx)

    def _check_whole(self, ctx: MethodContext) -> None:
        """Raise Fault for a document of which only the start was read, and that is no JSON or has more than one key."""
        document = ctx._in_document
        if isinstance(document, Body) and isinstance(ctx._in_body_doc, Body):
            one_key(document())
