"""The lexical table: what each kind reads and writes as text, and what it refuses."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import uuid
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spyne.codec import _lexical_other as other
from spyne.codec._base import DecodeError, EncodeError
from spyne.codec._lexical_pattern import translate
from spyne.codec.text import JSON_NAMES, KINDS, XSD_NAMES, checker, formatter, parser, xsd_name
from spyne.schema.nodes import (
    Bool,
    Bytes,
    Date,
    DateTime,
    Decimal,
    Duration,
    Enum,
    Facets,
    Float,
    Int,
    Lexical,
    Str,
    Time,
    Uuid,
)

D = decimal.Decimal
UTC = dt.UTC
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
COLOUR = Enum(members={"red": 1, "green": 2})


def zone(hours: int, minutes: int = 0) -> dt.timezone:
    return dt.timezone(dt.timedelta(hours=hours, minutes=minutes))


READ = [
    (Bool(), "true", True),
    (Bool(), "0", False),
    (Bool(), " true\n", True),
    (Int(), "5", 5),
    (Int(), " -5 ", -5),
    (Int(), "+007", 7),
    (Int(), "1" * 1024, int("1" * 1024)),
    (Decimal(), "1.10", D("1.10")),
    (Decimal(), "+.5", D("0.5")),
    (Decimal(), " -5. ", D("-5")),
    (Float(), "1.5", 1.5),
    (Float(), "1E-2", 0.01),
    (Float(), "-INF", -math.inf),
    (Float(), " INF ", math.inf),
    (Str(), " a\tb ", " a\tb "),
    (Str(whitespace="replace"), " a\tb ", " a b "),
    (Str(whitespace="collapse"), " a\t\n b ", "a b"),
    (Bytes(), "YW\nI=", b"ab"),
    (Bytes(), "", b""),
    (Bytes(encoding="hex"), " 6a6B ", b"jk"),
    (Bytes(encoding="urlsafe_base64"), "__5hYg==", b"\xff\xfeab"),
    (Date(), "2020-02-29", dt.date(2020, 2, 29)),
    (Date(), " 2020-01-02+03:00 ", dt.date(2020, 1, 2)),
    (Date(), "2020-01-02Z", dt.date(2020, 1, 2)),
    (Time(), "01:02:03.5", dt.time(1, 2, 3, 500000)),
    (Time(), "01:02:03-02:30", dt.time(1, 2, 3, tzinfo=zone(-3, 30))),
    (Time(), "24:00:00", dt.time(0)),
    (DateTime(), "2020-01-02T03:04:05", dt.datetime(2020, 1, 2, 3, 4, 5)),
    (DateTime(), "2020-01-02 03:04:05", dt.datetime(2020, 1, 2, 3, 4, 5)),
    (DateTime(), "2020-01-02T03:04:05Z", dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
    (DateTime(), "2020-01-02T03:04:05+00:00", dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
    (DateTime(), "2020-01-02T03:04:05.25-02:30", dt.datetime(2020, 1, 2, 3, 4, 5, 250000, tzinfo=zone(-3, 30))),
    (DateTime(), "2020-01-02T03:04:05+14:00", dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=zone(14))),
    (DateTime(), "2020-12-31T24:00:00", dt.datetime(2021, 1, 1)),
    (DateTime(), "2020-01-02T03:04:05.1234564999", dt.datetime(2020, 1, 2, 3, 4, 5, 123456)),
    (DateTime(), "2020-01-02T03:04:59.9999999", dt.datetime(2020, 1, 2, 3, 5)),
    (Duration(), "P1Y2M3DT4H5M6.7S", dt.timedelta(days=428, seconds=14706, microseconds=700000)),
    (Duration(), "-PT1M", dt.timedelta(minutes=-1)),
    (Duration(), " PT36H ", dt.timedelta(hours=36)),
    (Uuid(), str(ID), ID),
    (Uuid(), f" {ID} ", ID),
    (Uuid(), ID.urn, ID),
    (Uuid(), ID.hex, ID),
    (Uuid(), f"{{{ID}}}", ID),
    (COLOUR, "green", 2),
    (COLOUR, " red ", 1),
]

REFUSED = [
    (Bool(), "yes", "is not true, false, 1 or 0 (xs:boolean)"),
    (Int(), "1_000", "is not an integer (xs:integer)"),
    (Int(), "٣", "is not an integer (xs:integer)"),
    (Int(), "５", "is not an integer (xs:integer)"),
    (Int(), "", "is not an integer (xs:integer)"),
    (Int(), "1.0", "is not an integer (xs:integer)"),
    (Int(), "1\u00a0", "is not an integer (xs:integer)"),
    (Int(), "1" * 1025, "is longer than the limit number_text=1024 characters"),
    (Int(), " " * 2000, "is longer than the limit number_text=1024 characters"),
    (Int(facets=Facets(max_str_len=3)), "-128", "is longer than the limit max_str_len=3 characters"),
    (Int(facets=Facets(max_str_len=10**9)), "1" * 5000, "has more digits than can be read (xs:integer)"),
    (Decimal(), "1e5", "is not a decimal number (xs:decimal)"),
    (Decimal(), "NaN", "is not a decimal number (xs:decimal)"),
    (Decimal(), "1_0", "is not a decimal number (xs:decimal)"),
    (Decimal(), ".", "is not a decimal number (xs:decimal)"),
    (Float(), "inf", "is not a number (xs:double)"),
    (Float(bits=32), "nan", "is not a number (xs:float)"),
    (Float(), "1e400", "is out of range (xs:double)"),
    (Bytes(), "YW", "is not base64 (xs:base64Binary)"),
    (Bytes(), "!!!!", "is not base64 (xs:base64Binary)"),
    (Bytes(), "YWI=YWI=", "is not base64 (xs:base64Binary)"),
    (Bytes(), "é", "is not base64 (xs:base64Binary)"),
    (Bytes(encoding="urlsafe_base64"), "//5hYg==", "is not URL-safe base64"),
    (Bytes(encoding="hex"), "abc", "is not an even number of hexadecimal digits (xs:hexBinary)"),
    (Date(), "2020-1-2", "is not a date (xs:date)"),
    (Date(), "2020-02-30", "has a month or day that does not exist (xs:date)"),
    (Date(), "12020-01-01", "has a year outside 1 to 9999 (xs:date)"),
    (Date(), "-0001-01-01", "has a year outside 1 to 9999 (xs:date)"),
    (Date(), "2020-01-02+15:00", "has a time zone beyond 14:00 (xs:date)"),
    (Time(), "03:04", "is not a time (xs:time)"),
    (Time(), "25:00:00", "has a time of day beyond 24:00:00 (xs:time)"),
    (Time(), "01:02:03Zx", "is not a time (xs:time)"),
    (DateTime(), "2020-01-02", "is not a date and time (xs:dateTime)"),
    (DateTime(), "2020-W01-1T00:00:00", "is not a date and time (xs:dateTime)"),
    (DateTime(), "2020-01-02T03:04:05.1+0500", "is not a date and time (xs:dateTime)"),
    (DateTime(), "2020-13-01T00:00:00", "has a month or day that does not exist (xs:dateTime)"),
    (DateTime(), "2020-01-02T23:59:60Z", "has a leap second, which is not supported (xs:dateTime)"),
    (DateTime(), "2020-01-02T24:00:01", "has a time of day beyond 24:00:00 (xs:dateTime)"),
    (DateTime(), "2020-01-02T03:04:05+14:01", "has a time zone beyond 14:00 (xs:dateTime)"),
    (DateTime(), "1000000000-01-02T03:04:05", "has a year outside 1 to 9999 (xs:dateTime)"),
    (DateTime(), "0000-01-01T00:00:00", "has a year outside 1 to 9999 (xs:dateTime)"),
    (DateTime(), "9999-12-31T24:00:00", "has a year outside 1 to 9999 (xs:dateTime)"),
    (Duration(), "P", "is not a duration (xs:duration)"),
    (Duration(), "P1DT", "is not a duration (xs:duration)"),
    (Duration(), "P1W", "is not a duration (xs:duration)"),
    (Duration(), "P999999999999Y", "is longer than can be held (xs:duration)"),
    (Duration(), "P" + "9" * 5000 + "D", "is not a duration (xs:duration)"),
    (Uuid(), "1234", "is not a UUID"),
    (Uuid(), "1234567812345678-1234-5678-12345678", "is not a UUID"),
    (COLOUR, "blue", "is not one of: red, green"),
]


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize(("node", "text", "value"), READ)
def test_text_is_read_by_the_rules_of_xsd(node, text, value, validate):
    """Each form that XSD allows gives the Python value, of the same type, with and without validation."""
    found = parser(node, validate=validate)(text)
    assert found == value
    assert type(found) is type(value)
    assert getattr(found, "tzinfo", None) == getattr(value, "tzinfo", None)


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize(("node", "text", "message"), REFUSED)
def test_other_text_is_refused_with_the_rule_in_words(node, text, message, validate):
    """What is no form of the type is refused whether facets are checked or not."""
    with pytest.raises(DecodeError) as caught:
        parser(node, validate=validate)(text)
    assert caught.value.message == message


def test_nan_is_read():
    """NaN equals nothing, so it has a test of its own."""
    assert math.isnan(parser(Float(), validate=True)("NaN"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2020-01-02t03:04:05z", dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2020-01-02T03:04:05+0200", dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=zone(2))),
        ("2020-01-02T03:04:05+23:59", dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=zone(23, 59))),
    ],
)
def test_rfc_3339_forms_are_read_where_asked_for(text, value):
    """Tree formats take the wider forms; the XSD reader does not."""
    assert parser(DateTime(), validate=False, rfc3339=True)(text) == value
    with pytest.raises(DecodeError):
        parser(DateTime(), validate=False)(text)


WRITTEN = [
    (Bool(), True, "true"),
    (Bool(), 0, "false"),
    (Bool(), "1", "true"),
    (Int(), 2**70, str(2**70)),
    (Int(), True, "1"),
    (Int(), "05", "5"),
    (Int(), 5.0, "5"),
    (Int(), D("7.00"), "7"),
    (Decimal(), D("1.10"), "1.10"),
    (Decimal(), D("1E+5"), "100000"),
    (Decimal(), D("1E-7"), "0.0000001"),
    (Decimal(), 3, "3"),
    (Decimal(), 0.1, "0.1"),
    (Float(), 1.0, "1.0"),
    (Float(), 5, "5"),
    (Float(), math.inf, "INF"),
    (Float(), -math.inf, "-INF"),
    (Float(), math.nan, "NaN"),
    (Float(), D("1.5"), "1.5"),
    (Str(), "x", "x"),
    (Str(), 5, "5"),
    (Str(), b"ab", "ab"),
    (Str(), ID, str(ID)),
    (Bytes(), b"ab", "YWI="),
    (Bytes(), [b"a", bytearray(b"b")], "YWI="),
    (Bytes(), memoryview(b"ab"), "YWI="),
    (Bytes(), (part for part in (b"a", b"b")), "YWI="),
    (Bytes(encoding="hex"), b"jk", "6a6b"),
    (Bytes(encoding="urlsafe_base64"), b"\xff\xfeab", "__5hYg=="),
    (Date(), dt.datetime(2020, 1, 2, 3), "2020-01-02"),
    (Date(), dt.date(2020, 1, 2), "2020-01-02"),
    (DateTime(), dt.date(2020, 1, 2), "2020-01-02T00:00:00"),
    (DateTime(), dt.datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "2020-01-02T03:04:05.000006+00:00"),
    (DateTime(), dt.datetime(2020, 1, 2, tzinfo=zone(-3, 30)), "2020-01-02T00:00:00-02:30"),
    (DateTime(), dt.datetime(2020, 1, 2, tzinfo=dt.timezone(dt.timedelta(seconds=61))), "2020-01-01T23:58:59+00:00"),
    (Time(), dt.time(1, 2, 3, tzinfo=UTC), "01:02:03+00:00"),
    (Duration(), dt.timedelta(0), "PT0S"),
    (Duration(), dt.timedelta(days=1), "P1D"),
    (Duration(), dt.timedelta(seconds=1, microseconds=5), "PT1.000005S"),
    (Duration(), dt.timedelta(microseconds=-5), "-PT0.000005S"),
    (Duration(), dt.timedelta(days=40, hours=3, seconds=61), "P40DT3H1M1S"),
    (Uuid(), ID, str(ID)),
    (Uuid(), ID.urn, str(ID)),
    (COLOUR, 2, "green"),
    (COLOUR, "red", "red"),
]


@pytest.mark.parametrize(("node", "value", "text"), WRITTEN)
def test_values_are_written_as_xsd_text(node, value, text):
    """The declared type and what lies near it are written in a form that XSD allows."""
    assert formatter(node)(value) == text


@pytest.mark.parametrize(
    ("node", "value", "message"),
    [
        (Int(), 5.5, "expected int, got a float that is not whole"),
        (Int(), "x", "expected int, got text that is not an integer"),
        (Int(), [], "expected int, got list"),
        (Int(), math.nan, "expected int, got a float that is not whole"),
        (Int(), D("1E+999999"), "expected int, got a Decimal that is not whole"),
        (Decimal(), D("NaN"), "expected Decimal, got a number that is not a finite number (xs:decimal)"),
        (Decimal(), D("1E+999999"), "expected Decimal, got a number that has an exponent beyond 6144"),
        (Bool(), "maybe", "expected bool, got str"),
        (Float(), object(), "expected float, got object"),
        (Str(), [], "expected str, got list"),
        (Bytes(), "ab", "expected bytes, got str"),
        (Bytes(), ["a"], "expected bytes, got a sequence of something else"),
        (Date(), 5, "expected date, got int"),
        (Uuid(), "x", "expected UUID, got text that is not one"),
        (COLOUR, 7, "expected a value that is one of: red, green; got int"),
        (COLOUR, [], "expected a value that is one of: red, green; got list"),
    ],
)
def test_other_values_are_refused_by_the_name_of_their_type(node, value, message):
    """What cannot stand for the type raises EncodeError, which names the Python type and not the value."""
    with pytest.raises(EncodeError) as caught:
        formatter(node)(value)
    assert caught.value.message == message


def facets(**kw):
    return Facets(**kw)


BROKEN = [
    (Str(facets=facets(min_len=2)), "a", "is shorter than min_len=2"),
    (Str(facets=facets(max_len=2)), "abc", "is longer than max_len=2"),
    (Str(facets=facets(pattern="a+")), "ab", "does not match the pattern a+"),
    (Str(facets=facets(pattern="a+")), "a" * 70_000, "is longer than 65536 characters, too long for its pattern"),
    (Str(facets=facets(values=("a", "b"))), "c", "is not one of: a, b"),
    (Str(facets=facets(check_text=lambda text: text == "a")), "b", "is not valid"),
    (Int(facets=facets(ge=0)), "-1", "must be >= 0"),
    (Int(facets=facets(gt=0)), "0", "must be > 0"),
    (Int(facets=facets(le=9)), "10", "must be <= 9"),
    (Int(facets=facets(lt=9)), "9", "must be < 9"),
    (Int(facets=facets(total_digits=3)), "1234", "has more digits than total_digits=3"),
    (Int(facets=facets(values=(1, 2))), "3", "is not one of: 1, 2"),
    (Int(facets=facets(pattern="[0-9]{2}")), "7", "does not match the pattern [0-9]{2}"),
    (Int(facets=facets(check_value=lambda value: value % 2 == 0)), "3", "is not valid"),
    (Int(facets=facets(check_value=lambda value: int("no"))), "3", "is not valid"),
    (Decimal(facets=facets(fraction_digits=2)), "1.234", "has more digits after the point than fraction_digits=2"),
    (Decimal(facets=facets(total_digits=3)), "12.34", "has more digits than total_digits=3"),
    (Decimal(facets=facets(total_digits=2)), "0.001", "has more digits than total_digits=2"),
    (Float(facets=facets(ge=0)), "NaN", "must be >= 0"),
    (Bytes(facets=facets(max_len=1)), "YWI=", "is longer than max_len=1"),
    (DateTime(facets=facets(ge=dt.datetime(2020, 1, 1))), "2019-01-01T00:00:00Z", "must be >= 2020-01-01T00:00:00"),
    (
        DateTime(facets=facets(lt=dt.datetime(2020, 1, 1, tzinfo=UTC))),
        "2020-01-01T00:00:00",
        "must be < 2020-01-01T00:00:00+00:00",
    ),
    (Time(facets=facets(ge=dt.time(12))), "11:00:00Z", "must be >= 12:00:00"),
    (Date(facets=facets(le=dt.date(2020, 1, 1))), "2020-01-02", "must be <= 2020-01-01"),
    (Duration(facets=facets(lt=dt.timedelta(1))), "P1D", "must be < 1 day, 0:00:00"),
]


@pytest.mark.parametrize(("node", "text", "message"), BROKEN)
def test_facets_are_checked_when_validating(node, text, message):
    """A broken facet is an error with its limit under validation, and nothing without."""
    with pytest.raises(DecodeError) as caught:
        parser(node, validate=True)(text)
    assert caught.value.message == message
    assert caught.value.value == text
    value = parser(node, validate=False)(text)
    check = checker(node)
    if node.facets.check_text is None:
        with pytest.raises(DecodeError):
            check(value)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Decimal(facets=facets(fraction_digits=1, total_digits=2)), "01.100"),
        (Decimal(facets=facets(total_digits=1)), "0.0"),
        (Int(facets=facets(ge=-128, le=127)), "-128"),
        (Str(facets=facets(min_len=0, max_len=3)), ""),
        (Str(facets=facets(pattern="^a+$")), "aa"),
    ],
)
def test_values_within_their_facets_pass(node, text):
    """Limits are inclusive, and zeros that do not count are not counted."""
    parser(node, validate=True)(text)


def test_no_facets_need_no_check():
    """Plain types are not checked at all."""
    assert checker(Int()) is None


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"\i\c*", "xs:name-1", "1a"),
        (r"[\i-[:]][\c-[:]]*", "name", "xs:name"),
        (r"\p{Lu}+", "ÀB", "Àb"),
        (r"\P{L}", "1", "a"),
        (r"[a-z-[aeiou]]+", "xyz", "xaz"),
        (r"[\p{L}_]+", "é_", "1"),
        (r"\d{3}\I", "1231", "123a"),
        (r"(?:a|b)\.\\[\c]", r"a.\b", "a"),
    ],
)
def test_patterns_of_xsd_are_understood(pattern, good, bad):
    """Name classes, categories and subtraction work as XSD 1.0 part 2 appendix F says."""
    read = parser(Str(facets=facets(pattern=pattern)), validate=True)
    assert read(good) == good
    with pytest.raises(DecodeError):
        read(bad)


@pytest.mark.parametrize("pattern", ["(", r"\p{Zzz}", r"\pL", r"[\I]", r"[\ia"])
def test_patterns_that_cannot_work_are_refused_at_once(pattern):
    """A bad pattern is a mistake in the declaration, found when the parser is made."""
    with pytest.raises(ValueError, match="cannot be used"):
        parser(Str(facets=facets(pattern=pattern)), validate=True)


def test_ordinary_patterns_stay_as_they_are():
    """Python's own syntax is not touched."""
    assert translate(r"^\w+@[a-z]+$") == r"^\w+@[a-z]+$"


MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "text", "back"),
    [
        ("sec", "1577934245", MOMENT.replace(microsecond=0)),
        ("seconds_float", "1577934245.678901", MOMENT),
        ("msec", "1577934245678", MOMENT.replace(microsecond=678000)),
        ("msec_float", "1577934245678.901", MOMENT),
        ("usec", "1577934245678901", MOMENT),
    ],
)
def test_moments_are_counted_from_1970_in_utc(form, text, back):
    """Every `serialize_as` of DateTime counts in UTC; naive values are UTC."""
    node = DateTime(lexical=Lexical(serialize_as=form))
    assert formatter(node)(MOMENT) == text
    assert formatter(node)(MOMENT.replace(tzinfo=None)) == text
    assert parser(node, validate=True)(text) == back


@pytest.mark.parametrize("form", ["hex", "urn", "int", "bytes", "bytes_le", "fields"])
def test_forms_of_uuid_come_back(form):
    """Every `serialize_as` of Uuid is read again."""
    node = Uuid(lexical=Lexical(serialize_as=form))
    assert parser(node, validate=True)(formatter(node)(ID)) == ID


@pytest.mark.parametrize("node", [DateTime(lexical=Lexical(serialize_as="x")), Uuid(lexical=Lexical(serialize_as="x"))])
def test_unknown_forms_are_refused_at_once(node):
    """A wrong `serialize_as` is found when the functions are made, and the message names the right ones."""
    with pytest.raises(ValueError, match="is not one of"):
        parser(node, validate=True)


