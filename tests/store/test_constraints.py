"""What a database refuses: faults that name the member, whatever the driver, and nothing else of the database."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Interval,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError, StatementError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from spyne import Application, Fault, NullServer, Service, rpc
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.store.relational.errors import DatabaseFaults, PublicNames, TryAgainError, fault_of
from spyne.store.relational.session import SessionPerCall, session_of
from spyne.testing import Client
from spyne.util.run import run

NEVER = (
    "INSERT",
    "SELECT",
    "UPDATE",
    "VALUES",
    "sqlite",
    "psycopg",
    "constraint",
    "SQL",
    "t_person",
    "Traceback",
    "c_nick",
)


class Base(DeclarativeBase):
    pass


class Team(Base):
    __tablename__ = "t_team"

    id: Mapped[int] = mapped_column("c_id", primary_key=True)
    people: Mapped[list[Person]] = relationship(back_populates="team", lazy="selectin")


class Person(Base):
    __tablename__ = "t_person"
    __table_args__ = (
        UniqueConstraint("c_first", "c_last", name="uq_person_names"),
        CheckConstraint("c_age >= 0 AND c_age < 200", name="ck_person_age"),
        CheckConstraint("c_size > 0"),
        Index("ix_person_code", text("upper(c_code)"), unique=True).ddl_if(dialect=("sqlite", "postgresql")),
    )

    id: Mapped[int] = mapped_column("c_id", primary_key=True)
    nick: Mapped[str] = mapped_column("c_nick", String(10), unique=True)
    first: Mapped[str | None] = mapped_column("c_first", String(20))
    last: Mapped[str | None] = mapped_column("c_last", String(20))
    age: Mapped[int | None] = mapped_column("c_age")
    size: Mapped[int | None] = mapped_column("c_size")
    code: Mapped[str | None] = mapped_column("c_code", String(20))
    must: Mapped[str] = mapped_column("c_must", String(20), server_default="x")
    hidden: Mapped[str | None] = mapped_column("c_hidden", String(20), unique=True, info={"spyne": None})
    team_id: Mapped[int | None] = mapped_column("c_team", ForeignKey("t_team.c_id"))
    team: Mapped[Team | None] = relationship(back_populates="people")


class Item(Base):
    __tablename__ = "t_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[Decimal] = mapped_column(Numeric(5, 2))


class People(Service):
    @rpc
    def put(ctx, person: Person) -> None:
        session_of(ctx).merge(person)

    @rpc
    def put_null(ctx) -> None:
        session_of(ctx).execute(insert(Person).values(nick="n", must=None))

    @rpc
    def put_hidden(ctx, nick: str) -> None:
        session_of(ctx).add(Person(nick=nick, hidden="same"))

    @rpc
    def remove_team(ctx, number: int) -> None:
        session_of(ctx).execute(delete(Team).where(Team.id == number))


@pytest.fixture
def engine(engine):
    """A database with the tables, and one row in each of two."""
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add(Team(people=[Person(nick="one", first="a", last="b", code="X")]))
    return engine


@pytest.fixture
def postgresql_url(postgresql):
    """The address of an empty database."""
    engine = create_engine(postgresql)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return postgresql


@pytest.fixture(params=[JsonDocument, Soap11], ids=["json", "soap"])
def client(request, engine):
    """A client of the service on that database."""
    protocol = request.param
    app = Application(
        [People],
        "urn:people",
        in_protocol=protocol(validator="soft"),
        out_protocol=protocol(),
        middleware=[SessionPerCall(engine)],
    )
    with Client(app) as client:
        yield client


EXISTS = "Client.ResourceAlreadyExists"
INVALID = "Client.ValidationError"
REFUSED = {
    "unique": ({"nick": "one"}, EXISTS, "nick: another one with this value exists already"),
    "unique together": (
        {"nick": "n", "first": "a", "last": "b"},
        EXISTS,
        "first, last: another one with these values exists already",
    ),
    "unique expression": ({"nick": "n", "code": "X"}, EXISTS, "another one like this exists already"),
    "check": ({"nick": "n", "age": 200}, INVALID, "age: has a value that is not allowed"),
    "foreign key": ({"nick": "n", "team_id": 9}, INVALID, "team_id: refers to something that does not exist"),
}


@pytest.mark.parametrize(("person", "code", "text"), REFUSED.values(), ids=REFUSED)
def test_member_is_named(client, engine, person, code, text):
    """Each kind of constraint gives a fault with the public name of the member, and the row is not there."""
    if engine.dialect.name == "mariadb" and "code" in person:
        pytest.skip("MariaDB has no indexes of expressions")
    with pytest.raises(Fault) as caught:
        client.call("put", person)
    assert (caught.value.faultcode, caught.value.faultstring) == (code, text)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Person)) == 1


def test_rule_without_a_name(client, engine):
    """A CHECK without a name is named where the database lets one find it, and is no secret otherwise."""
    with pytest.raises(Fault) as caught:
        client.call("put", {"nick": "n", "size": 0})
    expected = {
        "sqlite": "a value is not allowed, or does not go with another one",
        "postgresql": "size: has a value that is not allowed",
        "mariadb": "a value is not allowed, or does not go with another one",
    }
    assert caught.value.faultstring == expected[engine.dialect.name]


def test_null(client):
    """A column that must not be NULL names its member."""
    with pytest.raises(Fault) as caught:
        client.call("put_null")
    assert (caught.value.faultcode, caught.value.faultstring) == (INVALID, "must: must not be null")


def test_what_does_not_travel_is_not_named(client):
    """A column that clients do not know stays unknown to them."""
    client.call("put_hidden", "a")
    with pytest.raises(Fault) as caught:
        client.call("put_hidden", "b")
    assert caught.value.faultstring == "another one like this exists already"


def test_what_is_in_use(client):
    """Removing what others refer to is refused."""
    with pytest.raises(Fault) as caught:
        client.call("remove_team", 1)
    assert (caught.value.faultcode, caught.value.faultstring) == (INVALID, "something else still refers to it")


TOO_MUCH = {
    "long": ({"nick": "12345678901"}, "person/nick: the value '12345678901' is longer than max_len=10"),
    "large": ({"nick": "n", "age": 2**31}, "person/age: the value '2147483648' must be <= 2147483647"),
}


@pytest.mark.parametrize(("person", "text"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_a_column_cannot_hold(client, person, text):
    """A value that is too much for the column is refused before the database hears of it."""
    with pytest.raises(Fault) as caught:
        client.call("put", person)
    assert caught.value.faultstring.startswith(text.partition("/")[0])
    assert person.keys() & {caught.value.faultstring.partition("/")[2].partition(":")[0]}


def test_nothing_leaks(client, engine, caplog):
    """No fault tells SQL, a driver, a table or a value; the log tells what was refused, without values."""
    caplog.set_level(logging.INFO, "spyne")
    people = [person for person, _, _ in REFUSED.values() if engine.dialect.name != "mariadb" or "code" not in person]
    for person in people:
        with pytest.raises(Fault) as caught:
            client.call("put", {**person, "must": "seacret"})
        assert not [word for word in (*NEVER, "seacret") if word in str(caught.value)]
    said = [record.getMessage() for record in caplog.records if "the database refused" in record.getMessage()]
    assert len(said) == len(people)
    assert "seacret" not in "".join(said)


def test_a_span_that_is_too_long(tmp_path):
    """A duration beyond what SQLAlchemy's own Interval keeps on SQLite is the client's mistake."""
    engine = create_engine(f"sqlite:///{tmp_path / 'spans.db'}")
    spans = Table("span", MetaData(), Column("length", Interval))
    spans.create(engine)
    with engine.connect() as connection, pytest.raises(StatementError) as caught:
        connection.execute(insert(spans), {"length": timedelta(days=5_000_000)})
    engine.dispose()
    assert fault_of(caught.value).faultcode == INVALID


def test_text_that_postgresql_cannot_hold(postgresql_url):
    """A NUL in a text is the client's mistake where the driver says so."""
    engine = create_engine(postgresql_url)
    Base.metadata.create_all(engine)
    app = Application([People], "urn:people", in_protocol=JsonDocument(), middleware=[SessionPerCall(engine)])
    try:
        with Client(app) as client:
            response = client.post_json({"put": {"person": {"nick": "a\0b"}}})
    finally:
        Base.metadata.drop_all(engine)
        engine.dispose()
    assert (response.status_code, response.json()["faultcode"]) == (400, INVALID)


