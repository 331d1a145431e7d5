"""Trees of builtins, which JSON, MessagePack and YAML parsers give and take, to declared values and back.

The three formats differ in the kinds they carry natively, which is one row each. `compile_decoder` and `compile_encoder` decide
everything that depends on the type and the options; the functions they return only do the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from spyne.codec._base import (
    MAX_ERRORS,
    Decode,
    DecodeError,
    Encode,
    EncodeError,
    Options,
    absence,
    array_counter,
    combine,
    counter,
    cut,
    depth_message,
    is_excluded,
)
from spyne.codec._defaults import check_defaults
from spyne.codec._tree_any import any_decoder, any_encoder, depth_within
from spyne.codec._tree_format import JSON, MSGPACK, MSGPACK_2, MSGPACK_TIMESTAMPS, YAML, TreeFormat
from spyne.codec._tree_scalar import as_bin, scalar_decoder, scalar_encoder, wrong
from spyne.codec.text import formatter, parser
from spyne.schema.nodes import (
    MISSING,
    Array,
    Bytes,
    Field,
    Map,
    Node,
    Ref,
    Scalar,
    Struct,
    resolve,
)
from spyne.schema.nodes import Any as AnyNode

__all__ = [
    "JSON",
    "MSGPACK",
    "MSGPACK_2",
    "MSGPACK_TIMESTAMPS",
    "YAML",
    "TreeFormat",
    "active_fields",
    "builder",
    "compile_decoder",
    "compile_encoder",
    "nesting",
    "null_is_array",
]


_ABSENT: Any = object()
_Trail: TypeAlias = tuple[int, ...]
_Write: TypeAlias = Callable[[Any, _Trail], Any]


def active_fields(node: Struct, options: Options) -> tuple[Field, ...]:
    """The members that take part in a protocol's documents."""
    return tuple(field for field in node.fields if not is_excluded(field, options))


def compile_decoder(field: Field, options: Options, fmt: TreeFormat, *, wrapped: bool = False) -> Decode:
    """A function from a tree to the value of one use of a type; raises `DecodeError` with every error found in one pass.

    wrapped: with `ignore_wrappers=False`, whether the outermost struct stands in an object under its name too; protocols that
    have already taken the method's name off leave it False.
    """
    compiler = _Decoders(options, fmt)
    decode = compiler.use(field, wrapped=wrapped)
    limit, message = options.max_depth, depth_message(options)
    if not compiler.unbounded and nesting(field, options) <= limit:
        return decode

    def guarded(value: Any) -> Any:
        if not depth_within(value, limit):
            raise DecodeError(message, value=value)
        return decode(value)

    return guarded


def nesting(field: Field, options: Options) -> int:
    """How deep the arrays and objects of a type nest, as far as it does not contain itself or free content."""
    return _depth(field, 1 if options.ignore_wrappers else 2, {})


def _depth(field: Field, of_struct: int, known: dict[int, int]) -> int:
    node = resolve(field.type)
    own = int(field.repeated)
    if id(node) not in known:
        known[id(node)] = 0  # what it contains of itself adds nothing
        if isinstance(node, Struct):
            structs = (node, *node.subtypes().values())
            inner = (_depth(each, of_struct, known) for struct in structs for each in struct.fields)
            known[id(node)] = of_struct + max(inner, default=0)
        elif isinstance(node, Array):
            known[id(node)] = 1 + _depth(_once(node.item), of_struct, known)
        elif isinstance(node, Map):
            known[id(node)] = 1 + _depth(node.value, of_struct, known)
    return own + known[id(node)]


def _once(item: Field) -> Field:
    return msgspec.structs.replace(item, max_occurs=1)


def compile_encoder(field: Field, options: Options, fmt: TreeFormat, *, wrapped: bool = False) -> Encode:
    """A function from the value of one use of a type to a tree; raises `EncodeError` with the place of the first misfit.

    Structs may be given as instances, mappings or sequences of members in order, arrays as any iterable. Members that are None
    are left out unless they must occur. An object inside itself is left out. wrapped: as in `compile_decoder`.
    """
    write = _Encoders(options, fmt).use(field, wrapped=wrapped)
    return lambda value: write(value, ())


