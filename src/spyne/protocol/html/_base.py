"""What the HTML protocols share: documents of one or several results, faults, and the way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from spyne.codec._base import Cut
from spyne.codec.rows import release
from spyne.error import Fault
from spyne.protocol._streamed import BLOCK_SIZE, StreamedOutput, results_of
from spyne.protocol.html._writers import Part
from spyne.schema import Any as AnyNode
from spyne.schema import DeclarationError, Field, Str, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from spyne.codec._base import Options
    from spyne.context import MethodContext
    from spyne.interface._base import Call
    from spyne.protocol.html._writers import Writers

__all__ = ["Document", "HtmlBase", "check_names"]

MIME_TYPE = "text/html; charset=utf-8"
_is_name = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]*").fullmatch


class Document(msgspec.Struct, frozen=True):
    """What stands before the results, the results in order, and what stands after them."""

    start: str
    parts: tuple[Part, ...]
    end: str

    def stream(self, values: Sequence[Any]) -> Iterator[str]:
        """The markup piece by piece."""
        lead = self.start
        for part, value in zip(self.parts, [*values, *[None] * len(self.parts)], strict=False):
            pieces = part.stream(value)
            try:
                for piece in pieces:
                    yield lead + piece
                    lead = ""
            finally:
                release(pieces)
        yield lead + self.end

    @property
    def cut(self) -> Cut | None:
        """The document cut at the items of its one result, None where that is no sequence, or not alone."""
        if len(self.parts) != 1:
            return None
        (part,) = self.parts
        content = part.content
        if content.items is None:
            return None
        start, end = self.start + part.start + content.start, content.end + part.end + self.end
        return Cut(start, lambda value: content.item(value, ()), end)


class HtmlBase(StreamedOutput):
    """The base of the HTML protocols. Output only, in UTF-8; every value is escaped but those of AnyHtml.

    doctype: what a document begins with. polymorphic: write subclasses as what they are. block_size: characters that are gathered
    while a generator is sent. ``ctx.out_document`` is an iterator of pieces of markup.
    """

    mime_type = MIME_TYPE
    fault_mime_type: ClassVar[str] = MIME_TYPE

    def __init__(
        self,
        app: Any = None,
        ignore_uncap: bool = False,
        ignore_wrappers: bool = True,
        *,
        polymorphic: bool = True,
        doctype: str | None = None,
        mime_type: str | None = None,
        binary_encoding: Any = None,
        block_size: int = BLOCK_SIZE,
    ) -> None:
        self.polymorphic = polymorphic
        self.doctype = doctype
        super().__init__(app, None, mime_type, ignore_uncap, ignore_wrappers, binary_encoding, block_size=block_size)

    def codec_options(self) -> Options:
        return msgspec.structs.replace(super().codec_options(), polymorphic=self.polymorphic)

    # --- what a kind of markup says ---

    def writers(self) -> Writers:
        """The compiler of this kind of markup."""
        raise NotImplementedError

    def document(self, call: Call, results: tuple[Field, ...]) -> Document:
        """The document of a method with these results."""
        raise NotImplementedError

    def fault_parts(self, writers: Writers, fault: Struct) -> Document:
        """The document of a fault, given as its one value."""
        raise NotImplementedError

    # --- the protocol ---

    def writer(self, call: Call) -> Callable[[Sequence[Any]], Iterator[str]]:
        return self.document(call, results_of(call)).stream

    def cut(self, call: Call) -> Cut | None:
        cut = self.document(call, results_of(call)).cut
        return cut and Cut(self._lead + cut.start, cut.item, cut.end)

    @property
    def _lead(self) -> str:
        return f"{self.doctype}\n" if self.doctype else ""

    def fault_document(self, fault: Fault) -> Iterator[str]:
        found = Fault.to_dict(fault)
        fields = tuple(self._fault_member(name, value) for name, value in found.items())
        node = Struct(name="Fault", fields=fields, cls=dict, make=dict, access="item")
        return self.fault_parts(self.writers(), node).stream([found])

    def _fault_member(self, name: str, value: Any) -> Field:
        if name != "detail":
            return Field(type=Str(name="string"), name=name, wire_name=name)
        if hasattr(type(value), "__spyne_schema__"):
            field: Field = self.app.interface.lowering.field(type(value))
            return msgspec.structs.replace(field, name=name, wire_name=name)
        return Field(type=AnyNode(name="anyType"), name=name, wire_name=name)

    def texts(self, pieces: Iterable[str], ctx: MethodContext) -> Iterator[str]:
        lead = self._lead
        try:
            for piece in pieces:
                yield lead + piece
                lead = ""
            if lead:
                yield lead
        finally:
            release(pieces)


def check_names(protocol: HtmlBase, **names: Any) -> None:
    """Raise DeclarationError for names of elements and attributes that HTML cannot have."""
    for option, name in names.items():
        if name is not None and not (isinstance(name, str) and _is_name(name)):
            raise DeclarationError(
                f"{type(protocol).__name__}({option}={name!r}): must be a name, such as 'class' or 'div'"
            )
