"""Every kind of annotation becomes the field it says, and every mistake names its place and the fix."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import re
import sys
import typing
import uuid
from collections import abc
from typing import Annotated, Any, Literal, NewType, TypeVar

import annotated_types as at
import msgspec
import pydantic
import pytest
import typing_extensions

from spyne import schema
from spyne.schema import DeclarationError, Field, Lowering, Place, annotated_field

XSD = schema.XSD_NAMESPACE
NOWHERE = Place()
UserId = NewType("UserId", int)
Percent = typing_extensions.TypeAliasType("Percent", Annotated[int, at.Interval(ge=0, le=100)])
T = TypeVar("T")
Items = typing_extensions.TypeAliasType("Items", list[T], type_params=(T,))


class Color(enum.Enum):
    """What it looks like."""

    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Flags(enum.Flag):
    A = 1


class Mixed(enum.Enum):
    A = "B"
    B = 1


class Empty(enum.Enum):
    pass


class Celsius:
    """A class that says by itself what it is."""

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        return Field(type=schema.Float(name="Celsius", namespace="urn:t"))


class Limited:
    """An instance says it: a restriction that is not named."""

    def __init__(self, max_len: int) -> None:
        self.max_len = max_len

    def __spyne_schema__(self, lowering: Lowering, place: Place) -> Field:
        text = schema.Str(name="string", namespace=XSD)
        return Field(type=schema.Str(base=text, facets=schema.Facets(max_len=self.max_len)))


class Loud:
    """A marker that changes the field."""

    def __spyne_annotation__(self, field: Field) -> Field:
        return msgspec.structs.replace(field, wire_name=field.wire_name.upper(), min_occurs=0)


class Unknown:
    pass


def lower(tp: object, place: Place = NOWHERE, **options: Any) -> Field:
    return Lowering(default_namespace="urn:app", **options).field(tp, place)


SCALARS = [
    (bool, schema.Bool, "boolean"),
    (bytes, schema.Bytes, "base64Binary"),
    (float, schema.Float, "double"),
    (int, schema.Int, "integer"),
    (str, schema.Str, "string"),
    (datetime.date, schema.Date, "date"),
    (datetime.datetime, schema.DateTime, "dateTime"),
    (datetime.time, schema.Time, "time"),
    (datetime.timedelta, schema.Duration, "duration"),
    (decimal.Decimal, schema.Decimal, "decimal"),
    (uuid.UUID, schema.Uuid, "string"),
    (Any, schema.Any, "anyType"),
    (object, schema.Any, "anyType"),
    (UserId, schema.Int, "integer"),
    (typing.Final[int], schema.Int, "integer"),
    (Annotated[int, Unknown()], schema.Int, "integer"),
    (Annotated[int, ["unhashable"]], schema.Int, "integer"),
]


@pytest.mark.parametrize(("tp", "kind", "name"), SCALARS)
def test_builtin_types_are_those_of_xsd(tp: object, kind: type, name: str) -> None:
    """A type of Python itself is a node of its own kind with XSD's name, and may be absent and nil."""
    field = lower(tp)
    assert (type(field.type), field.type.name, field.type.namespace) == (kind, name, XSD)
    assert (field.min_occurs, field.max_occurs, field.nillable) == (0, 1, True)


def test_natives_come_before_builtins_and_own_schema_before_natives() -> None:
    """What the application says of a type replaces the builtin table; what a type says of itself replaces both."""
    natives = {int: Celsius, Celsius: Limited(1), Unknown: Limited(2)}
    assert lower(int, natives=natives).type.name == "Celsius"
    assert lower(Celsius, natives=natives).type.name == "Celsius"
    assert lower(Unknown, natives=natives).type.facets.max_len == 2


