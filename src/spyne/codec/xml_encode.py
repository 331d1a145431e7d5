"""From Python values to the text of XML elements, by source that is generated when the application is built.

A function per use of a type writes the element with its tags. Values of the declared classes are written in place; anything else
goes to a function that accepts what comes near the declared type and raises EncodeError, with the path, for the rest.
"""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time
from decimal import Decimal as PyDecimal
from keyword import iskeyword
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from spyne.codec import text
from spyne.codec._base import Cut, EncodeError
from spyne.codec._source import Source, f_string, literal
from spyne.codec._xml_any import any_writer
from spyne.codec._xml_names import ENTRY, Element, Member, default_of, has_default, item_name, members
from spyne.codec._xml_text import check_xml_chars, escape, escape_attribute
from spyne.codec._xml_values import located, mapping_of, members_of, padded, write_again, write_items
from spyne.codec._xop import writer as xop_writer
from spyne.schema.nodes import (
    PLAIN,
    Array,
    Bool,
    Bytes,
    Date,
    DateTime,
    Decimal,
    Duration,
    Field,
    Float,
    Int,
    Map,
    Node,
    Scalar,
    Str,
    Struct,
    Time,
    Uuid,
    resolve,
)
from spyne.schema.nodes import Any as AnyNode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from spyne.codec._base import Options

__all__ = [
    "Element",
    "check_xml_chars",
    "compile_encoder",
    "compile_items_encoder",
    "compile_message_encoder",
]

NIL = ' xsi:nil="true"'


class _Trail(threading.local):
    """The objects that this thread is inside of."""

    def __init__(self) -> None:
        self.ids: set[int] = set()


_TRAIL = _Trail()

# How a value of exactly the declared class is written in place; {v} is its variable, {f} the function for any other value.
# msgspec writes dates and UUIDs several times faster than their own methods do.
INLINE: dict[type[Scalar], str] = {
    Bool: "'true' if {v} is True else 'false' if {v} is False else {f}({v})",
    Int: "{v} if {v}.__class__ is int else {f}({v})",
    Float: "repr({v}) if {v}.__class__ is float and {v} - {v} == 0.0 else {f}({v})",
    Decimal: "(s if 'E' not in (s := str({v})) and 'N' not in s and s[-1] <= '9' else {f}({v})) if {v}.__class__ is Decimal else {f}({v})",
    Str: "({v} if '&' not in {v} and '<' not in {v} and '>' not in {v} and CR not in {v} else escape({v}))"
    " if {v}.__class__ is str else {f}({v})",
    DateTime: "(plain({v}) if (z := {v}.tzinfo) is None else plain({v})[:-1] + '+00:00' if z is UTC else {f}({v}))"
    " if {v}.__class__ is datetime else {f}({v})",
    Date: "{v}.isoformat() if {v}.__class__ is date else {f}({v})",
    Time: "{v}.isoformat() if {v}.__class__ is time and {v}.tzinfo is None else {f}({v})",
    Uuid: "plain({v}) if {v}.__class__ is UUID else {f}({v})",
}
_SAFE = (Bytes, Duration, Bool, Int, Float, Decimal)


def compile_encoder(
    field: Field, element: Element, options: Options, prefixes: Mapping[str, str]
) -> Callable[[Any], str]:
    """A function from the field's value to its element, None to a nil one; EncodeError, with its path, for what does not fit.

    prefixes: namespace to prefix, all declared by the caller, and `xsi` too.
    """
    writers = Writers(field.type.name or element.name, options, prefixes)
    tag = writers.tag(element.namespace, element.name)
    write = writers.repeated(field, tag, "") if field.repeated else writers.element(field, tag, tag.nil, "")
    return writers.finish(write)


def compile_message_encoder(
    field: Field, element: Element, options: Options, prefixes: Mapping[str, str]
) -> Callable[[Sequence[Any]], str]:
    """A function from the members of a struct, given by position, to its element; members that are missing count as None."""
    writers = Writers(field.type.name or element.name, options, prefixes)
    node = resolve(field.type)
    assert isinstance(node, Struct)
    tag = writers.tag(element.namespace, element.name)
    return writers.finish(writers.struct(node, tag, tag.nil, "", by_position=True))


