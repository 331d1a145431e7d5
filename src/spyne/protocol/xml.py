"""XmlDocument: a call is an element named after the method, without an envelope."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from lxml import etree

from spyne.codec import xml_encode, xml_fast
from spyne.codec._base import DecodeError, Options
from spyne.codec.xml_input import ParserOptions, XmlError, XmlReader
from spyne.const.xml import NS_SOAP11_ENV
from spyne.error import Fault, RequestTooLongError, ResourceNotFoundError
from spyne.limits import LimitExceeded, unless_off
from spyne.protocol._base import CodecKind, ProtocolBase, joined, validation_error
from spyne.protocol._xml_out import FAULT, PROLOG, Writer, XmlText, declare, fault_text, read_fault
from spyne.schema import DeclarationError, Field, resolve
from spyne.util.excerpt import cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spyne.context import MethodContext
    from spyne.interface._base import Call, Message

__all__ = ["XmlDocument"]

_SAFE: Mapping[str, Any] = {
    "attribute_defaults": False,
    "dtd_validation": False,
    "load_dtd": False,
    "no_network": True,
    "recover": False,
    "remove_pis": True,
    "resolve_entities": False,
    "schema": None,
    "compact": True,
}
"""Options of lxml's parser that were accepted once and have one safe value."""
_CHOICES = frozenset(ParserOptions.__struct_fields__)
_MESSAGE_LENGTH = 240
"""Characters of one message of libxml2, which quotes values of any length."""


class Reader:
    """Reads one message: `decode` takes its element; `headers` are (tag, decode) in order of declaration."""

    __slots__ = ("decode", "headers", "wrapped")

    def __init__(self, message: Message, options: Options) -> None:
        self.decode = xml_fast.compile(message.field, options)
        self.wrapped = message.wrapped
        self.headers = [(_header_tag(field), xml_fast.compile(field, options)) for field in message.headers]

    def read_headers(self, parent: Any) -> Any:
        """The header objects: None without any, one for one declared class, else a list with None for those absent; of a
        block that is there twice the last one counts.
        """
        if parent is None or not self.headers:
            return None
        found = {child.tag: child for child in parent}
        values = [_read_header(found[tag], decode) if tag in found else None for tag, decode in self.headers]
        return values[0] if len(values) == 1 else values


def _read_header(element: Any, decode: Any) -> Any:
    try:
        return decode(element)
    except DecodeError as error:
        raise error.at(etree.QName(element).localname) from None


def _header_tag(field: Field) -> str:
    return f"{{{field.hints.get('xml_namespace') or resolve(field.type).namespace}}}{field.wire_name}"


