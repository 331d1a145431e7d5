"""JsonRpc: JSON-RPC 2.0 over any transport (https://www.jsonrpc.org/specification)."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from spyne.codec._base import DecodeError
from spyne.codec.json_input import check_depth
from spyne.codec.tree_native import Malformed, json_writer
from spyne.context import ProtocolContext
from spyne.error import (
    ArgumentError,
    Fault,
    InternalError,
    InvalidInputError,
    NotAcceptableError,
    RequestNotAllowed,
    RequestTooLongError,
    ResourceNotFoundError,
    UnsupportedMediaTypeError,
    ValidationError,
)
from spyne.limits import LimitExceeded
from spyne.protocol._base import ProtocolBase, first, validation_error
from spyne.protocol.dictdoc.hier import Body
from spyne.protocol.json._document import JsonDocument
from spyne.schema import DeclarationError, Map, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spyne.codec._base import Options
    from spyne.context import MethodContext
    from spyne.interface._base import Call, Message
    from spyne.protocol._base import CodecKind

__all__ = ["JsonRpc", "JsonRpcContext"]

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
CLIENT_FAULT, SERVER_FAULT = -32000, -32001

INVALID = "Client.InvalidRequest"
INVALID_RESPONSE = "Client.InvalidResponse"
_VERSIONS = (2, 2.0, "2", "2.0")

_CODES: Mapping[str, int] = {
    JsonDocument.error_code: PARSE_ERROR,
    INVALID: INVALID_REQUEST,
    RequestTooLongError.CODE: INVALID_REQUEST,
    ValidationError.CODE: INVALID_PARAMS,
    ArgumentError.CODE: INVALID_PARAMS,
    InvalidInputError.CODE: INVALID_PARAMS,
    "Client": CLIENT_FAULT,
    "Server": SERVER_FAULT,
}
"""The number of a fault code; the nearest one up the dotted path counts."""

_UNDISPATCHED: Mapping[str, int] = {
    ResourceNotFoundError.CODE: METHOD_NOT_FOUND,
    InvalidInputError.CODE: INVALID_REQUEST,
    NotAcceptableError.CODE: INVALID_REQUEST,
    RequestNotAllowed.CODE: INVALID_REQUEST,
    UnsupportedMediaTypeError.CODE: INVALID_REQUEST,
}
"""What differs while no method is found."""

_FAULTS: Mapping[int, str] = {
    PARSE_ERROR: JsonDocument.error_code,
    INVALID_REQUEST: INVALID,
    METHOD_NOT_FOUND: ResourceNotFoundError.CODE,
    INVALID_PARAMS: ValidationError.CODE,
    INTERNAL_ERROR: InternalError.CODE,
    CLIENT_FAULT: "Client",
    SERVER_FAULT: "Server",
}
"""The fault code of a number, for errors that do not say theirs."""

_HTTP_LEVEL = frozenset(
    {RequestNotAllowed.CODE, NotAcceptableError.CODE, RequestTooLongError.CODE, UnsupportedMediaTypeError.CODE}
)

_NO_CONTENT = 204
_NOTHING = msgspec.Raw(b"")
_PARAMS = (b"{", b"[", b"n", b"")
"""How params may begin: an object, an array, null, or not there."""
_NO_ID = (b"{", b"[", b"t", b"f")


class _Request(msgspec.Struct):
    """A request object (§4), params and id unread."""

    jsonrpc: Literal["2.0"]
    method: str
    params: msgspec.Raw = _NOTHING
    id: msgspec.Raw = _NOTHING


# The usual forms of a request, whose params can be cut out unread: they are JSON if and only if the whole is. For small
# requests it is quicker to let msgspec find them.
_LARGE = 2048
_ID = rb'(-?(?:0|[1-9][0-9]{0,30})|"[ !#-+\--\[\]-~]{0,64}")'
_START = (
    rb'_ \{ _"jsonrpc"_:_"2\.0"_, (?:_"id"_:_ ID _,)? _"method"_:_"([^"\\\x00-\x1f]{1,256})"_, _"params"_:_ (?=[\[{])'
)
_END = rb',_"id"_:_ ID _\} _'


def _form(pattern: bytes) -> re.Pattern[bytes]:
    """The pattern: an underscore stands for white space, ID for an id, and blanks for nothing."""
    return re.compile(pattern.replace(b" ", b"").replace(b"_", rb"[ \t\r\n]*").replace(b"ID", _ID))


_start, _end = _form(_START).match, _form(_END).fullmatch
_read_request = msgspec.json.Decoder(_Request).decode
_read_batch = msgspec.json.Decoder(list[msgspec.Raw]).decode
_is_batch = re.compile(rb"[ \t\r\n]*\[").match


class JsonRpcContext(ProtocolContext):
    """What one call is known by: ``ctx.inprot_ctx`` of a server, ``ctx.outprot_ctx`` of a client.

    id: the request's id as JSON, None for a notification. is_part: whether it is one of a batch. is_cut: whether only its
    start and its end were read so far.
    """

    itself: Any = None
    type: str | None = "jsonrpc"

    def __init__(self, id: bytes | None, is_part: bool = False, is_cut: bool = False) -> None:
        self.id = id
        self.is_part = is_part
        self.is_cut = is_cut


class JsonRpc(JsonDocument):
    """``{"jsonrpc": "2.0", "method": "say_hello", "params": {"name": "Dave"}, "id": 1}`` is answered by
    ``{"jsonrpc": "2.0", "result": ["Hello, Dave"], "id": 1}``.

    params is an object of arguments, or an array of them in order; null stands for none. A bare method has its object as
    params, and any other single value as the one item of an array. Requests without an id, notifications, have no answer,
    not even an error: over HTTP it is 204. Batches are answered in order, and have at most ``limits.calls`` requests.

    Errors have the codes of §5.1: -32700 for what is no JSON, -32600 for what is no request, -32601 for an unknown method,
    -32602 for arguments that do not fit, -32603 for unexpected errors. A Fault that the method raises is -32000 if it is the
    client's and -32001 if it is the server's. The fault's code, and its actor and detail if it has them, are in data.

    version: 2, the only one. error_codes: further numbers, by fault code; the nearest one up the dotted path counts.
    http_errors: answer errors with the HTTP status that other protocols have, instead of 200. The further options are those of
    `JsonDocument`. Raises DeclarationError for another version, and for a number that is none.
    """

    type: ClassVar[frozenset[str]] = frozenset({"json", "jsonrpc"})
    media_types: ClassVar[tuple[str, ...]] = (
        "application/json",
        "application/json-rpc",
        "application/jsonrequest",
        "text/json",
    )

    def __init__(
        self,
        version: Any = 2,
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
        error_codes: Mapping[str, int] | None = None,
        http_errors: bool = False,
        key_encoding: str | None = None,
        binary_encoding: Any = None,
        duplicate_keys: str = "last",
    ) -> None:
        if version not in _VERSIONS:
            raise DeclarationError(
                f"JsonRpc speaks version 2 of JSON-RPC, not {version!r}; the flavour 'spyne' of Spyne 2 could not be used over HTTP"
            )
        numbers = dict(error_codes or {})
        if not all(type(number) is int for number in numbers.values()):
            raise DeclarationError(f"error_codes has fault codes and their numbers, which are int, not {error_codes!r}")
        self._codes = {**_CODES, **numbers}
        self.http_errors = http_errors
        super().__init__(
            app,
            validator,
            mime_type,
            ignore_uncap,
            ignore_wrappers,
            complex_as,
            ordered,
            default_string_encoding,
            polymorphic,
            key_encoding=key_encoding,
            binary_encoding=binary_encoding,
            duplicate_keys=duplicate_keys,
        )

    # --- compiled once ---

    def compile(self, kind: CodecKind, call: Call) -> Any:
        compiled = super().compile(kind, call)
        if kind == "decode_request" and _is_item(call.request):
            read, wrapped = compiled
            return lambda body: read(_only_item(body() if isinstance(body, Body) else body)), wrapped
        if kind == "encode_response" and not call.descriptor.results and self.ignore_wrappers:
            return _null
        return compiled

    def _request_writer(self, message: Message, options: Options) -> Any:
        start = b'{"jsonrpc":"2.0","method":%s,"params":' % msgspec.json.encode(message.name)
        write = json_writer(message.field, options)
        if message.wrapped:
            return lambda values: start + write(values)
        if _is_item(message):
            return lambda values: start + (b"[" + write(first(values)) + b"]" if len(values) else b"[]")
        return lambda values: start + write(first(values))

    # --- in ---

    def check_http_request(self, method: str, content_type: str | None) -> Fault | None:
        return None if method == "POST" else RequestNotAllowed("JSON-RPC requests are sent by POST")

    def fault_to_http_response_code(self, fault: Fault) -> int:
        if self.http_errors or fault.faultcode in _HTTP_LEVEL:
            return super().fault_to_http_response_code(fault)
        return 200

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        """The arguments stay bytes until their type is known."""
        if message == self.RESPONSE:
            self._open_response(ctx)
            return
        document = ctx._in_document
        if not isinstance(document, Body):
            document = ctx._in_document = Body(self.write_tree(document), self.parse_or_fault)
        data = document.data
        found = _cut(data) if len(data) > _LARGE else None
        if found is not None:
            id, name, params = found
            ctx.inprot_ctx = JsonRpcContext(id, False, True)
            ctx.method_request_string = self.qualified(name)
            ctx._in_body_doc = Body(params, self.parse)
        elif data[:1] != b"{" and _is_batch(data):
            self._open_batch(ctx, document)
        else:
            self._open_request(ctx, data, False)

    def _open_request(self, ctx: MethodContext, data: bytes, is_part: bool) -> None:
        """Take a request apart (§4)."""
        ctx.inprot_ctx = None
        try:
            request = _read_request(data)
            if not data.isascii():
                str(data, "utf-8")  # msgspec does not look into members that it skips
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._open_carefully(ctx, self.parse_or_fault(data), is_part)
            return
        id, params = bytes(request.id), bytes(request.params)
        if id[:1] in _NO_ID or params[:1] not in _PARAMS:
            self._open_carefully(ctx, self.parse_or_fault(data), is_part)
            return
        ctx.inprot_ctx = JsonRpcContext(id or None, is_part)
        ctx.method_request_string = self.qualified(request.method)
        ctx._in_body_doc = {} if params in (b"", b"null") else Body(params, self.parse)

    def _open_carefully(self, ctx: MethodContext, request: Any, is_part: bool) -> None:
        """The same for a request that is parsed. Raises Fault for what is wrong with it."""
        id = request.get("id", _NOTHING) if isinstance(request, dict) else None
        mistake = _mistake(request, id)
        if id is not _NOTHING:
            ctx.inprot_ctx = JsonRpcContext(_written_id(id) or b"null", is_part)
        elif mistake is None:
            ctx.inprot_ctx = JsonRpcContext(None, is_part)
        if mistake is not None:
            raise Fault(INVALID, mistake)
        ctx.method_request_string = self.qualified(request["method"])
        params = request.get("params")
        ctx._in_body_doc = {} if params is None else params

    def _open_batch(self, ctx: MethodContext, document: Body) -> None:
        """Take several requests apart (§6); a mistake in the JSON of one is an error of all."""
        data = document.data
        try:
            check_depth(data, self.app.limits)
            parts = _read_batch(data)
            if not data.isascii():
                str(data, "utf-8")
        except (LimitExceeded, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            document()  # which says what is wrong
            raise
        limit = self.app.limits.calls
        if not parts:
            raise Fault(INVALID, "a batch has at least one request")
        if limit is not None and len(parts) > limit:
            raise RequestTooLongError(str(LimitExceeded("calls", limit)))
        ctx.batch = []
        for request in parts:
            part = ctx.part()
            ctx.batch.append(part)
            try:
                self._open_request(part, bytes(request), True)
            except Fault as fault:
                part.in_error = fault

    def _read(self, read: Any, ctx: MethodContext) -> Any:
        try:
            return read(ctx._in_body_doc)
        except (DecodeError, LimitExceeded) as error:
            is_cut = isinstance(ctx.inprot_ctx, JsonRpcContext) and ctx.inprot_ctx.is_cut
            name = ctx.method_request_string
            self._check_whole(ctx)
            if isinstance(error, Malformed) and is_cut:
                if ctx.method_request_string != name:
                    raise Fault(INVALID, "the member method stands there twice") from None
                return self._read(read, ctx)
            raise (
                validation_error(error) if isinstance(error, DecodeError) else RequestTooLongError(str(error))
            ) from None

    def answers_one_way(self, ctx: MethodContext) -> bool:
        return isinstance(ctx.inprot_ctx, JsonRpcContext) and ctx.inprot_ctx.id is not None

    def _check_whole(self, ctx: MethodContext) -> None:
        """Raise Fault for a document that is no JSON, no request, or that passes a limit."""
        document, call = ctx._in_document, ctx.inprot_ctx
        if isinstance(document, Body):
            if isinstance(call, JsonRpcContext) and call.is_cut:
                self._open_request(ctx, document.data, False)
            document()

    def _open_response(self, ctx: MethodContext) -> None:
        """Take a response apart (§5); a notification has none."""
        call = ctx.outprot_ctx if isinstance(ctx.outprot_ctx, JsonRpcContext) else None
        if call is not None and call.id is None:
            return
        response = ctx.in_document
        if not isinstance(response, dict) or response.get("jsonrpc") != "2.0":
            raise Fault(INVALID_RESPONSE, "the answer is no response of JSON-RPC 2.0")
        error, id = response.get("error"), response.get("id")
        is_ours = call is None or call.id is None or self.parse(call.id) == id
        if not is_ours and (error is None or id is not None):
            raise Fault(INVALID_RESPONSE, "the response is that of another request")
        if error is not None:
            ctx.in_error = _fault_of(error)
        elif "result" in response:
            ctx._in_body_doc = response["result"]
        else:
            raise Fault(INVALID_RESPONSE, "the response has neither a result nor an error")

    def _deserialize_response(self, ctx: MethodContext) -> None:
        is_answered = not isinstance(ctx.outprot_ctx, JsonRpcContext) or ctx.outprot_ctx.id is not None
        if is_answered and ctx.in_error is None:
            ctx.in_object = self._read_result(ctx)

    # --- out ---

    def serialize(self, ctx: MethodContext, message: str = ProtocolBase.RESPONSE) -> None:
        if ctx._out_document is not None:
            return
        self.fire("before_serialize", ctx)
        if message == self.REQUEST:
            self._write_request(ctx)
        else:
            self._write_response(ctx)
        self.fire("after_serialize", ctx)

    def _write_request(self, ctx: MethodContext) -> None:
        """A request; a notification where the method is one-way."""
        if ctx.outprot_ctx is None:
            id = None if ctx.descriptor.one_way else b"%d" % (int.from_bytes(os.urandom(4), "big") >> 1)
            ctx.outprot_ctx = JsonRpcContext(id)
        data = ctx.app.codec(self, "encode_request", ctx.descriptor)(ctx.out_object)
        id = ctx.outprot_ctx.id
        ctx._out_document = Body(data + (b"}" if id is None else b',"id":%s}' % id), self.parse)

    def _write_response(self, ctx: MethodContext) -> None:
        call = ctx.inprot_ctx
        id = call.id if isinstance(call, JsonRpcContext) else b"null"
        if id is None:
            self._stay_silent(ctx, call.is_part)
            return
        if ctx.out_error is not None:
            data = b'{"jsonrpc":"2.0","error":%s,"id":%s}' % (self.write_tree(self.error_tree(ctx, ctx.out_error)), id)
        else:
            write = ctx.app.codec(self, "encode_response", ctx.descriptor)
            before, after = b'{"jsonrpc":"2.0","result":', b',"id":%s}' % id
            if self.streams_now(ctx, write):
                ctx._out_document = self.items(ctx, write, before, after)
                return
            data = before + write(ctx.out_object) + after
        ctx._out_document = Body(data, self.parse)

    def streams(self, ctx: MethodContext) -> bool:
        call = ctx.inprot_ctx
        return super().streams(ctx) and not (isinstance(call, JsonRpcContext) and call.id is None)

    def error_tree(self, ctx: MethodContext, fault: Fault) -> dict[str, Any]:
        """The error object of a fault (§5.1); its data has the fault's code, and its actor and detail if it has them."""
        data = Fault.to_dict(fault)
        message = data.pop("faultstring")
        if "detail" in data:
            data["detail"] = self._detail(data["detail"])
        return {"code": self.error_code_of(ctx, fault), "message": message, "data": data}

    def error_code_of(self, ctx: MethodContext, fault: Fault) -> int:
        """The number of a fault. Override to choose others."""
        if isinstance(fault, InternalError):
            return INTERNAL_ERROR
        code = str(fault.faultcode)
        if ctx.descriptor is None and code in _UNDISPATCHED:
            return _UNDISPATCHED[code]
        while code and code not in self._codes:
            code = code.rpartition(".")[0]
        return self._codes.get(code, SERVER_FAULT)

    def join_batch(self, ctx: MethodContext) -> None:
        answers = [answer for part in ctx.batch if (answer := b"".join(part.out_string or ()))]
        if answers:
            ctx.out_string = [b"[" + b",".join(answers) + b"]"]
        else:
            self._stay_silent(ctx, False)

    @staticmethod
    def _stay_silent(ctx: MethodContext, is_part: bool) -> None:
        """Notifications have no answer (§4.1)."""
        ctx.out_string = []
        if not is_part and getattr(ctx.transport, "resp_code", "") is None:
            ctx.transport.resp_code = _NO_CONTENT


