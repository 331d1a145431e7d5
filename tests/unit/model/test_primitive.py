from __future__ import annotations

import datetime
import decimal
import ipaddress
import re
import uuid

import pytest

from spyne.codec._base import DecodeError
from spyne.codec.text import formatter, parser
from spyne.model import primitive
from spyne.model.complex import Array, ComplexModel
from spyne.model.enum import Enum
from spyne.model.mandatory import M, Mandatory
from spyne.model.primitive import (
    ID,
    NATIVE_MAP,
    Any,
    AnyDict,
    AnyHtml,
    AnyUri,
    AnyXml,
    Boolean,
    Date,
    DateTime,
    Decimal,
    Double,
    Duration,
    Float,
    ImageUri,
    Integer,
    Integer8,
    Integer16,
    Integer32,
    Integer64,
    IpAddress,
    Ipv4Address,
    Ipv6Address,
    Language,
    Line,
    Ltree,
    LtreeLarge,
    MacAddress,
    MediaType,
    MediaTypeStrict,
    MimeType,
    MimeTypeStrict,
    MultiLine,
    MultiPoint,
    MultiPolygon,
    Name,
    NCName,
    NMToken,
    NormalizedString,
    NumberLimitsWarning,
    Point,
    Polygon,
    PositiveInteger,
    QName,
    String,
    Time,
    Token,
    Unicode,
    UnsignedInteger,
    UnsignedInteger8,
    UnsignedInteger16,
    UnsignedInteger32,
    UnsignedInteger64,
    Uuid,
)
from spyne.schema import DeclarationError, Lowering, Place, nodes

XSD = nodes.XSD_NAMESPACE
SPYNE = "http://spyne.io/schema"
PLUS_3 = datetime.timezone(datetime.timedelta(hours=3))


def lower(tp):
    return Lowering(default_namespace="tns", natives=NATIVE_MAP).field(tp, Place("A", "tns", "f"))


def node_of(tp):
    return lower(tp).type


KINDS = [
    # type, node, public name, namespace, native value
    (Unicode, nodes.Str, "string", XSD, str),
    (AnyUri, nodes.Str, "anyURI", XSD, AnyUri.Value),
    (ImageUri, nodes.Str, "anyURI", XSD, AnyUri.Value),
    (NormalizedString, nodes.Str, "normalizedString", XSD, str),
    (Token, nodes.Str, "token", XSD, str),
    (Name, nodes.Str, "Name", XSD, str),
    (NCName, nodes.Str, "NCName", XSD, str),
    (ID, nodes.Str, "ID", XSD, str),
    (QName, nodes.Str, "QName", XSD, str),
    (NMToken, nodes.Str, "NMTOKEN", XSD, str),
    (Language, nodes.Str, "language", XSD, str),
    (Uuid, nodes.Uuid, "uuid", SPYNE, uuid.UUID),
    (Ltree, nodes.Str, "ltreeString", SPYNE, str),
    (LtreeLarge, nodes.Str, "largeLtreeString", SPYNE, str),
    (MimeType, nodes.Str, "mimeTypeString", SPYNE, str),
    (MimeTypeStrict, nodes.Str, "strictMimeTypeString", SPYNE, str),
    (MediaType, nodes.Str, "mediaTypeString", SPYNE, str),
    (MediaTypeStrict, nodes.Str, "strictMediaTypeString", SPYNE, str),
    (MacAddress, nodes.Str, "addr_mac", SPYNE, str),
    (IpAddress, nodes.Str, "addr_ip", SPYNE, str),
    (Ipv4Address, nodes.Str, "addr_ipv4", SPYNE, str),
    (Ipv6Address, nodes.Str, "addr_ipv6", SPYNE, str),
    (Decimal, nodes.Decimal, "decimal", XSD, decimal.Decimal),
    (Double, nodes.Float, "double", XSD, float),
    (Float, nodes.Float, "float", XSD, float),
    (Integer, nodes.Int, "integer", XSD, int),
    (UnsignedInteger, nodes.Int, "nonNegativeInteger", XSD, int),
    (PositiveInteger, nodes.Int, "positiveInteger", XSD, int),
    (Integer8, nodes.Int, "byte", XSD, int),
    (Integer16, nodes.Int, "short", XSD, int),
    (Integer32, nodes.Int, "int", XSD, int),
    (Integer64, nodes.Int, "long", XSD, int),
    (UnsignedInteger8, nodes.Int, "unsignedByte", XSD, int),
    (UnsignedInteger16, nodes.Int, "unsignedShort", XSD, int),
    (UnsignedInteger32, nodes.Int, "unsignedInt", XSD, int),
    (UnsignedInteger64, nodes.Int, "unsignedLong", XSD, int),
    (Boolean, nodes.Bool, "boolean", XSD, bool),
    (Date, nodes.Date, "date", XSD, datetime.date),
    (Time, nodes.Time, "time", XSD, datetime.time),
    (DateTime, nodes.DateTime, "dateTime", XSD, datetime.datetime),
    (Duration, nodes.Duration, "duration", XSD, datetime.timedelta),
    (Point(2), nodes.Str, "point2d", SPYNE, None),
    (Line(3), nodes.Str, "line3d", SPYNE, str),
    (Polygon(2), nodes.Str, "polygon2d", SPYNE, str),
    (MultiPoint(2), nodes.Str, "multiPoint2d", SPYNE, str),
    (MultiLine(3), nodes.Str, "multiLine3d", SPYNE, str),
    (MultiPolygon(3), nodes.Str, "multipolygon3d", SPYNE, str),
    (AnyXml, nodes.Any, "anyType", XSD, None),
    (AnyHtml, nodes.Any, "string", XSD, None),
    (AnyDict, nodes.Any, "anyType", XSD, dict),
    (Any, nodes.Any, "anyType", XSD, None),
]


