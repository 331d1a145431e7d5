"""Record classes of every family become structs: the same names, order, defaults and constructors."""

from __future__ import annotations

import collections
import dataclasses
import typing
from typing import Annotated, Any, Generic, NamedTuple, NotRequired, TypedDict, TypeVar

import annotated_types as at
import attrs
import msgspec
import pydantic
import pytest

from spyne import schema
from spyne.schema import MISSING, DeclarationError, Lowering

if typing.TYPE_CHECKING:
    from decimal import Decimal as OnlyForCheckers

T = TypeVar("T")


@dataclasses.dataclass
class DataOrder:
    """An order."""

    __namespace__ = "urn:shop"

    total: Annotated[int, at.Ge(0)]
    note: str | None = None
    lines: list[str] = dataclasses.field(default_factory=list)
    calls: int = dataclasses.field(default=0, init=False)


class StructOrder(msgspec.Struct):
    """An order."""

    __namespace__ = "urn:shop"

    total: Annotated[int, msgspec.Meta(ge=0)]
    note: str | None = None
    lines: list[str] = msgspec.field(default_factory=list)


@attrs.define
class AttrsOrder:
    """An order."""

    __namespace__ = "urn:shop"

    total: Annotated[int, at.Ge(0)]
    note: str | None = None
    lines: list[str] = attrs.field(factory=list)


class ModelOrder(pydantic.BaseModel):
    """An order."""

    __namespace__ = "urn:shop"

    total: int = pydantic.Field(ge=0)
    note: str | None = None
    lines: list[str] = pydantic.Field(default_factory=list)


class TupleOrder(NamedTuple):
    """An order."""

    total: Annotated[int, at.Ge(0)]
    note: str | None = None
    lines: list[str] = []


class DictOrder(TypedDict):
    """An order."""

    total: Annotated[int, at.Ge(0)]
    note: str | None
    lines: NotRequired[list[str]]


FAMILIES = [
    (DataOrder, "urn:shop", True, "attribute", True),
    (StructOrder, "urn:shop", True, "attribute", True),
    (AttrsOrder, "urn:shop", False, "attribute", False),
    (ModelOrder, "urn:shop", False, "attribute", False),
    (TupleOrder, "urn:app", True, "attribute", False),
    (DictOrder, "urn:app", False, "item", False),
]


def struct(cls: object) -> schema.Struct:
    node = Lowering(default_namespace="urn:app").field(cls).type
    assert isinstance(node, schema.Struct)
    return node


def get(node: schema.Struct, value: Any, name: str) -> object:
    return value[name] if node.access == "item" else getattr(value, name)


@pytest.mark.parametrize(("cls", "namespace", "positional", "access", "native"), FAMILIES)
def test_families_say_the_same(cls: type, namespace: str, positional: bool, access: str, native: bool) -> None:
    """The same order in every family has the same members with the same limits and presence."""
    node = struct(cls)
    assert (node.name, node.namespace, node.doc, node.cls) == (cls.__name__, namespace, "An order.", cls)
    assert (node.positional, node.access, node.native) == (positional, access, native)
    assert [(each.name, each.wire_name, each.min_occurs, each.nillable) for each in node.fields] == [
        ("total", "total", 1, False),
        ("note", "note", 0, True),
        ("lines", "lines", 0, False),
    ]
    total = node.fields[0].type
    assert (total.name, total.namespace, total.facets.ge) == (f"{cls.__name__}_totalType", namespace, 0)


@pytest.mark.parametrize("cls", [row[0] for row in FAMILIES])
def test_values_are_made_by_name(cls: type) -> None:
    """`make` takes one keyword per field and gives a value whose members can be read back."""
    node = struct(cls)
    value = node.make(total=3, note="n", lines=["a"])
    assert [get(node, value, each.name) for each in node.fields] == [3, "n", ["a"]]
    if node.positional:
        assert node.make(3, "n", ["a"]) == value


