"""XML elements to values and back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as Number
from types import MappingProxyType
from typing import Any as AnyType
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from spyne.codec import xml_fast
from spyne.codec._base import DecodeError, EncodeError, Options
from spyne.codec.xml_decode import compile_decoder
from spyne.codec.xml_encode import Element, check_xml_chars, compile_encoder, compile_message_encoder
from spyne.schema.errors import DeclarationError
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
    Map,
    Node,
    Ref,
    Str,
    Struct,
    Time,
    Uuid,
)

TNS, OTHER = "urn:t", "urn:o"
PREFIXES = {TNS: "tns", OTHER: "s0"}
DECLARED = f'xmlns="{TNS}" xmlns:tns="{TNS}" xmlns:o="{OTHER}" xmlns:s0="{OTHER}" xmlns:xsi="{{xsi}}"'.format(
    xsi="http://www.w3.org/2001/XMLSchema-instance"
)
PLAIN, SOFT = Options(), Options(validate=True)


class Model(msgspec.Struct, dict=True, weakref=True, eq=False):
    """A stand-in for ComplexModel."""


def field(name: str, node: Node, **more: AnyType) -> Field:
    """A member named the same in Python and on the wire."""
    return Field(**{"type": node, "name": name, "wire_name": name, **more})


def struct(name: str, *fields: Field, base: Struct | None = None, namespace: str = TNS, **more: AnyType) -> Struct:
    """A struct of Model-like objects."""
    every = (*(base.fields if base else ()), *fields)
    parent = base.cls if base else Model
    new = [(f.name, object, None) for f in fields]
    cls = msgspec.defstruct(name, new, bases=(parent,), dict=True, weakref=True, eq=False)
    made = {"cls": cls, "make": cls, "positional": True, **more}
    return Struct(name=name, namespace=namespace, base=base, fields=every, **made)


def array(item: Field, namespace: str = TNS, **more: AnyType) -> Array:
    """A wrapped array."""
    return Array(name="list", namespace=namespace, item=item, **more)


def plain(value: AnyType) -> AnyType:
    """A value as something that can be compared: objects as their class name and members."""
    if isinstance(value, Model):
        return type(value).__name__, {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, etree._Element):
        return etree.tostring(value, with_tail=False)
    return type(value).__name__, repr(value) if isinstance(value, float | Number) else value


def document(contents: str, attributes: str = "") -> AnyType:
    """An element of the target namespace with these contents."""
    return etree.fromstring(f"<r {DECLARED} {attributes}>{contents}</r>")


def errors_of(decode: AnyType, element: AnyType) -> list[tuple[str, str]]:
    """Where and what the decoder complains about."""
    with pytest.raises(DecodeError) as caught:
        decode(element)
    return [(error.where(), error.message) for error in caught.value.all()]


def read(node: Node, contents: str, options: Options = PLAIN, attributes: str = "", **more: AnyType) -> AnyType:
    """The value that both decoders give, which must be the same."""
    of = field("r", node, **more)
    element = document(contents, attributes)
    careful, fast = compile_decoder(of, options), xml_fast.compile(of, options)
    value = careful(element)
    assert plain(fast(element)) == plain(value)
    return value


def refuse(node: Node, contents: str, options: Options = SOFT, attributes: str = "", **more: AnyType) -> AnyType:
    """The errors that both decoders give, which must be the same."""
    of = field("r", node, **more)
    element = document(contents, attributes)
    found = errors_of(compile_decoder(of, options), element)
    assert errors_of(xml_fast.compile(of, options), element) == found
    return found


def write(node: Node, value: AnyType, options: Options = PLAIN, **more: AnyType) -> str:
    """The element that stands for a value, without its outermost tags where it has contents."""
    text = compile_encoder(field("r", node, **more), Element(TNS, "r"), options, PREFIXES)(value)
    etree.fromstring(f"<x {DECLARED}>{text}</x>")
    return text.removeprefix("<tns:r>").removesuffix("</tns:r>")


ADDRESS = struct("Address", field("street", Str()), field("city", Str(), min_occurs=1))
SHAPE = struct("Shape", field("name", Str()))
CIRCLE = struct("Circle", field("radius", Int()), base=SHAPE)
SQUARE = struct("Square", field("side", Int()), base=SHAPE, namespace=OTHER)
SHAPES = {(TNS, "Circle"): CIRCLE, (OTHER, "Square"): SQUARE}
SHAPE = msgspec.structs.replace(SHAPE, subtypes=lambda: SHAPES)
NUMBERS = array(field("integer", Int()))


# --- scalars -------------------------------------------------------------------------------------------------------------------

SCALARS: tuple[tuple[Node, str, AnyType], ...] = (
    (Str(), "a b", "a b"),
    (Str(), "", ""),
    (Str(), " ", " "),
    (Str(), "<![CDATA[<a>]]>x", "<a>x"),
    (Str(), "a<!-- c -->b", "ab"),
    (Str(), "a<?p i?>b", "ab"),
    (Str(whitespace="collapse"), " a  b ", "a b"),
    (Int(), "5", 5),
    (Int(), "-5", -5),
    (Int(), " +7 ", 7),
    (Int(), "1" * 40, int("1" * 40)),
    (Int(), "", None),
    (Decimal(), "1.50", Number("1.50")),
    (Decimal(), "-.5", Number("-.5")),
    (Decimal(), " 5. ", Number("5")),
    (Float(), "1.5", 1.5),
    (Float(), "1e3", 1000.0),
    (Float(), "-INF", float("-inf")),
    (Bool(), "true", True),
    (Bool(), "0", False),
    (Bool(), " 1 ", True),
    (Date(), "2024-02-29", dt.date(2024, 2, 29)),
    (Date(), "2024-02-29Z", dt.date(2024, 2, 29)),
    (Time(), "01:02:03.5", dt.time(1, 2, 3, 500000)),
    (DateTime(), "2024-01-02T03:04:05", dt.datetime(2024, 1, 2, 3, 4, 5)),
    (DateTime(), "2024-01-02T03:04:05Z", dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
    (DateTime(), "2024-01-02T03:04:05.123Z", dt.datetime(2024, 1, 2, 3, 4, 5, 123000, tzinfo=dt.UTC)),
    (DateTime(), "2024-01-02T03:04:05.123456+00:00", dt.datetime(2024, 1, 2, 3, 4, 5, 123456, tzinfo=dt.UTC)),
    (DateTime(), "2024-01-02T24:00:00", dt.datetime(2024, 1, 3)),
    (Duration(), "PT1H", dt.timedelta(hours=1)),
    (Uuid(), "12345678-9abc-4def-8123-456789abcdef", UUID("12345678-9abc-4def-8123-456789abcdef")),
    (Uuid(), "{12345678-9abc-4def-8123-456789abcdef}", UUID("12345678-9abc-4def-8123-456789abcdef")),
    (Bytes(), "YWJj", b"abc"),
    (Bytes(), "", b""),
    (Bytes(load=lambda value: (value,)), "", None),
    (Enum(members={"a": 1, "b": 2}), "b", 2),
    (Enum(members={"a": 1, "": 2}), "", 2),
    (Int(load=lambda value: value + 1), "5", 6),
)


@pytest.mark.parametrize(("node", "text", "value"), SCALARS)
@pytest.mark.parametrize("options", [PLAIN, SOFT])
def test_scalars_are_read(node: Node, text: str, value: AnyType, options: Options) -> None:
    """Text in an element becomes the kind's value, in an array as well."""
    assert read(node, text, options) == value
    assert read(array(field("v", node)), f"<v>{text}</v><v>{text}</v>", options) == [value, value]


