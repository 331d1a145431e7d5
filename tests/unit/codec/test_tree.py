"""Trees of builtins to values and back, by the careful engine and by the fast one."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import uuid
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spyne.codec._base import DecodeError, EncodeError, Options
from spyne.codec.tree import JSON, MSGPACK, YAML, compile_decoder, compile_encoder
from spyne.codec.tree_native import (
    json_decoder,
    json_encoder,
    json_reader,
    json_tree,
    json_writer,
    reject_duplicates,
)
from spyne.schema.nodes import (
    Any,
    Array,
    Bool,
    Bytes,
    Date,
    DateTime,
    Decimal,
    Duration,
    Enum,
    Facets,
    Field,
    Float,
    Int,
    Lexical,
    Map,
    Ref,
    Str,
    Struct,
    Time,
    Uuid,
)

SOFT = Options(validate=True)
PLAIN = Options()
D = decimal.Decimal
UTC = dt.UTC


def member(name, node, **kw):
    return Field(name=name, type=node, **kw)


def record(name, *fields, **kw):
    """A struct over SimpleNamespace, which compares by members."""
    return Struct(name=name, namespace="tns", fields=fields, cls=SimpleNamespace, make=SimpleNamespace, **kw)


def read(node, tree, options=SOFT, fmt=JSON, **kw):
    return compile_decoder(Field(type=node, **kw), options, fmt)(tree)


def write(node, value, options=SOFT, fmt=JSON, **kw):
    return compile_encoder(Field(type=node, **kw), options, fmt)(value)


def errors(node, tree, options=SOFT, **kw):
    with pytest.raises(DecodeError) as caught:
        read(node, tree, options, **kw)
    return [(error.where(), error.message) for error in caught.value.all()]


MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
ID = uuid.UUID(int=5)
COLOUR = Enum(members={"red": 1, "green": 2})

SCALARS = [
    (Bool(), True, True),
    (Bool(), 0, False),
    (Int(), 2**70, 2**70),
    (Int(), 5.0, 5),
    (Int(), D("5.0"), 5),
    (Float(), 1, 1.0),
    (Float(), 1.5, 1.5),
    (Float(), D("1.5"), 1.5),
    (Decimal(), "1.10", D("1.10")),
    (Decimal(), 1, D(1)),
    (Decimal(), 0.1, D("0.1")),
    (Decimal(), D("1.10"), D("1.10")),
    (Str(), " x ", " x "),
    (Str(), b"x", "x"),
    (Bytes(), "YWI=", b"ab"),
    (Bytes(), b"ab", b"ab"),
    (Date(), "2020-01-02", dt.date(2020, 1, 2)),
    (Date(), dt.date(2020, 1, 2), dt.date(2020, 1, 2)),
    (Time(), "01:02:03", dt.time(1, 2, 3)),
    (DateTime(), "2020-01-02T03:04:05Z", MOMENT),
    (DateTime(), "2020-01-02t03:04:05+0000", MOMENT),
    (DateTime(lexical=Lexical(serialize_as="sec")), 1577934245, MOMENT),
    (DateTime(lexical=Lexical(serialize_as="sec")), 1577934245.0, MOMENT),
    (Duration(), "P1D", dt.timedelta(1)),
    (Uuid(), str(ID), ID),
    (Uuid(lexical=Lexical(serialize_as="int")), 5, ID),
    (COLOUR, "red", 1),
    (Int(), None, None),
    (Any(), {"a": [1, D("1.5")]}, {"a": [1, 1.5]}),
]


@pytest.mark.parametrize("options", [SOFT, PLAIN])
@pytest.mark.parametrize(("node", "tree", "value"), SCALARS)
def test_scalars_are_read(node, tree, value, options):
    """Native kinds are taken as they come, the others from their text."""
    found = read(node, tree, options)
    assert found == value
    assert type(found) is type(value)


REFUSED = [
    (Bool(), "true", "is not true, false, 1 or 0 (xs:boolean) but a string"),
    (Bool(), 2, "is not true, false, 1 or 0 (xs:boolean)"),
    (Int(), "5", "is not an integer (xs:integer) but a string"),
    (Int(), True, "is not an integer (xs:integer)"),
    (Int(), 5.5, "is not an integer (xs:integer)"),
    (Int(), 1e300, "is not an integer (xs:integer)"),
    (Int(), [], "is not an integer (xs:integer)"),
    (Float(), "1.5", "is not a number (xs:double) but a string"),
    (Float(), D("1E+400"), "is out of range (xs:double)"),
    (Float(), True, "is not a number (xs:double)"),
    (Decimal(), "1e5", "is not a decimal number (xs:decimal)"),
    (Decimal(), "1_0", "is not a decimal number (xs:decimal)"),
    (Decimal(), D("1E+999999999"), "has an exponent beyond 6144"),
    (Decimal(), math.inf, "is not a finite number (xs:decimal)"),
    (Decimal(), True, "is not a decimal number (xs:decimal)"),
    (Str(), {}, "is not a string"),
    (Str(), b"\xff", "is not text in utf-8"),
    (Bytes(), "YW", "is not base64 (xs:base64Binary)"),
    (Bytes(), 5, "is not a string"),
    (DateTime(), 5, "is not a date and time (xs:dateTime)"),
    (Date(), dt.datetime(2020, 1, 2), "is not a date (xs:date)"),
    (Duration(), "x", "is not a duration (xs:duration)"),
    (COLOUR, "blue", "is not one of: red, green"),
    (Array(item=Field(type=Int())), {}, "is not an array"),
    (Array(item=Field(type=Str())), "abc", "is not an array but a string"),
    (record("R"), 5, "is not an object with members"),
    (Any(flavour="xml"), "x", "is not well-formed XML"),
    (Any(flavour="xml"), 5, "is not a string of markup"),
]


@pytest.mark.parametrize("options", [SOFT, PLAIN])
@pytest.mark.parametrize(("node", "tree", "message"), REFUSED)
def test_values_of_the_wrong_kind_are_refused(node, tree, message, options):
    """The rule is told in the words of the format, with or without validation."""
    assert errors(node, tree, options) == [("", message)]


POINT = record(
    "Point", member("x", Int(facets=Facets(ge=0))), member("y", Int(), min_occurs=1), member("n", Str(), nillable=False)
)
LINE = record("Line", member("name", Str(), default="?"), member("points", Array(item=Field(type=POINT))))


def test_every_error_of_one_pass_is_told_with_its_place():
    """Wrong members do not hide each other."""
    tree = {"name": 5, "points": [{"x": -1, "y": 1}, {"x": "a", "n": None}]}
    assert errors(LINE, tree) == [
        ("name", "is not a string"),
        ("points[0]/x", "must be >= 0"),
        ("points[1]/x", "is not an integer (xs:integer) but a string"),
        ("points[1]/y", "is required (min_occurs=1)"),
        ("points[1]/n", "must not be null"),
    ]


@pytest.mark.parametrize(("tree", "text"), [(5, "5"), (1.5, "1.5"), (True, "true"), (D("1.10"), "1.10")])
def test_numbers_for_text(tree, text):
    """Clients in dynamic languages send numbers for texts: taken as their text, refused under validation."""
    assert read(Str(), tree, PLAIN) == text
    assert errors(Str(), tree)[0][1].startswith("is not a string")


def test_without_validation_only_kinds_are_checked():
    """Facets, occurrence and nillability are soft validation's."""
    found = read(POINT, {"x": -1, "n": None, "unknown": 7}, PLAIN)
    assert found == SimpleNamespace(x=-1, y=None, n=None)


