"""Mapped objects through the protocols: what is loaded is written, what is not is absent, and nothing is read for it."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from lxml import etree
from sqlalchemy.orm import Session, selectinload

from spyne import Application, Array, Integer32, Iterable, Service, Unicode, rpc
from spyne.model.complex import SelfReference, table
from spyne.model.table import TTableModel
from spyne.protocol.csv import Csv
from spyne.protocol.html import HtmlMicroFormat
from spyne.protocol.http import HttpRpc
from spyne.protocol.json import JsonDocument
from spyne.protocol.msgpack import MessagePackDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.xml import XmlDocument
from spyne.protocol.yaml import YamlDocument
from spyne.schema import DeclarationError
from spyne.server.wsgi import WsgiApplication
from spyne.store.relational import SessionPerCall, session_of
from spyne.testing import Client


@pytest.fixture
def shop(memory):
    """A function that returns classes of orders with lines, and an engine with one order of two lines."""

    def make(unloaded="absent", lazy="select"):
        base = TTableModel()

        class Line(base):
            __tablename__ = "line"
            __namespace__ = "urn:shop"
            id = Integer32(pk=True)
            what = Unicode(9)

        class Order(base):
            __tablename__ = "order"
            __namespace__ = "urn:shop"
            __spyne_unloaded__ = unloaded
            id = Integer32(pk=True)
            name = Unicode(9)
            note = Unicode(9, default="none")
            lines = Array(Line).customize(store_as=table(backref="order", lazy=lazy, order_by="id"))
            tags = Array(Unicode(5)).customize(store_as=table(lazy=lazy))
            before = SelfReference.customize(store_as=table(lazy=lazy))

        engine = memory()
        base.Attributes.sqla_metadata.create_all(engine)
        with Session(engine) as session:
            session.add(
                Order(name="first", lines=[Line(what="a"), Line(what="b")], tags=["x"], before=Order(name="old"))
            )
            session.commit()
        return Order, Line, engine

    return make


def served(order, engine, *options, out=None, into=None):
    """Return an application over the orders, and what it puts into the database."""
    session = Session(engine)

    class Orders(Service):
        @rpc(_returns=order)
        def first(ctx):
            return session.scalars(sa.select(order).where(order.name == "first").options(*options)).one()

        @rpc(_returns=Array(order))
        def every(ctx):
            return session.scalars(sa.select(order).order_by(order.id).options(*options)).all()

        @rpc(order, _returns=Integer32)
        def put(ctx, order):
            session.add(order)
            session.commit()
            return order.id

    return Application([Orders], "urn:shop", in_protocol=into or JsonDocument(), out_protocol=out or JsonDocument())


def call(app, body, content_type="application/json", **environ):
    """Return the status and the body of an answer."""
    import io

    said = []
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    answer = WsgiApplication(app)(environ, lambda status, headers, *_: said.append(status))
    return said[0], b"".join(answer)


@pytest.fixture
def statements():
    """Collect the statements that reach a database."""
    found = []

    def listen(engine):
        sa.event.listen(engine, "before_cursor_execute", lambda *args: found.append(args[2]))
        return found

    return listen


def test_unloaded_relations_are_absent(shop, statements):
    """Relations that no query asked for are left out, and no statement is sent to find them."""
    Order, _, engine = shop()
    seen = statements(engine)
    status, body = call(served(Order, engine), b'{"first": {}}')
    assert (status, json.loads(body)) == (
        "200 OK",
        {"id": 2 if b'"id":2' in body else 1, "name": "first", "note": "none"},
    )
    assert len([each for each in seen if each.startswith("SELECT")]) == 1


def test_loaded_relations_are_written(shop):
    """Relations that the query loaded are written, lists of plain values among them."""
    Order, _, engine = shop()
    options = (selectinload(Order.lines), selectinload(Order._tags), selectinload(Order.before))
    _, body = call(served(Order, engine, *options), b'{"first": {}}')
    found = json.loads(body)
    assert [each["what"] for each in found["lines"]] == ["a", "b"]
    assert (found["tags"], found["before"]["name"]) == (["x"], "old")


def test_unloaded_relations_can_be_refused_at_start(shop):
    """With __spyne_unloaded__ = "error" a class whose relations are not always loaded makes no application; an eager one does."""
    Order, _, engine = shop("error")
    with pytest.raises(DeclarationError, match=r"Order\.lines would be absent wherever a query did not load it"):
        served(Order, engine).interface
    Order, _, engine = shop("error", "selectin")
    assert b'"lines"' in call(served(Order, engine), b'{"first": {}}')[1]
    with pytest.raises(DeclarationError, match="it is one of absent, error, load"):
        served(shop("never")[0], engine).interface


def test_unloaded_relations_can_be_loaded(shop):
    """With __spyne_unloaded__ = "load" relations are read while the object is written, as in Spyne 2."""
    Order, _, engine = shop("load")
    assert b'"lines":[{' in call(served(Order, engine), b'{"first": {}}')[1].replace(b" ", b"")


def test_expired_columns_are_read_again(shop):
    """Columns that a commit has expired are in the answer."""
    Order, _, engine = shop()
    session = Session(engine)

    class Orders(Service):
        @rpc(_returns=Order)
        def touch(ctx):
            found = session.scalars(sa.select(Order).where(Order.name == "first")).one()
            found.note = "new"
            session.commit()
            return found

    app = Application([Orders], "urn:shop", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    assert json.loads(call(app, b'{"touch": {}}')[1])["note"] == "new"


@pytest.mark.parametrize(
    "protocol", [XmlDocument, JsonDocument, YamlDocument, MessagePackDocument, Soap11, Soap12, HtmlMicroFormat]
)
def test_every_protocol_writes_them(shop, protocol):
    """An object with its relations, some of which lead back to it, comes out of each protocol."""
    Order, Line, engine = shop()
    options = (
        selectinload(Order.lines).selectinload(Line.order),
        selectinload(Order._tags),
        selectinload(Order.before),
    )
    for method in (b"first", b"every"):
        status, body = call(served(Order, engine, *options, out=protocol()), b'{"%s": {}}' % method)
        assert status == "200 OK"
        assert b"first" in body
        assert b"old" in body


def test_rows_of_a_table(shop):
    """An Iterable of mapped objects is a table of their columns."""
    Order, _, engine = shop()
    session = Session(engine)

    class Orders(Service):
        @rpc(_returns=Iterable(Order.customize(child_attrs_noexc={"id": {}, "name": {}})))
        def all(ctx):
            yield from session.scalars(sa.select(Order).order_by(Order.name))

    app = Application([Orders], "urn:shop", in_protocol=HttpRpc(), out_protocol=Csv())
    _, body = call(app, b"", REQUEST_METHOD="GET", PATH_INFO="/all")
    assert body.decode().splitlines()[1].endswith("first")


@pytest.mark.parametrize("validator", [None, "soft"])
def test_what_comes_in_is_stored(shop, validator):
    """A document makes an object with its relations, which a session stores; absent members keep the columns' defaults."""
    Order, _, engine = shop()
    body = {"put": {"order": {"name": "new", "lines": [{"what": "c"}], "tags": ["y", "z"], "before": {"name": "b"}}}}
    app = served(Order, engine, into=JsonDocument(validator=validator))
    status, answer = call(app, json.dumps(body).encode())
    assert status == "200 OK"
    with Session(engine) as session:
        found = session.get(Order, json.loads(answer))
        assert (found.name, found.note, found.lines[0].what, list(found.tags)) == ("new", "none", "c", ["y", "z"])
        assert found.before.name == "b"


