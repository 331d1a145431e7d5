"""Where a type is used, and what the rules for single kinds of types may ask of the lowering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from spyne import const
from spyne.schema.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from spyne.schema.nodes import Field, Node


class Place(msgspec.Struct, frozen=True):
    """Where a type is used; anonymous restricted types are named after it: `<owner>_<member>Type`, see `spyne.const`.

    owner: the public name of the enclosing struct or message. namespace: the enclosing namespace. member: the public name
    of the member, followed by `.key` or `.value` inside a dict.
    """

    owner: str = ""
    namespace: str = ""
    member: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in (self.owner, self.member) if part)

    @property
    def type_name(self) -> str:
        """What an anonymous restricted type is called here."""
        return self.name_for(const.TYPE_SUFFIX)

    def inside(self, part: str) -> Place:
        """The place of one part of the type that is used here."""
        return Place(self.owner, self.namespace, f"{self.member}.{part}" if self.member else part)

    def name_for(self, suffix: str) -> str:
        """What an anonymous type is called here; empty where there is nobody to name it after."""
        return f"{self.owner}_{self.member.replace('.', '_')}{suffix}" if self.owner else ""


NOWHERE = Place()


class Rules(Protocol):
    """The part of `Lowering` that the rules for single kinds of types use."""

    default_namespace: str

    def field(self, tp: object, place: Place = NOWHERE) -> Field:
        """Lower a type found inside another one."""
        ...

    def unnamed(self, tp: object, place: Place) -> Field:
        """Lower a type that is the rest of another one: a restriction in it stays anonymous until the whole is known."""
        ...

    def define(
        self,
        key: Hashable,
        build: Callable[[], Node],
        *,
        name: str = "",
        namespace: str = "",
        after: Iterable[Hashable] = (),
    ) -> Node:
        """Lower a named type once."""
        ...


def array_name(item: str) -> str:
    """What an array of a type is called that has no name of its own: `<item>Array`, see `spyne.const`."""
    return f"{const.ARRAY_PREFIX}{item}{const.ARRAY_SUFFIX}"


def mistake(place: Place, problem: str, fix: str) -> DeclarationError:
    """The error that says where, what, and how to repair it."""
    where = str(place)
    return DeclarationError(f"{where}: {problem}; {fix}" if where else f"{problem}; {fix}")


def show(tp: object) -> str:
    """A type as its author wrote it, as far as Python remembers."""
    if isinstance(tp, type) and not hasattr(tp, "__args__"):
        return tp.__qualname__
    return repr(tp).replace("typing.", "").replace("collections.abc.", "")
