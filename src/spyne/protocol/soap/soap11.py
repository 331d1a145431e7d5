"""SOAP 1.1, document/literal (W3C Note of 8 May 2000)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from spyne.const.xml import NS_SOAP11_ENV
from spyne.error import Fault, RequestNotAllowed
from spyne.protocol._base import CodecKind, ProtocolBase
from spyne.protocol._xml_out import FAULT, Writer, declarations, fault_text, xsi_if_used
from spyne.protocol.xml import XmlDocument

if TYPE_CHECKING:
    from spyne.context import MethodContext
    from spyne.interface._base import Call

__all__ = ["Soap11"]

ENVELOPE = f"{{{NS_SOAP11_ENV}}}Envelope"
HEADER = f"{{{NS_SOAP11_ENV}}}Header"
BODY = f"{{{NS_SOAP11_ENV}}}Body"

_OPEN = f'<soap11env:Envelope xmlns:soap11env="{NS_SOAP11_ENV}"'
_CLOSE = "</soap11env:Body></soap11env:Envelope>"


class EnvelopeWriter(Writer):
    """Writes one message in an envelope; the opening tag is made once."""

    __slots__ = ("open",)

    def __init__(self, interface: Any, message: Any, options: Any) -> None:
        super().__init__(interface, message, options)
        self.open = _OPEN + declarations(self.prefixes)

    def envelope(self, values: Any, headers: Any) -> str:
        """The envelope around the written message."""
        body = self.write(values)
        if headers is not None:
            head = f"<soap11env:Header>{self.write_headers(headers)}</soap11env:Header>"
            return f"{self.open}{xsi_if_used(head) or xsi_if_used(body)}>{head}<soap11env:Body>{body}{_CLOSE}"
        return f"{self.open}{xsi_if_used(body)}><soap11env:Body>{body}{_CLOSE}"


class Soap11(XmlDocument):
    """SOAP 1.1 over any transport; the options are those of `XmlDocument`.

    A request is dispatched by the first child of its Body; SOAPAction is not looked at. Faults are HTTP 500 (§6.2).
    """

    type: ClassVar[frozenset[str]] = frozenset({"soap", "soap11", "xml"})
    mime_type = "text/xml; charset=utf-8"
    media_types: ClassVar[tuple[str, ...]] = ("text/xml",)
    allow_pi: ClassVar[bool] = False

    def compile(self, kind: CodecKind, call: Call) -> Any:
        if kind.startswith("decode"):
            return super().compile(kind, call)
        message = call.request if kind == "encode_request" else call.response
        return EnvelopeWriter(self.app.interface, message, self.codec_options())

    def check_http_request(self, method: str, content_type: str | None) -> Fault | None:
        """SOAP over HTTP is a POST with a content type (§6)."""
        if method != "POST":
            return RequestNotAllowed(f"SOAP requests are POSTed; this was a {method[:16]}")
        if not content_type:
            return RequestNotAllowed("a SOAP request needs a Content-Type, such as text/xml; charset=utf-8")
        return None

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        root = ctx.in_document
        if root.tag != ENVELOPE:
            raise Fault("Client.SoapError", f"No {ENVELOPE} element was found!")
        body = None
        for child in root:
            tag = child.tag
            if tag == BODY:
                if body is not None:
                    raise Fault("Client.SoapError", "an Envelope has one Body (SOAP 1.1 section 4), this one has two")
                body = child
            elif tag == HEADER:
                if body is not None:
                    raise Fault("Client.SoapError", "the Header comes before the Body (SOAP 1.1 section 4)")
                ctx.in_header_doc = child
        if body is None:
            raise Fault("Client.SoapError", "Soap envelope is empty!")
        self._open_body(ctx, body, message)

    @staticmethod
    def _open_body(ctx: MethodContext, body: Any, message: str) -> None:
        for child in body:
            tag = child.tag
            if tag == FAULT and message == ProtocolBase.REQUEST:
                raise Fault("Client.SoapError", "a Fault is not a request")
            ctx.in_body_doc = child
            ctx.method_request_string = tag
            return
        if message == ProtocolBase.REQUEST:
            raise Fault("Client.SoapError", "Soap body is empty!")

    def write(self, ctx: MethodContext, writer: Any) -> str:
        return str(writer.envelope(ctx.out_object, ctx.out_header))

    def write_fault(self, fault: Fault) -> str:
        text = fault_text(fault, self.app.interface, self.codec_options())
        return f"{_OPEN}{xsi_if_used(text)}><soap11env:Body>{text}{_CLOSE}"

    def request_headers(self, ctx: MethodContext) -> dict[str, str]:
        return {"SOAPAction": f'"{ctx.descriptor.operation_name}"'}  # SOAP 1.1 section 6.1.1

    def fault_to_http_response_code(self, fault: Fault) -> int:
        return 500
