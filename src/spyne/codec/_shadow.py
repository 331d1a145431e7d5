"""Objects that are seen through a view, copied into objects that msgspec writes by itself.

A struct with a `view` gets a class of the same members, and a function that makes an object of it; what is not as declared raises EncodeError,
before anything that can be read only once was touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from spyne.codec._base import EncodeError
from spyne.codec._source import Source
from spyne.schema.nodes import Array, Field, Node, Scalar, Struct

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Shadow", "shadow_of"]


class Shadow(NamedTuple):
    """The same use of a type with other classes, and the function from its values to theirs."""

    field: Field
    convert: Callable[[Any], Any]


class _Unlike(Exception):
    """The type has parts that cannot be copied so."""


def shadow_of(field: Field) -> Shadow | None:
    """The shadow of a type that has views in it and does not contain itself; None for all others."""
    copies = _Copies()
    try:
        shadow = copies.field(field)
        if not copies.views:
            return None
        copies.source.function("root(v)", [f"return {copies.use(field, 'v')}"])
    except _Unlike:
        return None
    return Shadow(shadow, copies.source.compile()["root"])


class _Copies:
    """The classes and functions of one type. views: whether one of its structs has one."""

    def __init__(self) -> None:
        self.source = Source("copies for msgspec")
        self.source.well_known(EncodeError=EncodeError)
        self.views = False
        self._nodes: dict[int, Struct] = {}
        self._names: dict[int, str] = {}

    def field(self, field: Field) -> Field:
        """The field with the shadow of its type; on the way out nobody asks for defaults that are made."""
        return msgspec.structs.replace(field, type=self.node(field.type), default_factory=None)

    def node(self, node: Node) -> Node:
        if isinstance(node, Scalar):
            return node if node.load is None else msgspec.structs.replace(node, load=None)  # it is for the way in
        if isinstance(node, Array) and not node.stream:
            return msgspec.structs.replace(node, item=self.field(node.item), load=None)
        if isinstance(node, Struct) and node.access == "attribute":
            return self._nodes.get(id(node)) or self._struct(node)
        raise _Unlike

    def _struct(self, node: Struct) -> Struct:
        self.views |= node.view is not None
        fields = tuple(self.field(field) for field in node.fields)
        names = {field.name: field.wire_name or field.name for field in fields}
        cls = msgspec.defstruct(
            node.name or "Shadow", [(name, Any, None) for name in names], omit_defaults=True, rename=names, gc=False
        )
        shadow = msgspec.structs.replace(node, fields=fields, cls=cls, make=cls, native=True, view=None)
        self._nodes[id(node)] = shadow
        self._names[id(node)] = self._function(node, cls)
        return shadow

    def _function(self, node: Struct, cls: type) -> str:
        name, own, made = self.source.fresh("c"), self.source.constant(node.cls, "C"), self.source.constant(cls, "S")
        lines = [f"if v.__class__ is not {own}: raise EncodeError('needs a closer look')"]
        read = "getattr(v, {!r})"
        if node.view is not None:
            lines.append(f"d = {self.source.constant(node.view, 's')}(v).get")
            read = "d({!r})"
        members = ", ".join(self.use(field, read.format(field.name)) for field in node.fields)
        self.source.function(f"{name}(v)", [*lines, f"return {made}({members})"])
        return name

    def use(self, field: Field, value: str) -> str:
        """The expression for the copy of a value."""
        node = field.type
        if isinstance(node, Scalar) and not field.repeated:
            return value
        if field.repeated:
            return self._items(msgspec.structs.replace(field, max_occurs=1), value)
        if isinstance(node, Array):
            return self._items(node.item, value)
        assert isinstance(node, Struct)
        return f"None if (o := {value}) is None else {self._names[id(node)]}(o)"

    def _items(self, item: Field, value: str) -> str:
        name = self.source.fresh("l")
        once = msgspec.structs.replace(item, max_occurs=1)
        lines = [
            "if v is None: return None",
            "if not isinstance(v, list): raise EncodeError('needs a closer look')",
            f"return [{self.use(once, 'x')} for x in v]",
        ]
        self.source.function(f"{name}(v)", lines)
        return f"{name}({value})"
