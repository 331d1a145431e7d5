"""What clients share: an application's methods as callables, and the way from arguments to bytes and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.context import MethodContext
from spyne.error import Fault
from spyne.interface._calling import Factory, bind, find_methods
from spyne.protocol._base import ProtocolBase

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ClientBase",
    "Factory",
    "RemoteProcedureBase",
    "RemoteService",
    "ResponseError",
    "read_response",
    "typed_fault",
    "write_request",
]


class ResponseError(Exception):
    """What came back is no answer of the service: not of its protocol, or refused on the way.

    status: the transport's own code, None where it has none. body: the beginning of what came back.
    """

    def __init__(self, message: str, status: int | None = None, body: bytes = b"") -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class ClientBase:
    """The base of clients: ``client.service.say_hello("Dave", times=3)``.

    url: where the service is, in the transport's own terms. app: the same application as the server's, or one like it.
    A subclass sets `service` to a `RemoteService` of its kind of procedure. `factory` makes objects by their public name.
    """

    service: RemoteService

    def __init__(self, url: Any, app: Any) -> None:
        self.url = url
        self.app = app
        self.factory = Factory(app)

    def set_options(self, *, out_header: Any = None, soapheaders: Any = None) -> None:
        """The header objects of the calls that follow, one or a sequence; both names mean the same."""
        self.service.out_header = out_header if soapheaders is None else soapheaders


class RemoteService:
    """The methods of an application by name: ``service.say_hello`` or ``service["say_hello"]``.

    rpc_class: called with url, app, the method's name, the header and the further arguments, for a `RemoteProcedureBase`.
    Raises AttributeError for a name that the application does not have.
    """

    def __init__(self, rpc_class: Callable[..., Any], url: Any, app: Any, *args: Any, **kwargs: Any) -> None:
        self.out_header: Any = None
        self._rpc_class = rpc_class
        self._url = url
        self._app = app
        self._args = args
        self._kwargs = kwargs

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        return self._rpc_class(self._url, self._app, name, self.out_header, *self._args, **self._kwargs)


class RemoteProcedureBase:
    """The base of remote procedures: one method as a callable.

    A subclass defines ``__call__(*args, **kwargs)``: it calls `get_out_object` and `get_out_string`, sends ``self.ctx.out_string``, puts what comes back into ``self.ctx.in_string`` and calls
    `get_in_object`; ``self.ctx.in_error`` or else ``self.ctx.in_object`` is then the answer.

    Each of the three takes a context as its first argument, too; without one it is `ctx`. A procedure is for one thread.
    Raises AttributeError for a name that the application does not have.
    """

    def __init__(self, url: Any, app: Any, name: str, out_header: Any = None) -> None:
        methods = find_methods(app, name)
        if not methods:
            raise AttributeError(f"the application has no method {name!r}")
        self.url = url
        self.app = app
        self.descriptor = methods[0]
        self.out_header = out_header
        self.ctx = self.make_context()

    def make_context(self) -> MethodContext:
        """A new context for one call of this method."""
        ctx = MethodContext(self, MethodContext.CLIENT)
        ctx.descriptor = self.descriptor
        ctx.method_name = ctx.method_request_string = self.descriptor.name
        ctx.out_protocol = self.app.in_protocol
        ctx.in_protocol = self.app.out_protocol
        return ctx

    def get_out_object(self, *call: Any) -> None:
        """Make ``ctx.out_object`` of ``(args, kwargs)`` or ``(ctx, args, kwargs)``.

        Without a context a new one is begun when `ctx` has been used. Raises TypeError as a function call would.
        """
        *given, args, kwargs = call
        if not given and self.ctx.out_object is not None:
            self.ctx = self.make_context()
        ctx = given[0] if given else self.ctx
        ctx.out_object = bind(self.descriptor, tuple(args), dict(kwargs))
        if ctx.out_header is None:
            ctx.out_header = self.out_header

    def get_out_string(self, ctx: MethodContext | None = None) -> None:
        """Make ``ctx.out_string``, a list of bytes, of ``ctx.out_object``."""
        write_request(ctx or self.ctx)

    def get_in_object(self, ctx: MethodContext | None = None) -> None:
        """Make ``ctx.in_object``, the result, or ``ctx.in_error``, a Fault, of ``ctx.in_string``."""
        read_response(ctx or self.ctx)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the remote method."""
        raise NotImplementedError


def write_request(ctx: MethodContext) -> None:
    """Make ``ctx.out_string`` of ``ctx.out_object`` and ``ctx.out_header``, unless it is there already."""
    protocol = ctx.out_protocol
    if ctx.out_string is None:
        protocol.serialize(ctx, ProtocolBase.REQUEST)
        protocol.create_out_string(ctx)


def read_response(ctx: MethodContext, charset: str | None = None) -> None:
    """Make ``ctx.in_object`` and ``ctx.in_header``, or ``ctx.in_error``, of ``ctx.in_string``.

    Fires ``method_accept_document`` once it is parsed. Raises Fault for a response that is malformed or does not fit: ``ctx.in_error`` is only what the service says.
    """
    protocol = ctx.in_protocol
    protocol.create_in_document(ctx, charset)
    ctx.fire_event("method_accept_document")
    protocol.decompose_incoming_envelope(ctx, ProtocolBase.RESPONSE)
    protocol.deserialize(ctx, ProtocolBase.RESPONSE)
    if ctx.in_error is not None:
        ctx.in_error = typed_fault(ctx.app, ctx.in_error)


def typed_fault(app: Any, fault: Fault) -> Fault:
    """The fault as an instance of the class that the application's methods declare for its code, if there is just one."""
    declared = {cls for descriptor in app.interface.calls for cls in descriptor.faults}
    classes = [cls for cls in declared if getattr(cls, "CODE", None) == fault.faultcode]
    if len(classes) != 1 or isinstance(fault, classes[0]):
        return fault
    typed: Fault = classes[0].__new__(classes[0])
    Fault.__init__(typed, fault.faultcode, fault.faultstring, fault.faultactor, fault.detail, fault.lang)
    return typed
