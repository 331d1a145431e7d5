"""Mapped classes: relations, inheritance, tables that are there already, and members that come later."""

from __future__ import annotations

import copy
import gc
import itertools
import pickle
import weakref

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Session, relationship

from spyne.model import Array, ComplexModel, DateTime, File, Integer32, SelfReference, Unicode, UnsignedInteger32
from spyne.model.complex import table
from spyne.model.table import TTableModel, TTableModelBase
from spyne.schema import DeclarationError, Lowering
from spyne.store.relational import add_column, gen_sqla_info, get_pk_columns

Pickled = TTableModel()


class Saved(Pickled):
    __tablename__ = "saved"
    id = Integer32(pk=True)
    name = Unicode(9)


def stored(engine, *objects):
    """Store objects in a new session and return it."""
    type(objects[0]).Attributes.sqla_metadata.create_all(engine)
    session = Session(engine)
    session.add_all(objects)
    session.commit()
    session.expunge_all()
    return session


def test_a_mapped_class_is_a_complex_model():
    """Classes and instances pass for ComplexModels; class attributes are SQLAlchemy's; defaults are set by the constructor."""

    class User(TTableModel()):
        __tablename__ = "user"
        id = UnsignedInteger32(pk=True)
        name = Unicode(20, default="nobody")
        mail = Unicode(default_factory=lambda: "x@y")

    user = User(id=1)
    assert issubclass(User, ComplexModel)
    assert isinstance(user, ComplexModel)
    assert (user.name, user.mail, user.as_dict()) == ("nobody", "x@y", {"id": 1, "name": "nobody", "mail": "x@y"})
    assert str(User.name == "x") == '"user".name = :name_1'
    assert get_pk_columns(User)[0][0] == "id"
    assert User.Attributes.sqla_table is User.__table__
    assert repr(User(id=2, name=None)) == "User(id=2, mail='x@y')"
    assert User(5, "z").name == "z"
    with pytest.raises(TypeError, match="nmae"):
        User(nmae="x")


def test_a_customized_class_makes_instances_of_the_original():
    """A variant has its own way to travel and no table of its own."""

    class User(TTableModel()):
        __tablename__ = "user"
        id = Integer32(pk=True)
        name = Unicode

    variant = User.customize(child_attrs={"name": {"exc": True}})
    assert type(variant(name="x")) is User
    assert len(User.Attributes.sqla_metadata.tables) == 1


def test_copies_and_pickles():
    """A pickled object comes back with its members; a copy is one that no session knows."""
    saved = Saved(id=1, name="x")
    assert pickle.loads(pickle.dumps(saved)).name == "x"
    twin = copy.copy(saved)
    twin.name = "y"
    assert (saved.name, sa.inspect(twin).transient) == ("x", True)


def test_cycles_are_collected():
    """Objects that know each other are freed."""
    first, second = Saved(name="a"), Saved(name="b")
    first.__dict__["other"], second.__dict__["other"] = second, first
    seen = weakref.ref(first)
    del first, second
    gc.collect()
    assert seen() is None


def people(lazy="select", **options):
    """Return classes that know each other in all ways."""
    base = TTableModel()

    class Address(base):
        __tablename__ = "address"
        id = Integer32(pk=True)
        street = Unicode(20)

    class Role(base):
        __tablename__ = "role"
        id = Integer32(pk=True)
        name = Unicode(9)

    class Person(base):
        __tablename__ = "person"
        __spyne_unloaded__ = options.pop("unloaded", "absent")
        id = Integer32(pk=True)
        name = Unicode(9)
        home = Address.customize(store_as=table(lazy=lazy))
        addresses = Array(Address).customize(
            store_as=table(backref="person", order_by="street desc", lazy=lazy, **options)
        )
        roles = Array(Role).customize(store_as=table(multi=True, backref="people", lazy=lazy))
        boss = SelfReference.customize(store_as=table(back_populates="staff"))
        staff = Array(SelfReference).customize(store_as=table(right="boss_id", back_populates="boss"))
        friends = Array(SelfReference).customize(store_as=table(multi="friends", left="who", right="whom"))
        tags = Array(Unicode(9)).customize(store_as=table(lazy=lazy))

    return Person, Address, Role