def test_errors_of_one_pass_are_bounded():
    """A hostile array does not make a million errors."""
    assert len(errors(Array(item=Field(type=Int())), ["x"] * 1000)) == 32


EMPTY = {"none_is_empty": True}


def test_none_is_an_empty_object():
    """Where the hint says so, None is written as an object of defaults and required members, alone and in arrays."""
    assert write(POINT, None, hints=EMPTY) == {"y": None}
    assert write(Array(item=Field(type=LINE, hints=EMPTY)), [None]) == [{"name": "?"}]
    assert write(POINT, None, Options(complex_as="list"), hints=EMPTY) == [None, None, None]
    assert write(POINT, None, Options(ignore_wrappers=False), hints=EMPTY) == {"y": None}
    assert write(POINT, None) is None


def test_null_is_an_empty_array():
    """Where the hint says so; a null object stays None, and null is refused where it is not allowed."""
    numbers = Array(item=Field(type=Int()))
    assert read(numbers, None, hints=EMPTY) == []
    assert read(numbers, None) is None
    assert read(POINT, None, hints=EMPTY) is None
    assert errors(numbers, None, hints=EMPTY, nillable=False) == [("", "must not be null")]


def test_missing_and_null_members():
    """A missing member is its default, or None; null is None."""
    node = record(
        "R",
        member("a", Int(), default=3),
        member("b", Array(item=Field(type=Int())), default_factory=list),
        member("c", Str()),
    )
    assert read(node, {}) == SimpleNamespace(a=3, b=[], c=None)
    assert read(node, {"a": None, "b": None, "c": None}) == SimpleNamespace(a=None, b=None, c=None)


def test_repeated_members_are_lists():
    """max_occurs above one makes a list without a wrapper, whose length is checked under validation."""
    node = record("R", member("a", Int(), max_occurs=2, min_occurs=1))
    assert read(node, {"a": [1, 2]}).a == [1, 2]
    assert errors(node, {"a": [1, 2, 3]}) == [("a", "occurs 3 time(s), max_occurs=2")]
    assert errors(node, {"a": []}) == [("a", "occurs 0 time(s), min_occurs=1")]
    assert errors(node, {"a": [1, "x"]}) == [("a[1]", "is not an integer (xs:integer) but a string")]
    assert errors(node, {"a": 5}, PLAIN) == [("a", "is not an array")]
    assert read(node, {"a": [1, 2, 3]}, PLAIN).a == [1, 2, 3]
    assert read(node, {"a": None}, PLAIN).a is None


def test_members_may_be_given_in_order():
    """An array in place of an object is the members in order."""
    assert read(POINT, [1, 2, "n"]) == SimpleNamespace(x=1, y=2, n="n")
    assert errors(POINT, [1, 2, "n", 4]) == [("", "has 4 items for 3 members")]


