"""A request in XML that was read without a tree; the tree is made when somebody looks, and then it is what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.context import Lazy

if TYPE_CHECKING:
    from collections.abc import Callable

    from spyne.codec.xml_plain import PlainMessage
    from spyne.codec.xml_plain_document import PlainFound
    from spyne.context import MethodContext

__all__ = ["PlainBody", "PlainRequest", "header_blocks", "open_plain"]


class PlainRequest(Lazy):
    """The document: calling it gives the root element, always the same one.

    tag: of the message's element. levels: elements around it. has_header: whether there is a Header, which is empty.
    """

    __slots__ = ("_found", "_tree", "has_header", "levels", "tag")

    def __init__(self, found: PlainFound, parse: Callable[[], Any], levels: int) -> None:
        self.make = parse
        self.tag = found.message.tag
        self.has_header = found.has_header
        self.levels = levels
        self._found: PlainFound | None = found
        self._tree: Any = None

    def __call__(self) -> Any:
        if self._tree is None:
            self._tree, self._found = self.make(), None
        return self._tree

    @property
    def is_unread(self) -> bool:
        """Whether nobody has looked at the tree."""
        return self._tree is None

    def take(self, message: PlainMessage | None) -> PlainFound | None:
        """What was read as this message; None where it was another one, somebody has it already, or may have changed the tree."""
        found, self._found = self._found, None
        return found if found is not None and found.message is message else None


class PlainBody(Lazy):
    """The element of the message in such a document."""

    __slots__ = ("request",)

    def __init__(self, request: PlainRequest) -> None:
        self.request = request

    def __call__(self) -> Any:
        element = self.request()
        for _ in range(self.request.levels):
            element = element[-1]
        return element


class PlainHeader(Lazy):
    """The Header of such a document, which is empty."""

    __slots__ = ("request",)

    def __init__(self, request: PlainRequest) -> None:
        self.request = request

    def __call__(self) -> Any:
        return self.request()[0]


def open_plain(ctx: MethodContext) -> bool:
    """Take the call out of a request whose tree nobody has seen; whether it is one."""
    document = ctx._in_document
    if not isinstance(document, PlainRequest) or not document.is_unread or ctx._in_body_doc is not None:
        return False
    if document.has_header:
        ctx._in_header_doc = PlainHeader(document)
    ctx._in_body_doc = PlainBody(document)
    ctx.method_request_string = document.tag
    return True


def header_blocks(ctx: MethodContext) -> Any:
    """The header blocks of a request that has a Header."""
    header = ctx._in_header_doc
    return () if isinstance(header, PlainHeader) and header.request.is_unread else ctx.in_header_doc