@pytest.mark.parametrize("cls", [DataOrder, StructOrder, AttrsOrder, ModelOrder])
def test_defaults(cls: type) -> None:
    """Defaults and factories are those of the class; a member without one has MISSING."""
    total, note, lines = struct(cls).fields
    assert (total.default, note.default, lines.default) == (MISSING, None, MISSING)
    assert lines.default_factory is not None
    assert lines.default_factory() == []


def test_members_of_typed_dicts_that_need_not_be_there_are_left_out_when_absent() -> None:
    """A NotRequired member that is None is no key of the dict; an optional one is."""
    assert struct(DictOrder).make(total=1, note=None, lines=None) == {"total": 1, "note": None}


class Renamed(msgspec.Struct, rename="camel", kw_only=True):
    first_name: str
    last_name: str = msgspec.field(default="x", name="surname")


@attrs.define
class Private:
    _secret: int
    other: int = attrs.field(alias="another")


class Aliased(pydantic.BaseModel):
    total: int = pydantic.Field(alias="sum")


WIRE_NAMES = [
    (Renamed, {"first_name": "firstName", "last_name": "surname"}),
    (Private, {"_secret": "secret", "other": "another"}),
    (Aliased, {"total": "sum"}),
]


@pytest.mark.parametrize(("cls", "names"), WIRE_NAMES)
def test_aliases_are_wire_names(cls: type, names: dict[str, str]) -> None:
    """What a library calls a member outside is its public name; values are still made by attribute name."""
    node = struct(cls)
    assert {each.name: each.wire_name for each in node.fields} == names
    assert not node.positional
    values: dict[str, Any] = dict.fromkeys(names, "1" if cls is Renamed else 1)
    value = node.make(**values)
    assert {name: getattr(value, name) for name in names} == values


@dataclasses.dataclass
class Animal:
    name: str
    friends: list[Dog]


@dataclasses.dataclass
class Dog(Animal):
    tricks: int = 0


@dataclasses.dataclass
class Puppy(Dog):
    """Small."""

    weeks: int = 1


@dataclasses.dataclass
class Strange(Animal):
    name: int  # type: ignore[assignment]


@dataclasses.dataclass
class Mixin:
    code: str


@dataclasses.dataclass
class Both(Mixin, Animal):
    pass


@pytest.mark.parametrize("first", [Animal, Dog, Puppy])
def test_inheritance_is_extension_whichever_class_comes_first(first: type) -> None:
    """A child's struct has its parent's struct as base and adds its own members, also inside a cycle."""
    lowering = Lowering()
    lowering.field(first)
    animal, dog, puppy = (lowering.field(cls).type for cls in (Animal, Dog, Puppy))
    assert isinstance(animal, schema.Struct)
    assert isinstance(dog, schema.Struct)
    assert isinstance(puppy, schema.Struct)
    assert (puppy.base, dog.base, animal.base) == (dog, animal, None)
    assert [each.name for each in puppy.fields] == ["name", "friends", "tricks", "weeks"]
    assert [each.name for each in puppy.own_fields] == ["weeks"]
    friends = animal.fields[1].type
    assert isinstance(friends, schema.Array)
    assert (friends.name, friends.item.name, schema.resolve(friends.item.type)) == ("DogArray", "Dog", dog)


def test_subtypes_are_the_structs_that_extend_the_struct() -> None:
    """A parent knows who may stand in its place; classes that redefine members or have two parents may not."""
    lowering = Lowering(default_namespace="urn:app")
    animal = lowering.field(Animal).type
    assert isinstance(animal, schema.Struct)
    assert set(animal.subtypes()) == {("urn:app", "Dog"), ("urn:app", "Puppy")}
    assert animal.subtypes()["urn:app", "Puppy"] is lowering.field(Puppy).type


@pytest.mark.parametrize(("cls", "names"), [(Strange, ["name", "friends"]), (Both, ["name", "friends", "code"])])
def test_what_xsd_cannot_extend_is_flat(cls: type, names: list[str]) -> None:
    """A class that changes an inherited member, or has two parents, has all members itself and no base."""
    node = struct(cls)
    assert node.base is None
    assert [each.name for each in node.own_fields] == names


