"""MessagePackDocument, calls and results as MessagePack; MessagePackRpc, the same in the envelopes of the msgpack-rpc specification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from spyne.codec import tree
from spyne.codec._base import DecodeError, EncodeError, Options
from spyne.codec.msgpack_frames import Frames
from spyne.codec.tree_native import (
    NATIVE_MSGPACK,
    NATIVE_MSGPACK_2,
    NATIVE_MSGPACK_TIMESTAMPS,
    msgpack_reader,
    msgpack_tree,
    msgpack_writer,
)
from spyne.const.http import STATUS
from spyne.context import MethodContext, ProtocolContext
from spyne.error import Fault, InvalidInputError, RequestTooLongError
from spyne.limits import LimitExceeded, unless_off
from spyne.protocol._base import ProtocolBase, first, joined, validation_error
from spyne.protocol.dictdoc.hier import Body, HierDictDocument, ResultWriter
from spyne.schema import DeclarationError, Field, Struct
from spyne.util.excerpt import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spyne.codec._native import NativeFormat
    from spyne.interface._base import Message
    from spyne.protocol._base import CodecKind
    from spyne.protocol._items import Items

__all__ = ["MessagePackDocument", "MessagePackRpc", "RpcContext"]

_ONE_KEY = 0x81
_NAME_FORMS = {0xC4: 2, 0xD9: 2, **{0xA0 + length: 1 for length in range(1, 32)}}
"""The usual first bytes of a method's name, bin or str, and where the name begins."""

_encode = msgspec.msgpack.Encoder().encode
_split = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


