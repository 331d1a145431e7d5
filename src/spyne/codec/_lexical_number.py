"""Booleans and numbers: XSD's text forms (XSD 1.0 part 2 §3.2.2 - §3.2.5, §3.3.13), not Python's."""

from __future__ import annotations

import re
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from spyne.codec._base import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from spyne.schema.nodes import Scalar

SPACE = " \t\n\r"
NUMBER_LENGTH = 1024
MAX_EXPONENT = 6144

_INTEGER = re.compile(r"[+-]?[0-9]+").fullmatch
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)").fullmatch
_DOUBLE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch
_SPECIAL = {"INF": float("inf"), "-INF": float("-inf"), "NaN": float("nan")}
_SPECIAL_TEXT = {"inf": "INF", "-inf": "-INF", "nan": "NaN"}
_BOOLEAN = {"true": True, "1": True, "false": False, "0": False}


def refused(expected: str, value: object) -> EncodeError:
    """The error for a value of the wrong Python type, named without its contents."""
    return EncodeError(f"expected {expected}, got {type(value).__name__}")


def longest(node: Scalar, number_text: int = NUMBER_LENGTH) -> tuple[int, str]:
    """The longest text of a number that is read and the name of that limit: the type's own where it was set to other than the
    default, else the application's.
    """
    own = node.facets.max_str_len
    return (number_text, "number_text") if own is None or own == NUMBER_LENGTH else (own, "max_str_len")


def too_long(limit: int, rule: str) -> str:
    """The message for a number whose text passes a limit."""
    return f"is longer than the limit {rule}={limit} characters"


def _trim(text: str, limit: int, rule: str) -> str:
    if len(text) > limit:
        raise DecodeError(too_long(limit, rule), value=text)
    return text.strip(SPACE)


def parse_bool(text: str) -> bool:
    """xs:boolean."""
    found = _BOOLEAN.get(text)
    if found is None:
        found = _BOOLEAN.get(text.strip(SPACE))
        if found is None:
            raise DecodeError("is not true, false, 1 or 0 (xs:boolean)", value=text)
    return found


def int_parser(limit: int = NUMBER_LENGTH, rule: str = "max_str_len") -> Callable[[str], int]:
    """xs:integer of at most `limit` characters; `rule` is the limit's name."""

    def parse(text: str) -> int:
        if len(text) > limit or not (text.isascii() and text.isdigit()):
            trimmed = _trim(text, limit, rule)
            if not _INTEGER(trimmed):
                raise DecodeError("is not an integer (xs:integer)", value=text)
            text = trimmed
        try:
            return int(text)
        except ValueError:  # Python's own limit of 4300 digits
            raise DecodeError("has more digits than can be read (xs:integer)", value=text) from None

    return parse


def decimal_parser(limit: int = NUMBER_LENGTH, rule: str = "max_str_len") -> Callable[[str], Decimal]:
    """xs:decimal of at most `limit` characters; there is no exponent in this type."""

    def parse(text: str) -> Decimal:
        if len(text) > limit or not _DECIMAL(text):
            trimmed = _trim(text, limit, rule)
            if not _DECIMAL(trimmed):
                raise DecodeError("is not a decimal number (xs:decimal)", value=text)
            text = trimmed
        return Decimal(text)

    return parse


def float_parser(
    limit: int = NUMBER_LENGTH, rule: str = "max_str_len", *, name: str = "double"
) -> Callable[[str], float]:
    """xs:double or xs:float of at most `limit` characters, read as 64 bit; what only fits as infinity is refused."""

    def parse(text: str) -> float:
        if len(text) > limit or not _DOUBLE(text):
            trimmed = _trim(text, limit, rule)
            if trimmed in _SPECIAL:
                return _SPECIAL[trimmed]
            if not _DOUBLE(trimmed):
                raise DecodeError(f"is not a number (xs:{name})", value=text)
            text = trimmed
        value = float(text)
        if not isfinite(value):
            raise DecodeError(f"is out of range (xs:{name})", value=text)
        return value

    return parse


