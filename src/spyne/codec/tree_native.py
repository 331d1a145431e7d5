"""The fast engine for JSON and MessagePack: types that msgspec reads and writes by itself, with the result of the careful engine
in `tree`.

It may refuse what the careful engine accepts; the caller then asks that one, which decides and words the error (`reader` and
`writer` do so). It never accepts what the careful engine refuses, and never gives another value. One exception: members
that the schema does not know are skipped unread, so numbers in them may be out of range, and texts of MessagePack no UTF-8.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from spyne.codec._base import DecodeError, EncodeError, Options
from spyne.codec._lexical_number import NUMBER_LENGTH, longest
from spyne.codec._native import PARSE_ERRORS, Malformed
from spyne.codec._native_json import NATIVE_JSON, json_tree, reject_duplicates
from spyne.codec._native_msgpack import (
    NATIVE_MSGPACK,
    NATIVE_MSGPACK_2,
    NATIVE_MSGPACK_TIMESTAMPS,
    msgpack_tree,
)
from spyne.codec._shadow import shadow_of
from spyne.codec._tree_check import can_check, is_bounded, read_check, written_check
from spyne.codec._tree_scalar import plain_lexical
from spyne.codec.text import checker
from spyne.codec.tree import active_fields, builder, compile_decoder, compile_encoder, nesting, null_is_array
from spyne.schema import nodes
from spyne.schema.nodes import MISSING, PYTHON_TYPES, Array, Field, Node, Ref, Scalar, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from spyne.codec._native import NativeFormat

__all__ = [
    "NATIVE_JSON",
    "NATIVE_MSGPACK",
    "NATIVE_MSGPACK_2",
    "NATIVE_MSGPACK_TIMESTAMPS",
    "Malformed",
    "decoder",
    "encoder",
    "json_decoder",
    "json_encoder",
    "json_reader",
    "json_tree",
    "json_writer",
    "msgpack_reader",
    "msgpack_tree",
    "msgpack_writer",
    "reader",
    "reject_duplicates",
    "writer",
]


class _NotNative(Exception):
    """The careful engine must do it."""


class _Shape:
    """What was met on the walk through a type: the wire names of decimals, whether every class leaves None out, recursion, and
    whether values must keep more than their types.
    """

    def __init__(self, options: Options, native: NativeFormat) -> None:
        self.options = options
        self.binary = nodes.Bytes in native.format.native
        self.decimals: set[str] = set()
        self.sparse = True
        self.recursive = False
        self.constrained = False
        self.structs: dict[int, Struct] = {}

    def field(self, field: Field, *, member: bool) -> Any:
        self.constrained |= self.options.validate and is_bounded(field)
        if isinstance(field.type, nodes.Decimal):
            if not member or field.repeated:
                raise _NotNative
            self.decimals.add(field.wire_name or field.name)
        inner = self.node(field.type)
        if field.repeated:
            return list[inner | None] | None  # type: ignore[valid-type]
        return inner if null_is_array(field) else inner | None

    def node(self, node: Node) -> Any:
        if isinstance(node, Ref):
            self.recursive = True
            node = resolve(node)
            if not isinstance(node, Struct):
                raise _NotNative
        if isinstance(node, Scalar):
            return self.scalar(node)
        if isinstance(node, Array):
            return self.array(node)
        if isinstance(node, Struct):
            return self.struct(node)
        raise _NotNative

    def scalar(self, node: Scalar) -> Any:
        if node.load or node.dump or not plain_lexical(node):
            raise _NotNative
        if self.options.validate:
            if not can_check(node):
                raise _NotNative
            self.constrained |= checker(node) is not None
        if isinstance(node, nodes.Bytes) and not self.bytes_are_native(node):
            raise _NotNative
        if isinstance(node, nodes.Decimal) and longest(node, self.options.number_text)[0] != NUMBER_LENGTH:
            raise _NotNative
        if type(node) not in PYTHON_TYPES:
            raise _NotNative
        return PYTHON_TYPES[type(node)]

    def bytes_are_native(self, node: nodes.Bytes) -> bool:
        """Whether msgspec would write them in the same form: as they are, or as base64 in text."""
        return not node.encoding if self.binary else (node.encoding or self.options.binary_encoding) == "base64"

    def array(self, node: Array) -> Any:
        item = node.item
        if node.load or isinstance(item.type, nodes.Decimal):
            raise _NotNative
        self.constrained |= self.options.validate and is_bounded(item, item=True)
        inner = self.node(item.type)
        return list[inner] if null_is_array(item) else list[inner | None]  # type: ignore[valid-type]

    def struct(self, node: Struct) -> Any:
        if not is_native_struct(node):
            raise _NotNative
        if id(node) in self.structs:
            return node.cls
        self.structs[id(node)] = node
        for field in node.fields:
            if field.hints.get("excluded") or field.default_factory or field.default not in (MISSING, None):
                raise _NotNative
            self.field(field, member=True)
        self.sparse &= node.cls.__struct_config__.omit_defaults  # type: ignore[attr-defined]
        return node.cls


def is_native_struct(node: Struct) -> bool:
    """Whether msgspec sees the same members in the class as the schema has: names, order, and None as every default."""
    cls: Any = node.cls
    if not node.native or not issubclass(cls, msgspec.Struct):
        return False
    config = cls.__struct_config__
    return (
        not config.array_like
        and config.tag is None
        and not config.forbid_unknown_fields
        and cls.__struct_fields__ == tuple(field.name for field in node.fields)
        and cls.__struct_encode_fields__ == tuple(field.wire_name or field.name for field in node.fields)
        and len(cls.__struct_defaults__) == len(node.fields)
        and all(default is None for default in cls.__struct_defaults__)
    )


def _plan(field: Field, options: Options, native: NativeFormat) -> tuple[Any, _Shape] | None:
    """The type for msgspec's decoder of one use of a type, and what it cannot express; None if it is not native."""
    if not options.ignore_wrappers or options.complex_as != "dict":
        return None
    shape = _Shape(options, native)
    try:
        return shape.field(field, member=False), shape
    except _NotNative:
        return None


