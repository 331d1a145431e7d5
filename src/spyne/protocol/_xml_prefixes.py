"""Namespace prefixes of documents: which there are, which an application chose, and which a document declares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lxml import etree

from spyne.codec._xml_text import escape_attribute
from spyne.const.xml import NS_XSD, NS_XSI, NSMAP
from spyne.interface._base import Interface, members
from spyne.schema import DeclarationError, Field, Node, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from spyne.codec._base import Options

__all__ = ["Declarations", "check_names_in", "check_prefixes", "declarations", "declare", "prefixes_of", "xsi_if_used"]

_GENERATED = re.compile(r"s\d+").fullmatch
_NOTHING: Mapping[str, str] = {}


def declare(text: str, prefixes: Mapping[str, str]) -> str:
    """The document with `prefixes` (namespace to prefix) and, where it is used, ``xsi`` declared on its root element."""
    return _insert(text, declarations(prefixes) + xsi_if_used(text))


def _insert(text: str, attributes: str) -> str:
    end = min(index for index in (text.find(mark, 1) for mark in " />") if index > 0)
    return f"{text[:end]}{attributes}{text[end:]}"


def declarations(prefixes: Mapping[str, str]) -> str:
    """The namespace declarations as attributes, each with a space before it."""
    return "".join(f' xmlns:{prefix}="{escape_attribute(namespace)}"' for namespace, prefix in prefixes.items())


def xsi_if_used(text: str) -> str:
    """The declaration of ``xsi`` for a text that uses it."""
    return f' xmlns:xsi="{NS_XSI}"' if "xsi:" in text else ""


class Declarations:
    """The namespace declarations of one kind of document, for its root element.

    always: the root's own namespace. With ``options.all_prefixes`` every prefix of the interface is declared, otherwise those
    which the text uses. without: prefixes that the root element declares by itself.
    """

    __slots__ = ("_always", "_used")

    def __init__(
        self,
        interface: Interface,
        prefixes: Mapping[str, str],
        options: Options,
        *,
        always: str = "",
        without: Collection[str] = (),
    ) -> None:
        without = {*without, "xml"}  # bound by definition (Namespaces in XML 1.0 §3)
        chosen = {namespace: prefix for namespace, prefix in prefixes.items() if prefix not in without}
        if options.all_prefixes:
            every = {space: options.prefixes.get(space, prefix) for prefix, space in interface.nsmap.items()} | chosen
            self._always = declarations({space: prefix for space, prefix in every.items() if prefix not in without})
            self._used: tuple[tuple[str, str], ...] = ()
            return
        self._always = declarations({space: prefix for space, prefix in chosen.items() if space == always})
        used = [*chosen.items(), (NS_XSI, "xsi")]
        self._used = tuple((f"{prefix}:", declarations({space: prefix})) for space, prefix in used if space != always)

    def __call__(self, text: str, more: str = "") -> str:
        """The declarations for a root element with these contents, each with a space before it."""
        found = self._always
        for mark, declaration in self._used:
            if mark in text or mark in more:
                found += declaration
        return found

    def on(self, text: str) -> str:
        """The document with its declarations."""
        return _insert(text, self(text))

    @property
    def every(self) -> str:
        """The declarations for contents that are not written yet: all that they may need."""
        return self._always + "".join(declaration for _, declaration in self._used)

    def on_start(self, text: str) -> str:
        """The start of a document with all declarations."""
        return _insert(text, self.every)


def prefixes_of(
    interface: Interface, fields: tuple[Field, ...], namespace: str = "", chosen: Mapping[str, str] = _NOTHING
) -> dict[str, str]:
    """The namespaces in which the elements of these fields may be, with the chosen or else the interface's prefixes for them."""
    found = {namespace: ""} if namespace else {}
    seen: set[int] = set()
    for field in fields:
        _gather(field, found, seen)
    return {space: chosen.get(space) or interface.get_namespace_prefix(space) for space in found}


def _gather(field: Field, found: dict[str, str], seen: set[int]) -> None:
    own = field.hints.get("xml_namespace")
    if own:
        found[own] = ""
    node = resolve(field.type)
    if id(node) in seen:
        return
    seen.add(id(node))
    _gather_node(node, found, seen)


def _gather_node(node: Node, found: dict[str, str], seen: set[int]) -> None:
    if node.namespace and node.namespace != NS_XSD and members(node):
        found[node.namespace] = ""
    for field in members(node):
        _gather(field, found, seen)
    if isinstance(node, Struct):
        if node.base is not None:
            _gather_node(node.base, found, seen)
        for subtype in node.subtypes().values():
            if id(subtype) not in seen:
                seen.add(id(subtype))
                _gather_node(subtype, found, seen)


def check_prefixes(owner: str, chosen: Mapping[Any, Any], interface: Interface) -> None:
    """Raise DeclarationError, with the fix, for a prefix that is no name, is taken, or would change what documents mean."""
    taken: dict[str, str] = {prefix: space for prefix, space in interface.nsmap.items() if space not in chosen}
    for namespace, prefix in chosen.items():
        where = f"{owner}(prefixes={{{namespace!r}: {prefix!r}}})"
        if namespace in NSMAP.values():
            raise DeclarationError(f"{where}: this namespace has the prefix that envelopes use; leave it out")
        if prefix == "":
            raise DeclarationError(
                f"{where}: a default namespace would take in elements that are in no namespace; choose a prefix"
            )
        _check_name(where, namespace, prefix)
        if _GENERATED(prefix) and interface.nsmap.get(prefix) != namespace:
            raise DeclarationError(f"{where}: s0, s1… are given to namespaces without a chosen prefix; choose another")
        if prefix in taken:
            raise DeclarationError(f"{where}: the prefix stands for {taken[prefix]!r} already; choose another")
        taken[prefix] = namespace


def _check_name(where: str, namespace: Any, prefix: Any) -> None:
    if not isinstance(prefix, str) or not isinstance(namespace, str) or not namespace:
        raise DeclarationError(f"{where}: prefixes takes a dict of namespace to prefix, both strings")
    if prefix[:3].lower() == "xml":
        raise DeclarationError(f"{where}: prefixes that begin with xml are reserved; choose another")
    try:
        etree.Element("a", nsmap={prefix: namespace})
    except ValueError:
        raise DeclarationError(f"{where}: this is no namespace prefix (an XML name without a colon)") from None


def check_names_in(owner: str, encoding: str | None, interface: Interface) -> None:
    """Raise DeclarationError for a name that the encoding has no characters for: in names there are no references (XML 1.0 §4.1)."""
    if encoding is None or encoding.lower().startswith("utf"):
        return
    for name in _names(interface):
        try:
            name.encode(encoding)
        except UnicodeEncodeError:
            raise DeclarationError(
                f"{owner}(encoding={encoding!r}): the name {name!r} cannot be written in it; leave encoding out"
            ) from None
        except LookupError:
            return


def _names(interface: Interface) -> Iterator[str]:
    for call in interface.calls.values():
        yield from (call.request.name, call.response.name)
    for node in interface.types.values():
        yield node.name
        yield from (field.wire_name or field.name for field in members(node))
