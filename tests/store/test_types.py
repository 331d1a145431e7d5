"""Every type in a column and out again, on each database."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid

import pytest
import sqlalchemy as sa
from lxml import etree, html
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from spyne.model import (
    AnyDict,
    AnyHtml,
    AnyUri,
    AnyXml,
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
    File,
    Float,
    HybridFileStore,
    Integer,
    Integer8,
    Integer16,
    Integer32,
    Integer64,
    IpAddress,
    Ipv4Address,
    Ipv6Address,
    Ltree,
    MacAddress,
    Point,
    Time,
    Unicode,
    UnsignedInteger8,
    UnsignedInteger16,
    UnsignedInteger32,
    UnsignedInteger64,
    Uuid,
)
from spyne.model.store_as import json, jsonb, msgpack, xml
from spyne.model.table import TTableModel
from spyne.store.relational.errors import fault_of

UTC = datetime.UTC
EAST = datetime.timezone(datetime.timedelta(hours=3))
Colour = Enum("red", "dark green", type_name="Colour")


class Part(ComplexModel):
    __namespace__ = "urn:parts"
    name = Unicode
    size = Decimal
    more = Array(Integer32)


PART = {"name": "a & b", "size": decimal.Decimal("1.50"), "more": [1, 2]}

# The type, what is written, and what is read where that differs.
VALUES = [
    (Unicode, "grüße\n'\"%"),
    (Unicode(5), "abcde"),
    (AnyUri, "http://a/b"),
    (AnyUri, AnyUri.Value("http://a", "text"), "http://a"),
    (Uuid, uuid.UUID(int=5)),
    (Uuid, str(uuid.UUID(int=6)), uuid.UUID(int=6)),
    (Ltree, "a.b.c"),
    (MacAddress, "00:11:22:33:44:55"),
    (IpAddress, "10.0.0.1"),
    (Ipv4Address, "10.0.0.1"),
    (Ipv6Address, "::1"),
    (Point, "POINT(1 2)"),
    (Integer, 2**60 + 1),
    (Integer8, -128),
    (Integer16, 2**15 - 1),
    (Integer32, -(2**31)),
    (Integer64, 2**63 - 1),
    (UnsignedInteger8, 255),
    (UnsignedInteger16, 2**16 - 1),
    (UnsignedInteger32, 2**32 - 1),
    (UnsignedInteger64, 2**63 - 1),
    (Decimal(20, 5), decimal.Decimal("1234567890.12345")),
    (Decimal(5, 2), decimal.Decimal("1.10")),
    (Decimal, decimal.Decimal("0.1")),
    (Decimal(total_digits=9), decimal.Decimal("1.5")),
    (Integer, 10**12),
    (Decimal, decimal.Decimal("1200")),
    (Decimal(40, 5), decimal.Decimal("1e30").quantize(decimal.Decimal("0.00001"), context=decimal.Context(prec=40))),
    (Float, 1.5),
    (Float, 0.123456789),
    (Float, 3.4e38),
    (Double, 0.1),
    (Boolean, True),
    (Boolean(store_as=int), False),
    (Date, datetime.date(2026, 2, 28)),
    (Time, datetime.time(23, 59, 59, 5)),
    (Time, datetime.time(1, 2, tzinfo=EAST), datetime.time(22, 2)),
    (DateTime, datetime.datetime(2026, 1, 1, 12, tzinfo=UTC)),
    (DateTime, datetime.datetime(2026, 1, 1, 12, tzinfo=EAST), datetime.datetime(2026, 1, 1, 9, tzinfo=UTC)),
    (DateTime, datetime.datetime(2026, 1, 1, 12), datetime.datetime(2026, 1, 1, 12, tzinfo=UTC)),
    (DateTime(timezone=False), datetime.datetime(2026, 1, 1, 12, 0, 0, 7)),
    (DateTime(timezone=False), datetime.datetime(2026, 1, 1, 12, tzinfo=EAST), datetime.datetime(2026, 1, 1, 9)),
    (Duration, datetime.timedelta(days=-3, microseconds=5)),
    (Colour, Colour["dark green"]),
    (Colour, "red", Colour.red),
    (ByteArray, [b"a", b"b"], (b"ab",)),
    (ByteArray, (b"\0\xff",)),
    (ByteArray, (b"\0" * 70_000,)),
    (Unicode, "ü" * 70_000),
    (AnyDict, {"a": [1, None, {"b": "c"}]}),
    (AnyDict(store_as="jsonb"), {"a": 1.5}),
    (Unicode(max_occurs="unbounded", store_as="json"), ["a", "b"]),
    (Array(Date).customize(store_as="json"), [datetime.date(2026, 1, 1)]),
    (Array(Integer, store_as=jsonb()), [2**70, 1]),
    (Array(Unicode, store_as="msgpack"), ["ü", ""]),
    (Array(ByteArray, store_as=msgpack), [(b"\0",)]),
    (Array(Unicode, store_as="xml"), ["a", "b"]),
]


@pytest.mark.parametrize("row", VALUES, ids=lambda row: f"{row[0].get_type_name()}-{row[1]!r}"[:40])
def test_values_come_back(engine, row):
    """What is written is read again as the same value of the same Python type."""
    tp, written, expected = (*row, row[1]) if len(row) == 2 else row
    base = TTableModel()

    class Row(base):
        __tablename__ = "row"
        id = Integer32(pk=True)
        value = tp

    Row.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Row(value=written), Row()])
        session.commit()
    with Session(engine) as session:
        first, second = session.scalars(sa.select(Row).order_by(Row.id))
        assert first.value == expected
        assert type(first.value) is type(expected)
        assert second.value is None


@pytest.mark.parametrize("how", ["json", "jsonb", "xml", "msgpack", json(True, list), xml("root", True)])
def test_objects_in_documents(engine, how):
    """An object in a document column is read as an object of its class, its members as their types."""
    base = TTableModel()

    class Row(base):
        __tablename__ = "row"
        id = Integer32(pk=True)
        part = Part.customize(store_as=how)
        parts = Array(Part, store_as=how)

    Row.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Row(part=Part(**PART), parts=[Part(**PART), Part(name="second")]))
        session.commit()
        session.expire_all()
        found = session.scalars(sa.select(Row)).one()
        assert type(found.part) is Part
        assert found.part.as_dict() == PART
        assert [each.name for each in found.parts] == ["a & b", "second"]


def test_markup(engine):
    """XML and HTML are elements again."""
    base = TTableModel()

    class Page(base):
        __tablename__ = "page"
        id = Integer32(pk=True)
        tree = AnyXml
        text = AnyHtml

    Page.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Page(tree=etree.fromstring("<a x='1'>b</a>"), text=html.fromstring("<p>c<br>d</p>")))
        session.commit()
        found = session.scalars(sa.select(Page)).one()
        assert (found.tree.tag, found.tree.get("x"), found.text.tag) == ("a", "1", "p")


def test_annotated_members(engine):
    """Members declared by annotations are columns too, and NULL is for those that may be None."""

    class Shade(enum.Enum):
        light = 1
        dark = 2

    globals()["Shade"] = Shade

    class Row(TTableModel()):
        __tablename__ = "row"
        id = Integer32(pk=True)
        name: str
        shade: Shade | None
        at: datetime.datetime | None = None

    assert (Row.__table__.c.name.nullable, Row.__table__.c.at.nullable) == (False, True)
    Row.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Row(name="x", shade=Shade.dark))
        session.commit()
        assert session.scalars(sa.select(Row).where(Row.shade == Shade.dark)).one().shade is Shade.dark


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "2026-01-01 12:00:00": datetime.datetime(2026, 1, 1, 12, tzinfo=UTC),
        "2026-01-01T12:00:00+03:00": datetime.datetime(2026, 1, 1, 12, tzinfo=EAST),
        "2026-01-01": datetime.datetime(2026, 1, 1, tzinfo=UTC),
    }.items(),
)
def test_moments_that_others_wrote(memory, text, expected):
    """A moment in a SQLite file that another program wrote, with or without a zone, is read with one."""

    class Row(TTableModel()):
        __tablename__ = "row"
        id = Integer32(pk=True)
        at = DateTime

    engine = memory()
    Row.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.execute(sa.text("INSERT INTO row (at) VALUES (:at)"), {"at": text})
        assert session.scalars(sa.select(Row)).one().at == expected


@pytest.mark.parametrize("value", [decimal.Decimal("0.12345678901234567890"), 2**70])
def test_sqlite_does_not_round(memory, value):
    """A number with more digits than SQLite keeps is refused; nothing is stored."""

    class Row(TTableModel()):
        __tablename__ = "row"
        id = Integer32(pk=True)
        value = Decimal

    engine = memory()
    Row.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Row(value=value + 1 if isinstance(value, int) else value))
        with pytest.raises(StatementError, match="SQLite would round"):
            session.commit()


@pytest.mark.parametrize(
    ("tp", "value", "refused_by"),
    [
        (Double, float("nan"), {"sqlite", "mariadb"}),
        (Double, float("inf"), {"mariadb"}),
        (Decimal, decimal.Decimal("0." + "1" * 31), {"sqlite", "mariadb"}),
        (Decimal, decimal.Decimal("NaN"), {"sqlite", "mariadb"}),
        (Duration, datetime.timedelta(days=5_000_000), {"sqlite", "mariadb"}),
    ],
    ids=["nan", "inf", "decimal", "no decimal", "duration"],
)
def test_what_a_database_has_not(engine, tp, value, refused_by):
    """A value that a database would change or turn into NULL is stored as it is or refused, with a fault that names the member."""

    class Row(TTableModel()):
        __tablename__ = "row"
        id = Integer32(pk=True)
        value = tp

    Row.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Row(value=value))
        if engine.dialect.name not in refused_by:
            session.commit()
            assert str(session.scalars(sa.select(Row)).one().value) == str(value)
            return
        with pytest.raises(StatementError) as caught:
            session.commit()
    fault = fault_of(caught.value)
    assert (fault.faultcode, fault.faultstring) == (
        "Client.ValidationError",
        "value: has a value that cannot be stored",
    )


def test_files(engine, tmp_path):
    """A file goes into the store's directory under a name of its own, its name and type into the column; it is read from there."""

    class Picture(TTableModel()):
        __tablename__ = "picture"
        id = Integer32(pk=True)
        file = File(store_as=HybridFileStore(str(tmp_path / "store"), "json"))

    Picture.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Picture(file=File.Value(name="a.txt", type="text/plain", data=[b"he", b"llo"])))
        session.commit()
        found = session.scalars(sa.select(Picture)).one().file
        assert (found.name, found.type, found.read()) == ("a.txt", "text/plain", b"hello")
        assert found.path.startswith(str(tmp_path / "store"))
        raw = session.scalar(sa.select(sa.cast(Picture.__table__.c.file, sa.Text)))
        assert '"a.txt"' in raw
        session.add(Picture(file=found))
        session.commit()
    assert len(list((tmp_path / "store").iterdir())) == 1