BAD: tuple[tuple[Node, str], ...] = (
    (Int(), "1_000"),
    (Int(), "\u0661\u0662"),
    (Int(), "5<x/>"),
    (Int(), "5<!-- c --><x/>"),
    (Int(), " "),
    (Int(facets=Facets(max_str_len=3)), "1234"),
    (Str(), "a<x/>b"),
    (Decimal(), "1e5"),
    (Decimal(), "NaN"),
    (Decimal(), "1.2.3"),
    (Decimal(), "1_0"),
    (Float(), "inf"),
    (Float(), "1e999"),
    (Bool(), "True"),
    (Date(), "2024-W01-1"),
    (Date(), "2024-13-01"),
    (DateTime(), "2024-01-02"),
    (DateTime(), "2024-01-02T03:04Z"),
    (DateTime(), "2024-W01-1T12:34:56Z"),
    (DateTime(), "2024-01-01T12:34:56,5Z"),
    (DateTime(), "2024-01-01T12:34:56Z0"),
    (DateTime(), "2024-01-01T12:34:56.5Z+00:00"),
    (DateTime(), "2024-01-01T12:34:56+00:00+00:00"),
    (DateTime(), "2024-01-01 T12:34:56"),
    (Uuid(), "x"),
    (Bytes(), "YW"),
    (Enum(members={"a": 1}), "c"),
)


@pytest.mark.parametrize(("node", "text"), BAD)
@pytest.mark.parametrize("options", [PLAIN, SOFT])
def test_forms_that_xsd_does_not_have_are_refused(node: Node, text: str, options: Options) -> None:
    """Python's own forms, elements inside texts and broken values are errors with their place, validated or not."""
    [(where, _)] = refuse(node, text, options)
    assert where == ""
    [(where, _)] = refuse(struct("S", field("a", node), field("b", Str())), f"<a>{text}</a><b/>", options)
    assert where == "a"


FACETS: tuple[tuple[Node, str, str], ...] = (
    (Int(facets=Facets(ge=1, le=9)), "5", "10"),
    (Int(facets=Facets(ge=1, le=9)), "1", "-1"),
    (Float(facets=Facets(gt=1.5)), "1.6", "1.5"),
    (Decimal(facets=Facets(lt=Number("2.5"))), "2.4", "2.5"),
    (Decimal(facets=Facets(fraction_digits=1)), "2.5", "2.55"),
    (Str(facets=Facets(max_len=3)), "abc", "abcd"),
    (Str(facets=Facets(min_len=2)), "ab", "a"),
    (Str(facets=Facets(min_len=2)), "ab", ""),
    (Str(facets=Facets(pattern="[a-c]+")), "abc", "abd"),
    (Str(facets=Facets(values=("a", "b"))), "a", "c"),
    (Date(facets=Facets(ge=dt.date(2024, 1, 1))), "2024-01-01", "2023-12-31"),
)


@pytest.mark.parametrize(("node", "good", "bad"), FACETS)
def test_facets_are_checked_when_validating(node: Node, good: str, bad: str) -> None:
    """Facets count under validation only."""
    for options in (PLAIN, SOFT):
        read(node, good, options)
    read(node, bad, PLAIN)
    refuse(node, bad)


# --- nil, empty, absent --------------------------------------------------------------------------------------------------------

