"""Flat names to declared values and back: queries, forms, headers.

A name is a path: ``a.b`` is the member b of a, ``a[0].b`` the one of its first item. A name that comes more than once, ``x=1&x=2``,
``x[]=1&x[]=2`` or ``x[0]=1&x[1]=2``, gives the items of an array; indices only say the order, and nothing is made for those that
are not named. The word ``empty`` in place of an object or an array of objects stands for one without contents. A name without a
value is null. Names that no type has are ignored.

Of an empty array of texts there is nothing to be said; it is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.codec._base import DecodeError, Options, depth_message
from spyne.codec._flat_decode import Compiler, StructUse
from spyne.codec._flat_encode import Writers
from spyne.codec._flat_names import EMPTY_WORD, Names, Place, gather
from spyne.limits import DEFAULT_LIMITS, unless_off
from spyne.schema.nodes import Field, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["EMPTY_WORD", "Decoder", "compile_decoder", "compile_encoder"]

_ARRAY_INDEX = unless_off(DEFAULT_LIMITS.array_index)


class Decoder:
    """A function from a mapping of flat names, each to a list of values, to the value of one use of a type.

    A value is a text, None for a name without one, or an upload: an object with `read`, `open`, `size`, `content_type` and
    `name`. Raises `DecodeError` with every error found in one pass, `LimitExceeded` for an index above the limit.
    """

    __slots__ = ("_body", "_name", "_names", "_root")

    def __init__(self, field: Field, compiler: Compiler) -> None:
        root = compiler.use(field)
        self._body = root.body if isinstance(root, StructUse) else None
        self._root: Any = root
        self._name = field.wire_name or field.name
        options = compiler.options
        self._names = Names(_Root(self._body, root, self._name), options.max_depth, depth_message(options))

    def __call__(self, found: Mapping[str, list[Any]]) -> Any:
        body = self._body
        if body is not None:
            if found.keys() <= body.members.keys():
                return body.read_values(found)
            return body.read(gather(self._names, found).inner)
        root = gather(self._names, found)
        place = root.inner.get(self._name)
        try:
            return None if place is None else self._root.read(place)
        except DecodeError as error:
            raise error.at(self._name) from None

    def knows(self, name: str) -> bool:
        """Whether a value of this name goes anywhere. Raises DecodeError and LimitExceeded for one that never can."""
        return self._names.steps(name) is not None


class _Root:
    """Where names begin: at the members of an object, or at the name of a value that has none."""

    def __init__(self, body: Any, use: Any, name: str) -> None:
        self.body = body
        self.use = use
        self.name = name

    def step(self, rest: str) -> Any:
        if self.body is not None:
            return self.body.find(rest)
        return (self.name, self.use, rest[len(self.name) :]) if rest.startswith(self.name) else None

    def read(self, place: Place) -> Any:
        return None


def compile_decoder(
    field: Field,
    options: Options,
    *,
    delimiter: str = ".",
    strict_arrays: bool = False,
    array_index: int = _ARRAY_INDEX,
) -> Decoder:
    """A reader of one use of a type: of the members of an object at the outermost, else under the field's own name.

    delimiter: what stands between the names of a path. strict_arrays: refuse indices that do not count on from 0. array_index:
    the highest index.
    """
    return Decoder(field, Compiler(options, delimiter, strict_arrays=strict_arrays, array_index=array_index))


def compile_encoder(
    field: Field, options: Options, *, delimiter: str = ".", native: bool = False
) -> Callable[[Any], dict[str, Any]]:
    """A function from the value of one use of a type to flat names, each with a list of texts, None for null.

    Members that are None are left out unless they must occur. native: each name has its value as
    it is, a list of them only where it is one, and objects without contents are left out. Raises `EncodeError` with the place of the first misfit.
    """
    write = Writers(options, delimiter, native=native).use(field)
    name = "" if isinstance(resolve(field.type), Struct) and not field.repeated else field.wire_name or field.name

    def encode(value: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if value is not None:
            write(value, name, found, ())
        return found

    return encode
