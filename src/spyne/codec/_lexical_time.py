"""Dates, times and durations: XSD's text forms (XSD 1.0 part 2 §3.2.6 - §3.2.9) and the customized ones.

Fractions of a second finer than a microsecond are rounded, halves up, as msgspec does for JSON, so that every format gives one value.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from spyne.codec._base import DecodeError, EncodeError
from spyne.codec._lexical_number import SPACE, as_float, decimal_parser, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from spyne.schema.nodes import Lexical

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_MICROSECONDS = 86_400_000_000
DURATION_LENGTH = 256

_ZONE = r"(Z|[+-][0-9]{2}:[0-9]{2})?"
_WIDE_ZONE = r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
_DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_TIME = r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
_match_date = re.compile(_DATE + _ZONE).fullmatch
_match_time = re.compile(_TIME + _ZONE).fullmatch
_match_wide_time = re.compile(_TIME + _WIDE_ZONE).fullmatch
_match_datetime = re.compile(f"{_DATE}[T ]{_TIME}{_ZONE}").fullmatch
_match_wide_datetime = re.compile(f"{_DATE}[Tt ]{_TIME}{_WIDE_ZONE}").fullmatch
_match_far_year = re.compile(r"(?:-[0-9]{4,}|[0-9]{5,}|0000)-[0-9]{2}-[0-9]{2}(?:T.*)?" + _ZONE).fullmatch
_match_duration = re.compile(
    r"(-)?P(?=[0-9T])(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?"
    r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]+))?S)?)?"
).fullmatch

# Names that Spyne 2 documents for `serialize_as`: the unit in microseconds, and whether fractions of it are kept.
EPOCH_UNITS: dict[str, tuple[int, bool]] = {
    f"{name}{suffix}": (unit, bool(suffix))
    for unit, names in (
        (1_000_000, ("sec", "secs", "second", "seconds")),
        (1_000, ("msec", "msecs", "millisecond", "milliseconds")),
        (1, ("usec", "usecs", "microsecond", "microseconds")),
    )
    for name in names
    for suffix in ("", "_float")
}


def _shown(kind: str) -> str:
    return f"is not a {kind} (xs:{kind})" if kind != "dateTime" else "is not a date and time (xs:dateTime)"


def _no_match(kind: str, text: str) -> DecodeError:
    if kind != "time" and _match_far_year(text):
        return DecodeError(f"has a year outside 1 to 9999 (xs:{kind})", value=text)
    return DecodeError(_shown(kind), value=text)


def _zone(text: str | None, limit: int, kind: str, whole: str) -> timezone | None:
    if text is None:
        return None
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if minutes > 59 or hours * 60 + minutes > limit:
        raise DecodeError(f"has a time zone beyond {limit // 60}:{limit % 60:02} (xs:{kind})", value=whole)
    offset = timedelta(hours=hours, minutes=minutes)
    if not offset:
        return UTC
    return timezone(-offset if text[0] == "-" else offset)


def _microseconds(fraction: str | None) -> int:
    """Digits after the point to microseconds, 1_000_000 included when they round up to a second."""
    if not fraction:
        return 0
    return int(fraction[:6].ljust(6, "0")) + (len(fraction) > 6 and fraction[6] >= "5")


def _clock(hour: str, minute: str, second: str, fraction: str | None, kind: str, whole: str) -> timedelta:
    """The time since midnight; 24:00:00 is a whole day (XSD 1.0 part 2, erratum E2-66)."""
    h, m, s = int(hour), int(minute), int(second)
    if s == 60:
        raise DecodeError(f"has a leap second, which is not supported (xs:{kind})", value=whole)
    micro = _microseconds(fraction)
    if h > 24 or m > 59 or s > 59 or (h == 24 and (m or s or (fraction and fraction.strip("0")))):
        raise DecodeError(f"has a time of day beyond 24:00:00 (xs:{kind})", value=whole)
    return timedelta(hours=h, minutes=m, seconds=s, microseconds=micro)


def datetime_parser(*, wide: bool = False) -> Callable[[str], datetime]:
    """xs:dateTime; a space may stand for the T.

    wide: the forms of RFC 3339 too (t and z, offsets up to 23:59, no colon in the offset).
    """
    match = _match_wide_datetime if wide else _match_datetime
    limit = 24 * 60 - 1 if wide else 14 * 60
    read = datetime.fromisoformat

    def slow(text: str) -> datetime:
        trimmed = text.strip(SPACE)
        found = match(trimmed)
        if not found:
            raise _no_match("dateTime", trimmed)
        year, month, day, hour, minute, second, fraction, zone = found.groups()
        clock = _clock(hour, minute, second, fraction, "dateTime", trimmed)
        tz = _zone(zone, limit, "dateTime", trimmed)
        return _at(year, month, day, tz, "dateTime", trimmed, clock)

    def parse(text: str) -> datetime:
        size = len(text)
        if (
            size >= 19
            and text[10] == "T"
            and text[4] == text[7] == "-"
            and text[13] == text[16] == ":"
            and (
                size == 19
                or (size == 20 and text[19] == "Z")
                or (size == 25 and text[19:] == "+00:00")
                or ((size == 26 or (size == 27 and text[26] == "Z")) and text[19] == "." and text[20:26].isdigit())
            )
        ):
            try:
                return read(text)
            except ValueError:
                pass
        return slow(text)

    return parse


def _at(
    year: str, month: str, day: str, tz: timezone | None, kind: str, whole: str, clock: timedelta = timedelta(0)
) -> datetime:
    if year == "0000":
        raise DecodeError(f"has a year outside 1 to 9999 (xs:{kind})", value=whole)
    try:
        return datetime(int(year), int(month), int(day), tzinfo=tz) + clock
    except OverflowError:
        raise DecodeError(f"has a year outside 1 to 9999 (xs:{kind})", value=whole) from None
    except ValueError:
        raise DecodeError(f"has a month or day that does not exist (xs:{kind})", value=whole) from None


def parse_date(text: str) -> date:
    """xs:date; its time zone is checked and dropped, since Python's dates have none."""
    if len(text) == 10 and text[4] == text[7] == "-":
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    trimmed = text.strip(SPACE)
    found = _match_date(trimmed)
    if not found:
        raise _no_match("date", trimmed)
    year, month, day, zone = found.groups()
    _zone(zone, 14 * 60, "date", trimmed)
    return _at(year, month, day, None, "date", trimmed).date()