CUSTOM = [
    (DateTime(lexical=Lexical(in_format="%d/%m/%Y", out_format="%d/%m/%Y")), "02/01/2020", dt.datetime(2020, 1, 2)),
    (Date(lexical=Lexical(in_format="%d.%m.%y", out_format="%d.%m.%y")), "02.01.20", dt.date(2020, 1, 2)),
    (Time(lexical=Lexical(in_format="%H-%M", out_format="%H-%M")), "03-04", dt.time(3, 4)),
    (Int(lexical=Lexical(out_format="%05d")), "00005", 5),
    (Int(lexical=Lexical(out_format="{0:05d}")), "00005", 5),
    (Decimal(lexical=Lexical(out_format="{:.2f}")), "5.00", D(5)),
    (Float(lexical=Lexical(out_format="%.2f")), "5.00", 5.0),
]


@pytest.mark.parametrize(("node", "text", "value"), CUSTOM)
def test_customized_forms_are_used_both_ways(node, text, value):
    """Patterns of strptime and strftime for dates, % and str.format patterns for numbers."""
    assert formatter(node)(value) == text
    assert parser(node, validate=True)(text) == value


def test_named_groups_make_a_date():
    """A pattern's named groups are the parts of the date."""
    node = DateTime(
        lexical=Lexical(pattern=r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?P<hr>\d\d)(?P<sec_frac>\.\d+)?")
    )
    read = parser(node, validate=True)
    assert read("2020010203.25") == dt.datetime(2020, 1, 2, 3, 0, 0, 250000)
    for text in ("2020", "2020130203"):
        with pytest.raises(DecodeError):
            read(text)


