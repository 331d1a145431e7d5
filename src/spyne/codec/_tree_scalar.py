"""Scalars in trees of builtins: native where the format has the kind, in the text form where it has not."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal as PyDecimal
from math import isfinite
from typing import TYPE_CHECKING, Any
from uuid import UUID

from spyne.codec import _lexical_number as number
from spyne.codec import _lexical_other as other
from spyne.codec import _lexical_time as moment
from spyne.codec._base import Decode, DecodeError, Encode, EncodeError, Options
from spyne.codec.text import checker, epoch_unit, formatter, parser
from spyne.schema.nodes import (
    PLAIN,
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

if TYPE_CHECKING:
    from collections.abc import Callable

    from spyne.codec._tree_format import TreeFormat

INT64 = range(-(2**63), 2**64)
_WHOLE_FLOAT = 2**63
_UUID_SIZE = 16


def wrong(rule: str, value: object) -> DecodeError:
    """The error for a value of the wrong kind; of a string it says so, since ``'5' is not an integer`` would puzzle."""
    return DecodeError(f"{rule} but a string" if isinstance(value, str) else rule, value=value)


def _bool(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    if type(value) is int and value in (0, 1):
        return bool(value)
    raise wrong("is not true, false, 1 or 0 (xs:boolean)", value)


def _int(value: Any) -> int:
    if type(value) is int:
        return value
    if isinstance(value, float) and abs(value) <= _WHOLE_FLOAT and value == int(value):
        return int(value)
    if isinstance(value, PyDecimal) and value.is_finite() and abs(value) <= _WHOLE_FLOAT and value == int(value):
        return int(value)
    raise wrong("is not an integer (xs:integer)", value)


def _float(value: Any) -> float:
    if type(value) is float:
        return value
    if isinstance(value, int | PyDecimal) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:
            found = float("inf")
        if isfinite(found):
            return found
        raise DecodeError("is out of range (xs:double)", value=value)
    raise wrong("is not a number (xs:double)", value)


def _decimal_reader(node: Decimal, options: Options) -> Decode:
    limit, rule = number.longest(node, options.number_text)
    parse = number.decimal_parser(limit, rule)

    def read(value: Any) -> PyDecimal:
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, bytes):
            return parse(other.read_text(value, Str()))
        if isinstance(value, bool) or not isinstance(value, int | float | PyDecimal):
            raise wrong("is not a decimal number (xs:decimal)", value)
        try:
            found = PyDecimal(float.__repr__(value)) if isinstance(value, float) else PyDecimal(value)
            if len(found.as_tuple().digits) > limit:
                raise ValueError(number.too_long(limit, rule))
            return number.check_magnitude(found)
        except ValueError as error:
            raise DecodeError(str(error), value=value) from None

    return read


def _str_reader(node: Str, options: Options) -> Decode:
    def read(value: Any) -> str:
        if type(value) is str:
            return value
        if isinstance(value, bytes):
            return other.read_text(value, node)
        raise wrong("is not a string", value)

    return read


def _lenient_str_reader(node: Str, options: Options) -> Decode:
    """Without validation a number or a boolean stands for its text: clients in dynamic languages send them."""
    strict = _str_reader(node, options)

    def read(value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float | PyDecimal):
            return str(value)
        text: str = strict(value)
        return text

    return read


_READERS: dict[type[Scalar], Callable[[Any, Options], Decode]] = {
    Bool: lambda *_: _bool,
    Int: lambda *_: _int,
    Float: lambda *_: _float,
    Decimal: _decimal_reader,
    Str: _str_reader,
}

# What a format such as YAML or MessagePack may hand over ready made, for the kinds that are text elsewhere; and the rule.
_READY: dict[type[Scalar], tuple[type, str]] = {
    Bytes: (bytes, "is not a string"),
    DateTime: (datetime, "is not a date and time (xs:dateTime)"),
    Time: (time, "is not a time (xs:time)"),
    Duration: (timedelta, "is not a duration (xs:duration)"),
    Uuid: (UUID, "is not a UUID"),
    Enum: (str, "is not a string"),
    Date: (date, "is not a date (xs:date)"),
}


def scalar_decoder(node: Scalar, options: Options, fmt: TreeFormat) -> Decode:
    """A function from what the format gave to the declared value."""
    if isinstance(node, Str) and not options.validate:
        return _native(node, _lenient_str_reader(node, options), options, fmt)
    make = _READERS.get(type(node))
    if make is not None:
        return _native(node, make(node, options), options, fmt)
    return _textual(node, options, fmt)


def _native(node: Scalar, read: Decode, options: Options, fmt: TreeFormat) -> Decode:
    check = checker(node) if options.validate else None
    load = node.load
    text = parser(node, validate=options.validate, number_text=options.number_text)
    as_text = fmt.int64 and isinstance(node, Int)
    if check is None and load is None and not as_text:
        return read

    def decode(value: Any) -> Any:
        if as_text and isinstance(value, str | bytes):
            return text(value if isinstance(value, str) else other.read_text(value, Str()))
        found = read(value)
        if check is not None:
            _checked(check, found, value)
        return found if load is None else load(found)

    return decode


def _checked(check: Callable[[Any], None], found: Any, value: Any) -> None:
    try:
        check(found)
    except DecodeError as error:
        error.value = value
        raise


def _textual(node: Scalar, options: Options, fmt: TreeFormat) -> Decode:
    parse = parser(node, validate=options.validate, binary=options.binary_encoding, rfc3339=True)
    check = checker(node) if options.validate else None
    made, rule = _READY[type(node)]
    ready = () if fmt.text_as_bin and isinstance(node, Bytes) and node.encoding else made
    epoch = isinstance(node, DateTime) and bool(node.lexical.serialize_as)
    by_number = epoch or (isinstance(node, Uuid) and node.lexical.serialize_as == "int")
    by_bytes = isinstance(node, Uuid) and not node.lexical.serialize_as and node.load is None

    def unusual(value: Any) -> Any:
        if isinstance(value, ready) and not (made is date and isinstance(value, datetime)):
            if check is not None:
                check(value)
            return value if node.load is None else node.load(value)
        if isinstance(value, int | float | PyDecimal) and not isinstance(value, bool):
            if by_number or isinstance(node, Enum):
                return parse(str(value) if not isinstance(value, float | PyDecimal) else format(PyDecimal(value), "f"))
        elif isinstance(value, bytes):
            if by_bytes and len(value) == _UUID_SIZE:
                return UUID(bytes=value)
            return parse(other.read_text(value, Str()))
        raise wrong(rule, value)

    def decode(value: Any) -> Any:
        return parse(value) if type(value) is str else unusual(value)

    return decode


def scalar_encoder(node: Scalar, options: Options, fmt: TreeFormat) -> Encode:
    """A function from what user code returned to what the format takes."""
    write = _writer(node, options, fmt)
    if fmt.text_as_bin and not isinstance(node, Time):
        write = _as_bin(write)
    dump = node.dump
    return write if dump is None else lambda value: write(dump(value))


def _as_bin(write: Encode) -> Encode:
    def encode(value: Any) -> Any:
        found = write(value)
        return as_bin(found) if isinstance(found, str) else found

    return encode


def as_bin(text: str) -> bytes:
    """A text as the bytes that stand for it in formats that write texts so."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise EncodeError("has text with half of a surrogate pair") from None