def test_wire_names_and_excluded_members():
    """Members travel under their wire name, and not at all where their hint names the protocol."""
    node = record("R", member("a", Int(), wire_name="A"), member("b", Int(), hints={"excluded": {"JsonDocument"}}))
    options = Options(protocol=frozenset({"JsonDocument"}))
    assert read(node, {"A": 1, "b": 2}, options) == SimpleNamespace(a=1, b=None)
    assert write(node, SimpleNamespace(a=1, b=2), options) == {"A": 1}
    assert write(node, {"a": 1, "b": 2}) == {"A": 1, "b": 2}


def test_keys_may_be_bytes_in_message_pack():
    """Old MessagePack writers send names and text as binary data."""
    assert read(POINT, {b"x": 1, b"y": 2, b"n": b"t"}, fmt=MSGPACK) == SimpleNamespace(x=1, y=2, n="t")


def test_maps():
    """A map is an object whose keys are the text of the key type."""
    node = Map(key=Field(type=Int()), value=Field(type=Int()))
    assert read(node, {"1": 2, "3": None}) == {1: 2, 3: None}
    assert write(node, {1: 2}) == {"1": 2}
    assert errors(node, {"x": 1, "2": "y"}) == [
        ("x", "is not an integer (xs:integer)"),
        ("2", "is not an integer (xs:integer) but a string"),
    ]


TREE = record("Tree", member("v", Int()), member("kids", Array(item=Field(type=Ref(resolve=lambda: TREE)))))


def test_recursive_types_and_their_depth():
    """A type inside itself is read to the depth that is allowed."""
    assert read(TREE, {"v": 1, "kids": [{"v": 2}]}).kids[0].v == 2
    deep = {"v": 1}
    for _ in range(40):
        deep = {"kids": [deep]}
    assert errors(TREE, deep) == [("", "is nested deeper than max_depth=64")]
    assert read(TREE, deep, Options(max_depth=100)).v is None


def test_free_content_has_a_depth_too():
    """Any is bounded as well."""
    deep = []
    for _ in range(5000):
        deep = [deep]
    assert errors(Any(), deep) == [("", "is nested deeper than max_depth=64")]


BASE = record("Base", member("a", Int()))


class Derived(SimpleNamespace):
    pass


DERIVED = Struct(
    name="Derived", namespace="tns", base=BASE, fields=(*BASE.fields, member("b", Int())), cls=Derived, make=Derived
)
POLY = Struct(
    name="Base",
    namespace="tns",
    fields=BASE.fields,
    cls=SimpleNamespace,
    make=SimpleNamespace,
    subtypes=lambda: {("tns", "Derived"): DERIVED},
)
WRAPPED = Options(ignore_wrappers=False)


def test_class_name_wrappers():
    """With ignore_wrappers=False objects stand under their type's name, which may be that of a subtype."""
    node = record("R", member("one", POLY), member("many", Array(item=Field(type=POLY))))
    tree = {"one": {"Derived": {"a": 1, "b": 2}}, "many": [{"Base": {"a": 3}}]}
    found = read(node, tree, WRAPPED)
    assert type(found.one) is Derived
    assert found.many == [SimpleNamespace(a=3)]
    assert write(node, found, Options(ignore_wrappers=False, polymorphic=True)) == tree
    assert errors(node, {"one": {"Other": {}}}, WRAPPED) == [
        ("one", "has the key 'Other', which is not one of: Base, Derived")
    ]
    assert errors(node, {"one": {"Base": {"a": "x"}}}, WRAPPED) == [
        ("one/Base/a", "is not an integer (xs:integer) but a string")
    ]


def test_the_outermost_wrapper_is_the_protocols_choice():
    """`wrapped` puts the outermost struct under its name too."""
    field = Field(type=BASE)
    assert compile_encoder(field, WRAPPED, JSON, wrapped=True)({"a": 1}) == {"Base": {"a": 1}}
    assert compile_encoder(field, WRAPPED, JSON)({"a": 1}) == {"a": 1}
    assert compile_decoder(field, WRAPPED, JSON, wrapped=True)({"Base": {"a": 1}}) == SimpleNamespace(a=1)


def test_only_polymorphic_output_shows_members_of_subclasses():
    """A subclass's own members stay inside unless asked for."""
    value = Derived(a=1, b=2)
    assert write(POLY, value) == {"a": 1}
    assert write(POLY, value, Options(polymorphic=True)) == {"a": 1, "b": 2}


def test_lists_in_place_of_objects():
    """complex_as=list writes members in order, None included."""
    assert write(LINE, {"name": "l", "points": [(1, 2)]}, Options(complex_as="list")) == ["l", [[1, 2, None]]]


