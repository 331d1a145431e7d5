"""Objects as YAML and MessagePack and back, without a service."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D  # noqa: N817

import msgspec
import pytest
import yaml

from spyne import Array, ByteArray, ComplexModel, DateTime, Decimal, Integer, Unicode
from spyne.codec._base import DecodeError
from spyne.util.dictdoc import (
    get_msgpack_as_object,
    get_object_as_msgpack,
    get_object_as_msgpack_doc,
    get_object_as_yaml,
    get_object_as_yaml_doc,
    get_yaml_as_object,
    yaml_loads,
)


class Line(ComplexModel):
    what = Unicode
    price = Decimal


class Order(ComplexModel):
    number = Integer
    when = DateTime
    seal = ByteArray
    lines = Array(Line)


ORDER = {
    "number": 7,
    "when": dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
    "seal": [b"\x00\xff"],
    "lines": [Line(what="ämber", price=D("1.50"))],
}


def same(found):
    """Tell whether an order came back as it was."""
    assert (found.number, found.when, b"".join(found.seal)) == (7, ORDER["when"], b"\x00\xff")
    assert [(line.what, line.price) for line in found.lines] == [("ämber", D("1.50"))]


@pytest.mark.parametrize("options", [{}, {"ignore_wrappers": True}, {"complex_as": list, "ignore_wrappers": True}])
def test_there_and_back(options):
    """What is written is read as the same object, with wrappers or without, and read by other readers of the format."""
    order = Order(**ORDER)
    text, data = get_object_as_yaml(order, Order, **options), get_object_as_msgpack(order, Order, **options)
    same(get_yaml_as_object(text, Order, **options))
    same(yaml_loads(text.decode(), Order, **options))
    same(get_msgpack_as_object(data, Order, **options))
    assert yaml.safe_load(text) == get_object_as_yaml_doc(order, Order, **options)
    assert msgspec.msgpack.decode(data) == get_object_as_msgpack_doc(order, Order, **options)


def test_wrappers_by_default():
    """The class's name stands around the object unless asked otherwise, as in Spyne 2."""
    assert get_object_as_yaml(Line(what="x"), Line) == b"Line:\n    what: x\n"
    assert get_object_as_msgpack_doc(Line(what="x")) == {"Line": {"what": "x"}}


def test_what_does_not_fit():
    """Malformed text and values of another type are DecodeErrors."""
    for text in ("Line: [", "Line: {price: x}", "a: &b 1"):
        with pytest.raises(DecodeError):
            get_yaml_as_object(text, Line)
    for data in (b"", b"\xc1", msgspec.msgpack.encode({"Line": {"price": "x"}})):
        with pytest.raises(DecodeError):
            get_msgpack_as_object(data, Line)
