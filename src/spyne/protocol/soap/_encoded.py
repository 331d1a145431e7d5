"""Reading of encoded messages (SOAP 1.1 §5, SOAP 1.2 part 2 §3): values that are said once and referred to are put where they belong.

Old Axis puts values that are used more than once behind the call and refers to them by ``href="#id0"``; PHP refers to the place
where the value stands first. Nothing is allocated by what arrayType says, and nothing is fetched.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from lxml import etree

from spyne.codec._xml_names import XSI_TYPE
from spyne.codec.xml_decode import type_name
from spyne.const.xml import NS_SOAP11_ENC, NS_SOAP12_ENC
from spyne.error import Fault, RequestTooLongError
from spyne.limits import LimitExceeded, unless_off
from spyne.util.excerpt import cut

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from spyne.limits import Limits
    from spyne.protocol.soap._envelope import Version

__all__ = ["looks_encoded", "read_encoded", "says_encoded"]

_MARKS = {NS_SOAP11_ENC: (b"href", b"encodingStyle"), NS_SOAP12_ENC: (b"soap-encoding",)}
"""What an encoded message has in it, by the namespace of the encoding."""
_NAMES = {NS_SOAP11_ENC: ("id", "href", "#"), NS_SOAP12_ENC: (f"{{{NS_SOAP12_ENC}}}id", f"{{{NS_SOAP12_ENC}}}ref", "")}
"""The attributes of the target and of the reference, and what stands before the id in a reference."""
_PARTIAL = (f"{{{NS_SOAP11_ENC}}}offset", f"{{{NS_SOAP11_ENC}}}position")

_MOST_GROWTH = 100
"""How many times as large a message may become; `Limits.body` holds beside that."""
_SMALL = 64 * 1024
"""What every message may become."""

_count = etree.XPath("count(descendant-or-self::*)", smart_strings=False, regexp=False)


def looks_encoded(chunks: Any, version: Version) -> bool:
    """Whether a request may be encoded, by a look at its bytes; true where they are gone or in UTF-16."""
    if type(chunks) is not list or len(chunks) != 1 or type(chunks[0]) is not bytes:
        return True
    data = chunks[0]
    return any(mark in data for mark in _MARKS[version.encoding]) or b"\0" in data[:4]


def read_encoded(body: Any, call: Any, version: Version, limits: Limits, namespaces: Collection[str]) -> None:
    """Put the values that the call refers to in place of the references, if the message says or shows that it is encoded.

    It says so by encodingStyle, and shows it by elements with ids behind the call; all others stay as they are. xsi:type in
    a namespace that is not in `namespaces`, those of the published types, is taken away. Raises Fault for references that lead nowhere or
    back to themselves, and for a message that becomes larger than the limits depth, elements and body allow.
    """
    id_name = _NAMES[version.encoding][0]
    targets: dict[str, Any] = {}
    doubled: set[str] = set()
    encoded = any(says_encoded(element, version) for element in (body.getparent(), body) if element is not None)
    for element in body.iter("*"):
        encoded = encoded or says_encoded(element, version)
        name = element.get(id_name)
        if name is not None:
            encoded = encoded or (element.getparent() is body and element is not call)
            if name in targets:
                doubled.add(name)
            targets[name] = element
    if not encoded:
        return
    expansion = _Expansion(targets, doubled, _NAMES[version.encoding], limits)
    if not expansion.is_needed(call):
        _take_types(body, namespaces)
        return
    types: list[tuple[str, str]] = []
    _take_types(body, namespaces, types)
    expansion.run(body, call)
    _put_types(call, types)


def says_encoded(element: Any, version: Version) -> bool:
    style = element.get(version.encoding_style)
    return style is not None and version.encoding in style


def _take_types(body: Any, namespaces: Collection[str], types: list[tuple[str, str]] | None = None) -> None:
    """Take away the types that mean nothing here; the others are put into `types`, and numbers in that list in their place.

    For a prefix has to be looked up where the name stands: libxml2 drops declarations from elements that move. Arrays of which
    only a part is sent are refused.
    """
    for element in body.iter("*"):
        if any(element.get(name) is not None for name in _PARTIAL):
            raise Fault(
                "Client.SoapError", "arrays are sent whole: position and offset (SOAP 1.1 section 5.4.2) are not read"
            )
        declared = element.get(XSI_TYPE)
        if declared is None:
            continue
        name = type_name(element, declared)
        if name is None or name[0] not in namespaces:
            del element.attrib[XSI_TYPE]
        elif types is not None:
            element.set(XSI_TYPE, str(len(types)))
            types.append(name)


def _put_types(call: Any, types: list[tuple[str, str]]) -> None:
    """Name the types again, with prefixes that stand for them where the elements are now."""
    for element in call.iter("*") if types else ():
        number = element.get(XSI_TYPE)
        if number is not None:
            namespace, name = types[int(number)]
            prefix = _prefix_of(element, namespace)
            element.set(XSI_TYPE, name if prefix is None else f"{prefix}:{name}")


def _prefix_of(element: Any, namespace: str) -> str | None:
    """A prefix for the namespace in this place, None for the default one; it is declared where there is none.

    lxml's own way, an attribute whose value is a QName, crashes the process where the namespace is the default one.
    """
    for prefix, known in element.nsmap.items():
        if known == namespace:
            return None if prefix is None else str(prefix)
    mark = f"{{{namespace}}}type"
    element.set(mark, "")
    del element.attrib[mark]  # the declaration stays
    return next(str(prefix) for prefix, known in element.nsmap.items() if known == namespace)


class _Expansion:
    """The references of one message, and how much may still be copied for them."""

    def __init__(self, targets: dict[str, Any], doubled: set[str], names: tuple[str, str, str], limits: Limits) -> None:
        self._targets = targets
        self._doubled = doubled
        self._id, self._attribute, self._sign = names
        self._limits = limits
        self._elements = unless_off(limits.elements)
        self._bytes = self._most_bytes = unless_off(limits.body)
        self._sizes: dict[str, tuple[int, int]] = {}

    def is_needed(self, call: Any) -> bool:
        """Whether there is a reference in the call."""
        return next(self._references(call), None) is not None

    def run(self, body: Any, call: Any) -> None:
        """Replace every reference in the call, and those in what it is replaced by."""
        if self._limits.body is not None:
            growth = max(_SMALL, _MOST_GROWTH * len(etree.tostring(body, encoding="UTF-8")))
            self._bytes = self._most_bytes = min(self._bytes, growth)
        pending: list[tuple[Any, tuple[str, ...]]] = [(call, ())]
        found = list(self._references(call))
        inside = {
            name for name in set(map(self._name, found)) & self._targets.keys() if _is_in(self._targets[name], call)
        }
        for name in inside:  # these will change while their references are replaced
            target, self._targets[name] = self._targets[name], self._copy(name)
            target.attrib.pop(self._id)
        while pending:
            element, chain = pending.pop()
            for reference in list(self._references(element)):
                name = self._name(reference)
                self._check(name, chain)
                copy = self._put(reference, self._copy(name))
                pending.append((copy, (*chain, name)))

    def _references(self, element: Any) -> Iterator[Any]:
        """The elements that are nothing but a reference."""
        for child in element.iter("*"):
            value = child.get(self._attribute)
            if value is not None and value.startswith(self._sign) and not len(child) and not (child.text or "").strip():
                yield child

    def _name(self, reference: Any) -> str:
        name = str(reference.get(self._attribute))[len(self._sign) :]
        return name.removeprefix("#")  # PHP writes it in SOAP 1.2 too; no ID begins so

    def _check(self, name: str, chain: tuple[str, ...]) -> None:
        if name not in self._targets:
            raise Fault("Client.SoapError", f"no element of the Body has the id '{cut(name)}' that is referred to")
        if name in self._doubled:
            raise Fault("Client.SoapError", f"two elements of the Body have the id '{cut(name)}' that is referred to")
        if name in chain:
            raise Fault("Client.SoapError", f"the reference to '{cut(name)}' leads back to itself")
        if self._limits.depth is not None and len(chain) >= self._limits.depth:
            raise RequestTooLongError(str(LimitExceeded("depth", self._limits.depth)))

    def _copy(self, name: str) -> Any:
        """A copy of a target, if there is room for it."""
        target = self._targets[name]
        size = self._sizes.get(name)
        if size is None:
            size = self._sizes[name] = (
                int(_count(target)),
                len(etree.tostring(target, encoding="UTF-8", with_tail=False)),
            )
        self._elements -= size[0]
        self._bytes -= size[1]
        if self._elements < 0:
            raise RequestTooLongError(str(LimitExceeded("elements", unless_off(self._limits.elements))))
        if self._bytes < 0:
            raise RequestTooLongError(
                f"with its references replaced, the document is larger than {self._most_bytes} bytes"
            )
        copy = deepcopy(target)
        copy.attrib.pop(self._id, None)  # it was the encoding's, not an attribute of the type
        return copy

    @staticmethod
    def _put(reference: Any, copy: Any) -> Any:
        """Put the copy in place of a reference, under the name that the reference has."""
        copy.tag, copy.tail = reference.tag, reference.tail
        reference.getparent().replace(reference, copy)
        return copy


def _is_in(element: Any, ancestor: Any) -> bool:
    return element is ancestor or any(each is ancestor for each in element.iterancestors())