NILS: tuple[tuple[Node, str, AnyType, AnyType], ...] = (
    (Str(), '<a xsi:nil="true"/>', {}, None),
    (Str(), '<a xsi:nil=" 1 "/>', {}, None),
    (Str(), '<a xsi:nil="false"/>', {}, ""),
    (Str(), '<a xsi:nil="true">x</a>', {}, "x"),
    (Str(), "<a/>", {"hints": {"empty_is_none": True}}, None),
    (Str(), "<a/>", {"default": "d"}, ""),
    (Str(), "", {"default": "d"}, "d"),
    (Str(), '<a xsi:nil="true"/>', {"default": "d"}, "d"),
    (Int(), "<a/>", {"default": 3}, None),
    (Int(), '<a xsi:nil="true"> </a>', {"default": 3}, 3),
    (Int(), "", {"default_factory": lambda: 4}, 4),
    (Int(), '<a xsi:nil="true"/>', {"default_factory": lambda: 4}, None),
    (Bytes(), '<a xsi:nil="true"> </a>', {}, None),
    (NUMBERS, "<a/>", {}, []),
    (NUMBERS, "", {}, None),
    (NUMBERS, "<a>\n</a>", {}, []),
    (NUMBERS, '<a xsi:nil="true"/>', {}, None),
    (NUMBERS, '<a xsi:nil="true">\n </a>', {}, None),
    (NUMBERS, '<a><integer/><other>5</other><integer xsi:nil="1"/></a>', {}, [None, 5, None]),
    (NUMBERS, "<a>\n <integer>1</integer><!-- c -->\n</a>", {}, [1]),
    (Int(), "", {"max_occurs": None}, None),
    (Int(), '<a>1</a><a/><a xsi:nil="true"/>', {"max_occurs": None}, [1, None, None]),
    (Int(), "<a>1</a><a>2</a>", {}, 2),
    (Int(), "<z/><o:a>5</o:a>", {}, 5),
)


@pytest.mark.parametrize(("node", "contents", "more", "value"), NILS)
def test_nil_empty_and_absent(node: Node, contents: str, more: dict[str, AnyType], value: AnyType) -> None:
    """What Spyne 2 made of them, but that xsi:nil counts on empty elements only, and not when it is false."""
    assert read(struct("S", field("a", node, **more), field("b", Int())), contents + "<b>1</b>").a == value
    assert read(struct("S", field("a", node, **more)), contents).a == value


def test_null_is_kept_on_request() -> None:
    """replace_null_with_default=False leaves nil as None."""
    node = struct("S", field("a", Int(), default=3))
    options = Options(replace_null_with_default=False)
    assert read(node, '<a xsi:nil="true"/>', options).a is None


def test_mutable_defaults_are_not_shared() -> None:
    """Two documents do not get the same list."""
    node = struct("S", field("a", NUMBERS, default=[1]))
    first, second = read(node, ""), read(node, "")
    assert first.a == second.a == [1]
    assert first.a is not second.a


SOME = field("v", Int(), min_occurs=2, max_occurs=None)
MODEL = {"model": list}

STRICT = (
    (field("a", Int(), nillable=False), "<a/>", ("a", "must not be empty")),
    (field("a", Int(), nillable=False, default=1), '<a xsi:nil="1"/>', ("a", "must not be nil")),
    (field("a", ADDRESS, nillable=False), '<a xsi:nil="1"/>', ("a", "must not be nil")),
    (field("a", Int(), min_occurs=1), "", ("a", "is required (min_occurs=1)")),
    (field("a", Int(), min_occurs=2, max_occurs=3), "<a>1</a>", ("a", "occurs 1 time(s), min_occurs=2")),
    (field("a", Int(), max_occurs=2), "<a/><a/><a/>", ("a", "occurs 3 time(s), max_occurs=2")),
    (field("a", Int()), "<a/><a/>", ("a", "occurs 2 time(s), max_occurs=1")),
    (field("a", array(SOME)), "<a><v/></a>", ("a", "occurs 1 time(s), min_occurs=2")),
    (field("a", array(SOME)), "<a/>", ("a", "occurs 0 time(s), min_occurs=2")),
    (field("a", array(SOME, hints=MODEL)), "<a><v/></a>", ("a", "occurs 1 time(s), min_occurs=2")),
    (
        field("a", array(field("v", Int(), max_occurs=2))),
        "<a><v/><v/><v/></a>",
        ("a", "occurs 3 time(s), max_occurs=2"),
    ),
)


@pytest.mark.parametrize(("member", "contents", "error"), STRICT)
def test_occurrence_and_nillability(member: Field, contents: str, error: tuple[str, str]) -> None:
    """They are checked under validation only."""
    node = struct("S", member)
    assert refuse(node, contents) == [error]
    read(node, contents, PLAIN)


def test_occurrence_is_not_checked_where_the_type_says_so() -> None:
    """validate_freq=False turns the check off for one type."""
    bag = type("Attributes", (), {"validate_freq": False})
    read(struct("S", field("a", Int(), min_occurs=1), hints={"attributes": bag}), "", SOFT)


def test_an_empty_array_of_a_model_may_always_be_given() -> None:
    """How often items must occur is asked of a model's Array that has some."""
    assert read(struct("S", field("a", array(SOME, hints=MODEL))), "<a/>", SOFT).a == []


def test_an_empty_string_is_not_nil() -> None:
    """A string that may not be nil may still be empty."""
    assert read(struct("S", field("a", Str(), nillable=False)), "<a/>", SOFT).a == ""


# --- structs -------------------------------------------------------------------------------------------------------------------


def test_members_in_any_order_and_from_any_namespace() -> None:
    """Order is free, strangers are ignored, and a local name is enough where the qualified one does not match."""
    for contents in (
        "<street>s</street><city>c</city>",
        "<city>c</city><street>s</street>",
        "<!-- x --><o:city>c</o:city><z/><street>s</street>",
        '<street>s</street><city>c</city><city xmlns="">d</city><city>c</city>',
    ):
        value = read(ADDRESS, contents)
        assert (value.street, value.city) == ("s", "c")


