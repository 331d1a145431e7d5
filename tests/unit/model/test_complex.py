"""ComplexModel: fields, inheritance, variants, construction, and what instances can do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Annotated, ClassVar, Optional

import msgspec
import pytest

from spyne.model.complex import Array, ComplexModel, Iterable, SelfReference, XmlAttribute, XmlData
from spyne.model.enum import Enum
from spyne.model.mandatory import M
from spyne.model.primitive import NATIVE_MAP, DateTime, Decimal, Integer, Unicode
from spyne.schema import DeclarationError, Lowering, Place, Ref, resolve


def lower(cls, namespace="urn:t"):
    """Return the node of a class."""
    return Lowering(default_namespace=namespace, natives=NATIVE_MAP).field(cls, Place("", namespace, "")).type


def names(cls):
    return list(cls.get_flat_type_info(cls))


class Point(ComplexModel):
    x = Integer
    y = Integer(default=7)


class Named(Point):
    name = Unicode(max_len=5)


class Deep(Named):
    z = Integer


class WithInit(ComplexModel):
    a = Integer
    b = Unicode(default="b")

    def __init__(self, *args, note="none", **members):
        super().__init__(*args, **members)
        self.note = note


class Tree(ComplexModel):
    value = Integer
    left = SelfReference
    children = Array(SelfReference)


class Labelled(ComplexModel):
    __mixin__ = True

    label = Unicode
    created = DateTime

    def shout(self):
        return self.label.upper()


# --- declaration ---


class ByPairs(ComplexModel):
    _type_info = [("b", Integer), ("a", Unicode), ("c", XmlAttribute(Unicode))]


class ByMapping(ComplexModel):
    _type_info = {"b": int, "a": str, "c": XmlAttribute(str)}


class ByAttribute(ComplexModel):
    b = int
    a = Unicode
    c = XmlAttribute(Unicode)


@pytest.mark.parametrize("cls", [ByPairs, ByMapping, ByAttribute])
def test_three_ways_to_declare(cls):
    """Pairs, a mapping and class attributes give the same fields in the order of writing."""
    node = lower(cls)
    assert names(cls) == ["b", "a", "c"]
    assert [field.type.name for field in node.fields] == ["integer", "string", "string"]
    assert [field.hints.get("xml_place") for field in node.fields] == [None, None, "attribute"]


class Annotated_(ComplexModel):
    __type_name__ = "Annotated"

    name: str
    nick: str | None
    age: int = 3
    tags: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=lambda: ["n"])
    scores: list[int] = [1]
    code: Annotated[str, XmlAttribute(str, use="required")] = "c"
    kept: ClassVar[int] = 9


def test_annotated_members():
    """Annotations are fields with presence by their default; ClassVar is none; mutable defaults are not shared."""
    node = lower(Annotated_)
    assert names(Annotated_) == ["name", "nick", "age", "tags", "notes", "scores", "code"]
    assert [(f.min_occurs, f.nillable) for f in node.fields[:3]] == [(1, False), (0, True), (0, False)]
    one, two = Annotated_(name="n"), Annotated_(name="m")
    one.tags.append("t")
    one.notes.append("o")
    one.scores.append(2)
    assert (two.tags, two.notes, two.scores, two.age, two.nick, two.code) == ([], ["n"], [1], 3, None, "c")
    assert Annotated_.kept == 9


def test_annotated_members_come_first():
    """In a body with both kinds, the annotated members come first, whatever the Python version can tell of the order."""

    class Both(ComplexModel):
        a = Unicode
        b: Annotated[int, "kept"]

    assert names(Both) == ["b", "a"]


@pytest.mark.parametrize("bad", [5, ["name"], [("a", Unicode, 3)]])
def test_a_type_info_that_is_no_table(bad):
    """A `_type_info` that is neither mapping nor pairs is refused with the class's name and the fix."""
    with pytest.raises(DeclarationError, match=r"Bad\._type_info must be a dict, or a list of"):
        type(ComplexModel)("Bad", (ComplexModel,), {"_type_info": bad})


