"""SQLAlchemy's mapped classes as arguments and results: what is published, what comes in, what goes out, and what is never loaded."""

from __future__ import annotations

import enum
import subprocess
import sys
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from io import BytesIO
from ipaddress import IPv4Address
from typing import Annotated, Any, Generic, Literal, TypeVar
from wsgiref.util import setup_testing_defaults

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    PickleType,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    Uuid,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects.mysql import BIGINT, MEDIUMINT, TINYINT
from sqlalchemy.dialects.mysql import INTEGER as MYSQL_INTEGER
from sqlalchemy.dialects.postgresql import CITEXT, HSTORE, INET, JSONB
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    Session,
    WriteOnlyMapped,
    attribute_keyed_dict,
    column_property,
    composite,
    deferred,
    joinedload,
    mapped_column,
    registry,
    relationship,
    selectinload,
    synonym,
)
from sqlalchemy.types import NullType, UserDefinedType

from spyne import Application, Array, ComplexModel, Fault, NullServer, Service, Unicode, rpc
from spyne.codec import tree, tree_native, xml_encode
from spyne.codec._base import EncodeError, Options
from spyne.model.primitive import NATIVE_MAP
from spyne.protocol.csv import Csv
from spyne.protocol.http import HttpRpc
from spyne.protocol.json import JsonDocument
from spyne.protocol.msgpack import MessagePackDocument
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument
from spyne.protocol.yaml import YamlDocument
from spyne.schema import DeclarationError, Lowering, resolve
from spyne.server.wsgi import WsgiApplication

# --- types ---


class Color(enum.Enum):
    red = "r"
    green = "g"


class Lower(TypeDecorator):
    impl = String(7)
    cache_ok = True


class Days(TypeDecorator):
    impl = Integer
    cache_ok = True

    @property
    def python_type(self):
        return timedelta


class Point(UserDefinedType):
    """A type that says nothing of its values."""


COLUMNS = {
    "integer": (Integer(), {}, "int", {"ge": -(2**31), "le": 2**31 - 1}),
    "small": (SmallInteger(), {}, "short", {"le": 2**15 - 1}),
    "big": (BigInteger(), {}, "long", {"le": 2**63 - 1}),
    "tiny": (TINYINT(), {}, "byte", {"le": 127}),
    "medium": (MEDIUMINT(), {}, "int", {}),
    "unsigned": (MYSQL_INTEGER(unsigned=True), {}, "unsignedInt", {"ge": 0}),
    "unsigned big": (BIGINT(unsigned=True), {}, "unsignedLong", {"ge": 0}),
    "string": (String(9), {}, "X_valueType", {"max_len": 9}),
    "text": (Text(), {}, "string", {"max_len": None}),
    "bytes": (LargeBinary(4), {}, "X_valueType", {"max_len": 4}),
    "numeric": (
        Numeric(10, 2),
        {},
        "X_valueType",
        {"total_digits": 10, "fraction_digits": 2, "lt": 10**8, "gt": -(10**8)},
    ),
    "numeric, no scale": (Numeric(3), {}, "X_valueType", {"total_digits": 3, "fraction_digits": 0}),
    "numeric, free": (Numeric(), {}, "decimal", {"total_digits": None}),
    "numeric as float": (Numeric(10, 2, asdecimal=False), {}, "double", {}),
    "float": (Float(), {}, "double", {}),
    "float as decimal": (Float(5, asdecimal=True), {}, "X_valueType", {"total_digits": 5}),
    "time": (Time(), {}, "time", {}),
    "interval": (Interval(), {}, "duration", {}),
    "uuid": (Uuid(), {}, "uuid", {}),
    "uuid as text": (Uuid(as_uuid=False), {}, "X_valueType", {"max_len": 36}),
    "enum class": (Enum(Color), {}, "Color", {}),
    "enum": (Enum("a", "b"), {}, "X_valueType", {}),
    "json": (JSON(), {}, "anyType", None),
    "jsonb": (JSONB(), {}, "anyType", None),
    "json with more": (JSON(), {"value": Mapped[list[int]]}, "integerArray", None),
    "array": (ARRAY(Integer), {}, "intArray", None),
    "array of arrays": (ARRAY(String, dimensions=2), {}, "stringArrayArray", None),
    "decorated": (Lower(), {}, "X_valueType", {"max_len": 7}),
    "decorated, with a python type": (Days(), {}, "duration", {}),
    "decorated, with an annotation": (Lower(), {"value": Mapped[Color]}, "Color", {}),
    "citext": (CITEXT(), {}, "string", {}),
    "unknown, with an annotation": (Point(), {"value": Mapped[str]}, "string", {}),
    "annotated": (
        String(9),
        {"value": Mapped[Annotated[str, msgspec.Meta(min_length=2)]]},
        "X_valueType",
        {"min_len": 2, "max_len": 9},
    ),
}