# --- in ---


def decoder(native: NativeFormat, field: Field, options: Options) -> Callable[[bytes], Any] | None:
    """The fast reader of one use of a type, or None. Its `DecodeError` means: ask the careful engine."""
    plan = _plan(field, options, native)
    if plan is None:
        return None
    kind, shape = plan
    decode = native.decoder(kind)
    misfit = native.misfits(shape.decimals) if shape.decimals else None
    check = read_check(field) if shape.constrained else None
    depth = options.max_depth
    measured = shape.recursive or nesting(field, options) > depth
    check_depth, check_text, malformed = native.check_depth, native.check_text, native.malformed

    def read(data: bytes) -> Any:
        try:
            if measured:
                check_depth(data, depth)
            value = decode(data)
            check_text(data)
        except PARSE_ERRORS as error:
            raise malformed(error, data) from None
        if misfit is not None and misfit(data):
            raise DecodeError("has a decimal number that needs a closer look")
        if check is not None and not check(value):
            raise DecodeError("has a value that needs a closer look")
        return value

    return read


def reader(native: NativeFormat, field: Field, options: Options) -> Callable[[bytes], Any]:
    """The fast reader backed by the careful one, whose errors have a path; the careful one alone where it must be."""
    careful = compile_decoder(field, options, native.format)
    parse = native.tree(_has_decimal(field.type, set()), options.max_depth)
    fast = decoder(native, field, options)

    def read_carefully(data: bytes) -> Any:
        return careful(parse(data))

    if fast is None:
        return read_carefully

    def read(data: bytes) -> Any:
        try:
            return fast(data)
        except DecodeError:
            return read_carefully(data)

    return read