def test_every_error_is_found_with_its_path() -> None:
    """One pass collects what is wrong in all places."""
    item = struct("Item", field("qty", Int()), field("tags", array(field("tag", Int()))))
    node = struct(
        "S",
        field("items", array(field("Item", item))),
        field("x", Int(), min_occurs=1),
        field("r", Int(), max_occurs=None),
    )
    contents = "<items><Item/><Item><qty>x</qty><tags><tag>1</tag><tag>z</tag></tags></Item></items><r>1</r><r>y</r>"
    assert refuse(node, contents) == [
        ("items[1]/qty", "is not an integer (xs:integer)"),
        ("items[1]/tags[1]", "is not an integer (xs:integer)"),
        ("r[1]", "is not an integer (xs:integer)"),
        ("x", "is required (min_occurs=1)"),
    ]


def test_the_number_of_errors_is_bounded() -> None:
    """A million mistakes are not a million errors."""
    assert len(refuse(NUMBERS, "<integer>x</integer>" * 100)) == 32


def test_inherited_members_keep_their_namespace() -> None:
    """A member is in the namespace of the struct that declares it."""
    node = struct(
        "D", field("b", Int()), field("n", Int(), hints={"xml_namespace": "urn:n"}), base=ADDRESS, namespace=OTHER
    )
    value = read(node, '<street>s</street><o:b>1</o:b><n xmlns="urn:n">2</n>')
    assert (value.street, value.b, value.n) == ("s", 1, 2)
    assert write(node, value) == (
        '<tns:street>s</tns:street><tns:city xsi:nil="true"/><s0:b>1</s0:b><q:n xmlns:q="urn:n">2</q:n>'
    )


def test_xsi_type_names_a_subtype() -> None:
    """Subtypes are found by qualified name, and nothing else is."""
    node = struct("S", field("a", SHAPE))
    assert type(read(node, '<a xsi:type="tns:Circle"><name>n</name><radius>2</radius></a>').a) is CIRCLE.cls
    assert type(read(node, '<a xsi:type="o:Square"><o:side>2</o:side></a>').a) is SQUARE.cls
    assert type(read(node, '<a xsi:type="Shape"/>').a) is SHAPE.cls
    for wrong in ("tns:Square", "zz:Circle", "o:Circle", "", "os:system", "xsi:Circle"):
        for options in (PLAIN, SOFT):
            assert refuse(node, f'<a xsi:type="{wrong}"/>', options) == [
                ("a", "has an xsi:type that is not one of: Shape, Circle, Square")
            ]
    untyped = Options(parse_xsi_type=False)
    assert type(read(node, '<a xsi:type="tns:Circle"/>', untyped).a) is SHAPE.cls
    assert read(struct("S", field("a", Int())), '<a xsi:type="tns:other">5</a>').a == 5
    assert read(struct("S", field("a", NUMBERS)), '<a xsi:type="tns:other"><integer>5</integer></a>').a == [5]


def test_attributes_and_text() -> None:
    """Members that are attributes or the text of the element."""
    node = struct(
        "Price",
        field("value", Decimal(), hints={"xml_place": "text"}),
        field("currency", Str(facets=Facets(max_len=3)), hints={"xml_place": "attribute", "xml_use": "required"}),
        field("n", Int(), default=7, hints={"xml_place": "attribute", "xml_namespace": OTHER}),
    )
    value = read(node, "1.50", SOFT, 'currency="EUR" o:n="5" other="x"')
    assert (value.value, value.currency, value.n) == (Number("1.50"), "EUR", 5)
    assert write(node, value) == '<tns:r currency="EUR" s0:n="5">1.50'
    empty = read(node, "", SOFT, 'currency=""')
    assert (empty.value, empty.currency, empty.n) == (None, "", 7)
    assert write(node, node.cls(currency='"<\n&')) == '<tns:r currency="&quot;&lt;&#10;&amp;"/>'
    assert refuse(node, "x", SOFT, 'currency="EURO"') == [
        ("value", "is not a decimal number (xs:decimal)"),
        ("currency", "is longer than max_len=3"),
    ]
    assert refuse(node, "1") == [("currency", "is a required attribute")]
    assert read(node, "1").currency is None


def test_an_attribute_is_a_simple_value() -> None:
    """A declaration that XML has no form for fails when the application is built."""
    node = struct("S", field("a", ADDRESS, hints={"xml_place": "attribute"}))
    with pytest.raises(DeclarationError, match=r"S\.a: an attribute holds one simple value"):
        compile_decoder(field("r", node), PLAIN)


def test_choice_groups() -> None:
    """At most one member of a group, and one at least where none may be absent."""
    hint = {"xml_choice": "g"}
    loose = struct("S", field("a", Int(), hints=hint), field("b", Int(), hints=hint))
    tight = struct("S", field("a", Int(), hints=hint, min_occurs=1), field("b", Int(), hints=hint, min_occurs=1))
    assert refuse(loose, "<a>1</a><b>2</b>") == [("b", "is one too many: only one may be given of a, b")]
    assert refuse(tight, "") == [("", "one of a, b is required")]
    for node in (loose, tight):
        assert read(node, "<b>2</b>", SOFT).b == 2
    assert read(loose, "", SOFT).a is None
    assert read(tight, "<a>1</a><b>2</b>").b == 2


def test_hidden_members() -> None:
    """Excluded members do not travel, for all protocols or for those named; read_only ones are not read."""
    node = struct(
        "S",
        field("never", Int(), hints={"excluded": True}),
        field("here", Int(), hints={"excluded": ("Soap11",)}),
        field("out", Int(), hints={"read_only": True}),
        field("b", Int()),
    )
    value = read(node, "<never>1</never><here>2</here><out>3</out><b>4</b>")
    assert (value.never, value.here, value.out, value.b) == (None, 2, None, 4)
    options = Options(protocol=frozenset({"Soap11"}))
    assert read(node, "<here>2</here><b>4</b>", options).here is None
    full = node.cls(1, 2, 3, 4)
    assert write(node, full) == "<tns:here>2</tns:here><tns:out>3</tns:out><tns:b>4</tns:b>"
    assert write(node, full, options) == "<tns:out>3</tns:out><tns:b>4</tns:b>"


