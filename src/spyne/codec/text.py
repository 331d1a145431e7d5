"""The lexical table: for every scalar kind its text form, both ways, and its names in XSD and JSON Schema.

The forms are XSD's (XSD 1.0 part 2), not Python's: no underscores, no digits beyond ASCII, no exponent in decimals. Everything
that depends on the type is decided when a function is compiled; the functions only do the work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from spyne.codec import _lexical_number as number
from spyne.codec import _lexical_other as other
from spyne.codec import _lexical_time as moment
from spyne.codec._lexical_facets import text_checks, value_checks
from spyne.schema.nodes import (
    Bool,
    Bytes,
    Date,
    DateTime,
    Decimal,
    Duration,
    Enum,
    Float,
    Int,
    Scalar,
    Str,
    Time,
    Uuid,
)

Parse: TypeAlias = Callable[[str], Any]
Format: TypeAlias = Callable[[Any], str]

__all__ = ["JSON_NAMES", "KINDS", "XSD_NAMES", "Kind", "Style", "checker", "formatter", "parser", "row_of", "xsd_name"]


class Style(msgspec.Struct, frozen=True):
    """What a format may choose: how bytes without an encoding are written, whether RFC 3339's wider time forms are read, and
    how long the text of a number may be.
    """

    binary: str = "base64"
    rfc3339: bool = False
    number_text: int = number.NUMBER_LENGTH


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table.

    xsd: the local name of the XSD type. json: the type and format of JSON Schema. parse and format: make the two functions of a
    node; formats get the kind's own value or something near it, and raise `EncodeError` for the rest.
    """

    xsd: str
    json: tuple[str, str | None]
    parse: Callable[[Any, Style], Parse]
    format: Callable[[Any, Style], Format]


def _patterned(node: Scalar, plain: Format, read: Callable[[Any], Any]) -> Format:
    """`plain`, or the declared `%` or `str.format` pattern."""
    form = node.lexical.out_format
    if not form:
        return plain
    if "{" in form:
        return lambda value: form.format(read(value))
    return lambda value: form % (read(value),)


def _moved(node: Scalar, parse: Parse) -> Parse:
    move = moment.zone_reader(node.lexical)
    return parse if move is None else lambda text: move(parse(text))


def _parse_datetime(node: DateTime, style: Style) -> Parse:
    if node.lexical.serialize_as:
        unit, _ = epoch_unit(node)
        return _moved(node, lambda text: moment.from_epoch(text, unit))
    plain = moment.datetime_parser(wide=style.rfc3339)
    return _moved(node, moment.custom_reader(node.lexical, "dateTime", plain))


def epoch_unit(node: DateTime) -> tuple[int, bool]:
    """The microseconds in the unit of the node's `serialize_as`, and whether fractions are kept."""
    try:
        return moment.EPOCH_UNITS[node.lexical.serialize_as or ""]
    except KeyError:
        known = ", ".join(moment.EPOCH_UNITS)
        raise ValueError(f"serialize_as={node.lexical.serialize_as!r} is not one of: {known}") from None


def _format_datetime(node: DateTime, style: Style) -> Format:
    if node.lexical.serialize_as:
        unit, fractional = epoch_unit(node)
        return lambda value: str(moment.epoch_of(value, unit, fractional))
    move, form = moment.zone_writer(node.lexical), node.lexical.out_format
    if form:
        text = _strftime(form, moment.as_datetime)
        return text if move is None else lambda value: text(move(moment.as_datetime(value)))
    if move is None:
        return moment.format_datetime
    return lambda value: moment.format_datetime(move(moment.as_datetime(value)))


def _strftime(form: str, read: Callable[[Any], Any]) -> Format:
    if "{" in form:
        return lambda value: form.format(read(value))
    return lambda value: str(read(value).strftime(form))


def _parse_date(node: Date, style: Style) -> Parse:
    return moment.custom_reader(node.lexical, "date", moment.parse_date)


def _format_date(node: Date, style: Style) -> Format:
    form = node.lexical.out_format
    return _strftime(form, moment.as_date) if form else moment.format_date


def _parse_time(node: Time, style: Style) -> Parse:
    return moment.custom_reader(node.lexical, "time", moment.time_parser(wide=style.rfc3339))


def _format_time(node: Time, style: Style) -> Format:
    form = node.lexical.out_format
    return _strftime(form, moment.as_time) if form else moment.format_time


def _format_str(node: Str, style: Style) -> Format:
    def write(value: Any) -> str:
        return value if type(value) is str else other.as_text(value, node)

    return _patterned(node, write, write)


def _uuid_form(node: Uuid) -> tuple[Parse, Format]:
    form = node.lexical.serialize_as
    if not form:
        return other.parse_uuid, other.format_uuid
    try:
        return other.UUID_FORMS[form]
    except KeyError:
        raise ValueError(f"serialize_as={form!r} is not one of: {', '.join(other.UUID_FORMS)}") from None


