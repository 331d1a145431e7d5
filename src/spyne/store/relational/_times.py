"""Columns of moments, times and durations: to the microsecond, and nothing is moved in silence."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

from spyne.store.relational._dialects import MYSQL, Unstorable

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

__all__ = ["Elapsed", "Moment", "TimeOfDay", "time_in_utc"]


class Moment(TypeDecorator[datetime.datetime]):
    """datetime. With a time zone every value read is aware, and one written without is taken for UTC, on all databases alike;
    without, one that is aware is written as UTC.
    """

    impl = sa.DateTime
    cache_ok = True

    def __init__(self, timezone: bool = True) -> None:
        super().__init__(timezone=timezone)
        self.timezone = timezone

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The database's own type, with microseconds."""
        return mysql.DATETIME(fsp=6) if dialect.name in MYSQL else self.impl_instance

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> Any:
        """In UTC, without saying so where the column cannot."""
        zoned = self.timezone and dialect.name == "postgresql"
        if value is None or value.tzinfo is None:
            return value.replace(tzinfo=datetime.UTC) if zoned and value is not None else value
        return value if zoned else value.astimezone(datetime.UTC).replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Aware where the column is. Decided once for a column: this runs for every value of a result."""
        read = self.impl_instance.result_processor(dialect, coltype) or _same
        if not self.timezone:
            return read

        def aware(value: Any) -> Any:
            found = read(value)
            return found if found is None or found.tzinfo is not None else found.replace(tzinfo=datetime.UTC)

        def from_text(value: Any) -> Any:
            try:
                found = _parse(value + "+00:00")  # a tenth of the time that `replace` takes
            except (TypeError, ValueError):
                return aware(value)
            return aware(value) if found.tzinfo is None else found

        return from_text if dialect.name == "sqlite" else aware


_parse = datetime.datetime.fromisoformat


def _same(value: Any) -> Any:
    return value


class TimeOfDay(TypeDecorator[datetime.time]):
    """datetime.time; one with a zone is written as UTC."""

    impl = sa.Time
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The database's own type, with microseconds."""
        return mysql.TIME(fsp=6) if dialect.name in MYSQL else self.impl_instance

    def process_bind_param(self, value: datetime.time | None, dialect: Dialect) -> Any:
        """Without a zone."""
        return None if value is None else time_in_utc(value)


def time_in_utc(value: datetime.time) -> datetime.time:
    """The time without a zone; one that has a zone is turned to UTC."""
    if value.utcoffset() is None:
        return value
    return datetime.datetime.combine(_EPOCH, value).astimezone(datetime.UTC).time()


class Elapsed(TypeDecorator[datetime.timedelta]):
    """datetime.timedelta: PostgreSQL's interval, elsewhere the moment so long after 1970, as SQLAlchemy does."""

    impl = sa.Interval
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The interval, or the moment."""
        if dialect.name == "postgresql":
            return self.impl_instance
        return mysql.DATETIME(fsp=6) if dialect.name in MYSQL else sa.DateTime()

    def process_bind_param(self, value: datetime.timedelta | None, dialect: Dialect) -> Any:
        """The interval, or the moment. Raises Unstorable for one before the year 1 or after 9999."""
        if value is None or dialect.name == "postgresql":
            return value
        try:
            return _EPOCH + value
        except OverflowError:
            raise Unstorable(
                value, f"{dialect.name} has no place for {value}: it keeps moments as seen from 1970"
            ) from None

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The interval."""
        return value - _EPOCH if isinstance(value, datetime.datetime) else value


_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - columns without a zone