def node_of(cls, **options):
    return resolve(Lowering(default_namespace="urn:x", natives=NATIVE_MAP, **options).field(cls).type)


def mapped(name="X", **columns):
    """A class mapped to a table with these columns."""

    class Base(DeclarativeBase):
        pass

    annotations = columns.pop("annotations", {})
    body = {"__tablename__": name.lower(), "id": mapped_column(Integer, primary_key=True), **columns}
    return type(name, (Base,), {**body, "__annotations__": annotations, "__module__": __name__})


@pytest.mark.parametrize(("tp", "annotations", "name", "facets"), COLUMNS.values(), ids=COLUMNS)
def test_column_types(tp, annotations, name, facets):
    """Each type of column has its type in the schema, with the limits of the column."""
    node = node_of(mapped(value=mapped_column(tp, nullable=False), annotations=annotations))
    field = next(field for field in node.fields if field.name == "value")
    assert (field.type.name, field.min_occurs, field.nillable) == (name, 1, False)
    if facets:
        assert {key: getattr(field.type.facets, key) for key in facets} == facets


@pytest.mark.parametrize("tp", [PickleType(), NullType(), Point()], ids=lambda tp: type(tp).__name__)
def test_columns_that_cannot_travel(tp):
    """A column whose values are unknown is refused at start, with the member and what to do."""
    with pytest.raises(DeclarationError, match=r"X\.value: .*info=\{'spyne': "):
        node_of(mapped(value=Column(tp)))


def test_ways_out():
    """A column of an unknown type travels as what its info says, or not at all."""
    shown = mapped(value=mapped_column(Point(), info={"spyne": Unicode(3)}))
    hidden = mapped(value=mapped_column(Point(), info={"spyne": None}))
    assert [(field.name, field.nillable) for field in node_of(shown).fields] == [("id", False), ("value", True)]
    assert [field.name for field in node_of(hidden).fields] == ["id"]


def test_addresses_are_text():
    """PostgreSQL's types for addresses travel as text, whatever the driver gives."""
    cls = mapped(value=mapped_column(INET()))
    assert json_of(cls, cls(id=1, value=IPv4Address("10.0.0.1"))) == {"id": 1, "value": "10.0.0.1"}


def test_hstore():
    """PostgreSQL's hstore is a map of texts."""
    cls = mapped(value=mapped_column(HSTORE()))
    assert json_of(cls, cls(id=1, value={"a": "b", "c": None})) == {"id": 1, "value": {"a": "b", "c": None}}


# --- presence ---


class Base(DeclarativeBase):
    pass


membership = Table(
    "membership",
    Base.metadata,
    Column("user_id", ForeignKey("user.id"), primary_key=True),
    Column("group_id", ForeignKey("group.id"), primary_key=True),
)


class Group(Base):
    """People of a kind."""

    __tablename__ = "group"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), doc="What it is called.")
    members: Mapped[set[User]] = relationship(secondary=membership, back_populates="groups")


