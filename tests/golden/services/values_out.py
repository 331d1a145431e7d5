"""One method per value that 2.14 writes."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

from spyne import (
    Application,
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    Date,
    DateTime,
    Decimal,
    Double,
    Duration,
    Enum,
    Float,
    Integer,
    Service,
    Time,
    Unicode,
    Uuid,
    rpc,
)
from spyne.protocol.soap import Soap11

Letter = Enum("a", "b", type_name="Letter")
TYPES = {
    "unicode": Unicode,
    "integer": Integer,
    "decimal": Decimal,
    "double": Double,
    "float": Float,
    "boolean": Boolean,
    "date": Date,
    "time": Time,
    "moment": DateTime,
    "duration": Duration,
    "uuid": Uuid,
    "bytes": ByteArray,
    "letter": Letter,
}


class AllValues(ComplexModel):
    _type_info = [
        (name, Array(type_, member_name="v", type_name=name.title() + "List")) for name, type_ in TYPES.items()
    ]


UTC = datetime.UTC
EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
WEST = datetime.timezone(datetime.timedelta(hours=-2, minutes=-30))
D = decimal.Decimal
VALUES = {
    "unicode": ["", "x", "  spaced  ", "\u00e9\u4e2d\U0001f600", "<&>\"'", "line\nbreak\ttab"],
    "integer": [0, -5, 10**30, True],
    "decimal": [D("0"), D("1.50"), D("-0.1"), D("100"), D("12345678901234567890.123456789"), 3],
    "double": [0.0, 1.0, 0.1, -2.5, 1e20, 1e-7, 123456789.123, 3],
    "float": [1.5, 1 / 3],
    "boolean": [True, False, 1, 0],
    "date": [datetime.date(2024, 2, 29), datetime.date(1, 1, 1), datetime.datetime(2024, 1, 2, 3, 4)],
    "time": [
        datetime.time(1, 2, 3),
        datetime.time(23, 59, 59, 999999),
        datetime.time(1, 2, 3, 400000),
        datetime.time(0),
    ],
    "moment": [
        datetime.datetime(2024, 1, 2, 3, 4, 5),
        datetime.datetime(2024, 1, 2, 3, 4, 5, 6),
        datetime.datetime(2024, 1, 2, 3, 4, 5, 600000, tzinfo=UTC),
        datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime.datetime(2024, 1, 2, 3, 4, tzinfo=EAST),
        datetime.datetime(2024, 1, 2, 3, 4, tzinfo=WEST),
    ],
    "duration": [
        datetime.timedelta(0),
        datetime.timedelta(days=1),
        datetime.timedelta(hours=1),
        datetime.timedelta(days=40, hours=3, minutes=2, seconds=1),
        datetime.timedelta(seconds=1, microseconds=500000),
        -datetime.timedelta(days=1, hours=1),
    ],
    "uuid": [uuid.UUID(int=5)],
    "bytes": [[b"ab", b"c"], b"abc", [b""]],
    "letter": [Letter.a, "b"],
}


class Fields(ComplexModel):
    _type_info = [*TYPES.items(), ("must", Unicode(min_occurs=1)), ("array", Array(Integer))]


class ValuesOut(Service):
    @rpc(Unicode, _returns=AllValues)
    def get(ctx, kind):
        return AllValues(**{kind: VALUES[kind]})

    @rpc(_returns=Fields)
    def nones(ctx):
        return Fields()

    @rpc(_returns=Fields)
    def firsts(ctx):
        return Fields(must="m", array=[], **{k: v[-1] for k, v in VALUES.items()})

    @rpc(_returns=Decimal)
    def big_exponent(ctx):
        return D("1E+5")

    @rpc(_returns=Decimal)
    def small_decimal(ctx):
        return D("0.0000001")

    @rpc(_returns=Double)
    def infinity(ctx):
        return float("inf")

    @rpc(_returns=Double)
    def not_a_number(ctx):
        return float("nan")

    @rpc(_returns=Duration)
    def micro(ctx):
        return datetime.timedelta(seconds=1, microseconds=5)


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [ValuesOut],
        "golden.values_out",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
