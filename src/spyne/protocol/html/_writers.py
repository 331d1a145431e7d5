"""The functions from values to markup that the HTML protocols are made of, compiled once for each method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import msgspec

from spyne.codec._base import EncodeError, Options
from spyne.codec._xml_values import located
from spyne.codec.rows import members_reader, release, sequence_of
from spyne.codec.tree import active_fields
from spyne.protocol.html._text import content_writer
from spyne.schema import Array, Field, Map, Scalar, Struct, resolve

__all__ = ["Content", "Part", "Trail", "Write", "Writers", "is_compound", "name_of", "type_name"]

Trail: TypeAlias = tuple[int, ...]
Write: TypeAlias = Callable[[Any, Trail], str]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """How one value is written. items: a function from the value to its items, each written by `item` between `start` and `end`;
    None where the value is one item.
    """

    item: Write
    items: Callable[[Any], Iterable[Any]] | None = None
    start: str = ""
    end: str = ""

    def write(self, value: Any, trail: Trail) -> str:
        """The whole markup of a value."""
        if self.items is None:
            return self.item(value, trail)
        parts = [self._numbered(item, index, trail) for index, item in enumerate(self.items(value))]
        return f"{self.start}{''.join(parts)}{self.end}"

    def stream(self, value: Any) -> Iterator[str]:
        """The markup of a value, item by item; the first piece has what stands before the first item."""
        if self.items is None:
            yield self.item(value, ())
            return
        found, lead = iter(self.items(value)), self.start
        try:
            for index, item in enumerate(found):
                yield lead + self._numbered(item, index, ())
                lead = ""
        finally:
            release(found)
        yield lead + self.end

    def _numbered(self, item: Any, index: int, trail: Trail) -> str:
        try:
            return self.item(item, trail)
        except EncodeError as error:
            raise located(error, index) from None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One of several values of a document: its contents between `start` and `end`, or what is written for None."""

    name: str
    content: Content
    start: str
    end: str
    absent: str

    def write(self, value: Any, trail: Trail) -> str:
        """The part's markup."""
        if value is None:
            return self.absent
        try:
            return f"{self.start}{self.content.write(value, trail)}{self.end}"
        except EncodeError as error:
            raise located(error, self.name) from None

    def stream(self, value: Any) -> Iterator[str]:
        """The same piece by piece."""
        if value is None:
            yield self.absent
            return
        lead, pieces = self.start, self.content.stream(value)
        try:
            for piece in pieces:
                yield lead + piece
                lead = ""
        finally:
            release(pieces)
        yield self.end


class Writers:
    """The base of compilers; a subclass says how objects and sequences look.

    Objects of derived classes are written as what they are when `polymorphic`; an object inside itself is left out.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self._known: dict[tuple[str, Struct, str], list[Write]] = {}

    # --- what a subclass says ---

    def object(self, node: Struct, name: str) -> tuple[str, str]:
        """What stands before and after the members of an object. name: what it is called instead of its type."""
        raise NotImplementedError

    def part(self, field: Field) -> Part:
        """One member of an object."""
        raise NotImplementedError

    def sequence(self, field: Field, item: Field, items: Callable[[Any], Iterable[Any]], name: str) -> Content:
        """The contents of an array or a map. name: what tables in it are called instead of their types."""
        raise NotImplementedError

    # --- what they share ---

    def content(self, field: Field, name: str = "") -> Content:
        """The contents of one use of a type."""
        item, items = sequence_of(field)
        if items is not None:
            return self.sequence(field, item, items, name)
        return Content(item=self.one(field, name))

    def one(self, field: Field, name: str = "") -> Write:
        """The contents of one value that is not None."""
        node = resolve(field.type)
        if isinstance(node, Struct):
            return self.struct(node, name)
        if isinstance(node, Array | Map):
            return self.content(field, name).write
        text = content_writer(field, self.options)
        return lambda value, _: text(value)

    def struct(self, node: Struct, name: str = "") -> Write:
        """The markup of an object as what it is."""
        own = self.declared(node, name)
        if not self.options.polymorphic:
            return own
        by_class: dict[type, Write] = {}

        def write(value: Any, trail: Trail) -> str:
            cls = type(value)
            found = by_class.get(cls)
            if found is None:
                sub = subtype_of(node, cls)
                found = by_class[cls] = own if sub is None else self.declared(sub, name)
            return found(value, trail)

        return write

    def declared(self, node: Struct, name: str = "") -> Write:
        """The markup of an object as the declared class."""

        def make() -> Write:
            start, end = self.object(node, name)
            members = self.members(node)
            return lambda value, trail: f"{start}{members(value, trail)}{end}"

        return self.once("object", node, name, make)

    def once(self, what: str, node: Struct, name: str, make: Callable[[], Write]) -> Write:
        """What `make` returns, made once; while it is being made, a function that finds it later: types may be recursive."""
        key = (what, node, name)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = []
            known.append(make())
        if known:
            return known[0]
        later = known
        return lambda value, trail: later[0](value, trail)

    def fields(self, node: Struct) -> tuple[Field, ...]:
        """The members of an object that this protocol carries."""
        return active_fields(node, self.options)

    def members(self, node: Struct) -> Write:
        """The markup of an object's members; nothing for an object inside itself."""
        fields = self.fields(node)
        parts = tuple(self.part(field) for field in fields)
        read = members_reader(node, fields)
        limit = self.options.max_depth

        def write(value: Any, trail: Trail) -> str:
            mark = id(value)
            if mark in trail:
                return ""
            if len(trail) >= limit:
                raise EncodeError(f"nests deeper than max_depth={limit}")
            inner = (*trail, mark)
            return "".join([part.write(member, inner) for part, member in zip(parts, read(value), strict=True)])

        return write


def subtype_of(node: Struct, cls: type) -> Struct | None:
    """The struct of a class that derives from a struct's, None for that class itself and for strangers."""
    if cls is node.cls:
        return None
    derived = {sub.cls: sub for sub in node.subtypes().values()}
    return next((derived[base] for base in cls.__mro__ if base in derived), None)


def is_compound(field: Field) -> bool:
    """Whether a value has items or members."""
    return field.repeated or isinstance(resolve(field.type), Struct | Array | Map)


def name_of(field: Field) -> str:
    """The public name of a field."""
    return field.wire_name or field.name


def type_name(field: Field) -> str:
    """The name of a field's type; for a type that was made by customization and has no name of its own, that of its base."""
    node = resolve(field.type)
    while isinstance(node, Scalar) and node.base is not None and (not node.name or _is_generated(node.name, field)):
        node = node.base
    return node.name


def _is_generated(name: str, field: Field) -> bool:
    return name.endswith(f"_{name_of(field)}Type")
