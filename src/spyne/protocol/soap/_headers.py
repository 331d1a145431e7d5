"""Header blocks that must be understood, and the faults about envelopes that are not (SOAP 1.1 §4.2.3, SOAP 1.2 part 1 §5.4.7, §5.4.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from spyne.codec._xml_text import escape_attribute
from spyne.const.xml import NS_SOAP12_ENV
from spyne.error import Fault
from spyne.schema import DeclarationError
from spyne.util.excerpt import cut

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from spyne.protocol.soap._envelope import Version

__all__ = ["MustUnderstandFault", "VersionMismatchFault", "check_names", "fault_headers", "not_understood"]

_TRUE = frozenset({"1", "true"})
_MOST_NAMED = 16
_LONGEST_NAMED = 512
"""What a fault repeats of the request: so many header blocks, with names of so many characters at most."""


class VersionMismatchFault(Fault):
    """The envelope is of a version of SOAP that the endpoint does not speak; HTTP 500.

    supported: the tags of the envelopes that it reads.
    """

    CODE: ClassVar[Any] = "VersionMismatch"

    def __init__(self, faultstring: str = "", supported: Sequence[str] = ()) -> None:
        super().__init__(self.CODE, faultstring)
        self.supported = tuple(supported)


class MustUnderstandFault(Fault):
    """Header blocks that must be understood are not; HTTP 500. headers: their tags."""

    CODE: ClassVar[Any] = "MustUnderstand"

    def __init__(self, headers: Sequence[str] = ()) -> None:
        shown = ", ".join(f"'{cut(tag)}'" for tag in headers[:3]) + (", …" if len(headers) > 3 else "")
        super().__init__(
            self.CODE, f"the request says that these header blocks must be understood, and they are not: {shown}"
        )
        self.headers = tuple(headers)


def not_understood(header: Any, version: Version, known: Collection[str], understands: Collection[str]) -> list[str]:
    """The tags of the header blocks that are for this service, must be understood, and are neither in `known` nor `understands`."""
    attribute, role = version.must_understand, version.role
    found = []
    for block in header:
        mark = block.get(attribute)
        if mark is None or mark.strip() not in _TRUE or block.get(role, "").strip() not in version.roles:
            continue
        tag = block.tag
        if tag not in known and tag not in understands and f"{tag.rpartition('}')[0]}}}*" not in understands:
            found.append(tag)
    return found


def check_names(owner: str, understands: Collection[Any]) -> tuple[str, ...]:
    """The names as a tuple. Raises DeclarationError for one that is neither ``{namespace}name`` nor ``{namespace}*``."""
    names = (understands,) if isinstance(understands, str) else tuple(understands)
    for name in names:
        if not isinstance(name, str) or name[:1] != "{" or "}" not in name or not name.rpartition("}")[2]:
            raise DeclarationError(
                f"{owner}(understands={name!r}): write '{{namespace}}name', or '{{namespace}}*' for all of it"
            )
    return names


def fault_headers(fault: Fault, version: Version) -> str:
    """The header blocks that go with a fault; their prefixes are declared on themselves."""
    if isinstance(fault, VersionMismatchFault) and fault.supported:
        envelopes = "".join(_named("SupportedEnvelope", tag) for tag in fault.supported)
        return f'<soap12env:Upgrade xmlns:soap12env="{NS_SOAP12_ENV}">{envelopes}</soap12env:Upgrade>'
    if isinstance(fault, MustUnderstandFault) and version.namespace == NS_SOAP12_ENV:
        tags = [tag for tag in fault.headers if len(tag) <= _LONGEST_NAMED]
        return "".join(_named("NotUnderstood", tag) for tag in tags[:_MOST_NAMED])
    return ""


def _named(element: str, tag: str) -> str:
    """An element with a qualified name in its attribute ``qname``."""
    namespace, _, name = tag[1:].rpartition("}") if tag[:1] == "{" else ("", "", tag)
    if not namespace:
        return f'<soap12env:{element} qname="{name}"/>'
    return f'<soap12env:{element} qname="h:{name}" xmlns:h="{escape_attribute(namespace)}"/>'