def check_magnitude(value: Decimal) -> Decimal:
    """The number itself if it is finite and can be written out in a bounded number of digits; ValueError otherwise."""
    if not value.is_finite():
        raise ValueError("is not a finite number (xs:decimal)")
    if (value and abs(value.adjusted()) > MAX_EXPONENT) or abs(int(value.as_tuple().exponent)) > 2 * MAX_EXPONENT:
        raise ValueError(f"has an exponent beyond {MAX_EXPONENT}")
    return value


def as_bool(value: Any) -> bool:
    """What user code returned for a Bool: also 0 and 1, their like in numpy, and valid text."""
    if value is True or value is False:
        return bool(value)
    if isinstance(value, int):
        return bool(value)
    if isinstance(value, str) and (found := _BOOLEAN.get(value.strip(SPACE))) is not None:
        return found
    if type(value).__name__ == "bool_" or (type(value).__name__ == "bool" and hasattr(value, "item")):
        return bool(value)
    raise refused("bool", value)


def as_int(value: Any) -> int:
    """What user code returned for an Int: also whole floats and Decimals, anything with `__index__`, and valid text."""
    if type(value) is int:
        return value
    if isinstance(value, float | Decimal):
        if isfinite(value) and (not isinstance(value, Decimal) or _bounded(value)) and value == int(value):
            return int(value)
        raise EncodeError(f"expected int, got a {type(value).__name__} that is not whole")
    if isinstance(value, str):
        try:
            return int_parser(4300)(value)
        except DecodeError:
            raise EncodeError("expected int, got text that is not an integer") from None
    try:
        return int(value.__index__())
    except AttributeError:
        raise refused("int", value) from None


def as_decimal(value: Any) -> Decimal:
    """What user code returned for a Decimal: also int, float by its shortest digits, and valid text; finite and bounded."""
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, float):
        number = Decimal(float.__repr__(value))
    elif isinstance(value, str):
        try:
            number = decimal_parser(4300)(value)
        except DecodeError:
            raise EncodeError("expected Decimal, got text that is not a decimal number") from None
    else:
        try:
            number = Decimal(value.__index__())
        except AttributeError:
            raise refused("Decimal", value) from None
    try:
        return check_magnitude(number)
    except ValueError as error:
        raise EncodeError(f"expected Decimal, got a number that {error}") from None


def as_float(value: Any) -> float:
    """What user code returned for a Float: also int, Decimal, anything with `__float__`, and valid text."""
    if type(value) is float:
        return value
    if isinstance(value, str):
        try:
            return float_parser(4300)(value)
        except DecodeError:
            raise EncodeError("expected float, got text that is not a number") from None
    try:
        return float(value.__float__())
    except AttributeError:
        raise refused("float", value) from None
    except OverflowError:
        raise EncodeError("expected float, got a number that is out of range") from None


def _bounded(value: Decimal) -> bool:
    return abs(value.adjusted()) <= MAX_EXPONENT


def format_bool(value: Any) -> str:
    """xs:boolean, canonical."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return "true" if as_bool(value) else "false"


def format_int(value: Any) -> str:
    """xs:integer, canonical."""
    try:
        return int.__repr__(value if type(value) is int else as_int(value))
    except ValueError:  # Python's own limit of 4300 digits
        raise EncodeError("expected int, got a number of more digits than can be written") from None


def format_decimal(value: Any) -> str:
    """xs:decimal, never with an exponent; trailing zeros are kept."""
    if type(value) is Decimal:
        text = str(value)
        if "E" not in text and "N" not in text and text[-1] <= "9":
            return text
    return format(as_decimal(value), "f")


def format_float(value: Any) -> str:
    """xs:double; an int stays one, which is valid text for it."""
    if type(value) is not float:
        if type(value) is int:
            return format_int(value)
        value = as_float(value)
    text = float.__repr__(value)
    return text if text[-1] <= "9" else _SPECIAL_TEXT[text]
