"""The versions of SOAP as data: the names in their envelopes, their faults, their rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from spyne.codec._base import Options
from spyne.const.xml import NS_SOAP11_ENC, NS_SOAP11_ENV, NS_SOAP12_ENC, NS_SOAP12_ENV
from spyne.error import Fault
from spyne.interface._base import Interface
from spyne.protocol._xml_fault import fault_text, read_fault
from spyne.protocol._xml_out import Writer
from spyne.protocol.soap._fault12 import fault12_text, read_fault12
from spyne.protocol.soap._package import has_bytes

if TYPE_CHECKING:
    from spyne.interface._base import Message

__all__ = ["SOAP11", "SOAP12", "VERSIONS", "EnvelopeWriter", "Version"]


class Version(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One version of SOAP.

    name: ``1.1``. namespace, prefix: the envelope's; envelope, header, body, fault, must_understand, encoding_style: names in
    it in Clark's notation. role: the attribute that says whom a header block is for; roles: its values that mean a service.
    encoding: the namespace of the version's encoding. open, close: the markup around a body, of which `open` goes on with
    attributes or ``>``. trailing: whether elements may follow the Body. sender_status: the HTTP status of the client's faults;
    that of all others is 500.
    """

    name: str
    namespace: str
    prefix: str
    envelope: str
    header: str
    body: str
    fault: str
    must_understand: str
    encoding_style: str
    role: str
    roles: frozenset[str]
    encoding: str
    open: str
    close: str
    trailing: bool
    sender_status: int
    write_fault: Callable[[Fault, Interface, Options], str]
    read_fault: Callable[[Any], Fault]


def _version(namespace: str, prefix: str, role: str, **rest: Any) -> Version:
    names = {"envelope": "Envelope", "header": "Header", "body": "Body", "fault": "Fault"}
    names |= {"must_understand": "mustUnderstand", "encoding_style": "encodingStyle", "role": role}
    parts: dict[str, Any] = {field: f"{{{namespace}}}{name}" for field, name in names.items()}
    return Version(
        namespace=namespace,
        prefix=prefix,
        open=f'<{prefix}:Envelope xmlns:{prefix}="{namespace}"',
        close=f"</{prefix}:Body></{prefix}:Envelope>",
        **(parts | rest),
    )


SOAP11 = _version(
    NS_SOAP11_ENV,
    "soap11env",
    "actor",
    name="1.1",
    roles=frozenset({"", "http://schemas.xmlsoap.org/soap/actor/next"}),
    encoding=NS_SOAP11_ENC,
    trailing=True,
    sender_status=500,  # SOAP 1.1 §6.2
    write_fault=fault_text,
    read_fault=read_fault,
)
SOAP12 = _version(
    NS_SOAP12_ENV,
    "soap12env",
    "role",
    name="1.2",
    roles=frozenset({"", f"{NS_SOAP12_ENV}/role/next", f"{NS_SOAP12_ENV}/role/ultimateReceiver"}),
    encoding=NS_SOAP12_ENC,
    trailing=False,
    sender_status=400,  # SOAP 1.2 part 2 §7.5.2.2, table 20
    write_fault=fault12_text,
    read_fault=read_fault12,
)
VERSIONS: Mapping[str, Version] = MappingProxyType({version.envelope: version for version in (SOAP11, SOAP12)})
"""Version by the tag of its Envelope."""
FAULT_READERS: Mapping[str, Callable[[Any], Fault]] = MappingProxyType(
    {version.fault: version.read_fault for version in VERSIONS.values()}
)


class EnvelopeWriter(Writer):
    """Writes one message in an envelope. binary: whether it may have bytes in it, which may travel beside it."""

    __slots__ = ("_around", "_head", "_open", "binary")
    ENVELOPE: ClassVar[frozenset[str]] = frozenset({SOAP11.prefix, SOAP12.prefix})

    def __init__(self, version: Version, interface: Interface, message: Message, options: Options) -> None:
        super().__init__(interface, message, options)
        prefix = version.prefix
        self.binary = options.xop and has_bytes((message.field, *message.headers))
        self._open = version.open
        self._head = (f"><{prefix}:Header>", f"</{prefix}:Header><{prefix}:Body>")
        self._around = (f"><{prefix}:Body>", version.close)

    def envelope(self, values: Any, headers: Any) -> str:
        """The envelope around the written message."""
        body = self.write(values)
        begin, end = self._around
        if headers is not None:
            head = self.write_headers(headers)
            before, begin = self._head
            return f"{self._open}{self.declared(body, head)}{before}{head}{begin}{body}{end}"
        return f"{self._open}{self.declared(body)}{begin}{body}{end}"

    def around(self, headers: Any) -> tuple[str, str]:
        """What stands before and after the items of a result that is streamed, in an envelope."""
        assert self.cut is not None
        begin, end = self._around
        start, head = f"{self._open}{self.declared.every}", ""
        if headers is not None:
            before, begin = self._head
            head = before + self.write_headers(headers)
        return f"{start}{head}{begin}{self.cut.start}", f"{self.cut.end}{end}"
