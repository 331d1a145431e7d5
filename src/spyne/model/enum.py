"""Enumerations."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from spyne.model._base import SimpleModel
from spyne.schema import DeclarationError, nodes

if TYPE_CHECKING:
    from collections.abc import Mapping


__all__ = [
    "Enum",
    "EnumBase",
]


class EnumValue:
    """A member of an enumeration: equal to nothing but itself, true, and its wire text as str."""

    __slots__ = ("_text", "_type_name")

    def __init__(self, type_name: str, text: str) -> None:
        self._type_name = type_name
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"{self._type_name}.{self._text}"

    def __copy__(self) -> EnumValue:
        return self

    def __deepcopy__(self, memo: object) -> EnumValue:
        return self


class EnumBase(SimpleModel):
    """What all enumerations extend; make one with `Enum`."""

    _kind = nodes.Enum
    __namespace__: ClassVar[str | None] = None
    __values__: ClassVar[tuple[str, ...]] = ()
    values: ClassVar[tuple[str, ...]] = ()
    _members: ClassVar[Mapping[str, EnumValue]] = {}
    Value: ClassVar[Any] = EnumValue

    def __class_getitem__(cls, key: Any) -> Any:
        """The member of a wire text, for texts that are no Python names; a mapping customizes, as on every type."""
        if isinstance(key, str):
            return cls._members[key]
        return super().__class_getitem__(key)

    @classmethod
    def _options(cls) -> Mapping[str, Any]:
        return {"members": cls._members}


def Enum(*values: Any, type_name: str | None = None, doc: str = "", **attributes: Any) -> Any:  # noqa: N802 - the documented name
    """An enumeration of these wire texts: ``Enum("red", "green", type_name="Colour").red``.

    Raises DeclarationError without `type_name` or without values, and for a value that is no text or comes twice.
    """
    if not type_name:
        raise DeclarationError(f"Enum({', '.join(map(repr, values))}) needs a public name: add type_name='…'")
    texts = tuple(values[0]) if len(values) == 1 and isinstance(values[0], list | tuple) else values
    if not texts or not all(isinstance(text, str) for text in texts) or len(set(texts)) != len(texts):
        raise DeclarationError(f"Enum type_name={type_name!r}: values must be different texts, got {texts!r}")
    members = {text: EnumValue(type_name, text) for text in texts}
    reserved = [text for text in texts if hasattr(EnumBase, text)]
    body: dict[str, Any] = {text: member for text, member in members.items() if text not in reserved}
    body |= {
        "__type_name__": type_name,
        "__namespace__": attributes.pop("namespace", None),
        "__module__": __name__,
        "__doc__": doc or f"One of {', '.join(texts)}.",
        "__values__": texts,
        "_members": MappingProxyType(members),
    }
    if "values" not in body:
        body["values"] = texts
    if doc:
        body["Annotations"] = type("Annotations", (EnumBase.Annotations,), {"doc": doc})
    made: Any = type(type_name, (EnumBase,), body)
    return made.customize(**attributes) if attributes else made
