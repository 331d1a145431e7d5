"""The fast decoder: source generated per type, for documents that look the way a schema-driven client writes them.

It takes children in schema order and values in their plain forms. Anything else (other names, xsi attributes, empty elements,
comments, odd forms, broken facets) is handed, element by element, to the careful reader of `xml_decode`, and whatever raises is
read again by it as a whole: what the fast decoder returns, the careful one would have returned too.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal as PyDecimal
from keyword import iskeyword
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from spyne.codec import _lexical_number as number
from spyne.codec._source import Source
from spyne.codec._xml_names import Member, default_of, item_name, members
from spyne.codec._xop import ATTACHMENTS
from spyne.codec.xml_decode import Read, Readers, XmlElement, has_empty_text, own_text
from spyne.schema.nodes import (
    PLAIN,
    Array,
    Bool,
    Bytes,
    Date,
    DateTime,
    Decimal,
    Enum,
    Field,
    Float,
    Int,
    Ref,
    Scalar,
    Str,
    Struct,
    Uuid,
    pattern_of,
    resolve,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from spyne.codec._base import Options

__all__ = ["compile", "compile_fast"]

_MISSING: Any = object()
_BOOLEAN = {"true": True, "1": True, "false": False, "0": False}

# The characters between the numbers tell the forms apart that `fromisoformat` takes beyond those of XSD.
_DATETIME = (
    "((k := {t}[4:20:3]) == '--T::Z' or k == '--T::' or (k == '--T::.' or k == '--T::+') and len({t}) < 33"
    " and ({t}[-1] == 'Z' and len({t}) < 28 or {t}[-6:] == '+00:00'))"
)

# The test that a text has a plain form, and its value; {t} is the text's variable, {n} the greatest length.
_PLAIN: dict[type[Scalar], tuple[str, str]] = {
    Int: ("len({t}) < {n} and {t}.isascii() and '_' not in {t}", "int({t})"),
    Decimal: ("len({t}) < {n} and not {t}.strip('0123456789.-')", "Decimal({t})"),
    Float: ("len({t}) < {n} and not {t}.strip('0123456789.-')", "float({t})"),
    DateTime: (_DATETIME, "read_datetime({t})"),
    Date: ("{t}[4:8:3] == '--' and len({t}) == 10", "read_date({t})"),
    Uuid: ("len({t}) == 36", "convert({t}, UUID)"),
}
_LONGEST = {Int: 19, Decimal: 64, Float: 64}


class Mismatch(Exception):
    """An array has a child that is not named as declared."""


def _mismatch() -> Any:
    raise Mismatch


def compile(field: Field, options: Options) -> Callable[[XmlElement], Any]:
    """What `xml_decode.compile_decoder` returns, faster where the document is plain."""
    careful = Readers(options)
    decode = careful.decoder(field)
    generator = Generator(field.type.name or field.name, options, careful)
    fast = generator.finish(field)

    def decode_fast(element: XmlElement) -> Any:
        try:
            return fast(element)
        except Exception:
            return decode(element)

    def decode_once(element: XmlElement) -> Any:
        """References to attachments are counted, so nothing may be read twice."""
        return decode_fast(element) if ATTACHMENTS.get() is None else decode(element)

    return decode_once if generator.binary else decode_fast


def compile_fast(field: Field, options: Options) -> Callable[[XmlElement], Any]:
    """The generated function alone; it raises anything for what the careful decoder has to look at."""
    return Generator(field.type.name or field.name, options, Readers(options)).finish(field)


class Generator:
    """The functions of one decoder; those of a type are made once."""

    def __init__(self, title: str, options: Options, careful: Readers) -> None:
        self.options = options
        self.careful = careful
        self.source = Source(f"from XML to {title}")
        self.binary = False
        self._made: dict[int, str | None] = {}
        self._slow: dict[int, str] = {}
        self._keep: list[Any] = []
        self.source.well_known(
            BOOL=_BOOLEAN,
            Decimal=PyDecimal,
            MISSING=_MISSING,
            Mismatch=Mismatch,
            UUID=UUID,
            convert=msgspec.convert,
            mismatch=_mismatch,
            own_text=own_text,
            read_date=date.fromisoformat,
            read_datetime=datetime.fromisoformat,
        )

    def finish(self, field: Field) -> Callable[[XmlElement], Any]:
        """Compile everything and return the function of the root element."""
        self.source.function("root(e)", [f"return {self.value(field, 'e', '0')}"])
        decode: Callable[[XmlElement], Any] = self.source.compile()["root"]
        return decode

    # --- one element -----------------------------------------------------------------------------------------------------------

    def value(self, field: Field, element: str, depth: str) -> str:
        """The expression for the value of one element of a field; the element is a variable's name."""
        node = resolve(field.type)
        slow = self._slow_reader(field)
        if isinstance(node, Scalar):
            return self._scalar(node, element, slow)
        if isinstance(node, Struct):
            name = self._struct(node)
            if name is not None:
                inner = f"{depth} + 1" if isinstance(field.type, Ref) else depth
                return f"{name}({element}, {slow}, {inner})"
        elif isinstance(node, Array) and not isinstance(field.type, Ref):
            return f"{self._array(node)}({element}, {slow}, {depth})"
        return f"{slow}({element}, {depth})"

    def _slow_reader(self, field: Field) -> str:
        """The name of the careful reader of a field, called with the element and the depth inside it."""
        name = self._slow.get(id(field))
        if name is None:
            read = self.careful.field(field)
            if isinstance(field.type, Ref) and isinstance(resolve(field.type), Struct):
                read = _one_less(read)
            name = self._slow[id(field)] = self.source.constant(read, "s")
            self._keep.append(field)
        return name

    def _scalar(self, node: Scalar, e: str, slow: str) -> str:
        careful, bare = f"{slow}({e}, 0)", self._bare(e)
        self.binary = self.binary or isinstance(node, Bytes)
        form = self.form(node)
        if form is None:
            return careful
        value, test = form
        if value == "t" and not test:
            return f"{bare} and {e}.text or {careful}"
        return f"{value} if {bare} and (t := {e}.text){f' and {test}' if test else ''} else {careful}"

    def form(self, node: Scalar, t: str = "t") -> tuple[str, str] | None:
        """The expression for the value of a text that is not empty, and the test, maybe none, that it has a plain form; None where the
        careful reader has to look at the element. t: the text's variable.
        """
        if node.lexical is not PLAIN or node.load is not None or isinstance(node, Bytes):
            return None
        conditions = self._facets(node)
        if isinstance(node, Str) and conditions is not None and node.whitespace == "preserve":
            return t, conditions.format(v=t)
        if isinstance(node, Bool) and conditions == "":
            return "v", f"(v := BOOL.get({t})) is not None"
        if isinstance(node, Enum) and conditions == "":
            table = self.source.constant(dict(node.members), "m")
            return "v", f"(v := {table}.get({t}, MISSING)) is not MISSING"
        plain = _PLAIN.get(type(node))
        if plain is None or conditions is None:
            return f"{self.source.constant(self.careful.parser(node), 'p')}({t})", ""
        test, read = (part.format(t=t, n=self._longest(node)) for part in plain)
        if not conditions:
            return read, test
        return "v", f"{test} and ((v := {read}), {conditions.format(v='v')})[1]"

    def _bare(self, e: str) -> str:
        """The condition for an element with nothing but text; under validation it must not claim to be nil either."""
        return f"not len({e}) and not {e}.keys()" if self.options.validate else f"not len({e})"

    def _longest(self, node: Scalar) -> int:
        limit, _ = number.longest(node, self.options.number_text)
        return min(_LONGEST.get(type(node), 64), limit + 1)

    def _facets(self, node: Scalar) -> str | None:
        """The condition, over {v}, of facets that are simple enough to stand in the expression; None if others are there."""
        facets = node.facets
        if not self.options.validate:
            return ""
        if pattern_of(node) or facets.values or facets.check_text or facets.check_value:
            return None
        if facets.total_digits is not None or facets.fraction_digits is not None:
            return None
        conditions = []
        for sign, bound in ((">=", facets.ge), (">", facets.gt), ("<=", facets.le), ("<", facets.lt)):
            if bound is None:
                continue
            if not isinstance(node, Int | Float | Decimal):
                return None
            conditions.append(f"{{v}} {sign} {self.source.constant(bound, 'b')}")
        if isinstance(node, Str):
            if facets.max_len is not None:
                conditions.append(f"len({{v}}) <= {int(facets.max_len)}")
            if facets.min_len:
                conditions.append(f"len({{v}}) >= {int(facets.min_len)}")
        return " and ".join(conditions)

    # --- arrays ----------------------------------------------------------------------------------------------------------------

    def _array(self, node: Array) -> str:
        known = self._made.get(id(node))
        if known is not None:
            return known
        self._keep.append(node)
        name = self._made[id(node)] = self.source.fresh("a")
        namespace, local = item_name(node)
        tag = f"{{{namespace}}}{local}" if namespace else local
        item = self.value(node.item, "x", "d")
        lines = [
            f"try: r = [({item}) if x.tag == {tag!r} else mismatch() for x in e]",
            "except Mismatch: return s(e, d)",
            "if e.keys(): return s(e, d)" if self.options.validate else "if not r and e.keys(): return s(e, d)",
        ]
        low, high = node.item.min_occurs, node.item.max_occurs
        if self.options.validate and node.item.repeated:
            if low:
                lines.append(f"if len(r) < {low}: return s(e, d)")
            if high is not None:
                lines.append(f"if len(r) > {high}: return s(e, d)")
        load = None if node.load is None else self.source.constant(node.load)
        self.source.function(f"{name}(e, s, d)", [*lines, "return r" if load is None else f"return {load}(r)"])
        return name

    # --- structs ---------------------------------------------------------------------------------------------------------------

    def _struct(self, node: Struct) -> str | None:
        """The name of a struct's function; None if the careful reader must do all of it."""
        if id(node) in self._made:
            return self._made[id(node)]
        self._keep.append(node)
        carried = members(node, self.options)
        if not can_be_ordered(node, carried, self.options):
            self._made[id(node)] = None
            return None
        name = self._made[id(node)] = self.source.fresh("d")
        elements = [m for m in carried if m.place == "element" and not m.field.hints.get("read_only")]
        others = [m for m in carried if m.place != "element" and not m.field.hints.get("read_only")]
        head = [f"if d > {self.options.max_depth}: return s(e, d)", *self._attributes(others)]
        every = len(elements) == len(node.fields) and not any(m.field.repeated for m in elements)
        by_turns = self._by_turns(node, elements, others)
        if not every or not elements:
            self.source.function(f"{name}(e, s, d)", [*head, *by_turns])
            return name
        turns = self.source.fresh("e")
        self.source.function(f"{turns}(e, s, d)", by_turns)
        names = [f"c{m.index}" for m in elements]
        different = " or ".join(f"{each}.tag != {m.tag!r}" for each, m in zip(names, elements, strict=True))
        values = [self.value(m.field, each, "d") for each, m in zip(names, elements, strict=True)]
        lines = [
            f"if len(e) != {len(elements)}: return {turns}(e, s, d)",
            f"{', '.join(names)}{',' if len(names) == 1 else ''} = e",
            f"if {different}: return {turns}(e, s, d)",
            f"return {self._build(node, values)}",
        ]
        self.source.function(f"{name}(e, s, d)", [*head, *lines])
        return name

    def _attributes(self, others: list[Member]) -> list[str]:
        """Lines that hand over an element with attributes that are not members, such as xsi:type and xsi:nil."""
        known = frozenset(name for m in others if m.place == "attribute" for name in (m.tag, m.also) if name)
        if not known:
            return ["if e.keys(): return s(e, d)"]
        return [f"if not {self.source.constant(known)}.issuperset(e.keys()): return s(e, d)"]

    def _by_turns(self, node: Struct, elements: list[Member], others: list[Member]) -> list[str]:
        """Lines that read members in order, any of which may be absent, and give up on the first that is out of turn."""
        lines = ["i = iter(e)", "c = next(i, None)", "n = None if c is None else c.tag"] if elements else []
        strict = self.options.validate and getattr(node.hints.get("attributes"), "validate_freq", True)
        for m in elements:
            lines += self._turn(m, strict)
        lines.append("if c is not None: return s(e, d)" if elements else "if len(e): return s(e, d)")
        for m in others:
            lines += self._outside(m)
        read = {m.index for m in (*elements, *others)}
        values = [f"v{i}" if i in read else self._default(field) for i, field in enumerate(node.fields)]
        return [*lines, f"return {self._build(node, values)}"]

    def _turn(self, m: Member, strict: bool) -> list[str]:
        variable, tag, advance = f"v{m.index}", repr(m.tag), "c = next(i, None); n = None if c is None else c.tag"
        value = self.value(m.field, "c", "d")
        absent = "return s(e, d)" if strict and m.field.min_occurs else f"{variable} = {self._default(m.field)}"
        if not m.field.repeated:
            return [f"if n == {tag}:", f"    {variable} = {value}", f"    {advance}", f"else: {absent}"]
        lines = [
            f"if n == {tag}:",
            f"    {variable} = []",
            f"    while n == {tag}:",
            f"        {variable}.append({value})",
            f"        {advance}",
        ]
        low, high = m.field.min_occurs, m.field.max_occurs
        if strict and low > 1:
            lines.append(f"    if len({variable}) < {low}: return s(e, d)")
        if strict and high is not None:
            lines.append(f"    if len({variable}) > {high}: return s(e, d)")
        return [*lines, f"else: {absent}"]

    def _outside(self, m: Member) -> list[str]:
        node = resolve(m.field.type)
        assert isinstance(node, Scalar)
        parse = self.source.constant(self.careful.parser(node), "p")
        also = f", e.get({m.also!r})" if m.also else ""
        found = "own_text(e)" if m.place == "text" else f"e.get({m.tag!r}{also})"
        keep = has_empty_text(node) and not m.field.hints.get("empty_is_none")
        given = f"{parse}(t)" if keep else f"{parse}(t) if t else None"
        if self.options.validate and m.field.hints.get("xml_use") == "required":
            return [f"t = {found}", "if t is None: return s(e, d)", f"v{m.index} = {given}"]
        return [f"t = {found}", f"v{m.index} = {self._default(m.field)} if t is None else {given}"]

    def _default(self, field: Field) -> str:
        """The expression for the value of an absent member."""
        if field.default_factory is not None or isinstance(field.default, (list, dict, set)):
            return f"{self.source.constant(default_of(field))}()"
        value = default_of(field)()
        return "None" if value is None else self.source.constant(value)

    def _build(self, node: Struct, values: list[str]) -> str:
        make = self.source.constant(node.make, "C")
        if node.positional:
            return f"{make}({', '.join(f'({value})' for value in values)})"
        named = (f"{field.name}=({value})" for field, value in zip(node.fields, values, strict=True))
        return f"{make}({', '.join(named)})"


def _one_less(read: Read) -> Read:
    """A reader that counts a level of its own, called from inside that level."""
    return lambda e, depth: read(e, depth - 1)


def can_be_ordered(node: Struct, carried: tuple[Member, ...], options: Options) -> bool:
    """Whether the members can be read in the schema's order, each by a name that no other has."""
    tags = [m.tag for m in carried if m.place == "element"]
    chosen = any(m.field.hints.get("xml_choice") for m in carried)
    names = node.positional or all(f.name.isidentifier() and not iskeyword(f.name) for f in node.fields)
    impossible = any(m.field.min_occurs > 1 and not m.field.repeated for m in carried)
    return len(set(tags)) == len(tags) and names and not ((chosen or impossible) and options.validate)
