"""From values to flat names: ``{"order.items[0].qty": ["3"]}``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from spyne.codec._base import EncodeError
from spyne.codec._defaults import check_defaults
from spyne.codec._flat_decode import is_flat
from spyne.codec._flat_names import EMPTY_WORD
from spyne.codec._tree_any import any_encoder
from spyne.codec._tree_format import JSON
from spyne.codec.text import formatter
from spyne.codec.tree import _default, _members_reader, active_fields
from spyne.schema.nodes import Any as AnyNode
from spyne.schema.nodes import Array, Enum, Field, Map, Node, Scalar, Str, Struct, resolve

if TYPE_CHECKING:
    from spyne.codec._base import Options

__all__ = ["Writers"]

Found: TypeAlias = dict[str, Any]
Trail: TypeAlias = tuple[int, ...]
Write: TypeAlias = Callable[[Any, str, Found, Trail], None]


class Writers:
    """Compiles writers of a type and of all it is made of. native: leaves stay Python values."""

    def __init__(self, options: Options, delimiter: str, *, native: bool) -> None:
        self.options = options
        self.delimiter = delimiter
        self.native = native
        self.structs: dict[int, list[Write]] = {}
        self.keep: list[Node] = []

    def use(self, field: Field) -> Write:
        """All occurrences of a field that is not None."""
        return self.items(field) if field.repeated else self.one(field)

    def one(self, field: Field) -> Write:
        """One occurrence."""
        node = resolve(field.type)
        leaf = self.leaf(node)
        if leaf is not None:
            return _leaf_writer(leaf, native=self.native)
        if isinstance(node, Struct):
            return self.struct(node)
        if isinstance(node, Array):
            return self.items(msgspec.structs.replace(node.item, max_occurs=1))
        if isinstance(node, Map):
            return self.map(node)
        if isinstance(node, AnyNode):
            return self.free(node)
        raise TypeError(f"{type(node).__name__} cannot travel in flat names")

    def leaf(self, node: Node) -> Callable[[Any], Any] | None:
        """A function from a value to its text, None for types that have members or items."""
        if isinstance(node, Scalar):
            return _same if self.native else formatter(node, binary=self.options.binary_encoding)
        if isinstance(node, AnyNode) and (node.flavour in ("xml", "html") or self.native):
            return _same if self.native else any_encoder(node, self.options, JSON)
        return None

    def items(self, item: Field) -> Write:
        """A sequence: of leaves under one name, of others by index."""
        node = resolve(item.type)
        leaf = self.leaf(node)
        if leaf is not None:
            nothing: list[Any] | None = [] if self.native else None if isinstance(node, Str | Enum) else [EMPTY_WORD]
            return _leaves_writer(leaf, nothing)
        write_item = self.one(msgspec.structs.replace(item, max_occurs=1))
        no_items: Any = EMPTY_WORD if self.native else [EMPTY_WORD]

        def write(value: Any, name: str, found: Found, trail: Trail) -> None:
            index = -1
            for index, each in enumerate(_iterable(value)):
                place = f"{name}[{index}]"
                if each is None:
                    found[place] = [None]
                    continue
                try:
                    write_item(each, place, found, trail)
                except EncodeError as error:
                    raise _at(error, index) from None
            if index < 0:
                found[name] = no_items

        return write

    def struct(self, node: Struct) -> Write:
        """An object; it is compiled once, and found later while that is under way."""
        known = self.structs.get(id(node))
        if known is None:
            self.keep.append(node)
            known = self.structs[id(node)] = []
            known.append(self.compile_struct(node))
        slot = known
        return slot[0] if slot else lambda value, name, found, trail: slot[0](value, name, found, trail)

    def compile_struct(self, node: Struct) -> Write:
        """The writer of an object; one inside itself is left out."""
        check_defaults(node)
        delimiter, limit, members = self.delimiter, self.options.max_depth, _members_reader(node)
        plan = tuple(
            (f.name, f.wire_name or f.name, self.use(f), f.min_occurs > 0 and not self.native, _default(f))
            for f in active_fields(node, self.options)
        )
        says_empty = not self.native

        def write(value: Any, name: str, found: Found, trail: Trail) -> None:
            mark = id(value)
            if mark in trail:
                return
            if len(trail) >= limit:
                raise EncodeError(f"nests deeper than max_depth={limit}")
            get, inner, before = members(value), (*trail, mark), len(found)
            for attribute, wire_name, write_member, required, default in plan:
                place = f"{name}{delimiter}{wire_name}" if name else wire_name
                item = get(attribute)
                if item is None:
                    item = default
                if item is None:
                    if required:
                        found[place] = [None]
                    continue
                try:
                    write_member(item, place, found, inner)
                except EncodeError as error:
                    raise _at(error, wire_name) from None
            if name and says_empty and len(found) == before:
                found[name] = [EMPTY_WORD]

        return write

    def map(self, node: Map) -> Write:
        """A dict by its keys; those of values with members of their own must not look like part of a longer name."""
        key = resolve(node.key.type)
        if not isinstance(key, Scalar):
            raise TypeError("the keys of a map must be scalars to travel in flat names")
        text, write_value = formatter(key, binary=self.options.binary_encoding), self.use(node.value)
        delimiter, whole = self.delimiter, is_flat(node.value)

        def write(value: Any, name: str, found: Found, trail: Trail) -> None:
            if not isinstance(value, Mapping):
                raise EncodeError(f"expected dict, got {type(value).__name__}")
            for each, item in value.items():
                shown = text(each)
                if not whole:
                    _check_key(shown, delimiter)
                place = f"{name}{delimiter}{shown}"
                if item is None:
                    found[place] = [None]
                    continue
                try:
                    write_value(item, place, found, trail)
                except EncodeError as error:
                    raise _at(error, shown) from None
            if not value:
                found[name] = [EMPTY_WORD]

        return write

    def free(self, node: AnyNode) -> Write:
        """Content that the schema says nothing of."""
        to_tree, delimiter = any_encoder(node, self.options, JSON), self.delimiter

        def flatten(tree: Any, name: str, found: Found) -> None:
            if isinstance(tree, dict):
                for key, item in tree.items():
                    _check_key(key, delimiter)
                    flatten(item, f"{name}{delimiter}{key}", found)
            elif isinstance(tree, list):
                for index, item in enumerate(tree):
                    flatten(item, f"{name}[{index}]", found)
            else:
                found[name] = [None if tree is None else _BOOL[tree] if isinstance(tree, bool) else str(tree)]
            if tree in ({}, []):
                found[name] = [EMPTY_WORD]

        return lambda value, name, found, _: flatten(to_tree(value), name, found)


_BOOL = {True: "true", False: "false"}


def _same(value: Any) -> Any:
    return value


def _leaf_writer(leaf: Callable[[Any], Any], *, native: bool) -> Write:
    def write(value: Any, name: str, found: Found, trail: Trail) -> None:
        found[name] = leaf(value) if native else [leaf(value)]

    return write


def _leaves_writer(leaf: Callable[[Any], Any], nothing: list[Any] | None) -> Write:
    """nothing: what an empty sequence is, None for one that is left out."""

    def write(value: Any, name: str, found: Found, trail: Trail) -> None:
        texts = []
        for index, item in enumerate(_iterable(value)):
            try:
                texts.append(None if item is None else leaf(item))
            except EncodeError as error:
                raise _at(error, index) from None
        if texts or nothing is not None:
            found[name] = texts or list(nothing or ())

    return write


def _iterable(value: Any) -> Iterable[Any]:
    if isinstance(value, str | bytes | bytearray | Mapping) or not isinstance(value, Iterable):
        raise EncodeError(f"expected list, got {type(value).__name__}")
    return value


def _check_key(key: str, delimiter: str) -> None:
    if not key or delimiter in key or "[" in key:
        raise EncodeError(f"has a key that is empty or holds {delimiter!r} or '[', which flat names cannot say")


def _at(error: EncodeError, step: str | int) -> EncodeError:
    error.path = (step, *error.path)
    return error
