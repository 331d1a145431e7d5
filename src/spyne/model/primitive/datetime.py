"""Points in time, and spans of it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from spyne.model._adapt import chain
from spyne.model._base import SimpleModel
from spyne.schema import DeclarationError, Lexical, nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERIALIZE_AS = frozenset(
    f"{name}{suffix}"
    for name in (
        [
            "sec",
            "secs",
            "second",
            "seconds",
            "msec",
            "msecs",
            "millisecond",
            "milliseconds",
            "usec",
            "usecs",
            "microsecond",
            "microseconds",
        ]
    )
    for suffix in ("", "_float")
)
"""The units in which a point in time may be written as a number since 1970-01-01T00:00:00Z."""

_ORDERED = (("ge", "le"), ("ge", "lt"), ("gt", "le"), ("gt", "lt"))


class _Temporal(SimpleModel):
    """What the types of this module share. `_format` names the customization that is the type's own format."""

    _format: ClassVar[tuple[str, ...]] = ()
    _default_format: ClassVar[str] = ""

    class Attributes(SimpleModel.Attributes):
        """Customizations of time; bounds are values of the type."""

        gt: Any = None
        ge: Any = None
        lt: Any = None
        le: Any = None
        format: str | None = None
        out_format: str | None = None
        string_format: str | None = None
        interp_format: str | None = None
        serialize_as: str | None = None

    @classmethod
    def _check_attributes(cls) -> None:
        super()._check_attributes()
        attributes = cls.Attributes
        for name in ("ge", "gt", "le", "lt"):
            bound = getattr(attributes, name)
            if bound is not None and not isinstance(bound, cls.Value):
                raise DeclarationError(f"{cls.__name__}({name}={bound!r}): a bound must be a {cls.Value.__name__}")
        for low, high in _ORDERED:
            lower, upper = getattr(attributes, low), getattr(attributes, high)
            if lower is not None and upper is not None and _is_after(lower, upper):
                raise DeclarationError(f"{cls.__name__}: no value has {low}={lower} and {high}={upper}")
        if attributes.serialize_as is not None and attributes.serialize_as not in SERIALIZE_AS:
            raise DeclarationError(
                f"{cls.__name__}(serialize_as={attributes.serialize_as!r}): must be one of {', '.join(sorted(SERIALIZE_AS))}"
            )

    @classmethod
    def _lexical(cls) -> Lexical:
        attributes: Any = cls.Attributes
        both = next((value for name in cls._format if (value := getattr(attributes, name, None))), None)
        out = attributes.out_format or getattr(attributes, "datetime_format", None) or both
        around = attributes.string_format or attributes.interp_format
        found = {
            "in_format": both,
            "out_format": around.replace("%s", out or cls._default_format) if around else out,
            "pattern": attributes.pattern if "(?P<" in (attributes.pattern or "") else None,
            "serialize_as": attributes.serialize_as,
            **cls._zones(),
        }
        given = {name: value for name, value in found.items() if value is not None}
        return Lexical(**given) if given else nodes.PLAIN

    @classmethod
    def _zones(cls) -> Mapping[str, Any]:
        return {}

    @classmethod
    def _facets(cls) -> Any:
        """A pattern with named groups is how text is read, no facet."""
        facets = super()._facets()
        if facets.pattern is not None and "(?P<" in facets.pattern:
            import msgspec

            return msgspec.structs.replace(facets, pattern=None)
        return facets


def _is_after(lower: Any, upper: Any) -> bool:
    try:
        return bool(lower > upper)
    except TypeError:
        raise DeclarationError(f"{lower} and {upper} cannot be compared: give both a time zone, or neither") from None


class DateTime(_Temporal):
    """datetime.datetime, aware or naive as written; XSD dateTime.

    dt_format, format: a strptime and strftime pattern for both ways; out_format, datetime_format: for output only.
    string_format, interp_format: text around it, with ``%s`` in its place. pattern: a regular expression, with named groups
    year, month, day, hr, min, sec and sec_frac if it is to be read by them. as_timezone: the zone of values in both ways.
    timezone=False: write values without their zone. serialize_as: a number since 1970 in sec, msec or usec (also _float).
    """

    _kind: ClassVar[type[nodes.Scalar]] = nodes.DateTime
    _format = ("dt_format", "format")
    _default_format = "%Y-%m-%dT%H:%M:%S"
    __type_name__ = "dateTime"
    Value: ClassVar[Any] = datetime.datetime

    class Attributes(_Temporal.Attributes):
        """Customizations of points in time."""

        dt_format: str | None = None
        date_format: str | None = None
        datetime_format: str | None = None
        as_timezone: Any = None
        timezone: Any = True

    @classmethod
    def _check_attributes(cls) -> None:
        super()._check_attributes()
        zone = cls.Attributes.as_timezone
        if zone is not None and not isinstance(zone, datetime.tzinfo):
            raise DeclarationError(
                f"{cls.__name__}(as_timezone={zone!r}): must be a datetime.tzinfo, as in ZoneInfo('Europe/Istanbul')"
            )

    @classmethod
    def _zones(cls) -> Mapping[str, Any]:
        zone, keep = cls.Attributes.as_timezone, cls.Attributes.timezone
        return {"timezone": zone, "as_timezone": False if keep is False else zone}

    @classmethod
    def _dump(cls) -> Callable[[Any], Any] | None:
        """Values that lose their zone on output are moved to `as_timezone` before."""
        zone: Any = cls.Attributes.as_timezone
        move = None if zone is None or cls.Attributes.timezone is not False else lambda value: _move(value, zone)
        return chain(super()._dump(), move)


def _move(value: Any, zone: datetime.tzinfo) -> Any:
    return value.astimezone(zone) if isinstance(value, datetime.datetime) and value.tzinfo is not None else value


class Date(DateTime):
    """datetime.date; XSD date. date_format, format: a strptime and strftime pattern for both ways; out_format: for output only."""

    _kind = nodes.Date
    _format = ("date_format", "format")
    _default_format = "%Y-%m-%d"
    __type_name__ = "date"
    Value = datetime.date

    @classmethod
    def _zones(cls) -> Mapping[str, Any]:
        return {}

    @classmethod
    def _dump(cls) -> Callable[[Any], Any] | None:
        return cls.Attributes.sanitizer


class Time(_Temporal):
    """datetime.time; XSD time. time_format, format: a strptime and strftime pattern for both ways; out_format: for output only."""

    _kind = nodes.Time
    _format = ("time_format", "format")
    _default_format = "%H:%M:%S"
    __type_name__ = "time"
    Value = datetime.time

    class Attributes(_Temporal.Attributes):
        """Customizations of times of day."""

        time_format: str | None = None


class Duration(_Temporal):
    """datetime.timedelta; XSD duration of days and less."""

    _kind = nodes.Duration
    __type_name__ = "duration"
    Value = datetime.timedelta

    @classmethod
    def _lexical(cls) -> Lexical:
        return nodes.PLAIN


NATIVE: Mapping[type, type[SimpleModel]] = {
    datetime.datetime: DateTime,
    datetime.date: Date,
    datetime.time: Time,
    datetime.timedelta: Duration,
}
