"""Service: a class whose decorated functions are served."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec.structs import astuple

from spyne.decorator import declaration_of, describe
from spyne.evmgr import EventManager
from spyne.schema import DeclarationError

if TYPE_CHECKING:
    from spyne.descriptor import MethodDescriptor

__all__ = ["Service", "ServiceBase"]


class ServiceBase:
    """The base of services: its decorated functions become static methods and are listed in `public_methods`.

    Event listeners are inherited by subclasses, methods are not. ``__in_header__`` and ``__out_header__`` are the header
    types of methods that name none of their own. `middleware` wraps every call of the class.
    """

    __in_header__: ClassVar[Any] = None
    __out_header__: ClassVar[Any] = None
    __service_name__: ClassVar[str | None] = None
    __service_module__: ClassVar[str | None] = None
    __port_types__: ClassVar[tuple[str, ...]] = ()
    __aux__: ClassVar[Any] = None
    middleware: ClassVar[tuple[Any, ...]] = ()
    public_methods: ClassVar[dict[str, MethodDescriptor]] = {}
    event_manager: ClassVar[EventManager]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.event_manager = _inherited_listeners(cls)
        cls.public_methods = {}
        for name, value in list(vars(cls).items()):
            declaration = declaration_of(value)
            if declaration is not None:
                cls.public_methods[name] = _adopt(cls, name, describe(declaration, cls))
        auxiliary = {method.aux is not None for method in cls.public_methods.values()}
        if len(auxiliary) > 1:
            raise DeclarationError(
                f"{cls.__name__} mixes primary and auxiliary methods; put the auxiliary ones in a class of their own"
            )

    @classmethod
    def get_service_name(cls) -> str:
        """The name of the service in documents."""
        return cls.__service_name__ or cls.__name__

    @classmethod
    def get_service_class_name(cls) -> str:
        """The name of the class."""
        return cls.__name__

    @classmethod
    def get_service_module(cls) -> str:
        """The module of the service."""
        return cls.__service_module__ or cls.__module__

    @classmethod
    def get_internal_key(cls) -> str:
        """Module and class name."""
        return f"{cls.get_service_module()}.{cls.get_service_class_name()}"

    @classmethod
    def get_port_types(cls) -> tuple[str, ...]:
        """The port types that the class spreads its methods over; empty for the application's own."""
        return tuple(cls.__port_types__)

    @classmethod
    def initialize(cls, app: Any) -> None:
        """Called once for each application, when it is built. Override to prepare resources."""

    @classmethod
    def call_wrapper(cls, ctx: Any, args: Any = None) -> Any:
        """Call the user function with the deserialized arguments. An override must call this one."""
        descriptor = ctx.descriptor
        values = ctx.in_object if args is None else args
        if isinstance(values, msgspec.Struct):
            values = astuple(values)
        function = ctx.function or descriptor.function
        if descriptor.keyword_names:
            function, values = _by_name(function, values, descriptor.keyword_names)
        if descriptor.no_ctx:
            return function(*values)
        return function(ctx, *values)


def _by_name(function: Any, values: Any, names: tuple[str, ...]) -> tuple[Any, Any]:
    """The function with its last arguments given by name, and the values of the others."""
    split = len(values) - len(names)
    return partial(function, **dict(zip(names, values[split:], strict=True))), values[:split]


def _inherited_listeners(cls: type[ServiceBase]) -> EventManager:
    manager = EventManager(cls)
    for base in reversed(cls.__mro__[1:]):
        inherited = vars(base).get("event_manager")
        for name, handlers in inherited.handlers.items() if inherited is not None else ():
            for handler in handlers:
                manager.add_listener(name, handler)
    return manager


def _adopt(cls: type[ServiceBase], name: str, descriptor: MethodDescriptor) -> MethodDescriptor:
    owner = descriptor.service_class or cls
    descriptor.service_class = owner
    descriptor.in_header = _header(descriptor.in_header, owner.__in_header__)
    descriptor.out_header = _header(descriptor.out_header, owner.__out_header__)
    descriptor.aux = descriptor.aux if descriptor.aux is not None else owner.__aux__
    descriptor.middleware = (*owner.middleware, *descriptor.middleware)
    descriptor.event_managers = [owner.event_manager, *descriptor.event_managers]
    setattr(cls, name, staticmethod(descriptor.function))
    return descriptor


def _header(own: tuple[Any, ...] | None, default: Any) -> tuple[Any, ...] | None:
    if own is not None or default is None:
        return own
    return tuple(default) if isinstance(default, list | tuple) else (default,)


ServiceBase.event_manager = EventManager(ServiceBase)
Service = ServiceBase