def test_writers_at_the_same_time(engine):
    """Of many writers of one value one succeeds, and the others hear that it exists or that they may try again."""
    gate = threading.Barrier(6, timeout=20)
    app = Application([People], "urn:people", in_protocol=JsonDocument(), middleware=[SessionPerCall(engine)])
    codes = []

    def write():
        with Client(app) as client:
            gate.wait()
            response = client.post_json({"put": {"person": {"nick": "same"}}})
            codes.append("ok" if response.status_code == 200 else response.json()["faultcode"])

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count("ok") == 1
    assert set(codes) <= {"ok", EXISTS, "Server.TryAgain"}
    assert engine.pool.checkedout() == 0


def test_failed_serialization(postgresql_url):
    """Of two transactions that PostgreSQL cannot put in an order one is told to try again."""
    engine = create_engine(postgresql_url, isolation_level="SERIALIZABLE")
    Base.metadata.create_all(engine)
    faults, gate = [], threading.Barrier(2, timeout=20)

    def count_and_write(nick):
        try:
            with Session(engine) as session, session.begin():
                session.scalar(select(func.count()).select_from(Person))
                gate.wait()
                session.add(Person(nick=nick))
        except OperationalError as error:
            faults.append(fault_of(error))

    threads = [threading.Thread(target=count_and_write, args=(nick,)) for nick in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Base.metadata.drop_all(engine)
    engine.dispose()
    assert [type(fault) for fault in faults] == [TryAgainError]


@pytest.mark.parametrize("removed", [False, True], ids=["changed", "removed"])
def test_a_row_that_another_call_has_taken(engine, removed):
    """A row that somebody changed or removed between a call's reading and its writing makes the call fail, to be tried again."""

    class Counted(DeclarativeBase):
        pass

    class Counter(Counted):
        __tablename__ = "t_counter"
        id: Mapped[int] = mapped_column(primary_key=True)
        value: Mapped[int]
        version: Mapped[int] = mapped_column(info={"spyne": None})
        __mapper_args__ = {"version_id_col": version}

    class Counting(Service):
        @rpc
        def count(ctx) -> None:
            found = session_of(ctx).get(Counter, 1)
            session_of(ctx).commit()
            with Session(engine) as other, other.begin():
                other.execute(delete(Counter) if removed else update(Counter).values(value=9, version=5))
            found.value += 1

    Counted.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add(Counter(id=1, value=1))
    app = Application([Counting], "urn:people", in_protocol=JsonDocument(), middleware=[SessionPerCall(engine)])
    with Client(app) as client, pytest.raises(Fault) as caught:
        client.call("count")
    assert caught.value.faultcode == "Server.TryAgain"


def test_locked_sqlite(tmp_path):
    """A SQLite file that another writer holds gives the fault that says to try again."""
    engine = create_engine(f"sqlite:///{tmp_path / 'locked.db'}", connect_args={"timeout": 0})
    Base.metadata.create_all(engine)
    app = Application([People], "urn:people", in_protocol=JsonDocument(), middleware=[SessionPerCall(engine)])
    with sqlite3.connect(tmp_path / "locked.db") as other, Client(app) as client:
        other.execute("BEGIN IMMEDIATE")
        response = client.post_json({"put": {"person": {"nick": "n"}}})
        other.rollback()
        assert client.post_json({"put": {"person": {"nick": "n"}}}).status_code == 200
    other.close()
    engine.dispose()
    assert (response.status_code, response.json()["faultcode"]) == (500, "Server.TryAgain")


def test_asynchronous_driver(tmp_path):
    """The errors of an asynchronous driver are read alike."""

    class Async(Service):
        @rpc
        async def put(ctx, person: Person) -> None:
            session_of(ctx).add(person)

    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'async.db'}")

    async def create():
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

    asyncio.run(create())
    app = Application([Async], "urn:people", in_protocol=JsonDocument(), middleware=[SessionPerCall(engine)])
    server = NullServer(app)
    server.service.put(Person(nick="n"))
    with pytest.raises(Fault) as caught:
        server.service.put(Person(nick="n"))
    assert caught.value.faultstring == REFUSED["unique"][2]
    run(engine.dispose())