def test_files_of_a_transaction(engine, tmp_path):
    """What is rolled back, whole or to a savepoint, leaves no file; what is committed stays; the value can be stored again."""
    store = tmp_path / "store"

    class Picture(TTableModel()):
        __tablename__ = "picture"
        id = Integer32(pk=True)
        name = Unicode(9, unique=True)
        file = File(store_as=HybridFileStore(str(store), "json"))

    Picture.Attributes.sqla_metadata.create_all(engine)
    (tmp_path / "mine").write_bytes(b"mine")
    moved = File.Value(path=str(tmp_path / "mine"), name="mine", move=True)
    with Session(engine) as session:
        session.add_all([Picture(name="a", file=File.Value(data=[b"a"])), Picture(name="b", file=moved)])
        session.flush()
        assert (len(list(store.iterdir())), (tmp_path / "mine").exists()) == (2, False)
    assert (list(store.iterdir()), (tmp_path / "mine").read_bytes()) == ([], b"mine")
    with Session(engine) as session:
        session.add(Picture(name="a", file=moved))
        with session.begin_nested():
            session.add(Picture(name="b", file=File.Value(data=[b"b"])))
        with session.begin_nested() as savepoint:
            session.add(Picture(name="c", file=File.Value(data=iter([b"c"]))))
            session.flush()
            savepoint.rollback()
        session.commit()
        assert sorted(each.file.read() for each in session.scalars(sa.select(Picture))) == [b"b", b"mine"]
        session.add(Picture(name="a", file=b"again"))
        with pytest.raises(sa.exc.IntegrityError):
            session.flush()
        session.rollback()
    assert sorted(each.read_bytes() for each in store.iterdir()) == [b"b", b"mine"]