class User(Base):
    """Somebody."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    nick: Mapped[str | None]
    born: Mapped[date | None]
    created: Mapped[datetime] = mapped_column(server_default=func.now())
    active: Mapped[bool] = mapped_column(default=True)
    password: Mapped[str | None] = mapped_column(info={"spyne": None})
    biography: Mapped[str | None] = deferred(mapped_column(Text))
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    boss: Mapped[User | None] = relationship(remote_side="User.id")
    addresses: Mapped[list[Address]] = relationship(back_populates="user", cascade="all, delete-orphan")
    groups: Mapped[list[Group]] = relationship(secondary=membership, back_populates="members")
    log: WriteOnlyMapped[Entry] = relationship()


class Address(Base):
    __tablename__ = "address"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    user: Mapped[User] = relationship(back_populates="addresses")


class Entry(Base):
    __tablename__ = "entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))


User.upper = column_property(func.upper(User.__table__.c.name, type_=String), doc="The name, loud.")

PRESENCE = {
    "id": (0, False),
    "name": (1, False),
    "nick": (0, True),
    "born": (0, True),
    "created": (0, False),
    "active": (0, False),
    "biography": (0, True),
    "boss_id": (0, True),
    "upper": (0, True),
    "boss": (0, True),
    "addresses": (0, False),
    "groups": (0, False),
}


def test_members_and_presence():
    """Columns come first, then relations; what the database fills in need not be there; what is hidden or a query is no member."""
    node = node_of(User)
    assert {field.name: (field.min_occurs, field.nillable) for field in node.fields} == PRESENCE
    assert [field.name for field in node.fields] == list(PRESENCE)
    assert (node.name, node.namespace, node.doc) == ("User", "urn:x", "Somebody.")


def test_foreign_keys_of_relations_need_not_be_given():
    """A column that a relation fills is required of nobody."""
    assert {field.name: field.min_occurs for field in node_of(Address).fields} == {
        "id": 0,
        "email": 1,
        "user_id": 0,
        "user": 0,
    }


def test_documentation():
    """The documentation of a column is that of the member."""
    name = next(field for field in node_of(Group).fields if field.name == "name")
    assert name.hints["doc"] == "What it is called."


# --- going out ---


class Wrapper(ComplexModel):
    user: User
    others = Array(User)


T = TypeVar("T")


@dataclass
class Page(Generic[T]):
    items: list[T]
    total: int


class Users(Service):
    @rpc(User, _returns=User)
    def echo(ctx, user):
        return user

    @rpc(_returns=Array(User))
    def empty(ctx):
        return []

    @rpc(Wrapper, _returns=Wrapper)
    def wrap(ctx, wrapper):
        return wrapper

    @rpc
    def page(ctx, user: User) -> Page[User]:
        return Page([user], 1)


@pytest.fixture
def engine():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine):
    """A session on a database with two users."""
    with Session(engine) as session:
        ada = User(name="Ada", nick="a", biography="long", addresses=[Address(email="a@b.c"), Address(email="d@e.f")])
        ada.groups = [Group(name="staff")]
        session.add_all([ada, User(name="Bob", boss=ada)])
        session.commit()
        session.expunge_all()
        yield session


@pytest.fixture
def statements(engine):
    """The SQL that was run."""
    seen = []
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    return seen


def json_of(cls, value):
    class Out(Service):
        @rpc(_returns=cls)
        def get(ctx):
            return value

    app = Application([Out], "urn:x", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    return msgspec.json.decode(b"".join(NullServer(app, ostr=True).service.get()))


def xml_of(cls, value):
    field = Lowering(default_namespace="urn:x", natives=NATIVE_MAP).field(cls)
    write = xml_encode.compile_encoder(field, xml_encode.Element("urn:x", "r"), Options(), {"urn:x": "x"})
    return write(value)


PROTOCOLS = {
    "json": JsonDocument,
    "soap": Soap11,
    "xml": XmlDocument,
    "msgpack": MessagePackDocument,
    "yaml": YamlDocument,
    "csv": Csv,
}


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_nothing_is_loaded(session, statements, protocol):
    """No protocol reads a relation or deferred column that is not there: it is absent, and no SQL is run."""

    class Out(Service):
        @rpc(_returns=Array(User) if protocol is Csv else User)
        def get(ctx):
            return found if protocol is Csv else found[0]

    found = session.scalars(select(User).order_by(User.id)).all()
    del statements[:]
    app = Application([Out], "urn:x", in_protocol=JsonDocument(), out_protocol=protocol())
    written = b"".join(NullServer(app, ostr=True).service.get())
    assert statements == []
    assert b"Ada" in written
    assert b"ADA" in written
    assert b"a@b.c" not in written
    assert b"long" not in written


def test_loaded_relations_are_there(session):
    """What a query has loaded is written, to any depth."""
    query = select(User).options(selectinload(User.addresses), selectinload(User.groups)).order_by(User.id)
    ada = json_of(User, session.scalars(query).first())
    assert [address["email"] for address in ada["addresses"]] == ["a@b.c", "d@e.f"]
    assert ada["groups"] == [{"id": 1, "name": "staff"}]
    assert "boss" not in ada
    assert "biography" not in ada
    assert "password" not in ada


def test_deferred_column_that_was_loaded(session):
    """A deferred column is there once something has read it."""
    ada = session.scalars(select(User)).first()
    assert ada.biography == "long"
    assert json_of(User, ada)["biography"] == "long"


def test_objects_that_know_one_another(session):
    """A parent inside its child is left out, in every kind of format."""
    query = select(User).options(selectinload(User.addresses).joinedload(Address.user))
    ada = session.scalars(query).first()
    assert ada.addresses[0].user is ada
    assert [sorted(address) for address in json_of(User, ada)["addresses"]] == [["email", "id", "user_id"]] * 2
    text = xml_of(User, ada)
    assert text.count("<x:email>") == 2
    assert "<x:user>" not in text
    address = ada.addresses[1]
    assert json_of(Address, address)["user"]["addresses"][0]["email"] == "a@b.c"
    assert xml_of(Address, address).count("Ada") == 1


def test_the_same_object_twice(session):
    """An object that occurs twice, and not inside itself, is written twice."""
    ada = session.scalars(select(User).options(selectinload(User.addresses))).first()
    assert xml_of(Array(User), [ada, ada]).count("Ada") == 2


def test_boss_of_a_boss(session):
    """A relation of a class to itself goes as deep as it was loaded."""
    bob = session.scalars(select(User).where(User.name == "Bob").options(joinedload(User.boss))).one()
    assert json_of(User, bob)["boss"]["name"] == "Ada"


def test_expired_columns_are_read_again(session, statements):
    """After a commit the columns of an object are read again, its relations are not."""
    ada = session.scalars(select(User)).first()
    assert len(ada.addresses) == 2
    session.commit()
    del statements[:]
    found = json_of(User, ada)
    assert (found["name"], "addresses" in found, len(statements)) == ("Ada", False, 1)


def test_new_objects(statements):
    """An object that was never stored is written as far as it is filled."""
    assert json_of(User, User(name="x", addresses=[Address(email="y")])) == {
        "name": "x",
        "addresses": [{"email": "y"}],
    }
    assert statements == []


def test_other_forms_of_a_value():
    """A dict and a sequence will do in place of an object, as for other classes."""
    assert json_of(Group, {"name": "g"}) == {"name": "g"}
    assert json_of(Group, [1, "g"]) == {"id": 1, "name": "g"}
    assert xml_of(Group, {"name": "g"}) == "<x:r><x:name>g</x:name></x:r>"


class Lazy(DeclarativeBase):
    __spyne_unloaded__ = "load"


class Parent(Lazy):
    __tablename__ = "parent"
    id: Mapped[int] = mapped_column(primary_key=True)
    children: Mapped[list[Child]] = relationship()


class Child(Lazy):
    __tablename__ = "child"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("parent.id"))


def test_load():
    """Whoever asks for it gets relations loaded while they are written."""
    engine = create_engine("sqlite://")
    Lazy.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Parent(children=[Child()]))
        session.commit()
        assert json_of(Parent, session.scalars(select(Parent)).one()) == {
            "id": 1,
            "children": [{"id": 1, "parent_id": 1}],
        }
    engine.dispose()


def strict(**relations):
    class Strict(DeclarativeBase):
        __spyne_unloaded__ = "error"

    class Owner(Strict):
        __tablename__ = "owner"
        id = mapped_column(Integer, primary_key=True)
        things = relationship("Thing", **relations)

    class Thing(Strict):
        __tablename__ = "thing"
        id = mapped_column(Integer, primary_key=True)
        owner_id = mapped_column(ForeignKey("owner.id"))

    Owner.thing = Thing  # mappers do not keep their classes alive
    return Owner


@pytest.mark.parametrize("lazy", ["select", "raise", "raise_on_sql"])
def test_error_at_start(lazy):
    """A class that says so refuses, when the application is built, relations that would be absent unless a query loads them."""
    with pytest.raises(DeclarationError, match=r"Owner\.things: it would be absent .*lazy='selectin'"):
        node_of(strict(lazy=lazy))


@pytest.mark.parametrize("options", [{"lazy": "selectin"}, {"lazy": "joined"}, {"info": {"spyne": None}}])
def test_no_error_at_start(options):
    """Relations that are always loaded, or do not travel, are no mistake."""
    assert node_of(strict(**options)).name == "Owner"


def test_deferred_columns_at_start():
    """A deferred column is refused alike."""
    cls = mapped(value=deferred(mapped_column(Text)))
    cls.__spyne_unloaded__ = "error"
    with pytest.raises(DeclarationError, match=r"X\.value: it would be absent .*deferred=False"):
        node_of(cls)


def test_unknown_option():
    """A misspelt option is an error too."""
    owner = strict()
    owner.__spyne_unloaded__ = "eager"
    with pytest.raises(DeclarationError, match="one of absent, error, load"):
        node_of(owner)


# --- coming in ---


def application(protocol, services=(Users,), **options):
    return Application(list(services), "urn:x", in_protocol=protocol(**options), out_protocol=protocol())


@pytest.mark.parametrize("protocol", [JsonDocument, Soap11, MessagePackDocument, YamlDocument, XmlDocument])
def test_round_trip(protocol):
    """An object with its relations comes in as one and goes out again, in arguments and members, alone and in generics."""
    user = User(
        name="Ada",
        born=date(1815, 12, 10),
        created=datetime(2026, 1, 2, 3, 4, 5),
        addresses=[Address(email="a@b.c")],
        groups=[Group(name="g")],
        boss=User(name="Eve"),
    )
    service = NullServer(application(protocol, validator="soft"), wire=True).service
    found = service.echo(user)
    assert type(found) is User
    assert (found.name, found.born, found.boss.name) == ("Ada", date(1815, 12, 10), "Eve")
    assert found.addresses[0].user is found
    assert [group.name for group in found.groups] == ["g"]
    assert found.groups[0].members == {found}
    wrapped = service.wrap(Wrapper(user=user, others=[user]))
    assert (wrapped.user.name, wrapped.others[0].addresses[0].email) == ("Ada", "a@b.c")
    assert service.page(user).items[0].name == "Ada"


@pytest.mark.parametrize("validator", [None, "soft"])
def test_what_is_not_given_is_not_touched(session, validator):
    """A member that is absent stays as it is when the object is merged; one that is null becomes null."""
    received = []

    class Update(Service):
        @rpc(User)
        def update(ctx, user):
            received.append(user)

    app = Application([Update], "urn:x", in_protocol=JsonDocument(validator=validator), out_protocol=JsonDocument())
    server = WsgiApplication(app)
    for body in (
        b'{"update":{"user":{"id":1,"name":"Ada L."}}}',
        b'{"update":{"user":{"id":1,"name":"X","nick":null}}}',
    ):
        post(server, body, "application/json")
    first, second = received
    assert "nick" not in first.__dict__
    merged = session.merge(first)
    assert (merged.name, merged.nick, len(merged.addresses)) == ("Ada L.", "a", 2)
    assert session.merge(second).nick is None


def post(server, body, content_type, **environ):
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        **environ,
    }
    setup_testing_defaults(environ)
    statuses = []
    reply = server(environ, lambda status, headers, exc_info=None: statuses.append(status))
    written = b"".join(reply)
    reply.close()
    assert statuses == ["200 OK"], written
    return written


@pytest.mark.parametrize("protocol", [Soap11, XmlDocument])
@pytest.mark.parametrize("validator", [None, "soft", "lxml"])
def test_nil_and_absent_in_xml(protocol, validator):
    """XML tells nil from absent too, whatever the validator."""
    received = []

    class Update(Service):
        @rpc(User)
        def update(ctx, user):
            received.append(user)

    app = Application([Update], "urn:x", in_protocol=protocol(validator=validator), out_protocol=protocol())
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    body = f'<update xmlns="urn:x" {xsi}><user><name>n</name><nick xsi:nil="true"/></user></update>'
    if protocol is Soap11:
        body = f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{body}</e:Body></e:Envelope>'
    post(WsgiApplication(app), body.encode(), "text/xml")
    state = received[0].__dict__
    assert ("nick" in state, state["nick"], "born" in state) == (True, None, False)


def test_times_without_a_zone_are_utc():
    """A time with a zone for a column without one is turned to UTC, a time for a column with one is left alone."""

    class Moments(Service):
        @rpc(User, Event)
        def put(ctx, user, event):
            received.extend([user.created, event.at])

    received = []
    app = Application([Moments], "urn:x", in_protocol=JsonDocument(validator="soft"), out_protocol=JsonDocument())
    moment = datetime(2026, 1, 1, 2, 0, tzinfo=timezone(timedelta(hours=3)))
    NullServer(app, wire=True).service.put(User(name="n", created=moment), Event(at=moment))
    assert received == [datetime(2025, 12, 31, 23, 0), moment]
    assert received[0].tzinfo is None


class Event(Base):
    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    clock: Mapped[time | None]


def test_bad_input_names_the_member():
    """What a column cannot hold, and what is missing, is refused with its path."""
    service = NullServer(application(JsonDocument, validator="soft"), wire=True).service
    for user, where in (
        ({"name": "x" * 21}, "user/name"),
        ({}, "user/name"),
        ({"name": "n", "addresses": [{"email": "e" * 41}]}, r"user/addresses\[0\]/email"),
        ({"name": "n", "boss": {}}, "user/boss/name"),
    ):
        with pytest.raises(Fault, match=f"Client.ValidationError: {where}"):
            service.echo(user)


def test_flat_arguments():
    """The members of a mapped class come from a query string too."""
    received = []

    class Update(Service):
        @rpc(User, _returns=Unicode)
        def update(ctx, user):
            received.append(user)
            return user.addresses[0].email

    app = Application([Update], "urn:x", in_protocol=HttpRpc(validator="soft"), out_protocol=JsonDocument())
    server = NullServer(app, wire=False)
    assert server.service.update(User(name="n", addresses=[Address(email="e")])) == "e"
    body = b"user.name=Ada&user.addresses[0].email=a%40b"
    written = post(WsgiApplication(app), body, "application/x-www-form-urlencoded", PATH_INFO="/update")
    assert written == b'"a@b"'
    assert received[-1].name == "Ada"
    assert "nick" not in received[-1].__dict__


def test_stored(engine):
    """What came in is stored as it is, with what the database fills in."""
    service = NullServer(application(JsonDocument, validator="soft"), wire=True).service
    user = service.echo({"name": "Ada", "addresses": [{"email": "a@b.c"}], "upper": "ignored"})
    with Session(engine) as session:
        session.add(user)
        session.commit()
        assert (user.id, user.active, user.upper, user.addresses[0].user_id) == (1, True, "ADA", 1)
        assert user.created is not None


# --- other ways to map ---


class Data(MappedAsDataclass, DeclarativeBase):
    pass


class Mixin(MappedAsDataclass):
    note: Mapped[str | None] = mapped_column(default=None, kw_only=True)


class Order(Mixin, Data):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    who: Mapped[str] = mapped_column(String(5))
    nick: Mapped[str | None]
    tags: Mapped[set[Tag]] = relationship()
    state: Mapped[Literal["new", "paid"]] = mapped_column(default="new")
    lines: Mapped[list[Line]] = relationship(default_factory=list)


class Line(Data):
    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    sku: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), init=False)


class Tag(Data, unsafe_hash=True):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    word: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), init=False)


def test_dataclasses():
    """Mapped dataclasses come in by their own constructors, with their defaults; what these do not take is set."""

    class Orders(Service):
        @rpc(Order, _returns=Order)
        def echo(ctx, order):
            received.append(order)
            return order

    received = []
    node = node_of(Order)
    assert (node.name, node.base) == ("Order", None)
    assert {field.name: field.min_occurs for field in node.fields} == {
        "id": 0,
        "who": 1,
        "nick": 0,
        "state": 0,
        "note": 0,
        "tags": 0,
        "lines": 0,
    }
    app = Application([Orders], "urn:x", in_protocol=Soap11(validator="soft"), out_protocol=Soap11())
    found = NullServer(app, wire=True).service.echo(
        {"id": 7, "who": "Ada", "lines": [{"sku": "s"}], "tags": [{"word": "w"}]}
    )
    assert (found.id, found.who, found.nick, found.state, found.note) == (7, "Ada", None, "new", None)
    assert found.lines == [Line(sku="s")]
    assert [tag.word for tag in found.tags] == ["w"]
    assert type(received[0].tags).__name__ == "InstrumentedSet"


mapping = registry()


@dataclass
class Plain:
    """Knows nothing of databases."""

    name: str
    size: int | None = None


mapping.map_imperatively(
    Plain,
    Table(
        "plain",
        mapping.metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(5), nullable=False),
        Column("size", SmallInteger),
    ),
)


def test_imperative_mapping():
    """A dataclass that is mapped from outside is read as its mapper says."""
    node = node_of(Plain)
    assert [(field.name, field.type.name) for field in node.fields] == [
        ("id", "int"),
        ("name", "Plain_nameType"),
        ("size", "short"),
    ]
    made = node.make(id=3, name="n", size=None)
    assert (made.id, made.name, made.size) == (3, "n", None)


class Animals(DeclarativeBase):
    pass


class Animal(Animals):
    __tablename__ = "animal"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    weight: Mapped[Decimal | None] = mapped_column(Numeric(5, 1))


class Dog(Animal):
    """In the table of all animals."""

    __mapper_args__ = {"polymorphic_identity": "dog"}
    tricks: Mapped[int | None]


class Cat(Animal):
    """In a table of its own."""

    __tablename__ = "cat"
    __mapper_args__ = {"polymorphic_identity": "cat"}
    id: Mapped[int] = mapped_column(ForeignKey("animal.id"), primary_key=True)
    lives: Mapped[int] = mapped_column(default=9)


@pytest.mark.parametrize(("cls", "own"), [(Dog, ["tricks"]), (Cat, ["lives"])])
def test_inheritance(cls, own):
    """Single-table and joined inheritance are extensions of the parent's type."""
    lowering = Lowering(default_namespace="urn:x", natives=NATIVE_MAP)
    parent, node = lowering.field(Animal).type, lowering.field(cls).type
    assert node.base is parent
    assert [field.name for field in parent.fields] == ["id", "kind", "weight"]
    assert [field.name for field in node.own_fields] == own


