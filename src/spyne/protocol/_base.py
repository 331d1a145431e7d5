"""ProtocolBase: between the bytes of a transport and the objects of a service."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from spyne.codec._base import Options
from spyne.error import HTTP_CODES, Fault, ResourceNotFoundError, ValidationError
from spyne.evmgr import EventManager
from spyne.limits import unless_off
from spyne.schema import DeclarationError
from spyne.util.excerpt import cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from spyne.codec._base import DecodeError
    from spyne.context import MethodContext

__all__ = ["ProtocolBase", "explain", "http_code_of", "media_type_of", "validation_error"]

CodecKind = Literal["decode_request", "encode_response", "encode_request", "decode_response", "stream_response"]


_NOT_OPTIONS = frozenset({"app", "event_manager"})


class ProtocolBase:
    """A pure translation, in one direction of one application. To make a protocol, override `create_in_document`,
    `decompose_incoming_envelope`, `deserialize`, `serialize`, `create_out_string` and `compile`.

    validator: None, "soft", or what the subclass lists in `VALIDATORS`. mime_type: the content type of what it writes.
    media_types: those it reads, in lower case and without parameters, for the choice among several protocols; none means any.
    streams_in: whether a method has an argument that is read while it arrives; the transport then gives blocks as they come, and `scout` reads the first ones.
    Instances hold options only; what is compiled belongs to the application. Raises DeclarationError for a validator that
    the protocol does not have.
    """

    REQUEST: ClassVar[str] = "request"
    RESPONSE: ClassVar[str] = "response"
    SOFT_VALIDATION: ClassVar[str] = "soft"
    VALIDATORS: ClassVar[Mapping[Any, Any]] = {None: None, "soft": "soft"}

    type: ClassVar[frozenset[str]] = frozenset()
    mime_type: str = "application/octet-stream"
    default_binary_encoding: ClassVar[Any] = None
    http_methods: ClassVar[tuple[str, ...]] = ("POST",)
    media_types: ClassVar[tuple[str, ...]] = ()
    streams_in: bool = False

    def __init__(
        self,
        app: Any = None,
        validator: Any = None,
        mime_type: str | None = None,
        ignore_uncap: bool = False,
        ignore_wrappers: bool = False,
        binary_encoding: Any = None,
        string_encoding: str | None = None,
    ) -> None:
        self.app: Any = None
        self.validator: Any = None
        self.ignore_uncap = ignore_uncap
        self.ignore_wrappers = ignore_wrappers
        self.binary_encoding = binary_encoding or self.default_binary_encoding
        self.string_encoding = string_encoding
        self.event_manager = EventManager(self)
        if mime_type is not None:
            self.mime_type = mime_type
        self.set_validator(validator)
        if app is not None:
            self.set_app(app)

    def set_app(self, app: Any) -> None:
        """Bind the protocol to its application. Raises DeclarationError when it already has another one."""
        if self.app is not None and self.app is not app:
            raise DeclarationError(
                f"this {type(self).__name__} belongs to another application; make an instance for each"
            )
        self.app = app

    def options_key(self) -> tuple[Any, ...] | None:
        """What two instances have in common when they compile alike: class and options; None where options cannot be compared."""
        options = {name: value for name, value in vars(self).items() if name[0] != "_" and name not in _NOT_OPTIONS}
        key = (type(self), *sorted(options.items()))
        try:
            hash(key)
        except TypeError:
            return None
        return key

    def set_validator(self, validator: Any) -> None:
        """Choose the validator by name."""
        if validator not in self.VALIDATORS:
            names = ", ".join(repr(name) for name in self.VALIDATORS)
            raise DeclarationError(f"{type(self).__name__} has no validator {validator!r}; it has {names}")
        self.validator = self.VALIDATORS[validator]

    def codec_options(self) -> Options:
        """What the codecs of this protocol are compiled with; a subclass replaces what it offers as options of its own."""
        limits = self.app.limits
        return Options(
            validate=self.validator == self.SOFT_VALIDATION,
            max_depth=unless_off(limits.depth),
            number_text=unless_off(limits.number_text),
            binary_encoding=self.binary_encoding or "base64",
            protocol=frozenset(cls.__name__ for cls in type(self).__mro__),
        )

    def compile(self, kind: CodecKind, call: Any) -> Any:
        """The function that decodes or encodes one message of `call`; a type that this protocol cannot carry raises
        DeclarationError with its path. For "stream_response" it is what `result_scout` needs, None where the response cannot be read
        item by item.
        """
        return None

    def scout(self, charset: str | None) -> Any:
        """What reads the beginning of a request, see `spyne.protocol._incoming.Scout`; asked only if `streams_in`."""
        raise NotImplementedError

    def result_scout(self, ctx: MethodContext) -> Any:
        """What reads the beginning of a response whose one result is an array, for a client that takes its items while they arrive;
        None where this protocol reads it as a whole.
        """
        return None

    def create_in_document(self, ctx: MethodContext, charset: str | None = None) -> None:
        """Parse ``ctx.in_string`` into ``ctx.in_document``."""
        if ctx.in_document is None:
            ctx.in_document = ctx.in_string

    def decompose_incoming_envelope(self, ctx: MethodContext, message: str = REQUEST) -> None:
        """Split ``ctx.in_document`` into header and body, and find ``ctx.method_request_string``."""
        if ctx.in_body_doc is None:
            ctx.in_body_doc = ctx.in_document

    def deserialize(self, ctx: MethodContext, message: str = REQUEST) -> None:
        """Make ``ctx.in_object`` and ``ctx.in_header`` of ``ctx.in_body_doc`` and ``ctx.in_header_doc``."""
        if ctx.in_object is None:
            ctx.in_object = ctx.in_body_doc

    def serialize(self, ctx: MethodContext, message: str = RESPONSE) -> None:
        """Make ``ctx.out_document`` of ``ctx.out_object`` or ``ctx.out_error``."""
        if ctx.out_document is None:
            ctx.out_document = ctx.out_object

    def create_out_string(self, ctx: MethodContext, charset: str | None = None) -> None:
        """Make ``ctx.out_string``, an iterable of bytes, of ``ctx.out_document``."""
        if ctx.out_string is None:
            ctx.out_string = [str(ctx.out_document).encode(charset or "utf-8")]

    def get_call_handles(self, ctx: MethodContext) -> list[Any]:
        """The methods that the request names, the primary one first; empty where there is none."""
        name = ctx.method_request_string
        methods: dict[str, list[Any]] = ctx.app.interface.service_method_map
        found = methods.get(name)
        if found is None and name is not None and not name.startswith("{"):
            found = methods.get(f"{{{ctx.app.interface.tns}}}{name}")
        return found or []

    def check_http_request(self, method: str, content_type: str | None) -> Fault | None:
        """Why HTTP requests of this method and Content-Type are not taken, None when they are. Override to be choosy; what a
        RequestNotAllowed should name in the Allow header is in `http_methods`.
        """
        return None

    def takes(self, content_type: str | None, method: str = "POST") -> bool:
        """Whether an HTTP request of this Content-Type and method is for this protocol rather than for another one beside it."""
        return not self.media_types or media_type_of(content_type) in self.media_types

    def twin(self) -> Self:
        """A protocol with the same options, but no validator and no application yet: for the other direction."""
        twin = copy(self)
        twin.app = twin.validator = None
        twin.event_manager = EventManager(twin)
        return twin

    def content_type_of(self, ctx: MethodContext) -> str:
        """The Content-Type of what was written for this call."""
        return self.mime_type

    def accept_of(self, ctx: MethodContext) -> str:
        """What a client that reads responses by this protocol says in Accept."""
        return media_type_of(self.mime_type)

    def request_headers(self, ctx: MethodContext) -> dict[str, str]:
        """HTTP headers that a client sends along with a request, beside Content-Type and Accept."""
        return {}

    def streams(self, ctx: MethodContext) -> bool:
        """Whether an asynchronous iterator that the method of this call returns is written while its items come; otherwise the
        server gathers it first.
        """
        return False

    def answers_one_way(self, ctx: MethodContext) -> bool:
        """Whether the caller of a one-way method waits for a document all the same, as some formats let him ask for one."""
        return False

    def join_batch(self, ctx: MethodContext) -> None:
        """Make ``ctx.out_string`` of those of ``ctx.batch``: several calls that came in one request are answered in one."""
        ctx.out_string = [chunk for part in ctx.batch for chunk in part.out_string or ()]

    def fault_to_http_response_code(self, fault: Fault) -> int:
        """The HTTP status for a fault. Override to choose others."""
        return http_code_of(fault)

    @staticmethod
    def trc(cls: Any, locale: str, default: str) -> str:
        """What a type is called in a language, by its `translations`, or the default."""
        return str((cls.Attributes.translations or {}).get(locale, default))

    @staticmethod
    def trd(translations: Mapping[str, str], locale: str, default: str) -> str:
        """The text of a language, or the default."""
        return translations.get(locale, default)

    def generate_method_contexts(self, ctx: MethodContext) -> list[MethodContext]:
        """The context with its method set, and a copy for each auxiliary method.

        Raises ResourceNotFoundError when the request names no method.
        """
        descriptors = self.get_call_handles(ctx)
        if not descriptors:
            raise ResourceNotFoundError(ctx.method_request_string or "")
        ctx.descriptor = descriptors[0]
        ctx.method_name = ctx.descriptor.name
        if len(descriptors) == 1:
            return [ctx]
        others = []
        for descriptor in descriptors[1:]:
            other = ctx.copy()
            other.descriptor = descriptor
            others.append(other)
        return [ctx, *others]

    def fire(self, name: str, ctx: MethodContext) -> None:
        """Fire one of the protocol's own events, such as ``before_deserialize``."""
        if name in self.event_manager.handlers:
            self.event_manager.fire_event(name, ctx)