WRITTEN = [
    (Int(), 2**70, JSON, 2**70),
    (Int(), 2**70, MSGPACK, str(2**70)),
    (Int(), 2**64 - 1, MSGPACK, 2**64 - 1),
    (Int(lexical=Lexical(out_format="%05d")), 5, JSON, 5),
    (Float(), math.nan, JSON, None),
    (Float(), math.inf, YAML, math.inf),
    (Decimal(), D("1E+5"), JSON, "100000"),
    (Bytes(), [b"a", b"b"], JSON, "YWI="),
    (Bytes(), [b"a", b"b"], MSGPACK, b"ab"),
    (Bytes(encoding="hex"), b"a", MSGPACK, "61"),
    (DateTime(), MOMENT, JSON, "2020-01-02T03:04:05Z"),
    (DateTime(lexical=Lexical(serialize_as="sec")), MOMENT, JSON, 1577934245),
    (Uuid(), ID, JSON, str(ID)),
    (Uuid(lexical=Lexical(serialize_as="int")), ID, JSON, 5),
    (COLOUR, 2, JSON, "green"),
    (
        Any(),
        {"a": (1, D("1.5"), MOMENT, b"ab", None)},
        JSON,
        {"a": [1, "1.5", "2020-01-02T03:04:05+00:00", "YWI=", None]},
    ),
    (Array(item=Field(type=Int())), (n for n in (1, None, 2)), JSON, [1, None, 2]),
    (LINE, {"points": [{"x": 1, "n": "q"}]}, JSON, {"name": "?", "points": [{"x": 1, "y": None, "n": "q"}]}),
    (LINE, SimpleNamespace(name=None, points=None), JSON, {"name": "?"}),
    (LINE, ("l", [(1, 2)]), JSON, {"name": "l", "points": [{"x": 1, "y": 2}]}),
]


@pytest.mark.parametrize(("node", "value", "fmt", "tree"), WRITTEN)
def test_values_are_written(node, value, fmt, tree):
    """Instances, mappings and tuples make objects; None is left out unless it must be there; defaults stand for None."""
    assert write(node, value, fmt=fmt) == tree


def test_text_of_big_numbers_is_read_back():
    """MessagePack's integers beyond 64 bits come back from their text."""
    assert read(Int(), str(2**70), fmt=MSGPACK) == 2**70


@pytest.mark.parametrize(
    ("node", "value", "path", "message"),
    [
        (LINE, {"points": [{"x": "q"}]}, ("points", 0, "x"), "expected int, got text that is not an integer"),
        (LINE, {"points": 5}, ("points",), "expected list, got int"),
        (LINE, 5, (), "expected SimpleNamespace, got int"),
        (LINE, (1, 2, 3), (), "expected SimpleNamespace, got 3 items for 2 members"),
        (Array(item=Field(type=Str())), "abc", (), "expected list, got str"),
        (Any(), object(), (), "expected free content, got object"),
    ],
)
def test_misfits_on_output_are_told_with_their_place(node, value, path, message):
    """EncodeError names the member and the Python type, never the value."""
    with pytest.raises(EncodeError) as caught:
        write(node, value)
    assert (caught.value.path, caught.value.message) == (path, message)


def test_objects_inside_themselves_are_left_out():
    """A cycle ends where it would begin again; the same object twice side by side is written twice."""
    node = SimpleNamespace(v=1, kids=[])
    node.kids = [node, SimpleNamespace(v=2, kids=None)]
    assert write(TREE, node) == {"v": 1, "kids": [None, {"v": 2}]}
    twin = SimpleNamespace(v=2, kids=None)
    assert write(TREE, SimpleNamespace(v=1, kids=[twin, twin]))["kids"] == [{"v": 2}, {"v": 2}]


def test_markup_travels_as_text():
    """AnyXml is text in trees."""
    element = read(Any(flavour="xml"), "<a><b/></a>")
    assert element.tag == "a"
    assert write(Any(flavour="xml"), element) == "<a><b/></a>"
    assert errors(Any(flavour="xml"), "<!DOCTYPE a><a/>") == [("", "is not well-formed XML")]


# The fast engine.


class Item(msgspec.Struct, omit_defaults=True):
    sku: str | None = None
    qty: int | None = None
    price: D | None = None
    tags: list[str | None] | None = None


class Order(msgspec.Struct, omit_defaults=True):
    id: int | None = None
    key: uuid.UUID | None = None
    created: dt.datetime | None = None
    day: dt.date | None = None
    at: dt.time | None = None
    total: D | None = None
    rate: float | None = None
    ok: bool | None = None
    blob: bytes | None = None
    items: list[Item | None] | None = None


def native(cls, *fields, **kw):
    return Struct(name=cls.__name__, fields=fields, cls=cls, make=cls, native=True, **kw)


ITEM = native(
    Item,
    member("sku", Str()),
    member("qty", Int()),
    member("price", Decimal()),
    member("tags", Array(item=Field(type=Str()))),
)
ORDER = native(
    Order,
    member("id", Int()),
    member("key", Uuid()),
    member("created", DateTime()),
    member("day", Date()),
    member("at", Time()),
    member("total", Decimal()),
    member("rate", Float()),
    member("ok", Bool()),
    member("blob", Bytes()),
    member("items", Array(item=Field(type=ITEM))),
)
ORDER_FIELD = Field(type=ORDER)


def careful_read(field, data, options=PLAIN):
    return compile_decoder(field, options, JSON)(json_tree(exact=True)(data))


