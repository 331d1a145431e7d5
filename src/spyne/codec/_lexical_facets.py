"""Facets (XSD 1.0 part 2 §4.3) as functions that raise `DecodeError` for a value that breaks one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal as PyDecimal
from typing import Any

from spyne.codec._base import DecodeError
from spyne.codec._lexical_pattern import matcher
from spyne.schema.nodes import Bytes, DateTime, Decimal, Facets, Int, Scalar, Str, Time, pattern_of

Check = Callable[[Any, Any], None]

_RANGES: tuple[tuple[str, str, Callable[[Any, Any], bool]], ...] = (
    ("ge", ">=", lambda value, bound: value >= bound),
    ("gt", ">", lambda value, bound: value > bound),
    ("le", "<=", lambda value, bound: value <= bound),
    ("lt", "<", lambda value, bound: value < bound),
)
_SHOWN_VALUES = 20


def _show(value: object) -> str:
    return value.isoformat() if isinstance(value, date | time) else str(value)


def one_of(values: Any) -> str:
    """The rule of an enumeration in words, the first twenty of its values."""
    shown = [_show(value) for value in values]
    more = ", …" if len(shown) > _SHOWN_VALUES else ""
    return f"is not one of: {', '.join(shown[:_SHOWN_VALUES])}{more}"


def _aware_datetime(value: Any) -> Any:
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def _aware_time(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


# Naive and aware values cannot be compared in Python: naive ones count as UTC.
_COMPARABLE: dict[type[Scalar], Callable[[Any], Any]] = {DateTime: _aware_datetime, Time: _aware_time}


def _range(node: Scalar, sign: str, holds: Callable[[Any, Any], bool], bound: Any) -> Check:
    message = f"must be {sign} {_show(bound)}"
    comparable = _COMPARABLE.get(type(node))
    if comparable is None:

        def check(value: Any, shown: Any) -> None:
            if not holds(value, bound):
                raise DecodeError(message, value=shown)

    else:
        aware = comparable(bound)

        def check(value: Any, shown: Any) -> None:
            if not holds(comparable(value), aware):
                raise DecodeError(message, value=shown)

    return check


def count_digits(value: Any) -> tuple[int, int]:
    """How many digits a finite number has in all and after the point, without zeros that do not count (§4.3.11, §4.3.12)."""
    if isinstance(value, int):
        return len(str(abs(value))), 0
    _, digits, exponent = value.as_tuple()
    scale = int(exponent)
    figures = list(digits)
    while scale < 0 and len(figures) > 1 and figures[-1] == 0:
        figures.pop()
        scale += 1
    if figures == [0]:
        return 1, 0
    fraction = max(0, -scale)
    return max(len(figures) + max(scale, 0), fraction), fraction


def _digits(facets: Facets) -> Check:
    total, fraction = facets.total_digits, facets.fraction_digits

    def check(value: Any, shown: Any) -> None:
        if isinstance(value, PyDecimal) and not value.is_finite():
            raise DecodeError("is not a finite number (xs:decimal)", value=shown)
        all_digits, after_point = count_digits(value)
        if total is not None and all_digits > total:
            raise DecodeError(f"has more digits than total_digits={total}", value=shown)
        if fraction is not None and after_point > fraction:
            raise DecodeError(f"has more digits after the point than fraction_digits={fraction}", value=shown)

    return check


def _lengths(facets: Facets) -> Check:
    low, high = facets.min_len, facets.max_len

    def check(value: Any, shown: Any) -> None:
        size = len(value)
        if low is not None and size < low:
            raise DecodeError(f"is shorter than min_len={low}", value=shown)
        if high is not None and size > high:
            raise DecodeError(f"is longer than max_len={high}", value=shown)

    return check


def _values(values: tuple[Any, ...]) -> Check:
    message = one_of(values)
    try:
        allowed: Any = frozenset(values)
    except TypeError:
        allowed = values

    def check(value: Any, shown: Any) -> None:
        if value not in allowed:
            raise DecodeError(message, value=shown)

    return check


def predicate(test: Callable[[Any], object]) -> Callable[[Any, Any], None]:
    """A user's own check: False or a ValueError means no; the words of the error stay on the server."""

    def check(value: Any, shown: Any) -> None:
        try:
            good = test(value)
        except DecodeError:
            raise
        except ValueError:
            good = False
        if not good:
            raise DecodeError("is not valid", value=shown)

    return check


def value_checks(node: Scalar) -> list[Check]:
    """The checks over the Python value, each called with the value and with what to show in the error."""
    facets = node.facets
    found: list[Check] = []
    if isinstance(node, Str | Bytes) and (facets.min_len or facets.max_len is not None):
        found.append(_lengths(facets))
    found += [
        _range(node, sign, holds, bound)
        for name, sign, holds in _RANGES
        if (bound := getattr(facets, name)) is not None
    ]
    if isinstance(node, Int | Decimal) and (facets.total_digits is not None or facets.fraction_digits is not None):
        found.append(_digits(facets))
    if facets.values:
        found.append(_values(facets.values))
    if facets.check_value:
        found.append(predicate(facets.check_value))
    return found


def text_checks(node: Scalar) -> list[Callable[[str], None]]:
    """The checks over the wire text."""
    found: list[Callable[[str], None]] = []
    if pattern := pattern_of(node):
        found.append(matcher(pattern))
    if node.facets.check_text:
        test = predicate(node.facets.check_text)
        found.append(lambda text: test(text, text))
    return found