def test_values_of_other_classes() -> None:
    """Structs made by keyword, and dicts."""
    fields = (field("a", Int()), field("b", Str()))
    by_name = Struct(name="S", namespace=TNS, fields=fields, cls=dict, make=dict, access="item")
    assert read(by_name, "<a>1</a>") == {"a": 1, "b": None}
    assert read(by_name, "<b>x</b><a>1</a>") == {"a": 1, "b": "x"}
    assert write(by_name, {"a": 1, "b": "x"}) == "<tns:a>1</tns:a><tns:b>x</tns:b>"
    assert write(by_name, {"b": "x"}) == "<tns:b>x</tns:b>"


# --- recursion -----------------------------------------------------------------------------------------------------------------


def tree() -> Struct:
    """A struct that holds itself, directly and in an array."""
    found: list[Struct] = []
    ref = Ref(resolve=lambda: found[0])
    found.append(struct("Tree", field("v", Int()), field("kid", ref), field("kids", array(field("Tree", ref)))))
    return found[0]


def test_recursive_types() -> None:
    """They are read and written, to a depth."""
    node = tree()
    contents = "<v>1</v><kid><v>2</v></kid><kids><Tree><v>3</v></Tree><Tree/></kids>"
    value = read(node, contents)
    assert (value.v, value.kid.v, value.kids[0].v, value.kids[1].kids) == (1, 2, 3, None)
    assert write(node, value).replace("tns:", "") == contents
    options = Options(max_depth=5)
    read(node, "<kid>" * 5 + "</kid>" * 5, options)
    [(where, message)] = refuse(node, "<kid>" * 6 + "</kid>" * 6, options)
    assert (where, message) == ("kid/kid/kid/kid/kid/kid", "is nested deeper than max_depth=5")


def test_cycles_are_refused() -> None:
    """An object that contains itself is an error, not a crash."""
    node = tree()
    value = node.cls(1)
    value.kid = value
    with pytest.raises(EncodeError, match="contains itself"):
        write(node, value)


# --- maps and free content -----------------------------------------------------------------------------------------------------


def test_maps() -> None:
    """A dict is a sequence of entries."""
    node = Map(name="m", namespace=TNS, key=field("key", Str(), min_occurs=1), value=field("value", Int()))
    contents = '<entry><key>a</key><value>1</value></entry><entry><key>&lt;</key><value xsi:nil="true"/></entry>'
    assert read(node, contents) == {"a": 1, "<": None}
    assert write(node, {"a": 1, "<": None}).replace("tns:", "") == contents
    assert refuse(node, "<entry><value>x</value></entry><entry/>") == [
        ("[0]/value", "is not an integer (xs:integer)"),
        ("[1]/key", "is required"),
    ]
    assert write(node, {}) == "<tns:r/>"


ANYS: tuple[tuple[str, str, AnyType], ...] = (
    ("xml", "<q xmlns=''>1</q><r/>", "<q>1</q>"),
    ("xml", "text", None),
    ("html", "<p xmlns=''>x</p>", "<p>x</p>"),
    ("any", "<q xmlns=''/>", "<q></q>"),
    ("any", "text", "text"),
    ("any", "", None),
    ("dict", "<a xmlns=''>1</a><b xmlns=''>x</b><b xmlns=''/>", {"a": ["1"], "b": ["x", {}]}),
    ("dict", "<o:c><d xmlns=''>1</d></o:c>", {f"{{{OTHER}}}c": [{"d": ["1"]}]}),
    ("dict", "", None),
)


@pytest.mark.parametrize(("flavour", "contents", "value"), ANYS)
def test_free_content_is_read(flavour: AnyType, contents: str, value: AnyType) -> None:
    """An element, a text or a dict, as Spyne 2 gave it."""
    found = read(Any(flavour=flavour), contents)
    if isinstance(found, etree._Element):
        text = etree.tostring(found, with_tail=False, encoding="unicode")
        assert etree.canonicalize(text) == value
    else:
        assert found == value


def test_free_content_has_a_depth() -> None:
    """A dict may not nest without end."""
    [(_, message)] = refuse(Any(flavour="dict"), "<a>" * 6 + "x" + "</a>" * 6, Options(max_depth=5))
    assert message == "is nested deeper than max_depth=5"


ANYS_OUT: tuple[tuple[str, AnyType, str], ...] = (
    ("xml", etree.fromstring("<a><b/>t</a>"), "<a><b/>t</a>"),
    ("xml", "<?xml version='1.0'?><a>&amp;</a>", "<a>&amp;</a>"),
    ("html", "<p>x<br>y", "<p>x<br/>y</p>"),
    ("any", "a<b", "a&lt;b"),
    ("any", 5, "5"),
    (
        "dict",
        {"a": 1, "b": ["x", True], "c": {"d": None, "e": 1.5}, "f": ""},
        "<a>1</a><b>x</b><b>true</b><c><d/><e>1.5</e></c><f></f>",
    ),
    ("dict", {f"{{{OTHER}}}a": 1}, f'<q:a xmlns:q="{OTHER}">1</q:a>'),
)


@pytest.mark.parametrize(("flavour", "value", "text"), ANYS_OUT)
def test_free_content_is_written(flavour: AnyType, value: AnyType, text: str) -> None:
    """Elements as they are, dicts as elements, the rest as text."""
    assert write(Any(flavour=flavour), value) == text


