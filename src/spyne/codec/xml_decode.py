"""From an lxml element to a Python value: the definition of what XML means here, written for care rather than speed.

Every type becomes one closure when the application is built. What arrives is read leniently (order is free, unknown elements
and attributes are ignored, a name counts in any namespace where the right one does not match), and errors are collected
with their paths as far as one pass can find them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from lxml import etree

from spyne.codec import text
from spyne.codec._base import MAX_ERRORS, DecodeError, absence, array_counter, combine, counter, depth_message
from spyne.codec._xml_names import (
    XSI_NIL,
    XSI_TYPE,
    Member,
    default_of,
    has_default,
    local,
    members,
    type_names,
)
from spyne.codec._xop import ATTACHMENTS, included_reader
from spyne.schema.nodes import Any as AnyNode
from spyne.schema.nodes import Array, Bytes, Enum, Field, Map, Node, Ref, Scalar, Str, Struct, resolve, unset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spyne.codec._base import Options

XmlElement: TypeAlias = Any
Read: TypeAlias = "Callable[[XmlElement, int], Any]"

_TRUE = frozenset({"true", "1"})
_SPACE = " \t\n\r"
_ABSENT: Any = object()


def compile_decoder(field: Field, options: Options) -> Callable[[XmlElement], Any]:
    """A function from one element to the field's value: None or the default for a nil one; DecodeError for what does not fit."""
    return Readers(options).decoder(field)


