"""What protocols share that write a result piece by piece and read nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from spyne.protocol._base import CodecKind, ProtocolBase
from spyne.protocol._items import Items, is_stream
from spyne.schema import DeclarationError, Field, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from spyne.codec._base import Cut
    from spyne.context import MethodContext
    from spyne.error import Fault
    from spyne.interface._base import Call

__all__ = ["BLOCK_SIZE", "StreamedOutput", "results_of"]

BLOCK_SIZE = 8 * 1024


class StreamedOutput(ProtocolBase):
    """The base of output protocols without an envelope. A subclass says what a result and a fault are made of, and how that
    becomes text.

    A generator or another iterable without a length is pulled item by item while the response is sent: the first block goes out
    with the first item, the others when they have `block_size` characters. Everything else is written as a whole, so that no error
    comes too late for a fault. ``ctx.out_document`` is an iterator of the pieces; a listener may put another one in its place.
    """

    fault_mime_type: ClassVar[str]

    def __init__(
        self,
        app: Any = None,
        validator: Any = None,
        mime_type: str | None = None,
        ignore_uncap: bool = False,
        ignore_wrappers: bool = False,
        binary_encoding: Any = None,
        *,
        block_size: int = BLOCK_SIZE,
    ) -> None:
        self.block_size = block_size
        super().__init__(app, validator, mime_type, ignore_uncap, ignore_wrappers, binary_encoding)

    # --- what a format says ---

    def writer(self, call: Call) -> Callable[[Sequence[Any]], Iterator[Any]]:
        """A function from the results of a method to the pieces of its response."""
        raise NotImplementedError

    def cut(self, call: Call) -> Cut | None:
        """The response of a method with one result, cut at the items of that; None where it is no sequence."""
        raise NotImplementedError

    def fault_document(self, fault: Fault) -> Iterator[Any]:
        """The pieces of a fault."""
        raise NotImplementedError

    def texts(self, pieces: Iterable[Any], ctx: MethodContext) -> Iterator[str]:
        """The pieces as text; the first one is what the first block is made of."""
        raise NotImplementedError

    # --- the protocol ---

    def compile(self, kind: CodecKind, call: Call) -> Any:
        if kind != "encode_response":
            name = type(self).__name__
            raise DeclarationError(
                f"{name} writes responses and reads nothing: it is an out_protocol only, and not for clients; "
                f"write Application(…, in_protocol=HttpRpc(), out_protocol={name}()), or another protocol that reads requests"
            )
        return self.writer(call), self.cut(call)

    def content_type_of(self, ctx: MethodContext) -> str:
        return self.fault_mime_type if ctx.out_error is not None else self.mime_type

    def serialize(self, ctx: MethodContext, message: str = ProtocolBase.RESPONSE) -> None:
        if ctx._out_document is not None:
            return
        self.fire("before_serialize", ctx)
        if ctx.out_error is not None:
            ctx.out_document = self.fault_document(ctx.out_error)
        else:
            write, cut = ctx.app.codec(self, "encode_response", ctx.descriptor)
            values: Sequence[Any] = ctx.out_object or ()
            if cut is not None and len(values) == 1 and is_stream(values[0]):
                ctx.out_document = self._items(ctx, write, cut)
            else:
                ctx.out_document = write(values)
        self.fire("after_serialize", ctx)

    def streams(self, ctx: MethodContext) -> bool:
        _, cut = ctx.app.codec(self, "encode_response", ctx.descriptor)
        return cut is not None

    def _items(self, ctx: MethodContext, write: Callable[[Sequence[Any]], Iterator[Any]], cut: Cut) -> Items:
        """The document of a result that is pulled while it is sent; who looks at it gets its pieces, pulled as well."""
        return Items(
            ctx.out_object[0],
            item=cut.item,
            around=lambda: (cut.start, cut.end),
            whole=lambda values: "".join(self.texts(write([values]), ctx)),
            tree=lambda source: write([source]),
            finish=str.encode,
            size=self.block_size,
        )

    def create_out_string(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx.out_string is not None:
            return
        document = ctx._out_document
        if isinstance(document, Items):
            ctx.out_string = document.blocks()
            return
        texts = self.texts(ctx.out_document, ctx)
        streams = ctx.out_error is None and any(map(is_stream, ctx.out_object or ()))
        ctx.out_string = _blocks(texts, self.block_size) if streams else ["".join(texts).encode()]


def _blocks(texts: Iterator[str], size: int) -> Any:
    """The first text by itself, the others in blocks of `size` characters or more, in UTF-8."""
    return Items(
        texts, item=str, around=lambda: ("", ""), whole="".join, tree=iter, finish=str.encode, size=size
    ).blocks()


def results_of(call: Call) -> tuple[Field, ...]:
    """The results of a method, each a field; a bare message is its one result."""
    node = resolve(call.response.field.type)
    if call.descriptor.results == 0:
        return ()
    if call.response.wrapped and isinstance(node, Struct):
        return node.fields
    return (call.response.field,)