@pytest.mark.parametrize(
    ("flavour", "value"),
    [
        ("xml", "<a>"),
        ("xml", "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"),
        ("xml", 5),
        ("html", 5),
        ("dict", {"a b": 1}),
        ("dict", {"a><b": 1}),
        ("dict", [1]),
        ("any", object()),
    ],
)
def test_free_content_that_is_not_xml(flavour: AnyType, value: AnyType) -> None:
    """Nothing that would break the document gets into it."""
    with pytest.raises(EncodeError):
        write(Any(flavour=flavour), value)


# --- writing -------------------------------------------------------------------------------------------------------------------

WRITTEN: tuple[tuple[Node, AnyType, str], ...] = (
    (Str(), "a<&>\r\"'", "a&lt;&amp;&gt;&#13;\"'"),
    (Str(), "", ""),
    (Str(), 5, "5"),
    (Int(), 5, "5"),
    (Int(), True, "1"),
    (Int(), "7", "7"),
    (Int(dump=lambda value: value + 1), 5, "6"),
    (Float(), 1.5, "1.5"),
    (Float(), float("nan"), "NaN"),
    (Float(), float("-inf"), "-INF"),
    (Float(), 3, "3"),
    (Decimal(), Number("1.50"), "1.50"),
    (Decimal(), Number("1E+5"), "100000"),
    (Decimal(), 3, "3"),
    (Bool(), True, "true"),
    (Bool(), 0, "false"),
    (Date(), dt.date(1, 1, 1), "0001-01-01"),
    (Date(), dt.datetime(2024, 1, 2, 3), "2024-01-02"),
    (Time(), dt.time(1, 2, 3, 400000), "01:02:03.400000"),
    (Time(), dt.time(1, 2, 3, tzinfo=dt.UTC), "01:02:03+00:00"),
    (DateTime(), dt.datetime(1, 1, 1), "0001-01-01T00:00:00"),
    (DateTime(), dt.datetime(2024, 1, 2, 3, 4, 5, 600000, tzinfo=dt.UTC), "2024-01-02T03:04:05.600000+00:00"),
    (DateTime(), dt.datetime(2024, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=-2.5))), "2024-01-02T00:00:00-02:30"),
    (Duration(), dt.timedelta(hours=1), "PT1H"),
    (Uuid(), UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    (Bytes(), b"abc", "YWJj"),
    (Bytes(), [b"ab", b"c"], "YWJj"),
    (Enum(members={"a&b": 1}), 1, "a&amp;b"),
)


@pytest.mark.parametrize(("node", "value", "text"), WRITTEN)
def test_scalars_are_written(node: Node, value: AnyType, text: str) -> None:
    """The text forms, in a member, an array and an attribute alike."""
    assert write(node, value) == text
    one = struct("S", field("a", node))
    assert write(one, one.cls(value)) == f"<tns:a>{text}</tns:a>"
    assert write(array(field("v", node)), [value, None]) == f'<tns:v>{text}</tns:v><tns:v xsi:nil="true"/>'
    placed = struct("S", field("a", node, hints={"xml_place": "attribute"}))
    element = etree.fromstring(f"<x {DECLARED}>{write(placed, placed.cls(value))}</x>")[0]
    assert element.get("a") == etree.fromstring(f"<x>{text}</x>").xpath("string()")


NONES: tuple[tuple[Field, AnyType, str], ...] = (
    (field("a", Int()), None, ""),
    (field("a", Int(), min_occurs=1), None, '<tns:a xsi:nil="true"/>'),
    (field("a", Int(), min_occurs=1, nillable=False), None, '<tns:a xsi:nil="true"/>'),
    (field("a", Int(), default=5), None, ""),
    (field("a", Int(), default=5, min_occurs=1), None, "<tns:a>5</tns:a>"),
    (field("a", ADDRESS), None, ""),
    (field("a", ADDRESS, min_occurs=1), None, '<tns:a xsi:nil="true"/>'),
    (field("a", NUMBERS), None, ""),
    (field("a", NUMBERS, min_occurs=1), None, '<tns:a xsi:nil="true"/>'),
    (field("a", NUMBERS, min_occurs=1), [], "<tns:a/>"),
    (
        field("a", NUMBERS),
        (i for i in (1, 2)),
        "<tns:a><tns:integer>1</tns:integer><tns:integer>2</tns:integer></tns:a>",
    ),
    (field("a", Int(), max_occurs=None), None, ""),
    (field("a", Int(), max_occurs=None, min_occurs=1), None, '<tns:a xsi:nil="true"/>'),
    (field("a", Int(), max_occurs=None, min_occurs=1), [], ""),
    (field("a", Int(), max_occurs=None), (1, None), '<tns:a>1</tns:a><tns:a xsi:nil="true"/>'),
)


@pytest.mark.parametrize(("member", "value", "text"), NONES)
def test_none_and_empty_lists(member: Field, value: AnyType, text: str) -> None:
    """None is left out or nil, as the occurrence says; a default is written where the member must occur."""
    node = struct("S", member, field("b", Int()))
    before, _, after = write(node, node.cls(value, 1)).partition("<tns:b>")
    assert (before, after) == (text, "1</tns:b>")


def test_what_may_stand_for_an_object() -> None:
    """Dicts by key, sequences by position, any object with such attributes, subclasses as the declared type."""
    full = "<tns:street>s</tns:street><tns:city>c</tns:city>"
    other = type("Other", (), {"street": "s", "city": "c"})()
    below = struct("Below", field("x", Int()), base=ADDRESS)
    for value in (
        {"street": "s", "city": "c", "z": 1},
        ("s", "c"),
        ["s", "c"],
        other,
        below.cls("s", "c", 5),
        MappingProxyType({"street": "s", "city": "c"}),
    ):
        assert write(ADDRESS, value) == full
        assert write(array(field("Address", ADDRESS)), [value]) == f"<tns:Address>{full}</tns:Address>"
    assert write(ADDRESS, ["s"]) == '<tns:street>s</tns:street><tns:city xsi:nil="true"/>'
    assert write(ADDRESS, type("Half", (), {"street": "s"})()) == '<tns:street>s</tns:street><tns:city xsi:nil="true"/>'
    assert write(struct("S", field("a", Int(), default=5)), {}) == "<tns:a>5</tns:a>"
    assert write(ADDRESS, None) == '<tns:r xsi:nil="true"/>'


