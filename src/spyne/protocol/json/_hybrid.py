"""HybridHttpJsonDocument: the address names the method, the body has the arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from spyne.codec.tree_native import json_writer
from spyne.error import Fault, RequestNotAllowed
from spyne.protocol._base import ProtocolBase, first
from spyne.protocol.dictdoc.hier import Body
from spyne.protocol.json._document import JsonDocument

if TYPE_CHECKING:
    from spyne.codec._base import Options
    from spyne.context import MethodContext
    from spyne.interface._base import Message

__all__ = ["HybridHttpJsonDocument"]


class HybridHttpJsonDocument(JsonDocument):
    """``POST /say_hello`` with ``{"name": "Dave", "times": 2}`` is answered by ``["Hello, Dave", "Hello, Dave"]``.

    The method is the last segment of the path. The body has the arguments as an object or, in order, as a list; an empty body
    or null is none, so that ``GET /version`` works; a query is not looked at. The options are those of `JsonDocument`. A
    client needs the method's own address: ``HttpClient("http://localhost/say_hello", app)``.
    """

    levels_around = 0
    http_methods: ClassVar[tuple[str, ...]] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

    def check_http_request(self, method: str, content_type: str | None) -> Fault | None:
        if method in self.http_methods:
            return None
        return RequestNotAllowed(f"use one of the methods {', '.join(self.http_methods)}")

    def takes(self, content_type: str | None, method: str = "POST") -> bool:
        return not content_type or super().takes(content_type, method)

    def create_in_document(self, ctx: MethodContext, charset: str | None = None) -> None:
        super().create_in_document(ctx, charset)
        document = ctx._in_document
        if isinstance(document, Body) and not document.data.strip(b" \t\r\n"):
            ctx._in_document = Body(b"null", self.parse_or_fault)

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        if message == self.RESPONSE:
            super().decompose_incoming_envelope(ctx, message)
            return
        get_path = getattr(ctx.transport, "get_path", None)
        name = get_path().rpartition("/")[2] if get_path is not None else ""
        ctx.method_request_string = self.qualified(name)
        ctx._in_body_doc = ctx._in_document

    def _check_whole(self, ctx: MethodContext) -> None:
        """Raise Fault for a body that is no JSON, or that passes a limit."""
        if isinstance(ctx._in_body_doc, Body):
            ctx._in_body_doc()

    def _request_writer(self, message: Message, options: Options) -> Any:
        write = json_writer(message.field, options)
        return write if message.wrapped else lambda values: write(first(values))