def _has_decimal(node: Node, seen: set[int]) -> bool:
    node = resolve(node)
    if id(node) in seen:
        return False
    seen.add(id(node))
    if isinstance(node, Struct):
        structs = [node, *node.subtypes().values()]
        return any(_has_decimal(field.type, seen) for struct in structs for field in struct.fields)
    if isinstance(node, Array):
        return _has_decimal(node.item.type, seen)
    if isinstance(node, nodes.Map):
        return _has_decimal(node.value.type, seen)
    return isinstance(node, nodes.Decimal)


_items = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_ARRAYS = frozenset((*range(0x90, 0xA0), 0xDC, 0xDD))
"""The bytes that begin an array in MessagePack."""


def msgpack_reader(field: Field, options: Options, native: NativeFormat = NATIVE_MSGPACK) -> Callable[[bytes], Any]:
    """`reader` for MessagePack, where the members of the outermost struct often come as an array in order: each is then read by
    the reader of its own type.
    """
    whole = reader(native, field, options)
    node = resolve(field.type)
    if not isinstance(node, Struct) or field.repeated or not options.ignore_wrappers:
        return whole
    inner = msgspec.structs.replace(options, max_depth=max(options.max_depth - 1, 0))
    fields = active_fields(node, options)
    plan = tuple(reader(native, each, inner) for each in fields)
    build = builder(node, fields)

    def read(data: bytes) -> Any:
        if len(data) and data[0] in _ARRAYS:
            try:
                items = _items(data)
                if len(items) == len(plan):
                    return build([read_one(bytes(item)) for read_one, item in zip(plan, items, strict=True)])
            except (DecodeError, *PARSE_ERRORS):
                pass  # the careful engine says what is wrong, and where
        return whole(data)

    return read


# --- out ---


def encoder(native: NativeFormat, field: Field, options: Options) -> Callable[[Any], bytes] | None:
    """The fast writer of one use of a type, or None. Its `EncodeError` means: ask the careful engine.

    Before msgspec writes, the Python type of every member is compared with the declared one, since user code may return a
    dict, a subclass with more members, or an int for a Decimal.
    """
    if options.polymorphic or native.format.text_as_bin:
        return None
    shadow = shadow_of(field)
    if shadow is not None:
        inner = encoder(native, shadow.field, options)
        return None if inner is None else lambda value: inner(shadow.convert(value))
    plan = _plan(field, _lenient(options), native)
    if plan is None or plan[1].recursive or not plan[1].sparse:
        return None
    check = written_check(field, native.format.native)
    encode = native.encode_native

    def write(value: Any) -> bytes:
        if not check(value):
            raise EncodeError("needs a closer look")
        try:
            return _encoded(encode, value)
        except TypeError:  # an object that claims another class than it has
            raise EncodeError("needs a closer look") from None

    return write


def _lenient(options: Options) -> Options:
    return msgspec.structs.replace(options, validate=False)


def _encoded(encode: Callable[[Any], bytes], value: Any) -> bytes:
    try:
        return encode(value)
    except UnicodeEncodeError:
        raise EncodeError("has text with half of a surrogate pair") from None
    except (ValueError, OverflowError):
        raise EncodeError("has a number of more digits than can be written") from None
    except RecursionError:
        raise EncodeError("nests too deep") from None


def writer(native: NativeFormat, field: Field, options: Options) -> Callable[[Any], bytes]:
    """The fast writer backed by the careful one; the careful one alone where it must be."""
    careful = compile_encoder(field, options, native.format)
    encode = native.encode
    fast = encoder(native, field, options)

    def write_carefully(value: Any) -> bytes:
        return _encoded(encode, careful(value))

    if fast is None:
        return write_carefully

    def write(value: Any) -> bytes:
        try:
            return fast(value)
        except EncodeError:
            return write_carefully(value)

    return write


json_decoder = partial(decoder, NATIVE_JSON)
json_encoder = partial(encoder, NATIVE_JSON)
json_reader = partial(reader, NATIVE_JSON)
json_writer = partial(writer, NATIVE_JSON)


def msgpack_writer(field: Field, options: Options, native: NativeFormat = NATIVE_MSGPACK) -> Callable[[Any], bytes]:
    """`writer` for one flavour of MessagePack."""
    return writer(native, field, options)
