"""HtmlRowTable and HtmlColumnTable: objects as tables, with a row per member or a column per member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spyne.protocol._streamed import BLOCK_SIZE
from spyne.protocol.html._base import Document, HtmlBase, check_names
from spyne.protocol.html._text import attributes, escape
from spyne.protocol.html._writers import Content, Part, Write, Writers, is_compound, name_of, type_name
from spyne.schema import Any as AnyNode
from spyne.schema import Field, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spyne.interface._base import Call

__all__ = ["HtmlColumnTable", "HtmlRowTable", "HtmlTableBase"]


class HtmlTableBase(HtmlBase):
    """The base of the two table protocols.

    The result is the document. A result that is neither object nor array is shown as the one member of the response, and so
    are several results, and any with ``ignore_wrappers=False``.

    header: show the names of members. table_name_attr: the attribute of tables that has the name of the type. table_name: what to
    put there for the outermost table. field_name_attr, field_type_name_attr: the attributes of cells that have the member's name
    and that of its type. table_class, row_class, cell_class, header_cell_class: further classes. border, table_width: attributes
    of tables. None leaves out an attribute. doctype, polymorphic, block_size: as for `HtmlBase`.
    """

    def __init__(
        self,
        app: Any = None,
        ignore_uncap: bool = False,
        ignore_wrappers: bool = True,
        *,
        header: bool = True,
        table_name_attr: str | None = "class",
        table_name: str | None = None,
        table_class: str | None = None,
        border: int = 0,
        row_class: str | None = None,
        field_name_attr: str | None = "class",
        field_type_name_attr: str | None = "class",
        cell_class: str | None = None,
        header_cell_class: str | None = None,
        polymorphic: bool = True,
        doctype: str | None = None,
        table_width: str | None = None,
        mime_type: str | None = None,
        binary_encoding: Any = None,
        block_size: int = BLOCK_SIZE,
    ) -> None:
        check_names(
            self,
            table_name_attr=table_name_attr,
            field_name_attr=field_name_attr,
            field_type_name_attr=field_type_name_attr,
        )
        self.header = header
        self.table_name_attr = table_name_attr
        self.table_name = table_name
        self.table_class = table_class
        self.border = border
        self.row_class = row_class
        self.field_name_attr = field_name_attr
        self.field_type_name_attr = field_type_name_attr
        self.cell_class = cell_class
        self.header_cell_class = header_cell_class
        self.table_width = table_width
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

    def writers(self) -> TableWriters:
        raise NotImplementedError

    def document(self, call: Call, results: tuple[Field, ...]) -> Document:
        writers, message = self.writers(), call.response
        if len(results) == 1 and self.ignore_wrappers and _stands_alone(results[0]):
            content = writers.content(_called(results[0], message.name), self.table_name or "")
            return Document("", (Part(name=message.name, content=content, start="", end="", absent=""),), "")
        if not results:
            return Document("", (), "")
        node = Struct(name=message.name, fields=results, cls=tuple, make=tuple)
        start, end = writers.object(node, self.table_name or "")
        return Document(start, tuple(map(writers.part, results)), end)

    def fault_parts(self, writers: Writers, fault: Struct) -> Document:
        content = writers.content(Field(type=fault))
        return Document("", (Part(name=fault.name, content=content, start="", end="", absent=""),), "")


def _stands_alone(field: Field) -> bool:
    """Whether a result is a document of its own: a table, or markup."""
    node = resolve(field.type)
    return is_compound(field) or (isinstance(node, AnyNode) and node.flavour == "html")


def _called(field: Field, name: str) -> Field:
    return msgspec.structs.replace(field, name=name, wire_name=name)


class TableWriters(Writers):
    """What both kinds of tables share: the tags of tables, rows and cells."""

    def __init__(self, protocol: HtmlTableBase) -> None:
        super().__init__(protocol.codec_options())
        self.protocol = protocol

    def table(self, name: str) -> str:
        """The start tag of a table."""
        p = self.protocol
        border = str(p.border) if p.border else None
        named = attributes(
            ("class", p.table_class), (p.table_name_attr, name), ("width", p.table_width), ("border", border)
        )
        return f"<table{named}>"

    def row(self) -> str:
        """The start tag of a row."""
        return f"<tr{attributes(('class', self.protocol.row_class))}>"

    def cell(self, name: str, type_name: str) -> str:
        """The start tag of a cell with a value."""
        p = self.protocol
        return (
            f"<td{attributes(('class', p.cell_class), (p.field_name_attr, name), (p.field_type_name_attr, type_name))}>"
        )

    def heading(self, name: str, type_name: str, shown: str) -> str:
        """A cell with a name; nothing where names are not shown."""
        p = self.protocol
        if not p.header:
            return ""
        named = attributes(
            ("class", p.header_cell_class), (p.field_name_attr, name), (p.field_type_name_attr, type_name)
        )
        return f"<th{named}>{escape(shown)}</th>"

    def optional(self, field: Field) -> Write:
        """The contents of a value that may be None."""
        write = self.one(field)
        return lambda value, trail: "" if value is None else write(value, trail)


class RowWriters(TableWriters):
    """Compiles the markup of `HtmlRowTable`."""

    def object(self, node: Struct, name: str) -> tuple[str, str]:
        return f"{self.table(name or node.name)}<tbody>", "</tbody></table>"

    def part(self, field: Field) -> Part:
        name, kind = name_of(field), type_name(field)
        start = f"{self.row()}{self.heading(name, kind, name)}{self.cell(name, kind)}"
        return Part(name=name, content=self.content(field), start=start, end="</td></tr>", absent=f"{start}</td></tr>")

    def sequence(self, field: Field, item: Field, items: Callable[[Any], Iterable[Any]], name: str) -> Content:
        if isinstance(resolve(item.type), Struct):
            write = self.one(item, name)
            return Content(
                items=items,
                item=lambda value, trail: "" if value is None else write(value, trail),
                start="<div>",
                end="</div>",
            )
        kind = type_name(item)
        heading = f"<th>{escape(kind)}</th>" if self.protocol.header else ""
        cell = self.cell(name_of(field), kind)
        inner = self.optional(item)
        return Content(
            items=items,
            item=lambda value, trail: f"<tr><td>{inner(value, trail)}</td></tr>",
            start=f"<div>{self.table(name or name_of(field))}<tr>{heading}{cell}<table>",
            end="</table></td></tr></table></div>",
        )


class ColumnWriters(TableWriters):
    """Compiles the markup of `HtmlColumnTable`."""

    def object(self, node: Struct, name: str) -> tuple[str, str]:
        return f"{self._start(node, name)}{self.row()}", "</tr></tbody></table>"

    def part(self, field: Field) -> Part:
        name = name_of(field)
        start = self.cell(name, type_name(field))
        return Part(name=name, content=self.content(field), start=start, end="</td>", absent=f"{start}</td>")

    def sequence(self, field: Field, item: Field, items: Callable[[Any], Iterable[Any]], name: str) -> Content:
        node = resolve(item.type)
        if isinstance(node, Struct):
            return Content(items=items, item=self._row(node), start=self._start(node, name), end="</tbody></table>")
        label, kind = name_of(field), type_name(item)
        head = self._head(self.heading(label, kind, label))
        start, inner = f"{self.row()}{self.cell(label, kind)}", self.optional(item)
        return Content(
            items=items,
            item=lambda value, trail: f"{start}{inner(value, trail)}</td></tr>",
            start=f"{self.table(name or kind)}{head}<tbody>",
            end="</tbody></table>",
        )

    def _start(self, node: Struct, name: str) -> str:
        """A table up to its first row."""
        headings = [self.heading(name_of(field), node.name, name_of(field)) for field in self.fields(node)]
        return f"{self.table(name or node.name)}{self._head(''.join(headings))}<tbody>"

    def _head(self, headings: str) -> str:
        return f"<thead><tr>{headings}</tr></thead>" if self.protocol.header else ""

    def _row(self, node: Struct) -> Write:
        """An object as a row below the names of the declared class's members."""
        start = self.row()
        empty = "".join(f"{self.cell(name_of(field), type_name(field))}</td>" for field in self.fields(node))

        def make() -> Write:
            members = self.members(node)
            return lambda value, trail: f"{start}{empty if value is None else members(value, trail)}</tr>"

        return self.once("row", node, "", make)


class HtmlRowTable(HtmlTableBase):
    """A table per object, with a row per member: ``<tr><th>name</th><td>Dave</td></tr>``; the options are those of `HtmlTableBase`."""

    def writers(self) -> TableWriters:
        return RowWriters(self)


class HtmlColumnTable(HtmlTableBase):
    """A table per array or object, with a column per member: ``<tr><td>Dave</td><td>2</td></tr>``; the options are those of
    `HtmlTableBase`.

    The rows of an array have the columns of the declared class, also with `polymorphic`.
    """

    def writers(self) -> TableWriters:
        return ColumnWriters(self)