def test_without_session_per_call(tmp_path):
    """An application that opens sessions of its own gets the same faults by a middleware."""
    engine = create_engine(f"sqlite:///{tmp_path / 'own.db'}")
    Base.metadata.create_all(engine)

    class Own(Service):
        @rpc
        def put(ctx, nick: str) -> str:
            with Session(engine) as session, session.begin():
                session.add(Person(nick=nick))
            return nick

        @rpc
        def other(ctx) -> str:
            with engine.connect() as connection:
                connection.execute(text("SELECT * FROM nowhere"))

    faults = DatabaseFaults(Base.metadata)
    app = Application([Own], "urn:own", in_protocol=JsonDocument(), middleware=[faults], classes=[Person])
    server = NullServer(app)
    assert server.service.put("n") == "n"
    with pytest.raises(Fault, match="nick: another one with this value"):
        server.service.put("n")
    with pytest.raises(Fault, match=r"^Server: Internal Error$"):
        server.service.other()
    engine.dispose()


# --- drivers that are not at hand, by what they say ---

TABLES = MetaData()
Table(
    "t",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("email", String(5), unique=True),
    Column("price", Numeric(5, 2), CheckConstraint("price > 0", name="price_positive")),
    Column("other", Integer),
    Column("twice", Integer, Computed("id * 2")),
    ForeignKeyConstraint(["other"], ["t.id"], name="fk_other"),
)
WRITE = "INSERT INTO t (email) VALUES (?)"
MARIADB = {
    (1062, "Duplicate entry 'a@b' for key 'email'"): (EXISTS, "email"),
    (1062, "Duplicate entry 'x' for key 't.email'"): (EXISTS, "email"),
    (1062, "Duplicate entry '' for key 'other'' for key 'PRIMARY'"): (EXISTS, "id"),
    (1048, "Column 'email' cannot be null"): (INVALID, "email"),
    (1364, "Field 'email' doesn't have a default value"): (INVALID, "email"),
    (1406, "Data too long for column 'email' at row 1"): (INVALID, ""),
    (1264, "Out of range value for column 'price' at row 1"): (INVALID, ""),
    (4025, "CONSTRAINT `price_positive` failed for `db`.`t`"): (INVALID, "price"),
    (3819, "Check constraint 'price_positive' is violated."): (INVALID, "price"),
    (
        1452,
        "Cannot add or update a child row: a foreign key constraint fails (`db`.`t`, CONSTRAINT `fk_other` FOREIGN KEY (`other`) REFERENCES `t` (`id`))",
    ): (INVALID, "other"),
    (
        1451,
        "Cannot delete or update a parent row: a foreign key constraint fails (`db`.`t`, CONSTRAINT `fk_other` FOREIGN KEY (`other`) REFERENCES `t` (`id`))",
    ): (INVALID, ""),
    (1213, "Deadlock found when trying to get lock; try restarting transaction"): ("Server.TryAgain", ""),
}