def careful_write(field, value, options=PLAIN):
    return msgspec.json.encode(compile_encoder(field, options, JSON)(value))


FRAGMENTS = [
    *(
        "1",
        "-0",
        "1.0",
        "1.5",
        "1e2",
        "1.10",
        "123456789.12345678901234567890",
        "1E+999999999",
        "1e400",
        "true",
        "null",
        "[]",
        "{}",
    ),
    *('"1.10"', '"1_0"', '" 1"', '"1e5"', '"NaN"', '"\\u0031"', '"٣"', '""', '"abc"', '"YWI="', '"YW"', '"YWJ="'),
    *('"2020-01-02"', '"2020-01-02Z"', '"01:02:03"', '"23:59:59.9999999"', '"24:00:00"', '"2020-01-02T03:04:05Z"'),
    *(
        '"2020-01-02t03:04:05.1234565+0200"',
        '"2020-01-02 03:04:05+23:59"',
        '"2020-01-02T03:04:05.1234567"',
        '"2020-01-02T24:00:00"',
    ),
    *(
        '"9999-12-31T23:59:59.9999999"',
        '"2020-01-02T03:04:05-00:00"',
        f'"{ID}"',
        f'"{ID.hex}"',
        f'"{ID.urn}"',
        '"\\ud800"',
    ),
    *(
        '["a",null]',
        '[{"price":"1e5"}]',
        '[{"price":"1.5","sku":"price","qty":3,"tags":["x"]}]',
        '[{"pr\\u0069ce":"1_0"}]',
        "1" * 5000,
    ),
]


@pytest.mark.parametrize("fragment", FRAGMENTS)
@pytest.mark.parametrize("name", [field.name for field in ORDER.fields])
def test_the_fast_engine_reads_what_the_careful_one_reads(name, fragment):
    """For every kind of member and many texts: the same value, or a refusal that leaves it to the careful engine."""
    data = f'{{"{name}": {fragment}, "unknown": 1}}'.encode()
    fast = json_decoder(ORDER_FIELD, PLAIN)
    try:
        found = fast(data)
    except DecodeError:
        return
    expected = careful_read(ORDER_FIELD, data)
    assert found == expected
    assert msgspec.json.encode(found) == msgspec.json.encode(expected)


@pytest.mark.parametrize(
    "data",
    [
        *(
            b'{"id": NaN}',
            b'{"unknown": NaN}',
            b'{"unknown": "\\ud800"}',
            b'{"unknown": "\xff"}',
            b'{"\xff": 1}',
            b"\xef\xbb\xbf{}",
        ),
        *(
            b'{"unknown": ' + b"[" * 100_000,
            b'{"id": ' + b"1" * 5000 + b"}",
            b'{"rate": 1e400}',
            b"",
            b"{",
            b'{"id": 1} x',
            b"[[[[",
        ),
    ],
)
def test_unsafe_json_is_refused_by_both_engines(data):
    """NaN, lone surrogates, bad UTF-8, byte order marks, depth and huge numbers raise DecodeError, and nothing else does."""
    for engine in (
        json_decoder(ORDER_FIELD, PLAIN),
        json_reader(ORDER_FIELD, PLAIN),
        lambda data: careful_read(ORDER_FIELD, data),
    ):
        with pytest.raises(DecodeError):
            engine(data)


def test_the_reader_falls_back_and_words_the_error():
    """What the fast engine refuses is decided by the careful one."""
    engine = json_reader(ORDER_FIELD, PLAIN)
    assert engine(b'{"total": 1.10}').total == D("1.10")
    assert engine(b'{"id": 5.0}').id == 5
    with pytest.raises(DecodeError) as caught:
        engine(b'{"items": [{"price": "1e5"}]}')
    assert caught.value.where() == "items[0]/price"


def test_decimals_are_exact_without_the_fast_engine():
    """A JSON number for a decimal keeps its digits."""
    node = record("R", member("d", Decimal()), member("f", Float()))
    assert json_reader(Field(type=node), PLAIN)(b'{"d": 1.10000000000000000001, "f": 1.5}').d == D(
        "1.10000000000000000001"
    )


STRICT = [
    native(Item, member("sku", Str(facets=Facets(max_len=1))), *ITEM.fields[1:]),
    native(Item, member("sku", Str(), min_occurs=1), *ITEM.fields[1:]),
    native(Item, member("sku", Str(), nillable=False), *ITEM.fields[1:]),
]
NEVER = [
    record("R", member("a", Int())),
    native(Item, member("sku", Str(load=str)), *ITEM.fields[1:]),
    native(Item, member("sku", Str(), wire_name="SKU"), *ITEM.fields[1:]),
    native(Item, member("sku", Str(), default="x"), *ITEM.fields[1:]),
    native(Item, *ITEM.fields[:3]),
    Ref(resolve=lambda: TREE),
    Array(item=Field(type=Decimal())),
    Any(),
    Duration(),
    COLOUR,
]


class Knot(msgspec.Struct, omit_defaults=True):
    v: int | None = None
    kids: list[Knot | None] | None = None