@pytest.mark.parametrize(("tp", "kind", "name", "namespace", "value"), KINDS, ids=lambda x: getattr(x, "__name__", x))
def test_kind_and_public_name(tp, kind, name, namespace, value):
    """Every type lowers to its kind under the public name that existing contracts have."""
    node = node_of(tp)
    assert type(node) is kind
    assert (node.name, node.namespace) == (name, namespace)
    assert tp.get_type_name() == name
    if value is not None:
        assert tp.Value is value
    if namespace == SPYNE:
        assert (node.base.name, node.base.namespace) == ("string", XSD)
    else:
        assert node.base is None


def test_exports_exist():
    """Every exported name exists, once."""
    assert len(primitive.__all__) == len(set(primitive.__all__))
    assert all(hasattr(primitive, name) for name in primitive.__all__)


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        (Integer, Decimal),
        (Double, Decimal),
        (Float, Double),
        (Integer32, Integer),
        (UnsignedInteger8, UnsignedInteger),
        (PositiveInteger, UnsignedInteger),
        (AnyUri, Unicode),
        (ImageUri, AnyUri),
        (Uuid, Unicode),
        (IpAddress, Unicode),
        (Point, Unicode),
        (ID, NCName),
        (Token, NormalizedString),
        (Date, DateTime),
        (String, Unicode),
    ],
)
def test_hierarchy(child, parent):
    """The subclass relations that user code asks for hold, for customized classes as well."""
    assert issubclass(child, parent)
    assert issubclass(child(min_occurs=1), child)
    assert child(min_occurs=1).__orig__ is child


@pytest.mark.parametrize(
    ("native", "model"),
    [
        (int, Integer),
        (str, Unicode),
        (float, Double),
        (bool, Boolean),
        (decimal.Decimal, Decimal),
        (datetime.datetime, DateTime),
        (datetime.date, Date),
        (datetime.time, Time),
        (datetime.timedelta, Duration),
        (uuid.UUID, Uuid),
    ],
)
def test_native_types(native, model):
    """A Python type stands for the same model as in Spyne 2."""
    assert NATIVE_MAP[native] is model


def test_bytes_annotation_is_plain_bytes():
    """The annotation bytes is base64Binary on the wire and one bytes object in Python."""
    node = node_of(NATIVE_MAP[bytes])
    assert (type(node), node.name, node.namespace, node.load) == (nodes.Bytes, "base64Binary", XSD, None)