@pytest.mark.parametrize(("said", "expected"), MARIADB.items(), ids=lambda value: str(value[0]))
def test_mariadb(said, expected):
    """What MariaDB's and MySQL's drivers say becomes the same faults; a value in the message fools nobody."""
    fault = fault_of(IntegrityError(WRITE, {}, Exception(*said)), PublicNames(TABLES))
    code, member = expected
    assert fault.faultcode == code
    assert fault.faultstring.startswith(f"{member}: ") if member else ": " not in fault.faultstring.partition(" ")[0]


class Pg(Exception):
    def __init__(self, sqlstate, **diag):
        self.sqlstate = sqlstate
        self.diag = SimpleNamespace(
            **{f"{name}_name": diag.get(name) for name in ("table", "column", "constraint")}, message_primary="secret"
        )


POSTGRESQL = {
    ("23505", "t_email_key"): (EXISTS, "email"),
    ("23505", "t_pkey"): (EXISTS, "id"),
    ("23P01", "unheard_of"): (EXISTS, ""),
    ("23514", "price_positive"): (INVALID, "price"),
    ("23503", "fk_other"): (INVALID, "other"),
    ("22001", None): (INVALID, ""),
    ("40001", None): ("Server.TryAgain", ""),
    ("40P01", None): ("Server.TryAgain", ""),
}