def _null(values: Any) -> bytes:
    """What a method without a result answers: a response has to have one (§5)."""
    return b"null"


def _cut(data: bytes) -> tuple[bytes, str, bytes] | None:
    """The id, the method and the params of a request in one of the usual forms, None for all others."""
    start = _start(data)
    if start is None:
        return None
    id = start[1]
    if id is None:
        last = data.rfind(b",", start.end())
        end = _end(data, last) if last > 0 else None
        if end is None:
            return None
        id = end[1]
        stop = last
    else:
        stop = len(data.rstrip(b" \t\r\n")) - 1
        if data[stop : stop + 1] != b"}":
            return None
    try:
        return id, start[2].decode(), data[start.end() : stop]
    except UnicodeDecodeError:
        return None


def _mistake(request: Any, id: Any) -> str | None:
    """Why this is no request, None if it is one."""
    if not isinstance(request, dict):
        return "a request is an object with the members jsonrpc, method, params and id"
    if request.get("jsonrpc") != "2.0":
        return 'the member jsonrpc is not "2.0"'
    if not isinstance(request.get("method"), str):
        return "the member method is not a string"
    if not isinstance(request.get("params"), dict | list | None):
        return "the member params is neither an object nor an array"
    if _written_id(id) is None and id is not _NOTHING:
        return "the member id is neither a string nor a number nor null"
    return None