def test_order():
    """`order` moves a field to that index, and `declare_order` sorts all by name."""

    class Moved(ComplexModel):
        a = Unicode
        b = Unicode
        c = Unicode(order=0)

    class ByName(ComplexModel):
        class Attributes(ComplexModel.Attributes):
            declare_order = "name"

        z = Unicode
        a = Unicode

    assert names(Moved) == ["c", "a", "b"]
    assert names(ByName) == ["a", "z"]
    with pytest.raises(DeclarationError, match="declare_order is 'declared' or 'name', not 'sideways'"):
        type(ComplexModel)(
            "X", (ComplexModel,), {"Attributes": type("Attributes", (), {"declare_order": "sideways"}), "a": Unicode}
        )


def test_nested_attributes_and_annotations_may_forget_their_base():
    """A nested `Attributes` or `Annotations` without a base customizes the class all the same."""

    class Customized(ComplexModel):
        class Attributes:
            min_occurs = 2
            sub_name = "alias"

        class Annotations:
            doc = "what it is"

        a = Unicode

    field = Lowering(natives=NATIVE_MAP).field(Customized)
    assert (field.min_occurs, field.wire_name, field.type.doc) == (2, "alias", "what it is")
    assert Customized.Attributes.max_occurs == 1


@pytest.mark.parametrize("name", ["get", "count", "type", "name", "id", "len", "self_", "as_dict_", "namespace"])
def test_members_with_everyday_names(name):
    """Members may have names that other classes use for methods."""
    cls = ComplexModel.produce("urn:t", "X", {name: Unicode})
    assert cls(**{name: "v"}).as_dict() == {name: "v"}


# --- inheritance ---


def test_inheritance():
    """A subclass has its parents' fields first, and its struct extends theirs."""
    node = lower(Deep)
    assert names(Deep) == ["x", "y", "name", "z"]
    assert [base.name for base in (node.base, node.base.base)] == ["Named", "Point"]
    assert [field.name for field in node.own_fields] == ["z"]
    assert Deep.ancestors() == [Named, Point]
    assert Point.get_subclasses()[:2] == [Named, Deep]
    assert Point.get_orig() is Point


def test_variants_are_no_subclasses():
    """A customized class is not among the subclasses, and points back to its original."""
    variant = Point.customize(min_occurs=1)
    assert variant not in Point.get_subclasses()
    assert variant.get_orig() is Point
    assert variant.__orig__ is Point


def test_mixins_give_fields_and_methods():
    """A mixin's fields come first and are the class's own; its methods come along; no extension is declared."""

    class Order(ComplexModel, Labelled):
        number = Integer

    class OnlyMixed(Labelled):
        extra = Integer

    assert names(Order) == ["label", "created", "number"]
    assert Order(label="x", number=1).shout() == "X"
    assert lower(Order).base is None
    assert names(OnlyMixed) == ["label", "created", "extra"]


@pytest.mark.parametrize(
    ("bases", "message"),
    [
        ((Point, Tree), "extends Point and Tree: XSD knows single inheritance only; set __mixin__ = True"),
        ((Point.customize(min_occurs=1),), "extends a customized Point; extend the original class instead"),
    ],
)
def test_impossible_parents(bases, message):
    """Two parents with members, and a customized parent, are refused with the fix."""
    with pytest.raises(DeclarationError, match=message):
        type(ComplexModel)("Bad", bases, {})


def test_self_reference():
    """A class refers to itself directly and in arrays; the type of the array is named after the class."""
    node = lower(Tree)
    assert resolve(node.fields[1].type) is node
    assert isinstance(node.fields[1].type, Ref)
    assert node.fields[2].type.name == "TreeArray"
    assert node.fields[2].type.item.name == "Tree"
    assert resolve(node.fields[2].type.item.type) is node


def test_customized_self_reference():
    """A customized reference keeps its occurrence and refers to the whole class, fields that follow included."""

    class Link(ComplexModel):
        next = SelfReference(min_occurs=1, nillable=False)
        others = Array(SelfReference, max_occurs=5)
        last = Unicode

    field, others, _ = lower(Link).fields
    assert (field.min_occurs, field.nillable) == (1, False)
    assert [f.name for f in resolve(field.type).fields] == ["next", "others", "last"]
    assert others.max_occurs == 5


# --- customization ---


