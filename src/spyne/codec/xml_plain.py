"""The plain decoder: from text to values without a tree, for documents that are written as schema-driven clients write them.

A type becomes a regular expression with its elements in schema order, no attribute, and nothing between them, and a generated function
of what its groups have caught. A document that does not match it to the last character is not plain: it is parsed, and read by the decoder
of trees. Of a document that matches, libxml2 would have made a tree, and the decoder of trees the same values.

Every repetition is possessive: the time is linear in the document.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from spyne.codec._xml_names import Member, clark, item_name, members
from spyne.codec.xml_decode import Readers
from spyne.codec.xml_fast import Generator, can_be_ordered
from spyne.schema.nodes import Array, Enum, Field, Ref, Scalar, Str, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spyne.codec._base import Options

    Read = Callable[[str, int], tuple[Any, int]]

__all__ = ["NotPlain", "PlainMessage"]

_MOST_VARIANTS = 16
"""Prefixes are part of an expression, and clients choose them: so many choices are compiled for a message."""
_MOST_ELEMENTS = 500
"""Those of a type that is put into one expression."""
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
_TEXT = "[^<]++"


class NotPlain(Exception):
    """The document, or the type, is not for this decoder."""


def _not_plain() -> Any:
    raise NotPlain


def unescape(text: str) -> str:
    """The text with the five entities that every document has resolved (XML 1.0 §4.6); others must not be in it."""
    for entity, character in _ENTITIES:  # the ampersand last: it would make entities of what is none
        if entity in text:
            text = text.replace(entity, character)
    return text


def _between(values: list[Any], low: int, high: int | None) -> list[Any]:
    """The values, if there are as many as that."""
    if len(values) < low or (high is not None and len(values) > high):
        raise NotPlain
    return values


class PlainMessage:
    """Reads the contents of the element of one message.

    tag: of the element. namespaces: of the elements in it, its own first. depth: elements inside each other. names: how many different ones, and `longest`, how long. widest:
    the most members of a struct in it.
    Raises NotPlain for a type with parts that need a tree: attributes, choices, itself, anything.
    """

    def __init__(self, field: Field, namespace: str, name: str, options: Options) -> None:
        self._field = field
        self._name = name
        self.tag = clark(namespace, name)
        self._options = options
        self._readers = Readers(options)
        self._variants: dict[tuple[tuple[str | None, ...], int | None], Read] = {}
        survey = _Survey(options)
        self.depth = survey.field(field)
        self.widest = survey.widest
        self.namespaces = (namespace, *(found for found in survey.namespaces if found != namespace))
        self.names = len(survey.names) + 1
        self.longest = max(len(each.encode()) for each in (name, *(each for _, each in survey.names)))

    def reader(self, prefixes: tuple[str | None, ...], most: int | None = None) -> Read:
        """The function from a text, and where the element's contents begin, to its value and where its end tag ends.

        prefixes: those that stand for the `namespaces`, with their colons; None for one that the document does not declare. most: children
        of an element, where the document is large enough to have more. The function raises NotPlain, or anything else, for contents that
        are not plain; and so does this one beyond so many choices.
        """
        found = self._variants.get((prefixes, most))
        if found is None:
            if len(self._variants) >= _MOST_VARIANTS:
                raise NotPlain
            known = dict(zip(self.namespaces, prefixes, strict=True))
            patterns = _Patterns(self._options, self._readers, known, most)
            found = self._variants[prefixes, most] = patterns.message(self._field, self.namespaces[0], self._name)
        return found


class _Survey:
    """A walk through a type, for its names and for what no regular expression can read."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.namespaces: dict[str, None] = {}
        self.names: set[tuple[str, str]] = set()
        self.size = self.widest = 0

    def field(self, field: Field) -> int:
        """How many levels one element of a field has."""
        node = resolve(field.type)
        if isinstance(field.type, Ref):
            raise NotPlain
        self.size += 1
        if self.size > _MOST_ELEMENTS:
            raise NotPlain
        if isinstance(node, Scalar):
            return 1
        if isinstance(node, Array):
            return 1 + self.named(node.item, *item_name(node))
        if isinstance(node, Struct):
            elements = _carried(node, self.options)
            self.widest = max(self.widest, len(elements))
            return 1 + max((self.named(m.field, m.namespace, m.name) for m in elements), default=0)
        raise NotPlain

    def named(self, field: Field, namespace: str, name: str) -> int:
        self.namespaces[namespace] = None
        self.names.add((namespace, name))
        return self.field(field)


def _carried(node: Struct, options: Options) -> list[Member]:
    """The members that requests may have. Raises NotPlain where they are not all elements, given in order."""
    found = members(node, options)
    given = [m for m in found if not m.field.hints.get("read_only")]
    if not can_be_ordered(node, found, options) or any(m.place != "element" for m in given):
        raise NotPlain
    return given


class _Part(NamedTuple):
    """One element, or some, of a type.

    bare, caught: expressions that match the same texts, without groups and with them. groups: the names of the groups, in order. value:
    the Python expression over these names.
    """

    bare: str
    caught: str
    groups: tuple[str, ...]
    value: str


