"""WSGI (PEP 3333): an application as a callable for any WSGI server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any, ClassVar

from spyne.const.http import STATUS
from spyne.error import Fault, InvalidInputError
from spyne.server._headers import host_or, is_multipart
from spyne.server.http import TEXT_MIME_TYPE, HttpBase, HttpMethodContext, HttpReply, HttpTransportContext
from spyne.util.address import Address

__all__ = ["WsgiApplication", "WsgiMethodContext", "WsgiMounter", "WsgiTransportContext"]

logger = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

_DEFAULT_PORTS = {"http": "80", "https": "443"}
_BODILESS = ("GET", "HEAD")
_SUSPICIOUS_LENGTH = 19
"""Digits of a Content-Length; a number with more is no length of anything."""


class WsgiTransportContext(HttpTransportContext):
    """What a WSGI environ says of a call."""

    def __init__(self, parent: Any, transport: Any, request: Environ, content_type: str | None = None) -> None:
        self.itself = transport
        self.app = transport.app
        self.req = request
        self.request_content_type = content_type
        self.req_method = request["REQUEST_METHOD"]

    @property
    def peer_addr(self) -> str | None:
        """The address that the connection came from."""
        address: str | None = self.req.get("REMOTE_ADDR")
        return address

    def get_peer(self) -> Address:
        """The other end of the connection."""
        return Address.tcp(self.req.get("REMOTE_ADDR"), self.req.get("REMOTE_PORT", 0))

    def read_headers(self) -> Iterable[tuple[str, str]]:
        """The header fields; WSGI has joined those that came more than once."""
        for key, value in self.req.items():
            if key[:5] == "HTTP_":
                yield key[5:], value
        for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if self.req.get(key):
                yield key, self.req[key]

    def get_path(self) -> str:
        """The path below the place where the application is mounted."""
        return _text(self.req.get("PATH_INFO", ""))

    def get_root_path(self) -> str:
        """The path where the application is mounted."""
        return _text(self.req.get("SCRIPT_NAME", ""))

    def get_query_string(self) -> str:
        """What stands after the question mark."""
        query: str = self.req.get("QUERY_STRING", "")
        return query

    def peer_scheme(self) -> str:
        """``http`` or ``https``, as the server says."""
        return "https" if self.req.get("wsgi.url_scheme") == "https" else "http"

    def peer_host(self) -> str:
        """The Host header when it is a host, else the server's name and port."""
        name, port = self.req.get("SERVER_NAME", "localhost"), self.req.get("SERVER_PORT", "")
        own = name if port in ("", _DEFAULT_PORTS[self.peer_scheme()]) else f"{name}:{port}"
        return host_or(self.req.get("HTTP_HOST"), own)


def _text(path: str) -> str:
    """A path of WSGI, bytes dressed as Latin-1 (PEP 3333), as text."""
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


class WsgiMethodContext(HttpMethodContext):
    """A call over WSGI."""

    __slots__ = ()

    transport_class: ClassVar[Callable[..., HttpTransportContext]] = WsgiTransportContext