def test_customize_leaves_the_original_alone():
    """A variant with other occurrences shares the original's struct; the original keeps its attributes."""
    lowering = Lowering(natives=NATIVE_MAP)
    variant = Point.customize(min_occurs=1, max_occurs="unbounded")
    field = lowering.field(variant)
    assert field.type is lowering.field(Point).type
    assert (field.min_occurs, field.max_occurs) == (1, None)
    assert Point.Attributes.min_occurs == 0


CHILD_CASES = {
    "one": ({"child_attrs": {"x": {"min_occurs": 1}}}, {"x": 1, "y": 0, "name": 0}, []),
    "of a parent": (
        {"child_attrs": {"name": {"min_occurs": 1}, "y": {"min_occurs": 2}}},
        {"x": 0, "y": 2, "name": 1},
        [],
    ),
    "all": ({"child_attrs_all": {"min_occurs": 1}}, {"x": 1, "y": 1, "name": 1}, []),
    "all but": (
        {"child_attrs_all": {"min_occurs": 1}, "child_attrs": {"x": {"min_occurs": 3}}},
        {"x": 3, "y": 1, "name": 1},
        [],
    ),
    "only": ({"child_attrs_noexc": {"x": {}}}, {"x": 0, "y": 0, "name": 0}, ["y", "name"]),
}


@pytest.mark.parametrize(("attributes", "occurs", "excluded"), CHILD_CASES.values(), ids=CHILD_CASES)
def test_child_attributes(attributes, occurs, excluded):
    """`child_attrs` customizes named fields, `child_attrs_all` every one, `child_attrs_noexc` leaves out the others."""
    variant = Named.customize(**attributes)
    fields = lower(variant).fields
    assert {field.name: field.min_occurs for field in fields} == occurs
    assert [field.name for field in fields if field.hints.get("excluded")] == excluded
    assert {field.min_occurs for field in lower(Named).fields} == {0}


def test_child_attributes_of_annotated_members():
    """Annotated members and attributes in XML can be customized too, as far as it is about their use."""

    class Mixed(ComplexModel):
        a: int
        b: str | None = None
        c = XmlAttribute(Unicode)

    variant = Mixed.customize(
        child_attrs={
            "a": {"min_occurs": 0, "nullable": True, "sub_name": "alpha"},
            "b": {"exc": True, "max_occurs": "unbounded", "default": "d"},
            "c": {"min_occurs": 1},
        }
    )
    a, b, c = lower(variant).fields
    assert (a.min_occurs, a.nillable, a.wire_name) == (0, True, "alpha")
    assert (b.hints["excluded"], b.max_occurs, b.default) == (True, None, "d")
    assert (c.min_occurs, c.hints["xml_place"]) == (1, "attribute")
    assert lower(Mixed).fields[0].min_occurs == 1
    with pytest.raises(DeclarationError, match="max_len cannot be changed on an annotated member; write Annotated"):
        Mixed.customize(child_attrs={"b": {"max_len": 3}})


def test_child_attributes_of_an_unknown_field():
    """A name that is no field is refused with the list of fields."""
    with pytest.raises(DeclarationError, match="Point has no field 'z'; child_attrs may name: x, y"):
        Point.customize(child_attrs={"z": {}})


def test_misspelt_customization():
    """A customization that is almost a known one is refused with a suggestion; one's own are kept."""
    with pytest.raises(DeclarationError, match="Point has no customization 'min_ocurs'; did you mean 'min_occurs'"):
        Point.customize(min_ocurs=1)
    assert Point.customize(my_own_thing=1).Attributes.my_own_thing == 1


def test_novalidate_freq():
    """A variant may say that its members' occurrence is not checked."""
    assert Point.novalidate_freq().Attributes.validate_freq is False
    assert Point.Attributes.validate_freq is True


def test_class_getitem():
    """`Type[dict]` customizes; anything else is refused with the right spelling."""
    assert Point[{"min_occurs": 1}].Attributes.min_occurs == 1
    with pytest.raises(DeclarationError, match=r"Point\[dict\(min_occurs=1\)\]"):
        Point["min_occurs"]


# --- fields added later ---


def made():
    class Base(ComplexModel):
        a = Unicode
        b = Unicode

    class Child(Base):
        c = Unicode

    return Base, Child


