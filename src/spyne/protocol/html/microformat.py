"""HtmlMicroFormat: elements with the names of members as their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.protocol._streamed import BLOCK_SIZE
from spyne.protocol.html._base import Document, HtmlBase, check_names
from spyne.protocol.html._text import attributes, escape
from spyne.protocol.html._writers import Content, Part, Writers, is_compound, name_of, type_name
from spyne.schema import Field, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spyne.interface._base import Call

__all__ = ["HtmlMicroFormat"]


class HtmlMicroFormat(HtmlBase):
    """``<div class="get_userResponse"><div class="get_userResult"><div class="name">Dave</div></div></div>``.

    A member is an element with its public name, an item of an array one with the name of its type; None is left out.

    root_tag: the element of what has members or items. child_tag: that of simple values. field_name_attr: the attribute that has
    the names. field_name_tag: an element before each member's value that shows its name, with the class `field_name_class`.
    ignore_wrappers: leave out the element of the result. doctype, polymorphic, block_size: as for `HtmlBase`.
    """

    def __init__(
        self,
        app: Any = None,
        ignore_uncap: bool = False,
        ignore_wrappers: bool = False,
        *,
        polymorphic: bool = True,
        doctype: str | None = "<!DOCTYPE html>",
        root_tag: str = "div",
        child_tag: str = "div",
        field_name_attr: str | None = "class",
        field_name_tag: str | None = None,
        field_name_class: str = "field_name",
        mime_type: str | None = None,
        binary_encoding: Any = None,
        block_size: int = BLOCK_SIZE,
    ) -> None:
        check_names(
            self,
            root_tag=root_tag,
            child_tag=child_tag,
            field_name_attr=field_name_attr,
            field_name_tag=field_name_tag,
        )
        self.root_tag = root_tag
        self.child_tag = child_tag
        self.field_name_attr = field_name_attr
        self.field_name_tag = field_name_tag
        self.field_name_class = field_name_class
        super().__init__(
            app,
            ignore_uncap,
            ignore_wrappers,
            polymorphic=polymorphic,
            doctype=doctype,
            mime_type=mime_type,
            binary_encoding=binary_encoding,
            block_size=block_size,
        )

    def writers(self) -> MicroWriters:
        return MicroWriters(self)

    def document(self, call: Call, results: tuple[Field, ...]) -> Document:
        writers, message = self.writers(), call.response
        if message.wrapped:
            start, end = writers.element(self.root_tag, message.name)
            parts = tuple(writers.result(field, wrapped=not self.ignore_wrappers) for field in results)
            return Document(start, parts, end)
        start, end = writers.element(self.root_tag, type_name(message.field) or message.name)
        return Document(start, (writers.result(message.field, wrapped=False),), end)

    def fault_parts(self, writers: Writers, fault: Struct) -> Document:
        start, end = self.writers().element(self.root_tag, fault.name)
        content = writers.content(Field(type=fault))
        return Document(start, (Part(name=fault.name, content=content, start="", end="", absent=""),), end)


class MicroWriters(Writers):
    """Compiles the markup of `HtmlMicroFormat`."""

    def __init__(self, protocol: HtmlMicroFormat) -> None:
        super().__init__(protocol.codec_options())
        self.protocol = protocol

    def element(self, tag: str, name: str) -> tuple[str, str]:
        """The tags of an element with a name."""
        return f"<{tag}{attributes((self.protocol.field_name_attr, name))}>", f"</{tag}>"

    def tags(self, field: Field, name: str) -> tuple[str, str]:
        """The tags around a value of a type."""
        return self.element(self.protocol.root_tag if is_compound(field) else self.protocol.child_tag, name)

    def result(self, field: Field, *, wrapped: bool) -> Part:
        """One result of a method."""
        start, end = self.tags(field, name_of(field)) if wrapped else ("", "")
        return Part(name=name_of(field), content=self.content(field), start=start, end=end, absent="")

    def object(self, node: Struct, name: str) -> tuple[str, str]:
        return "", ""

    def part(self, field: Field) -> Part:
        name = name_of(field)
        start, end = self.tags(field, name)
        return Part(name=name, content=self.content(field), start=start + self._label(name), end=end, absent="")

    def _label(self, name: str) -> str:
        tag = self.protocol.field_name_tag
        if tag is None:
            return ""
        return f"<{tag}{attributes(('class', self.protocol.field_name_class))}>{escape(name)}</{tag}>"

    def sequence(self, field: Field, item: Field, items: Callable[[Any], Iterable[Any]], name: str) -> Content:
        start, end = self.tags(item, type_name(item) or name_of(item))
        write = self.one(item)
        return Content(
            items=items,
            item=lambda value, trail: start + ("" if value is None else write(value, trail)) + end,
        )