def test_attributes_can_be_read():
    """Unset restrictions read as infinity or as zero, set ones as given."""
    assert Unicode.Attributes.max_len == decimal.Decimal("inf")
    assert Unicode.Attributes.min_len == 0
    assert Integer.Attributes.ge == -decimal.Decimal("inf")
    assert Integer.Attributes.lt == decimal.Decimal("inf")
    assert Unicode(5).Attributes.max_len == 5
    assert Integer32.Attributes.max_bound == 2**31 - 1
    assert Decimal(5, 2).Attributes.total_digits == 5
    assert Decimal(5, 2).Attributes.fraction_digits == 2
    assert Decimal(5).Attributes.fraction_digits == 0


@pytest.mark.parametrize(
    ("tp", "low", "high"),
    [
        (Integer8, -128, 127),
        (Integer16, -(2**15), 2**15 - 1),
        (Integer32, -(2**31), 2**31 - 1),
        (Integer64, -(2**63), 2**63 - 1),
        (UnsignedInteger8, 0, 255),
        (UnsignedInteger16, 0, 2**16 - 1),
        (UnsignedInteger32, 0, 2**32 - 1),
        (UnsignedInteger64, 0, 2**64 - 1),
        (UnsignedInteger, 0, None),
        (PositiveInteger, 1, None),
    ],
)
def test_extremes_of_integers_are_valid(tp, low, high):
    """Both ends of a width are values of the type, and their neighbours outside are not."""
    read = parser(node_of(tp), validate=True)
    assert read(str(low)) == low
    with pytest.raises(DecodeError):
        read(str(low - 1))
    if high is not None:
        assert read(str(high)) == high
        with pytest.raises(DecodeError):
            read(str(high + 1))


def test_text_length_of_numbers_stays_bounded():
    """Customizing a number keeps the guard on the length of its text."""
    assert node_of(Integer).facets.max_str_len == 1024
    assert node_of(Integer(ge=1)).facets.max_str_len == 1024
    assert node_of(Integer(max_str_len=7)).facets.max_str_len == 7


NARROWED = [
    (Integer32(ge=2), {"ge": 2, "gt": None, "le": 2**31 - 1, "lt": None}),
    (Integer32(gt=2), {"ge": None, "gt": 2, "le": 2**31 - 1, "lt": None}),
    (Integer32(lt=9), {"ge": -(2**31), "gt": None, "le": None, "lt": 9}),
    (Integer(gt=1, lt=9), {"ge": None, "gt": 1, "le": None, "lt": 9}),
    (Double(ge=1.5), {"ge": 1.5, "gt": None, "le": None, "lt": None}),
    (Decimal(5, 2), {"total_digits": 5, "fraction_digits": 2}),
    (Unicode(5, min_len=2, pattern="a*"), {"min_len": 2, "max_len": 5, "pattern": "a*"}),
    (Unicode(values=["a", "b"]), {"values": ("a", "b")}),
    (Boolean(values=[True]), {"values": (True,)}),
    (Date(ge=datetime.date(2020, 1, 1)), {"ge": datetime.date(2020, 1, 1)}),
    (Ltree(max_len=5), {"max_len": 5, "pattern": r"\w+(\.\w+)*"}),
]


@pytest.mark.parametrize(("tp", "facets"), NARROWED)
def test_restrictions_become_facets(tp, facets):
    """A restriction is an anonymous type, named after its place, with the facets that were asked for."""
    node = node_of(tp)
    assert node.base is not None
    assert (node.name, node.namespace) == ("A_fType", "tns")
    assert {name: getattr(node.facets, name) for name in facets} == facets


SAME_TYPE = [
    (Unicode(min_occurs=1), "string", XSD),
    (Integer32(nillable=False), "int", XSD),
    (Unicode(default="x"), "string", XSD),
    (Point(2, min_occurs=1), "point2d", SPYNE),
    (Unicode(5, type_name="Five"), "Five", "spyne.model.primitive.string"),
    (Integer(ge=1, type_name="One"), "One", "spyne.model.primitive.number"),
    (DateTime(type_name="When"), "When", "spyne.model.primitive.datetime"),
    (Boolean(type_name="Yes", values=[True]), "Yes", "spyne.model.primitive"),
    (Uuid(type_name="MyU"), "MyU", SPYNE),
    (Unicode(5, type_name="Five", namespace="urn:x"), "Five", "urn:x"),
    # existing contracts have a type of its own here, though it restricts nothing
    (Uuid(min_occurs=1), "A_fType", "tns"),
    (IpAddress(nillable=False), "A_fType", "tns"),
]