LIMITED = native(
    Order,
    member("id", Int(facets=Facets(ge=0, lt=10)), min_occurs=1),
    member("key", Uuid(), nillable=False),
    member("created", DateTime(facets=Facets(ge=MOMENT))),
    *ORDER.fields[3:5],
    member("total", Decimal(facets=Facets(total_digits=3))),
    member("rate", Float(facets=Facets(gt=0, le=2.5))),
    member("ok", Bool(facets=Facets(values=(True,)))),
    member("blob", Bytes(facets=Facets(min_len=1))),
    member(
        "items",
        Array(
            item=Field(
                type=native(
                    Item,
                    member("sku", Str(facets=Facets(pattern="[a-c]*", max_len=2))),
                    member("qty", Int(), min_occurs=1),
                    member("price", Decimal(facets=Facets(ge=1))),
                    member("tags", Str(facets=Facets(max_len=2)), min_occurs=1, max_occurs=2),
                ),
                nillable=False,
                max_occurs=2,
            )
        ),
        min_occurs=1,
    ),
)
GOOD_ITEM = '{"sku": "ab", "qty": 1, "price": "1.5", "tags": ["x", null]}'
GOOD_LIMITED = {"id": "5", "key": f'"{ID}"', "created": '"2020-01-02T03:04:05Z"', "items": f"[{GOOD_ITEM}]"}
LIMITED_CASES = [
    *(("id", text) for text in ("0", "9", "10", "-1", "null", "5.0", '"5"')),
    *(("key", text) for text in ("null", f'"{ID.hex}"')),
    *(("created", text) for text in ('"2020-01-02T03:04:04Z"', '"2020-01-02T03:04:06"', "null")),
    *(("total", text) for text in ('"1.23"', "1.23", '"1.234"', "null")),
    *(("rate", text) for text in ("2.5", "2.6", "0", "1e-9")),
    *(("ok", text) for text in ("true", "false")),
    *(("blob", text) for text in ('""', '"YWI="')),
    *(
        ("items", text)
        for text in ("null", "[]", "[null]", f"[{GOOD_ITEM}, {GOOD_ITEM}]", f"[{', '.join([GOOD_ITEM] * 3)}]")
    ),
    *(
        ("items", f"[{GOOD_ITEM.replace(old, new)}]")
        for old, new in (
            ('"ab"', '"abc"'),
            ('"ab"', '"d"'),
            ('"qty": 1, ', ""),
            ('"1.5"', '"0.5"'),
            ('["x", null]', "[]"),
            ('["x", null]', "null"),
            ('["x", null]', '["xyz"]'),
            ('["x", null]', '["x", "x", "x"]'),
            ('"tags"', '"other"'),
        )
    ),
]


@pytest.mark.parametrize(("name", "text"), LIMITED_CASES)
@pytest.mark.parametrize("left_out", ["", "id", "key", "items", "created"])
def test_the_fast_engine_keeps_facets_and_occurrence(name, text, left_out):
    """With validation it gives what the careful one gives, or leaves it to that one."""
    members = {**GOOD_LIMITED, name: text}
    members.pop(left_out, None)
    data = f"{{{', '.join(f'{json.dumps(key)}: {value}' for key, value in members.items())}}}".encode()
    field = Field(type=LIMITED)
    try:
        found = json_decoder(field, SOFT)(data)
    except DecodeError:
        return
    assert found == careful_read(field, data, SOFT)


def test_valid_objects_are_read_by_the_fast_engine():
    """Facets do not make a type slow."""
    data = f"{{{', '.join(f'{json.dumps(key)}: {value}' for key, value in GOOD_LIMITED.items())}}}".encode()
    assert json_decoder(Field(type=LIMITED), SOFT)(data).items[0].sku == "ab"


@pytest.mark.parametrize("node", STRICT)
def test_constraints_are_checked_after_the_native_decoder(node):
    """The types say nothing of them; what breaks them is left to the careful engine, and without validation it is let through."""
    assert json_decoder(Field(type=node), PLAIN)(b'{"sku": null}') == Item()
    assert json_decoder(Field(type=node), SOFT)(b'{"sku": "a"}') == Item(sku="a")
    with pytest.raises(DecodeError):
        json_reader(Field(type=node), SOFT)(b"{}" if node.fields[0].min_occurs else BAD_SKU[node.fields[0].nillable])


BAD_SKU = {True: b'{"sku": "ab"}', False: b'{"sku": null}'}


def test_recursive_objects_keep_facets():
    """However deep the member that breaks one is."""
    node = native(
        Knot, member("v", Int(facets=Facets(ge=1))), member("kids", Array(item=Field(type=Ref(resolve=lambda: node))))
    )
    fast = json_decoder(Field(type=node), SOFT)
    assert fast(b'{"kids":[{"v":1,"kids":[null,{"v":2}]}]}').kids[0].kids[1].v == 2
    with pytest.raises(DecodeError):
        fast(b'{"kids":[{"v":1,"kids":[null,{"kids":[{"v":0}]}]}]}')


def test_facets_on_the_text_are_the_careful_engines():
    """A pattern over a date is about what was written, which the native decoder does not show."""
    node = native(Order, *ORDER.fields[:3], member("day", Date(facets=Facets(pattern="2.*"))), *ORDER.fields[4:])
    assert json_decoder(Field(type=node), SOFT) is None
    assert json_decoder(Field(type=node), PLAIN) is not None