@pytest.mark.parametrize(
    "tp",
    [int | None, typing.Optional[int], Annotated[int | None, at.Ge(0)], Annotated[int, at.Ge(0)] | None],  # noqa: UP045  # the older spelling is what is tested
)
def test_optional(tp: object) -> None:
    """A type or None is nillable, whichever way it was written, and limits go through."""
    field = lower(tp)
    assert isinstance(field.type, schema.Int)
    assert (field.min_occurs, field.nillable) == (0, True)


CONTAINERS = [
    (list[int], None, False),
    (typing.List[int], None, False),  # noqa: UP006
    (abc.Sequence[int], None, False),
    (abc.Collection[int], None, False),
    (tuple[int, ...], tuple, False),
    (set[int], set, False),
    (abc.Set[int], set, False),
    (frozenset[int], frozenset, False),
    (collections.deque[int], collections.deque, False),
    (abc.Iterable[int], None, True),
    (typing.Iterator[int], None, True),
    (abc.Generator[int, None, None], None, True),
    (abc.AsyncIterator[int], None, True),
    (abc.AsyncGenerator[int, None], None, True),
    (Items[int], None, False),
]


@pytest.mark.parametrize(("tp", "load", "stream"), CONTAINERS)
def test_containers_are_arrays_named_after_their_item(tp: object, load: object, stream: bool) -> None:
    """Every container is an array; those that need not be complete are streams."""
    node = lower(tp).type
    assert isinstance(node, schema.Array)
    assert (node.name, node.namespace, node.load, node.stream) == ("integerArray", "urn:app", load, stream)
    item = node.item
    assert (item.name, item.wire_name, item.min_occurs, item.max_occurs, item.nillable) == (
        "integer",
        "integer",
        0,
        None,
        True,
    )


NAMES = [
    (list[list[int]], "integerArrayArray", "urn:app"),
    (list[Celsius], "CelsiusArray", "urn:t"),
    (list[Limited(3)], "Order_totalTypeArray", "urn:o"),
    (dict[str, int], "stringIntegerMap", "urn:app"),
    (dict[str, Celsius], "stringCelsiusMap", "urn:t"),
    (Annotated[list[int], at.Len(1, 5)], "Order_totalArray", "urn:o"),
    (Limited(3), "Order_totalType", "urn:o"),
    (Annotated[int, at.Ge(0)], "Order_totalType", "urn:o"),
    (Annotated[Annotated[int, at.Ge(0)] | None, at.Le(5)], "Order_totalType", "urn:o"),
    (Literal["a", "b"], "Order_totalType", "urn:o"),
    (Percent, "Percent", "urn:app"),
    (Percent | None, "Percent", "urn:app"),
    (Color, "Color", "urn:app"),
    (list[Color], "ColorArray", "urn:app"),
]


@pytest.mark.parametrize(("tp", "name", "namespace"), NAMES)
def test_names(tp: object, name: str, namespace: str) -> None:
    """Arrays and maps are named after what they hold, anonymous restrictions after their place, aliases by themselves."""
    node = lower(tp, Place("Order", "urn:o", "total")).type
    assert (node.name, node.namespace) == (name, namespace)


def test_a_restriction_derives_from_the_named_type() -> None:
    """However many layers limit a type, its base is the nearest type that has a name."""
    node = lower(Annotated[Annotated[int, at.Ge(0)], at.Le(5)], Place("Order", "urn:o", "total")).type
    assert (node.base.name, node.facets.ge, node.facets.le) == ("integer", 0, 5)
    assert lower(Annotated[Percent, at.Le(50)]).type.base.name == "Percent"
    assert lower(Annotated[int, at.Ge(0)]).type.name == ""


def test_maps() -> None:
    """A dict of one type to another is a map; without types it is what the format gives."""
    node = lower(dict[str, int | None]).type
    assert isinstance(node, schema.Map)
    assert (node.key.name, node.key.min_occurs, node.key.nillable) == ("key", 1, False)
    assert (node.value.name, node.value.nillable) == ("value", True)
    for tp in (dict, dict[str, Any], abc.Mapping[str, object], abc.Mapping):
        assert lower(tp).type.flavour == "dict"
    limited = lower(dict[Limited(1), Limited(2)], Place("Order", "urn:o", "by")).type
    assert (limited.key.type.name, limited.value.type.name) == ("Order_by_keyType", "Order_by_valueType")