def test_missing_members_of_the_declared_class() -> None:
    """A member that was deleted counts as None."""
    value = ADDRESS.cls("s", "c")
    del value.street
    assert write(ADDRESS, value) == "<tns:city>c</tns:city>"


def test_polymorphic_output() -> None:
    """The value's own type, named by xsi:type, on request only."""
    shapes = [SHAPE.cls("s"), CIRCLE.cls("c", 1), SQUARE.cls("q", 2)]
    node = array(field("Shape", SHAPE))
    assert write(node, shapes) == "".join(f"<tns:Shape><tns:name>{name}</tns:name></tns:Shape>" for name in "scq")
    assert write(node, shapes, Options(polymorphic=True)) == (
        "<tns:Shape><tns:name>s</tns:name></tns:Shape>"
        '<tns:Shape xsi:type="tns:Circle"><tns:name>c</tns:name><tns:radius>1</tns:radius></tns:Shape>'
        '<tns:Shape xsi:type="s0:Square"><tns:name>q</tns:name><s0:side>2</s0:side></tns:Shape>'
    )


ORDER = struct(
    "Order",
    field("n", Int()),
    field("to", ADDRESS),
    field("rows", array(field("Row", struct("Row", field("q", Float()), field("d", Date()))))),
)

REFUSED: tuple[tuple[AnyType, tuple[str | int, ...], str], ...] = (
    ({"n": "x"}, ("n",), "expected int, got text that is not an integer"),
    ({"n": object()}, ("n",), "expected int, got object"),
    ({"to": 5}, ("to",), "expected Address, got int"),
    ({"to": object()}, ("to",), "expected Address, got object"),
    ({"to": ("s", "c", "x")}, ("to",), "expected Address, got a sequence of 3 values for 2 members"),
    ({"to": {"city": object()}}, ("to", "city"), "expected str, got object"),
    ({"rows": "abc"}, ("rows",), "expected a list, got str"),
    ({"rows": 5}, ("rows",), "expected a list, got int"),
    ({"rows": {}}, ("rows",), "expected a list, got dict"),
    ({"rows": [(1, None), (1, "x")]}, ("rows", 1, "d"), "expected date, got text that is not a date (xs:date)"),
    ({"rows": iter([(1, None), ("x", None)])}, ("rows", 1, "q"), "expected float, got text that is not a number"),
)


@pytest.mark.parametrize("number", ["NaN", "-NaN", "NaN123", "sNaN1", "Infinity", "-Infinity"])
def test_a_decimal_that_is_no_number_is_not_written(number: str) -> None:
    """xs:decimal has neither NaN, with or without a diagnostic number, nor infinity."""
    with pytest.raises(EncodeError):
        write(struct("Row", field("total", Decimal())), {"total": Number(number)})


@pytest.mark.parametrize(("value", "path", "message"), REFUSED)
def test_what_is_refused_on_output(value: AnyType, path: tuple[str | int, ...], message: str) -> None:
    """The error says where the value is and what was expected there."""
    with pytest.raises(EncodeError) as caught:
        write(ORDER, value)
    assert (caught.value.path, caught.value.message) == (path, message)


def test_a_generator_is_read_once() -> None:
    """An error in a generator that stands in a list is not lost by looking twice."""
    node = struct("S", field("v", NUMBERS))
    with pytest.raises(EncodeError, match="expected int"):
        write(array(field("S", node)), [node.cls(iter([1, "x"]))])


def test_messages_are_written_by_position() -> None:
    """The members of a wrapper come as a sequence, those that are missing count as None."""
    node = struct("m", field("a", Int()), field("b", Str(), min_occurs=1))
    encode = compile_message_encoder(field("m", node), Element(TNS, "mResponse"), PLAIN, PREFIXES)
    assert encode([1, "x"]) == "<tns:mResponse><tns:a>1</tns:a><tns:b>x</tns:b></tns:mResponse>"
    assert encode([1]) == '<tns:mResponse><tns:a>1</tns:a><tns:b xsi:nil="true"/></tns:mResponse>'
    with pytest.raises(EncodeError):
        encode([1, "x", 2])
    empty = compile_message_encoder(field("m", struct("m")), Element(TNS, "m"), PLAIN, PREFIXES)
    assert empty([]) == "<tns:m/>"


def test_forbidden_characters() -> None:
    """What XML cannot carry is found in the finished document."""
    check_xml_chars("a\t\r\n\u00e9\U0001f600".encode())
    for bad in ("\x00", "\x0b", "\x1f", "\ufffe", "\uffff"):
        with pytest.raises(EncodeError):
            check_xml_chars(f"<a>{bad}</a>".encode())


def test_names_that_python_does_not_have() -> None:
    """Wire names and members with any characters do not get into the generated source."""
    node = struct("S", msgspec.structs.replace(field("class_", Str()), wire_name="class-\u00e9"))
    assert read(node, "<class-\u00e9>x</class-\u00e9>").class_ == "x"
    assert write(node, node.cls("x")) == "<tns:class-\u00e9>x</tns:class-\u00e9>"
    fields = (field("class", Str()), field("a-b", Str()))
    odd = Struct(name="S", namespace="urn:a&b'c", fields=fields, cls=dict, make=dict, access="item")
    assert write(odd, {"class": "x", "a-b": "y"}).count("urn:a&amp;b'c") == 2
    assert read(odd, "<class>x</class><a-b>y</a-b>") == {"class": "x", "a-b": "y"}