@pytest.mark.parametrize("validator", [None, "soft", "lxml"])
def test_soap_both_ways(shop, validator):
    """A SOAP request makes an object that is stored, an answer has it again."""
    Order, _, engine = shop()
    app = served(Order, engine, into=Soap11(validator=validator), out=Soap11())
    body = (
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:s="urn:shop"><e:Body><s:put><s:order>'
        b"<s:name>soap</s:name><s:lines><s:Line><s:what>c</s:what></s:Line></s:lines></s:order></s:put></e:Body></e:Envelope>"
    )
    status, answer = call(app, body, "text/xml")
    assert status == "200 OK", answer
    key = int(etree.fromstring(answer).findtext(".//{urn:shop}putResult"))
    with Session(engine) as session:
        assert session.get(Order, key).lines[0].what == "c"


def test_what_a_column_cannot_hold_is_refused(shop):
    """A text that is longer than its column is a fault of the client that names the member; the database is not asked."""
    Order, _, engine = shop()
    app = served(Order, engine, into=JsonDocument(validator="soft"))
    status, answer = call(app, b'{"put": {"order": {"name": "0123456789"}}}')
    assert status.startswith("400")
    assert b"name" in answer


def test_polymorphic_answers(memory):
    """Objects of a subclass are written as what they are."""
    base = TTableModel()

    class Person(base):
        __tablename__ = "person"
        __namespace__ = "urn:shop"
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "p"}
        id = Integer32(pk=True)
        kind = Unicode(1)
        name = Unicode(9)

    class Worker(Person):
        __tablename__ = "worker"
        __namespace__ = "urn:shop"
        __mapper_args__ = {"polymorphic_identity": "w"}
        wage = Integer32

    engine = memory()
    base.Attributes.sqla_metadata.create_all(engine)
    session = Session(engine)
    session.add(Worker(name="first", wage=5))
    session.commit()
    _, body = call(served(Person, engine, out=XmlDocument(polymorphic=True)), b'{"first": {}}')
    assert b"Worker" in body
    assert b"<s0:wage>5" in body or b"wage>5<" in body


@pytest.mark.parametrize("protocol", [JsonDocument, Soap11])
def test_what_a_document_does_not_say(memory, protocol):
    """A member that is absent is not set: the database fills it, a merge leaves it alone; the mark of the class is not the client's."""
    base = TTableModel()

    class Row(base):
        __tablename__ = "row"
        __namespace__ = "urn:shop"
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "row"}
        id = Integer32(pk=True)
        kind = Unicode(9)
        python = Unicode(9, db_default="python")
        server = Unicode(9, server_default="server")
        note = Unicode(9)

    class Rows(Service):
        @rpc(Row, _returns=Integer32)
        def put(ctx, row):
            return session_of(ctx).merge(row).id

    engine = memory()
    base.Attributes.sqla_metadata.create_all(engine)
    app = Application(
        [Rows], "urn:shop", in_protocol=protocol(), out_protocol=protocol(), middleware=[SessionPerCall(engine)]
    )
    with Client(app) as client:
        client.call("put", {"id": 1, "kind": "other", "note": "kept"})
        client.call("put", {"id": 1, "python": "new"})
    with Session(engine) as session:
        row = session.scalars(sa.select(Row)).one()
        assert (row.kind, row.python, row.server, row.note) == ("row", "new", "server", "kept")
