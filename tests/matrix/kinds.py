"""The table of schema kinds: how each is declared, and values that must survive the way through every codec.

A new kind is a row here; a new codec is a row in `codecs.py`. Nothing else changes.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import math
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal as D  # noqa: N817 - short, for the table
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import annotated_types as at
import attrs
import msgspec
from lxml import etree

from spyne import model as m
from spyne.model.enum import Enum

NS = "urn:matrix"
UTC = dt.UTC


# --- classes of the rows ---


class Point(m.ComplexModel):
    __namespace__ = NS
    x = m.Integer
    y = m.Integer(default=7)


class Point3(Point):
    __namespace__ = NS
    z = m.Double


class Tree(m.ComplexModel):
    __namespace__ = NS
    value = m.Unicode
    left = m.SelfReference
    children = m.Array(m.SelfReference)


class Price(m.ComplexModel):
    __namespace__ = NS
    amount = m.XmlData(m.Decimal)
    currency = m.XmlAttribute(m.Unicode(max_len=3))
    exact = m.XmlAttribute(m.Boolean)


class Wide(m.ComplexModel):
    __namespace__ = NS
    point = Point
    words = m.Array(m.Unicode)
    marks = m.Integer(max_occurs="unbounded")
    points = Point.customize(max_occurs=3)
    secret = m.Unicode(sub_name="public")


class PlainPoint(m.ComplexModel):
    """The annotated form of `ClassicPoint`."""

    __namespace__ = NS
    __type_name__ = "PlainPoint"
    name: Annotated[str, at.MaxLen(5)]
    at: list[int]
    note: str | None = None


class ClassicPoint(m.ComplexModel):
    __namespace__ = NS
    __type_name__ = "PlainPoint"
    name = m.Unicode(max_len=5, min_occurs=1, nillable=False)
    at = m.Array(m.Integer, min_occurs=1, nillable=False)
    note = m.Unicode(default=None)


@dataclasses.dataclass
class Record:
    __namespace__ = NS
    name: str
    number: int = 3
    inner: Record | None = None


@attrs.define
class Attrs:
    __namespace__ = NS
    name: str
    tags: list[str]


class Msg(msgspec.Struct):
    name: str
    when: dt.date | None = None


class Pair(NamedTuple):
    left: int
    right: str


class Options(TypedDict):
    depth: int
    label: str


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


Named = Enum("red", "green", "dark blue", type_name="Named")


# --- comparing ---


def same(one: Any, other: Any) -> bool:
    """Equal values, ComplexModels and dataclasses by their members and their class."""
    if isinstance(one, m.ComplexModel):
        return type(one) is type(other) and same(list(one), list(other))
    if dataclasses.is_dataclass(one):
        return type(one) is type(other) and same(list(vars(one).values()), list(vars(other).values()))
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    if isinstance(one, D) and isinstance(other, D):
        return one == other
    return type(one) is type(other) and bool(one == other)


def same_bytes(one: Any, other: Any) -> bool:
    return b"".join(one) == b"".join(other)


def same_xml(one: Any, other: Any) -> bool:
    return etree.tostring(one, method="c14n", exclusive=True) == etree.tostring(other, method="c14n", exclusive=True)


# --- the table ---


class Kind(NamedTuple):
    """One row. classic and annotated: the two ways to declare it, None where there is one only."""

    name: str
    classic: Any
    annotated: Any
    values: tuple[Any, ...]
    equal: Callable[[Any, Any], bool] = same
    scalar: bool = True  # may be an XML attribute
    not_in: Mapping[str, str] = {}  # formats or codecs that have no form for the values, and why


EMPTY = "no text is read as None, as in Spyne 2; with the annotation `bytes` it is read as empty"
NOTHING = "an array of texts without items has no name, and is read as None"
ABSENT = "an absent array is written as one without items"
TEXT = ("", "x", " two  spaces\n", "<&>\"'", "çğı 🐍", "]]>", "a" * 3000)
ZONED = dt.datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=dt.timezone(dt.timedelta(hours=-2, minutes=-30)))


def scalar(name: str, classic: Any, annotated: Any, *values: Any, **more: Any) -> Kind:
    return Kind(name, classic, annotated, values, **more)


def compound(name: str, classic: Any, annotated: Any, *values: Any, **more: Any) -> Kind:
    return Kind(name, classic, annotated, values, scalar=False, **more)


KINDS = [
    scalar("text", m.Unicode, str, *TEXT),
    scalar("short text", m.Unicode(max_len=5), Annotated[str, at.MaxLen(5)], "", "12345"),
    scalar("pattern", m.Unicode(pattern="[a-c]+"), None, "abc"),
    scalar("allowed text", m.Unicode(values=["a", "b"]), None, "a", "b"),
    scalar("uri", m.AnyUri, None, "http://example.com/?a=b&c=d"),
    scalar("token", m.Token, None, "a b"),
    scalar("integer", m.Integer, int, 0, -1, 10**30, -(10**30)),
    scalar("small", m.Integer8, None, -128, 127),
    scalar("long", m.Integer64, None, -(2**63), 2**63 - 1),
    scalar("unsigned byte", m.UnsignedInteger8, None, 0, 255),
    scalar("limited", m.Integer(ge=1, lt=10), Annotated[int, at.Ge(1), at.Lt(10)], 1, 9),
    scalar("decimal", m.Decimal, D, D("0"), D("-1.50"), D("1E+5"), D("0.0000001"), D(10) ** 40),
    scalar("digits", m.Decimal(5, 2), None, D("123.45"), D("-0.01")),
    scalar("double", m.Double, float, 0.0, -1.5, 1e300, 5e-324),
    scalar("not finite", m.Double, float, math.inf, -math.inf, math.nan, not_in={"json": "JSON has no form for it"}),
    scalar("float", m.Float, None, 1.5, -0.25),
    scalar("boolean", m.Boolean, bool, True, False),
    scalar("date", m.Date, dt.date, dt.date(2024, 2, 29), dt.date(1, 1, 1), dt.date(9999, 12, 31)),
    scalar("time", m.Time, dt.time, dt.time(0), dt.time(23, 59, 59, 5), dt.time(12, 30, tzinfo=UTC)),
    scalar(
        "datetime",
        m.DateTime,
        dt.datetime,
        dt.datetime(2024, 1, 2, 3, 4, 5),
        dt.datetime(1999, 1, 1, tzinfo=UTC),
        ZONED,
    ),
    scalar(
        "duration",
        m.Duration,
        dt.timedelta,
        dt.timedelta(0),
        dt.timedelta(days=3, microseconds=5),
        dt.timedelta(seconds=-1.000005),
    ),
    scalar("uuid", m.Uuid, uuid.UUID, uuid.UUID(int=5)),
    scalar("bytes", None, bytes, b"\x00\xff" * 9),
    scalar("no bytes", None, bytes, b""),
    scalar("empty byte array", m.ByteArray, None, [b""], equal=same_bytes, not_in={"xml": EMPTY, "flat": EMPTY}),
    scalar("byte array", m.ByteArray, None, [b"\x00\xff"], equal=same_bytes),
    scalar("hex", m.ByteArray(encoding="hex"), None, [b"\x00\xff"], equal=same_bytes),
    scalar("enum", Named, None, Named.red, Named["dark blue"]),
    scalar("python enum", None, Colour, Colour.RED, Colour.GREEN),
    scalar("literal", None, Literal["a", "b"], "a", "b"),
    scalar("address", m.Ipv4Address, None, "127.0.0.1", equal=lambda one, other: str(one) == str(other)),
    compound("point", Point, Point, Point(x=1, y=2), Point(), Point(x=None, y=0)),
    compound("extended", Point3, Point3, Point3(x=1, y=2, z=0.5)),
    compound(
        "tree", Tree, Tree, Tree(value="a", left=Tree(value="b", children=[]), children=[Tree(value="c", children=[])])
    ),
    compound("absent array", Tree, Tree, Tree(value="a"), not_in={"json lists": ABSENT, "msgpack lists": ABSENT}),
    compound("placements", Price, Price, Price(amount=D("1.5"), currency="EUR", exact=True), Price(amount=D(0))),
    compound(
        "wide",
        Wide,
        Wide,
        Wide(point=Point(x=1), words=["a", ""], marks=[1, 2], points=[Point(x=5)], secret="s"),
        Wide(words=["a"], marks=None),
    ),
    compound("empty array in an object", Wide, Wide, Wide(words=[], marks=None), not_in={"flat": NOTHING}),
    compound("annotated class", ClassicPoint, PlainPoint, {"name": "n", "at": [1, 2], "note": None}),
    compound("array", m.Array(m.Unicode), list[str], ["a"], ["", "b", "c"]),
    compound("empty array", m.Array(m.Unicode), list[str], [], not_in={"flat": NOTHING}),
    compound("array of points", m.Array(Point), list[Point], [Point(x=1), Point(x=2)]),
    compound("nested array", m.Array(m.Array(m.Integer)), list[list[int]], [[1, 2], [], [3]]),
    compound("tuple", None, tuple[int, ...], (1, 2)),
    compound("set", None, frozenset[str], frozenset({"a", "b"})),
    compound("dict", None, dict[str, int], {"a": 1, "b": 2}, {}),
    compound("dict of points", None, dict[str, Point], {}),
    compound("dataclass", None, Record, Record("a"), Record("a", 1, Record("b", 2))),
    compound("attrs", None, Attrs, Attrs("a", ["x", "y"]), Attrs("", [""])),
    compound("struct", None, Msg, Msg("a"), Msg("a", dt.date(2024, 1, 1))),
    compound("named tuple", None, Pair, Pair(1, "a")),
    compound("typed dict", None, Options, {"depth": 1, "label": "l"}),
    compound("any dict", m.AnyDict, dict, {"a": ["b"]}, {"a": [{"b": ["c"]}]}),
    compound("any xml", m.AnyXml, None, etree.fromstring('<a xmlns="urn:q" b="c">d<e/></a>'), equal=same_xml),
]
"""Every kind once."""

CUSTOM = {"annotated class": (ClassicPoint, PlainPoint)}
"""Kinds whose two declarations have two classes: their values are members."""