class WsgiApplication(HttpBase):
    """Serves an application to any WSGI server: ``WsgiApplication(app)`` is the callable.

    The options are those of `HttpBase`: chunked, max_content_length, block_length. ``GET ?wsdl`` and ``GET *.wsdl`` are
    answered by the WSDL, everything else is a call. Events of its own `event_manager`: ``wsgi_call``, ``wsgi_return`` or
    ``wsgi_exception``, and after the body is sent ``wsgi_close``; ``wsdl`` or ``wsdl_exception``.

    The callable never raises; an error in the middle of a streamed body does, while it is iterated over.
    """

    call_event = "wsgi_call"
    return_event = "wsgi_return"
    exception_event = "wsgi_exception"
    close_event = "wsgi_close"

    def __call__(self, req_env: Environ, start_response: StartResponse, wsgi_url: str | None = None) -> HttpReply:
        """Answer one request. wsgi_url: the address that the WSDL names, instead of the one that was asked."""
        ctx = WsgiMethodContext(self, req_env, req_env.get("CONTENT_TYPE") or None)
        reply = self.preflight(ctx)
        if reply is not None:
            pass
        elif self.is_wsdl_request(req_env):
            reply = self.serve_document(ctx, wsgi_url)
        else:
            try:
                reply = self._call(ctx, req_env)
            except Exception as error:
                reply = self.rescue(ctx, error)
        start_response(reply.status, reply.headers)
        return reply

    def is_wsdl_request(self, req_env: Environ) -> bool:
        """Whether a request is for the WSDL. Override to publish it elsewhere, or not at all."""
        method = req_env["REQUEST_METHOD"]
        if method == "POST":
            return False
        return self.is_document_request(method, req_env.get("PATH_INFO", ""), req_env.get("QUERY_STRING", ""))

    def _call(self, ctx: WsgiMethodContext, environ: Environ) -> HttpReply:
        self.begin(ctx)
        if ctx.in_error is None and ctx.in_string is None:
            self._open_body(ctx, environ)
        contexts = self.dispatch(ctx)
        self.get_in_object(ctx)
        self.get_out_object(ctx)
        return self.finish(ctx, contexts)

    # --- the request's body ---

    def _open_body(self, ctx: WsgiMethodContext, environ: Environ) -> None:
        """The whole body as bytes; one of several parts, or that may hold a stream, as blocks, read while it is parsed."""
        try:
            if ctx.in_protocol.streams_in or is_multipart(ctx.transport.request_content_type):
                ctx.in_string = self.read_blocks(environ)
                return
            ctx.in_string = [self.read_body(environ)]
        except Fault as error:
            self.refuse_body(ctx, error)

    def read_body(self, environ: Environ) -> bytes:
        """The request's body, read to its length or its end, never more than one byte past the limit.

        Raises Fault for a body that is too long, cut off, compressed, or of a length that is no number.
        """
        length = self._announced(environ)
        if length is None and environ["REQUEST_METHOD"] in _BODILESS and "HTTP_TRANSFER_ENCODING" not in environ:
            return b""  # RFC 9112 §6.3
        coding = environ.get("HTTP_CONTENT_ENCODING")
        coded = self.decoded_body(coding) if coding else None
        try:
            if length is not None and coded is None:
                return self._read_length(environ["wsgi.input"], length)
            return b"".join(self._decoded(coded, self._blocks(environ, length)))
        except (OSError, ValueError):
            raise InvalidInputError("the request's body could not be read") from None

    def read_blocks(self, environ: Environ) -> Iterator[bytes]:
        """The same body block by block; what is wrong with it is raised on the way, and with its headers at once."""
        length = self._announced(environ)
        self._check_announced(length)
        return self._read_on(self.decoded_body(environ.get("HTTP_CONTENT_ENCODING")), environ, length)

    def _read_on(self, coded: Any, environ: Environ, length: int | None) -> Iterator[bytes]:
        try:
            yield from self._decoded(coded, self._blocks(environ, length))
        except (OSError, ValueError):
            raise InvalidInputError("the request's body could not be read") from None

    @staticmethod
    def _decoded(coded: Any, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The blocks of a body after decompression, if it is compressed."""
        if coded is None:
            yield from blocks
            return
        for block in blocks:
            yield from coded.feed(block)
        coded.finish()

    def _announced(self, environ: Environ) -> int | None:
        """The Content-Length, None without one."""
        length = environ.get("CONTENT_LENGTH")
        return self._length(length) if length else None

    def _length(self, text: str) -> int:
        """A Content-Length as a number (RFC 9110 §8.6)."""
        if not (text.isdigit() and text.isascii()):
            text = text.strip(" \t")
            if not (text.isdigit() and text.isascii()):
                raise InvalidInputError("Content-Length is not a number")
        if len(text) > _SUSPICIOUS_LENGTH:
            raise self.too_long()
        return int(text)

    def _check_announced(self, length: int | None) -> None:
        limit = self.max_content_length
        if limit is not None and length is not None and length > limit:
            raise self.too_long()

    def _read_length(self, stream: Any, length: int) -> bytes:
        self._check_announced(length)
        data: bytes = stream.read(length) if length else b""
        while len(data) < length:
            more = stream.read(length - len(data))
            if not more:
                raise InvalidInputError("the request's body is shorter than its Content-Length")
            data += more
        return data

    def _blocks(self, environ: Environ, length: int | None) -> Iterator[bytes]:
        """The body in blocks, to its length, or without one to its end.

        Without a length it is a chunked one where the server marks its end (``wsgi.input_terminated``), else empty; a stream in memory has an end too.
        """
        stream = environ.get("wsgi.input")
        if stream is None:
            return
        if length is None and not environ.get("wsgi.input_terminated") and not isinstance(stream, BytesIO):
            if environ.get("HTTP_TRANSFER_ENCODING"):
                raise InvalidInputError("this server does not take chunked requests; send a Content-Length")
            return
        self._check_announced(length)
        limit = self.max_content_length
        most = limit + 1 if length is None and limit is not None else length
        size = 0
        while most is None or size < most:
            block = stream.read(self.block_length if most is None else min(self.block_length, most - size))
            if not block:
                break
            size += len(block)
            if limit is not None and size > limit:
                raise self.too_long()
            yield block
        if length is not None and size < length:
            raise InvalidInputError("the request's body is shorter than its Content-Length")


class WsgiMounter:
    """Several applications behind one callable, chosen by the first segment of the path.

    ``WsgiMounter({"hello": Application or WSGI callable, "": default})``; without a default others are answered by 404. The
    application sees the whole path.
    """

    def __init__(self, mounts: Mapping[str, Any]) -> None:
        self.mounts = {path.strip("/"): _callable(target) for path, target in mounts.items()}
        self.default = self.mounts.get("", _not_found)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        first = environ.get("PATH_INFO", "").lstrip("/").partition("/")[0]
        target = self.mounts.get(first, self.default) if first else self.default
        answer: Iterable[bytes] = target(environ, start_response)
        return answer


def _callable(target: Any) -> Any:
    return target if callable(target) else WsgiApplication(target)


def _not_found(environ: Environ, start_response: StartResponse) -> list[bytes]:
    body = b"Not found"
    start_response(STATUS[404], [("Content-Type", TEXT_MIME_TYPE), ("Content-Length", str(len(body)))])
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]
