"""Random schemas and values of them, through whole pipelines: what arrives is what was sent."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.matrix.kinds import same

from spyne import Application, Array, ComplexModel, NullServer, Service, XmlAttribute, rpc
from spyne import model as m
from spyne.protocol.json import JsonDocument
from spyne.protocol.msgpack import MessagePackDocument, MessagePackRpc
from spyne.protocol.soap import Soap11

NAMES = st.sampled_from(["a", "b", "alpha", "name", "value", "items", "class_", "x1", "longer_name", "ürün"])
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff"), max_size=9)
COUNTER = itertools.count()


class Drawn(NamedTuple):
    """A type, a strategy of its values, and whether it has one text form."""

    type: object
    values: st.SearchStrategy
    scalar: bool = True


def when(years):
    return st.datetimes(dt.datetime(years, 1, 1), dt.datetime(2300, 1, 1))


@st.composite
def limited_integer(draw):
    low = draw(st.integers(-(10**20), 10**20))
    high = low + draw(st.integers(0, 10**6))
    return Drawn(m.Integer(ge=low, le=high), st.integers(low, high))


@st.composite
def limited_text(draw):
    low = draw(st.integers(0, 3))
    high = low + draw(st.integers(0, 5))
    return Drawn(m.Unicode(min_len=low, max_len=high), st.text("abç<&", min_size=low, max_size=high))


@st.composite
def limited_decimal(draw):
    places = draw(st.integers(0, 5))
    digits = places + draw(st.integers(1, 9))
    bound = Decimal(10) ** (digits - places) - Decimal(10) ** -places
    values = st.decimals(-bound, bound, allow_nan=False, allow_infinity=False, places=places)
    return Drawn(m.Decimal(digits, places), values)


@st.composite
def enumerated(draw):
    texts = draw(
        st.lists(st.text("abcdef ", min_size=1, max_size=4).map(str.strip).filter(bool), min_size=1, unique=True)
    )
    tp = m.Enum(*texts, type_name=f"Enum{next(COUNTER)}")
    return Drawn(tp, st.sampled_from([tp[text] for text in texts]))


SCALARS = st.one_of(
    st.sampled_from(
        [
            Drawn(m.Unicode, TEXT),
            Drawn(str, TEXT),
            Drawn(m.Integer, st.integers()),
            Drawn(int, st.integers()),
            Drawn(m.Integer32, st.integers(-(2**31), 2**31 - 1)),
            Drawn(m.Double, st.floats(allow_nan=False, allow_infinity=False)),
            Drawn(m.Boolean, st.booleans()),
            Drawn(m.Date, st.dates()),
            Drawn(m.DateTime, when(1900)),
            Drawn(m.Duration, st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999))),
            Drawn(m.Uuid, st.uuids()),
        ]
    ),
    limited_integer(),
    limited_text(),
    limited_decimal(),
    enumerated(),
)


@st.composite
def arrays(draw, inner):
    item = draw(inner)
    return Drawn(Array(item.type), st.lists(item.values, max_size=3), scalar=False)


@st.composite
def models(draw, inner):
    """A ComplexModel with members of every placement, half of the times extending another one."""
    members = draw(st.dictionaries(NAMES, inner, min_size=1, max_size=4))
    fields, values = {}, {}
    for name, drawn in members.items():
        fields[name], values[name] = draw(placed(drawn))
    cls = ComplexModel.produce(f"urn:{draw(st.sampled_from('ab'))}", f"Model{next(COUNTER)}", fields)
    if draw(st.booleans()):
        cls = type(f"Child{next(COUNTER)}", (cls,), {"further": m.Unicode, "__namespace__": "urn:c"})
        values["further"] = st.none() | TEXT
    return Drawn(cls, st.builds(lambda **found: cls(**found), **values), scalar=False)


@st.composite
def placed(draw, drawn):
    """A member's type and values: once, as an attribute, repeated, or with a default."""
    place = draw(st.sampled_from(["once", "attribute", "repeated", "required"]))
    model = m.NATIVE_MAP.get(drawn.type, drawn.type)
    if place == "attribute" and drawn.scalar:
        return XmlAttribute(model), st.none() | drawn.values
    if place == "repeated" and drawn.scalar:
        return model.customize(max_occurs="unbounded"), st.none() | st.lists(drawn.values, min_size=1, max_size=3)
    if place == "required" and hasattr(model, "customize"):
        return model.customize(min_occurs=1, nillable=False), drawn.values
    return model, st.none() | drawn.values


@st.composite
def records(draw, inner):
    """A dataclass, with optional members."""
    members = draw(st.dictionaries(NAMES.filter(str.isidentifier), inner, min_size=1, max_size=4))
    fields, values = [], {}
    for name, drawn in members.items():
        optional = draw(st.booleans())
        fields.append((name, drawn.type | None if optional else drawn.type))
        values[name] = st.none() | drawn.values if optional else drawn.values
    cls = dataclasses.make_dataclass(f"Record{next(COUNTER)}", fields)
    return Drawn(cls, st.builds(cls, **values), scalar=False)


SCHEMAS = st.recursive(SCALARS, lambda inner: st.one_of(arrays(inner), models(inner), records(inner)), max_leaves=6)
CASES = SCHEMAS.flatmap(lambda drawn: st.tuples(st.just(drawn.type), st.lists(drawn.values, min_size=1, max_size=3)))


@pytest.mark.parametrize("protocol", [Soap11, JsonDocument, MessagePackDocument, MessagePackRpc])
@given(case=CASES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_random_schemas(protocol, case):
    """Whatever is declared, its values survive request and response under soft validation."""
    tp, values = case

    def echo(ctx, value):
        return value

    service = type("S", (Service,), {"echo": rpc(tp, _returns=tp)(echo)})
    app = Application([service], "urn:t", in_protocol=protocol(validator="soft"), out_protocol=protocol())
    server = NullServer(app, wire=True)
    for value in values:
        assert same(value, server.service.echo(value))
