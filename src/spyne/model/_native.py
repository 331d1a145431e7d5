"""Which members msgspec can hold by itself: the annotations of the Struct behind a ComplexModel."""

from __future__ import annotations

from typing import Any

from spyne.schema import nodes

NATIVE_KINDS = {kind: tp for kind, tp in nodes.PYTHON_TYPES.items() if kind is not nodes.Bytes}
"""Kinds whose JSON and MessagePack forms are the same in msgspec and in the codecs; bytes are not."""


def native_type(node: nodes.Node) -> Any:
    """The Python type msgspec reads and writes for a node, None where the codecs must do it."""
    if isinstance(node, nodes.Scalar):
        custom = node.load or node.dump or node.lexical is not nodes.PLAIN
        return None if custom else NATIVE_KINDS.get(type(node))
    if isinstance(node, nodes.Struct):
        return node.cls if node.native else None
    if isinstance(node, nodes.Ref):
        return node.hints.get("cls")
    if isinstance(node, nodes.Array):
        inner = native_type(node.item.type)
        return None if inner is None or node.load or node.stream else list[_or_none(node.item, inner)]  # type: ignore[misc]
    return None


def native_field(field: nodes.Field) -> Any:
    """The same for one use of a type, with None allowed, and a list for a repeated member."""
    if field.hints.get("excluded") or field.hints.get("read_only") or field.hints.get("empty_is_none"):
        return None
    if (field.default is not nodes.MISSING and field.default is not None) or field.default_factory is not None:
        return None
    inner = native_type(field.type)
    if inner is None:
        return None
    return list[inner | None] | None if field.repeated else _or_none(field, inner)  # type: ignore[valid-type]


def _or_none(field: nodes.Field, inner: Any) -> Any:
    """The type with None, unless null means an empty array: the codecs see to that."""
    null_is_array = field.hints.get("none_is_empty") and isinstance(field.type, nodes.Array)
    return inner if null_is_array else inner | None