# --- the two decoders agree ----------------------------------------------------------------------------------------------------

_TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "5",
            "-5",
            "+5",
            "1_0",
            "1.5",
            "1e3",
            "true",
            "1",
            "INF",
            "nan",
            "x",
            "a b",
            "\u0665",
            "999999999999999999999",
        ]
    ),
    st.sampled_from(
        ["2024-01-02", "2024-01-02T03:04:05", "2024-01-02T03:04:05.5Z", "2024-01-02T03:04:05+00:00", "20240102"]
    ),
    st.sampled_from(["12345678-9abc-4def-8123-456789abcdef", "YWJj", "a", "b", "a<!-- -->b", "a<z/>"]),
    st.text("0123456789-+:.TZeE_ ", max_size=30),
)
_KINDS = st.sampled_from(
    [
        Str(),
        Str(facets=Facets(max_len=3)),
        Int(),
        Int(facets=Facets(ge=-5, le=100, max_str_len=4)),
        Decimal(),
        Float(facets=Facets(lt=10)),
        Bool(),
        Date(),
        Time(),
        DateTime(),
        Duration(),
        Uuid(),
        Bytes(),
        Enum(members={"a": 1, "b": 2}),
        Any(flavour="dict"),
    ]
)
_USES = st.fixed_dictionaries(
    {},
    optional={
        "min_occurs": st.integers(0, 2),
        "max_occurs": st.sampled_from([1, 2, None]),
        "nillable": st.booleans(),
        "default": st.just(True),
        "hints": st.sampled_from(
            [{"empty_is_none": True}, {"read_only": True}, {"xml_choice": "g"}, {"xml_namespace": OTHER}]
        ),
    },
)
_DEFAULTS: dict[type[Node], AnyType] = {Int: 5, Str: "d", Bool: True}


def _use(name: str, node: Node, more: dict[str, AnyType]) -> Field:
    made = field(name, node, **{key: value for key, value in more.items() if key != "default"})
    if "default" in more and not made.repeated and type(node) in _DEFAULTS:
        return msgspec.structs.replace(made, default=_DEFAULTS[type(node)])
    return made


_NODES = st.recursive(
    _KINDS,
    lambda inner: st.one_of(
        st.builds(lambda node, more: array(_use("v", node, more)), inner, _USES),
        st.builds(
            lambda uses: struct("S", *(_use(f"m{i}", node, more) for i, (node, more) in enumerate(uses))),
            st.lists(st.tuples(inner, _USES), max_size=4),
        ),
    ),
    max_leaves=8,
)
_ATTRIBUTES = st.sampled_from(
    [""] * 12 + [' xsi:nil="true"', ' xsi:nil="false"', ' xsi:type="S"', ' xsi:type="zz:S"', ' x="1"']
)


@st.composite
def _contents(draw: AnyType, node: Node) -> str:
    """The contents of an element, right in most places."""
    if draw(st.integers(0, 40)) == 0:
        return str(draw(_TEXTS))
    if isinstance(node, Array):
        children = [(node.item, draw(st.sampled_from(["v"] * 9 + ["z"]))) for _ in range(draw(st.integers(0, 3)))]
    elif isinstance(node, Struct):
        children = []
        for member in node.fields:
            children += [(member, member.wire_name)] * draw(st.sampled_from([1] * 8 + [0, 2]))
        if draw(st.integers(0, 8)) == 0:
            children = draw(st.permutations(children))
    else:
        return str(draw(_TEXTS))
    parts = []
    for member, name in children:
        prefix = "o:" if member.hints.get("xml_namespace") or draw(st.integers(0, 30)) == 0 else ""
        parts.append(f"<{prefix}{name}{draw(_ATTRIBUTES)}>{draw(_contents(member.type))}</{prefix}{name}>")
        parts.append(draw(st.sampled_from([""] * 9 + ["\n", "<!-- c -->", "<strange/>"])))
    return "".join(parts)


@st.composite
def _cases(draw: AnyType) -> tuple[Node, str, Options]:
    node = draw(_NODES)
    return node, draw(_contents(node)), draw(st.sampled_from([PLAIN, SOFT]))


@settings(max_examples=150, deadline=None, report_multiple_bugs=False)
@given(_cases())
def test_the_fast_decoder_agrees_with_the_careful_one(case: tuple[Node, str, Options]) -> None:
    """Whatever the fast decoder returns, the careful one returns as well."""
    node, contents, options = case
    element = document(contents)
    try:
        value = xml_fast.compile_fast(field("r", node), options)(element)
    except Exception:  # anything at all means that the careful decoder is asked
        return
    assert plain(value) == plain(compile_decoder(field("r", node), options)(element))


@settings(max_examples=80, deadline=None, report_multiple_bugs=False)
@given(_cases())
def test_what_was_read_is_written_and_read_again(case: tuple[Node, str, Options]) -> None:
    """A value survives the round trip."""
    node, contents, options = case
    of = field("r", node)
    try:
        value = xml_fast.compile(of, options)(document(contents))
    except DecodeError:
        return
    text = compile_encoder(of, Element(TNS, "r"), options, PREFIXES)(value)
    again = etree.fromstring(f"<x {DECLARED}>{text}</x>")[0]
    try:
        second = compile_decoder(of, PLAIN)(again)
    except DecodeError as error:
        raise AssertionError(text) from error
    text = compile_encoder(of, Element(TNS, "r"), options, PREFIXES)(second)
    again = etree.fromstring(f"<x {DECLARED}>{text}</x>")[0]
    assert plain(compile_decoder(of, PLAIN)(again)) == plain(second)
