"""MethodContext: what is known of one call, filled from left to right along the pipeline."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from spyne.util.excerpt import cut

if TYPE_CHECKING:
    from spyne.evmgr import EventManager

__all__ = ["AuxMethodContext", "EventContext", "MethodContext", "ProtocolContext", "TransportContext"]


class TransportContext:
    """What the transport knows of one call. Transports and users add attributes of their own.

    itself: the server or client. type: "http", "null"… remote_addr: the peer's address. app: the application.
    """

    itself: Any = None
    type: str | None = None
    app: Any = None
    remote_addr: Any = None
    sessid: str = ""
    request_encoding: str | None = None
    mime_type: Any = None

    def __init__(self, parent: MethodContext | None = None, itself: Any = None, type: str | None = None) -> None:
        self.itself = itself
        if type is not None:
            self.type = type

    def get_peer(self) -> Any:
        """The address of the other side, None where the transport has none."""
        return self.remote_addr


class ProtocolContext:
    """What a protocol notes about one call; users may add attributes of their own."""

    def __init__(self, parent: MethodContext | None = None, transport: Any = None, type: str | None = None) -> None:
        self.itself = transport
        self.type = type


class EventContext:
    """What an event is about: its id and name."""

    def __init__(self, parent: MethodContext, event_id: Any = None) -> None:
        self.parent = parent
        self.event_id = event_id


class MethodContext:
    """One call, from ``in_string`` to ``out_string``. Free data goes into ``udc``; other new attributes are refused.

    Each pipeline step fills its attribute only while that is unset, so user code may set one and skip the step.
    in_string, out_string: iterables of bytes. in_document, out_document: the protocol's own form (an lxml element for XML,
    dicts and lists for JSON). in_object: the arguments, by position and by name. out_object: a sequence with the result(s).
    in_header, out_header: header objects, one or a sequence. in_error, out_error: a Fault. in_protocol, out_protocol: the
    application's until they are set for this call. batch: the calls of a request that holds several, None for all others. in_stream: the
    argument that is still arriving, None for all other calls; `in_document` is then what has arrived, without the items that were read.
    """

    SERVER: ClassVar[Literal["server"]] = "server"
    CLIENT: ClassVar[Literal["client"]] = "client"

    __slots__ = (
        "__weakref__",
        "_close_hooks",
        "_in_body_doc",
        "_in_document",
        "_in_header_doc",
        "_out_document",
        "app",
        "aux",
        "batch",
        "call_end",
        "call_start",
        "descriptor",
        "event",
        "files",
        "function",
        "in_error",
        "in_header",
        "in_object",
        "in_protocol",
        "in_stream",
        "in_string",
        "inprot_ctx",
        "is_closed",
        "locale",
        "method_name",
        "method_request_string",
        "out_body_doc",
        "out_error",
        "out_header",
        "out_header_doc",
        "out_object",
        "out_protocol",
        "out_stream",
        "out_string",
        "outprot_ctx",
        "pusher_stack",
        "transport",
        "udc",
        "way",
    )

    app: Any
    transport: Any
    descriptor: Any
    function: Any
    method_name: str | None
    method_request_string: Any
    locale: str | None
    udc: Any
    aux: Any
    batch: Any
    event: Any
    files: list[Any] | None
    call_end: float | None
    in_string: Any
    in_error: Any
    in_header: Any
    in_object: Any
    in_protocol: Any
    in_stream: Any
    inprot_ctx: Any
    out_object: Any
    out_protocol: Any
    out_header: Any
    out_error: Any
    out_body_doc: Any
    out_header_doc: Any
    out_string: Any
    out_stream: Any
    outprot_ctx: Any
    pusher_stack: Any
    _in_body_doc: Any
    _in_document: Any
    _in_header_doc: Any
    _out_document: Any
    _close_hooks: Any

    def __init__(self, server: Any, way: Literal["server", "client"] = "server", transport: Any = None) -> None:
        app = getattr(server, "app", server)
        self.app = app
        self.way = way
        self.transport = transport or TransportContext(self, server, getattr(server, "transport", None))
        self.in_protocol = app.in_protocol
        self.out_protocol = app.out_protocol
        self.call_start = time()
        self.is_closed = False
        self.aux = self.batch = self.call_end = self.descriptor = self.event = self.files = self.function = (
            self.locale
        ) = None
        self.method_name = self.method_request_string = self.udc = self.pusher_stack = self._close_hooks = None
        self.in_string = self._in_document = self._in_header_doc = self._in_body_doc = self.in_error = None
        self.in_header = self.in_object = self.in_stream = self.inprot_ctx = None
        self.out_object = self.out_header = self.out_error = self.out_body_doc = self.out_header_doc = None
        self._out_document = self.out_string = self.out_stream = self.outprot_ctx = None

    @property
    def in_document(self) -> Any:
        """The parsed request; a protocol that decodes straight from bytes parses it when somebody looks."""
        document = self._in_document
        return document() if isinstance(document, Lazy) else document

    @in_document.setter
    def in_document(self, document: Any) -> None:
        self._in_document = document

    @property
    def in_header_doc(self) -> Any:
        """The part of the parsed request that is beside the call: the Header of an envelope, or names and values."""
        header = self._in_header_doc
        return header() if isinstance(header, Lazy) else header

    @in_header_doc.setter
    def in_header_doc(self, header: Any) -> None:
        self._in_header_doc = header

    @property
    def in_body_doc(self) -> Any:
        """The part of the parsed request that says the call, without its envelope."""
        body = self._in_body_doc
        return body() if isinstance(body, Lazy) else body

    @in_body_doc.setter
    def in_body_doc(self, body: Any) -> None:
        self._in_body_doc = body

    @property
    def out_document(self) -> Any:
        """The response before it becomes bytes; a protocol that writes bytes straight away builds it when somebody looks."""
        document = self._out_document
        if isinstance(document, Lazy):
            document = self._out_document = document()
        return document

    @out_document.setter
    def out_document(self, document: Any) -> None:
        self._out_document = document

    @property
    def protocol(self) -> Any:
        """The context of the protocol at work: the incoming one until there is a result."""
        return self.outprot_ctx or self.inprot_ctx

    @property
    def active(self) -> bool:
        """Whether the call is still going on."""
        return not self.is_closed

    @property
    def service_class(self) -> Any:
        """The class of the method, None before dispatch."""
        return self.descriptor.service_class if self.descriptor is not None else None

    def fire_event(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Fire an event of the application, then of the service and the method once the method is known."""
        manager: EventManager = self.app.event_manager
        if name in manager.handlers:
            manager.fire_event(name, self, *args, **kwargs)
        descriptor = self.descriptor
        if descriptor is not None:
            for manager in descriptor.event_managers:
                if name in manager.handlers:
                    manager.fire_event(name, self, *args, **kwargs)

    def on_close(self, hook: Any) -> None:
        """Call `hook` without arguments when the call is over, after the body was sent; the last one added runs first."""
        if self._close_hooks is None:
            self._close_hooks = []
        self._close_hooks.append(hook)

    def close(self) -> None:
        """End the call once: fire ``method_context_closed``, close the files, run the hooks."""
        if self.is_closed:
            return
        self.is_closed = True
        self.call_end = time()
        try:
            manager: EventManager = self.app.event_manager
            if "method_context_closed" in manager.handlers:
                manager.fire_event("method_context_closed", self)
        finally:
            for part in self.batch or ():
                part._release()
            if self._close_hooks or self.files:
                self._release()

    def _release(self) -> None:
        """Run the hooks and close the files."""
        for hook in reversed(self._close_hooks or ()):
            hook()
        for file in self.files or ():
            file.close()

    def part(self) -> MethodContext:
        """A context for one of the calls of a request that holds several; it goes into `batch`."""
        part = self.copy()
        part.in_body_doc = part.method_request_string = part.descriptor = part.batch = None
        return part

    def copy(self) -> MethodContext:
        """Another context with the same values; lists and objects are shared."""
        twin = object.__new__(type(self))
        for cls in type(self).__mro__:
            for slot in getattr(cls, "__slots__", ()):
                if slot != "__weakref__" and hasattr(self, slot):
                    setattr(twin, slot, getattr(self, slot))
        twin._close_hooks = twin.files = None  # each is released once, with the call it came with
        return twin

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {cut(self.method_request_string or self.method_name or 'undispatched')}>"


class Lazy:
    """A document that is made when somebody asks for it."""

    __slots__ = ("make",)

    def __init__(self, make: Any) -> None:
        self.make = make

    def __call__(self) -> Any:
        return self.make()


class AuxMethodContext:
    """The `aux` of a context whose method runs beside a primary one: `parent` is the primary context, `error` its failure."""

    def __init__(self, parent: MethodContext, error: Any = None) -> None:
        self.parent = parent
        self.error = error
