"""What validation looks at: one method per facet."""

from __future__ import annotations

import datetime
from typing import Any

from spyne import (
    Application,
    Array,
    Boolean,
    ByteArray,
    Date,
    DateTime,
    Decimal,
    Double,
    Duration,
    Enum,
    Integer,
    Integer8,
    Integer64,
    Ipv4Address,
    Mandatory,
    Service,
    Time,
    Unicode,
    UnsignedInteger8,
    Uuid,
    rpc,
)
from spyne.protocol.soap import Soap11

TYPES = {
    "max_len": Unicode(max_len=3),
    "min_len": Unicode(min_len=2),
    "pattern": Unicode(pattern="a+"),
    "values": Unicode(values=["p", "q"]),
    "ge": Integer(ge=3),
    "gt": Integer(gt=3),
    "le": Integer(le=3),
    "lt": Integer(lt=3),
    "int_values": Integer(values=[1, 2]),
    "int8": Integer8,
    "uint8": UnsignedInteger8,
    "int64": Integer64,
    "digits": Decimal(5, 2),
    "decimal_ge": Decimal(ge=1),
    "double": Double,
    "boolean": Boolean,
    "date": Date,
    "date_ge": Date(ge=datetime.date(2020, 1, 1)),
    "time": Time,
    "moment": DateTime,
    "moment_ge": DateTime(ge=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)),
    "duration": Duration,
    "uuid": Uuid,
    "letter": Enum("a", "b", type_name="Letter"),
    "bytes": ByteArray,
    "ipv4": Ipv4Address,
    "solid": Unicode(nillable=False),
    "must": Unicode(min_occurs=1),
    "mandatory": Mandatory(Unicode),
    "mandatory_int": Mandatory(Integer),
    "twice": Unicode(max_occurs=2),
    "two_to_three": Integer(min_occurs=2, max_occurs=3),
    "short_items": Array(Unicode(max_len=2)),
    "unicode": Unicode,
    "integer": Integer,
    "decimal": Decimal,
}


def make(name, type_):
    def method(ctx, value):
        return repr(value)

    method.__name__ = name
    method.__qualname__ = f"Facets.{name}"
    return rpc(type_, _returns=Unicode)(method)


Facets = type(
    "Facets", (Service,), {name: make(name, type_) for name, type_ in TYPES.items()} | {"__module__": __name__}
)


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Facets],
        "golden.facets",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
