"""What the versions of SOAP have in common: envelopes, dispatch, headers, both styles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import quote, unquote

from spyne.codec.xml_plain_document import Frame
from spyne.error import Fault, RequestNotAllowed, RequestTooLongError
from spyne.interface._rpc import rpc_call
from spyne.limits import LimitExceeded
from spyne.protocol._base import CodecKind, ProtocolBase
from spyne.protocol._xml_out import xsi_if_used
from spyne.protocol._xml_plain import header_blocks, open_plain
from spyne.protocol.soap._encoded import looks_encoded, read_encoded, says_encoded
from spyne.protocol.soap._envelope import FAULT_READERS, SOAP11, VERSIONS, EnvelopeWriter, Version
from spyne.protocol.soap._headers import (
    MustUnderstandFault,
    VersionMismatchFault,
    check_names,
    fault_headers,
    not_understood,
)
from spyne.protocol.soap.mime import DEFAULT_THRESHOLD, MimeDocument
from spyne.protocol.xml import Reader
from spyne.schema import DeclarationError, Struct
from spyne.util.excerpt import cut

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from spyne.codec._base import Options
    from spyne.context import MethodContext
    from spyne.descriptor import MethodDescriptor
    from spyne.interface._base import Call, Message

__all__ = ["SoapBase", "SoapReader"]

_STYLES = ("document", "rpc")
_ACTION = re.compile(r""";\s*action\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))""", re.IGNORECASE)


class SoapReader(Reader):
    """Reads one message in an envelope. understood: the tags of the declared header blocks."""

    __slots__ = ("understood",)

    def __init__(self, message: Message, options: Options) -> None:
        super().__init__(message, options)
        self.understood = frozenset(tag for tag, _ in self.headers)


class SoapBase(MimeDocument):
    """SOAP over any transport. A request is dispatched by the first child of its Body.

    Where the Body does not say which operation is meant (it is empty, or several bare methods take its element), SOAPAction does,
    or the parameter ``action`` of the Content-Type in SOAP 1.2.

    must_understand: refuse requests with header blocks that must be understood and are not declared; with False they are
    ignored. understands: further header blocks that are understood, as ``{namespace}name`` or ``{namespace}*``. check_action:
    refuse requests whose SOAPAction names another operation than the Body. style: "document", or "rpc" for WSDL's
    rpc/literal, which all SOAP protocols of an application have in common. The other options are those of `MimeDocument`
    and `XmlDocument`.

    Encoded messages (SOAP 1.1 §5) are read, references in them included; they are answered by literal ones.
    """

    version: ClassVar[Version]
    older: ClassVar[type[SoapBase] | None] = None
    dispatches_by_action: ClassVar[bool] = True
    allow_pi: ClassVar[bool] = False

    def __init__(
        self,
        app: Any = None,
        validator: Any = None,
        replace_null_with_default: bool = True,
        xml_declaration: bool = True,
        cleanup_namespaces: bool = True,
        encoding: str | None = None,
        pretty_print: bool = False,
        *,
        must_understand: bool = True,
        understands: Collection[str] = (),
        check_action: bool = False,
        style: Literal["document", "rpc"] = "document",
        mtom: bool | Literal["auto"] = "auto",
        mtom_threshold: int = DEFAULT_THRESHOLD,
        tmp_dir: str | None = None,
        polymorphic: bool = False,
        parse_xsi_type: bool = True,
        binary_encoding: Any = None,
        mime_type: str | None = None,
        prefixes: Mapping[str, str] | None = None,
        **parser_options: Any,
    ) -> None:
        owner = type(self).__name__
        if style not in _STYLES:
            raise DeclarationError(f"{owner}(style={style!r}): the styles are 'document' and 'rpc'")
        self.must_understand = must_understand
        self.understands = check_names(owner, understands)
        self.check_action = check_action
        self.style: Literal["document", "rpc"] = style
        super().__init__(
            app,
            validator,
            replace_null_with_default,
            xml_declaration,
            cleanup_namespaces,
            encoding,
            pretty_print,
            mtom=mtom,
            mtom_threshold=mtom_threshold,
            tmp_dir=tmp_dir,
            polymorphic=polymorphic,
            parse_xsi_type=parse_xsi_type,
            binary_encoding=binary_encoding,
            mime_type=mime_type,
            prefixes=prefixes,
            **parser_options,
        )
        if style == "rpc" and self.validator == self.SCHEMA_VALIDATION:
            raise DeclarationError(
                f"{owner}: messages in rpc style have no element in the schema; use validator='soft'"
            )

    def set_app(self, app: Any) -> None:
        super().set_app(app)
        for other in (*app.in_protocols, *app.out_protocols):
            if isinstance(other, SoapBase) and other.style != self.style:
                raise DeclarationError("the SOAP protocols of an application have one style; give all of them the same")
        self._namespaces = frozenset(
            node.namespace for node in app.interface.types.values() if isinstance(node, Struct)
        )

    def compile(self, kind: CodecKind, call: Call) -> Any:
        call = self._styled(call)
        if kind == "decode_request":
            self.note_stream(call)
        if kind == "stream_response":
            return self.result_readers(call)
        message = call.request if kind.endswith("request") else call.response
        if kind.startswith("decode"):
            return SoapReader(message, self.codec_options())
        return EnvelopeWriter(self.version, self.app.interface, message, self.codec_options())

    def _styled(self, call: Call) -> Call:
        """The call in this protocol's style. Raises DeclarationError for two operations of one name in rpc style."""
        if self.style != "rpc":
            return call
        interface, descriptor = self.app.interface, call.descriptor
        if descriptor.aux is None and interface.operations.get(descriptor.operation_name) is not descriptor:
            raise DeclarationError(
                f"two methods have the operation name {descriptor.operation_name!r}, by which rpc style tells them apart; "
                "give one of them another _operation_name"
            )
        return rpc_call(call, interface.tns)

    # --- in ---

    def check_http_request(self, method: str, content_type: str | None) -> Fault | None:
        """SOAP over HTTP is a POST with a content type (SOAP 1.1 §6, SOAP 1.2 part 2 §7)."""
        if method != "POST":
            return RequestNotAllowed(f"SOAP requests are POSTed; this was a {method[:16]}")
        if not content_type:
            return RequestNotAllowed(f"a SOAP request needs a Content-Type, such as {self.mime_type}")
        return None

    def _reads_plain(self) -> bool:
        return super()._reads_plain() and self.style == "document"

    def _frame(self) -> Frame:
        return Frame(self.version.namespace, ("Envelope", "Body"), "Header")

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        if open_plain(ctx):
            return
        root, version = ctx.in_document, self.version
        if root.tag != version.envelope:
            if message == ProtocolBase.REQUEST:
                self._hand_over(ctx, root.tag)
                return
            version = VERSIONS.get(root.tag) or version
        body = self._split(ctx, root, version)
        self._open_body(ctx, body, version, message)

    def _split(self, ctx: MethodContext, root: Any, version: Version) -> Any:
        """The Body; the Header goes into the context."""
        header, body = self._parts(root, version)
        if header is not None:
            ctx.in_header_doc = header
        return body

    @staticmethod
    def _parts(root: Any, version: Version) -> tuple[Any, Any]:
        """The Header, if there is one, and the Body."""
        header = body = None
        if root.tag != version.envelope:
            raise Fault("Client.SoapError", f"No {version.envelope} element was found!")
        for child in root:
            tag = child.tag
            if tag == version.body:
                if body is not None:
                    raise Fault("Client.SoapError", f"an Envelope has one Body ({_rule(version)}), this one has two")
                body = child
            elif tag == version.header:
                if body is not None:
                    raise Fault("Client.SoapError", f"the Header comes before the Body ({_rule(version)})")
                if header is not None:
                    raise Fault("Client.SoapError", f"an Envelope has one Header ({_rule(version)}), this one has two")
                header = child
            elif not version.trailing and tag.__class__ is str:
                raise Fault("Client.SoapError", f"an Envelope has a Header and a Body only ({_rule(version)})")
        if body is None:
            raise Fault("Client.SoapError", "Soap envelope is empty!")
        return header, body

    def find_call(self, root: Any) -> Any:
        version = self.version
        if root.tag != version.envelope:
            return False
        body = next((child for child in root if child.tag == version.body), None)
        if body is None:
            return None
        call = next((child for child in body if child.tag.__class__ is str), None)
        return False if call is not None and any(says_encoded(e, version) for e in (root, body, call)) else call

    def check_envelope(self, root: Any) -> None:
        self._parts(root, self.version)

    def _open_body(self, ctx: MethodContext, body: Any, version: Version, message: str) -> None:
        for child in body:
            tag = child.tag
            if tag.__class__ is not str:
                continue
            if tag == version.fault and message == ProtocolBase.REQUEST:
                raise Fault("Client.SoapError", "a Fault is not a request")
            if ctx.in_stream is None and looks_encoded(ctx.in_string, version):
                read_encoded(body, child, version, ctx.app.limits, self._namespaces)
            ctx.in_body_doc = child
            ctx.method_request_string = tag
            return
        if message == ProtocolBase.REQUEST:
            self._dispatch_empty(ctx)

    # --- versions ---

    def _hand_over(self, ctx: MethodContext, tag: Any) -> None:
        """Let the application's protocol for this envelope read it, and answer in its version.

        Raises Fault where there is none (SOAP 1.1 §4.4.1, SOAP 1.2 part 1 §5.4.7 and appendix A).
        """
        served = {p.version.envelope: p for p in reversed(ctx.app.in_protocols) if isinstance(p, SoapBase)}
        served.setdefault(self.version.envelope, self)
        protocol = served.get(tag)
        if protocol is not None and protocol is not self:
            ctx.in_protocol = protocol
            self._answer_with(ctx, ctx.app.answering(protocol))
            protocol.decompose_incoming_envelope(ctx)
            return
        if not isinstance(tag, str) or tag.rpartition("}")[2] != "Envelope":
            raise Fault("Client.SoapError", f"No {self.version.envelope} element was found!")
        if VERSIONS.get(tag) is SOAP11 or SOAP11.envelope in served:
            self._answer_with(ctx, self._older(ctx))
        versions = " or ".join(VERSIONS[envelope].name for envelope in served)
        raise VersionMismatchFault(
            f"an Envelope in the namespace '{cut(tag[1:].rpartition('}')[0])}' is not read here; use SOAP {versions}",
            tuple(served),
        )

    def _older(self, ctx: MethodContext) -> Any:
        """What writes SOAP 1.1: the application's own protocol, or one made for this fault; None where there is neither."""
        protocols = (p for p in ctx.app.out_protocols if isinstance(p, SoapBase) and p.version is SOAP11)
        return next(protocols, None) or (self.older(style=self.style) if self.older is not None else None)

    @staticmethod
    def _answer_with(ctx: MethodContext, protocol: Any) -> None:
        """Answer SOAP with SOAP; an application that answers in another protocol still does."""
        if protocol is not None and isinstance(ctx.out_protocol, SoapBase):
            ctx.out_protocol = ctx.transport.answer_protocol = protocol

    # --- dispatch ---

    def read_action(self, ctx: MethodContext) -> str | None:
        """The operation that the transport's headers name, None where they name none."""
        text = self._raw_action(ctx.transport)
        return unquote(text).strip() or None if text else None

    def _raw_action(self, transport: Any) -> str | None:
        raise NotImplementedError

    def get_call_handles(self, ctx: MethodContext) -> list[Any]:
        interface, tag = ctx.app.interface, ctx.method_request_string
        shared = interface.shared.get(tag)
        if shared is not None:
            return self._by_action(ctx, shared)
        found = self._by_operation(interface, tag) if self.style == "rpc" else None
        if found is None:
            found = super().get_call_handles(ctx)
        if self.check_action and found:
            self._check_action(ctx, found[0])
        return found

    @staticmethod
    def _by_operation(interface: Any, tag: Any) -> list[Any] | None:
        """The methods of an operation in rpc style, whose wrapper is called as it is."""
        namespace, _, name = str(tag)[1:].rpartition("}")
        descriptor = interface.operations.get(name) if namespace == interface.tns else None
        return None if descriptor is None else _with_auxiliary(interface, descriptor)

    def _by_action(self, ctx: MethodContext, shared: dict[str, MethodDescriptor]) -> list[Any]:
        """The one of several bare methods with one element that the action names."""
        descriptor = shared.get(self.read_action(ctx) or "")
        if descriptor is None:
            names = ", ".join(shared)
            raise Fault(
                "Client.SoapError",
                f"several operations take the element {cut(ctx.method_request_string)}; say by SOAPAction which one: {names}",
            )
        return _with_auxiliary(ctx.app.interface, descriptor)

    def _dispatch_empty(self, ctx: MethodContext) -> None:
        """A Body without an element is a call of a bare method without argument, if the action names one."""
        descriptor = ctx.app.interface.operations.get(self.read_action(ctx))
        if descriptor is None or descriptor.in_names or not descriptor.is_in_bare():
            raise Fault("Client.SoapError", "Soap body is empty!")
        ctx.method_request_string = ctx.app.interface.calls[descriptor].request.tag

    def _check_action(self, ctx: MethodContext, descriptor: MethodDescriptor) -> None:
        action = self.read_action(ctx)
        if action is not None and action != descriptor.operation_name:
            raise Fault(
                "Client.ActionMismatch",
                f"the Body calls '{descriptor.operation_name}', but SOAPAction says '{cut(action)}'",
            )

    # --- headers ---

    def _deserialize_request(self, ctx: MethodContext) -> None:
        if ctx._in_header_doc is not None and self.must_understand and ctx.descriptor is not None and ctx.aux is None:
            self._check_understood(ctx)
        super()._deserialize_request(ctx)

    def _check_understood(self, ctx: MethodContext) -> None:
        """SOAP 1.1 §4.2.3, SOAP 1.2 part 1 §2.4: nothing is done for a request whose headers are not understood."""
        header = header_blocks(ctx)
        if len(header) > self._max_header_blocks:
            raise RequestTooLongError(str(LimitExceeded("header_blocks", self._max_header_blocks)))
        known = ctx.app.codec(self, "decode_request", ctx.descriptor).understood
        tags = not_understood(header, self.version, known, self.understands)
        if tags:
            raise MustUnderstandFault(tags)

    # --- out ---

    def write_envelope(self, ctx: MethodContext, writer: Any) -> str:
        return str(writer.envelope(ctx.out_object, ctx.out_header))

    def write_fault(self, fault: Fault) -> str:
        version = self.version
        text = version.write_fault(fault, self.app.interface, self.codec_options())
        headers = fault_headers(fault, version)
        prefix = version.prefix
        head = f"<{prefix}:Header>{headers}</{prefix}:Header>" if headers else ""
        return f"{version.open}{xsi_if_used(text)}>{head}<{prefix}:Body>{text}{version.close}"

    def read_fault(self, body: Any) -> Fault | None:
        """The fault that a response of any version says; a service may answer in the version that it has."""
        read = FAULT_READERS.get(body.tag)
        return None if read is None else read(body)

    def fault_to_http_response_code(self, fault: Fault) -> int:
        is_callers = str(fault.faultcode).partition(".")[0] == "Client"
        return self.version.sender_status if is_callers else 500

    @staticmethod
    def action_of(ctx: MethodContext) -> str:
        """The action that a client names: the operation as the WSDL has it, in ASCII."""
        return quote(ctx.descriptor.operation_name, safe="!#$&'()*+,/:;=?@[]~")


def _with_auxiliary(interface: Any, descriptor: MethodDescriptor) -> list[Any]:
    """A method, and the auxiliary ones that run along with those of its element."""
    known = interface.service_method_map[interface.calls[descriptor].request.tag]
    return [descriptor, *(other for other in known if other.aux is not None and other is not descriptor)]


def _rule(version: Version) -> str:
    return "SOAP 1.1 section 4" if version is SOAP11 else "SOAP 1.2 part 1 section 5.1"


def action_parameter(content_type: str | None) -> str | None:
    """The parameter ``action`` of a Content-Type (RFC 3902), None where it has none."""
    found = _ACTION.search(content_type or "")
    if found is None:
        return None
    return re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2]
