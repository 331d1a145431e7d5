"""Every schema kind through the protocols that are for one direction."""

from __future__ import annotations

import pytest
from tests.matrix.kinds import KINDS, NS
from tests.matrix.one_way import ONE_WAY
from tests.matrix.table import reason_against
from tests.matrix.test_round_trips import GET, PLACES, PUT, value_of
from tests.transport.conftest import _call

from spyne import Application, Fault, Service, rpc
from spyne.protocol.json import JsonDocument
from spyne.schema import DeclarationError
from spyne.server.wsgi import WsgiApplication


def cases(way, *, carried=True):
    """Return each combination of a kind and a protocol of one way that is said to work, or not to."""
    return [
        pytest.param(kind, row, place, id=f"{kind.name}-{row.name}-{place}")
        for row in ONE_WAY
        for kind in KINDS
        for place in (row.places if carried else ("argument",))
        if row.way == way and (reason_against(kind, row) is None) == carried
    ]


def declared(kind, place):
    """Return the style in which a kind is declared, and the type in its place."""
    style = "annotated" if kind.classic is None else "classic"
    return style, PLACES[place](getattr(kind, style))


def arriving(kind, row, place):
    """Yield each value as it was sent, and as the method got it."""
    style, tp = declared(kind, place)
    got = []

    def take(ctx, value):
        got.append(value)

    service = type("S", (Service,), {"take": rpc(tp)(take)})
    app = Application([service], NS, in_protocol=row.make(), out_protocol=JsonDocument())
    (descriptor,) = service.public_methods.values()
    wsgi = WsgiApplication(app)
    for raw in kind.values:
        value = value_of(kind, style, raw)
        answer = _call(wsgi, **row.request(app, descriptor, PUT[place](tp, value)))
        assert answer.status[:3] in ("200", "204"), answer.body
        yield value, GET[place](got.pop())


@pytest.mark.parametrize(("kind", "row", "place"), cases("in"))
def test_what_comes_in(kind, row, place):
    """A value that is sent is the method's argument."""
    for value, found in arriving(kind, row, place):
        assert kind.equal(value, found), (value, found)


@pytest.mark.parametrize(("kind", "row", "place"), cases("in", carried=False))
def test_what_does_not_come_in(kind, row, place):
    """A kind that is said not to travel really does not."""
    with pytest.raises((DeclarationError, AssertionError, Fault, TypeError, ValueError)):
        assert all(kind.equal(value, found) for value, found in arriving(kind, row, place))


def written(kind, row, place):
    """Return what the protocol writes for each value of a kind."""
    style, tp = declared(kind, place)
    results = [PUT[place](tp, value_of(kind, style, raw)) for raw in kind.values]

    def give(ctx, index):
        return results[index]

    service = type("S", (Service,), {"give": rpc(int, _returns=tp)(give)})
    wsgi = WsgiApplication(Application([service], NS, in_protocol=JsonDocument(), out_protocol=row.make()))
    answers = [_call(wsgi, body=b'{"give": [%d]}' % index) for index in range(len(results))]
    assert {answer.status for answer in answers} == {"200 OK"}
    return [answer.body for answer in answers]


@pytest.mark.parametrize(("kind", "row", "place"), cases("out"))
def test_what_goes_out(kind, row, place):
    """Every value is written, and different values differently; what exactly is seen in the protocols' own tests."""
    bodies = written(kind, row, place)
    assert len(set(bodies)) == len(bodies)


@pytest.mark.parametrize(("kind", "row", "place"), cases("out", carried=False))
def test_what_does_not_go_out(kind, row, place):
    """A kind that is said not to travel is refused, or written as something else is."""
    try:
        bodies = written(kind, row, place)
    except (DeclarationError, AssertionError, TypeError, ValueError):
        return
    assert len(set(bodies)) < len(bodies)