CONSTRAINTS = [
    (int, [at.Ge(0)], {"ge": 0}),
    (int, [at.Interval(gt=0, lt=9)], {"gt": 0, "lt": 9}),
    (int, [at.Ge(0), at.Ge(3), at.Le(9), at.Le(5)], {"ge": 3, "le": 5}),
    (datetime.date, [at.Ge(datetime.date(2020, 1, 1))], {"ge": datetime.date(2020, 1, 1)}),
    (str, [at.MinLen(2), at.MaxLen(5)], {"min_len": 2, "max_len": 5}),
    (str, [at.Len(0, 5)], {"min_len": None, "max_len": 5}),
    (bytes, [at.Len(3, 3)], {"min_len": 3, "max_len": 3}),
    (int, [msgspec.Meta(ge=0, lt=9)], {"ge": 0, "lt": 9}),
    (str, [msgspec.Meta(min_length=1, max_length=3, pattern="^[a-z]+$")], {"max_len": 3, "pattern": "[a-z]+"}),
    (str, [msgspec.Meta(pattern="^a")], {"pattern": r"a[\s\S]*"}),
    (str, [msgspec.Meta(pattern=r"1\$")], {"pattern": r"[\s\S]*1\$[\s\S]*"}),
    (str, [re.compile("[A-Z]{3}")], {"pattern": "[A-Z]{3}"}),
    (str, [re.compile("a|b")], {"pattern": "a|b"}),
    (str, [pydantic.StringConstraints(min_length=1, pattern="^x$")], {"min_len": 1, "pattern": "x"}),
    (int, [pydantic.Field(ge=1, le=2)], {"ge": 1, "le": 2}),
    (decimal.Decimal, [pydantic.Field(max_digits=5, decimal_places=2)], {"total_digits": 5, "fraction_digits": 2}),
    (datetime.datetime, [at.Timezone(None)], {"ge": None}),
    (str, [at.Unit("m"), "words", typing_extensions.Doc("more words")], {"pattern": None}),
]


@pytest.mark.parametrize(("tp", "metadata", "expected"), CONSTRAINTS)
def test_constraints_become_facets(tp: object, metadata: list[object], expected: dict[str, object]) -> None:
    """The words of annotated-types, msgspec, pydantic and re all become facets; of two limits the tighter holds."""
    facets = lower(Annotated[(tp, *metadata)]).type.facets
    assert {name: getattr(facets, name) for name in expected} == expected


CHECKS = [
    (int, [at.MultipleOf(5)], "check_value", [0, 10], [3]),
    (int, [at.Predicate(bool)], "check_value", [1], [0]),
    (int, [at.MultipleOf(5), at.Predicate(bool)], "check_value", [10], [0, 3]),
    (str, [re.compile("abc", re.IGNORECASE)], "check_text", ["ABC"], ["ABCD", ""]),
    (str, [msgspec.Meta(pattern="^a|b$")], "check_text", ["ax", "xb"], ["xax"]),
    (str, [re.compile("[ab]+"), re.compile("a+")], "check_text", ["a"], ["b"]),
]


@pytest.mark.parametrize(("tp", "metadata", "facet", "good", "bad"), CHECKS)
def test_constraints_that_are_no_facets_of_xsd_become_checks(
    tp: object, metadata: list[object], facet: str, good: list[object], bad: list[object]
) -> None:
    """What XSD has no facet for is a function over the value or its text."""
    check = getattr(lower(Annotated[(tp, *metadata)]).type.facets, facet)
    assert [bool(check(value)) for value in good] == [True] * len(good)
    assert [bool(check(value)) for value in bad] == [False] * len(bad)