@pytest.mark.parametrize(("tp", "name", "namespace"), SAME_TYPE)
def test_names_of_customized_types(tp, name, namespace):
    """Customized types have the names and namespaces that Spyne 2 published."""
    node = node_of(tp)
    assert (node.name, node.namespace) == (name, namespace)


class Code(Unicode):
    __type_name__ = "Code"
    __namespace__ = "urn:codes"

    class Attributes(Unicode.Attributes):
        pattern = "[A-Z]{3}"


def test_subclass_with_attributes():
    """A subclass with a name of its own is a named restriction; further restrictions derive from it."""
    node = node_of(Code)
    assert (node.name, node.namespace, node.base.name, node.facets.pattern) == (
        "Code",
        "urn:codes",
        "string",
        "[A-Z]{3}",
    )
    assert node_of(Code(max_len=3)).base.name == "Code"


OUT_OF_REACH = [
    (Integer8, {"ge": -200}),
    (Integer8, {"le": 200}),
    (UnsignedInteger, {"ge": -1}),
    (UnsignedInteger8, {"lt": 1000}),
]


@pytest.mark.parametrize(("tp", "bounds"), OUT_OF_REACH)
def test_bounds_beyond_the_type_warn(tp, bounds):
    """A bound that all values of the type meet is a warning, and does not widen the type."""
    with pytest.warns(NumberLimitsWarning):
        customized = tp(**bounds)
    assert node_of(customized).facets.ge == tp.Attributes.min_bound
    assert node_of(customized).facets.le == tp.Attributes.max_bound


MISTAKES = [
    lambda: Unicode(-1),
    lambda: Unicode("5"),
    lambda: Unicode(2.5),
    lambda: Unicode(1, 2),
    lambda: Unicode(min_len=3, max_len=2),
    lambda: Unicode(pattern="("),
    lambda: Unicode(values=[1]),
    lambda: Unicode(values="ab", max_len=-1),
    lambda: Integer(ge="a"),
    lambda: Integer(ge=3, le=2),
    lambda: Integer(gt=3, lt=3),
    lambda: Integer(ge=True),
    lambda: Integer(values=["1"]),
    lambda: Integer32(ge=2**40),
    lambda: UnsignedInteger(lt=-5),
    lambda: Decimal(2, 5),
    lambda: Decimal(0),
    lambda: Decimal(1, 2, 3),
    lambda: Decimal(ge=decimal.Decimal("NaN")),
    lambda: Boolean(5),
    lambda: Date(ge="2020-01-01"),
    lambda: DateTime(ge=datetime.datetime(2021, 1, 1), le=datetime.datetime(2020, 1, 1)),
    lambda: DateTime(ge=datetime.datetime(2020, 1, 1), le=datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC)),
    lambda: DateTime(as_timezone="Europe/Istanbul"),
    lambda: DateTime(serialize_as="fortnight"),
    lambda: Uuid(serialize_as="oid"),
    lambda: IpAddress(serialize_as="int"),
    lambda: Point(4),
    lambda: Unicode(max_length=3, min_ocurs=1),
    lambda: type("Bad", (Unicode,), {"Attributes": type("Attributes", (Unicode.Attributes,), {"min_len": -1})}),
    lambda: Mandatory(3),
]


@pytest.mark.parametrize("declare", MISTAKES)
def test_mistakes_are_found_where_they_are_made(declare):
    """A declaration that contradicts itself or its type is refused when it is made, as a ValueError."""
    with pytest.raises(DeclarationError) as caught:
        declare()
    assert isinstance(caught.value, ValueError)
    assert str(caught.value)


def test_patterns_with_xsd_escapes_are_kept():
    r"""Name escapes and class subtraction are XSD's own and are no mistake."""
    assert node_of(Unicode(pattern=r"\i\c*")).facets.pattern == r"\i\c*"
    assert node_of(Unicode(pattern="[a-z-[aeiou]]")).facets.pattern == "[a-z-[aeiou]]"