def test_a_file_that_breaks_off(engine, tmp_path):
    """A file whose content cannot be read to its end leaves nothing in the store."""

    class Picture(TTableModel()):
        __tablename__ = "picture"
        id = Integer32(pk=True)
        file = File(store_as=HybridFileStore(str(tmp_path / "store"), "json"))

    def broken():
        yield b"begun"
        raise ConnectionResetError

    Picture.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Picture(file=File.Value(data=broken())))
        with pytest.raises(ConnectionResetError):
            session.flush()
    assert list((tmp_path / "store").iterdir()) == []


def test_values_that_are_changed_inside(engine):
    """A document, or an element, that was changed is written when it is assigned again."""

    class Row(TTableModel()):
        __tablename__ = "row"
        id = Integer32(pk=True)
        part = Part.customize(store_as="json")
        words = Array(Unicode, store_as="msgpack")
        free = AnyDict
        tree = AnyXml

    Row.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Row(part=Part(**PART), words=["a"], free={"a": [1]}, tree=etree.fromstring("<a/>")))
        session.commit()
        row = session.scalars(sa.select(Row)).one()
        row.part.name = "changed"
        row.words.append("b")
        row.free["a"].append(2)
        row.tree.set("x", "1")
        row.part, row.words, row.free, row.tree = row.part, list(row.words), row.free, row.tree
        session.commit()
        session.expire_all()
        assert (row.part.name, row.words, row.free, row.tree.get("x")) == ("changed", ["a", "b"], {"a": [1, 2]}, "1")