@pytest.mark.parametrize("doc", ["Words.", typing_extensions.Doc("Words."), msgspec.Meta(description="Words.")])
def test_documentation_in_annotated(doc: object) -> None:
    """A text, Doc and a description document the use, and leave the type as it is."""
    field = lower(Annotated[int, doc])
    assert (field.hints["doc"], field.type.name) == ("Words.", "integer")


def test_lengths_of_containers_limit_how_often_the_item_occurs() -> None:
    """MinLen and MaxLen of a list are the item's minOccurs and maxOccurs."""
    item = lower(Annotated[list[int], at.MinLen(2), at.MaxLen(3)]).type.item
    assert (item.min_occurs, item.max_occurs) == (2, 3)


def test_enums_travel_by_value_if_it_is_a_text_and_by_name_otherwise() -> None:
    """Members map the wire text to the member, in the order of declaration."""
    color, level = lower(Color).type, lower(Level).type
    assert (list(color.members.items()), color.doc) == (
        [("red", Color.RED), ("green", Color.GREEN)],
        "What it looks like.",
    )
    assert dict(level.members) == {"LOW": Level.LOW, "HIGH": Level.HIGH}


def test_literals() -> None:
    """Texts and members of an Enum are an Enum, numbers are a number with listed values; None makes it nillable."""
    texts, members, numbers = lower(Literal["a", "b"]).type, lower(Literal[Color.RED]).type, lower(Literal[1, 2]).type
    assert (dict(texts.members), texts.base.name) == ({"a": "a", "b": "b"}, "string")
    assert (dict(members.members), members.base.name) == ({"red": Color.RED}, "Color")
    assert (numbers.facets.values, numbers.base.name) == ((1, 2), "integer")
    field = annotated_field(Lowering(), "x", Literal["a", None])
    assert (field.min_occurs, field.nillable) == (0, True)


PRESENCE: list[tuple[object, dict[str, Any], tuple[int, bool]]] = [
    (int, {}, (1, False)),
    (list[int], {}, (1, False)),
    (Any, {}, (0, True)),
    (int | None, {}, (0, True)),
    (Annotated[int | None, at.Ge(0)], {}, (0, True)),
    (int, {"default": 3}, (0, False)),
    (int, {"default": None}, (0, True)),
    (int | None, {"default": 3}, (0, True)),
    (list[int], {"default_factory": list}, (0, False)),
    (int, {"required": False}, (0, False)),
    (Annotated[int, Loud()], {}, (0, False)),
]


@pytest.mark.parametrize(("tp", "options", "expected"), PRESENCE)
def test_presence_of_annotated_members(tp: object, options: dict[str, Any], expected: tuple[int, bool]) -> None:
    """A plain annotation must be there; a default may be left out; `| None` may be left out or nil."""
    field = annotated_field(Lowering(), "total", tp, **options)
    assert (field.min_occurs, field.nillable) == expected
    assert field.name == "total"
    assert field.default is options.get("default", schema.MISSING)
    assert field.default_factory is options.get("default_factory")


def test_markers_have_the_last_word() -> None:
    """A marker in Annotated sees the finished field."""
    field = annotated_field(Lowering(), "total", Annotated[int, Loud(), at.Ge(0)], 3, Place("Order", "", "sum"))
    assert (field.name, field.wire_name, field.type.name, field.default) == ("total", "SUM", "Order_sumType", 3)
    assert lower(Annotated[int, Loud()]).wire_name == ""


def test_define_builds_once_and_refers_while_building() -> None:
    """A key is built once; inside itself it is a Ref, and what waits for it is built when it is complete."""
    lowering = Lowering()
    seen: dict[str, Any] = {}

    def build() -> schema.Node:
        seen["self"] = lowering.define("Parent", build)
        seen["child"] = lowering.define("Child", child, name="Child", after=["Parent"])
        seen["again"] = lowering.define("Child", child, name="Child", after=["Parent"])
        return schema.Str(name="Parent")

    def child() -> schema.Node:
        return schema.Str(name="Child", base=lowering.define("Parent", build))

    assert lowering.defined("Parent") is None
    parent = lowering.define("Parent", build)
    assert isinstance(seen["self"], schema.Ref)
    assert schema.resolve(seen["self"]) is parent is lowering.defined("Parent")
    assert seen["child"] is seen["again"]
    assert schema.resolve(seen["child"]) is lowering.define("Child", child)
    assert schema.resolve(seen["child"]).base is parent


