"""JsonP: JSON in a call of a script's function, for pages that load it with a script element."""

from __future__ import annotations

import re
from typing import Any

from spyne.context import MethodContext
from spyne.protocol._items import Items
from spyne.protocol.dictdoc.hier import Body
from spyne.protocol.json._document import JsonDocument
from spyne.schema import DeclarationError

__all__ = ["JsonP"]

_PATH = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*(?:\.[A-Za-z_$][A-Za-z0-9_$]*){0,9}").fullmatch
_LONGEST = 128
_RESERVED = frozenset(
    """
    arguments await break case catch class const continue debugger default delete do else enum eval export extends false
    finally for function if implements import in instanceof interface let new null package private protected public return
    static super switch this throw true try typeof var void while with yield
    """.split()  # noqa: SIM905 - a table is read better so
)


class JsonP(JsonDocument):
    """``JsonP("show")`` answers ``show("Hello, Dave");``: a script that calls the page's function with the result or the fault.

    callback_name: an identifier, or several with points between them; it is fixed here, and never what a request says. The
    further arguments are those of `JsonDocument`. Requests are read as `JsonDocument` does. Raises DeclarationError for a
    name that is no identifier.
    """

    mime_type = "application/javascript; charset=utf-8"

    def __init__(
        self,
        callback_name: str,
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
        if not _is_callback(callback_name):
            raise DeclarationError(
                "callback_name is an identifier of JavaScript that is no reserved word, or several with points between them, not"
                f" {callback_name!r}"
            )
        self.callback_name = callback_name
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

    def create_in_document(self, ctx: MethodContext, charset: str | None = None) -> None:
        super().create_in_document(ctx, charset)
        document = ctx._in_document
        if ctx.way == MethodContext.CLIENT and isinstance(document, Body):
            ctx._in_document = Body(self._inside(document.data), document.parse)

    def _inside(self, data: bytes) -> bytes:
        """What the function is called with; anything else as it is."""
        start, end = self._around()
        data = data.strip(b" \t\r\n")
        return data[len(start) : -len(end)] if data.startswith(start) and data.endswith(end) else data

    def _around(self) -> tuple[bytes, bytes]:
        return self.callback_name.encode() + b"(", b");"

    def create_out_string(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx.out_string is not None:
            return
        document = ctx._out_document
        if isinstance(document, Items):
            document.frame, document.finish = self._around(), _script
        super().create_out_string(ctx, charset)
        if ctx.way == MethodContext.CLIENT:
            return
        if not isinstance(document, Items):
            start, end = self._around()
            written: Any = ctx.out_string
            ctx.out_string = [start, *map(_script, written), end]
        headers = getattr(ctx.transport, "resp_headers", None)
        if headers is not None:
            headers.setdefault("X-Content-Type-Options", "nosniff")

    def content_type_of(self, ctx: MethodContext) -> str:
        return JsonDocument.mime_type if ctx.way == MethodContext.CLIENT else self.mime_type


def _is_callback(name: Any) -> bool:
    """Whether it is a path of identifiers, none of them reserved."""
    is_path = isinstance(name, str) and len(name) <= _LONGEST and _PATH(name) is not None
    return is_path and not _RESERVED.intersection(name.split("."))


def _script(data: bytes) -> bytes:
    """JSON as an expression: before ECMAScript 2019 two characters that JSON allows ended a line even in a string."""
    return data.replace(b"\xe2\x80\xa8", rb"\u2028").replace(b"\xe2\x80\xa9", rb"\u2029")
