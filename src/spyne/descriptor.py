"""What the application knows of one service method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spyne.evmgr import EventManager


class BODY_STYLE_WRAPPED:  # noqa: N801 - documented name
    """Arguments are children of an element named after the method; so are results."""


class BODY_STYLE_BARE:  # noqa: N801 - documented name
    """The one argument and the one result are themselves the message."""


class BODY_STYLE_OUT_BARE:  # noqa: N801 - documented name
    """Wrapped arguments, bare result."""


class BODY_STYLE_EMPTY:  # noqa: N801 - documented name
    """No argument, and the body style is bare."""


class BODY_STYLE_EMPTY_OUT_BARE:  # noqa: N801 - documented name
    """No argument, bare result."""


class UserData(dict[str, Any]):
    """Free metadata: attributes are keys, and an unknown one is None."""

    def __getattr__(self, name: str) -> Any:
        return self.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


class MethodDescriptor:
    """One service method: its names, its messages, its function. Fixed once the service class is made.

    name: the public name of the request. operation_name: the WSDL operation and SOAPAction. in_message, out_message: the
    classes of the request and the response, or the bare types themselves. in_header, out_header, faults: tuples of classes.
    in_names: parameter name to public name, in order. keyword_names: the parameters that the function takes by name only.
    one_way: whether the caller waits for no result. idempotent: whether calling it
    twice does what calling it once does, so that clients may try again. inline: whether it never waits, so that an asynchronous server runs it
    on its loop. mtom: whether responses in SOAP are always MTOM packages. udd: the user's
    metadata. stream_in: the parameter that is given items while they arrive, known once an application has the method;
    stream_in_async: whether it is an asynchronous iterator.
    """

    def __init__(
        self,
        *,
        function: Callable[..., Any],
        name: str,
        operation_name: str,
        in_message: Any,
        out_message: Any,
        in_message_namespace: str | None = None,
        out_message_namespace: str | None = None,
        out_message_name: str = "",
        doc: str | None = None,
        in_header: tuple[Any, ...] | None = None,
        out_header: tuple[Any, ...] | None = None,
        faults: tuple[Any, ...] = (),
        body_style: type = BODY_STYLE_WRAPPED,
        patterns: tuple[Any, ...] = (),
        aux: Any = None,
        udd: Mapping[str, Any] | None = None,
        in_names: Mapping[str, str] | None = None,
        results: int = 1,
        no_ctx: bool = False,
        no_self: bool = True,
        port_type: str | None = None,
        event_managers: tuple[EventManager, ...] = (),
        middleware: tuple[Any, ...] = (),
        logged: Any = True,
        href: str | None = None,
        translations: Mapping[str, str] | None = None,
        when: Callable[..., Any] | None = None,
        static_when: Callable[..., Any] | None = None,
        default_on_null: bool = False,
        internal_key_suffix: str = "",
        keyword_names: tuple[str, ...] = (),
        one_way: bool = False,
        idempotent: bool = False,
        inline: bool = False,
        mtom: bool = False,
        service_class: Any = None,
        parent_class: Any = None,
    ) -> None:
        self.function = function
        self.name = name
        self.operation_name = operation_name
        self.in_message = in_message
        self.out_message = out_message
        self.in_message_namespace = in_message_namespace
        self.out_message_namespace = out_message_namespace
        self.out_message_name = out_message_name
        self.doc = doc
        self.in_header = in_header
        self.out_header = out_header
        self.faults = faults
        self.body_style = body_style
        self.patterns = patterns
        self.aux = aux
        self.udd = UserData(udd or {})
        self.in_names = dict(in_names or {})
        self.results = results
        self.no_ctx = no_ctx
        self.no_self = no_self
        self.port_type = port_type
        self.event_managers = list(event_managers)
        self.middleware = middleware
        self.logged = logged
        self.href = href
        self.translations = dict(translations or {})
        self.when = when
        self.static_when = static_when
        self.default_on_null = default_on_null
        self.internal_key_suffix = internal_key_suffix
        self.parent_class = parent_class
        self.keyword_names = keyword_names
        self.one_way = one_way
        self.idempotent = idempotent
        self.inline = inline
        self.mtom = mtom
        self.service_class = service_class
        self.stream_in: str | None = None
        self.stream_in_async = False

    @property
    def udp(self) -> UserData:
        """The deprecated name of `udd`."""
        return self.udd

    @property
    def args(self) -> tuple[str, ...]:
        """The parameter names of the function, without ctx."""
        return tuple(self.in_names)

    @property
    def key(self) -> str:
        """The public name in Clark's notation where a namespace was given, else the name."""
        return f"{{{self.in_message_namespace}}}{self.name}" if self.in_message_namespace else self.name

    @property
    def class_key(self) -> str:
        """The service class by module and name."""
        return self.service_class.get_internal_key() if self.service_class is not None else ""

    @property
    def internal_key(self) -> str:
        """The name of the method that no other method of the process has."""
        owner = self.class_key or f"{self.function.__module__}"
        return f"{{{owner}}}{self.function.__name__}{self.internal_key_suffix}"

    def is_out_bare(self) -> bool:
        """Whether the result is the response itself, without a wrapper."""
        return self.body_style in (BODY_STYLE_BARE, BODY_STYLE_EMPTY, BODY_STYLE_OUT_BARE, BODY_STYLE_EMPTY_OUT_BARE)

    def is_in_bare(self) -> bool:
        """Whether the argument is the request itself, without a wrapper."""
        return self.body_style in (BODY_STYLE_BARE, BODY_STYLE_EMPTY)

    def translate(self, locale: str | None, default: str) -> str:
        """The method's title in a language, or the default."""
        return self.translations.get(locale or "", default)

    def reset_function(self, function: Callable[..., Any]) -> None:
        """Call another function from now on."""
        self.function = function
        if self.service_class is not None:
            setattr(self.service_class, self.function.__name__, staticmethod(function))

    def __repr__(self) -> str:
        return f"<MethodDescriptor {self.class_key}.{self.operation_name}>"
