"""Generated checks of whole values: one function for a type, with no call per member, since it runs for every object.

`written_check` is for what user code returned, `read_check` for what a decoder made that knows the types but not the facets.
"""

from __future__ import annotations

import datetime
import keyword
import re
from collections.abc import Callable, Container
from typing import Any

from spyne.codec._base import DecodeError
from spyne.codec._lexical_facets import text_checks
from spyne.codec._source import Source
from spyne.codec.text import checker
from spyne.schema import nodes
from spyne.schema.nodes import PYTHON_TYPES, Array, Field, Node, Scalar, Struct, resolve

__all__ = ["Check", "can_check", "is_bounded", "read_check", "written_check"]

Check = Callable[[Any], bool]

_SEQUENCES = (list, tuple)
_LONGEST_ZONE = datetime.timedelta(hours=14)
_INLINE_DEPTH = 6
_INLINE_LINES = 400
_WORDS = re.compile(r"\w+").findall

# The test of a scalar where it is more than having the class {k}; {x} is the place it is at, y is free.
_ZONED = "((y := {x}).__class__ is {k} and (y.tzinfo is UTC or y.tzinfo is None or good_zone(y)))"
_MORE_TESTS: dict[type[Node], str] = {
    # str() writes some decimals as XSD does not, which has no exponents.
    nodes.Decimal: "((y := {x}).__class__ is {k} and y.is_finite() and 'E' not in str(y))",
    nodes.DateTime: _ZONED,
    nodes.Time: _ZONED,
}
_NUMBERS = (nodes.Int, nodes.Float, nodes.Decimal)
_TEXTS = (nodes.Str, nodes.Bytes)
_SIGNS = (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"))
_VALUE_ONLY = (nodes.Bytes, nodes.Date, nodes.Time, nodes.DateTime, nodes.Uuid)


def written_check(field: Field, native: Container[type[Scalar]] = ()) -> Check:
    """Whether a value that user code returned consists of the declared Python types exactly, with no None where one must be
    written, and of nothing whose text differs between Python and XSD. native: the kinds that are not written as text.
    """
    return _Written("check of a result", native).compile(field)


def read_check(field: Field) -> Check:
    """Whether a value of the declared types keeps the facets, occurrence and nillability; None and absent are not told apart, so
    that False may come for a member that is rightly absent.
    """
    return _Read("check of a request").compile(field)


def is_bounded(field: Field, *, item: bool = False) -> bool:
    """Whether a use of a type, or of an array's item, asks for more than the type does."""
    high = field.repeated and field.max_occurs is not None
    return high or not field.nillable or (field.min_occurs > 0 and (field.repeated or not item))


def can_check(node: Scalar) -> bool:
    """Whether the value alone says that the facets hold: those of some kinds are about the text that arrived."""
    return not (isinstance(node, _VALUE_ONLY) and text_checks(node))


class _Checker:
    """Writes the source of a check. Everything that is not as declared ends in `return False`.

    Structs are written in place; inside of themselves, and where it gets too deep or too long, they become functions.
    """

    def __init__(self, title: str) -> None:
        self.source = Source(title)
        self.functions: dict[int, str] = {}
        self.open: set[int] = set()
        self.size = 0

    def compile(self, field: Field) -> Check:
        lines = self.one_or_many(field, "v", 0)
        none_differs = not field.repeated and self.required_item(field)
        self.define("check", ["if v is None: return False", *lines] if none_differs else lines)
        found: Check = self.source.compile()["check"]
        return found

    def define(self, name: str, lines: list[str]) -> None:
        """A function of one value; constants are parameters with defaults, since local names are the fastest."""
        words = set(_WORDS("\n".join(lines)))
        bound = "".join(f", {constant}={constant}" for constant in sorted(words & self.source.names.keys()))
        self.source.function(f"{name}(v{bound})", [*lines, "return True"])

    # --- what the two checks differ in ---

    def scalar(self, node: Scalar, place: str, *, required: bool) -> str:
        """The test of a scalar or None, empty if there is nothing to test."""
        raise NotImplementedError

    def instance(self, node: Struct, place: str) -> list[str]:
        """The tests of an object before its members are looked at."""
        raise NotImplementedError

    def sequence(self, field: Field, place: str) -> list[str]:
        """The tests of a list before its items are looked at; the field says how many there may be."""
        raise NotImplementedError

    def required(self, field: Field) -> bool:
        """Whether None is refused as a member."""
        raise NotImplementedError

    def required_item(self, field: Field) -> bool:
        """Whether None is refused as an item or as the whole value."""
        raise NotImplementedError

    # --- the walk ---

    def one_or_many(self, field: Field, place: str, depth: int) -> list[str]:
        """Lines for one use of a type at a local variable."""
        lines = self.many(field, place, depth) if field.repeated else self.one(field.type, place, depth)
        return _unless_none(place, lines, required=self.required(field))

    def one(self, node: Node, place: str, depth: int) -> list[str]:
        node = resolve(node)
        if isinstance(node, Struct):
            return self.struct(node, place, depth)
        if isinstance(node, Array):
            return self.many(node.item, place, depth)
        if isinstance(node, Scalar):
            return _refuse([self.scalar(node, place, required=True)])
        raise TypeError(f"{type(node).__name__} is not native")

    def many(self, field: Field, place: str, depth: int) -> list[str]:
        item = self.source.fresh("v")
        node = resolve(field.type)
        required = self.required_item(field)
        if isinstance(node, Scalar):
            inner = _refuse([self.scalar(node, item, required=required)])
        else:
            inner = _unless_none(item, self.one(node, item, depth + 1), required=required)
        loop = [f"for {item} in {place}:", *_indented(inner)] if inner else []
        return [*_refuse(self.sequence(field, place)), *loop]

    def struct(self, node: Struct, place: str, depth: int) -> list[str]:
        if depth < _INLINE_DEPTH and self.size < _INLINE_LINES and id(node) not in self.open:
            return self.members(node, place, depth)
        return [f"if not {self.function(node)}({place}): return False"]

    def function(self, node: Struct) -> str:
        name = self.functions.get(id(node))
        if name is None:
            name = self.functions[id(node)] = self.source.fresh("check")
            self.define(name, self.members(node, "v", 0))
        return name

    def members(self, node: Struct, place: str, depth: int) -> list[str]:
        tests = self.instance(node, place)
        others: list[str] = []
        outer = self.open
        self.open = {*outer, id(node)}
        for field in node.fields:
            at = _attribute(place, field.name)
            kind = resolve(field.type)
            if isinstance(kind, Scalar) and not field.repeated:
                tests.append(self.scalar(kind, at, required=self.required(field)))
                continue
            name = self.source.fresh("v")
            lines = self.one_or_many(field, name, depth + 1)
            others += [f"{name} = {at}", *lines] if lines else []
        self.open = outer
        self.size += len(others) + 1
        return [*_refuse(tests), *others]


def _attribute(place: str, name: str) -> str:
    plain = name.isascii() and name.isidentifier() and not keyword.iskeyword(name)
    return f"{place}.{name}" if plain else f"getattr({place}, {name!a})"


def _refuse(tests: list[str]) -> list[str]:
    found = [test for test in tests if test]
    return [f"if not ({' and '.join(found)}): return False"] if found else []


def _unless_none(place: str, lines: list[str], *, required: bool) -> list[str]:
    if required:
        return [f"if {place} is None: return False", *lines]
    return [f"if {place} is not None:", *_indented(lines)] if lines else []


def _indented(lines: list[str]) -> list[str]:
    return [f" {line}" for line in lines]


class _Written(_Checker):
    """Classes are compared by identity: a subclass may have members that were not declared."""

    def __init__(self, title: str, native: Container[type[Scalar]]) -> None:
        super().__init__(title)
        self.native = native
        self.source.well_known(type=type, UTC=datetime.UTC, good_zone=_good_zone)

    def scalar(self, node: Scalar, place: str, *, required: bool) -> str:
        kind = PYTHON_TYPES[type(node)]
        more = None if type(node) in self.native else _MORE_TESTS.get(type(node))
        test = (more or "{x}.__class__ is {k}").format(x=place, k=self.source.constant(kind))
        return test if required else f"({test} or {place} is None)"

    def instance(self, node: Struct, place: str) -> list[str]:
        return [f"type({place}) is {self.source.constant(node.cls)}"]

    def sequence(self, field: Field, place: str) -> list[str]:
        return [f"type({place}) in {self.source.constant(_SEQUENCES)}"]

    def required(self, field: Field) -> bool:
        return field.min_occurs > 0

    def required_item(self, field: Field) -> bool:
        """None as an item, or as the whole value, is written as an empty object by classic models."""
        return bool(field.hints.get("none_is_empty")) and isinstance(resolve(field.type), Struct)


def _good_zone(value: Any) -> bool:
    offset = value.utcoffset()
    return offset is None or (not offset.seconds % 60 and not offset.microseconds and abs(offset) <= _LONGEST_ZONE)


class _Read(_Checker):
    """The classes are right already. Ranges of numbers and lengths of texts are written out, other facets are called."""

    def scalar(self, node: Scalar, place: str, *, required: bool) -> str:
        test = self.facets(node, place)
        if not test:
            return f"{place} is not None" if required else ""
        return f"({place} is not None and {test})" if required else f"({place} is None or {test})"

    def facets(self, node: Scalar, place: str) -> str:
        check = checker(node)
        if check is None:
            return ""
        facets = node.facets
        told = {name for name in facets.__struct_fields__ if getattr(facets, name) not in (None, (), "")}
        if isinstance(node, _NUMBERS) and told <= {"ge", "gt", "le", "lt", "max_str_len"}:
            bounds = ((sign, getattr(facets, name)) for name, sign in _SIGNS if name in told)
            return " and ".join(f"{place} {sign} {self.source.constant(bound)}" for sign, bound in bounds)
        if isinstance(node, _TEXTS) and told <= {"min_len", "max_len"}:
            sizes = (("min_len", ">="), ("max_len", "<="))
            return " and ".join(f"len({place}) {s} {int(getattr(facets, name))}" for name, s in sizes if name in told)
        return f"{self.source.constant(_holds(check))}({place})"

    def instance(self, node: Struct, place: str) -> list[str]:
        return []

    def sequence(self, field: Field, place: str) -> list[str]:
        if not field.repeated:
            return []
        low = f"len({place}) >= {field.min_occurs}" if field.min_occurs else ""
        return [low, "" if field.max_occurs is None else f"len({place}) <= {field.max_occurs}"]

    def required(self, field: Field) -> bool:
        return field.min_occurs > 0 or (not field.repeated and not field.nillable)

    def required_item(self, field: Field) -> bool:
        return not field.nillable


def _holds(check: Callable[[Any], None]) -> Check:
    def good(value: Any) -> bool:
        try:
            check(value)
        except DecodeError:
            return False
        return True

    return good
