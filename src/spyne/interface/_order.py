"""The order in which types are published: what a type is made of comes before it, the same on every build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.schema.nodes import XSD_NAMESPACE, Array, Enum, Map, Node, Scalar, Str, Struct, Uuid, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TEXT = "spyne.model.primitive.string"
_HOMES: tuple[tuple[type[Node], str], ...] = (
    (Enum, "spyne.model.enum"),
    (Str, _TEXT),
    (Uuid, _TEXT),
    (Scalar, "spyne.model.primitive.number"),
)


def parts(node: Node) -> Iterator[Node]:
    """The types that a type is made of, and the one it extends or restricts."""
    if node.base is not None:
        yield resolve(node.base)
    if isinstance(node, Struct):
        yield from (resolve(field.type) for field in node.fields)
    elif isinstance(node, Array):
        yield resolve(node.item.type)
    elif isinstance(node, Map):
        yield from (resolve(node.key.type), resolve(node.value.type))


def publication_order(types: Iterable[Node]) -> tuple[Node, ...]:
    """The types that a document declares, those without parts first, then level by level.

    Inside a level the module and class decide, then the order given; this is the order that clients know. A type inside itself
    does not count as its own part.
    """
    declared = [node for node in types if node.namespace != XSD_NAMESPACE]
    levels: dict[int, int] = {}
    for node in declared:
        _level(node, levels, set())
    return tuple(sorted(declared, key=lambda node: (levels[id(node)], _home(node))))


def _level(node: Node, levels: dict[int, int], above: set[int]) -> int:
    if id(node) in levels:
        return levels[id(node)]
    above.add(id(node))
    below = [
        _level(part, levels, above) + 1
        for part in parts(node)
        if part.namespace != XSD_NAMESPACE and id(part) not in above
    ]
    above.discard(id(node))
    levels[id(node)] = max(below, default=0)
    return levels[id(node)]


def _home(node: Node) -> str:
    """Where the class of a type is defined; generated types count as the library's."""
    if isinstance(node, Struct):
        cls: Any = node.cls
        module = str(cls.__module__)
        return f"spyne.model.complex.{node.name}" if module.startswith("spyne.") else f"{module}.{cls.__qualname__}"
    if isinstance(node, Array | Map):
        return "spyne.model.complex.Array"
    return next((home for kind, home in _HOMES if isinstance(node, kind)), "")