def _written_id(id: Any) -> bytes | None:
    """An id that was read as JSON, None for what is no id."""
    if isinstance(id, Decimal):
        return str(id).encode()
    if id is None or (isinstance(id, str | int) and not isinstance(id, bool)):
        return msgspec.json.encode(id)
    return None


def _fault_of(error: Any) -> Fault:
    """The fault that an error object tells of (§5.1); an error of another implementation keeps its number and data as the detail."""
    if not isinstance(error, dict):
        return Fault(INVALID_RESPONSE, "the response has an error that is no object")
    code, message, data = error.get("code"), str(error.get("message") or ""), error.get("data")
    if isinstance(data, dict) and isinstance(data.get("faultcode"), str):
        return Fault(data["faultcode"], message, str(data.get("faultactor") or ""), data.get("detail"))
    known = _FAULTS.get(code) if isinstance(code, int) else None
    if known is not None and data is None:
        return Fault(known, message)
    return Fault(known or "Server", message, detail={"code": code, "data": data})


def _is_item(message: Message) -> bool:
    """Whether the single value of a bare message is no object, so that params have to be an array around it."""
    field = message.field
    return not message.wrapped and (field.repeated or not isinstance(resolve(field.type), Struct | Map))


def _only_item(params: Any) -> Any:
    """The one argument of a bare method, None where there is none. Raises DecodeError for several."""
    if not params:
        return None
    if isinstance(params, dict) or len(params) > 1:
        raise DecodeError("params is an array of the one argument")
    return params[0]