class Zoo(Service):
    @rpc(_returns=Array(Animal))
    def animals(ctx):
        return [Dog(id=1, tricks=2), Cat(id=2, lives=9), Animal(id=3)]

    @rpc(Animal, _returns=Unicode)
    def kind_of(ctx, animal):
        return f"{type(animal).__name__} {animal.kind}"


def test_polymorphic_results():
    """Values of subclasses are told apart in XML, and written as the parent where nobody asked for more."""
    app = Application([Zoo], "urn:x", in_protocol=Soap11(), out_protocol=Soap11(polymorphic=True))
    written = b"".join(NullServer(app, ostr=True).service.animals()).decode()
    assert written.count('xsi:type="tns:Dog"') == written.count('xsi:type="tns:Cat"') == 1
    assert "<tns:tricks>2</tns:tricks>" in written
    plain = Application([Zoo], "urn:x", in_protocol=Soap11(), out_protocol=Soap11())
    assert "tricks" not in b"".join(NullServer(plain, ostr=True).service.animals()).decode()


def test_the_mark_of_the_class_is_its_own():
    """What says which class a row is does not come from outside."""
    app = Application([Zoo], "urn:x", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    assert NullServer(app, wire=True).service.kind_of({"kind": "dog"}) == "Animal animal"


def test_dict_collections_are_refused():
    """A collection that is a dict has no form; it can be left out."""

    class Dicts(DeclarativeBase):
        pass

    class Holder(Dicts):
        __tablename__ = "holder"
        id = mapped_column(Integer, primary_key=True)
        by_key = relationship("Held", collection_class=attribute_keyed_dict("key"))

    class Held(Dicts):
        __tablename__ = "held"
        id = mapped_column(Integer, primary_key=True)
        key = mapped_column(String(5))
        holder_id = mapped_column(ForeignKey("holder.id"))

    with pytest.raises(DeclarationError, match=r"Holder\.by_key: a relation whose collection is a dict"):
        node_of(Holder)
    assert node_of(Held).name == "Held"


def test_mappings_that_do_not_work():
    """A mapping that SQLAlchemy refuses is a mistake in the declaration."""

    class Broken(DeclarativeBase):
        pass

    class Lonely(Broken):
        __tablename__ = "lonely"
        id = mapped_column(Integer, primary_key=True)
        others = relationship("Nobody")

    with pytest.raises(DeclarationError, match=r"the mapping of .*Lonely does not work"):
        node_of(Lonely)


def test_names():
    """The public name and the namespace are declared as for dataclasses."""

    class Named(DeclarativeBase):
        pass

    class Row(Named):
        __tablename__ = "row"
        __type_name__ = "Record"
        __namespace__ = "urn:rows"
        id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
        extra: Mapped[dict[str, Any]] = mapped_column(JSON)

    node = node_of(Row)
    assert (node.name, node.namespace) == ("Record", "urn:rows")
    assert [field.min_occurs for field in node.fields] == [1, 1]


def test_zoned_times_of_the_epoch():
    """A time in UTC loses its zone for a column without one, and nothing else."""
    node = node_of(User)
    load = next(field for field in node.fields if field.name == "created").type.load
    assert load(datetime(1970, 1, 1, tzinfo=UTC)) == datetime(1970, 1, 1)


@pytest.mark.parametrize(
    ("zoned", "expected"), [(False, time(22, 2)), (True, time(1, 2, tzinfo=timezone(timedelta(hours=3))))]
)
def test_times_of_day(zoned, expected):
    """A time of day with a zone is turned to UTC for a column without one."""
    node = node_of(mapped(at=Column(Time(timezone=zoned))))
    at = next(field for field in node.fields if field.name == "at").type
    assert (at.load or (lambda value: value))(time(1, 2, tzinfo=timezone(timedelta(hours=3)))) == expected


def test_what_is_no_member():
    """Composites are their columns; synonyms and hybrid properties are no members, for nobody said what they read."""

    class Sized(Base):
        __tablename__ = "sized"
        id: Mapped[int] = mapped_column(primary_key=True)
        size: Mapped[Size] = composite(mapped_column("width"), mapped_column("height"))
        name: Mapped[str]
        title = synonym("name")

        @hybrid_property
        def area(self) -> int:
            return self.size.width * self.size.height

    assert [field.name for field in node_of(Sized).fields] == ["id", "width", "height", "name"]
    decoded = node_of(Sized).make(width=2, height=3, name="x")
    assert (decoded.size, decoded.area, decoded.title) == (Size(2, 3), 6, "x")


@dataclass
class Size:
    width: int
    height: int


# --- around ---


def test_sqlalchemy_is_not_imported_by_itself():
    """Services without mapped classes load nothing of SQLAlchemy."""
    program = (
        "import sys\n"
        "from dataclasses import dataclass\n"
        "from spyne import Application, Service, rpc\n"
        "from spyne.protocol.json import JsonDocument\n"
        "@dataclass\n"
        "class A:\n    x: int\n"
        "class S(Service):\n    @rpc(A, _returns=A)\n    def f(ctx, a): return a\n"
        "Application([S], 'urn:x', in_protocol=JsonDocument())\n"
        "print([name for name in sys.modules if name.startswith('sqlalchemy')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_alembic_sees_the_tables():
    """Autogenerate on an empty database proposes every table of the metadata."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        changes = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        tables = {change[1].name for change in changes if change[0] == "add_table"}
        Base.metadata.create_all(connection)
        rest = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()
    assert tables == set(Base.metadata.tables)
    assert rest == []


# --- the fast engine ---


class Flat(Base):
    __tablename__ = "flat"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    at: Mapped[datetime | None]
    rate: Mapped[float | None]
    key: Mapped[uuid.UUID | None]
    on: Mapped[bool | None]
    parts: Mapped[list[Part]] = relationship()


class Part(Base):
    __tablename__ = "part"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    flat_id: Mapped[int | None] = mapped_column(ForeignKey("flat.id"))


SAME = {
    "full": lambda: Flat(
        id=1,
        name="ü<>",
        price=Decimal("1.50"),
        at=datetime(2026, 1, 2, tzinfo=UTC),
        rate=0.5,
        key=uuid.UUID(int=5),
        on=True,
        parts=[Part(name="p"), Part(id=3, name="q")],
    ),
    "empty": lambda: Flat(id=1),
    "no key": lambda: Flat(),
    "nan": lambda: Flat(id=1, rate=float("nan")),
    "exponent": lambda: Flat(id=1, price=Decimal("1E+3")),
    "an int for a decimal": lambda: Flat(id=1, price=3),
    "a str for a number": lambda: Flat(id="7"),
    "a subclass of str": lambda: Flat(id=1, name=type("S", (str,), {})("x")),
    "a naive time": lambda: Flat(id=1, at=datetime(2026, 1, 2, 3, 4, 5, 6)),
    "a dict": lambda: {"id": 1, "name": "d"},
    "a sequence": lambda: (1, "s"),
    "a member that is a dict": lambda: {"id": 1, "parts": [{"name": "x"}]},
    "none": lambda: None,
}


@pytest.mark.parametrize("make", SAME.values(), ids=SAME)
@pytest.mark.parametrize("tp", [Flat, list[Flat], Array(Flat)], ids=["one", "list", "Array"])
def test_both_engines_write_the_same(make, tp):
    """JSON is written by msgspec where that gives what the careful engine gives, and by that one otherwise."""
    field = Lowering(default_namespace="urn:x", natives=NATIVE_MAP).field(tp)
    careful = tree.compile_encoder(field, Options(), tree.JSON)
    value = make() if tp is Flat else [make(), make()]
    try:
        expected = msgspec.json.encode(careful(value))
    except EncodeError:
        with pytest.raises(EncodeError):
            tree_native.json_writer(field, Options())(value)
    else:
        assert tree_native.json_writer(field, Options())(value) == expected


def test_the_fast_engine_is_used():
    """Classes that do not contain themselves have the fast writer, alone and in models of Spyne; others have not."""

    class Box(ComplexModel):
        flat: Flat
        count: int

    lowering = Lowering(default_namespace="urn:x", natives=NATIVE_MAP)
    fast = {
        cls: tree_native.encoder(tree_native.NATIVE_JSON, lowering.field(cls), Options()) is not None
        for cls in (Flat, Part, Box, User)
    }
    assert fast == {Flat: True, Part: True, Box: True, User: False}
    write = tree_native.json_writer(lowering.field(Box), Options())
    assert write(Box(flat=Flat(id=1), count=2)) == b'{"flat":{"id":1},"count":2}'
    assert write(Box(count=2)) == b'{"flat":null,"count":2}'


def test_iterators_are_read_once():
    """A result that is an iterator is not spoilt by the fast engine looking at it."""
    field = Lowering(default_namespace="urn:x", natives=NATIVE_MAP).field(Array(Flat))
    write = tree_native.json_writer(field, Options())
    assert write(iter([Flat(id=1), Flat(id=2)])) == b'[{"id":1},{"id":2}]'
