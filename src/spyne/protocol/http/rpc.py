"""HttpRpc: calls as plain HTTP requests; arguments from the path, the query and forms, results as texts, bytes and files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from spyne.const.http import STATUS
from spyne.context import Lazy, ProtocolContext
from spyne.error import (
    Fault,
    InvalidInputError,
    RequestNotAllowed,
    ResourceNotFoundError,
    UnsupportedMediaTypeError,
)
from spyne.protocol._base import CodecKind, ProtocolBase, joined, media_type_of
from spyne.protocol._multipart import parse_options
from spyne.protocol.dictdoc.simple import SimpleDictDocument
from spyne.protocol.http._output import ResultWriter, header_writer, result_writer, send
from spyne.protocol.http._query import Fields, read_cookies, read_form_data, read_pairs, read_plain_pairs, release
from spyne.protocol.http._router import VERBS, Found, Router
from spyne.schema import DeclarationError
from spyne.util.excerpt import cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spyne.codec._base import Options
    from spyne.context import MethodContext
    from spyne.interface._base import Call

__all__ = ["HttpRpc"]

logger = logging.getLogger(__name__)

FORM = "application/x-www-form-urlencoded"
FORM_DATA = "multipart/form-data"

_WITH_FORM = frozenset({"POST", "PUT", "PATCH"})
"""The methods whose body is read; what others send with theirs has no meaning (RFC 9110 §9.3.1)."""


class Answering(msgspec.Struct, frozen=True, eq=False):
    """How a method is answered: its result and its headers."""

    result: ResultWriter
    add_headers: Callable[[Any, Any], None]


class HttpRpc(SimpleDictDocument):
    """``GET /say_hello?name=Dave&times=2``: the last segment of the path names the method, unless an `HttpPattern` does; the
    arguments are flat names (see `spyne.codec.flat`) in the path, the query, and for POST, PUT and PATCH in a form.

    validator: None or "soft". tmp_dir, tmp_delete_on_close: where large uploads lie while the call lasts, and whether they are
    removed then. parse_cookie: fill the in-header from cookies as well as from headers. hier_delim, strict_arrays: see
    `SimpleDictDocument`. An empty field of a form is null, as browsers send it.

    Written are None (an empty body), values with a text form, bytes, files, and generators of these; declared out-headers become
    headers of the answer. Faults are two lines of text, ``Client.NotFound`` and, after an empty line, the fault's text.
    """

    type: ClassVar[frozenset[str]] = frozenset({"http"})
    mime_type = "text/plain"
    media_types: ClassVar[tuple[str, ...]] = (FORM, FORM_DATA)
    http_methods: ClassVar[tuple[str, ...]] = VERBS

    def __init__(
        self,
        app: Any = None,
        validator: Any = None,
        mime_type: str | None = None,
        tmp_dir: str | None = None,
        tmp_delete_on_close: bool = True,
        ignore_uncap: bool = False,
        parse_cookie: bool = True,
        hier_delim: str = ".",
        strict_arrays: bool = False,
        *,
        binary_encoding: Any = None,
    ) -> None:
        self.tmp_dir = tmp_dir
        self.tmp_delete_on_close = tmp_delete_on_close
        self.parse_cookie = parse_cookie
        self._router: Router | None = None
        super().__init__(
            app, validator, mime_type, ignore_uncap, hier_delim, strict_arrays, binary_encoding=binary_encoding
        )

    # --- compiled once ---

    def compile(self, kind: CodecKind, call: Call) -> Any:
        if kind == "decode_request":
            router = self.router
            reader = self._request_reader(call)
            for route in router.routes_to(call.request.tag):
                for name in route.names:
                    if not reader.decode.knows(name):
                        raise DeclarationError(
                            f"{route.pattern!r}: {call.descriptor.name} has no argument for {name!r}"
                        )
            return reader
        if kind == "encode_response":
            return self._answering(call)
        return super().compile(kind, call)

    def _answering(self, call: Call) -> Answering:
        options: Options = self.codec_options()
        result = result_writer(call, options)
        if result.problem:
            # no error: the method may choose another protocol, or write ctx.out_string by itself
            logger.warning("%s: %s", call.descriptor.name, result.problem)
        return Answering(result, header_writer(call, options))

    @property
    def router(self) -> Router:
        """The patterns of the application's methods; a pattern leads to the name of its request."""
        if self._router is None:
            router = Router()
            for call in self.app.interface.calls.values():
                if call.descriptor.aux is None:
                    for pattern in call.descriptor.patterns:
                        router.add(pattern, call.request.tag, call.descriptor.name)
            self._router = router
        return self._router

    # --- in ---

    def check_http_request(self, method: str, content_type: str | None) -> Fault | None:
        if method in VERBS or method in self.router.verbs:
            return None
        return RequestNotAllowed(f"there is no method {cut(method)} here")

    def takes(self, content_type: str | None, method: str = "POST") -> bool:
        return not content_type or media_type_of(content_type) in self.media_types

    def create_in_document(self, ctx: MethodContext, charset: str | None = None) -> None:
        """The names and values of the query and the form; a form is read when it is asked for: the path is looked at first."""
        if ctx._in_document is None:
            if ctx.transport.req_method in _WITH_FORM:
                ctx._in_document = _Once(lambda: self._read_request(ctx, charset or "utf-8"))
            else:
                ctx._in_document = self._read_query(ctx.transport.get_query_string())

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        """Find the method by the path, then read the arguments; those in the path come first."""
        variables = self._find_method(ctx) if ctx.method_request_string is None else None
        document = ctx._in_document
        if document.__class__ is _Once:
            document = ctx._in_document = document()
        if ctx.in_body_doc is None:
            ctx.in_body_doc = _before(variables, document or {}) if variables else document

    def _find_method(self, ctx: MethodContext) -> dict[str, list[Any]] | None:
        """Note the method that the path names; returns the variables of the path.

        Raises ResourceNotFoundError, and RequestNotAllowed where the path is for other methods of HTTP.
        """
        transport, router = ctx.transport, self.router
        method, path = transport.req_method, transport.get_path()
        found = router.find(method, transport.get_host() if router.has_hosts else "", path)
        if found is None:
            name = ctx.method_request_string = f"{{{self.app.tns}}}{path[path.rfind('/') + 1 :]}"
            if method != "GET" and not self.get_call_handles(ctx):  # before a form is read
                raise ResourceNotFoundError(name)
            if method == "OPTIONS":
                self._answer_verb(ctx, VERBS)
        elif found.route is None:
            self._answer_verb(ctx, found.allowed)
        else:
            ctx.method_request_string = found.route.target
            return _variables(found)
        return None

    def _answer_verb(self, ctx: MethodContext, allowed: tuple[str, ...]) -> None:
        """Answer what the path takes: OPTIONS by that alone, another verb by a refusal (RFC 9110 §9.3.7, §15.5.6)."""
        transport = ctx.transport
        transport.resp_headers["Allow"] = ", ".join(allowed)
        if transport.req_method != "OPTIONS":
            transport.resp_code = STATUS[405]
            raise RequestNotAllowed(f"{cut(transport.req_method)} is not allowed here; these are: {', '.join(allowed)}")
        transport.resp_code = STATUS[204]
        ctx.inprot_ctx = _ANSWERED
        ctx.in_object = ctx.out_object = ctx.out_string = []

    def generate_method_contexts(self, ctx: MethodContext) -> list[MethodContext]:
        """A request with OPTIONS calls nothing."""
        return [ctx] if ctx.inprot_ctx is _ANSWERED else super().generate_method_contexts(ctx)

    def _read_query(self, query: str) -> Fields:
        fields = Fields(self.app.limits)
        if query.isascii() and "%" not in query and "+" not in query:
            read_plain_pairs(query, fields, empty_is_null=False)
        else:
            read_pairs(query.encode("latin-1", "replace"), "utf-8", fields, empty_is_null=False)
        return fields

    def _read_request(self, ctx: MethodContext, charset: str) -> Fields:
        """The names and values of the query and the form."""
        fields = self._read_query(ctx.transport.get_query_string())
        self._read_form(ctx, charset, fields)
        return fields

    def _read_form(self, ctx: MethodContext, charset: str, fields: Fields) -> None:
        content_type = ctx.transport.request_content_type
        media = media_type_of(content_type)
        if media == FORM_DATA:
            self._read_parts(ctx, content_type, fields)
        elif media == FORM:
            read_pairs(joined(ctx.in_string).strip(), charset, fields, empty_is_null=True)
        elif media and any(ctx.in_string or ()):
            raise UnsupportedMediaTypeError(
                f"a body of the media type '{cut(media)}' is not read; these are: {FORM}, {FORM_DATA}"
            )

    def _read_parts(self, ctx: MethodContext, content_type: str, fields: Fields) -> None:
        """The form of several parts; its files are released when the call is over."""
        boundary = parse_options(content_type)[1].get("boundary")
        keep = not self.tmp_delete_on_close
        files = read_form_data(ctx.in_string, boundary, self.app.limits, fields, tmp_dir=self.tmp_dir, keep=keep)
        if files:
            ctx.on_close(lambda: release(files, kept=keep and ctx.in_error is not None))

    def header_values(self, ctx: MethodContext, names: tuple[str, ...]) -> Mapping[str, list[Any]]:
        """For each member the header of its name, in any case and with dashes for underscores, or else the cookie."""
        if ctx.in_header_doc is None:
            ctx.in_header_doc = ctx.transport.headers
        headers = ctx.in_header_doc
        cookies = read_cookies(headers.get("cookie") or ()) if self.parse_cookie else {}
        found = {name: headers.get(name) or cookies.get(name) for name in names}
        return {name: list(values) for name, values in found.items() if values}

    # --- out ---

    def serialize(self, ctx: MethodContext, message: str = ProtocolBase.RESPONSE) -> None:
        if ctx._out_document is not None:
            return
        heard = self.event_manager.handlers
        if heard:
            self.fire("before_serialize", ctx)
            self.fire("serialize", ctx)
        if ctx.out_error is None:
            self._write_result(ctx, ctx.app.codec(self, "encode_response", ctx.descriptor))
        else:
            fault = ctx.out_error
            ctx._out_document = [f"{fault.faultcode}\n\n{fault.faultstring}".encode(errors="replace")]
            ctx.outprot_ctx = None
        if heard:
            self.fire("after_serialize", ctx)

    @staticmethod
    def _write_result(ctx: MethodContext, answering: Answering) -> None:
        results, result = ctx.out_object, answering.result
        value = results[0] if results is not None and len(results) == 1 else results or None
        if ctx.out_header is not None and hasattr(ctx.transport, "add_header"):
            answering.add_headers(ctx.transport, ctx.out_header)
        if result.text is not None and value is not None and not hasattr(value, "__next__"):
            ctx._out_document = [result.text(value).encode()]
        else:
            content = result.write(value)
            ctx.outprot_ctx = _Sent(content.content_type, is_text=content.is_text)
            ctx._out_document = send(ctx, content)

    def create_out_string(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx.out_string is None:
            ctx.out_string = ctx._out_document

    def content_type_of(self, ctx: MethodContext) -> str:
        """The file's own media type, or the protocol's, with its charset where a text was written."""
        sent = ctx.outprot_ctx
        if isinstance(sent, _Sent) and not sent.is_text:
            return sent.content_type or self.mime_type
        return self.mime_type if ctx._out_document is None else _with_charset(self.mime_type)


@lru_cache(maxsize=64)
def _with_charset(mime_type: str) -> str:
    """The type of a text in UTF-8."""
    return f"{mime_type}; charset=utf-8" if mime_type.startswith("text/") and "charset" not in mime_type else mime_type


def _variables(found: Found) -> dict[str, list[Any]]:
    """The variables of a path. Raises InvalidInputError for one that is no text."""
    assert found.route is not None
    if any("\ufffd" in value for value in found.values):
        raise InvalidInputError("the path is not text in UTF-8")
    return {name: [value] for name, value in zip(found.route.names, found.values, strict=True)}


def _before(variables: dict[str, list[Any]], found: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
    """The names with values from the path before those that came otherwise."""
    return {**found, **{name: [*values, *found.get(name, ())] for name, values in variables.items()}}


class _Once(Lazy):
    """A document that is made once."""

    __slots__ = ("made",)

    def __call__(self) -> Any:
        if self.make is not None:
            self.made = self.make()
            self.make = None
        return self.made


class _Sent(ProtocolContext):
    """What was written for a call that is no plain text: its media type where it has one of its own, and whether it is text."""

    def __init__(self, content_type: str | None, *, is_text: bool) -> None:
        self.content_type = content_type
        self.is_text = is_text


_ANSWERED = ProtocolContext()
"""Stands at a request that is answered by what its path says."""
