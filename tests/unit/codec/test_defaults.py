"""Defaults that are no values of their types are refused when the application is built, whatever the protocol."""

from __future__ import annotations

import datetime as dt
import decimal
from enum import Enum
from uuid import UUID

import pytest

from spyne import Application, ComplexModel, Date, DateTime, Decimal, Integer, Service, Unicode, Uuid, rpc
from spyne.model.binary import ByteArray
from spyne.protocol.json import JsonDocument
from spyne.protocol.xml import XmlDocument
from spyne.schema import DeclarationError


def build(tp, protocol, *, out=False):
    """An application with one method that takes, or returns, an object with a member `field` of a type."""
    holder = type("Holder", (ComplexModel,), {"_type_info": [("field", tp)]})

    class Home(Service):
        @rpc(Integer if out else holder, _returns=holder if out else Integer)
        def call(ctx, value):
            return None

    return Application([Home], "urn:defaults", in_protocol=protocol(), out_protocol=protocol())


WRONG = [
    (Integer(default="x"), "Holder.field: default='x' is no value of its type: "),
    (Integer(ge=1, default=0), "Holder.field: default=0 must be >= 1"),
    (Unicode(values=["a", "b"], default="c"), "Holder.field: default='c' is not one of: a, b"),
    (Unicode(max_len=2, default="abc"), "Holder.field: default='abc' is longer than max_len=2"),
    (Unicode(pattern="[0-9]+", default="x"), r"Holder.field: default='x' does not match the pattern [0-9]+"),
    (Date(default=5), "Holder.field: default=5 is no value of its type: expected date, got int"),
]


@pytest.mark.parametrize("protocol", [JsonDocument, XmlDocument])
@pytest.mark.parametrize("out", [False, True], ids=["taken", "returned"])
@pytest.mark.parametrize(("tp", "message"), WRONG, ids=[message for _, message in WRONG])
def test_wrong_defaults(tp, message, out, protocol):
    """The error names the member and the rule."""
    with pytest.raises(DeclarationError) as caught:
        build(tp, protocol, out=out)
    assert str(caught.value).startswith(message)


class Colour(Enum):
    RED = "red"


RIGHT = [
    Integer(default=3),
    Integer(default="5"),
    Decimal(default=decimal.Decimal("1.50")),
    Decimal(default=1),
    Unicode(default=""),
    Unicode(values=["a", "b"], default="b"),
    Date(default=dt.date(2020, 1, 2)),
    Date(format="%d.%m.%Y", default=dt.date(2020, 1, 2)),
    DateTime(default=dt.datetime(2020, 1, 2, tzinfo=dt.UTC)),
    Uuid(default=UUID(int=1)),
    ByteArray(default=b"abc"),
    Integer(default=None),
    Integer(default_factory=lambda: "x"),
]


@pytest.mark.parametrize("protocol", [JsonDocument, XmlDocument])
@pytest.mark.parametrize("tp", RIGHT)
def test_defaults_that_are_values(tp, protocol):
    """What can be written, and would be read, may be a default."""
    build(tp, protocol)
