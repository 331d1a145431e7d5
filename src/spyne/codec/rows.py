"""Tables: the members of an object as named columns, and values as rows of text cells.

The way down is `Struct` by `Struct`: a member that is an object stands in as many columns as it has members. What has no fixed
number of columns (arrays, maps, free content, an object inside itself) is one cell of JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec

from spyne.codec import tree
from spyne.codec._base import EncodeError, Options
from spyne.codec._defaults import check_defaults
from spyne.codec._xml_names import Member
from spyne.codec._xml_values import items_of, located, mapping_of, members_of
from spyne.codec.text import formatter
from spyne.codec.tree import active_fields
from spyne.schema.errors import DeclarationError
from spyne.schema.nodes import Any as AnyNode
from spyne.schema.nodes import Array, Field, Map, Node, Scalar, Str, Struct, resolve

__all__ = ["Cells", "Table", "compile_table", "entries", "free_text", "members_reader", "release", "sequence_of"]

Cells: TypeAlias = list[str | None]
_Fill: TypeAlias = Callable[[Any, Cells], None]
_Text: TypeAlias = Callable[[str], str]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """columns: the names, in order. rows: a function from a value to its rows, made one at a time; None has none. row: a function
    from one item, or from a value that is no sequence, to its row. is_sequence: whether a value has several rows.

    Cells are text, None for what is absent. The rows of an iterable pull its items as they are asked for, and close it when they
    are closed. Raises EncodeError, with its path, for values that do not fit.
    """

    columns: tuple[str, ...]
    rows: Callable[[Any], Iterator[Cells]]
    row: Callable[[Any], Cells]
    is_sequence: bool


def compile_table(field: Field, options: Options, *, delimiter: str = ".", guard: _Text | None = None) -> Table:
    """The table for one use of a type: a row per item of an array or a map, else one row.

    Members of objects inside objects are named as in ``address.city``, with `delimiter` between the names; a value that is no
    object has one column, named after the field. guard: what is done to text that somebody may have written freely, as opposed to
    numbers, dates and such.

    Raises DeclarationError for a type without members.
    """
    item, items = sequence_of(field)
    compiler = _Columns(options, delimiter, guard)
    fill = compiler.table(msgspec.structs.replace(item, name=field.name, wire_name=field.wire_name))
    if not compiler.names:
        raise DeclarationError(
            f"{field.wire_name or field.name}: {item.type.name} has no members, so that a table of it has no columns; "
            "declare a member, or use another protocol for this method"
        )

    def row(value: Any) -> Cells:
        cells: Cells = []
        fill(value, cells)
        return cells

    rows = _rows_of(items, row)
    return Table(columns=tuple(compiler.names), rows=rows, row=row, is_sequence=items is not None)


def sequence_of(field: Field) -> tuple[Field, Callable[[Any], Iterable[Any]] | None]:
    """What a field's value is made of: the item and a function from the value to its items; the field itself and None where
    it is one value.
    """
    node = resolve(field.type)
    if field.repeated:
        return _once(field), items_of
    if isinstance(node, Array):
        return _once(node.item), items_of
    if isinstance(node, Map):
        return _once(entries(node)), lambda value: mapping_of(value).items()
    return field, None


def entries(node: Map) -> Field:
    """The entries of a map as objects with `key` and `value`, given as pairs."""
    struct = Struct(
        name="entry", namespace=node.namespace, fields=(node.key, node.value), cls=tuple, make=_pair, positional=True
    )
    return Field(type=struct, name="entry", wire_name="entry", min_occurs=1)


def _pair(key: Any, value: Any) -> tuple[Any, Any]:
    return key, value


def _once(field: Field) -> Field:
    return msgspec.structs.replace(field, max_occurs=1)


def members_reader(node: Struct, fields: tuple[Field, ...]) -> Callable[[Any], Sequence[Any]]:
    """A function from what user code returned for a struct to the values of these members."""
    check_defaults(node)
    cls = node.cls
    names = [field.name for field in fields]
    careful = members_of(node, [Member(node.fields.index(field), field, "", "element") for field in fields])
    if node.access != "attribute" or node.view is not None or cls is tuple or len(names) < 2:
        return careful
    get = attrgetter(*names)

    def read(value: Any) -> Sequence[Any]:
        if value.__class__ is cls:
            try:
                found: Sequence[Any] = get(value)
                return found
            except AttributeError:
                pass
        return careful(value)

    return read


def free_text(field: Field, options: Options) -> Callable[[Any], str]:
    """A function from values without a text form of their own to text: strings and markup as they are, the rest as JSON."""
    node = resolve(field.type)
    if isinstance(node, AnyNode) and node.flavour == "xml" and not field.repeated:
        from spyne.codec._xml_any import write_xml  # lxml is loaded for such members only

        return write_xml
    encode = tree.compile_encoder(field, options, tree.JSON)

    def write(value: Any) -> str:
        found = encode(value)
        return found if isinstance(found, str) else msgspec.json.encode(found).decode()

    return write


def release(items: object) -> None:
    """Close an iterator that can be closed."""
    close = getattr(items, "close", None)
    if close is not None:
        close()


class _Columns:
    """Notes the names of columns, and makes the functions that append their cells."""

    def __init__(self, options: Options, delimiter: str, guard: _Text | None) -> None:
        self.options = options
        self.delimiter = delimiter
        self.guard = guard
        self.names: list[str] = []

    def table(self, item: Field) -> _Fill:
        node = resolve(item.type)
        if isinstance(node, Struct) and not item.repeated:
            return self.struct(node, (), ())
        return self.member(item, (), ())

    def member(self, field: Field, path: tuple[str, ...], inside: tuple[Node, ...]) -> _Fill:
        """The columns of one member of an object."""
        node = resolve(field.type)
        path = (*path, field.wire_name or field.name)
        if isinstance(node, Struct) and node not in inside and not field.repeated:
            return self.struct(node, path, inside)
        self.names.append(self.delimiter.join(path))
        if isinstance(node, Scalar) and not field.repeated:
            text = formatter(node, binary=self.options.binary_encoding)
            return self.cell(text, guarded=isinstance(node, Str))
        return self.cell(free_text(field, self.options), guarded=isinstance(node, AnyNode))

    def cell(self, text: Callable[[Any], str], *, guarded: bool) -> _Fill:
        guard = self.guard
        if guarded and guard is not None:
            return lambda value, cells: cells.append(None if value is None else guard(text(value)))
        return lambda value, cells: cells.append(None if value is None else text(value))

    def struct(self, node: Struct, path: tuple[str, ...], inside: tuple[Node, ...]) -> _Fill:
        before = len(self.names)
        fields = active_fields(node, self.options)
        plan = tuple((f.wire_name or f.name, self.member(f, path, (*inside, node))) for f in fields)
        width = len(self.names) - before
        read = members_reader(node, fields)

        def fill(value: Any, cells: Cells) -> None:
            if value is None:
                cells.extend([None] * width)
                return
            for (name, append), member in zip(plan, read(value), strict=True):
                try:
                    append(member, cells)
                except EncodeError as error:
                    raise located(error, name) from None

        return fill


def _rows_of(
    items: Callable[[Any], Iterable[Any]] | None, row: Callable[[Any], Cells]
) -> Callable[[Any], Iterator[Cells]]:
    def one(value: Any) -> Iterator[Cells]:
        if value is not None:
            yield row(value)

    def many(value: Any) -> Iterator[Cells]:
        if value is None or items is None:
            return
        found = iter(items(value))
        try:
            for index, item in enumerate(found):
                try:
                    cells = row(item)
                except EncodeError as error:
                    raise located(error, index) from None
                yield cells
        finally:
            release(found)

    return one if items is None else many
