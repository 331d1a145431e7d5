"""Declarations whose tables are compared with those of Spyne 2.14: each function runs under both and makes its classes from `TM`.

Every statement here means the same to both libraries, so the module is also what `golden/record.py` runs under 2.14.
"""

import sqlalchemy as sa

from spyne import (
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
    Float,
    Integer,
    Integer8,
    Integer16,
    Integer32,
    Integer64,
    IpAddress,
    Ipv4Address,
    Ipv6Address,
    M,
    MacAddress,
    MimeType,
    Point,
    Polygon,
    SelfReference,
    Time,
    Token,
    Unicode,
    UnsignedInteger8,
    UnsignedInteger16,
    UnsignedInteger32,
    UnsignedInteger64,
    Uuid,
)
from spyne.model.binary import File, HybridFileStore
from spyne.model.complex import json, jsonb, table, xml
from spyne.model.primitive import Ltree

CASES = []


def case(function):
    """Add a declaration to the corpus."""
    CASES.append(function)
    return function


@case
def texts(TM):
    class Text(TM):
        __tablename__ = "text"
        id = Integer32(pk=True)
        long = Unicode
        short = Unicode(20)
        ranged = Unicode(min_len=2, max_len=9)
        pattern = Unicode(pattern="[a-z]+")
        token = Token
        mime = MimeType
        uri = AnyUri
        mac = MacAddress


@case
def integers(TM):
    class Number(TM):
        __tablename__ = "number"
        id = Integer64(pk=True)
        any = Integer
        i8 = Integer8
        i16 = Integer16
        i32 = Integer32
        i64 = Integer64
        u8 = UnsignedInteger8
        u16 = UnsignedInteger16
        u32 = UnsignedInteger32
        u64 = UnsignedInteger64


@case
def any_integer_as_key(TM):
    class Key(TM):
        __tablename__ = "key"
        id = Integer(pk=True)
        name = Unicode(5)


@case
def unsigned_key(TM):
    class Key(TM):
        __tablename__ = "key"
        id = UnsignedInteger32(pk=True)
        name = Unicode(5)


@case
def fractions(TM):
    class Fraction(TM):
        __tablename__ = "fraction"
        id = Integer32(pk=True)
        money = Decimal(10, 2)
        any = Decimal
        single = Float
        bounded = Decimal(ge=0, le=100)
        small = Integer32(ge=1, lt=7)


@case
def doubles(TM):
    class Fraction(TM):
        __tablename__ = "fraction"
        id = Integer32(pk=True)
        double = Double


@case
def moments(TM):
    class Moment(TM):
        __tablename__ = "moment"
        id = Integer32(pk=True)
        day = Date
        time = Time
        at = DateTime
        local = DateTime(timezone=False)


@case
def durations(TM):
    class Lasting(TM):
        __tablename__ = "lasting"
        id = Integer32(pk=True)
        long = Duration


@case
def flags(TM):
    class Flag(TM):
        __tablename__ = "flag"
        id = Integer32(pk=True)
        yes = Boolean
        no = Boolean(store_as=int)


@case
def uuids(TM):
    class Thing(TM):
        __tablename__ = "thing"
        id = Uuid(pk=True)
        other = Uuid


@case
def addresses(TM):
    class Host(TM):
        __tablename__ = "host"
        id = Integer32(pk=True)
        ip = IpAddress
        v4 = Ipv4Address
        v6 = Ipv6Address


@case
def label_paths(TM):
    class Node(TM):
        __tablename__ = "node"
        id = Integer32(pk=True)
        path = Ltree


@case
def geometries(TM):
    class Place(TM):
        __tablename__ = "place"
        id = Integer32(pk=True)
        at = Point
        area = Polygon


@case
def enumerations(TM):
    class Light(TM):
        __tablename__ = "light"
        id = Integer32(pk=True)
        colour = Enum("red", "amber", "green", type_name="Colour")
        word = Unicode(9, values=["on", "off"])


