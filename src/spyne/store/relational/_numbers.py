"""Columns of numbers: what a database would round, or turn into NULL, it is not given."""

from __future__ import annotations

import decimal
import math
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

from spyne.store.relational._dialects import MYSQL, Unstorable
from spyne.store.relational.types import Named

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Dialect

__all__ = ["ExactNumber", "Real"]


class Real(TypeDecorator[float]):
    """float; 32 bits where so said and where a database can keep them without rounding: MariaDB shows six digits of such."""

    impl = sa.Double
    cache_ok = True

    def __init__(self, short: bool = False) -> None:
        super().__init__()
        self.short = short

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """FLOAT or DOUBLE."""
        return sa.FLOAT() if self.short and dialect.name not in MYSQL else sa.Double()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The number. Raises Unstorable for NaN on SQLite, which would make it NULL, and for it and infinities on MariaDB."""
        if value is None or dialect.name == "postgresql" or math.isfinite(value):
            return value
        if dialect.name in MYSQL or math.isnan(value):
            raise Unstorable(value, f"{dialect.name} has no {value}")
        return value


class ExactNumber(TypeDecorator[Any]):
    """decimal.Decimal, or int where `whole`; `precision` and `scale` as in SQL.

    A number of any size has 65 digits on MariaDB, 30 of them after the point unless it is whole. SQLite keeps 64-bit integers and 15 digits of others. Neither is
    given a number that it would round, see `process_bind_param`.
    """

    impl = sa.DECIMAL
    cache_ok = True

    def __init__(self, precision: int | None = None, scale: int | None = None, whole: bool = False) -> None:
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale
        self.whole = whole
        self._mariadb_scale = 0 if whole else 30

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The database's own decimals; SQLite gets numbers as they are."""
        if self.precision is None and dialect.name in MYSQL:
            return sa.DECIMAL(_MARIADB.prec, self._mariadb_scale)
        return Named(self._declared()) if dialect.name == "sqlite" else self.impl_instance

    def _declared(self) -> str:
        digits = [str(size) for size in (self.precision, self.scale) if size is not None]
        return f"DECIMAL({', '.join(digits)})" if digits else "DECIMAL"

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The number. Raises Unstorable for one that the database would round."""
        if value is None:
            return None
        number = value if isinstance(value, decimal.Decimal) else decimal.Decimal(str(value))
        if not number.is_finite() and dialect.name != "postgresql":
            raise Unstorable(value, f"{dialect.name} has no {number}")
        if dialect.name == "sqlite":
            return _for_sqlite(number)
        if self.precision is None and dialect.name in MYSQL:
            return _for_mariadb(number, self._mariadb_scale)
        return number

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """An int, or a Decimal with the column's scale, without further zeros where it has none.

        Decided once for a column: this runs for every value of a result.
        """
        if self.whole:
            return lambda value: None if value is None else int(value)
        if dialect.name == "sqlite":
            return _from_sqlite(self.precision, self.scale)
        if self.precision is None and dialect.name in MYSQL:
            return lambda value: None if value is None else decimal.Decimal(f"{value:f}".rstrip("0"))
        return None  # what drivers of other databases give is a Decimal


_MARIADB = decimal.Context(prec=65, traps=[decimal.Inexact, decimal.InvalidOperation])


def _for_mariadb(number: decimal.Decimal, scale: int) -> decimal.Decimal:
    """The number. Raises Unstorable for one that does not fit into the largest column."""
    try:
        _MARIADB.quantize(number, decimal.Decimal((0, (1,), -scale)))
    except decimal.DecimalException:
        problem = (
            f"MariaDB has no place for {number}: it keeps {65 - scale} digits before the point and {scale} after it"
        )
        raise Unstorable(number, problem) from None
    return number


_FLOAT_DIGITS = 15
_WIDE = decimal.Context(prec=1000)
"""Python's default one rounds to 28 digits."""


def _for_sqlite(number: decimal.Decimal) -> Any:
    """A float or an int that is the same number. Raises Unstorable where there is none."""
    near = float(number)
    if decimal.Decimal(repr(near)) == number:
        return near
    if abs(number) < 2**63 and number == number.to_integral_value():
        return int(number)
    problem = f"SQLite would round {number}: it keeps {_FLOAT_DIGITS} digits; use db_type=sqlalchemy.Text()"
    raise Unstorable(number, problem)


def _from_sqlite(precision: int | None, scale: int | None) -> Callable[[Any], Any]:
    """A function from what SQLite keeps, ints and floats, to Decimals."""
    if precision is None or scale is None:
        return lambda value: None if value is None else decimal.Decimal(repr(value))
    form = f"%.{scale}f"
    if precision <= _FLOAT_DIGITS:
        return lambda value: None if value is None else decimal.Decimal(form % value)
    last = decimal.Decimal((0, (1,), -scale))
    return lambda value: None if value is None else _WIDE.quantize(decimal.Decimal(repr(value)), last)
