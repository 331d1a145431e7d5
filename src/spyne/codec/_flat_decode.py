"""From gathered flat names to values: a compiled use of each type, which knows its steps and reads what was sent for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spyne.codec._base import MAX_ERRORS, DecodeError, absence, array_counter, combine, counter
from spyne.codec._defaults import check_defaults
from spyne.codec._flat_names import EMPTY_WORD, Place, Step, Use, index_at, step_free
from spyne.codec._tree_any import any_decoder
from spyne.codec.text import checker, parser
from spyne.codec.tree import active_fields, builder
from spyne.schema.nodes import MISSING, Array, Bytes, Enum, Field, Map, Node, Scalar, Str, Struct, resolve
from spyne.schema.nodes import Any as AnyNode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spyne.codec._base import Options

__all__ = ["Compiler"]


class Compiler:
    """Compiles the uses of a type and of all it is made of; a struct is compiled once, so that types may be recursive."""

    def __init__(self, options: Options, delimiter: str, *, strict_arrays: bool, array_index: int) -> None:
        self.options = options
        self.delimiter = delimiter
        self.strict_arrays = strict_arrays
        self.array_index = array_index
        self.structs: dict[int, StructBody] = {}
        self.keep: list[Node] = []

    def use(self, field: Field) -> Use:
        """All occurrences of a field."""
        if field.repeated:
            check = counter(field) if self.options.validate else None
            return ListUse(self, field, self.one(field), check, None)
        return self.one(field)

    def one(self, field: Field) -> Use:
        """One occurrence of a field."""
        node = resolve(field.type)
        if isinstance(node, Scalar):
            return LeafUse(self, field, scalar_reader(node, field, self.options))
        if isinstance(node, Struct):
            return StructUse(self, field, self.body(node))
        if isinstance(node, Array):
            check = array_counter(node) if self.options.validate else None
            return ListUse(self, field, self.one(msgspec.structs.replace(node.item, max_occurs=1)), check, node.load)
        if isinstance(node, Map):
            return MapUse(self, field, node)
        if isinstance(node, AnyNode):
            if node.flavour in ("xml", "html"):
                return LeafUse(self, field, markup_reader(node, self.options))
            return FreeUse(self, field, node)
        raise TypeError(f"{type(node).__name__} cannot travel in flat names")

    def body(self, node: Struct) -> StructBody:
        """The members of a struct, one object for all its uses."""
        known = self.structs.get(id(node))
        if known is None:
            self.keep.append(node)  # an id stays unique only as long as its object lives
            known = self.structs[id(node)] = StructBody()
            known.fill(self, node)
        return known


# --- one value -----------------------------------------------------------------------------------------------------------------


def scalar_reader(node: Scalar, field: Field, options: Options) -> Callable[[Any], Any]:
    """A function from what was sent, a text or an upload, to a value; the empty text is no value of most types."""
    parse = parser(
        node,
        validate=options.validate,
        binary=options.binary_encoding,
        rfc3339=True,
        number_text=options.number_text,
    )
    upload = upload_reader(node, parse, options)
    if isinstance(node, Bytes) and node.encoding is None and options.binary_encoding == "urlsafe_base64":
        parse = any_base64(parse)
    asked = has_empty_text(node) or (options.validate and isinstance(node, Enum))
    keeps_empty = asked and not field.hints.get("empty_is_none")
    refuse_empty = options.validate and not field.nillable

    def read(value: Any) -> Any:
        if value.__class__ is not str:
            return upload(value)
        if value or keeps_empty:
            return parse(value)
        if refuse_empty:
            raise DecodeError("must not be empty", value="")
        return None

    return read


def any_base64(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """The same reader of URL-safe base64, which takes the common alphabet too, and leaves padding to the sender (RFC 4648 §3.2)."""

    def read(text: str) -> Any:
        padded = text if text.endswith("=") else text + "=" * (-len(text) % 4)
        try:
            return parse(padded.translate(_URL_SAFE))
        except DecodeError as error:
            error.value = text if error.value is not None else None
            raise

    return read


_URL_SAFE = str.maketrans("+/", "-_")


def has_empty_text(node: Scalar) -> bool:
    """Whether the empty text is a value of the type; for a ByteArray it has always meant that there is none."""
    return (
        isinstance(node, Str) or (isinstance(node, Bytes) and node.load is None) or "" in getattr(node, "members", ())
    )


def upload_reader(node: Scalar, parse: Callable[[str], Any], options: Options) -> Callable[[Any], Any]:
    """A function from an upload to a value: its bytes, or the text that they are in UTF-8."""
    if not isinstance(node, Bytes):
        return lambda upload: parse(_text_of(upload))
    check = checker(node) if options.validate else None
    load, take = node.load, node.hints.get("load_attachment")

    def read(upload: Any) -> Any:
        if check is None and take is not None:
            return take(upload)
        data = upload.read()
        if check is not None:
            _check(check, data)
        return take(upload) if take is not None else data if load is None else load(data)

    return read


def _text_of(upload: Any) -> str:
    try:
        text: str = upload.read().decode()
    except UnicodeDecodeError:
        raise DecodeError("is a file that is not text in UTF-8") from None
    return text


def _check(check: Callable[[Any], None], data: bytes) -> None:
    try:
        check(data)
    except DecodeError as error:
        error.value = None  # an upload of any size
        raise


def markup_reader(node: AnyNode, options: Options) -> Callable[[Any], Any]:
    """A function from a text of markup to an element; the empty text is none."""
    parse = any_decoder(node, options)
    return lambda value: parse(value if isinstance(value, str) else value.read()) if value != "" else None


# --- uses ----------------------------------------------------------------------------------------------------------------------


class _Single:
    """What uses of at most one value share: how often it may be sent, and what null means."""

    def __init__(self, compiler: Compiler, field: Field) -> None:
        validate = compiler.options.validate
        self.check = counter(msgspec.structs.replace(field, min_occurs=0, max_occurs=1)) if validate else None
        self.refuse_null = validate and not field.nillable

    def only(self, place: Place) -> Any:
        """The value; of several the first one, where that is not checked."""
        values = place.values
        if len(values) > 1 and self.check is not None:
            self.check(len(values))
        return values[0]

    def null(self) -> None:
        """What was sent without a value."""
        if self.refuse_null:
            raise DecodeError("must not be null", value=None)


class LeafUse(_Single):
    """A value with one text form."""

    def __init__(self, compiler: Compiler, field: Field, convert: Callable[[Any], Any]) -> None:
        super().__init__(compiler, field)
        self.convert = convert
        node = resolve(field.type)
        self.may_say_empty = isinstance(node, Str | Enum)

    def step(self, rest: str) -> None:
        return None

    def read(self, place: Place) -> Any:
        values = place.values
        value = values[0] if len(values) == 1 else self.only(place)
        return self.null() if value is None else self.convert(value)

    def convert_one(self, value: Any) -> Any:
        """The value of one text, upload or None."""
        return self.null() if value is None else self.convert(value)


class StructBody:
    """The members of a struct: found by name, read in order."""

    def __init__(self) -> None:
        self.members: dict[str, Use] = {}
        self.longest = 0
        self.plain = True

    def fill(self, compiler: Compiler, node: Struct) -> None:
        """Compile the members."""
        check_defaults(node)
        fields = active_fields(node, compiler.options)
        self.members.update({field.wire_name or field.name: compiler.use(field) for field in fields})
        self.delimiter = compiler.delimiter
        self.longest = max(map(len, self.members), default=0)
        self.plain = not any(compiler.delimiter in name or "[" in name for name in self.members)
        self.plan = [
            (
                field.wire_name or field.name,
                self.members[field.wire_name or field.name],
                _absent(field, compiler.options),
            )
            for field in fields
        ]
        self.build = builder(node, fields)

    def find(self, rest: str) -> tuple[Step, Use, str] | None:
        """The member that a rest begins with; where names hold the delimiter, the longest that fits."""
        use = self.members.get(rest)
        if use is not None:
            return rest, use, ""
        ends = [end for end in (rest.find(self.delimiter), rest.find("[")) if end >= 0]
        if self.plain:
            end = min(ends, default=0)
            use = self.members.get(rest[:end])
            return None if use is None else (rest[:end], use, rest[end:])
        for end in range(min(self.longest, len(rest) - 1), 0, -1):
            use = self.members.get(rest[:end])
            if use is not None and (rest[end] == "[" or rest.startswith(self.delimiter, end)):
                return rest[:end], use, rest[end:]
        return None

    def read_values(self, given: Mapping[str, list[Any]]) -> Any:
        """The same of members that were named without paths, as in most requests: texts are read at once."""
        found: list[Any] = []
        for name, use, absent in self.plan:
            values = given.get(name)
            try:
                if values is None:
                    found.append(absent())
                elif isinstance(use, LeafUse) and len(values) == 1:
                    found.append(use.convert_one(values[0]))
                else:
                    found.append(use.read(Place(values)))
            except DecodeError:
                return self.read({each: Place(values) for each, values in given.items()})
        return self.build(found)

    def read(self, inner: Mapping[Any, Place]) -> Any:
        """The object with these members."""
        found: list[Any] = []
        errors: list[DecodeError] = []
        for name, use, absent in self.plan:
            try:
                place = inner.get(name)
                found.append(absent() if place is None else use.read(place))
            except DecodeError as error:
                errors.append(error.at(name))
        if errors:
            raise combine(errors)
        return self.build(found)


def _absent(field: Field, options: Options) -> Callable[[], Any]:
    """What a member gives that was not sent."""
    if options.validate and field.min_occurs > 0:

        def missing() -> Any:
            raise absence(field)

        return missing
    if field.default_factory is not None:
        return field.default_factory
    default = None if field.default is MISSING else field.default
    return lambda: default


class StructUse(_Single):
    """An object, by the names of its members; ``empty`` stands for one that has none."""

    def __init__(self, compiler: Compiler, field: Field, body: StructBody) -> None:
        super().__init__(compiler, field)
        self.body = body
        self.delimiter = compiler.delimiter

    def step(self, rest: str) -> tuple[Step, Use, str] | None:
        if not rest.startswith(self.delimiter):
            return None
        return self.body.find(rest[len(self.delimiter) :])

    def read(self, place: Place) -> Any:
        if not place.inner:
            value = self.only(place)
            if value is None or value == "":
                return self.null()
            if value != EMPTY_WORD:
                raise DecodeError(f"is not an object: name its members, or say {EMPTY_WORD}", value=_shown(value))
        return self.body.read(place.inner)


class ListUse(_Single):
    """Items, by one name for all or by their indices; they are put in the order of the indices, and those not named left out."""

    def __init__(
        self,
        compiler: Compiler,
        field: Field,
        item: Use,
        check_count: Callable[[int], None] | None,
        load: Callable[[list[Any]], Any] | None,
    ) -> None:
        super().__init__(compiler, field)
        self.item = item
        self.leaf = item if isinstance(item, LeafUse) else None
        self.check_count = check_count
        self.load = load
        self.delimiter = compiler.delimiter
        self.array_index = compiler.array_index
        self.strict = compiler.strict_arrays

    def step(self, rest: str) -> tuple[Step | None, Use, str] | None:
        if rest[0] == "[":
            index, after = index_at(rest, self.array_index)
            if index is not None:
                return index, self.item, after
            return None if after else (None, self, "")
        return (0, self.item, rest) if self.leaf is None and rest.startswith(self.delimiter) else None

    def read(self, place: Place) -> Any:
        if self.leaf is None and place.values and not place.inner:
            value = place.values[0]
            if value is None or value == "":
                return self.null()
            if value != EMPTY_WORD:
                raise DecodeError(f"is not an array: name its items, or say {EMPTY_WORD}", value=_shown(value))
        items = self._items(self.leaf, place)
        return items if self.load is None else self.load(items)

    def _items(self, leaf: LeafUse | None, place: Place) -> list[Any]:
        values = [] if leaf is None or self._is_empty(leaf, place) else place.values
        indices = sorted(place.inner)
        if self.strict:
            _check_gaps(indices)
        if self.check_count is not None:
            self.check_count(len(values) + len(indices))
        found: list[Any] = []
        errors: list[DecodeError] = []
        for index, value in enumerate(values):
            assert leaf is not None
            _collect(found, errors, index, leaf.convert_one, value)
        for step in indices:
            _collect(found, errors, step, self.item.read, place.inner[step])
        if errors:
            raise combine(errors)
        return found

    @staticmethod
    def _is_empty(leaf: LeafUse, place: Place) -> bool:
        return not leaf.may_say_empty and not place.inner and place.values == [EMPTY_WORD]


def _collect(found: list[Any], errors: list[DecodeError], step: Step, read: Callable[[Any], Any], value: Any) -> None:
    """Read an item, or note what is wrong with it."""
    try:
        found.append(read(value))
    except DecodeError as error:
        if len(errors) < MAX_ERRORS:
            errors.append(error.at(step))


def _check_gaps(indices: list[Any]) -> None:
    for expected, index in enumerate(indices):
        if index != expected:
            raise DecodeError(f"has the index {index} but not {expected} (strict_arrays)")


class MapUse(_Single):
    """Entries, by their keys in place of members' names; keys of scalars may hold anything."""

    def __init__(self, compiler: Compiler, field: Field, node: Map) -> None:
        super().__init__(compiler, field)
        key = resolve(node.key.type)
        if not isinstance(key, Scalar):
            raise TypeError("the keys of a map must be scalars to travel in flat names")
        options = compiler.options
        self.parse = parser(key, validate=options.validate, binary=options.binary_encoding, rfc3339=True)
        self.value = compiler.use(node.value)
        self.delimiter = compiler.delimiter
        self.array_index = compiler.array_index
        self.whole = is_flat(node.value)

    def step(self, rest: str) -> tuple[Step, Use, str] | None:
        if self.whole:
            return (rest[len(self.delimiter) :], self.value, "") if rest.startswith(self.delimiter) else None
        found = step_free(rest, self.delimiter, self.array_index) if rest[0] != "[" else None
        return None if found is None else (found[0], self.value, found[1])

    def read(self, place: Place) -> Any:
        if not place.inner:
            value = self.only(place)
            if value is None or value == "":
                return self.null()
            if value != EMPTY_WORD:
                raise DecodeError(f"is not an object: name its members, or say {EMPTY_WORD}", value=_shown(value))
        found: dict[Any, Any] = {}
        errors: list[DecodeError] = []
        for name, inner in place.inner.items():
            try:
                found[self.parse(str(name))] = self.value.read(inner)
            except DecodeError as error:
                if len(errors) < MAX_ERRORS:
                    errors.append(error.at(name))
        if errors:
            raise combine(errors)
        return found