KINDS: dict[type[Scalar], Kind] = {
    Bool: Kind(
        xsd="boolean",
        json=("boolean", None),
        parse=lambda *_: number.parse_bool,
        format=lambda *_: number.format_bool,
    ),
    Int: Kind(
        xsd="integer",
        json=("integer", None),
        parse=lambda node, style: number.int_parser(*number.longest(node, style.number_text)),
        format=lambda node, _: _patterned(node, number.format_int, number.as_int),
    ),
    Decimal: Kind(
        xsd="decimal",
        json=("string", "decimal"),
        parse=lambda node, style: number.decimal_parser(*number.longest(node, style.number_text)),
        format=lambda node, _: _patterned(node, number.format_decimal, number.as_decimal),
    ),
    Float: Kind(
        xsd="double",
        json=("number", "double"),
        parse=lambda node, style: number.float_parser(
            *number.longest(node, style.number_text), name="float" if node.bits == 32 else "double"
        ),
        format=lambda node, _: _patterned(node, number.format_float, number.as_float),
    ),
    Str: Kind(
        xsd="string",
        json=("string", None),
        parse=lambda node, _: other.WHITESPACE[node.whitespace],
        format=_format_str,
    ),
    Bytes: Kind(
        xsd="base64Binary",
        json=("string", "byte"),
        parse=lambda node, style: other.BYTES_PARSERS[node.encoding or style.binary],
        format=lambda node, style: other.BYTES_FORMATTERS[node.encoding or style.binary],
    ),
    Date: Kind(xsd="date", json=("string", "date"), parse=_parse_date, format=_format_date),
    Time: Kind(xsd="time", json=("string", "time"), parse=_parse_time, format=_format_time),
    DateTime: Kind(xsd="dateTime", json=("string", "date-time"), parse=_parse_datetime, format=_format_datetime),
    Duration: Kind(
        xsd="duration",
        json=("string", "duration"),
        parse=lambda *_: moment.parse_duration,
        format=lambda *_: moment.format_duration,
    ),
    Uuid: Kind(
        xsd="string",
        json=("string", "uuid"),
        parse=lambda node, _: _uuid_form(node)[0],
        format=lambda node, _: _uuid_form(node)[1],
    ),
    Enum: Kind(
        xsd="string",
        json=("string", None),
        parse=lambda node, _: other.enum_parser(node.members),
        format=lambda node, _: other.enum_formatter(node.members),
    ),
}

XSD_NAMES: dict[type[Scalar], str] = {kind: row.xsd for kind, row in KINDS.items()}
JSON_NAMES: dict[type[Scalar], tuple[str, str | None]] = {kind: row.json for kind, row in KINDS.items()}


def row_of(node: Scalar) -> Kind:
    """The row of a node's kind; TypeError for a kind without one."""
    for kind in type(node).__mro__:
        if kind in KINDS:
            return KINDS[kind]
    raise TypeError(f"{type(node).__name__} has no text form")


def xsd_name(node: Scalar) -> str:
    """The local name of the built-in XSD type of a node's kind, such as `float` for a Float of 32 bits."""
    if isinstance(node, Float) and node.bits == 32:
        return "float"
    if isinstance(node, Bytes) and node.encoding == "hex":
        return "hexBinary"
    return row_of(node).xsd


def parser(
    node: Scalar,
    *,
    validate: bool,
    binary: str = "base64",
    rfc3339: bool = False,
    number_text: int = number.NUMBER_LENGTH,
) -> Parse:
    """A function from text to the declared Python value; raises `DecodeError` with the rule that the text breaks.

    The form and the length of numbers are always checked, facets only when `validate` is true. binary: how bytes without an
    encoding of their own are written. rfc3339: dates and times also in the wider forms that JSON clients send. number_text: the
    longest text of a number, for types that do not say.
    """
    parse = row_of(node).parse(node, Style(binary, rfc3339, number_text))
    checks = value_checks(node) if validate else []
    before = text_checks(node) if validate else []
    if isinstance(node, Str):
        parse = _checked_str(parse, before, checks)
    elif checks or before:
        parse = _checked(parse, before, checks)
    load = node.load
    return parse if load is None else lambda text: load(parse(text))


def _checked(parse: Parse, before: list[Callable[[str], None]], checks: list[Callable[[Any, Any], None]]) -> Parse:
    def read(text: str) -> Any:
        value = parse(text)
        if before:
            trimmed = text.strip(number.SPACE)
            for check in before:
                check(trimmed)
        for check_value in checks:
            check_value(value, text)
        return value

    return read


def _checked_str(normalize: Parse, before: list[Callable[[str], None]], checks: list[Any]) -> Parse:
    if not before and not checks:
        return normalize

    def read(text: str) -> str:
        text = normalize(text)
        for check_value in checks:
            check_value(text, text)
        for check in before:
            check(text)
        return text

    return read


def formatter(node: Scalar, *, binary: str = "base64") -> Format:
    """A function from the declared Python value, or one near it, to text; raises `EncodeError` for what cannot stand for it.

    Characters that XML forbids are not looked for. binary: how bytes without an encoding of their own are written.
    """
    write = row_of(node).format(node, Style(binary))
    dump = node.dump
    return write if dump is None else lambda value: write(dump(value))


def checker(node: Scalar) -> Callable[[Any], None] | None:
    """A function that checks the facets of a value which already has the kind's own Python type; None if there are none."""
    checks = value_checks(node)
    texts = text_checks(node)
    if not checks and not texts:
        return None
    write: Format = other.same if isinstance(node, Str) else row_of(node).format(node, Style())

    def check(value: Any) -> None:
        for check_value in checks:
            check_value(value, value)
        if texts:
            text = write(value)
            for check_text in texts:
                check_text(text)

    return check