def http_code_of(fault: Fault) -> int:
    """400 for the client's faults, 500 for the server's, and the exceptions of `spyne.error.HTTP_CODES`; the nearest code
    up the dotted path decides.
    """
    code = str(fault.faultcode)
    while code:
        if code in HTTP_CODES:
            return HTTP_CODES[code]
        code = code.rpartition(".")[0]
    return 400 if str(fault.faultcode).partition(".")[0] == "Client" else 500


def media_type_of(content_type: str | None) -> str:
    """The media type of a Content-Type in lower case, without its parameters; empty where there is none."""
    return content_type.partition(";")[0].strip().lower() if content_type else ""


def validation_error(error: DecodeError) -> ValidationError:
    """The fault for what a codec refused: where, value and rule of each error."""
    fault = ValidationError(path=error.where())
    fault.faultstring = "; ".join(map(explain, error.all()))  # as it is: a value may look like a place for one
    return fault


def explain(error: DecodeError) -> str:
    """One sentence: ``order/items[3]/qty: the value 'x' is not an integer (xs:integer)``."""
    where = error.where()
    what = error.message if error.value is None else f"the value '{cut(error.value)}' {error.message}"
    return f"{where}: {what}" if where else what


def joined(chunks: Any) -> bytes:
    """A request's chunks in one piece."""
    if isinstance(chunks, list) and len(chunks) == 1:
        return bytes(chunks[0])
    return chunks if isinstance(chunks, bytes) else b"".join(chunks)


def first(values: Sequence[Any]) -> Any:
    """The one argument or result of a bare message, None where there is none."""
    return values[0] if len(values) else None