def is_flat(field: Field) -> bool:
    """Whether a value needs no name beside its own: a scalar, or repeated ones."""
    node = resolve(field.type)
    return isinstance(node, Scalar) or (isinstance(node, AnyNode) and node.flavour in ("xml", "html"))


class FreeUse(_Single):
    """Content that the schema says nothing of: texts, and objects and arrays of them as the names say."""

    def __init__(self, compiler: Compiler, field: Field, node: AnyNode) -> None:
        super().__init__(compiler, field)
        self.needs_members = node.flavour == "dict"
        self.delimiter = compiler.delimiter
        self.array_index = compiler.array_index

    def step(self, rest: str) -> tuple[Step, Use, str] | None:
        found = step_free(rest, self.delimiter, self.array_index)
        return None if found is None else (found[0], self, found[1])

    def read(self, place: Place) -> Any:
        if self.needs_members and not place.inner:
            value = self.only(place)
            if value is None or value == "":
                return self.null()
            if value != EMPTY_WORD:
                raise DecodeError(f"is not an object: name its members, or say {EMPTY_WORD}", value=_shown(value))
            return {}
        return _free(place)


def _free(place: Place) -> Any:
    inner = place.inner
    if not inner:
        values = [value if value is None or isinstance(value, str) else _text_of(value) for value in place.values]
        return values[0] if len(values) == 1 else values
    if all(isinstance(step, int) for step in inner):
        return [_free(inner[index]) for index in sorted(inner)]
    return {str(step): _free(each) for step, each in inner.items()}


def _shown(value: Any) -> Any:
    """What an error shows: a text, and of an upload nothing."""
    return value if isinstance(value, str) else None