def test_only_the_authors_own_words_are_documentation() -> None:
    """Docstrings made by decorators and those of parents are no documentation."""
    assert [struct(cls).doc for cls in (Dog, Puppy, Renamed, Aliased)] == ["", "Small.", "", ""]


@dataclasses.dataclass
class Tree:
    left: Tree | None = None
    children: list[Tree] = dataclasses.field(default_factory=list)
    by_name: dict[str, Tree] = dataclasses.field(default_factory=dict)


def test_recursive_records_refer_to_themselves() -> None:
    """A class inside itself is a Ref with its name that resolves to its struct."""
    node = struct(Tree)
    left = node.fields[0].type
    assert isinstance(left, schema.Ref)
    assert (left.name, schema.resolve(left)) == ("Tree", node)
    assert [each.type.name for each in node.fields] == ["Tree", "TreeArray", "stringTreeMap"]


@dataclasses.dataclass
class Page(Generic[T]):
    items: list[T]
    first: T | None = None


@dataclasses.dataclass
class Numbers(Page[int]):
    total: int = 0


def test_generic_records_with_their_types() -> None:
    """`Page[int]` and a child of it have int where the parameter was."""
    page, numbers = struct(Page[int]), struct(Numbers)
    assert (page.name, page.make, page.fields[0].type.name) == ("Page_integer", Page[int].__origin__, "integerArray")
    assert [each.type.name for each in numbers.fields] == ["integerArray", "integer", "integer"]
    assert struct(Page[list[int]]).name == "Page_integerArray"


def test_local_classes_that_mention_themselves() -> None:
    """A class defined in a function can mention itself."""

    @dataclasses.dataclass
    class Local:
        next: Local | None = None

    assert struct(Local).fields[0].type.name == "Local"


def test_type_name_is_the_public_name_of_its_own_class_only() -> None:
    """`__type_name__` renames a class, and is not inherited."""

    @dataclasses.dataclass
    class Named:
        __type_name__ = "Public"

    @dataclasses.dataclass
    class Child(Named):
        pass

    assert (struct(Named).name, struct(Child).name) == ("Public", "Child")


@dataclasses.dataclass
class Unresolved:
    price: OnlyForCheckers


@dataclasses.dataclass
class WithInitVar:
    seed: dataclasses.InitVar[int]


@dataclasses.dataclass
class Nested:
    order: BadMember


@dataclasses.dataclass
class BadMember:
    what: int | str


Untyped = collections.namedtuple("Untyped", "a")


@attrs.define
class FromOthers:
    a: int
    b: int = attrs.Factory(lambda self: self.a, takes_self=True)


@attrs.define(auto_attribs=False)
class NoType:
    a = attrs.field()


class Pair(Page[int], Generic[T]):
    pass


MISTAKES = [
    (Unresolved, "Unresolved: ", "'OnlyForCheckers'", "TYPE_CHECKING"),
    (WithInitVar, "WithInitVar.seed: ", "InitVar", "default"),
    (Nested, "BadMember.what: ", "int | str is one of several", "choose one"),
    (Untyped, "Untyped.a: ", "no type", "typing.NamedTuple"),
    (FromOthers, "FromOthers.b: ", "from the other members", "plain factory"),
    (NoType, "NoType.a: ", "no type", "annotate it"),
    (Page, "Page.items: ", "stands for no type", "Page[int]"),
    (Pair[str], "Pair_string: ", "stands for", "another TypeVar"),
]


@pytest.mark.parametrize(("cls", "where", "problem", "fix"), MISTAKES)
def test_mistakes_name_the_member_and_the_fix(cls: type, where: str, problem: str, fix: str) -> None:
    """A record that cannot travel is refused at its own member, however deep it was found."""
    with pytest.raises(DeclarationError) as caught:
        struct(cls)
    text = str(caught.value)
    assert text.startswith(where)
    assert problem in text
    assert fix in text.split("; ", 1)[1]
