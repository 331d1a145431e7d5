"""What user code may return in place of the declared type: the slow and accepting half of the encoder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from spyne.codec._base import EncodeError
from spyne.codec._xml_names import default_of
from spyne.schema.nodes import unset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spyne.codec._xml_names import Member
    from spyne.schema.nodes import Struct

_TEXT = (str, bytes, bytearray, memoryview)
_NO_OBJECT = (*_TEXT, int, float, complex)
_NOTHING: Any = object()


def located(error: EncodeError, step: str | int) -> EncodeError:
    """The same error with `step` put before its path."""
    error.path = (step, *error.path)
    return error


def refused(expected: str, value: object) -> EncodeError:
    """The error for a value of the wrong Python type, named without its contents."""
    return EncodeError(f"expected {expected}, got {type(value).__name__}")


def padded(values: Sequence[Any], size: int) -> Sequence[Any]:
    """`size` values by position: None for those that are missing."""
    if len(values) > size:
        raise EncodeError(f"expected {size} values, got {len(values)}")
    return [*values, *[None] * (size - len(values))]


def items_of(value: Any) -> Iterable[Any]:
    """Anything that can be iterated over but text and mappings."""
    if isinstance(value, Iterable) and not isinstance(value, (*_TEXT, Mapping)):
        return value
    raise refused("a list", value)


def mapping_of(value: Any) -> Mapping[Any, Any]:
    """A mapping."""
    if isinstance(value, Mapping):
        return value
    raise refused("a dict", value)


def write_items(write: Callable[[Any], str], value: Any) -> str:
    """The elements of a sequence's items one by one; an error gets the item's index on its path."""
    parts: list[str] = []
    for item in items_of(value):
        try:
            parts.append(write(item))
        except EncodeError as error:
            raise located(error, len(parts)) from None
    return "".join(parts)


def write_again(write: Callable[[Any], str], value: list[Any], error: EncodeError, scalar: bool) -> str:
    """What to do with a list that failed: Nones among scalars are written with care, any other error gets its index."""
    written = write_items(write, value)
    if scalar and any(item is None for item in value):
        return written
    raise error  # it came from something that can be read only once


def _no_member() -> None:
    return None


def members_of(struct: Struct, carried: Sequence[Member]) -> Callable[[Any], Sequence[Any]]:
    """A function from what stands for an object to its members: a mapping, a sequence, or any object with such attributes.

    A mapping without a key has the member's default, as a new object would.
    """
    names = [m.field.name for m in carried]
    wire_names = [m.name for m in carried]
    absent = [_no_member if m.field.default_factory is unset else default_of(m.field) for m in carried]
    places = [m.index for m in carried]
    expected = struct.name or struct.cls.__name__
    size, view = len(struct.fields), struct.view

    def by_key(value: Mapping[Any, Any]) -> list[Any]:
        found = []
        for name, wire_name, default in zip(names, wire_names, absent, strict=True):
            member = value.get(name, _NOTHING)
            if member is _NOTHING:
                member = value.get(wire_name, _NOTHING)
            found.append(default() if member is _NOTHING else member)
        return found

    def read(value: Any) -> Sequence[Any]:
        if view is not None and isinstance(value, struct.cls):
            return list(map(view(value).get, names))
        if isinstance(value, Mapping):
            return by_key(value)
        if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
            if len(value) > size:
                raise EncodeError(f"expected {expected}, got a sequence of {len(value)} values for {size} members")
            return [value[place] if place < len(value) else None for place in places]
        if isinstance(value, _NO_OBJECT):
            raise refused(expected, value)
        found = [getattr(value, name, _NOTHING) for name in names]
        if names and not isinstance(value, struct.cls) and all(member is _NOTHING for member in found):
            raise refused(expected, value)
        return [None if member is _NOTHING else member for member in found]

    return read