MOMENT = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
NAIVE = datetime.datetime(2024, 1, 2, 3, 4, 5)
WRITTEN = [
    (DateTime(dt_format="%Y|%m"), MOMENT, "2024|01"),
    (DateTime(format="%Y"), MOMENT, "2024"),
    (DateTime(out_format="%Y!"), MOMENT, "2024!"),
    (DateTime(datetime_format="%Y-%d"), MOMENT, "2024-02"),
    (DateTime(dt_format="%Y", string_format="<%s>"), MOMENT, "<2024>"),
    (DateTime(interp_format="<%s>"), MOMENT, "<2024-01-02T03:04:05>"),
    (DateTime(as_timezone=PLUS_3), MOMENT, "2024-01-02T06:04:05+03:00"),
    (DateTime(as_timezone=PLUS_3), NAIVE, "2024-01-02T03:04:05"),
    (DateTime(timezone=False), MOMENT, "2024-01-02T03:04:05"),
    (DateTime(as_timezone=PLUS_3, timezone=False), MOMENT, "2024-01-02T06:04:05"),
    (DateTime(serialize_as="sec"), MOMENT, "1704164645"),
    (Date(date_format="%Y|%m"), NAIVE.date(), "2024|01"),
    (Time(time_format="%H"), NAIVE.time(), "03"),
    (Integer(format="%05d"), 5, "00005"),
    (Integer(str_format="{0:05d}"), 5, "00005"),
    (Decimal(format="%.3f"), decimal.Decimal("1.5"), "1.500"),
    (Unicode(format="<%s>"), "x", "<x>"),
    (Unicode(str_format="<{0}>"), "x", "<x>"),
    (Unicode(sanitizer=str.upper), "x", "X"),
    (Uuid(serialize_as="hex"), uuid.UUID(int=5), f"{5:032x}"),
    (Uuid(serialize_as="urn"), uuid.UUID(int=5), "urn:uuid:00000000-0000-0000-0000-000000000005"),
    (AnyUri, AnyUri.Value("http://x", text="x"), "http://x"),
    (AnyUri, "http://x", "http://x"),
    (IpAddress, ipaddress.ip_address("10.0.0.1"), "10.0.0.1"),
    (Ipv6Address, "::1", "::1"),
]


@pytest.mark.parametrize(("tp", "value", "text"), WRITTEN)
def test_customized_text_forms_on_output(tp, value, text):
    """The documented format customizations decide how values are written."""
    assert formatter(node_of(tp))(value) == text


READ = [
    (DateTime(dt_format="%Y|%m"), "2024|03", datetime.datetime(2024, 3, 1)),
    (DateTime(out_format="%Y!"), "2024-01-02T03:04:05Z", MOMENT),
    (DateTime(as_timezone=PLUS_3), "2024-01-02T06:04:05", MOMENT),
    (DateTime(as_timezone=PLUS_3), "2024-01-02T03:04:05Z", MOMENT),
    (DateTime(serialize_as="sec"), "1704164645", MOMENT),
    (Date(date_format="%Y|%m"), "2024|03", datetime.date(2024, 3, 1)),
    (Time(time_format="%H"), "13", datetime.time(13)),
    (Unicode(parser=str.upper), "x", "X"),
    (Unicode(in_cast=str.upper), "x", "X"),
    (Integer(cast=lambda value: -value), "4", -4),
    (Uuid(serialize_as="hex"), f"{5:032x}", uuid.UUID(int=5)),
    (Token, "  a \n b ", "a b"),
    (NormalizedString, "a\tb", "a b"),
]


@pytest.mark.parametrize(("tp", "text", "value"), READ)
def test_customized_text_forms_on_input(tp, text, value):
    """The documented format and parser customizations decide how text is read."""
    assert parser(node_of(tp), validate=True)(text) == value


@pytest.mark.parametrize("form", ["hex", "urn", "int"])
def test_uuid_forms_have_their_own_pattern(form):
    """The published pattern of a UUID in another form is that form's, and it does not derive from the usual one."""
    node = node_of(Uuid(serialize_as=form))
    text = formatter(node)(uuid.UUID(int=5))
    assert re.fullmatch(node.facets.pattern, text)
    assert node.base.name == "string"