def time_parser(*, wide: bool = False) -> Callable[[str], time]:
    """xs:time, with its zone; 24:00:00 is midnight. wide: the forms of RFC 3339 too."""
    match = _match_wide_time if wide else _match_time
    limit = 24 * 60 - 1 if wide else 14 * 60

    def parse(text: str) -> time:
        trimmed = text.strip(SPACE)
        found = match(trimmed)
        if not found:
            raise _no_match("time", trimmed)
        hour, minute, second, fraction, zone = found.groups()
        clock = _clock(hour, minute, second, fraction, "time", trimmed)
        moment = (EPOCH + clock).time()
        tz = _zone(zone, limit, "time", trimmed)
        return moment if tz is None else moment.replace(tzinfo=tz)

    return parse


def parse_duration(text: str) -> timedelta:
    """xs:duration; a year counts 365 days and a month 30."""
    trimmed = text.strip(SPACE)
    found = _match_duration(trimmed) if len(trimmed) <= DURATION_LENGTH else None
    if not found:
        raise DecodeError("is not a duration (xs:duration)", value=text)
    sign, years, months, days, hours, minutes, seconds, fraction = found.groups()
    try:
        span = timedelta(
            days=int(years or 0) * 365 + int(months or 0) * 30 + int(days or 0),
            hours=int(hours or 0),
            minutes=int(minutes or 0),
            seconds=int(seconds or 0),
            microseconds=_microseconds(fraction),
        )
        return -span if sign else span
    except OverflowError:
        raise DecodeError("is longer than can be held (xs:duration)", value=text) from None


def _writable(value: datetime) -> datetime:
    """The same instant with an offset that XSD can write: whole minutes, at most 14 hours."""
    offset = value.utcoffset()
    if offset is None or (not offset.microseconds and not offset.seconds % 60 and abs(offset) <= timedelta(hours=14)):
        return value
    return value.astimezone(UTC)


def format_datetime(value: Any) -> str:
    """xs:dateTime; UTC as +00:00; a date is midnight, text must be an xs:dateTime."""
    if type(value) is datetime and (value.tzinfo is None or value.tzinfo is UTC):
        return value.isoformat()
    return as_datetime(value).isoformat()