class XmlDocument(ProtocolBase):
    """XML without an envelope: the request's root element names the method, the response's is ``<method>Response``.

    validator: None checks that values fit their types, "soft" also facets and occurrence, "lxml" (or "schema") the whole XML
    Schema. replace_null_with_default: a nil element takes the type's default. polymorphic: write subclasses as what they
    are, with xsi:type. parse_xsi_type: read them so. encoding: of what is written, UTF-8 unless set. pretty_print: indent.
    Further keywords are lxml's parser options, as far as they are safe.
    """

    VALIDATORS: ClassVar[Mapping[Any, Any]] = {None: None, "soft": "soft", "lxml": "lxml", "schema": "lxml"}
    SCHEMA_VALIDATION: ClassVar[str] = "lxml"
    type: ClassVar[frozenset[str]] = frozenset({"xml"})
    mime_type = "text/xml"
    default_binary_encoding = "base64"
    allow_pi: ClassVar[bool] = True

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
        polymorphic: bool = False,
        parse_xsi_type: bool = True,
        binary_encoding: Any = None,
        mime_type: str | None = None,
        **parser_options: Any,
    ) -> None:
        self.replace_null_with_default = replace_null_with_default
        self.xml_declaration = xml_declaration
        self.cleanup_namespaces = cleanup_namespaces
        self.encoding = encoding
        self.pretty_print = pretty_print
        self.polymorphic = polymorphic
        self.parse_xsi_type = parse_xsi_type
        self.parser_options = _parser_options(type(self).__name__, parser_options)
        self._reader: XmlReader | None = None
        self._schema: Any = None
        self._schema_lock = Lock()
        super().__init__(app, validator, mime_type, binary_encoding=binary_encoding)

    def set_app(self, app: Any) -> None:
        super().set_app(app)
        self._reader = XmlReader(
            msgspec.structs.replace(app.limits, body=None), allow_pi=self.allow_pi, options=self.parser_options
        )
        self._max_header_blocks = unless_off(app.limits.header_blocks)
        if self.validator == self.SCHEMA_VALIDATION:
            from spyne.interface.xml_schema import validation_schema

            published = getattr(app.interface.docs, "wsdl11", None)
            form = published.element_form_default if published is not None else "qualified"
            self._schema = validation_schema(app.interface, form)

    def codec_options(self) -> Options:
        return msgspec.structs.replace(
            super().codec_options(),
            polymorphic=self.polymorphic,
            parse_xsi_type=self.parse_xsi_type,
            replace_null_with_default=self.replace_null_with_default,
        )

    def compile(self, kind: CodecKind, call: Call) -> Any:
        message = call.request if kind.endswith("request") else call.response
        if kind.startswith("decode"):
            return Reader(message, self.codec_options())
        return Writer(self.app.interface, message, self.codec_options())

    # --- in ---

    def create_in_document(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx._in_document is None:
            ctx._in_document = self.parse(joined(ctx.in_string), charset)

    def parse(self, data: bytes, charset: str | None = None) -> Any:
        """The root element of a document. Raises Fault: Client.XMLSyntaxError or Client.RequestTooLong."""
        try:
            return self._reader.parse(data, charset)  # type: ignore[union-attr]
        except XmlError as error:
            raise Fault("Client.XMLSyntaxError", str(error)) from None
        except LimitExceeded as error:
            raise RequestTooLongError(str(error)) from None

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        if ctx.in_body_doc is None:
            ctx.in_body_doc = ctx.in_document
        ctx.method_request_string = ctx.in_body_doc.tag

    def deserialize(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        self.fire("before_deserialize", ctx)
        if message == self.REQUEST:
            self._deserialize_request(ctx)
        else:
            self._deserialize_response(ctx)
        self.fire("after_deserialize", ctx)

    def _deserialize_request(self, ctx: MethodContext) -> None:
        descriptor = ctx.descriptor
        if descriptor is None:
            raise ResourceNotFoundError(ctx.method_request_string or "")
        body = ctx.in_body_doc
        if self._schema is not None and body is not None:
            self.validate_document(body)
        reader = ctx.app.codec(self, "decode_request", descriptor)
        try:
            if ctx.in_header_doc is not None and ctx.in_header is None:
                ctx.in_header = self._read_headers(reader, ctx)
            if ctx.in_object is None:
                value = reader.decode(body) if body is not None else None
                ctx.in_object = value if reader.wrapped and value is not None else self._bare(reader, descriptor, value)
        except DecodeError as error:
            raise validation_error(error) from None

    def _read_headers(self, reader: Reader, ctx: MethodContext) -> Any:
        if len(ctx.in_header_doc) > self._max_header_blocks:
            raise RequestTooLongError(str(LimitExceeded("header_blocks", self._max_header_blocks)))
        return reader.read_headers(ctx.in_header_doc)

    @staticmethod
    def _bare(reader: Reader, descriptor: Any, value: Any) -> list[Any]:
        """The arguments of a bare request, or of a wrapped one that is nil."""
        return [None] * len(descriptor.in_names) if reader.wrapped or not descriptor.in_names else [value]

    def _deserialize_response(self, ctx: MethodContext) -> None:
        body = ctx.in_body_doc
        if body is not None and body.tag == FAULT:
            ctx.in_error = read_fault(body)
            return
        reader = ctx.app.codec(self, "decode_response", ctx.descriptor)
        try:
            ctx.in_header = reader.read_headers(ctx.in_header_doc)
            value = reader.decode(body) if body is not None else None
        except DecodeError as error:
            raise validation_error(error) from None
        ctx.in_object = value if not reader.wrapped or value is None else _unwrap(value)

    def validate_document(self, element: Any) -> None:
        """Check an element against the XML Schema. Raises Fault Client.SchemaValidationError with place and rule."""
        with self._schema_lock:  # a schema has one log of errors, whatever the thread
            if self._schema.validate(element):
                return
            errors = [(error.line, cut(error.message, _MESSAGE_LENGTH)) for error in self._schema.error_log[:8]]
        raise Fault("Client.SchemaValidationError", "; ".join(f"line {line}: {message}" for line, message in errors))

    # --- out ---

    def serialize(self, ctx: MethodContext, message: str = ProtocolBase.RESPONSE) -> None:
        if ctx._out_document is not None:
            return
        self.fire("before_serialize", ctx)
        if ctx.out_error is not None:
            ctx._out_document = XmlText(self.write_fault(ctx.out_error))
        else:
            kind = "encode_response" if message == self.RESPONSE else "encode_request"
            ctx._out_document = XmlText(self.write(ctx, ctx.app.codec(self, kind, ctx.descriptor)))
        self.fire("after_serialize", ctx)

    def write(self, ctx: MethodContext, writer: Writer) -> str:
        """The document of a result."""
        return declare(writer.write(ctx.out_object), writer.prefixes)

    def write_fault(self, fault: Fault) -> str:
        """The document of a fault."""
        return declare(fault_text(fault, self.app.interface, self.codec_options()), {NS_SOAP11_ENV: "soap11env"})

    def create_out_string(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx.out_string is not None:
            return
        encoding = charset or self.encoding
        document = ctx._out_document
        if (
            isinstance(document, XmlText)
            and not self.pretty_print
            and (encoding is None or encoding.lower() == "utf-8")
        ):
            data = document.text.encode()
            xml_encode.check_xml_chars(data)
            ctx.out_string = [PROLOG + data if self.xml_declaration else data]
            return
        ctx.out_string = [
            etree.tostring(
                ctx.out_document,
                encoding=encoding or "UTF-8",
                xml_declaration=self.xml_declaration,
                pretty_print=self.pretty_print,
            )
        ]


def _unwrap(message: Any) -> Any:
    """The result of a response: nothing, the one, or all of them."""
    values = list(message)
    return values[0] if len(values) == 1 else values or None


def _parser_options(owner: str, given: Mapping[str, Any]) -> ParserOptions:
    chosen = {name: value for name, value in given.items() if name in _CHOICES}
    for name, value in given.items():
        if name in _CHOICES:
            continue
        if name not in _SAFE:
            raise DeclarationError(f"{owner} has no option {name!r}")
        if value != _SAFE[name]:
            raise DeclarationError(f"{owner}({name}={value!r}) is not safe on requests and not available; leave it out")
    return ParserOptions(**chosen)