class _Decoders:
    """Compiles decoders; structs are compiled once each, so that types may be recursive.

    unbounded: set when the types do not bound the depth of the tree, so that it has to be measured.
    """

    def __init__(self, options: Options, fmt: TreeFormat) -> None:
        self.options = options
        self.fmt = fmt
        self.unbounded = False
        self.structs: dict[int, list[Decode]] = {}
        self.keep: list[Node] = []

    def use(self, field: Field, *, wrapped: bool = True) -> Decode:
        decode = self.one(field, wrapped=wrapped)
        return self.many(field, decode) if field.repeated else decode

    def one(self, field: Field, *, wrapped: bool = True) -> Decode:
        """One occurrence, null included."""
        decode = self.node(field.type, wrapped=wrapped)
        refuse_null = self.options.validate and not field.nillable
        nothing = list if null_is_array(field) else _nothing

        def read(value: Any) -> Any:
            if value is None:
                if refuse_null:
                    raise DecodeError("must not be null", value=None)
                return nothing()
            return decode(value)

        return read

    def many(self, field: Field, decode: Decode) -> Decode:
        """All occurrences, as an array; null is none of them."""
        check = counter(field) if self.options.validate else None
        read_items = _counted(_items(decode), check)
        low = field.min_occurs if self.options.validate else 0

        def read(value: Any) -> Any:
            return None if value is None and not low else read_items([] if value is None else value)

        return read

    def node(self, node: Node, *, wrapped: bool = True) -> Decode:
        if isinstance(node, Ref):
            self.unbounded = True
            node = resolve(node)
        if isinstance(node, Scalar):
            return scalar_decoder(node, self.options, self.fmt)
        if isinstance(node, Struct):
            return self.struct(node, wrapped=wrapped and not self.options.ignore_wrappers)
        if isinstance(node, Array):
            return self.array(node)
        if isinstance(node, Map):
            return self.map(node)
        if isinstance(node, AnyNode):
            self.unbounded = True
            return any_decoder(node, self.options)
        raise TypeError(f"{type(node).__name__} cannot travel in {self.fmt.name}")

    def array(self, node: Array) -> Decode:
        """An array; with validation its length is bounded by the item's occurrence."""
        check = array_counter(node) if self.options.validate else None
        read = _counted(_items(self.one(node.item)), check)
        load = node.load
        return read if load is None else lambda value: load(read(value))

    def map(self, node: Map) -> Decode:
        read_value = self.use(node.value)
        key = resolve(node.key.type)
        if not isinstance(key, Scalar):
            raise TypeError(f"the keys of a map must be scalars to travel in {self.fmt.name}")
        parse = parser(
            key,
            validate=self.options.validate,
            binary=self.options.binary_encoding,
            rfc3339=True,
            number_text=self.options.number_text,
        )

        def read(value: Any) -> Any:
            if not isinstance(value, dict):
                raise wrong("is not an object with members", value)
            errors: list[DecodeError] = []
            found = {}
            for name, item in value.items():
                shown = _text_key(name)
                try:
                    found[parse(shown)] = read_value(item)
                except DecodeError as error:
                    errors.append(error.at(shown))
                    if len(errors) >= MAX_ERRORS:
                        break
            if errors:
                raise combine(errors)
            return found

        return read

    def struct(self, node: Struct, *, wrapped: bool) -> Decode:
        members = self.struct_members(node)
        return self.wrapper(node, members) if wrapped else members

    def struct_members(self, node: Struct) -> Decode:
        """The reader of a struct's own object; while it is being compiled, one that finds it later."""
        known = self.structs.get(id(node))
        if known is None:
            self.keep.append(node)
            known = self.structs[id(node)] = []
            known.append(self.compile_struct(node))
        if known:
            return known[0]
        self.unbounded = True
        later = known
        return lambda value: later[0](value)

    def wrapper(self, node: Struct, members: Decode) -> Decode:
        """An object of one key, the struct's name or that of one which derives from it."""
        by_name: dict[str, Decode] = {}

        def names() -> dict[str, Decode]:
            if not by_name:
                derived = {sub.name: self.struct_members(sub) for sub in node.subtypes().values()}
                by_name.update({**derived, node.name: members})
            return by_name

        def read(value: Any) -> Any:
            if not isinstance(value, dict) or len(value) != 1:
                raise wrong(f"is not an object with the single key {node.name}", value)
            ((key, inner),) = value.items()
            name = _text_key(key)
            decode = names().get(name)
            if decode is None:
                raise DecodeError(f"has the key '{cut(name)}', which is not one of: {', '.join(sorted(names()))}")
            if inner is None:
                return None
            try:
                return decode(inner)
            except DecodeError as error:
                raise error.at(name) from None

        return read

    def compile_struct(self, node: Struct) -> Decode:
        check_defaults(node)
        fields = active_fields(node, self.options)
        plan = tuple((f.wire_name or f.name, self.use(f), self.absent(f)) for f in fields)
        build = builder(node, fields)
        wire_names = tuple(name for name, _, _ in plan)
        byte_keys = Bytes in self.fmt.native

        def collect(value: dict[Any, Any]) -> list[Any]:
            """The slow way, once something failed: every member is tried, every error kept."""
            errors: list[DecodeError] = []
            found: list[Any] = []
            for name, decode, absent in plan:
                try:
                    item = value.get(name, _ABSENT)
                    found.append(absent() if item is _ABSENT else decode(item))
                except DecodeError as error:
                    errors.append(error.at(name))
            if errors:
                raise combine(errors)
            return found

        def read(value: Any) -> Any:
            if type(value) is not dict:
                value = _as_object(value, wire_names)
            elif byte_keys and any(type(key) is bytes for key in value):
                value = {_text_key(key): item for key, item in value.items()}
            get = value.get
            try:
                found = []
                for name, decode, absent in plan:
                    item = get(name, _ABSENT)
                    found.append(absent() if item is _ABSENT else decode(item))
            except DecodeError:
                found = collect(value)
            return build(found)

        return read

    def absent(self, field: Field) -> Callable[[], Any]:
        """What a missing member gives."""
        if self.options.validate and field.min_occurs > 0:

            def missing() -> Any:
                raise absence(field)

            return missing
        return _default_maker(field)