def test_members_may_have_any_name():
    """A keyword of Python, or a letter that Python's parser would change."""
    cls = msgspec.defstruct(
        "Odd",
        [("from", int | None, None), ("ª", str | None, None)],
        omit_defaults=True,
        namespace={"__module__": __name__},
    )
    node = native(cls, member("from", Int(facets=Facets(ge=1))), member("ª", Str()))
    value = cls(1, "x")
    assert json_encoder(Field(type=node), PLAIN)(value) == '{"from":1,"ª":"x"}'.encode()
    assert json_decoder(Field(type=node), SOFT)('{"from":1,"ª":"x"}'.encode()) == value
    with pytest.raises(DecodeError):
        json_decoder(Field(type=node), SOFT)(b'{"from":0}')


def test_types_that_nest_far_are_checked_in_functions_of_their_own():
    """Deep and wide types neither make endless source nor go unchecked."""
    inner, field = Item, Field(type=ITEM)
    for level in range(12):
        annotation = list[inner | None] | None
        inner = msgspec.defstruct(f"L{level}", [(f"m{n}", annotation, None) for n in range(4)], omit_defaults=True)
        node = native(inner, *(member(f"m{n}", Array(item=field)) for n in range(4)))
        field = Field(type=node)
    good, bad = Item(qty=1), Item(qty="1")
    for level in range(12):
        cls = field_class(field, 11 - level)
        good, bad = cls(m3=[good, None]), cls(m3=[None, bad])
    assert json_encoder(field, PLAIN)(good).count(b"m3") == 12
    with pytest.raises(EncodeError):
        json_encoder(field, PLAIN)(bad)


def field_class(field, down):
    """The class so many levels below a field's."""
    for _ in range(down):
        field = field.type.fields[0].type.item
    return field.type.cls


@pytest.mark.parametrize("node", NEVER)
def test_what_the_fast_engine_cannot_do(node):
    """Types that msgspec would read or write in another way are not native."""
    assert json_decoder(Field(type=node), PLAIN) is None


@pytest.mark.parametrize("options", [Options(ignore_wrappers=False), Options(complex_as="list")])
def test_options_that_change_the_shape_are_not_native(options):
    """Wrappers and lists in place of objects are the careful engine's."""
    assert json_decoder(ORDER_FIELD, options) is None
    assert json_encoder(ORDER_FIELD, options) is None


KNOT = native(Knot, member("v", Int()), member("kids", Array(item=Field(type=Ref(resolve=lambda: KNOT)))))


def test_recursive_classes_are_read_to_the_same_depth():
    """They are read fast within the depth that the careful engine allows; only that one writes them, since it sees cycles."""
    fast = json_decoder(Field(type=KNOT), PLAIN)
    for depth in range(28, 36):
        data = b'{"kids":[' * depth + b"{}" + b"]}" * depth
        try:
            expected = careful_read(Field(type=KNOT), data)
        except DecodeError:
            with pytest.raises(DecodeError):
                fast(data)
        else:
            assert fast(data) == expected
    assert json_encoder(Field(type=KNOT), PLAIN) is None
    knot = Knot(v=1)
    knot.kids = [knot]
    assert json_writer(Field(type=KNOT), PLAIN)(knot) == b'{"v":1,"kids":[null]}'


class SubOrder(Order):
    secret: str | None = "s"


OUT = [
    Order(),
    Order(
        id=1,
        key=ID,
        created=MOMENT,
        day=dt.date(2020, 1, 2),
        at=dt.time(1, 2, tzinfo=UTC),
        total=D("1.10"),
        rate=1.5,
        ok=True,
        blob=b"a",
    ),
    Order(items=[Item(sku="é", tags=["a", None]), None]),
    Order(items=(Item(),)),
    Order(rate=math.nan),
    Order(total=D("1E+5")),
    Order(total=5),
    Order(rate=5),
    Order(day=MOMENT),
    Order(blob=[b"a", b"b"]),
    Order(created=dt.datetime(2020, 1, 2, tzinfo=dt.timezone(dt.timedelta(seconds=61)))),
    Order(created=dt.datetime(2020, 1, 2, 3, 4, 5, 6)),
    Order(at=dt.time(1, 2, tzinfo=dt.timezone(dt.timedelta(hours=15)))),
    *(Order(total=D(text)) for text in ("-1E-9", "0E-9", "-0", "1E+1", "1.50E+1")),
    Order(items=[Item(tags=[5])]),
    Order(items=[Item(tags=(5,))]),
    Order(id=True),
    Order(items=[{"sku": "a", "secret": 1}]),
    Order(items=iter([Item(qty=1)])),
    {"id": 5, "secret": 1},
    SubOrder(id=5),
    (5, ID),
    None,
]


@pytest.mark.parametrize("value", OUT, ids=range(len(OUT)))
def test_the_fast_engine_writes_what_the_careful_one_writes(value):
    """The same bytes, or a refusal that leaves it to the careful engine; never a member that was not declared."""
    try:
        fast = json_encoder(ORDER_FIELD, PLAIN)(value)
    except EncodeError:
        fast = None
    careful = json_writer(ORDER_FIELD, PLAIN)(value)
    assert b"secret" not in careful
    if fast is not None:
        assert fast == careful == careful_write(ORDER_FIELD, value)