def test_append_and_insert_field():
    """Fields added later reach variants, variants of variants and subclasses, with the variants' customizations."""
    base, child = made()
    variant = base.customize(min_occurs=1)
    second = variant.customize(child_attrs_all={"min_occurs": 2})
    only = base.customize(child_attrs_noexc={"a": {}})
    base.append_field("d", Integer(default=4))
    base.insert_field(0, "first", int)
    assert names(base) == names(variant) == names(second) == ["first", "a", "b", "d"]
    assert names(child) == ["first", "a", "b", "d", "c"]
    assert {field.min_occurs for field in lower(second).fields} == {2}
    assert [f.name for f in lower(only).fields if f.hints.get("excluded")] == ["first", "b", "d"]


def test_instances_have_added_fields():
    """Classes, variants and subclasses construct with added fields; older instances have the default."""
    base, child = made()
    variant = base.customize(min_occurs=1)
    old = base(a="x")
    base.append_field("d", Integer(default=4))
    assert old.d == 4
    for cls in (base, variant, child):
        assert cls(d=5, a="y").as_dict() == {"a": "y", "d": 5}
        assert cls("1", "2").b == "2"


def test_append_a_reference_to_the_class():
    """An added field may refer to the class itself."""
    base, _ = made()
    base.append_field("parent", SelfReference)
    node = lower(base)
    assert resolve(node.fields[2].type) is node


# --- construction and instances ---


def test_constructor():
    """Members are None or their default until set, by keyword or by position."""
    assert Point().as_dict() == {"y": 7}
    assert Point(1, 2).as_dict() == {"x": 1, "y": 2}
    assert Named(name="n", x=1).as_dict() == {"x": 1, "y": 7, "name": "n"}
    assert WithInit(1, note="n").note == "n"
    assert WithInit(1, note="n").as_dict() == {"a": 1, "b": "b"}


@pytest.mark.parametrize("cls", [Point, Named, WithInit, Point.customize(min_occurs=1)])
def test_unknown_members_are_refused(cls):
    """A keyword that is no member raises TypeError naming it; so do too many positions, and a member given twice."""
    with pytest.raises(TypeError, match="'nonsense'"):
        cls(nonsense=1)
    with pytest.raises(TypeError):
        cls(*range(9))
    with pytest.raises(TypeError):
        cls(1, **{names(cls)[0]: 2})


def test_a_subclass_inherits_the_constructor():
    """A class without an ``__init__`` of its own runs the one of its parent."""

    class Child(WithInit):
        c = Integer

    assert (Child(c=1, note="n").note, Child(c=1).c) == ("n", 1)


def test_default_factory():
    """`default_factory` makes a value for each instance; `default` gives one."""

    class Made(ComplexModel):
        items = Array(Unicode, default_factory=list)
        n = Integer(default=3)

    one, two = Made(), Made()
    one.items.append("a")
    assert (two.items, two.n) == ([], 3)


def test_members_by_index():
    """Instances have the length, items and iteration of their members, and are true even without any."""
    point = Point(1, 2)
    assert (len(point), point[0], point[1], list(point)) == (2, 1, 2, [1, 2])
    assert bool(ComplexModel.produce("urn:t", "Empty", {})())
    assert repr(point) == "Point(x=1, y=2)"


def test_equality_is_identity():
    """Two instances with equal members are not equal, and can be keys."""
    assert Point(1, 2) != Point(1, 2)
    assert len({Point(1, 2), Point(1, 2)}) == 2


def test_init_from():
    """An instance is made of whatever has members of the same names, keywords win."""

    class Like:
        x = 1
        z = 3

    assert Point.init_from(Like(), y=2).as_dict() == {"x": 1, "y": 2}


COPIES = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": lambda value: pickle.loads(pickle.dumps(value))}