class MessagePackDocument(HierDictDocument):
    """``{"say_hello": {"name": "Dave", "times": 2}}`` is answered by ``["Hello, Dave", "Hello, Dave"]``, both as MessagePack.

    The options are those of `HierDictDocument`, and text_as_bin=True: texts and keys are written as bin, as Spyne 2 did;
    timestamps=True: moments with a zone are written as timestamps (extension type -1), which is fastest and loses the zone.
    Texts and keys are read from str and bin, moments from text and timestamps, whatever is written; of a key that comes twice,
    the last counts. Decimals are written as text, dates and times as in ISO 8601, bytes as bin, integers beyond 64 bits as text.

    mw_packer, mw_unpacker, use_list, raw and use_bin_type are Spyne 2's. Only values that change nothing are taken: the messages are
    read and written by msgspec, and the declared types decide. Raises DeclarationError for others.
    """

    type: ClassVar[frozenset[str]] = frozenset({"msgpack"})
    mime_type = "application/x-msgpack"
    media_types: ClassVar[tuple[str, ...]] = (
        "application/x-msgpack",
        "application/msgpack",
        "application/vnd.msgpack",
    )
    format = tree.MSGPACK
    brackets: ClassVar[tuple[bytes, bytes, bytes] | None] = (b"", b"", b"")
    error_code = "Client.MessagePackDecodeError"

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
        mw_packer: Any = None,
        mw_unpacker: Any = None,
        use_list: bool = False,
        raw: bool = False,
        use_bin_type: bool = True,
        *,
        binary_encoding: Any = None,
        string_encoding: str | None = None,
        text_as_bin: bool = False,
        timestamps: bool = False,
    ) -> None:
        _check_class("mw_packer", mw_packer, "Packer")
        _check_class("mw_unpacker", mw_unpacker, "Unpacker")
        if raw:
            raise DeclarationError("raw=True is not taken: the declared types say what is text and what is bytes")
        if not use_bin_type:
            raise DeclarationError(
                "use_bin_type=False is not taken: bytes are written as bin; for text as bin say text_as_bin=True"
            )
        if text_as_bin and timestamps:
            raise DeclarationError(
                "text_as_bin=True writes what Spyne 2 wrote, which had no timestamps; leave out one of the two"
            )
        self.text_as_bin = text_as_bin
        self.timestamps = timestamps
        super().__init__(
            app,
            validator,
            mime_type,
            ignore_uncap,
            ignore_wrappers,
            complex_as,
            ordered,
            polymorphic,
            key_encoding,
            binary_encoding,
            string_encoding,
        )

    @property
    def _native(self) -> NativeFormat:
        return (
            NATIVE_MSGPACK_2 if self.text_as_bin else NATIVE_MSGPACK_TIMESTAMPS if self.timestamps else NATIVE_MSGPACK
        )

    def parse(self, data: bytes) -> Any:
        return msgpack_tree(unless_off(self.app.limits.depth))(data)

    def write_tree(self, value: Any) -> bytes:
        return _encode(value)

    def reader(self, field: Field, options: Options) -> Any:
        """Straight from bytes where msgspec can read the type."""
        read = msgpack_reader(field, options, self._native)
        careful = tree.compile_decoder(field, options, self._native.format)
        return lambda body: read(body.data) if isinstance(body, Body) else careful(body)

    def writer(self, field: Field, options: Options, *, wrapped: bool = False) -> Any:
        if not wrapped:
            return msgpack_writer(field, options, self._native)
        encode = tree.compile_encoder(field, options, self._native.format, wrapped=True)
        return lambda value: _encode(encode(value))

    def items(self, ctx: MethodContext, write: ResultWriter, before: bytes = b"", after: bytes = b"") -> Items:
        """An array begins with the number of its items: they wait in a temporary file until it is known."""
        items = super().items(ctx, write, before, after)
        items.head = _array_head
        return items

    def _request_writer(self, message: Message, options: Options) -> Any:
        write = msgpack_writer(message.field, options, self._native)
        start = b"\x81" + _encode(message.name.encode() if self.text_as_bin else message.name)
        if message.wrapped:
            return lambda values: start + write(values)
        return lambda values: start + write(first(values))

    def create_in_document(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx._in_document is None:
            ctx._in_document = Body(joined(ctx.in_string), self.parse_or_fault)

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        """The method's name is read off the start; the arguments stay bytes until their type is known."""
        document = ctx._in_document
        if message == self.REQUEST and isinstance(document, Body):
            data = document.data
            found = _name(data)
            if found is not None:
                name, end = found
                ctx.method_request_string = self.qualified(name)
                ctx._in_body_doc = Body(data[end:], self.parse)
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
            raise validation_error(error) from None

    def _check_whole(self, ctx: MethodContext) -> None:
        """Raise Fault for a document of which only the start was read, and that is no MessagePack."""
        document = ctx._in_document
        if isinstance(document, Body) and isinstance(ctx._in_body_doc, Body):
            document()


def _array_head(count: int) -> bytes:
    """The start of an array of that many items."""
    if count < 16:
        return bytes([0x90 | count])
    return b"\xdc%b" % count.to_bytes(2, "big") if count < 1 << 16 else b"\xdd%b" % count.to_bytes(4, "big")


def _check_class(option: str, given: Any, name: str) -> None:
    if given is not None and getattr(given, "__name__", None) != name:
        raise DeclarationError(f"{option} is not taken: messages are read and written by msgspec, within the limits")


def _name(data: bytes) -> tuple[str, int] | None:
    """The one key of a map, and where its value begins; None where that needs a closer look."""
    if len(data) < 4 or data[0] != _ONE_KEY:
        return None
    start = _NAME_FORMS.get(data[1])
    if start is None:
        return None
    start += 1
    end = start + (data[2] if start == 3 else data[1] - 0xA0)
    try:
        return (data[start:end].decode(), end) if start < end < len(data) else None
    except UnicodeDecodeError:
        return None


class RpcContext(ProtocolContext):
    """What msgpack-rpc notes of one call. msgid: the request's number, None where it has none or none that could be read.
    notification: whether nobody waits for an answer. part: whether the call is one of several in one request.
    """

    def __init__(self, msgid: int | None = None, *, notification: bool = False, part: bool = False) -> None:
        self.msgid = msgid
        self.notification = notification
        self.part = part


_REQUEST, _RESPONSE, _NOTIFICATION = 0, 1, 2
_NIL = b"\xc0"
_HIGHEST_ID = 2**32 - 1
_HOLDERS = frozenset((*range(0x80, 0xA0), *range(0xDC, 0xE0)))
"""The first bytes of arrays and maps."""

_read_int = msgspec.msgpack.Decoder(int).decode
_read_str = msgspec.msgpack.Decoder(str).decode
_read_bin = msgspec.msgpack.Decoder(bytes).decode
_read_members = msgspec.msgpack.Decoder(dict[str, msgspec.Raw]).decode
_read_bin_members = msgspec.msgpack.Decoder(dict[bytes, msgspec.Raw]).decode
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class MessagePackRpc(MessagePackDocument):
    """The msgpack-rpc specification: ``[0, msgid, "say_hello", ["Dave", 2]]`` is answered by ``[1, msgid, nil, [...]]``, or by
    ``[1, msgid, fault, nil]`` with the fault as `MessagePackDocument` writes it; ``[2, "say_hello", [...]]`` by nothing.

    The arguments come in order, or as a map by name. A request may hold several messages one after another, at most
    ``limits.calls``; so does then the answer. The options are those of `MessagePackDocument`.
    """

    type: ClassVar[frozenset[str]] = frozenset({"msgpack", "msgpack-rpc"})

    # --- compiled once ---

    def compile(self, kind: CodecKind, call: Any) -> Any:
        compiled = super().compile(kind, call)
        if kind == "decode_request" and not call.request.wrapped:
            read, wrapped = compiled
            return _only_argument(read, frozenset(call.descriptor.in_names.values())), wrapped
        return compiled

    def _request_writer(self, message: Message, options: Options) -> Callable[[Any], bytes]:
        """The arguments in order, as an array."""
        fmt, node = self._native.format, message.field.type
        if not message.wrapped or not isinstance(node, Struct):
            encode = tree.compile_encoder(message.field, options, fmt)
            return lambda values: _encode([encode(first(values))] if len(values) else [])
        names = [field.name for field in node.fields]
        fields = tree.active_fields(node, options)
        plan = [(each.name, tree.compile_encoder(each, options, fmt, wrapped=True)) for each in fields]

        def write(values: Sequence[Any]) -> bytes:
            given = dict(zip(names, values, strict=False))
            return _encode([_argument(name, encode, given.get(name)) for name, encode in plan])

        return write

    # --- in ---

    def create_in_document(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx._in_document is None:
            ctx._in_document = Body(joined(ctx.in_string), self._parse_all)

    def _parse_all(self, data: bytes) -> Any:
        """One message as a list, several as a list of them."""
        found = [self.parse_or_fault(message) for message in self._messages(data)]
        return found[0] if len(found) == 1 else found

    def _messages(self, data: bytes) -> list[bytes]:
        """The messages of a request. Raises Fault for what is none, and for too many."""
        frames = Frames(self.app.limits)
        most = unless_off(self.app.limits.calls)
        found: list[bytes] = []
        try:
            for message in frames.feed(data):
                found.append(message)
                if len(found) > most:
                    raise LimitExceeded("calls", most)
        except LimitExceeded as error:
            raise RequestTooLongError(str(error)) from None
        except DecodeError as error:
            raise Fault(self.error_code, f"the document {error.message}") from None
        if frames.pending or not found:
            raise Fault(
                self.error_code, f"the document is not well-formed MessagePack: it ends too early (byte {len(data)})"
            )
        return found

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        document = ctx._in_document
        data = document.data if isinstance(document, Body) else _encode(document)
        if message == self.RESPONSE:
            self._open_response(ctx, data)
            return
        parts = _parts(data)
        if parts is not None:
            self._open(ctx, parts, RpcContext())
            return
        messages = self._messages(data)
        if len(messages) == 1:
            self._open(ctx, _parts(data) or [], RpcContext())
            return
        ctx.batch = [self._part(ctx, each) for each in messages]

    def _part(self, ctx: MethodContext, message: bytes) -> MethodContext:
        """The context of one message of several."""
        part = ctx.part()
        part._in_document = Body(message, self._parse_all)
        try:
            self._open(part, _parts(message) or [], RpcContext(part=True))
        except Fault as error:
            part.in_error = error
        return part

    def _open(self, ctx: MethodContext, parts: list[msgspec.Raw], call: RpcContext) -> None:
        """Read the envelope of a request or a notification; the arguments stay bytes."""
        ctx.inprot_ctx = call
        kind = _kind(parts)
        if kind == _REQUEST and len(parts) == 4:
            call.msgid = _msgid(parts[1])
        elif kind == _NOTIFICATION and len(parts) == 3:
            call.notification = True
        else:
            raise InvalidInputError("a message is [0, msgid, method, params] or [2, method, params]")
        name, params = parts[-2], bytes(parts[-1])
        if params[0] not in _HOLDERS:
            raise InvalidInputError("params is an array of the arguments in order, or a map of them by name")
        try:
            ctx.method_request_string = self.qualified(_method(bytes(name)))
        except _UNREADABLE:
            raise InvalidInputError("the name of the method is not a text in UTF-8") from None
        ctx._in_body_doc = Body(params, self.parse)

    def _check_whole(self, ctx: MethodContext) -> None:
        """Raise Fault for arguments that are no MessagePack."""
        if isinstance(ctx._in_body_doc, Body):
            self.parse_or_fault(ctx._in_body_doc.data)

    def _open_response(self, ctx: MethodContext, data: bytes) -> None:
        parts = _parts(data) or []
        if len(parts) != 4 or _kind(parts) != _RESPONSE:
            raise Fault(self.error_code, "the response is not [1, msgid, error, result]")
        msgid, error, result = (bytes(part) for part in parts[1:])
        if msgid != _encode(_sent_id(ctx)) and (msgid != _NIL or error == _NIL):
            raise Fault(self.error_code, "the response is for another request")
        if error != _NIL:
            ctx.in_error = _fault(self.parse_or_fault(error))
        else:
            ctx._in_body_doc = Body(result, self.parse) if self.ignore_wrappers else self.parse_or_fault(result)

    def _deserialize_response(self, ctx: MethodContext) -> None:
        if ctx.in_error is None:
            ctx.in_object = self._read_result(ctx)

    # --- out ---

    def serialize(self, ctx: MethodContext, message: str = ProtocolBase.RESPONSE) -> None:
        if ctx._out_document is None:
            self.fire("before_serialize", ctx)
            if message == self.REQUEST:
                ctx._out_document = Body(self._write_request(ctx), self.parse)
            else:
                ctx._out_document = self._write_response(ctx)
            self.fire("after_serialize", ctx)

    def answers_one_way(self, ctx: MethodContext) -> bool:
        return not _call(ctx).notification

    def _write_request(self, ctx: MethodContext) -> bytes:
        params: bytes = ctx.app.codec(self, "encode_request", ctx.descriptor)(ctx.out_object)
        name = ctx.app.call_of(ctx.descriptor).request.name
        head = _encode(name.encode() if self.text_as_bin else name) + params
        if getattr(ctx.outprot_ctx, "notification", ctx.descriptor.one_way):
            return b"\x93\x02" + head
        return b"\x94\x00" + _encode(_sent_id(ctx)) + head

    def _write_response(self, ctx: MethodContext) -> Body | Items:
        call = _call(ctx)
        if call.notification:
            return Body(b"", self.parse)
        head = b"\x94\x01" + _encode(call.msgid)
        if ctx.out_error is not None:
            return Body(head + _encode(self.fault_tree(ctx.out_error)) + _NIL, self.parse)
        if not ctx.descriptor.results:
            return Body(head + _NIL + _NIL, self.parse)
        write = ctx.app.codec(self, "encode_response", ctx.descriptor)
        if self.streams_now(ctx, write):
            return self.items(ctx, write, head + _NIL)
        return Body(head + _NIL + write(ctx.out_object), self.parse)

    def streams(self, ctx: MethodContext) -> bool:
        return super().streams(ctx) and not _call(ctx).notification

    def create_out_string(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx.out_string is not None:
            return
        call = _call(ctx)
        if ctx.way == MethodContext.SERVER and call.notification:
            ctx.out_string = []
            if not call.part:
                _accept(ctx)
            return
        super().create_out_string(ctx, charset)

    def join_batch(self, ctx: MethodContext) -> None:
        super().join_batch(ctx)
        if not ctx.out_string:
            _accept(ctx)


def _call(ctx: MethodContext) -> RpcContext:
    """What is noted of a served call; one that came by another protocol has no number."""
    return ctx.inprot_ctx if isinstance(ctx.inprot_ctx, RpcContext) else RpcContext()


def _sent_id(ctx: MethodContext) -> int:
    """The number of a client's request: 0 unless its transport has several under way."""
    return getattr(ctx.outprot_ctx, "msgid", None) or 0


def _accept(ctx: MethodContext) -> None:
    """Say over HTTP that there is no answer to come."""
    if getattr(ctx.transport, "resp_code", "") is None:
        ctx.transport.resp_code = STATUS[202]


def _parts(data: bytes) -> list[msgspec.Raw] | None:
    """The items of one array; None for anything else."""
    try:
        return _split(data)
    except _UNREADABLE:
        return None


def _kind(parts: list[msgspec.Raw]) -> int | None:
    try:
        return _read_int(parts[0]) if parts else None
    except _UNREADABLE:
        return None


def _method(name: bytes) -> str:
    return _read_bin(name).decode() if name[0] in _BINS else _read_str(name)


def _msgid(part: msgspec.Raw) -> int:
    """The number of a request, 32 bits in the specification."""
    try:
        found = _read_int(part)
    except _UNREADABLE:
        found = -1
    if not 0 <= found <= _HIGHEST_ID:
        raise InvalidInputError("msgid is not an integer from 0 to 4294967295")
    return found


def _only_argument(read: Callable[[Any], Any], names: frozenset[str]) -> Callable[[Any], Any]:
    """A reader of the one argument of a bare method, out of its array or map; None where it is left out."""

    def argument(data: bytes) -> msgspec.Raw | None:
        if data[0] in _MAPS:
            found = _members(data)
            return next((found[name] for name in names if name in found), None)
        items = _split(data)
        if len(items) > len(names):
            raise DecodeError(f"has {len(items)} items for {len(names)} members")
        return items[0] if items else None

    def read_only(body: Any) -> Any:
        if not isinstance(body, Body):
            return read(body)
        try:
            found = argument(body.data)
        except _UNREADABLE:
            raise DecodeError("is not an array of the arguments, or a map of them by name") from None
        return None if found is None else read(Body(bytes(found), body.parse))

    return read_only


_MAPS = frozenset((*range(0x80, 0x90), 0xDE, 0xDF))


_BINS = frozenset({0xC4, 0xC5, 0xC6})


def _members(data: bytes) -> dict[str, msgspec.Raw]:
    """The members of a map by name, all str or all bin."""
    try:
        return _read_members(data)
    except msgspec.ValidationError:
        return {key.decode(): value for key, value in _read_bin_members(data).items()}


def _argument(name: str, encode: Callable[[Any], Any], value: Any) -> Any:
    try:
        return None if value is None else encode(value)
    except EncodeError as error:
        error.path = (name, *error.path)
        raise


def _fault(error: Any) -> Fault:
    """What stands in the error of a response: a fault as written here, or whatever other servers put there."""
    if isinstance(error, list):
        error = dict(zip(("faultcode", "faultstring", "faultactor", "detail"), error, strict=False))
    if isinstance(error, dict) and error.keys() >= {"faultcode", "faultstring"}:
        code, text, actor = (_text(error.get(key)) for key in ("faultcode", "faultstring", "faultactor"))
        return Fault(code, text, actor, error.get("detail") or None)
    return Fault("Server", _text(error))


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else value if isinstance(value, str) else describe(value)
