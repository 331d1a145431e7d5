"""The fast engine for JSON: types that msgspec reads and writes by itself, with the result of the careful engine in `tree`.

It may refuse what the careful engine accepts; the caller then asks that one, which decides and words the error (`json_reader`
and `json_writer` do so). It never accepts what the careful engine refuses, and never gives another value. One exception: members
that the schema does not know are skipped unread, so numbers in them may be out of range.
"""

from __future__ import annotations

import decimal
import re
from typing import TYPE_CHECKING, Any

import msgspec

from spyne.codec._base import DecodeError, EncodeError, Options, cut
from spyne.codec._lexical_number import NUMBER_LENGTH, longest
from spyne.codec._tree_check import can_check, is_bounded, read_check, written_check
from spyne.codec.json_input import check_depth
from spyne.codec.text import checker
from spyne.codec.tree import JSON, compile_decoder, compile_encoder, nesting, null_is_array
from spyne.limits import LimitExceeded, Limits
from spyne.schema import nodes
from spyne.schema.nodes import MISSING, PLAIN, PYTHON_TYPES, Array, Field, Node, Ref, Scalar, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Malformed",
    "json_decoder",
    "json_encoder",
    "json_reader",
    "json_tree",
    "json_writer",
    "reject_duplicates",
]

# What may follow the key of a decimal. The decoder has found that the string is a number to Python's Decimal already, which
# would also take `1_0`, `1e5` or `NaN`; of the characters allowed here it takes only what XSD does (part 2 §3.2.3).
_GOOD_DECIMAL = rb'[ \t\r\n]*(?:"[-+.0-9]{1,1024}"|-?[0-9.]{1,1000}[,}\] \t\r\n]|null)'
_AT_BYTE = re.compile(r"JSON is malformed: (.*) \(byte (\d+)\)").fullmatch
_HALF_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])").search
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]").search


class _NotNative(Exception):
    """The careful engine must do it."""