@pytest.mark.parametrize(
    "value",
    [
        Order(items=[Item(sku="\ud800")]),
        Order(items=[Item(tags=["a", {"secret": 1}])]),
        Order(id=10**5000),
        Order(id="x"),
        5,
    ],
)
def test_what_cannot_be_written_raises_encode_error(value):
    """Half surrogates, numbers beyond Python's digits, and wrong types."""
    with pytest.raises(EncodeError):
        json_writer(ORDER_FIELD, PLAIN)(value)


def test_required_members_are_written_as_null():
    """omit_defaults must not swallow a null that has to be there."""
    node = native(Item, member("sku", Str(), min_occurs=1), *ITEM.fields[1:])
    assert json_writer(Field(type=node), PLAIN)(Item()) == b'{"sku":null}'
    assert json_encoder(Field(type=node), PLAIN)(Item(sku="a")) == b'{"sku":"a"}'


@pytest.mark.parametrize("value", [None, Item(), [None, Item(qty=1)]])
def test_none_that_is_written_as_an_empty_object(value):
    """As a whole and in lists; members are left out all the same."""
    hints = {"none_is_empty": True}
    array = Array(item=Field(type=ITEM, max_occurs=None, hints=hints))
    field = Field(type=array if isinstance(value, list) else ITEM, hints=hints)
    assert json_writer(field, PLAIN)(value) == careful_write(field, value)
    holder = native(Order, *ORDER.fields[:9], member("items", array))
    assert json_writer(Field(type=holder), PLAIN)(Order(items=[None])) == b'{"items":[{}]}'


def test_classes_that_write_none_are_not_native_on_output():
    """A class without omit_defaults would write every None."""

    class Loud(msgspec.Struct):
        a: int | None = None

    field = Field(type=native(Loud, member("a", Int())))
    assert json_encoder(field, PLAIN) is None
    assert json_writer(field, PLAIN)(Loud()) == b"{}"
    assert json_decoder(field, PLAIN)(b'{"a":1}') == Loud(1)


@pytest.mark.parametrize("data", [b'{"a":1,"a":2}', b'[{"b":{"a":1,"\\u0061":2}}]', b"{", b"[" * 100_000])
def test_duplicate_keys_are_found(data):
    """However they are spelled and however deep."""
    with pytest.raises(DecodeError):
        reject_duplicates(data)


def test_keys_may_repeat_in_different_objects():
    """Only one object counts."""
    reject_duplicates(b'[{"a":1},{"a":{"a":2}}]')


ZONES = (
    st.none() | st.just(UTC) | st.integers(-840, 840).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ITEMS = st.builds(
    Item,
    sku=st.none() | TEXT,
    qty=st.none() | st.integers(),
    price=st.none() | DECIMALS,
    tags=st.none() | st.lists(st.none() | TEXT, max_size=3),
)
ORDERS = st.builds(
    Order,
    id=st.none() | st.integers(),
    key=st.none() | st.uuids(),
    created=st.none() | st.datetimes(timezones=ZONES),
    day=st.none() | st.dates(),
    at=st.none() | st.times(timezones=ZONES),
    total=st.none() | DECIMALS,
    rate=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    ok=st.none() | st.booleans(),
    blob=st.none() | st.binary(),
    items=st.none() | st.lists(st.none() | ITEMS, max_size=3),
)


@given(value=ORDERS)
@settings(max_examples=150, deadline=None)
def test_orders_go_round(value):
    """Both engines write the same and read it back; so does any JSON writer's spelling of it."""
    data = json_writer(ORDER_FIELD, PLAIN)(value)
    assert data == careful_write(ORDER_FIELD, value)
    assert json_reader(ORDER_FIELD, PLAIN)(data) == careful_read(ORDER_FIELD, data) == value
    spelled = json.dumps(json.loads(data)).encode()
    assert json_reader(ORDER_FIELD, SOFT)(spelled) == value


LEAVES = st.sampled_from(
    [Int(), Str(), Bool(), Float(), Decimal(), DateTime(), Uuid(), Bytes(), Duration(), COLOUR, Any()]
)
NODES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(lambda item: Array(item=Field(type=item)), inner)
        | st.builds(
            lambda parts: record("R", *(member(f"m{n}", part) for n, part in enumerate(parts))),
            st.lists(inner, max_size=3),
        )
    ),
    max_leaves=6,
)
TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "1.5", str(ID), "red"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["m0", "m1", "m2"]), inner, max_size=3),
    max_leaves=8,
)


@given(node=NODES, tree=TREES)
@settings(max_examples=200, deadline=None)
def test_any_tree_is_read_or_refused(node, tree):
    """Nothing but DecodeError comes out of a decoder, and what was read can be written."""
    field = Field(type=node)
    try:
        value = compile_decoder(field, SOFT, JSON)(tree)
    except DecodeError:
        return
    msgspec.json.encode(compile_encoder(field, SOFT, JSON)(value))