def _writer(node: Scalar, options: Options, fmt: TreeFormat) -> Encode:
    kind = type(node)
    if isinstance(node, Bool):
        return number.as_bool
    if isinstance(node, Int):
        return _int64 if fmt.int64 else number.as_int
    if isinstance(node, Float):
        return number.as_float if fmt.specials else _finite_float
    if isinstance(node, Str):
        return lambda value: value if type(value) is str else other.as_text(value, node)
    if isinstance(node, Bytes) and node.encoding is None and Bytes in fmt.native:
        return other.as_bytes
    form = node.lexical.serialize_as
    if isinstance(node, DateTime) and form:
        unit, fractional = epoch_unit(node)
        return lambda value: moment.epoch_of(value, unit, fractional)
    if isinstance(node, Uuid) and form == "int":
        return lambda value: _big(other.as_uuid(value).int, fmt)
    text = formatter(_without_dump(node), binary=options.binary_encoding)
    if isinstance(node, DateTime) and DateTime in fmt.native and plain_lexical(node):
        return _timestamp
    if fmt.utc_z and kind in (DateTime, Time) and not node.lexical.out_format:
        return lambda value: _zulu(text(value))
    return text


def _without_dump(node: Scalar) -> Scalar:
    if node.dump is None:
        return node
    members = {name: getattr(node, name) for name in node.__struct_fields__}
    return type(node)(**{**members, "dump": None})


def plain_lexical(node: Scalar) -> bool:
    """Whether the text form was left as it is."""
    if node.lexical is PLAIN:
        return True
    return not any(getattr(node.lexical, name) not in (None, "") for name in node.lexical.__struct_fields__)


def _timestamp(value: Any) -> datetime | str:
    """A moment with a zone as it is, in the one class that writers know."""
    found = moment.as_datetime(value)
    return found.isoformat() if found.tzinfo is None else datetime.combine(found.date(), found.timetz())


def _zulu(text: str) -> str:
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _finite_float(value: Any) -> float | None:
    found = number.as_float(value)
    return found if isfinite(found) else None


def _big(value: int, fmt: TreeFormat) -> int | str:
    return str(value) if fmt.int64 and value not in INT64 else value


def _int64(value: Any) -> int | str:
    found = number.as_int(value)
    if found in INT64:
        return found
    try:
        return str(found)
    except ValueError:
        raise EncodeError("expected int, got a number of more digits than can be written") from None
