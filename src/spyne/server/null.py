"""NullServer: calls services in this process, for tests and for code that lives beside them."""

from __future__ import annotations

from typing import Any

from spyne.context import MethodContext
from spyne.descriptor import MethodDescriptor


from spyne.server._base import ServerBase



__all__ = ["NullServer"]


class NullServer(ServerBase):
    """``NullServer(app).service.say_hello("Dave", 3)`` calls the method and returns its result; a Fault is raised.

    By default values go in and come out as they are. ostr=True: the call returns what the out protocol writes, an iterable
    of bytes. wire=True: arguments and results make the whole way through both protocols, so that validation and encoding
    happen as over a network. Methods can also be named as items, ``.service["say_hello"]``.
    """

    transport = "noconn://null.spyne"

    def __init__(self, app: Any, ostr: bool = False, locale: str = "C", appinit: bool = True, *, wire: bool = False) -> None:
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


class Factory:
    """Makes objects by their public name."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def create(self, name: str) -> Any:
        """A new object of the class ``{ns}Name``, or ``Name`` in the target namespace."""
        return self._app.interface.get_class_instance(name)


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


def find_methods(app: Any, name: str) -> list[MethodDescriptor]:
    """The methods of a request name, ``{ns}name`` or ``name``, or of the function's own name."""
    methods: dict[str, list[MethodDescriptor]] = app.interface.service_method_map
    found = methods.get(name) or methods.get(f"{{{app.interface.tns}}}{name}")
    if found:
        return found
    return [d for d in app.interface.calls if name in (d.name, d.operation_name, d.function.__name__)][:1]


class _Call:
    """One method, ready to be called."""

    def __init__(self, server: NullServer, descriptors: list[MethodDescriptor]) -> None:
        self._server = server
        self._descriptors = descriptors

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        server = self._server
        contexts = [self._context(descriptor, args, kwargs) for descriptor in self._descriptors]
        primary = contexts[0]
        try:
            return self._run(primary, contexts)
        finally:
            for ctx in contexts:
                if not (server.ostr and ctx is primary):
                    ctx.close()

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
        server, app, descriptor = self._server, self._server.app, ctx.descriptor
        request = MethodContext(server, MethodContext.CLIENT)
        request.descriptor, request.out_object, request.out_header = descriptor, ctx.in_object, ctx.in_header
        request.out_protocol = app.in_protocol
        app.in_protocol.serialize(request, app.in_protocol.REQUEST)
        app.in_protocol.create_out_string(request)
        served = server.make_context()
        served.in_string = request.out_string
        server.get_in_object(served)
        server.get_out_object(served)
        server.get_out_string(served)
        response = MethodContext(server, MethodContext.CLIENT)
        response.descriptor, response.in_string, response.in_protocol = descriptor, served.out_string, app.out_protocol
        try:
            app.out_protocol.create_in_document(response)
            app.out_protocol.decompose_incoming_envelope(response, app.out_protocol.RESPONSE)
            app.out_protocol.deserialize(response, app.out_protocol.RESPONSE)
        finally:
            served.close()
        if response.in_error is not None:
            raise response.in_error
        return response.in_object

    def _context(self, descriptor: MethodDescriptor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> MethodContext:
        ctx = self._server.make_context()
        ctx.descriptor = descriptor
        ctx.method_name = descriptor.name
        ctx.method_request_string = descriptor.name
        ctx.locale = self._server.locale
        ctx.in_header = self._server.out_header
        ctx.in_object = bind(descriptor, args, kwargs)
        return ctx


def bind(descriptor: MethodDescriptor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """The arguments by position; those not given take the parameter's default. Raises TypeError as a function call would."""
    names = descriptor.in_names
    if len(args) > len(names):
        raise TypeError(f"{descriptor.operation_name}() takes {len(names)} argument(s), got {len(args)}")
    values = dict(zip(names, args, strict=False))
    public = {wire: name for name, wire in names.items()}
    for key, value in kwargs.items():
        name = key if key in names else public.get(key)
        if name is None:
            raise TypeError(f"{descriptor.operation_name}() has no argument {key!r}; it has: {', '.join(names) or 'none'}")
        if name in values:
            raise TypeError(f"{descriptor.operation_name}() got argument {key!r} twice")
        values[name] = value
    return [values[name] if name in values else default_of(descriptor, names[name]) for name in names]


def default_of(descriptor: MethodDescriptor, name: str) -> Any:
    """What an argument is when the caller leaves it out."""
    message = descriptor.in_message
    if descriptor.is_in_bare() or not hasattr(message, "_type_info"):
        return None
    return getattr(message(), name, None)


def _result(ctx: MethodContext) -> Any:
    results = ctx.out_object
    return results if ctx.descriptor.results > 1 else results[0] if results else None