def test_relations(engine):
    """One to one, one to many, many to many, to itself each way, and plain values: what was stored is read."""
    Person, Address, Role = people()
    role = Role(name="admin")
    boss = Person(name="boss", roles=[role])
    person = Person(
        name="x",
        home=Address(street="home"),
        addresses=[Address(street="a"), Address(street="b")],
        roles=[role, Role(name="user")],
        boss=boss,
        friends=[boss],
        tags=["z", "a"],
    )
    with stored(engine, person, boss) as session:
        found = session.scalars(sa.select(Person).where(Person.name == "x")).one()
        assert found.home.street == "home"
        assert [each.street for each in found.addresses] == ["b", "a"]
        assert found.addresses[0].person is found
        assert {each.name for each in found.roles} == {"admin", "user"}
        assert {each.name for each in found.roles[0].people} <= {"x", "boss"}
        assert (found.boss.name, found.friends[0].name) == ("boss", "boss")
        assert found.boss.staff == [found]
        assert list(found.tags) == ["z", "a"]
        found.tags.remove("z")
        found.tags.append("q")
        session.commit()
        assert list(found.tags) == ["a", "q"]
        assert session.scalar(sa.text("SELECT count(*) FROM person_tags")) == 2


def test_queries_over_relations(engine):
    """Class attributes of relations are SQLAlchemy's: joins and any() work."""
    Person, _, Role = people()
    with stored(engine, Person(name="x", roles=[Role(name="admin")]), Person(name="y")) as session:
        asked = sa.select(Person).join(Person.roles).where(Role.name == "admin")
        assert [each.name for each in session.scalars(asked)] == ["x"]
        assert session.scalars(sa.select(Person).where(~Person.roles.any())).one().name == "y"


def test_cascades(engine):
    """What is removed from a list with delete-orphan is deleted."""
    Person, Address, _ = people(cascade="all, delete-orphan", single_parent=True)
    with stored(engine, Person(name="x", addresses=[Address(street="a")])) as session:
        found = session.scalars(sa.select(Person)).one()
        found.addresses.clear()
        session.commit()
        assert session.scalars(sa.select(Address)).all() == []


def test_a_backref_is_an_argument():
    """Constructors take what the mapping adds: columns of relations and back references."""
    Person, Address, _ = people()
    address = Address(street="a", person=Person(name="x"))
    assert address.person.addresses == [address]
    assert Person(home_id=5).home_id == 5


@pytest.mark.parametrize("joined", [False, True], ids=["single", "joined"])
def test_inheritance(engine, joined):
    """Subclasses in one table or in one of their own: a query for the parent gives objects of their classes."""

    class Person(TTableModel()):
        __tablename__ = "person"
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}
        id = Integer32(pk=True)
        kind = Unicode(9)
        name = Unicode(9)

    class Worker(Person):
        if joined:
            __tablename__ = "worker"
        __mapper_args__ = {"polymorphic_identity": "worker"}
        wage = Integer32(nullable=False)
        tasks = Array(Unicode(5), store_as="table")

    class Boss(Worker):
        __mapper_args__ = {"polymorphic_identity": "boss"}
        car = Unicode(5)

    with stored(
        engine, Person(name="p"), Worker(name="w", wage=5, tasks=["t"]), Boss(name="b", wage=6, car="c")
    ) as session:
        found = session.scalars(sa.select(Person).order_by(Person.id)).all()
        assert [type(each) for each in found] == [Person, Worker, Boss]
        assert (found[1].wage, list(found[1].tasks), found[2].car, found[2].wage) == (5, ["t"], "c", 6)
    assert Worker.get_flat_type_info().keys() == {"id", "kind", "name", "wage", "tasks"}
    assert (Worker.__table__ is Person.__table__) is not joined
    assert Person in Worker.ancestors()


