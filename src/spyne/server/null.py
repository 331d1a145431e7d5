"""NullServer: calls services in this process, for tests and for code that lives beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.client._base import read_response, write_request
from spyne.context import AuxMethodContext, MethodContext
from spyne.interface._calling import Factory, bind, find_methods
from spyne.server._base import ServerBase

if TYPE_CHECKING:
    from spyne.descriptor import MethodDescriptor

__all__ = ["NullServer"]


class NullServer(ServerBase):
    """``NullServer(app).service.say_hello("Dave", 3)`` calls the method and returns its result; a Fault is raised.

    By default values go in and come out as they are. ostr=True: the call returns what the out protocol writes, an iterable
    of bytes. wire=True: arguments and results make the whole way through both protocols, so that validation and encoding
    happen as over a network. Methods can also be named as items, ``.service["say_hello"]``.
    """

    transport = "noconn://null.spyne"

    def __init__(
        self, app: Any, ostr: bool = False, locale: str = "C", appinit: bool = True, *, wire: bool = False
    ) -> None:
        super().__init__(app)
        self.ostr = ostr
        self.wire = wire
        self.locale = locale
        self.service = _Methods(self)
        self.factory = Factory(app)
        self.out_header: Any = None

    def set_options(self, *, soapheaders: Any = None, out_header: Any = None) -> None:
        """The header objects of the calls that follow."""
        self.out_header = soapheaders if soapheaders is not None else out_header


class _Methods:
    """The methods of the application by name."""

    def __init__(self, server: NullServer) -> None:
        self._server = server

    def __getattr__(self, name: str) -> _Call:
        return self[name]

    def __getitem__(self, name: str) -> _Call:
        descriptors = find_methods(self._server.app, name)
        if not descriptors:
            raise AttributeError(f"the application has no method {name!r}")
        return _Call(self._server, descriptors)


class _Call:
    """One method, ready to be called."""

    def __init__(self, server: NullServer, descriptors: list[MethodDescriptor]) -> None:
        self._server = server
        self._descriptors = descriptors

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        server = self._server
        contexts = [self._context(descriptor, args, kwargs) for descriptor in self._descriptors]
        primary = contexts[0]
        for other in contexts[1:]:
            other.aux = AuxMethodContext(primary)
        try:
            return self._run(primary, contexts)
        finally:
            if not server.ostr:
                primary.close()

    def _run(self, ctx: MethodContext, contexts: list[MethodContext]) -> Any:
        server = self._server
        if server.wire:
            return self._run_on_the_wire(ctx)
        server.get_out_object(ctx)
        server.process_aux(contexts)
        if server.ostr:
            server.get_out_string(ctx)
            return ctx.out_string
        if ctx.out_error is not None:
            raise ctx.out_error
        return _result(ctx)

    def _run_on_the_wire(self, ctx: MethodContext) -> Any:
        """Write the request, serve it, read the response."""
        server, app = self._server, self._server.app
        client = MethodContext(server, MethodContext.CLIENT)
        client.descriptor, client.out_object, client.out_header = ctx.descriptor, ctx.in_object, ctx.in_header
        client.out_protocol, client.in_protocol = app.in_protocol, app.out_protocol
        client.transport.request_content_type = None
        write_request(client)
        served = server.make_context()
        served.transport.request_content_type = client.out_protocol.content_type_of(client)
        served.in_string = client.out_string
        try:
            contexts = server.generate_contexts(served)
            server.get_in_object(served)
            server.get_out_object(served)
            server.get_out_string(served)
            server.process_aux(contexts)
            client.transport.resp_headers = {"Content-Type": served.out_protocol.content_type_of(served)}
            client.in_string = served.out_string
            read_response(client)
        finally:
            served.close()
        if client.in_error is not None:
            raise client.in_error
        return client.in_object

    def _context(self, descriptor: MethodDescriptor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> MethodContext:
        ctx = self._server.make_context()
        ctx.descriptor = descriptor
        ctx.method_name = descriptor.name
        ctx.method_request_string = descriptor.name
        ctx.locale = self._server.locale
        ctx.in_header = self._server.out_header
        ctx.in_object = bind(descriptor, args, kwargs)
        return ctx


def _result(ctx: MethodContext) -> Any:
    results = ctx.out_object
    return results if ctx.descriptor.results > 1 else results[0] if results else None