def test_date_pattern_with_groups_is_how_it_is_read():
    """A pattern with named groups reads the value and is no facet."""
    node = node_of(Date(pattern=r"(?P<day>\d+)/(?P<month>\d+)/(?P<year>\d+)"))
    assert node.facets.pattern is None
    assert parser(node, validate=True)("2/1/2024") == datetime.date(2024, 1, 2)


TEXTS = [
    # type, texts that fit, texts that do not
    (Uuid, ["12345678-1234-1234-1234-123456789abc"], ["12345678", "12345678-1234-1234-1234-123456789abg"]),
    (Ltree, ["a", "a.b_1"], ["", "a..b", "a-b"]),
    (MimeType, ["text/plain", "foo/bar+xml"], ["text", "text/plain; charset=utf-8", "a/b/c"]),
    (MimeTypeStrict, ["text/plain", "x-foo/bar"], ["foo/bar"]),
    (MediaType, ["text/plain", "text/plain; charset=utf-8", 'a/b;c="d e" ; f=g'], ["text", "a/b;c"]),
    (MediaTypeStrict, ["text/plain;charset=utf-8"], ["foo/bar"]),
    (MacAddress, ["00:11:22:aa:BB:cc", "00-11-22-33-44-55"], ["00:11:22", "00:11:22:33:44:5g"]),
    (Ipv4Address, ["1.2.3.4", "255.255.255.255"], ["256.1.1.1", "1.2.3", "1.2.3.4.5", "::1"]),
    (
        Ipv6Address,
        [
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "1::8",
            "1:2::7:8",
            "::ffff:1.2.3.4",
            "64:ff9b::1.2.3.4",
            "fe80::1%eth0",
            "1:2:3:4:5:6:1.2.3.4",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
        ],
        ["1.2.3.4", ":", "1:2:3", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9", "::256.1.1.1"],
    ),
    (IpAddress, ["1.2.3.4", "::1"], ["x", "1.2.3.4::"]),
    (Point(2), ["POINT(1 2)", "POINT (-1.5 2e3)", "POINT( 1  2 )"], ["POINT(1 2 3)", "POINT(1)", "point(1 2)"]),
    (Point(3), ["POINT(1 2 3)", "POINT Z (1 2 3)"], ["POINT(1 2)"]),
    (Line(2), ["LINESTRING(1 2,3 4)", "LINESTRING (1 2 , 3 4, 5 6)"], ["LINESTRING(1 2)", "LINESTRING(1 2,3)"]),
    (Polygon(2), ["POLYGON((1 2,3 4,5 6,1 2),(1 2,3 4))"], ["POLYGON(1 2,3 4)"]),
    (MultiPoint(2), ["MULTIPOINT(1 2,3 4)", "MULTIPOINT((1 2),(3 4))"], ["MULTIPOINT()"]),
    (MultiLine(2), ["MULTILINESTRING((1 2,3 4),(5 6,7 8))"], ["MULTILINESTRING(1 2,3 4)"]),
    (MultiPolygon(2), ["MULTIPOLYGON(((1 2,3 4)),((1 2,3 4),(5 6,7 8)))"], ["MULTIPOLYGON((1 2,3 4))"]),
]


@pytest.mark.parametrize(("tp", "fitting", "others"), TEXTS, ids=lambda x: getattr(x, "__name__", None))
def test_patterns_of_named_text(tp, fitting, others):
    """The patterns of the named types take what they should, and nothing else."""
    read = parser(node_of(tp), validate=True)
    for text in fitting:
        read(text)
    for text in others:
        with pytest.raises(DecodeError):
            read(text)


@pytest.mark.parametrize(
    "text", ["::1.2.3.4", "1:2:3::1.2.3.4", "1:2:3:4:5::1.2.3.4", "1::6:1.2.3.4", "abcd::", "::1:2:3"]
)
def test_ipv6_agrees_with_python(text):
    """Addresses that Python's ipaddress reads fit the pattern."""
    assert ipaddress.IPv6Address(text)
    assert re.fullmatch(Ipv6Address.Attributes.pattern, text)


@pytest.mark.parametrize("tp", [Point(2), Line(2), Polygon(3), MultiPoint(2), MultiLine(2), MultiPolygon(3)])
@pytest.mark.parametrize("unit", ["1", " ", "1.", "1e", "1 2,", "(1 2,", "(", "1 1 1 ,"])
def test_geometry_patterns_do_not_backtrack(tp, unit):
    """Long text that nearly fits is refused at once."""
    text = tp._tag + "(" + unit * 4000 + "x"
    assert re.fullmatch(tp.Attributes.pattern, text) is None


def test_point_value():
    """Point.Value makes the text of a point."""
    assert Point.Value(1, 2, prec=2) == "POINT(1.00 2.00)"
    assert parser(node_of(Point(3)), validate=True)(Point.Value(1, -2.5, 3))


def test_any_hints():
    """AnyXml's wildcard attributes are hints, not the namespace of the type."""
    node = node_of(AnyXml(namespace="##other", process_contents="lax"))
    assert (node.flavour, node.namespace) == ("xml", XSD)
    assert dict(node.hints) == {"namespace": "##other", "process_contents": "lax"}
    assert [node_of(tp).flavour for tp in (AnyXml, AnyHtml, AnyDict, Any)] == ["xml", "html", "dict", "any"]


def test_hooks_become_checks():
    """validate_string and validate_native of a subclass are asked about the text and about the value."""

    class Even(Integer):
        __type_name__ = "Even"
        __namespace__ = "tns"

        @staticmethod
        def validate_native(cls, value):
            return value % 2 == 0

    read = parser(node_of(Even), validate=True)
    assert read("4") == 4
    with pytest.raises(DecodeError):
        read("5")


def test_bytes_for_text():
    """Encoding and unicode_errors say how bytes given in place of text are read."""
    node = node_of(Unicode(encoding="latin1", unicode_errors="replace"))
    assert (node.encoding, node.encoding_errors) == ("latin1", "replace")
    assert formatter(node)(b"\xe9") == "é"


class C(ComplexModel):
    __namespace__ = "tns"
    a = Unicode


MANDATORY = [
    # type, public name, namespace, min_len
    (Unicode, "Mandatorystring", "spyne.model.primitive.string", 1),
    (str, "Mandatorystring", "spyne.model.primitive.string", 1),
    (AnyUri, "MandatoryanyURI", "spyne.model.primitive.string", 1),
    (Uuid, "Mandatoryuuid", SPYNE, 1),
    (IpAddress, "Mandatoryaddr_ip", SPYNE, 1),
    (Unicode(type_name="Pn", pattern="x"), "MandatoryPn", "spyne.model.primitive.string", 1),
    (Unicode(5), "A_fType", "tns", 1),
    (Unicode(5, min_len=3), "A_fType", "tns", 3),
    (Integer, "integer", XSD, None),
    (Integer32, "int", XSD, None),
    (DateTime, "dateTime", XSD, None),
    (Boolean, "boolean", XSD, None),
    (Decimal(5, 2), "A_fType", "tns", None),
    (Enum("a", type_name="E"), "E", "tns", None),
]


@pytest.mark.parametrize(("tp", "name", "namespace", "min_len"), MANDATORY)
def test_mandatory_scalars(tp, name, namespace, min_len):
    """A mandatory value occurs, is not null and, if text, not empty; its type has Spyne 2's name."""
    field = lower(M(tp))
    assert (field.min_occurs, field.nillable) == (1, False)
    assert (field.type.name, field.type.namespace) == (name, namespace)
    assert field.type.facets.min_len == min_len


def test_mandatory_types_with_members():
    """A mandatory class is a type with the prefix, a mandatory array has mandatory items under their old name."""
    assert M(C).get_type_name() == "MandatoryC"
    assert issubclass(M(C), C)
    assert M(C).Attributes.min_occurs == 1
    array = M(Array(Unicode))
    assert array.get_type_name() == "MandatorystringArray"
    assert [(name, tp.get_type_name()) for name, tp in array._type_info.items()] == [("string", "Mandatorystring")]
    assert [(name, tp.get_type_name()) for name, tp in M(Array(C))._type_info.items()] == [("C", "MandatoryC")]
    assert Mandatory is M


def test_old_spelling_of_mandatory():
    """Mandatory.Unicode still works, with a warning that says what to write."""
    with pytest.warns(DeprecationWarning, match=r"Mandatory\(Unicode\)"):
        old = Mandatory.Unicode
    assert old.get_type_name() == "Mandatorystring"
    with pytest.raises(AttributeError):
        Mandatory.Nothing