@pytest.mark.parametrize("joined", [False, True], ids=["single", "joined"])
def test_columns_that_a_subclass_has_not(engine, joined):
    """exc_mapper leaves a column to the table in subclasses too, beside what __mapper_args__ excludes."""

    class Person(TTableModel()):
        __tablename__ = "person"
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person", "exclude_properties": ["note"]}
        id = Integer32(pk=True)
        kind = Unicode(9)
        secret = Unicode(9, exc_mapper=True)

    class Worker(Person):
        if joined:
            __tablename__ = "worker"
        __mapper_args__ = {"polymorphic_identity": "worker"}
        wage = Integer32
        hidden = Unicode(9, exc_mapper=True)

    with stored(engine, Worker(wage=5)) as session:
        session.scalars(sa.select(Worker)).one()
    assert set(Worker.__mapper__.column_attrs.keys()) == {"id", "kind", "wage"}
    assert {"hidden"} <= set(Worker.__table__.c.keys())


def test_mixins_and_bases(engine):
    """Members of mixins, of parents without a table and of `base` are columns."""

    class Stamped(ComplexModel):
        __mixin__ = True
        created = DateTime(server_default=sa.func.now())

    class Named(ComplexModel):
        name = Unicode(9)

    base = TTableModel(sa.MetaData(), Named)

    class Keyed(base):
        __mixin__ = True
        id = Integer32(pk=True)

    class Row(Keyed, Stamped):
        __tablename__ = "row"

    assert set(Row.__table__.c.keys()) == {"id", "name", "created"}
    with stored(engine, Row(name="x")) as session:
        assert session.scalars(sa.select(Row)).one().created is not None
    assert TTableModelBase() is TTableModelBase()


def test_tables_that_are_there(engine):
    """A class of a reflected table has its columns as members, and may say more of them."""
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE old (id integer PRIMARY KEY, nm varchar(4) NOT NULL, price decimal(5, 2), parent integer REFERENCES old (id))"
            )
        )

    class Old(TTableModel()):
        __table__ = sa.Table("old", sa.MetaData(), autoload_with=engine)
        nm = Unicode(3, sub_name="name")

    fields = Old.get_flat_type_info()
    assert list(fields) == ["nm", "id", "price", "parent"] or set(fields) == {"id", "nm", "price", "parent"}
    assert fields["nm"].Attributes.max_len == 3
    assert (fields["price"].Attributes.total_digits, fields["price"].Attributes.fraction_digits) == (5, 2)
    assert fields["id"].Attributes.pk
    with Session(engine) as session:
        session.add(Old(id=1, nm="x"))
        session.commit()
        assert session.scalars(sa.select(Old)).one().nm == "x"


@pytest.mark.parametrize(
    ("column_type", "name", "facets"),
    [
        (mysql.TINYINT(unsigned=True), "unsignedByte", {}),
        (mysql.BIGINT(unsigned=True), "unsignedLong", {}),
        (sa.SmallInteger(), "short", {}),
        (sa.Numeric(5, 2), "decimal", {"total_digits": 5, "fraction_digits": 2}),
        (sa.Float(), "double", {}),
        (sa.Interval(), "duration", {}),
        (sa.Boolean(), "boolean", {}),
        (sa.String(4), "string", {"max_len": 4}),
    ],
    ids=repr,
)
def test_types_of_columns_that_are_there(column_type, name, facets):
    """What a column holds is what its member takes: the sign, the size, the digits."""

    class Old(TTableModel()):
        __table__ = sa.Table(
            "old", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", column_type)
        )

    found = Old.get_flat_type_info()["x"]
    assert found.get_type_name() == name
    assert {facet: getattr(found.Attributes, facet) for facet in facets} == facets


