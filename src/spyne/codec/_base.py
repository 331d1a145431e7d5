"""What codecs share: errors with a path, options, and the two function types that they compile to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from spyne.util.excerpt import cut, describe

if TYPE_CHECKING:
    from spyne.schema.nodes import Array, Field

__all__ = [
    "Cut",
    "Decode",
    "DecodeError",
    "Encode",
    "EncodeError",
    "Options",
    "absence",
    "array_counter",
    "combine",
    "counter",
    "cut",
    "depth_message",
    "describe",
    "is_excluded",
]

Decode: TypeAlias = Callable[[Any], Any]
Encode: TypeAlias = Callable[[Any], Any]

MAX_ERRORS = 32


class DecodeError(ValueError):
    """A value that does not fit its type.

    message: the rule as a predicate of the value ("is not an integer (xs:integer)"), which goes to clients. path: member names and indices from the outermost, such as ("order", "items", 3, "qty").
    value: what arrived, uncut, None where the message says it all. others: further errors found in the same pass.
    """

    def __init__(self, message: str, *, value: object = None, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.value = value
        self.path = path
        self.others: tuple[DecodeError, ...] = ()

    def at(self, *steps: str | int) -> DecodeError:
        """The same error with `steps` put before its path and before those of the others."""
        self.path = steps + self.path
        for other in self.others:
            other.path = steps + other.path
        return self

    def all(self) -> tuple[DecodeError, ...]:
        """This error and the others, in document order, none of them nested."""
        return (self, *self.others)

    def where(self) -> str:
        """The path as text: ``order/items[3]/qty``; indices count from 0."""
        text = ""
        for step in self.path:
            text += f"[{step}]" if isinstance(step, int) else f"/{step}" if text else step
        return text


class EncodeError(TypeError):
    """A value returned by user code that its declared type cannot carry. Same attributes as `DecodeError`, never sent to clients."""

    def __init__(self, message: str, *, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


def combine(errors: list[DecodeError]) -> DecodeError:
    """One error that carries all of a non-empty list."""
    first, *rest = [found for error in errors for found in error.all()]
    first.others = tuple(rest[: MAX_ERRORS - 1])
    return first


class Cut(msgspec.Struct, frozen=True):
    """A text with one sequence in it, cut at the items: what stands before and after them, and a function from an item to its text."""

    start: str
    item: Callable[[Any], str]
    end: str


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a protocol decides for its codecs.

    validate: check facets, occurrence and nillability ("soft" validation). max_depth: how deep recursive types and free
    content may nest. polymorphic: write the value's own class instead of the declared one. ignore_wrappers and complex_as
    shape dict documents. binary_encoding: how bytes without an encoding of their own are written as text. number_text: the
    longest text of a number that is read, for types that do not say. xop: bytes may be written as attachments beside the document,
    see `spyne.codec._xop`. prefixes: of XML, namespace to chosen prefix. all_prefixes: declare all that there are, used or not.
    protocol: the protocol's class names, matched against a field's "excluded" hint.
    """

    validate: bool = False
    max_depth: int = 64
    polymorphic: bool = False
    parse_xsi_type: bool = True
    replace_null_with_default: bool = True
    ignore_wrappers: bool = True
    complex_as: Literal["dict", "list"] = "dict"
    binary_encoding: Literal["base64", "hex", "urlsafe_base64"] = "base64"
    number_text: int = 1024
    xop: bool = False
    prefixes: dict[str, str] = {}
    all_prefixes: bool = False
    protocol: frozenset[str] = frozenset()


def depth_message(options: Options) -> str:
    """The rule that a document breaks which nests too deep."""
    return f"is nested deeper than max_depth={options.max_depth}"


def absence(field: Field) -> DecodeError:
    """The error for a member that is not there."""
    return DecodeError(f"is required (min_occurs={field.min_occurs})")


def counter(field: Field) -> Callable[[int], None] | None:
    """A check of how often a field occurs, None where any number will do."""
    low, high = field.min_occurs, field.max_occurs
    if low == 0 and high is None:
        return None

    def check(count: int) -> None:
        if count < low:
            raise DecodeError(f"occurs {count} time(s), min_occurs={low}")
        if high is not None and count > high:
            raise DecodeError(f"occurs {count} time(s), max_occurs={high}")

    return check


def array_counter(node: Array) -> Callable[[int], None] | None:
    """A check of how many items an array has, None where any number will do; an item that names no number may occur at will.

    An empty one passes for a model's Array, as in Spyne 2: there a mandatory item is one that is not nil.
    """
    check = counter(node.item) if node.item.repeated else None
    if check is None or "model" not in node.hints:
        return check
    return lambda count: check(count) if count else None


def is_excluded(field: Field, options: Options) -> bool:
    """Whether the field is hidden from this protocol: True hides it from all, otherwise protocol classes are named."""
    excluded = field.hints.get("excluded")
    if not excluded:
        return False
    if excluded is True:
        return True
    named = excluded if isinstance(excluded, (list, tuple, set, frozenset)) else (excluded,)
    return any(getattr(each, "__name__", each) in options.protocol for each in named)