@case
def bytes_(TM):
    class Blob(TM):
        __tablename__ = "blob"
        id = Integer32(pk=True)
        data = ByteArray
        short = ByteArray(max_len=5)


@case
def markup(TM):
    class Page(TM):
        __tablename__ = "page"
        id = Integer32(pk=True)
        tree = AnyXml
        page = AnyHtml
        free = AnyDict(store_as="json")
        binary = AnyDict(store_as="jsonb")


@case
def documents(TM):
    class Part(ComplexModel):
        name = Unicode
        size = Integer32

    class Whole(TM):
        __tablename__ = "whole"
        id = Integer32(pk=True)
        one = Part.customize(store_as="json")
        two = Part.customize(store_as=jsonb())
        three = Part.customize(store_as=xml(root_tag="part"))
        many = Array(Part).customize(store_as=json())
        names = Array(Unicode).customize(store_as="json")
        unstored = Part


@case
def files(TM):
    class Picture(TM):
        __tablename__ = "picture"
        id = Integer32(pk=True)
        one = File(store_as=HybridFileStore("/nowhere", "json"))
        two = File(store_as=HybridFileStore("/nowhere", "jsonb"))


@case
def nulls_and_defaults(TM):
    class Row(TM):
        __tablename__ = "row"
        id = Integer32(pk=True)
        given = Unicode(5, nullable=False)
        mandatory = M(Unicode(5))
        occurs = Unicode(5, min_occurs=1)
        default = Unicode(5, default="x")
        in_python = Unicode(5, db_default="x")
        in_sql = Unicode(5, server_default="x")
        updated = DateTime(onupdate=sa.func.now(), server_default=sa.func.now())


@case
def indexes(TM):
    class Row(TM):
        __tablename__ = "row"
        id = Integer32(pk=True)
        plain = Integer32(index=True)
        method = Integer32(index="btree")
        named = Integer32(index=("by_named", "hash"))
        unique = Unicode(5, unique=True)


@case
def names_and_types(TM):
    class Row(TM):
        __tablename__ = "row"
        id = Integer32(pk=True)
        renamed = Unicode(5, sqla_column_args={"name": "other"})
        wire = Unicode(5, sub_name="onlyOnTheWire")
        typed = Unicode(db_type=sa.CHAR(3))
        hidden = Unicode(exc_db=True)


@case
def keys_of_two(TM):
    class Pair(TM):
        __tablename__ = "pair"
        left = Integer32(pk=True, autoincrement=False)
        right = Unicode(5, pk=True)
        value = Unicode


@case
def table_args(TM):
    class Row(TM):
        __tablename__ = "row"
        __table_args__ = (sa.UniqueConstraint("a", "b", name="row_ab"), {"schema": "main"})
        id = Integer32(pk=True)
        a = Unicode(6)
        b = Unicode(6)


@case
def foreign_keys(TM):
    class Parent(TM):
        __tablename__ = "parent"
        id = Integer32(pk=True)

    class Child(TM):
        __tablename__ = "child"
        id = Integer32(pk=True)
        parent_id = Integer32(fk="parent.id", index=True)


@case
def one_object(TM):
    class Address(TM):
        __tablename__ = "address"
        id = Integer32(pk=True)
        street = Unicode(20)

    class Person(TM):
        __tablename__ = "person"
        id = Integer32(pk=True)
        home = Address.customize(store_as="table")


@case
def one_object_in_detail(TM):
    class Address(TM):
        __tablename__ = "address"
        id = Integer32(pk=True)

    class Person(TM):
        __tablename__ = "person"
        id = Integer32(pk=True)
        home = Address.customize(
            store_as=table(
                left="at",
                lazy="joined",
                fk_left_ondelete="cascade",
                fk_left_onupdate="cascade",
                fk_left_deferrable=True,
                fk_left_initially="deferred",
            ),
            nullable=False,
            unique=True,
        )


