"""The closed data model between types and formats: about sixteen kinds of frozen nodes.

A node says what travels, never how. Named types (``Integer32``, ``Ltree``, ``MimeType``…) are a kind with facets and a public
name. What only one format cares about is a hint, read by that format's visitor only.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any as AnyType
from typing import Literal

import msgspec

XSD_NAMESPACE = "http://www.w3.org/2001/XMLSchema"
EMPTY: Mapping[str, AnyType] = MappingProxyType({})
UNBOUNDED = None


class _Missing:
    """The type of `MISSING`: no default was declared, which differs from a default of None."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()


def unset() -> AnyType:
    """The `default_factory` of members that stay as they are while nothing is given for them, which differs from a None that is given."""
    return MISSING


class Facets(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What values of a scalar are allowed (XSD 1.0 part 2 §4.3), checked on the Python value; lengths in characters or bytes.

    `check_text` and `check_value` are the user's own predicates over the wire text and the Python value.
    `max_str_len` bounds the text of a number before it is parsed.
    """

    min_len: int | None = None
    max_len: int | None = None
    pattern: str | None = None
    ge: AnyType = None
    gt: AnyType = None
    le: AnyType = None
    lt: AnyType = None
    total_digits: int | None = None
    fraction_digits: int | None = None
    max_str_len: int | None = None
    values: tuple[AnyType, ...] = ()
    check_text: Callable[[str], object] | None = None
    check_value: Callable[[AnyType], object] | None = None


NO_FACETS = Facets()


class Lexical(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """How a scalar looks as text where that was customized; every unset member means the XSD form.

    in_format: a `strptime` pattern tried on input. out_format: a `strftime` pattern, or for numbers a `%` or `str.format`
    pattern. pattern: a regular expression with named groups year, month, day, hr, min, sec, sec_frac read on input.
    timezone: the zone given to naive values on input. as_timezone: the zone that values are converted to on output; False
    drops the zone. serialize_as: another wire form, such as "sec" for DateTime or "hex" for Uuid.
    """

    in_format: str | None = None
    out_format: str | None = None
    pattern: str | None = None
    timezone: AnyType = None
    as_timezone: AnyType = None
    serialize_as: str | None = None


PLAIN = Lexical()


class Node(msgspec.Struct, frozen=True, kw_only=True, eq=False, weakref=True):
    """What every kind has: the public name (empty while anonymous), namespace, documentation and the type it derives from."""

    name: str = ""
    namespace: str = ""
    doc: str = ""
    base: Node | None = None
    hints: Mapping[str, AnyType] = EMPTY


class Scalar(Node, frozen=True, kw_only=True, eq=False):
    """A value with one text form.

    load and dump adapt between the kind's own Python value (int, str, bytes…) and the declared one: `load` runs after facets
    were checked on input, `dump` runs first on output. Either is None where both are the same.
    """

    facets: Facets = NO_FACETS
    lexical: Lexical = PLAIN
    load: Callable[[AnyType], AnyType] | None = None
    dump: Callable[[AnyType], AnyType] | None = None


class Bool(Scalar, frozen=True, kw_only=True, eq=False):
    """bool."""


class Int(Scalar, frozen=True, kw_only=True, eq=False):
    """int of any size; a width is a pair of range facets."""


class Decimal(Scalar, frozen=True, kw_only=True, eq=False):
    """decimal.Decimal, finite."""


class Float(Scalar, frozen=True, kw_only=True, eq=False):
    """float; `bits` is 32 or 64 and changes the public name only, values are read as 64-bit."""

    bits: Literal[32, 64] = 64


class Str(Scalar, frozen=True, kw_only=True, eq=False):
    """str; `whitespace` is the whiteSpace facet (XSD 1.0 part 2 §4.3.6) applied to text formats that have markup.

    encoding and encoding_errors say how bytes given in place of a str are read.
    """

    whitespace: Literal["preserve", "replace", "collapse"] = "preserve"
    encoding: str | None = None
    encoding_errors: str = "strict"


class Bytes(Scalar, frozen=True, kw_only=True, eq=False):
    """bytes; encoding None leaves the choice to the format (base64 in text formats, raw where the format has bytes)."""

    encoding: Literal["base64", "hex", "urlsafe_base64"] | None = None


class Date(Scalar, frozen=True, kw_only=True, eq=False):
    """datetime.date."""


class Time(Scalar, frozen=True, kw_only=True, eq=False):
    """datetime.time."""


class DateTime(Scalar, frozen=True, kw_only=True, eq=False):
    """datetime.datetime, aware or naive as written."""


class Duration(Scalar, frozen=True, kw_only=True, eq=False):
    """datetime.timedelta."""


class Uuid(Scalar, frozen=True, kw_only=True, eq=False):
    """uuid.UUID."""


UUID_PATTERN = "[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}"


def pattern_of(node: Scalar) -> str | None:
    """The pattern facet to check; that of UUIDs only describes to others what reading one checks anyhow."""
    pattern = node.facets.pattern
    return None if pattern == UUID_PATTERN and isinstance(node, Uuid) else pattern


class Enum(Scalar, frozen=True, kw_only=True, eq=False):
    """One of `members`: wire text to Python value, in declaration order."""

    members: Mapping[str, AnyType] = EMPTY


class Any(Node, frozen=True, kw_only=True, eq=False):
    """A value the schema says nothing of: flavour "xml" (lxml element), "html", "dict" or "any" (what the format gives)."""

    flavour: Literal["xml", "html", "dict", "any"] = "any"


class Field(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One use of a type: a member of a struct, the item of an array, an argument or a result.

    name: the Python attribute, key or parameter. wire_name: the public name. max_occurs: None for unbounded; more than one
    means a list, with no wrapper on the wire. default: a Python value given to an absent member; `default_factory` makes one.
    hints: what single formats read, such as "xml_place" ("attribute" | "text"), "xml_namespace", "xml_choice", "xml_use",
    "excluded" (protocol classes), "read_only", "logged", "attributes" (the model's own bag), "none_is_empty" (dict documents
    write an object that is None as an empty one, and read null as an empty array), "adapted" (it is not the one that documents
    describe: the type says something else for this protocol).
    """

    type: Node
    name: str = ""
    wire_name: str = ""
    min_occurs: int = 0
    max_occurs: int | None = 1
    nillable: bool = True
    default: AnyType = MISSING
    default_factory: Callable[[], AnyType] | None = None
    hints: Mapping[str, AnyType] = EMPTY

    @property
    def repeated(self) -> bool:
        """Whether the Python value is a list of the type's values."""
        return self.max_occurs is None or self.max_occurs > 1


class Array(Node, frozen=True, kw_only=True, eq=False):
    """A wrapped sequence of `item`; `load` makes the declared container of a list (None: the list itself).

    stream: the value may be a generator on output. arrives: what a method is given for an argument of the type, a list or
    an iterator whose items are read while the method asks for them.
    """

    item: Field
    stream: bool = False
    arrives: Literal["list", "iterator", "async_iterator"] = "list"
    load: Callable[[list[AnyType]], AnyType] | None = None


class Map(Node, frozen=True, kw_only=True, eq=False):
    """A dict of `key` to `value`: an object in tree formats, a sequence of `entry` with `key` and `value` elsewhere."""

    key: Field
    value: Field


class Struct(Node, frozen=True, kw_only=True, eq=False):
    """Named members, parents' first.

    cls: the Python class of values. make: builds a value from keyword arguments, one per field, by `Field.name`.
    positional: `make` also takes all fields in order. access: how members are read, by attribute or by key.
    subtypes: returns the structs that derive from this one and may stand in its place, by (namespace, name).
    native: `cls` is a class msgspec reads and writes by itself with the same result. view: gives the members of an object of `cls` that
    are there, by name, for classes whose attributes do work when they are read; None: members are attributes or keys.
    """

    fields: tuple[Field, ...]
    cls: type
    make: Callable[..., AnyType]
    positional: bool = False
    access: Literal["attribute", "item"] = "attribute"
    subtypes: Callable[[], Mapping[tuple[str, str], Struct]] = dict
    native: bool = False
    view: Callable[[AnyType], Mapping[str, AnyType]] | None = None

    @property
    def own_fields(self) -> tuple[Field, ...]:
        """The members that the base does not have."""
        inherited = len(self.base.fields) if isinstance(self.base, Struct) else 0
        return self.fields[inherited:]


class Ref(Node, frozen=True, kw_only=True, eq=False):
    """A struct inside itself: `resolve` returns it once lowering is complete."""

    resolve: Callable[[], Node]


def resolve(node: Node) -> Node:
    """The node itself, or what a `Ref` stands for."""
    return node.resolve() if isinstance(node, Ref) else node


PYTHON_TYPES: Mapping[type[Node], type] = MappingProxyType(
    {
        Bool: bool,
        Int: int,
        Decimal: decimal.Decimal,
        Float: float,
        Str: str,
        Bytes: bytes,
        Date: datetime.date,
        Time: datetime.time,
        DateTime: datetime.datetime,
        Uuid: uuid.UUID,
    }
)
"""The kinds whose Python type other libraries read and write by themselves. Durations and enumerations are not among them."""
