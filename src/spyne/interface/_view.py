"""What one protocol sees: the messages of an application with the `prot_attrs` that name it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.interface._base import Call, Interface, members
from spyne.model.attributes import attributes_for
from spyne.model.primitive import NATIVE_MAP
from spyne.schema import Field, Lowering, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["View"]


class View:
    """Gives the messages of a method for one protocol: those of the interface, unless a type in them has `prot_attrs` for it.

    Documents go by the interface: the names of types are the same in both.
    """

    def __init__(self, interface: Interface, protocol: Any) -> None:
        self.interface = interface
        self.protocol = protocol
        self._lowering: Lowering | None = None
        self._seen: set[int] = set()
        self._variants: dict[Any, Any] = {}

    def __call__(self, call: Call) -> Call:
        """The messages of one method."""
        if self._lowering is None:
            if not any(self._differs(field) for field in _fields(call)):
                return call
            self._lowering = Lowering(default_namespace=self.interface.tns, natives=NATIVE_MAP, adapt=self._variant)
        return self.interface.call_with(self._lowering, call.descriptor)

    def _variant(self, tp: Any) -> Any:
        """The type as the protocol has it, None where that is the type itself; the same variant for the same type."""
        changes = self._changes(getattr(tp, "Attributes", None))
        if not changes:
            return None
        if tp not in self._variants:
            self._variants[tp] = tp.customize(**changes)
        return self._variants[tp]

    def _changes(self, attributes: Any) -> dict[str, Any]:
        return attributes_for(self.protocol, getattr(attributes, "prot_attrs", None))

    def _differs(self, field: Field) -> bool:
        """Whether something in a field is different for the protocol; looks at each type once."""
        if self._changes(field.hints.get("attributes")):
            return True
        node = resolve(field.type)
        if id(node) in self._seen:
            return False
        self._seen.add(id(node))
        inner = list(members(node))
        if isinstance(node, Struct):
            inner += [Field(type=subtype) for subtype in node.subtypes().values()]
        return any(self._differs(each) for each in inner)


def _fields(call: Call) -> Iterator[Field]:
    for message in (call.request, call.response):
        yield message.field
        yield from message.headers