@pytest.mark.parametrize("make", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("value", [Deep(1, 2, "n", 3), WithInit(1, note="x")], ids=lambda value: type(value).__name__)
def test_copies(make, value):
    """Copies and pickles keep members and further attributes, without running ``__init__`` again."""
    value.further = "f"
    twin = make(value)
    assert type(twin) is type(value)
    assert (twin.as_dict(), vars(twin)) == (value.as_dict(), vars(value))


def test_produce():
    """`produce` makes a class of a name, a namespace and members."""
    cls = ComplexModel.produce("urn:made", "Made", [("a", Unicode), ("b", int)])
    assert (cls.get_type_name(), cls.get_namespace(), names(cls)) == ("Made", "urn:made", ["a", "b"])
    assert cls(a="x").a == "x"


def test_simple_type_info_and_identifiers():
    """Scalar fields at any depth have dotted paths, a recursion ends; the primary key is found."""

    class Owner(ComplexModel):
        id = Integer(pk=True)
        point = Named
        tree = Tree

    assert list(Owner.get_simple_type_info(Owner)) == ["id", "point.x", "point.y", "point.name", "tree.value"]
    assert list(Owner.get_simple_type_info(Owner, hier_delim="_"))[1] == "point_x"
    assert [name for name, _ in Owner.get_identifiers()] == ["id"]


# --- validate_on_assignment ---


class Checked(ComplexModel):
    number = Integer(voa=True)
    text = Unicode(validate_on_assignment=True)
    amount = Decimal(voa=True)
    free = Integer
    point = Point.customize(voa=True)
    many = Unicode(voa=True, max_occurs="unbounded")


GOOD = {"number": 1, "text": "t", "free": "any", "point": Named(), "many": ["a"]}


@pytest.mark.parametrize(("name", "value"), GOOD.items())
def test_checked_assignment_takes(name, value):
    """Each checked member takes values of its own type, and None."""
    checked = Checked()
    setattr(checked, name, value)
    assert getattr(checked, name) == value
    setattr(checked, name, None)
    assert Checked(**{name: value}).as_dict() == {name: value}


@pytest.mark.parametrize(
    ("name", "value"),
    [("number", "1"), ("text", 1), ("amount", "1"), ("point", Tree()), ("many", "a")],
)
def test_checked_assignment_refuses(name, value):
    """A value of another type is refused with the member's name, also in the constructor."""
    with pytest.raises(ValueError, match=rf"Checked\.{name} = .*: should be an instance of"):
        setattr(Checked(), name, value)
    with pytest.raises(ValueError, match=name):
        Checked(**{name: value})


# --- arrays ---


@pytest.mark.parametrize(
    ("array", "name", "item"),
    [
        (Array(Unicode), "stringArray", "string"),
        (Array(int), "integerArray", "integer"),
        (Array(Point), "PointArray", "Point"),
        (Array(Unicode, member_name="word"), "stringArray", "word"),
        (Array(Unicode, "word", type_name="Words"), "Words", "word"),
        (Iterable(Unicode), "stringArray", "string"),
        (Array(Array(Unicode)), "stringArrayArray", "stringArray"),
        (Array(Enum("a", "b", type_name="AB")), "ABArray", "AB"),
        (Array(M(Integer)), "integerArray", "integer"),
    ],
)
def test_arrays(array, name, item):
    """An array is named after its items, and its items after their type, unless told otherwise."""
    node = lower(array)
    assert (node.name, node.item.wire_name, node.item.max_occurs) == (name, item, None)
    assert array.get_type_name() == name
    assert node.stream is issubclass(array, Iterable)


def test_unwrapped_array():
    """`wrapped=False` is a repeated member, of models and of plain types."""

    class Holder(ComplexModel):
        a = Array(Unicode, wrapped=False)
        b = Array(int, wrapped=False, max_occurs=3)

    a, b = lower(Holder).fields
    assert (a.repeated, a.max_occurs, a.type.name) == (True, None, "string")
    assert (b.repeated, b.max_occurs) == (True, 3)


def test_optional_spellings_agree():
    """`Optional[X]` and `X | None` are the same field."""

    class One(ComplexModel):
        a: Optional[int]  # noqa: UP045 - the case under test

    class Two(ComplexModel):
        a: int | None

    assert [(f.min_occurs, f.nillable) for f in lower(One).fields] == [
        (f.min_occurs, f.nillable) for f in lower(Two).fields
    ]


def test_xml_data():
    """The text of an element is a member like others, with its placement."""

    class Price(ComplexModel):
        amount = XmlData(Decimal)
        currency = XmlAttribute(Unicode(max_len=3), use="required")

    amount, currency = lower(Price).fields
    assert (amount.hints["xml_place"], amount.type.name) == ("text", "decimal")
    assert currency.hints["xml_use"] == "required"
    assert Price(5).amount == 5