def test_files_outside_of_the_store(memory, tmp_path):
    """A row that points out of the directory is refused."""

    class Picture(TTableModel()):
        __tablename__ = "picture"
        id = Integer32(pk=True)
        file = File(store_as=HybridFileStore(str(tmp_path / "store"), "json"))

    engine = memory()
    Picture.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.execute(sa.text("""INSERT INTO picture (file) VALUES ('["x", "y", "../../etc/passwd"]')"""))
        with pytest.raises(ValueError, match="outside of the file store"):
            session.scalars(sa.select(Picture)).one()


def test_a_document_that_does_not_fit(memory):
    """A stored document of another shape is an error that names the member."""

    class Row(TTableModel()):
        __tablename__ = "row"
        id = Integer32(pk=True)
        part = Part.customize(store_as="json")

    engine = memory()
    Row.Attributes.sqla_metadata.create_all(engine)
    with Session(engine) as session:
        session.execute(sa.text("""INSERT INTO row (part) VALUES ('{"more": "x"}')"""))
        with pytest.raises(ValueError, match=r"Row\.part: more"):
            session.scalars(sa.select(Row)).one()


def test_checks_reach_the_database(engine):
    """A value beyond the type's limits is refused by the database as well."""

    class Row(TTableModel()):
        __tablename__ = "row"
        id = Integer32(pk=True)
        small = Integer32(ge=1, lt=7)
        word = Unicode(9, min_len=2, values=["on", "of'f", "o\\n", "50%", ":on"])
        size = Integer(values=[1, 2**40])

    Row.Attributes.sqla_metadata.create_all(engine)
    for members in ({"small": 7}, {"small": 0}, {"word": "x"}, {"word": "other"}, {"size": 3}):
        with Session(engine) as session:
            session.add(Row(**members))
            with pytest.raises((sa.exc.IntegrityError, sa.exc.OperationalError)):  # MariaDB's driver says the latter
                session.commit()
    with Session(engine) as session:
        session.add_all([Row(small=6, size=2**40), *(Row(word=word) for word in ["of'f", "o\\n", "50%", ":on"])])
        session.commit()
