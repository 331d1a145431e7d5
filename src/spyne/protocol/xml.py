"""XmlDocument: a call is an element named after the method, without an envelope."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from lxml import etree

from spyne.codec import xml_encode, xml_fast
from spyne.codec._base import DecodeError, Options
from spyne.codec._xml_names import members
from spyne.codec._xop import ATTACHMENTS, inline
from spyne.codec.xml_input import DEFAULT_OPTIONS, ParserOptions, XmlError, XmlReader
from spyne.codec.xml_plain import NotPlain, PlainMessage
from spyne.codec.xml_plain_document import Frame, PlainDocuments
from spyne.codec.xml_stream import XmlFeed
from spyne.const.xml import NS_SOAP11_ENV, NSMAP
from spyne.error import Fault, RequestTooLongError, ResourceNotFoundError
from spyne.interface._streams import result_of, stream_of
from spyne.limits import LimitExceeded, unless_off
from spyne.protocol._base import CodecKind, ProtocolBase, first, joined, validation_error
from spyne.protocol._incoming import Scout, explained, open_stream
from spyne.protocol._items import Items, is_stream
from spyne.protocol._xml_fault import FAULT, fault_text, read_fault
from spyne.protocol._xml_in import StreamReader, XmlReceiver
from spyne.protocol._xml_out import PROLOG, Writer, XmlText, declare
from spyne.protocol._xml_plain import PlainBody, PlainRequest, header_blocks, open_plain
from spyne.protocol._xml_prefixes import check_names_in, check_prefixes
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
_UNKNOWN: Any = object()


class Reader:
    """Reads one message: `decode` takes its element; `headers` are (tag, decode) in order of declaration."""

    __slots__ = ("_message", "_options", "_plain", "decode", "headers", "wrapped")

    def __init__(self, message: Message, options: Options) -> None:
        self._message = message
        self._options = options
        self._plain: Any = _UNKNOWN
        self.decode = xml_fast.compile(message.field, options)
        self.wrapped = message.wrapped
        self.headers = [(_header_tag(field), xml_fast.compile(field, options)) for field in message.headers]

    @property
    def plain(self) -> PlainMessage | None:
        """What reads the message without a tree, made on first use; None for a message that needs one."""
        if self._plain is _UNKNOWN:
            message = self._message
            try:
                self._plain = PlainMessage(message.field, message.namespace, message.name, self._options)
            except NotPlain:
                self._plain = None
        return self._plain  # type: ignore[no-any-return]

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
    are, with xsi:type. parse_xsi_type: read them so.

    encoding: of what is written, UTF-8 unless set; Content-Type names it, and characters outside it become references.
    xml_declaration: begin with one. pretty_print: indent. cleanup_namespaces: declare the prefixes that a document uses, otherwise
    all that the application has. prefixes: namespace to the prefix to write for it; the interface documents keep their own.
    Further keywords are lxml's parser options, as far as they are safe.
    """

    VALIDATORS: ClassVar[Mapping[Any, Any]] = {None: None, "soft": "soft", "lxml": "lxml", "schema": "lxml"}
    SCHEMA_VALIDATION: ClassVar[str] = "lxml"
    type: ClassVar[frozenset[str]] = frozenset({"xml"})
    mime_type = "text/xml"
    media_types: ClassVar[tuple[str, ...]] = ("text/xml", "application/xml")
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
        prefixes: Mapping[str, str] | None = None,
        **parser_options: Any,
    ) -> None:
        self.replace_null_with_default = replace_null_with_default
        self.xml_declaration = xml_declaration
        self.cleanup_namespaces = cleanup_namespaces
        self.encoding = _known_encoding(type(self).__name__, encoding)
        self.prefixes = tuple((prefixes or {}).items())
        self.pretty_print = pretty_print
        self.polymorphic = polymorphic
        self.parse_xsi_type = parse_xsi_type
        self.parser_options = _parser_options(type(self).__name__, parser_options)
        self._reader: XmlReader | None = None
        self._schema: Any = None
        self._schema_lock = Lock()
        self._streams: dict[str, StreamReader] = {}
        self._plain: PlainDocuments | None = None
        if mime_type is None and encoding is not None:
            mime_type = f"{self.mime_type.partition(';')[0]}; charset={encoding.lower()}"
        super().__init__(app, validator, mime_type, binary_encoding=binary_encoding)

    def set_app(self, app: Any) -> None:
        super().set_app(app)
        check_prefixes(type(self).__name__, dict(self.prefixes), app.interface)
        check_names_in(type(self).__name__, self.encoding, app.interface)
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
            prefixes=dict(self.prefixes),
            all_prefixes=not self.cleanup_namespaces,
        )

    def compile(self, kind: CodecKind, call: Call) -> Any:
        message = call.request if kind.endswith("request") else call.response
        if kind == "decode_request":
            self.note_stream(call)
        if kind == "stream_response":
            return self.result_readers(call)
        if kind.startswith("decode"):
            return Reader(message, self.codec_options())
        return Writer(self.app.interface, message, self.codec_options())

    # --- in ---

    def note_stream(self, call: Call) -> None:
        """Note a method whose last argument is read while it arrives. Raises DeclarationError where the validator needs it whole."""
        stream, message = stream_of(call), call.request
        if stream is None:
            return
        if self.validator == self.SCHEMA_VALIDATION:
            raise DeclarationError(
                f"{message.name}.{stream.name}: a stream cannot be checked against the whole schema; use validator='soft', or "
                "declare list[…] instead of an iterator"
            )
        reader = StreamReader(message, stream, self.codec_options())
        self._streams[message.tag] = reader
        self._streams.setdefault(message.name, reader)
        self.streams_in = True

    def result_readers(self, call: Call) -> dict[str, StreamReader] | None:
        """What reads the response of a method item by item, by the names of its element; None where its result is no array."""
        stream, message = result_of(call), call.response
        if stream is None or [member.place for member in members(stream.struct, self.codec_options())] != ["element"]:
            return None
        return dict.fromkeys((message.tag, message.name), StreamReader(message, stream, self.codec_options()))

    def scout(self, charset: str | None) -> Scout:
        return self._scout(self._streams, charset)

    def result_scout(self, ctx: MethodContext) -> Scout | None:
        readers = ctx.app.codec(self, "stream_response", ctx.descriptor)
        return None if readers is None else self._scout(readers, None)

    def _scout(self, readers: dict[str, StreamReader], charset: str | None) -> Scout:
        limits, names = self.app.limits, {name for reader in readers.values() for name in reader.names}
        feed = XmlFeed(limits, names, charset=charset, allow_pi=self.allow_pi, options=self.parser_options)
        receiver = XmlReceiver(feed, readers, limits, self.find_call, self.check_envelope)
        return Scout(receiver, _explained)

    def find_call(self, root: Any) -> Any:
        """The element of the call, or of its response, in a document of which only the start is there: None before it has come, False
        where the document is to be read as a whole.
        """
        return root

    def check_envelope(self, root: Any) -> None:
        """Check what is around a call, once all of the document was read. Raises Fault."""

    def create_in_document(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx._in_document is None and self.streams_in and open_stream(self, ctx, charset):
            return
        if ctx._in_document is None:
            data = joined(ctx.in_string)
            plain = self._read_plain(data, charset) if ctx.way == ctx.SERVER else None
            ctx._in_document = plain or self.parse(data, charset)

    def _read_plain(self, data: bytes, charset: str | None) -> PlainRequest | None:
        """A request that needs no tree, read at once; None for all others, which are parsed."""
        documents = self._plain
        if documents is None:
            documents = self._plain = self._plain_documents()
        found = documents.read(data, charset)
        return None if found is None else PlainRequest(found, lambda: self.parse(data, charset), documents.levels)

    def _frame(self) -> Frame:
        """What stands around a message."""
        return Frame()

    def _plain_documents(self) -> PlainDocuments:
        namespaces = (*NSMAP.values(), *self.app.interface.nsmap.values())
        find = self._plain_message if self._reads_plain() else None
        return PlainDocuments(self._frame(), namespaces, self.app.limits, find)

    def _reads_plain(self) -> bool:
        """Whether this protocol does to requests what it would do to their trees."""
        return (
            self.validator != self.SCHEMA_VALIDATION
            and self.parser_options == DEFAULT_OPTIONS
            and type(self).parse is XmlDocument.parse
        )

    def _plain_message(self, tag: str) -> PlainMessage | None:
        """What reads the element of a method without a tree; None where that takes more than its name."""
        interface = self.app.interface
        methods = interface.service_method_map.get(tag)
        if not methods or tag in interface.shared or tag in self._streams:
            return None
        plain: PlainMessage | None = self.app.codec(self, "decode_request", methods[0]).plain
        return plain if plain is not None and plain.tag == tag else None

    def parse(self, data: bytes, charset: str | None = None) -> Any:
        """The root element of a document. Raises Fault: Client.XMLSyntaxError or Client.RequestTooLong."""
        try:
            return self._reader.parse(data, charset)  # type: ignore[union-attr]
        except XmlError as error:
            raise Fault("Client.XMLSyntaxError", str(error)) from None
        except LimitExceeded as error:
            raise RequestTooLongError(str(error)) from None

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        if open_plain(ctx):
            return
        if ctx._in_body_doc is None:
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
        if self._schema is not None and ctx.in_body_doc is not None:
            self._put_attachments_in(ctx.in_body_doc)
            self.validate_document(ctx.in_body_doc)
        reader = ctx.app.codec(self, "decode_request", descriptor)
        try:
            if ctx._in_header_doc is not None and ctx.in_header is None:
                ctx.in_header = self._read_headers(reader, ctx)
            if ctx.in_object is None and ctx.in_stream is not None:
                ctx.in_object = ctx.in_stream.arguments()
            if ctx.in_object is None:
                value = read_body(ctx, reader)
                ctx.in_object = value if reader.wrapped and value is not None else self._bare(reader, descriptor, value)
        except DecodeError as error:
            raise validation_error(error) from None

    def _read_headers(self, reader: Reader, ctx: MethodContext) -> Any:
        blocks = header_blocks(ctx)
        if len(blocks) > self._max_header_blocks:
            raise RequestTooLongError(str(LimitExceeded("header_blocks", self._max_header_blocks)))
        return reader.read_headers(blocks)

    @staticmethod
    def _bare(reader: Reader, descriptor: Any, value: Any) -> list[Any]:
        """The arguments of a bare request, or of a wrapped one that is nil."""
        return [None] * len(descriptor.in_names) if reader.wrapped or not descriptor.in_names else [value]

    def _deserialize_response(self, ctx: MethodContext) -> None:
        body = ctx.in_body_doc
        ctx.in_error = None if body is None else self.read_fault(body)
        if ctx.in_error is not None:
            return
        reader = ctx.app.codec(self, "decode_response", ctx.descriptor)
        try:
            ctx.in_header = reader.read_headers(ctx.in_header_doc)
            if ctx.in_stream is not None:
                ctx.in_object = ctx.in_stream.results()
                return
            value = reader.decode(body) if body is not None else None
        except DecodeError as error:
            raise validation_error(error) from None
        ctx.in_object = value if not reader.wrapped or value is None else _unwrap(value)

    def read_fault(self, body: Any) -> Fault | None:
        """The fault that a response says, None where it is a result."""
        return read_fault(body) if body.tag == FAULT else None

    @staticmethod
    def _put_attachments_in(body: Any) -> None:
        if ATTACHMENTS.get() is None:
            return
        try:
            inline(body)
        except DecodeError as error:
            raise validation_error(error) from None

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
            writer = ctx.app.codec(self, kind, ctx.descriptor)
            if writer.cut is not None and message == self.RESPONSE and self._streams_now(ctx):
                ctx._out_document = self._items(ctx, writer)
            else:
                ctx._out_document = XmlText(self.write(ctx, writer))
        self.fire("after_serialize", ctx)

    def streams(self, ctx: MethodContext) -> bool:
        if self.pretty_print or (self.encoding or "utf-8").lower() not in _UTF8:
            return False
        return ctx.app.codec(self, "encode_response", ctx.descriptor).cut is not None

    def _streams_now(self, ctx: MethodContext) -> bool:
        values = ctx.out_object
        return values is not None and len(values) == 1 and is_stream(values[0]) and self.streams(ctx)

    def _items(self, ctx: MethodContext, writer: Writer) -> Items:
        """The document of a result that is pulled while it is sent."""
        cut = writer.cut
        assert cut is not None

        def whole(values: Any) -> str:
            ctx.out_object = [values if isinstance(values, list) else list(values)]
            return self.write(ctx, writer)

        return Items(
            first(ctx.out_object),
            item=cut.item,
            around=lambda: writer.around(ctx.out_header),
            whole=whole,
            tree=lambda source: XmlText(whole(source))(),
            finish=_checked,
            frame=(PROLOG if self.xml_declaration else b"", b""),
        )

    def write(self, ctx: MethodContext, writer: Writer) -> str:
        """The document of a result."""
        return writer.declared.on(writer.write(ctx.out_object))

    def write_fault(self, fault: Fault) -> str:
        """The document of a fault."""
        return declare(fault_text(fault, self.app.interface, self.codec_options()), {NS_SOAP11_ENV: "soap11env"})

    def create_out_string(self, ctx: MethodContext, charset: str | None = None) -> None:
        if ctx.out_string is not None:
            return
        encoding = charset or self.encoding or "UTF-8"
        document = ctx._out_document
        if not self.pretty_print and encoding.lower() in _UTF8:
            if isinstance(document, XmlText):
                data = _checked(document.text)
                ctx.out_string = [PROLOG + data if self.xml_declaration else data]
                return
            if isinstance(document, Items):
                ctx.out_string = document.blocks()
                return
        ctx.out_string = [
            etree.tostring(
                ctx.out_document,
                encoding=encoding,
                xml_declaration=self.xml_declaration,
                pretty_print=self.pretty_print,
            )
        ]


def _explained(error: Exception) -> Fault | None:
    """The fault for what reading a document raises."""
    return Fault("Client.XMLSyntaxError", str(error)) if isinstance(error, XmlError) else explained(error)


def read_body(ctx: MethodContext, reader: Reader) -> Any:
    """The value of a request's element, None without one."""
    body = ctx._in_body_doc
    if isinstance(body, PlainBody) and body.request is ctx._in_document:
        found = body.request.take(reader.plain)
        if found is not None:
            return found.value
    body = ctx.in_body_doc
    return None if body is None else reader.decode(body)


_UTF8 = frozenset({"utf-8", "utf8"})


def _checked(text: str) -> bytes:
    """The text in UTF-8. Raises EncodeError for characters that XML cannot carry."""
    data = text.encode()
    xml_encode.check_xml_chars(data)
    return data


def _known_encoding(owner: str, encoding: str | None) -> str | None:
    """The encoding, if XML can be written in it."""
    try:
        etree.tostring(etree.Element("a"), encoding=encoding or "UTF-8", xml_declaration=True)
    except (LookupError, ValueError, TypeError):
        raise DeclarationError(f"{owner}(encoding={encoding!r}): no such encoding; UTF-8 is always right") from None
    return encoding


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