def compile_items_encoder(
    field: Field, element: Element, options: Options, prefixes: Mapping[str, str], *, wrapped: bool
) -> Cut | None:
    """How an element is written whose one contents is an array that may be streamed; None where it has others.

    wrapped: the array is the one member of the field's struct.
    """
    writers = Writers(field.type.name or element.name, options, prefixes)
    tags = [writers.tag(element.namespace, element.name)]
    node = resolve(field.type)
    if wrapped:
        carried = members(node, options) if isinstance(node, Struct) else ()
        if len(carried) != 1 or carried[0].place != "element":
            return None
        field = carried[0].field
        tags.append(writers.tag(carried[0].namespace, carried[0].name))
        node = resolve(field.type)
    if field.repeated or not isinstance(node, Array) or not node.stream:
        return None
    tag = writers.tag(*item_name(node))
    write = writers.finish(writers.element(node.item, tag, tag.nil, None))
    start, end = (f"{tag.open}>" for tag in tags), (tag.close for tag in reversed(tags))
    return Cut("".join(start), write, "".join(end))


class Tag(NamedTuple):
    """An element's markup: `open` goes on with attributes or ``>``."""

    open: str
    close: str

    @property
    def nil(self) -> str:
        """The element without a value (XSD 1.0 part 1 §2.6.2)."""
        return f"{self.open}{NIL}/>"

    @property
    def empty(self) -> str:
        """The element without contents."""
        return f"{self.open}/>"