def _default_maker(field: Field) -> Callable[[], Any]:
    if field.default_factory is not None:
        return field.default_factory
    default = _default(field)
    return lambda: default


def null_is_array(field: Field) -> bool:
    """Whether null stands for an empty array."""
    return bool(field.hints.get("none_is_empty")) and isinstance(field.type, Array) and field.type.load is None


def _nothing() -> None:
    return None


def _items(decode: Decode) -> Decode:
    """A reader of all items of a sequence."""

    def collect(value: Any) -> list[Any]:
        errors: list[DecodeError] = []
        found: list[Any] = []
        for index, item in enumerate(value):
            try:
                found.append(decode(item))
            except DecodeError as error:
                errors.append(error.at(index))
                if len(errors) >= MAX_ERRORS:
                    break
        if errors:
            raise combine(errors)
        return found

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise wrong("is not an array", value)
        try:
            return [decode(item) for item in value]
        except DecodeError:
            return collect(value)

    return read


def _counted(read: Decode, check: Callable[[int], None] | None) -> Decode:
    """The same reader, which counts the items of an array before it reads them."""
    if check is None:
        return read

    def read_counted(value: Any) -> Any:
        if isinstance(value, list | tuple):
            check(len(value))
        return read(value)

    return read_counted


def _text_key(key: Any) -> str:
    """A member's name as text: MessagePack may give bytes, YAML anything."""
    if isinstance(key, str):
        return key
    if isinstance(key, bytes):
        try:
            return key.decode()
        except UnicodeDecodeError:
            raise DecodeError("has a key that is not UTF-8") from None
    return str(key) if isinstance(key, int | float) else repr(type(key).__name__)