def test_members_that_come_later(engine):
    """append_field gives a mapped class a column or a relation, and its variants the member."""

    class Row(TTableModel()):
        __tablename__ = "row"
        id = Integer32(pk=True)

    variant = Row.customize(type_name="Other")
    Row.append_field("name", Unicode(5, index=True))
    Row.append_field("tags", Array(Unicode(5), store_as="table"))
    Row.append_field("parent", Row.customize(store_as="table"))
    add_column(Row, "more", Integer32)
    assert "name" in variant.get_flat_type_info()
    with stored(engine, Row(name="x", tags=["a"], more=5, parent=Row(name="p"))) as session:
        found = session.scalars(sa.select(Row).where(Row.name == "x")).one()
        assert (list(found.tags), found.more, found.parent.name) == (["a"], 5, "p")


def test_members_without_columns(engine):
    """exc_db and objects without store_as are attributes only; exc_mapper leaves a column to the table."""

    class Part(ComplexModel):
        name = Unicode

    class Row(TTableModel()):
        __tablename__ = "row"
        id = Integer32(pk=True)
        transient = Unicode(exc_db=True, default="t")
        part = Part
        hidden = Unicode(5, exc_mapper=True)
        own = Integer32
        other = Integer32(mapper_property=None)

    assert set(Row.__table__.c.keys()) == {"id", "hidden", "own", "other"}
    with stored(engine, Row(part=Part(name="x"))) as session:
        found = session.scalars(sa.select(Row)).one()
        assert (found.part, found.transient, found.hidden) == (None, "t", None)


def test_a_relation_of_ones_own(engine):
    """mapper_property takes any property of SQLAlchemy's, for what `table` cannot say."""
    base = TTableModel()

    class Key(base):
        __tablename__ = "key"
        a = Integer32(pk=True, autoincrement=False)
        b = Integer32(pk=True, autoincrement=False)

    class Row(base):
        __tablename__ = "row"
        __table_args__ = (sa.ForeignKeyConstraint(["x", "y"], ["key.a", "key.b"]),)
        id = Integer32(pk=True)
        x = Integer32
        y = Integer32
        key = Key.customize(mapper_property=relationship(Key))

    with stored(engine, Row(key=Key(a=1, b=2))) as session:
        assert session.scalars(sa.select(Row)).one().key.b == 2


def test_defaults_of_the_database(engine):
    """db_default, server_default and onupdate fill what the constructor left out."""

    class Row(TTableModel()):
        __tablename__ = "row"
        id = Integer32(pk=True)
        python = Unicode(5, db_default="p")
        server = Unicode(5, server_default="s")
        renamed = Unicode(5, sqla_column_args={"name": "other"}, onupdate="u")

    with stored(engine, Row(renamed="x")) as session:
        found = session.scalars(sa.select(Row)).one()
        assert (found.python, found.server, found.renamed) == ("p", "s", "x")
        found.python = "q"
        session.commit()
        assert found.renamed == "x" or found.renamed == "u"


def refused(**members):
    """Declare a class with these members next to a key, and return the error."""
    base = TTableModel()

    class Other(base):
        __tablename__ = "other"
        id = Integer32(pk=True)

    class Pair(base):
        __tablename__ = "pair"
        a = Integer32(pk=True)
        b = Integer32(pk=True)

    class Plain(ComplexModel):
        a = Integer32

    known = {"Other": Other, "Pair": Pair, "Plain": Plain}
    body = {name: tp(known) if callable(tp) and not isinstance(tp, type) else tp for name, tp in members.items()}
    with pytest.raises(DeclarationError) as caught:
        type(base)("Row", (base,), {"__module__": __name__, "__tablename__": "row", "id": Integer32(pk=True), **body})
    return str(caught.value)