def test_zones_are_given_and_converted():
    """`timezone` is for naive input; `as_timezone` converts both ways, or drops the zone on output if it is False."""
    given = DateTime(lexical=Lexical(timezone=zone(2)))
    assert parser(given, validate=True)("2020-01-02T03:04:05").utcoffset() == dt.timedelta(hours=2)
    target = DateTime(lexical=Lexical(as_timezone=zone(2)))
    assert parser(target, validate=True)("2020-01-02T03:04:05Z").hour == 5
    assert formatter(target)(MOMENT) == "2020-01-02T05:04:05.678901+02:00"
    assert formatter(target)(MOMENT.replace(tzinfo=None)) == "2020-01-02T03:04:05.678901"
    assert formatter(DateTime(lexical=Lexical(as_timezone=False)))(MOMENT) == "2020-01-02T03:04:05.678901"


def test_load_and_dump_adapt_the_value():
    """`load` runs after the facets were checked, `dump` before anything is written."""
    node = Bytes(facets=facets(max_len=2), load=lambda data: (data,), dump=lambda parts: parts[0])
    assert parser(node, validate=True)("YWI=") == (b"ab",)
    assert formatter(node)((b"ab",)) == "YWI="


def test_every_kind_has_its_names():
    """XSD and JSON Schema names stand in the same row as the functions."""
    assert set(XSD_NAMES) == set(JSON_NAMES) == set(KINDS)
    assert xsd_name(Float(bits=32)) == "float"
    assert xsd_name(Bytes(encoding="hex")) == "hexBinary"
    assert xsd_name(DateTime()) == "dateTime"


def test_whitespace_facets():
    """Only XML's four characters are white space."""
    assert other.collapse("\u00a0 a \u2003") == "\u00a0 a \u2003"


ZONES = st.none() | st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
VALUES = {
    Bool: st.booleans(),
    Int: st.integers(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    Float: st.floats(allow_nan=False),
    Str: st.text(),
    Bytes: st.binary(),
    Date: st.dates(),
    Time: st.times(timezones=ZONES),
    DateTime: st.datetimes(timezones=ZONES, min_value=dt.datetime(1, 1, 3), max_value=dt.datetime(9999, 12, 29)),
    Duration: st.timedeltas(),
    Uuid: st.uuids(),
}


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(kind, data):
    """Text made from any value gives that value back."""
    value = data.draw(VALUES[kind])
    text = formatter(kind())(value)
    assert parser(kind(), validate=True)(text) == value


@pytest.mark.parametrize("kind", VALUES)
@given(text=st.text(alphabet="0123456789+-.:TZPeEINFa_ \n٣", max_size=30))
@settings(max_examples=80, deadline=None)
def test_any_text_is_read_or_refused(kind, text):
    """Nothing but DecodeError comes out of a parser."""
    with suppress(DecodeError):
        parser(kind(), validate=True)(text)