class _Shape:
    """What was met on the walk through a type: the wire names of decimals, whether every class leaves None out, recursion, and
    whether values must keep more than their types.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
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
        if isinstance(node, nodes.Bytes) and (node.encoding or self.options.binary_encoding) != "base64":
            raise _NotNative
        if isinstance(node, nodes.Decimal) and longest(node, self.options.number_text)[0] != NUMBER_LENGTH:
            raise _NotNative
        if type(node) not in PYTHON_TYPES:
            raise _NotNative
        return PYTHON_TYPES[type(node)]

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


def plain_lexical(node: Scalar) -> bool:
    """Whether the text form was left as it is."""
    if node.lexical is PLAIN:
        return True
    return not any(getattr(node.lexical, name) not in (None, "") for name in node.lexical.__struct_fields__)


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


def _plan(field: Field, options: Options) -> tuple[Any, _Shape] | None:
    """The type for `msgspec.json.Decoder` of one use of a type, and what it cannot express; None if it is not native."""
    if not options.ignore_wrappers or options.complex_as != "dict":
        return None
    shape = _Shape(options)
    try:
        return shape.field(field, member=False), shape
    except _NotNative:
        return None


class Malformed(DecodeError):
    """Bytes that are not JSON, or more of it than can be read."""


def _malformed(error: Exception, data: bytes) -> Malformed:
    """What a JSON parser raised, in words that may go to the client."""
    if isinstance(error, RecursionError | LimitExceeded):
        return Malformed("nests too deep")
    if isinstance(error, UnicodeDecodeError):
        return Malformed("is not UTF-8")
    if not isinstance(error, msgspec.DecodeError) or isinstance(error, msgspec.ValidationError):
        return Malformed("has a number that is out of range")
    said = str(error)
    found = _AT_BYTE(said)
    if "surrogate" in said or (found is None and _HALF_PAIR(data.replace(rb"\\", b""))):
        return Malformed("has half of a surrogate pair" + (f" (byte {found[2]})" if found else ""))
    what, place = (found[1], found[2]) if found else ("it ends too early", len(data))
    return Malformed(f"is not well-formed JSON: {what} (byte {place})")


# ArithmeticError: an exponent beyond what decimal can hold.
_PARSE_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ArithmeticError, LimitExceeded)


def json_tree(*, exact: bool = False) -> Callable[[bytes], Any]:
    """A parser of JSON to builtins that raises `DecodeError`. exact: numbers with a point or exponent as decimal.Decimal."""
    decode = (msgspec.json.Decoder(float_hook=decimal.Decimal) if exact else msgspec.json.Decoder()).decode

    def parse(data: bytes) -> Any:
        try:
            return decode(data)
        except _PARSE_ERRORS as error:
            raise _malformed(error, data) from None

    return parse


def json_decoder(field: Field, options: Options) -> Callable[[bytes], Any] | None:
    """The fast reader of one use of a type, or None. Its `DecodeError` means: ask the careful engine."""
    plan = _plan(field, options)
    if plan is None:
        return None
    kind, shape = plan
    decode = msgspec.json.Decoder(kind).decode
    misfits = [_bad_decimal(name) for name in sorted(shape.decimals)]
    check = read_check(field) if shape.constrained else None
    limits = Limits(depth=options.max_depth)
    measured = shape.recursive or nesting(field, options) > options.max_depth

    def read(data: bytes) -> Any:
        try:
            if measured:
                check_depth(data, limits)
            value = decode(data)
            if not data.isascii():
                str(data, "utf-8")  # msgspec does not look into members that it skips
        except _PARSE_ERRORS as error:
            raise _malformed(error, data) from None
        if misfits and (_has_spelled_key(data) or any(misfit(data) for misfit in misfits)):
            raise DecodeError("has a decimal number that needs a closer look")
        if check is not None and not check(value):
            raise DecodeError("has a value that needs a closer look")
        return value

    return read


def _bad_decimal(name: str) -> Callable[[bytes], object]:
    """A search for a member of this name that both engines may not read alike."""
    return re.compile(re.escape(msgspec.json.encode(name)) + rb"[ \t\r\n]*:(?!" + _GOOD_DECIMAL + rb")").search


def _has_spelled_key(data: bytes) -> bool:
    """Whether a key may be written with escapes, so that a search for it would miss it."""
    return b"\\" in data and _ESCAPED_ASCII(data) is not None


def json_reader(field: Field, options: Options) -> Callable[[bytes], Any]:
    """The fast reader backed by the careful one, whose errors have a path; the careful one alone where it must be."""
    careful = compile_decoder(field, options, JSON)
    parse = json_tree(exact=_has_decimal(field.type, set()))
    fast = json_decoder(field, options)

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


def reject_duplicates(data: bytes) -> None:
    """Raise `DecodeError` if an object in the JSON text has a key twice (RFC 8259 §4 leaves its meaning open)."""
    import json  # only applications that ask for it pay for it

    def pairs(found: list[tuple[str, Any]]) -> None:
        names: set[str] = set()
        for name, _ in found:
            if name in names:
                raise DecodeError(f"has the key '{cut(name)}' twice")
            names.add(name)

    try:
        json.loads(data, object_pairs_hook=pairs, parse_int=str, parse_float=str)
    except RecursionError:
        raise Malformed("nests too deep") from None
    except DecodeError:
        raise
    except ValueError:
        raise Malformed("is not well-formed JSON") from None


def json_encoder(field: Field, options: Options) -> Callable[[Any], bytes] | None:
    """The fast writer of one use of a type, or None. Its `EncodeError` means: ask the careful engine.

    Before msgspec writes, the Python type of every member is compared with the declared one, since user code may return a
    dict, a subclass with more members, or an int for a Decimal.
    """
    plan = None if options.polymorphic else _plan(field, _lenient(options))
    if plan is None or plan[1].recursive or not plan[1].sparse:
        return None
    check = written_check(field)
    encode = msgspec.json.Encoder().encode

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


def json_writer(field: Field, options: Options) -> Callable[[Any], bytes]:
    """The fast writer backed by the careful one; the careful one alone where it must be."""
    careful = compile_encoder(field, options, JSON)
    encode = msgspec.json.Encoder().encode
    fast = json_encoder(field, options)

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