def as_datetime(value: Any) -> datetime:
    """What user code returned for a DateTime, with an offset that XSD can write."""
    if isinstance(value, datetime):
        return value if value.tzinfo is None or value.tzinfo is UTC else _writable(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a date has no zone
    if isinstance(value, str):
        return _text("datetime", _parse_datetime, value)
    raise refused("datetime", value)


def as_date(value: Any) -> date:
    """What user code returned for a Date: also the date part of a datetime, and valid text."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return _text("date", parse_date, value)
    raise refused("date", value)


def as_time(value: Any) -> time:
    """What user code returned for a Time: also the time part of a datetime, and valid text."""
    if isinstance(value, time):
        offset = value.utcoffset()
        if offset is not None and (offset.seconds % 60 or offset.microseconds):
            raise EncodeError("expected time, got one whose zone is not in whole minutes")
        return value
    if isinstance(value, datetime):
        return as_datetime(value).timetz()
    if isinstance(value, str):
        return _text("time", _parse_time, value)
    raise refused("time", value)


def as_timedelta(value: Any) -> timedelta:
    """What user code returned for a Duration: also valid text."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return _text("timedelta", parse_duration, value)
    raise refused("timedelta", value)


def _text(expected: str, parse: Callable[[str], T], value: str) -> T:
    try:
        return parse(value)
    except DecodeError as error:
        raise EncodeError(f"expected {expected}, got text that {error.message}") from None


def format_date(value: Any) -> str:
    """xs:date."""
    return value.isoformat() if type(value) is date else as_date(value).isoformat()


def format_time(value: Any) -> str:
    """xs:time, with its zone if it has one."""
    return as_time(value).isoformat()


def format_duration(value: Any) -> str:
    """xs:duration in days, hours, minutes and seconds; a fraction has six digits."""
    micro = as_timedelta(value) // MICROSECOND
    sign, micro = ("-", -micro) if micro < 0 else ("", micro)
    days, micro = divmod(micro, DAY_MICROSECONDS)
    seconds, micro = divmod(micro, 1_000_000)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = f"{hours}H" if hours else ""
    if minutes:
        parts += f"{minutes}M"
    if micro:
        parts += f"{seconds}.{micro:06}S"
    elif seconds or not (days or parts):
        parts += f"{seconds}S"
    return f"{sign}P{f'{days}D' if days else ''}{'T' if parts else ''}{parts}"


_parse_datetime = datetime_parser()
_parse_time = time_parser()
_parse_moment = decimal_parser()


def epoch_of(value: Any, unit: int, fractional: bool) -> int | float:
    """A moment as a count of `unit` microseconds since 1970 in UTC; naive values are UTC."""
    moment = as_datetime(value)
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH
    return since / MICROSECOND / unit if fractional else since // (MICROSECOND * unit)


def from_epoch(value: Any, unit: int) -> datetime:
    """The UTC moment of a count of `unit` microseconds, given as a number or as text."""
    number = _parse_moment(value) if isinstance(value, str) else value
    try:
        if isinstance(number, float):
            return EPOCH + timedelta(microseconds=round(as_float(number) * unit))
        return EPOCH + timedelta(microseconds=round(number * unit))
    except (OverflowError, ValueError):
        raise DecodeError("is a moment outside the years 1 to 9999", value=value) from None


def zone_reader(lexical: Lexical) -> Callable[[datetime], datetime] | None:
    """What `timezone` and `as_timezone` do to a datetime that was read; None for nothing."""
    given, target = lexical.timezone or None, lexical.as_timezone or None
    if given is None and target is None:
        return None

    def move(value: datetime) -> datetime:
        if value.tzinfo is None:
            value = value.replace(tzinfo=given or target)
        return value.astimezone(target) if target is not None else value

    return move


def zone_writer(lexical: Lexical) -> Callable[[datetime], datetime] | None:
    """What `as_timezone` does to a datetime to be written: naive values stay naive; False drops the zone."""
    target = lexical.as_timezone
    if target is False or (target is None and lexical.timezone is False):
        return lambda value: value.replace(tzinfo=None)
    if target is None:
        return None
    return lambda value: value if value.tzinfo is None else value.astimezone(target)


def custom_reader(lexical: Lexical, kind: str, plain: Callable[[str], Any]) -> Callable[[str], Any]:
    """The reader for a `pattern` or an `in_format` ("date", "time" or "dateTime"), or `plain` where neither is set."""
    narrow: Callable[[datetime], Any] = {
        "date": datetime.date,
        "time": datetime.timetz,
        "dateTime": lambda value: value,
    }[kind]
    if lexical.pattern:
        return _pattern_reader(lexical.pattern, kind, narrow)
    if not lexical.in_format:
        return plain
    form = lexical.in_format

    def read(text: str) -> Any:
        try:
            return narrow(datetime.strptime(text.strip(SPACE), form))  # noqa: DTZ007 - %z is up to the format
        except ValueError:
            raise DecodeError(f"does not match the format {form} (xs:{kind})", value=text) from None

    return read


def _pattern_reader(pattern: str, kind: str, narrow: Callable[[datetime], Any]) -> Callable[[str], Any]:
    match = re.compile(pattern).fullmatch

    def read(text: str) -> Any:
        found = match(text.strip(SPACE)) if len(text) <= DURATION_LENGTH else None
        if not found:
            raise DecodeError(f"does not match the pattern {pattern} (xs:{kind})", value=text)
        part = {name: value for name, value in found.groupdict().items() if value is not None}
        micro = _microseconds(part.get("sec_frac", "").lstrip("."))
        try:
            moment = datetime(  # noqa: DTZ001 - the zone comes from `timezone`
                int(part.get("year", 1900)),
                int(part.get("month", 1)),
                int(part.get("day", 1)),
                int(part.get("hr", 0)),
                int(part.get("min", 0)),
                int(part.get("sec", 0)),
            )
            return narrow(moment + timedelta(microseconds=micro))
        except (ValueError, OverflowError):
            raise DecodeError(_shown(kind), value=text) from None

    return read