class Writers:
    """The functions of one encoder; those of a type are made once per element name."""

    def __init__(self, title: str, options: Options, prefixes: Mapping[str, str]) -> None:
        self.options = options
        self.prefixes = prefixes
        self.source = Source(f"XML of {title}")
        self._made: dict[tuple[Any, ...], str] = {}
        self._keep: list[Node] = []
        self._tables: list[tuple[dict[type, Any], dict[type, str]]] = []
        self.source.well_known(
            EncodeError=EncodeError,
            Decimal=PyDecimal,
            UTC=UTC,
            datetime=datetime,
            date=date,
            time=time,
            UUID=UUID,
            CR="\r",
            escape=escape,
            located=located,
            plain=msgspec.to_builtins,
            NoneType=type(None),
        )

    def finish(self, name: str) -> Callable[[Any], str]:
        """Compile everything and return the outermost function."""
        names = self.source.compile()
        for table, functions in self._tables:
            table.update({cls: names[function] for cls, function in functions.items()})
        write: Callable[[Any], str] = names[name]

        def encode(value: Any) -> str:
            try:
                return write(value)
            except RecursionError:
                raise EncodeError("the value contains itself, or is nested deeper than can be written") from None

        return encode

    def tag(self, namespace: str, name: str) -> Tag:
        """The markup of a qualified name; a namespace without a prefix is declared on the element itself."""
        if not namespace:
            return Tag(f"<{name}", f"</{name}>")
        prefix = self.prefixes.get(namespace)
        if prefix is None:
            return Tag(f'<q:{name} xmlns:q="{escape_attribute(namespace)}"', f"</q:{name}>")
        return Tag(f"<{prefix}:{name}", f"</{prefix}:{name}>")

    # --- elements of any type --------------------------------------------------------------------------------------------------

    def element(self, field: Field, tag: Tag, none: str, step: str | None) -> str:
        """The name of a function from one value to its element; None becomes `none`, errors get `step` on their path."""
        node = resolve(field.type)
        if isinstance(node, Struct):
            return self.struct(node, tag, none, step)
        key = (id(node), tag, none, step)
        if key not in self._made:
            self._keep.append(node)
            name = self._made[key] = self.source.fresh("w")
            self._write_element(name, node, tag, none, step)
        return self._made[key]

    def _write_element(self, name: str, node: Node, tag: Tag, none: str, step: str | None) -> None:
        if isinstance(node, Scalar):
            body = [f"return {f_string(literal(tag.open + '>'), self.text(node, 'v'), literal(tag.close))}"]
        elif isinstance(node, Array):
            body = self._array(node, tag)
        elif isinstance(node, Map):
            body = self._map(node, tag)
        elif isinstance(node, AnyNode):
            write = self.source.constant(any_writer(node.flavour))
            body = [f"return {f_string(literal(tag.open + '>'), f'{{{write}(v)}}', literal(tag.close))}"]
        else:
            raise TypeError(f"{type(node).__name__} has no form in XML")
        self.source.function(f"{name}(v)", [f"if v is None: return {none!r}", *_guarded(body, step)])

    def text(self, node: Scalar, variable: str, step: str | None = None) -> str:
        """The expression, in braces, for the text of a scalar in an element; errors get `step` on their path."""
        if self.options.xop and isinstance(node, Bytes):
            write = xop_writer(node, binary=self.options.binary_encoding)
        else:
            write = text.formatter(node, binary=self.options.binary_encoding)
        if node.lexical is not PLAIN or not isinstance(node, _SAFE):
            write = _escaped(write)
        odd = self.source.constant(write if step is None else _placed(write, step), "f")
        inline = _inline(node)
        return f"{{{inline.format(v=variable, f=odd) if inline else f'{odd}({variable})'}}}"

    def _array(self, node: Array, tag: Tag) -> list[str]:
        inner = self._items(node.item, self.tag(*item_name(node)))
        return [f"x = {inner}(v)", f"return {_wrapped(tag, '{x}')} if x else {tag.empty!r}"]

    def _items(self, item: Field, tag: Tag) -> str:
        """The name of a function from a sequence to the elements of its items."""
        write = self.element(item, tag, tag.nil, None)
        name = self.source.fresh("l")
        node = resolve(item.type)
        each, again = self.source.constant(write_items), self.source.constant(write_again)
        piece, inline = f"{write}(x)", False
        if isinstance(node, Scalar) and _inline(node) is not None:
            inline = True
            piece = f_string(literal(tag.open + ">"), self.text(node, "x"), literal(tag.close))
        body = [
            f"if v.__class__ is not list: return {each}({write}, v)",
            f"try: return ''.join([{piece} for x in v])",
            f"except EncodeError as e: return {again}({write}, v, e, {inline})",
        ]
        self.source.function(f"{name}(v)", body)
        return name

    def _map(self, node: Map, tag: Tag) -> list[str]:
        entry = self.tag(node.namespace, ENTRY)
        parts = []
        for field, name, variable in ((node.key, "key", "k"), (node.value, "value", "x")):
            part = self.tag(node.namespace, field.wire_name or name)
            write = self.element(field, part, part.nil, name)
            parts.append(f"{{{write}({variable})}}")
        piece = f_string(literal(entry.open + ">"), *parts, literal(entry.close))
        read = self.source.constant(mapping_of)
        return [
            f"x = ''.join([{piece} for k, x in {read}(v).items()])",
            f"return {_wrapped(tag, '{x}')} if x else {tag.empty!r}",
        ]

    def repeated(self, field: Field, tag: Tag, step: str | None) -> str:
        """The name of a function from a sequence to one element per item, without a wrapper."""
        items = self._items(field, tag)
        name = self.source.fresh("r")
        none = tag.nil if field.min_occurs else ""
        self.source.function(f"{name}(v)", [f"if v is None: return {none!r}", *_guarded([f"return {items}(v)"], step)])
        return name

    # --- structs ---------------------------------------------------------------------------------------------------------------

    def struct(
        self,
        node: Struct,
        tag: Tag,
        none: str,
        step: str | None,
        *,
        by_position: bool = False,
        declared: Struct | None = None,
    ) -> str:
        """The name of a function from an object to its element; `declared`: write xsi:type, since that was declared instead."""
        key = (id(node), tag, none, step, by_position, declared is not None)
        if key in self._made:
            return self._made[key]
        self._keep.append(node)
        name = self._made[key] = self.source.fresh("w")
        carried = members(node, self.options)
        head = [f"if v is None: return {none!r}"] if by_position else []
        read = (
            self._read_by_position(carried, node)
            if by_position
            else self._read(node, carried, tag, none, step, declared)
        )
        body = [*read, *self._contents(carried, tag, self._type_attribute(node) if declared is not None else "")]
        head += _guarded(body, step)
        if node.view is not None and declared is None and not all(isinstance(m.field.type, Scalar) for m in carried):
            head = self._once(name, head)
        self.source.function(f"{name}(v)", head)
        return name

    def _once(self, name: str, body: list[str]) -> list[str]:
        """Lines that write an object unless it is being written: such as are mapped know one another."""
        self.source.function(f"{name}_(v)", body)
        trail = self.source.constant(_TRAIL)
        return [
            f"t, i = {trail}.ids, id(v)",
            "if i in t: return ''",
            "t.add(i)",
            f"try: return {name}_(v)",
            "finally: t.discard(i)",
        ]

    def _type_attribute(self, node: Struct) -> str:
        prefix = self.prefixes.get(node.namespace)
        if prefix is None:
            return f' xmlns:t="{escape_attribute(node.namespace)}" xsi:type="t:{node.name}"'
        return f' xsi:type="{prefix}:{node.name}"'

    def _read_by_position(self, carried: tuple[Member, ...], node: Struct) -> list[str]:
        names = _variables(range(len(node.fields)))
        if not names:
            return []
        pad = self.source.constant(padded)
        return [f"{names} = v if len(v) == {len(node.fields)} else {pad}(v, {len(node.fields)})"]

    def _read(
        self, node: Struct, carried: tuple[Member, ...], tag: Tag, none: str, step: str | None, declared: Struct | None
    ) -> list[str]:
        """Lines that put the members into variables."""
        names = _variables(m.index for m in carried)
        cls = self.source.constant(dict if node.access == "item" else node.cls, "C")
        odd = self.source.constant(members_of(node, carried), "m")
        by_key = node.access == "item"
        reads = ", ".join(f"v[{m.field.name!r}]" if by_key else f"v.{m.field.name}" for m in carried)
        comma = "," if len(carried) == 1 else ""
        plain = by_key or all(m.field.name.isidentifier() and not iskeyword(m.field.name) for m in carried)
        lines = [f"if v.__class__ is {cls}:"]
        if carried and node.view is not None:
            view = self.source.constant(node.view, "s")
            seen = ", ".join(f"d({m.field.name!r})" for m in carried)
            lines.append(f"    d = {view}(v)")
            every = f"d = d.get; {names} = {seen}{comma}"
            if len(carried) > 1 and all(isinstance(m.field.type, Scalar) for m in carried):
                get = self.source.constant(itemgetter(*(m.field.name for m in carried)), "g")
                lines += [f"    try: {names} = {get}(d)", f"    except KeyError: {every}"]
            else:
                lines.append(f"    {every}")
        elif carried and plain:
            lines += [
                f"    try: {names} = {reads}{comma}",
                f"    except {'KeyError' if by_key else 'AttributeError'}: {names} = {odd}(v)",
            ]
        else:
            lines += [f"    {names} = {odd}(v)" if carried else "    pass"]
        lines += ["else:", f"    if v is None: return {none!r}"]
        if self.options.polymorphic and declared is None:
            table = self._subtype_table(node, tag, none, step)
            lines += [f"    w = {table}.get(v.__class__)", "    if w is not None: return w(v)"]
        lines += [f"    {names} = {odd}(v)" if carried else f"    {odd}(v)"]
        return lines

    def _subtype_table(self, node: Struct, tag: Tag, none: str, step: str | None) -> str:
        functions = {
            struct.cls: self.struct(struct, tag, none, step, declared=node)
            for struct in node.subtypes().values()
            if struct.cls is not node.cls
        }
        table: dict[type, Any] = {}
        self._tables.append((table, functions))
        return self.source.constant(table, "p")

    def _contents(self, carried: tuple[Member, ...], tag: Tag, type_attribute: str) -> list[str]:
        """Lines that return the element: as one f-string where no scalar is None, piece by piece otherwise."""
        attributes = [self._attribute(m) for m in carried if m.place == "attribute"]
        start = [literal(tag.open + type_attribute), *attributes]
        dense, sparse, nones = [], [], []
        for m in sorted((m for m in carried if m.place != "attribute"), key=lambda m: m.place != "text"):
            variable = f"v{m.index}"
            piece, without = self._member(m, variable)
            if without is None:
                dense.append(piece)
                sparse.append(f"x += {f_string(piece)}")
                continue
            nones.append(f"{variable} is None")
            dense.append(piece)
            sparse.append(f"if {variable} is not None: x += {f_string(piece)}")
            if without:
                sparse.append(f"else: x += {without!r}")
        whole = f"return {f_string(*start, '>', *dense, literal(tag.close))}"
        ends = f"return {f_string(*start, '>{x}', literal(tag.close))} if x else {f_string(*start, '/>')}"
        if not dense:
            return [f"return {f_string(*start, '/>')}"]
        lines = ['x = ""', *sparse, ends]
        if not nones:
            return lines
        return [f"if {' or '.join(nones)}:", *(f"    {line}" for line in lines), whole]

    def _attribute(self, m: Member) -> str:
        node = resolve(m.field.type)
        assert isinstance(node, Scalar)
        write = text.formatter(node, binary=self.options.binary_encoding)
        write, name = _placed(write, m.field.name), self._attribute_name(m)

        def attribute(value: Any) -> str:
            return "" if value is None else f'{name}="{escape_attribute(write(value))}"'

        return f"{{{self.source.constant(attribute, 'a')}(v{m.index})}}"

    def _attribute_name(self, m: Member) -> str:
        if not m.namespace:
            return f" {m.name}"
        prefix = self.prefixes.get(m.namespace)
        if prefix is None:
            return f' xmlns:a{m.index}="{escape_attribute(m.namespace)}" a{m.index}:{m.name}'
        return f" {prefix}:{m.name}"

    def _member(self, m: Member, variable: str) -> tuple[str, str | None]:
        """The part of an f-string for a member, and what stands for None if that part does not see to it."""
        field, node = m.field, resolve(m.field.type)
        if m.place == "text":
            assert isinstance(node, Scalar)
            return self.text(node, variable, field.name), ""
        tag = self.tag(m.namespace, m.name)
        if field.repeated:
            return f"{{{self.repeated(field, tag, field.name)}({variable})}}", None
        default = self._written_default(field, tag)
        none = default if default is not None else tag.nil if field.min_occurs else ""
        if isinstance(node, Scalar):
            piece = f"{literal(tag.open + '>')}{self.text(node, variable, field.name)}{literal(tag.close)}"
            return piece, none
        return f"{{{self.element(field, tag, none, field.name)}({variable})}}", None

    def _written_default(self, field: Field, tag: Tag) -> str | None:
        """The element that stands for None where the member must occur and has a default."""
        if not field.min_occurs or not has_default(field):
            return None
        inner = Writers("a default", self.options, self.prefixes)
        plain = msgspec.structs.replace(field, min_occurs=0, max_occurs=1)
        return inner.finish(inner.element(plain, tag, tag.nil, field.name))(default_of(field)())


def _inline(node: Node) -> str | None:
    """How a value of exactly the declared class is written in place; None where a function is always called."""
    if not isinstance(node, Scalar) or node.dump is not None or node.lexical is not PLAIN:
        return None
    return INLINE.get(type(node))


def _escaped(write: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: escape(write(value))


def _placed(write: Callable[[Any], str], step: str) -> Callable[[Any], str]:
    """The function with `step` put before the path of its errors."""

    def placed(value: Any) -> str:
        try:
            return write(value)
        except EncodeError as error:
            raise located(error, step) from None

    return placed


def _variables(indices: Any) -> str:
    names = [f"v{index}" for index in indices]
    return ", ".join(names) + ("," if len(names) == 1 else "")


def _wrapped(tag: Tag, contents: str) -> str:
    return f_string(literal(tag.open + ">"), contents, literal(tag.close))


def _guarded(body: list[str], step: str | None) -> list[str]:
    """The lines with `step` put before the path of their errors; None and the outermost element add nothing."""
    if not step:
        return body
    return ["try:", *(f"    {line}" for line in body), f"except EncodeError as e: raise located(e, {step!r}) from None"]