@case
def one_object_by_a_declared_column(TM):
    class Address(TM):
        __tablename__ = "address"
        id = Integer32(pk=True)

    class Person(TM):
        __tablename__ = "person"
        id = Integer32(pk=True)
        home_id = Integer32(fk="address.id", index=True)
        work_id = Integer32(fk="address.id")
        home = Address.customize(store_as=table(left="home_id", explicit_join=True))
        work = Address.customize(store_as=table(left="work_id", explicit_join=True))


@case
def many_objects(TM):
    class Address(TM):
        __tablename__ = "address"
        id = Integer32(pk=True)

    class Person(TM):
        __tablename__ = "person"
        id = Integer32(pk=True)
        addresses = Array(Address).customize(store_as="table")


@case
def many_objects_in_detail(TM):
    class Address(TM):
        __tablename__ = "address"
        id = Integer32(pk=True)

    class Person(TM):
        __tablename__ = "person"
        id = Integer32(pk=True)
        addresses = Array(Address).customize(
            store_as=table(
                right="owner",
                backref="owner_",
                cascade="all, delete-orphan",
                fk_right_ondelete="set null",
                fk_right_deferrable=True,
                fk_right_initially="immediate",
            )
        )


@case
def many_objects_unwrapped(TM):
    class Address(TM):
        __tablename__ = "address"
        id = Integer32(pk=True)

    class Person(TM):
        __tablename__ = "person"
        id = Integer32(pk=True)
        addresses = Address.customize(max_occurs="unbounded", store_as="table")


@case
def both_ways(TM):
    class Address(TM):
        __tablename__ = "address"
        id = Integer32(pk=True)

    class Person(TM):
        __tablename__ = "person"
        id = Integer32(pk=True)
        addresses = Array(Address).customize(store_as=table(right="person_id", back_populates="person"))

    Address.append_field("person", Person.customize(store_as=table(left="person_id", back_populates="addresses")))


@case
def many_to_many(TM):
    class Role(TM):
        __tablename__ = "role"
        id = Integer32(pk=True)

    class Person(TM):
        __tablename__ = "person"
        id = Integer32(pk=True)
        roles = Array(Role).customize(store_as=table(multi=True))


@case
def many_to_many_in_detail(TM):
    class Role(TM):
        __tablename__ = "role"
        id = Integer32(pk=True)

    class Person(TM):
        __tablename__ = "person"
        id = Integer32(pk=True)
        roles = Array(Role).customize(
            store_as=table(
                multi="person_to_role",
                left="person",
                right="role",
                backref="people",
                fk_left_ondelete="cascade",
                fk_right_onupdate="cascade",
            )
        )


@case
def reference_to_itself(TM):
    class Node(TM):
        __tablename__ = "node"
        id = Integer32(pk=True)
        parent = SelfReference.customize(store_as="table")


@case
def plain_values(TM):
    class Person(TM):
        __tablename__ = "person"
        id = Integer32(pk=True)
        tags = Array(Unicode(9)).customize(store_as="table")


@case
def plain_values_in_detail(TM):
    class Person(TM):
        __tablename__ = "person"
        id = Integer32(pk=True)
        scores = Array(Integer32(nullable=False, index=True)).customize(
            store_as=table(left="who", right="score", fk_left_ondelete="cascade")
        )


@case
def mixins(TM):
    class Stamped(ComplexModel):
        __mixin__ = True
        created = DateTime
        ident = Unicode(3, index=True)

    class Row(TM, Stamped):
        __tablename__ = "row"
        id = Integer32(pk=True)


@case
def parents_without_a_table(TM):
    class Keyed(TM):
        id = Integer32(pk=True)

    class Row(Keyed):
        __tablename__ = "row"
        value = Unicode


@case
def one_table_for_two(TM):
    class Person(TM):
        __tablename__ = "person"
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}
        id = Integer32(pk=True)
        kind = Unicode(9)

    class Worker(Person):
        __mapper_args__ = {"polymorphic_identity": "worker"}
        wage = Integer32(nullable=False)


@case
def appended(TM):
    class Row(TM):
        __tablename__ = "row"
        id = Integer32(pk=True)

    Row.append_field("later", Unicode(7, index=True))