class _Patterns(Generator):
    """The expressions and functions of one message for one choice of prefixes, by namespace."""

    def __init__(
        self, options: Options, careful: Readers, prefixes: Mapping[str, str | None], most: int | None
    ) -> None:
        super().__init__("plain XML", options, careful)
        self._most = most
        self._prefixes = prefixes
        self.source.well_known(bail=_not_plain, unescape=unescape, between=_between)

    def message(self, field: Field, namespace: str, name: str) -> Read:
        """See `PlainMessage.reader`."""
        part = self._contents(field)
        _, end = self._tags(namespace, name)
        match = re.compile(part.caught + end).match
        self.source.well_known(match=match)
        names = f"{', '.join(part.groups)}, = m.groups('')" if part.groups else "pass"
        lines = ["m = match(s, i)", "if m is None: bail()", names, f"return ({part.value}), m.end()"]
        self.source.function("root(s, i)", lines)
        read: Read = self.source.compile()["root"]
        return read

    def _tags(self, namespace: str, name: str) -> tuple[str, str]:
        """The start and the end of an element; what matches nothing where its namespace has no prefix in the document.

        Some clients declare the prefix of another namespace than the message's at each element once more.
        """
        prefix = self._prefixes[namespace]
        if prefix is None:
            return "(?!)", ""
        tag, again = re.escape(prefix + name), ""
        if self._declares_again(namespace):
            again = f'(?: xmlns:{re.escape(prefix[:-1])}="{re.escape(namespace)}")?+'
        return f"<{tag}{again}>", f"</{tag}>"

    def _declares_again(self, namespace: str) -> bool:
        return namespace != next(iter(self._prefixes)) and bool(self._prefixes[namespace])

    def _contents(self, field: Field) -> _Part:
        """What stands between the tags of one element."""
        node = field.type
        if isinstance(node, Scalar):
            return self._text(node)
        if isinstance(node, Array):
            return self._items(node)
        assert isinstance(node, Struct)
        return self._members(node)

    def _text(self, node: Scalar) -> _Part:
        group = self.source.fresh("g")
        value, test = self.form(node, group) or ("", "")
        resolved = f"({group} if '&' not in {group} else unescape({group}))"
        if value == group and not test:
            return _Part(_TEXT, f"({_TEXT})", (group,), resolved)
        parsed = f"{self.source.constant(self.careful.parser(node), 'p')}({resolved})"
        if test and isinstance(node, Str | Enum):  # in other kinds an entity fails the test
            test = f"'&' not in {group} and {test}"
        return _Part(_TEXT, f"({_TEXT})", (group,), f"{value} if {test} else {parsed}" if test else parsed)

    def _items(self, node: Array) -> _Part:
        namespace, name = item_name(node)
        item = node.item
        counts = (item.min_occurs, item.max_occurs) if self.options.validate and item.repeated else (0, None)
        many = self._many(item, namespace, name, *counts, self._most)
        value = many.value if node.load is None else f"{self.source.constant(node.load)}({many.value})"
        return many._replace(value=value)

    def _many(self, item: Field, namespace: str, name: str, low: int, high: int | None, most: int | None) -> _Part:
        """Any number of elements of one name, caught as one text. low, high: how many the type allows; most: how many the limits do."""
        start, end = self._tags(namespace, name)
        group = self.source.fresh("g")
        inner = self._contents(item)
        function = self.source.fresh("a")
        each = ", ".join(inner.groups) or "_"
        if isinstance(item.type, Scalar) and not self._declares_again(namespace):
            tag = f"{self._prefixes[namespace] or ''}{name}"  # between two of them stands always the same
            items = f"(s[{len(tag) + 2}:-{len(tag) + 3}].split({f'</{tag}><{tag}>'!r}) if s else ())"
        else:
            items = self.source.constant(re.compile(start + inner.caught + end).findall, "find") + "(s)"
        values = f"[({inner.value}) for {each} in {items}]"
        high = min((bound for bound in (high, most) if bound is not None), default=None)
        checked = f"between({values}, {low}, {high})" if low or high is not None else values
        self.source.function(f"{function}(s)", [f"return {checked}"])
        bare = f"(?:{start}{inner.bare}{end})*+"
        return _Part(bare, f"({bare})", (group,), f"{function}({group})")

    def _members(self, node: Struct) -> _Part:
        strict = self.options.validate and getattr(node.hints.get("attributes"), "validate_freq", True)
        given = _carried(node, self.options)
        repeated = sum(m.field.repeated for m in given)
        most = (self._most - len(given) + repeated) // repeated if self._most is not None and repeated else None
        parts = {m.index: self._member(m, strict=strict, most=most) for m in given}
        values = [parts[i].value if i in parts else self._default(field) for i, field in enumerate(node.fields)]
        return _Part(
            "".join(part.bare for part in parts.values()),
            "".join(part.caught for part in parts.values()),
            tuple(group for part in parts.values() for group in part.groups),
            self._build(node, values),
        )

    def _member(self, m: Member, *, strict: bool, most: int | None) -> _Part:
        """One member of a struct, which may occur so many times by the limits."""
        start, end = self._tags(m.namespace, m.name)
        required = strict and m.field.min_occurs > 0
        if m.field.repeated:
            low, high = (m.field.min_occurs, m.field.max_occurs) if strict else (0, None)
            many = self._many(m.field, m.namespace, m.name, low, high, most)
            value = many.value if required else f"{many.value} if {many.groups[0]} else {self._default(m.field)}"
            return many._replace(value=value)
        mark = None if required or isinstance(m.field.type, Scalar) else self.source.fresh("g")
        inner = self._contents(m.field)
        bare, caught = f"{start}{inner.bare}{end}", f"{inner.caught}{end}"
        if required:
            return inner._replace(bare=bare, caught=start + caught)
        groups = (mark, *inner.groups) if mark else inner.groups
        caught = f"({start}){caught}" if mark else start + caught
        return _Part(
            f"(?:{bare})?+",
            f"(?:{caught})?+",
            groups,
            f"({inner.value}) if {groups[0]} else {self._default(m.field)}",
        )