class Readers:
    """The closures of one set of options; those of a type are made once and shared by all its uses.

    Each takes an element and how many references to enclosing types were followed to get there.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self._made: dict[int, Read] = {}
        self._keep: list[Node] = []

    def decoder(self, field: Field) -> Callable[[XmlElement], Any]:
        """What `compile_decoder` returns."""
        read = self.field(field)
        message = depth_message(self.options)

        def decode(element: XmlElement) -> Any:
            try:
                return read(element, 0)
            except RecursionError:
                raise DecodeError(message) from None

        return decode

    # --- one use of a type -----------------------------------------------------------------------------------------------------

    def field(self, field: Field) -> Read:
        """Reads one element of the field; of a repeated one, one of its elements."""
        node = resolve(field.type)
        if isinstance(node, Scalar):
            return self._scalar(field, node)
        read = self.node(field.type)
        nil, refuse = self._nil(field), self._full_nil()

        def read_field(e: XmlElement, depth: int) -> Any:
            if e.get(XSI_NIL) is not None:
                if is_nil(e) and not (e.text or "").strip(_SPACE):
                    return nil()
                refuse(e)
            return read(e, depth)

        return read_field

    def _nil(self, field: Field) -> Callable[[], Any]:
        """What an element with xsi:nil means (XSD 1.0 part 1 §2.6.2)."""
        if self.options.validate and not field.nillable:

            def refuse() -> Any:
                raise DecodeError("must not be nil")

            return refuse
        if self.options.replace_null_with_default and has_default(field) and field.default_factory is not unset:
            return default_of(field)
        return lambda: None

    def _full_nil(self) -> Callable[[XmlElement], None]:
        """Refuses an element that is nil and has content (XSD 1.0 part 1 §3.3.4, 3.2.1); without validation the content counts."""
        return _refuse_full_nil if self.options.validate else _accept

    def _scalar(self, field: Field, node: Scalar) -> Read:
        parse = self.parser(node)
        nil, refuse, empty = self._nil(field), self._full_nil(), self._empty(field, node, parse)
        is_text = isinstance(node, Str)
        included = included_reader(node, validate=self.options.validate) if isinstance(node, Bytes) else None

        def read_scalar(e: XmlElement, depth: int) -> Any:
            if included is not None and has_element(e):
                refuse(e)
                return included(e)
            found = e.text if not len(e) else split_text(e)
            if included is not None and ATTACHMENTS.get() is not None and "href" in e.attrib and not _has_text(found):
                return included(e)
            if not found:
                return nil() if is_nil(e) else empty()
            if e.get(XSI_NIL) is not None:
                if not is_text and is_nil(e) and not found.strip(_SPACE):
                    return nil()
                refuse(e)
            return parse(found)

        return read_scalar

    def _empty(self, field: Field, node: Scalar, parse: Callable[[str], Any]) -> Callable[[], Any]:
        """What `<a/>` means: the empty text, or no value for types that have none such; an enumeration is asked under validation."""
        asked = has_empty_text(node) or (self.options.validate and isinstance(node, Enum))
        if asked and not field.hints.get("empty_is_none"):
            return lambda: parse("")
        if self.options.validate and not field.nillable:

            def refuse() -> Any:
                raise DecodeError("must not be empty", value="")

            return refuse
        return lambda: None

    def parser(self, node: Scalar) -> Callable[[str], Any]:
        """The function from text to value."""
        options = self.options
        return text.parser(
            node, validate=options.validate, binary=options.binary_encoding, number_text=options.number_text
        )

    # --- types -----------------------------------------------------------------------------------------------------------------

    def node(self, node: Node) -> Read:
        """Reads the contents of an element that is not nil."""
        if isinstance(node, Ref):
            return self._ref(node)
        known = self._made.get(id(node))
        if known is not None:
            return known
        slot: list[Read] = []
        self._made[id(node)] = lambda e, depth: slot[0](e, depth)
        self._keep.append(node)  # an id stays unique only as long as its object lives
        slot.append(self._make(node))
        self._made[id(node)] = slot[0]
        return slot[0]

    def _make(self, node: Node) -> Read:
        if isinstance(node, Struct):
            return self._typed(node)
        if isinstance(node, Array):
            return self._array(node)
        if isinstance(node, Map):
            return self._map(node)
        if isinstance(node, AnyNode):
            return self._any(node)
        raise TypeError(f"{type(node).__name__} has no form in XML")

    def _ref(self, node: Ref) -> Read:
        """A struct inside itself: one level deeper."""
        read: list[Read] = []
        limit, message = self.options.max_depth, depth_message(self.options)

        def read_ref(e: XmlElement, depth: int) -> Any:
            if depth >= limit:
                raise DecodeError(message)
            return read[0](e, depth + 1)

        read.append(self.node(resolve(node)))
        return read_ref

    def _array(self, node: Array) -> Read:
        """An element per item, whatever its name."""
        read_item, load = self.field(node.item), node.load
        check = array_counter(node) if self.options.validate else None

        def read_array(e: XmlElement, depth: int) -> Any:
            items: list[Any] = []
            errors: list[DecodeError] = []
            for child in e:
                if child.tag.__class__ is not str:
                    continue
                try:
                    items.append(read_item(child, depth))
                except DecodeError as error:
                    errors.append(error.at(len(items)))
                    items.append(None)
                    if len(errors) >= MAX_ERRORS:
                        break
            if check is not None and not errors:
                check(len(items))
            if errors:
                raise combine(errors)
            return items if load is None else load(items)

        return read_array

    def _map(self, node: Map) -> Read:
        """An element per entry, with the key and the value as its children; the last of equal keys counts."""
        read_key, read_value = self.field(node.key), self.field(node.value)
        names = (node.key.wire_name or "key", node.value.wire_name or "value")

        def read_entry(e: XmlElement, depth: int) -> tuple[Any, Any]:
            found = {local(child.tag): child for child in e if child.tag.__class__ is str}
            parts = []
            for name, read in zip(names, (read_key, read_value), strict=True):
                try:
                    parts.append(read(found[name], depth) if name in found else None)
                except DecodeError as error:
                    raise error.at(name) from None
            if parts[0] is None:
                raise DecodeError("is required").at(names[0])
            return parts[0], parts[1]

        def read_map(e: XmlElement, depth: int) -> dict[Any, Any]:
            values: dict[Any, Any] = {}
            errors: list[DecodeError] = []
            for index, child in enumerate(child for child in e if child.tag.__class__ is str):
                try:
                    key, value = read_entry(child, depth)
                    values[key] = value
                except DecodeError as error:
                    errors.append(error.at(index))
                    if len(errors) >= MAX_ERRORS:
                        break
            if errors:
                raise combine(errors)
            return values

        return read_map

    def _any(self, node: AnyNode) -> Read:
        if node.flavour == "dict":
            limit, message = self.options.max_depth, depth_message(self.options)
            return lambda e, _: _as_dict(e, limit, message)
        if node.flavour == "any":
            return lambda e, _: _first_child(e) if len(e) else e.text or None
        return lambda e, _: _first_child(e)

    # --- structs ---------------------------------------------------------------------------------------------------------------

    def _typed(self, node: Struct) -> Read:
        """A struct, or the one of its subtypes that xsi:type names (XSD 1.0 part 1 §2.6.1)."""
        own = self._struct(node)
        if not self.options.parse_xsi_type:
            return own
        known = type_names(node)
        readers = {name: own if struct is node else self.node(struct) for name, struct in known.items()}
        allowed = ", ".join(name for _, name in known)

        def read_typed(e: XmlElement, depth: int) -> Any:
            declared = e.get(XSI_TYPE)
            if declared is None:
                return own(e, depth)
            name = type_name(e, declared)
            read = None if name is None else readers.get(name)
            if read is None:
                raise DecodeError(f"has an xsi:type that is not one of: {allowed}", value=declared)
            return read(e, depth)

        return read_typed

    def _struct(self, node: Struct) -> Read:
        found = members(node, self.options)
        elements = [m for m in found if m.place == "element"]
        read_elements = self._elements([m for m in elements if not m.field.hints.get("read_only")])
        others = [self._outside(m) for m in found if m.place != "element" and not m.field.hints.get("read_only")]
        absent = [default_of(field) for field in node.fields]
        checks = self._checks(node, elements)
        size, make = len(node.fields), node.make
        names = None if node.positional else [field.name for field in node.fields]

        def read_struct(e: XmlElement, depth: int) -> Any:
            values = [_ABSENT] * size
            errors: list[DecodeError] = []
            counts = read_elements(e, depth, values, errors)
            for read in others:
                read(e, values, errors)
            for check in checks:
                check(counts, errors)
            if errors:
                raise combine(errors)
            for index, value in enumerate(values):
                if value is _ABSENT:
                    values[index] = absent[index]()
            return make(*values) if names is None else make(**dict(zip(names, values, strict=True)))

        return read_struct

    def _elements(
        self, found: list[Member]
    ) -> Callable[[XmlElement, int, list[Any], list[DecodeError]], Mapping[int, int]]:
        """Reads the child elements into `values` and returns how often each member occurred."""
        by_tag: dict[Any, tuple[int, Read, str, bool]] = {}
        by_local: dict[str, tuple[int, Read, str, bool]] = {}
        for m in found:
            entry = (m.index, self.field(m.field), m.name, m.field.repeated)
            by_tag[m.tag] = entry
            by_local.setdefault(m.name, entry)

        def read_elements(e: XmlElement, depth: int, values: list[Any], errors: list[DecodeError]) -> Mapping[int, int]:
            counts: dict[int, int] = {}
            for child in e:
                tag = child.tag
                member = by_tag.get(tag)
                if member is None and tag.__class__ is str:
                    member = by_local.get(local(tag))
                if member is None:
                    continue
                index, read, name, repeated = member
                count = counts.get(index, 0)
                counts[index] = count + 1
                if repeated and not count:
                    values[index] = []
                try:
                    value = read(child, depth)
                except DecodeError as error:
                    errors.append(error.at(name, count) if repeated else error.at(name))
                    if len(errors) >= MAX_ERRORS:
                        break
                    continue
                if repeated:
                    values[index].append(value)
                else:
                    values[index] = value
            return counts

        return read_elements

    def _outside(self, m: Member) -> Callable[[XmlElement, list[Any], list[DecodeError]], None]:
        """Reads a member that is an attribute or the text of its parent."""
        node = resolve(m.field.type)
        assert isinstance(node, Scalar)
        parse, name, index = self.parser(node), m.name, m.index
        required = self.options.validate and m.field.hints.get("xml_use") == "required"
        keep_empty = has_empty_text(node) and not m.field.hints.get("empty_is_none")
        tag = m.tag if m.place == "attribute" else None
        also = m.also or ""

        def read_outside(e: XmlElement, values: list[Any], errors: list[DecodeError]) -> None:
            found = own_text(e) if tag is None else e.get(tag)
            if found is None and also:
                found = e.get(also)
            if found is None:
                if required:
                    errors.append(DecodeError("is a required attribute").at(name))
                return
            try:
                values[index] = parse(found) if found or keep_empty else None
            except DecodeError as error:
                errors.append(error.at(name))

        return read_outside

    def _checks(
        self, node: Struct, found: list[Member]
    ) -> list[Callable[[Mapping[int, int], list[DecodeError]], None]]:
        if not self.options.validate or not getattr(node.hints.get("attributes"), "validate_freq", True):
            return []
        groups: dict[str, list[Member]] = {}
        checks = []
        for m in found:
            group = m.field.hints.get("xml_choice")
            if group:
                groups.setdefault(group, []).append(m)
            if not m.field.hints.get("read_only"):
                check = self._occurrence(m, optional=bool(group))
                if check is not None:
                    checks.append(check)
        return checks + [_choice(group) for group in groups.values()]

    def _occurrence(
        self, m: Member, *, optional: bool
    ) -> Callable[[Mapping[int, int], list[DecodeError]], None] | None:
        check = counter(m.field)
        if check is None:
            return None
        index, name, field = m.index, m.name, m.field

        def check_member(counts: Mapping[int, int], errors: list[DecodeError]) -> None:
            count = counts.get(index, 0)
            if not count:
                if field.min_occurs and not optional:
                    errors.append(absence(field).at(name))
                return
            try:
                check(count)
            except DecodeError as error:
                errors.append(error.at(name))

        return check_member


def _choice(group: list[Member]) -> Callable[[Mapping[int, int], list[DecodeError]], None]:
    """At most one member of a group, exactly one where none of them may be absent (XSD 1.0 part 1 §3.8)."""
    names = ", ".join(m.name for m in group)
    required = all(m.field.min_occurs > 0 for m in group)

    def check(counts: Mapping[int, int], errors: list[DecodeError]) -> None:
        present = [m for m in group if m.index in counts]
        if len(present) > 1:
            errors.append(
                DecodeError(f"is one too many: only one may be given of {names}").at(present[1].field.wire_name)
            )
        elif not present and required:
            errors.append(DecodeError(f"one of {names} is required"))

    return check


# --- elements ------------------------------------------------------------------------------------------------------------------


def is_nil(e: XmlElement) -> bool:
    """Whether the element says xsi:nil="true" and has no child elements; with contents it is not nil."""
    return says_nil(e) and not has_element(e)


def says_nil(e: XmlElement) -> bool:
    """Whether the element has xsi:nil="true"."""
    value = e.get(XSI_NIL)
    return value is not None and value.strip(_SPACE) in _TRUE


def _accept(_: XmlElement) -> None:
    pass


def _refuse_full_nil(e: XmlElement) -> None:
    if says_nil(e):
        raise DecodeError('has xsi:nil="true" and must be empty')


def has_element(e: XmlElement) -> bool:
    """Whether the element has child elements; comments are none."""
    return bool(len(e)) and next(e.iterchildren("*"), None) is not None


def _has_text(text: str | None) -> bool:
    return text is not None and text.strip(_SPACE) != ""


def split_text(e: XmlElement) -> str:
    """The text of an element that has comments or processing instructions in it; DecodeError if it has elements."""
    parts = [e.text or ""]
    for child in e:
        if child.tag.__class__ is str:
            raise DecodeError("has child elements where text is expected", value=local(child.tag))
        if child.tag is etree.Entity:
            raise DecodeError("has an entity reference where text is expected")
        parts.append(child.tail or "")
    return "".join(parts)


def own_text(e: XmlElement) -> str | None:
    """The text of an element beside its child elements, None if there is none."""
    if not len(e):
        return e.text or None
    return "".join([e.text or "", *(child.tail or "" for child in e)]) or None


def type_name(e: XmlElement, qname: str) -> tuple[str, str] | None:
    """The namespace and name of a QName by the prefixes in scope; None for a prefix that is not declared."""
    prefix, _, name = qname.strip(_SPACE).rpartition(":")
    namespace = e.nsmap.get(prefix or None)
    if namespace is None:
        return None if prefix else ("", name)
    return namespace, name


def _first_child(e: XmlElement) -> Any:
    return next(e.iterchildren("*"), None)


def _as_dict(e: XmlElement, limit: int, message: str) -> dict[str, Any] | None:
    """Child elements by name, each a list of texts and dicts; names with a namespace are in Clark's notation.

    Attributes are left out, and an element without children and text is an empty dict: what Spyne 2 made of it.
    """
    if limit <= 0:
        raise DecodeError(message)
    found: dict[str, Any] = {}
    for child in e.iterchildren("*"):
        value = _as_dict(child, limit - 1, message) if len(child) else child.text or {}
        found.setdefault(child.tag, []).append({} if value is None else value)
    return found or None


def has_empty_text(node: Scalar) -> bool:
    """Whether the empty text is a value of the type; for a ByteArray it has always meant that there is none."""
    return (
        isinstance(node, Str) or (isinstance(node, Bytes) and node.load is None) or "" in getattr(node, "members", ())
    )