def test_equal_containers_are_one_node() -> None:
    """The same list type in two places is lowered once, so that a codec compiles it once."""
    lowering = Lowering()
    assert lowering.field(list[int]).type is lowering.field(list[int]).type
    assert lowering.field(list[int]).type is not lowering.field(set[int]).type


MISTAKES = [
    (int | str, "is one of several types", "choose one"),
    (list, "does not say what it holds", "list[str]"),
    (abc.Iterator, "does not say what it holds", "Iterator[str]"),
    (tuple[int, str], "by position", "NamedTuple"),
    (dict[str, list], "does not say what it holds", "list[str]"),
    (dict[Any, int], "no single value", "use str"),
    ("Order", "'Order' is only a name", "module level"),
    (list[typing.ForwardRef("Order")], "'Order' is only a name", "module level"),
    (T, "stands for no type", "Page[int]"),
    (None, "None alone", "X | None"),
    (Unknown, "Unknown is a class that cannot travel", "dataclass"),
    (Unknown(), "is not a type", "list[int]"),
    (3, "3 is not a type", "list[int]"),
    (Limited, "needs an instance", "class method"),
    (Flags, "flags", "use int"),
    (Mixed, "two members written 'B'", "all of its values"),
    (Empty, "no members", "use str"),
    (Literal[1, "a"], "mixes kinds", "one type"),
    (Literal[b"a"], "values of bytes", "Enum"),
    (Annotated[int, at.MinLen(1)], "min_len does not limit integer", "it can have"),
    (Annotated[str, at.Ge(1)], "ge does not limit string", "min_len"),
    (Annotated[int, at.Ge("1")], "cannot be compared", "bound"),
    (Annotated[datetime.date, at.Ge(1)], "cannot be compared", "bound"),
    (Annotated[int, at.Ge(9), at.Le(1)], "no value has ge=9 and le=1", "widen"),
    (Annotated[list[int], at.Ge(1)], "ge does not limit a list", "annotate its items"),
    (Annotated[list[int], at.Len(5, 3)], "no list has between 5 and 3", "widen"),
    (Annotated[dict[str, int], at.MinLen(1)], "does not limit a map", "annotate its members"),
    (Annotated[str, re.compile(b"a")], "one of bytes", "from a str"),
]


@pytest.mark.parametrize(("tp", "problem", "fix"), MISTAKES, ids=lambda value: str(value)[:40])
def test_mistakes_name_the_place_and_the_fix(tp: object, problem: str, fix: str) -> None:
    """What cannot travel is refused with the place, what is wrong, and what to write instead."""
    with pytest.raises(DeclarationError) as caught:
        lower(tp, Place("Order", "urn:o", "total"))
    where, _, rest = str(caught.value).partition(": ")
    assert where.startswith("Order.total")
    assert problem in rest
    assert fix in rest.split("; ", 1)[1]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the `type` statement came with Python 3.12")
def test_an_alias_that_contains_itself_is_refused() -> None:
    """Without a class there is no name for what is inside itself."""
    names: dict[str, Any] = {}
    exec("type Loop = list[Loop]", names)
    with pytest.raises(DeclarationError, match="Loop contains itself; make it a dataclass"):
        lower(names["Loop"])


def test_a_schema_method_that_returns_no_field_is_refused() -> None:
    """The contract of `__spyne_schema__` is checked where it is used."""

    class Wrong:
        @classmethod
        def __spyne_schema__(cls, lowering: Lowering, place: Place) -> object:
            return "text"

    with pytest.raises(DeclarationError, match="returned 'text'; return a"):
        lower(Wrong)