def _as_object(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Members given in order, without their names."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list | tuple):
        raise wrong("is not an object with members", value)
    if len(value) > len(names):
        raise DecodeError(f"has {len(value)} items for {len(names)} members")
    return dict(zip(names, value, strict=False))


def builder(node: Struct, fields: tuple[Field, ...]) -> Callable[[list[Any]], Any]:
    """A function that makes the struct from the values of `fields`; the other members get their defaults."""
    make = node.make
    if node.positional and len(fields) == len(node.fields):
        return lambda values: make(*values)
    names = tuple(field.name for field in fields)
    if len(fields) == len(node.fields):
        return lambda values: make(**dict(zip(names, values, strict=True)))
    others = tuple((field, _default_maker(field)) for field in node.fields if field not in fields)

    def build(values: list[Any]) -> Any:
        rest = {f.name: absent() for f, absent in others}
        return make(**rest, **dict(zip(names, values, strict=True)))

    return build


class _Encoders:
    """Compiles encoders; each also gets the trail of the structs it is inside of."""

    def __init__(self, options: Options, fmt: TreeFormat) -> None:
        self.options = options
        self.fmt = fmt
        self.structs: dict[int, list[_Write]] = {}
        self.keep: list[Node] = []

    def key(self, name: str) -> str | bytes:
        """A member's name as the format writes it."""
        return as_bin(name) if self.fmt.text_as_bin else name

    def use(self, field: Field, *, wrapped: bool = True) -> _Write:
        write = self.one(field, wrapped=wrapped)
        return _sequence(write, skips=_knows_itself(field)) if field.repeated else write

    def one(self, field: Field, *, wrapped: bool = True) -> _Write:
        """One occurrence, None included."""
        write = self.node(field.type, wrapped=wrapped)
        if field.hints.get("none_is_empty") and isinstance(resolve(field.type), Struct):
            return lambda value, trail: write({} if value is None else value, trail)
        return lambda value, trail: None if value is None else write(value, trail)

    def node(self, node: Node, *, wrapped: bool = True) -> _Write:
        node = resolve(node)
        if isinstance(node, Scalar):
            scalar = scalar_encoder(node, self.options, self.fmt)
            return lambda value, _: scalar(value)
        if isinstance(node, Struct):
            return self.struct(node, wrapped=wrapped and not self.options.ignore_wrappers)
        if isinstance(node, Array):
            item = node.item
            return _sequence(self.one(item), skips=_knows_itself(item))
        if isinstance(node, Map):
            return self.map(node)
        if isinstance(node, AnyNode):
            free = any_encoder(node, self.options, self.fmt)
            return lambda value, _: free(value)
        raise TypeError(f"{type(node).__name__} cannot travel in {self.fmt.name}")

    def map(self, node: Map) -> _Write:
        write_value = self.use(node.value)
        key = resolve(node.key.type)
        if not isinstance(key, Scalar):
            raise TypeError(f"the keys of a map must be scalars to travel in {self.fmt.name}")
        text = formatter(key, binary=self.options.binary_encoding)

        def write(value: Any, trail: _Trail) -> Any:
            if not isinstance(value, Mapping):
                raise EncodeError(f"expected dict, got {type(value).__name__}")
            found = {}
            for name, item in value.items():
                try:
                    written = write_value(item, trail)
                    found[self.key(text(name))] = None if written is _ABSENT else written
                except EncodeError as error:
                    raise _at(error, str(name)) from None
            return found

        return write

    def struct(self, node: Struct, *, wrapped: bool) -> _Write:
        own = self.struct_members(node)
        polymorphic = self.options.polymorphic
        if not wrapped and not polymorphic:
            return own
        by_class: dict[type, tuple[str, _Write]] = {}

        def choose(value: Any) -> tuple[str, _Write]:
            cls = type(value)
            found = by_class.get(cls)
            if found is None:
                found = (node.name, own)
                if polymorphic and cls is not node.cls:
                    derived = {sub.cls: sub for sub in node.subtypes().values()}
                    sub = next((derived[base] for base in cls.__mro__ if base in derived), None)
                    if sub is not None:
                        found = (sub.name, self.struct_members(sub))
                by_class[cls] = found
            return found

        def write(value: Any, trail: _Trail) -> Any:
            name, members = choose(value)
            found = members(value, trail)
            return {self.key(name): found} if wrapped and isinstance(found, dict) else found

        return write

    def struct_members(self, node: Struct) -> _Write:
        known = self.structs.get(id(node))
        if known is None:
            self.keep.append(node)
            known = self.structs[id(node)] = []
            known.append(self.compile_struct(node))
        if known:
            return known[0]
        later = known
        return lambda value, trail: later[0](value, trail)

    def compile_struct(self, node: Struct) -> _Write:
        check_defaults(node)
        fields = active_fields(node, self.options)
        plan = tuple(
            (f.name, f.wire_name or f.name, self.key(f.wire_name or f.name), self.use(f), f.min_occurs > 0, _default(f))
            for f in fields
        )
        as_list = self.options.complex_as == "list"
        limit = self.options.max_depth
        members = _members_reader(node)

        def write(value: Any, trail: _Trail) -> Any:
            mark = id(value)
            if mark in trail:
                return _ABSENT
            if len(trail) >= limit:
                raise EncodeError(f"nests deeper than max_depth={limit}")
            inner = (*trail, mark)
            get = members(value)
            found: dict[str | bytes, Any] = {}
            for name, wire_name, key, encode, required, default in plan:
                item = get(name)
                if item is None:
                    item = default
                if item is None:
                    if required or as_list:
                        found[key] = None
                    continue
                try:
                    text = encode(item, inner)
                except EncodeError as error:
                    raise _at(error, wire_name) from None
                if text is not _ABSENT:
                    found[key] = text
                elif required or as_list:
                    found[key] = None
            return list(found.values()) if as_list else found

        return write


def _at(error: EncodeError, step: str | int) -> EncodeError:
    error.path = (step, *error.path)
    return error


def _default(field: Field) -> Any:
    """What stands for a missing member on input, and for None on output."""
    return None if field.default is MISSING else field.default


def _members_reader(node: Struct) -> Callable[[Any], Callable[[str], Any]]:
    """How members are read from what user code returned: an instance, a mapping, or a sequence in order."""
    cls, by_item, view = node.cls, node.access == "item", node.view
    names = tuple(field.name for field in node.fields)
    wire = {field.name: field.wire_name or field.name for field in node.fields}
    not_structs = (str, bytes, bytearray, int, float, complex, type)

    def reader(value: Any) -> Callable[[str], Any]:
        if not by_item and isinstance(value, cls):
            return (lambda name: getattr(value, name, None)) if view is None else view(value).get
        if isinstance(value, Mapping):
            return lambda name: value[name] if name in value else value.get(wire[name])
        if isinstance(value, list | tuple):
            if len(value) > len(names):
                raise EncodeError(f"expected {cls.__name__}, got {len(value)} items for {len(names)} members")
            return dict(zip(names, value, strict=False)).get
        if isinstance(value, not_structs) or not any(hasattr(value, name) for name in names):
            raise EncodeError(f"expected {cls.__name__}, got {type(value).__name__}")
        return lambda name: getattr(value, name, None)

    return reader


def _knows_itself(item: Field) -> bool:
    """Whether objects of a type are expected inside themselves, as a row is inside the rows that belong to it."""
    node = resolve(item.type)
    return isinstance(node, Struct) and node.view is not None


def _sequence(encode: _Write, *, skips: bool = False) -> _Write:
    """All items. skips: one that is inside itself is left out, else it is null."""

    def write(value: Any, trail: _Trail) -> list[Any]:
        if isinstance(value, str | bytes | bytearray | Mapping) or not isinstance(value, Iterable):
            raise EncodeError(f"expected list, got {type(value).__name__}")
        found: list[Any] = []
        for index, item in enumerate(value):
            try:
                text = encode(item, trail)
                if text is not _ABSENT:
                    found.append(text)
                elif not skips:
                    found.append(None)
            except EncodeError as error:
                raise _at(error, index) from None
        return found

    return write