@pytest.mark.parametrize(("said", "expected"), POSTGRESQL.items(), ids=lambda value: str(value[0]))
def test_postgresql(said, expected):
    """PostgreSQL's constraints are found by name, those without one by the name that it gives them."""
    sqlstate, constraint = said
    error = IntegrityError(WRITE, {}, Pg(sqlstate, table="t", constraint=constraint))
    code, member = expected
    fault = fault_of(error, PublicNames(TABLES))
    assert fault.faultcode == code
    assert fault.faultstring.startswith(f"{member}: ") if member else "secret" not in fault.faultstring


OTHERS = {
    "division": DataError("SELECT 1/0", {}, Pg("22012")),
    "syntax": OperationalError("SELEKT", {}, Exception("syntax error")),
    "connection": InterfaceError("SELECT", {}, Exception("gone")),
    "number": OperationalError("SELECT", {}, Exception(2006, "server has gone away")),
}


@pytest.mark.parametrize("error", OTHERS.values(), ids=OTHERS)
def test_all_other_errors(error):
    """What is not the caller's business stays an error of the service."""
    assert fault_of(error) is None


def test_mistakes_of_the_service_are_logged(engine, caplog):
    """A mistake in a statement is an internal error for the client, and a traceback in the log."""

    class Wrong(Service):
        @rpc
        def wrong(ctx) -> None:
            session_of(ctx).execute(text("SELECT nothing FROM nowhere"))

    app = Application([Wrong], "urn:wrong", in_protocol=JsonDocument(), middleware=[SessionPerCall(engine)])
    with Client(app) as client:
        response = client.post_json({"wrong": {}})
    assert (response.status_code, response.json()["faultstring"]) == (500, "Internal Error")
    assert "nowhere" in caplog.text


def test_an_update_that_collides(engine):
    """An UPDATE names the member as an INSERT does."""
    with Session(engine) as session:
        session.add(Person(id=20, nick="two"))
        session.flush()
        with pytest.raises(IntegrityError) as caught:
            session.execute(update(Person).where(Person.id == 20).values(nick="one"))
    names = PublicNames(Base.metadata)
    assert fault_of(caught.value, names).faultstring == "c_nick: another one with this value exists already"


def test_decimals_of_a_column():
    """What a NUMERIC column would round or refuse is refused before."""

    class Items(Service):
        @rpc
        def put(ctx, item: Item) -> str:
            return str(item.price)

    server = NullServer(Application([Items], "urn:i", in_protocol=JsonDocument(validator="soft")), wire=True)
    assert server.service.put({"price": Decimal("999.99")}) == "999.99"
    for price in ("1000", "0.001", "-1000"):
        with pytest.raises(Fault, match="item/price"):
            server.service.put({"price": Decimal(price)})