MISTAKES = {
    "a member without a table": (
        lambda k: k["Plain"].customize(store_as="table"),
        "Row.x: Plain has no table; declare it",
    ),
    "an unknown way": (Unicode(store_as="yaml"), "Row.x: store_as='yaml' is unknown; it is one of table, json"),
    "right of one object": (lambda k: k["Other"].customize(store_as=table(right="y")), "Row.x: right means nothing"),
    "left of many": (lambda k: Array(k["Other"], store_as=table(left="y")), "Row.x: left means nothing"),
    "multi for one": (lambda k: k["Other"].customize(store_as=table(multi=True)), "Row.x: multi is for several"),
    "a key of two": (
        lambda k: k["Pair"].customize(store_as="table"),
        "Row.x: a relation needs a primary key of one column",
    ),
    "equal columns": (
        lambda k: Array(k["Other"], store_as=table(multi=True, left="y", right="y")),
        "Row.x: both columns",
    ),
    "a value as a table": (Unicode(store_as="table"), "Row.x: store_as='table' is for objects and arrays"),
    "many in one column": (Unicode(max_occurs="unbounded"), "Row.x: several values do not fit into one column"),
    "a file without a place": (File, "Row.x: a File needs a place"),
    "a foreign key to a table": (Integer32(fk="other"), "Row.x: fk='other' names no column"),
    "a foreign key to nothing": (Integer32(fk=5), "Row.x: fk=5 is neither"),
    "an index that is none": (Integer32(index=5), "Row.x: index=5 is True, a method"),
    "two roots": (Unicode(max_occurs="unbounded", store_as="xml"), "Row.x: an XML document has one root: use Array"),
    "column arguments": (Integer32(sqla_column_args="x"), "Row.x: sqla_column_args is a dict"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_seen_where_they_are_made(name):
    """A declaration that makes no table is refused with class, member and the way out."""
    tp, message = MISTAKES[name]
    assert message in refused(x=tp)


def test_an_order_that_is_none():
    """A relation that is ordered by what its objects have not is a mistake that names both, when the application is built."""
    Person, _, _ = people()
    Person.append_field("more", Array(Person).customize(store_as=table(right="of", order_by=["name", "size desc"])))
    with pytest.raises(
        DeclarationError, match=r"Person\.more: order_by='size desc': Person has no member or column 'size'"
    ):
        Lowering().field(Person)


def test_mistakes_of_classes():
    """No key, no MetaData, two tables of one name, a wrong __table__, an empty class."""
    base = TTableModel()
    numbers = itertools.count()

    def declare(**body):
        with pytest.raises(DeclarationError) as caught:
            type(base)(f"Row{next(numbers)}", (base,), {"__module__": __name__, **body})
        return str(caught.value)

    assert "needs a primary key; add pk=True" in declare(__tablename__="row", a=Integer32)
    assert "no member of it is a column" in declare(__tablename__="row")
    assert "must be a Table" in declare(__table__="row")
    assert "must be a str" in declare(__tablename__=5, id=Integer32(pk=True))
    row = {"__tablename__": "row", "id": Integer32(pk=True), "name": Unicode(5)}
    assert "is there a comma missing?" in declare(**row, __table_args__=sa.UniqueConstraint("name"))
    assert "unexpected keyword argument 'order'" in declare(**row, __mapper_args__={"order": 1})
    assert "no attribute is mapped" in declare(**row, __mapper_args__={"polymorphic_on": "kind"})
    type(base)("Row", (base,), {"__module__": __name__, "__tablename__": "row", "id": Integer32(pk=True)})
    assert "already" in declare(__tablename__="row", id=Integer32(pk=True))
    with pytest.raises(DeclarationError, match="no MetaData"):
        type(base)(
            "Row", (TTableModelBase(),), {"__tablename__": "row", "id": Integer32(pk=True), "__module__": __name__}
        )
    with pytest.raises(DeclarationError, match="TableModelMeta"):
        TTableModel(metaclass=type)
    assert gen_sqla_info(Saved) is Saved.__table__
