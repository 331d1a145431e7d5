"""rpc and its kin: a function with types becomes a method to be served."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import BuiltinFunctionType, CellType, FunctionType
from typing import Any, TypeVar, overload

from spyne import const
from spyne.descriptor import (
    BODY_STYLE_BARE,
    BODY_STYLE_EMPTY,
    BODY_STYLE_EMPTY_OUT_BARE,
    BODY_STYLE_OUT_BARE,
    BODY_STYLE_WRAPPED,
    MethodDescriptor,
)
from spyne.model._fields import Annotation, Late, model_of
from spyne.model.complex import ComplexModel, SelfReference, TypeInfo
from spyne.schema import MISSING, DeclarationError

__all__ = ["declaration_of", "describe", "mrpc", "rpc", "srpc"]

F = TypeVar("F", bound=Callable[..., Any])

_KEYWORDS = frozenset(
    [
        "returns",
        "body_style",
        "soap_body_style",
        "in_header",
        "out_header",
        "in_message_name",
        "out_message_name",
        "operation_name",
        "in_arg_names",
        "in_variable_names",
        "out_variable_name",
        "out_variable_names",
        "throws",
        "faults",
        "no_ctx",
        "no_self",
        "args",
        "pattern",
        "patterns",
        "aux",
        "port_type",
        "evmgr",
        "evmgrs",
        "event_manager",
        "event_managers",
        "udd",
        "udp",
        "static_when",
        "when",
        "default_on_null",
        "href",
        "translations",
        "service",
        "service_class",
        "internal_key_suffix",
        "logged",
        "one_way",
        "idempotent",
        "inline",
        "wsdl_part_name",
        "mtom",
        "is_async",
        "is_callback",
        "middleware",
    ]
)
_MARK = "__spyne_rpc__"
_BODY_STYLES = ("wrapped", "bare", "out_bare")


class Declaration:
    """What a decorator was told: the function, the types (None for those of its annotations), and the keywords.

    The keywords are without their underscore.
    """

    __slots__ = ("function", "keywords", "types")

    def __init__(
        self, function: Callable[..., Any], types: tuple[Any, ...] | None, keywords: Mapping[str, Any]
    ) -> None:
        self.function = function
        self.types = types
        self.keywords = keywords


@overload
def rpc(first: type[Any], /, *types: Any, **keywords: Any) -> Callable[[F], F]: ...
@overload
def rpc(function: F, /) -> F: ...
@overload
def rpc(**keywords: Any) -> Callable[[F], F]: ...
def rpc(*types: Any, **keywords: Any) -> Any:
    """Serve a function whose first parameter is the context.

    Bare, ``@rpc``, it reads the annotations: parameters without default must be given, and defaults are honoured. With
    arguments they are the parameters' types, and keywords begin with an underscore: ``_returns``, ``_body_style``
    ("wrapped", "bare", "out_bare"), ``_in_header``, ``_out_header``, ``_throws``, ``_operation_name``,
    ``_in_message_name``, ``_out_message_name``, ``_in_arg_names``, ``_out_variable_name``, ``_port_type``, ``_aux``,
    ``_pattern`` and ``_patterns`` (HttpPattern), ``_one_way`` (no result, and callers do not wait for one), ``_inline`` (never waits, so
    that it may run on an event loop)… The older
    ``_soap_body_style`` is taken for "wrapped", whatever it says: rpc style is an option of the SOAP protocols.

    Raises DeclarationError for an unknown keyword or when types and parameters do not match.
    """
    return _decorate(types, keywords, {})


@overload
def srpc(first: type[Any], /, *types: Any, **keywords: Any) -> Callable[[F], F]: ...
@overload
def srpc(function: F, /) -> F: ...
@overload
def srpc(**keywords: Any) -> Callable[[F], F]: ...
def srpc(*types: Any, **keywords: Any) -> Any:
    """Like `rpc`, for a function that takes no context."""
    return _decorate(types, keywords, {"no_ctx": True})


@overload
def mrpc(first: type[Any], /, *types: Any, **keywords: Any) -> Callable[[F], F]: ...
@overload
def mrpc(function: F, /) -> F: ...
@overload
def mrpc(**keywords: Any) -> Callable[[F], F]: ...
def mrpc(*types: Any, **keywords: Any) -> Any:
    """Like `rpc`, for a method of a ComplexModel: ``self`` travels as the first argument, the context comes second."""
    return _decorate(types, keywords, {"no_self": False})


def _decorate(types: tuple[Any, ...], keywords: Mapping[str, Any], preset: dict[str, Any]) -> Any:
    if len(types) == 1 and not keywords and isinstance(types[0], FunctionType):
        return _mark(types[0], None, preset)
    given = {_keyword(name): value for name, value in keywords.items()}

    def decorate(function: F) -> F:
        marked: F = _mark(function, types or None, {**preset, **given})
        return marked

    return decorate


def _keyword(name: str) -> str:
    bare = name.removeprefix("_")
    if not name.startswith("_") or bare not in _KEYWORDS:
        from difflib import get_close_matches

        close = get_close_matches(bare, _KEYWORDS, n=1)
        hint = f"; did you mean _{close[0]}?" if close else ""
        raise DeclarationError(f"rpc has no keyword {name!r}{hint}")
    return bare


def _mark(function: Any, types: tuple[Any, ...] | None, keywords: Mapping[str, Any]) -> Any:
    if isinstance(function, staticmethod):
        function = function.__func__
    if isinstance(function, BuiltinFunctionType) or not hasattr(function, "__dict__"):
        builtin = function

        def wrapper(*args: Any) -> Any:
            return builtin(*args)

        wrapper.__name__, wrapper.__doc__ = builtin.__name__, builtin.__doc__
        wrapper.__dict__["__wrapped__"] = builtin
        function = wrapper
    setattr(function, _MARK, Declaration(function, types, keywords))
    return function


def declaration_of(value: object) -> Declaration | None:
    """What a decorator left on a function, None for anything else."""
    inner = value.__func__ if isinstance(value, staticmethod) else value
    return getattr(inner, "__dict__", {}).get(_MARK)


def describe(declaration: Declaration, owner: type) -> MethodDescriptor:
    """The descriptor of a decorated function. Raises DeclarationError naming the function and the fix."""
    function, keywords = declaration.function, dict(declaration.keywords)
    where = f"{owner.__qualname__}.{function.__name__}"
    if not function.__name__.isidentifier():
        raise DeclarationError(
            f"{where}: a method takes its name from its function, and this one has none; declare it with def"
        )
    parameters, annotations, defaults = _signature(function, keywords, where)
    annotated = declaration.types is None and any(name in annotations for name in (*parameters, "return"))
    if annotated:
        types = [_annotated(where, name, annotations, defaults) for name in parameters]
        returns = keywords.get("returns", _annotated_result(annotations))
    else:
        types = [_checked(where, tp) for tp in declaration.types or ()]
        returns = keywords.get("returns")
    if not keywords.get("no_self", True):
        parameters, types = ["self", *parameters], [owner, *types]
    if len(types) != len(parameters):
        raise DeclarationError(
            f"{where} takes {len(parameters)} argument(s) ({', '.join(parameters) or 'none'}) but its decorator names {len(types)} type(s)"
        )
    return _Builder(where, function, keywords, owner).build(dict(zip(parameters, types, strict=True)), returns)


def _signature(
    function: Any, keywords: Mapping[str, Any], where: str
) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
    """The parameters that travel, all annotations, and the defaults."""
    if keywords.get("args") is not None:
        return list(keywords["args"]), {}, {}
    target = _signed(function)
    code = getattr(target, "__code__", None)
    if code is None:
        raise DeclarationError(
            f"{where}: the parameters of {function.__name__} cannot be read; name them with _args=[…]"
        )
    count = code.co_argcount
    names = list(code.co_varnames[: count + code.co_kwonlyargcount])
    values = target.__defaults__ or ()
    defaults = dict(zip(names[count - len(values) : count], values, strict=True)) | (target.__kwdefaults__ or {})
    skipped = 0 if keywords.get("no_ctx") else 1
    skipped += 0 if keywords.get("no_self", True) else 1
    return names[skipped:], _hints(target), defaults


_TAKES_ANY = 0x04  # CO_VARARGS
_NO_CODE = (lambda: None).__code__


def _signed(function: Any) -> Any:
    """The function whose parameters count: what a decorator with ``functools.wraps`` and ``*args`` wraps."""
    while hasattr(function, "__wrapped__") and getattr(function, "__code__", _NO_CODE).co_flags & _TAKES_ANY:
        function = function.__wrapped__
    return function


def keyword_only(function: Any) -> tuple[str, ...]:
    """The parameters that are passed by name, those behind the star."""
    code = getattr(function, "__code__", _NO_CODE)
    return tuple(code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount])


def _hints(function: Any) -> dict[str, Any]:
    """The annotations; those written as text are left to be resolved when the application is built."""
    names = function.__code__.co_freevars
    cells = {
        name: cell.cell_contents
        for name, cell in zip(names, function.__closure__ or (), strict=True)
        if cell != CellType()
    }
    return {
        name: Late(tp, function.__module__, cells) if isinstance(tp, str) else tp
        for name, tp in function.__annotations__.items()
    }


def _annotated(where: str, name: str, annotations: Mapping[str, Any], defaults: Mapping[str, Any]) -> Any:
    if name not in annotations:
        raise DeclarationError(
            f"{where}: parameter {name!r} has no annotation; annotate it, or give all types to @rpc(…)"
        )
    return Annotation(annotations[name], defaults.get(name, MISSING))


def _annotated_result(annotations: Mapping[str, Any]) -> Any:
    result = annotations.get("return")
    if result is None or result is type(None) or (isinstance(result, Late) and result.text == "None"):
        return None
    return Annotation(result, MISSING, result=True)


def _checked(where: str, tp: Any) -> Any:
    model = model_of(tp)
    if isinstance(model, type) and issubclass(model, SelfReference):
        raise DeclarationError(f"{where}: SelfReference is only for members of a ComplexModel; name the class instead")
    return model


class _Builder:
    """Makes the messages and the descriptor of one function."""

    def __init__(self, where: str, function: Any, keywords: dict[str, Any], owner: Any) -> None:
        self.where = where
        self.function = function
        self.keywords = keywords
        self.owner = owner
        if keywords.get("operation_name") and keywords.get("in_message_name"):
            raise DeclarationError(
                f"{where}: _operation_name and _in_message_name exclude each other; give one of them"
            )

    def build(self, parameters: dict[str, Any], returns: Any) -> MethodDescriptor:
        """All parts together."""
        get = self.keywords.get
        name = self.function.__name__
        if self.keywords.get("no_self", True) is False:
            name = f"{self.owner.get_type_name()}.{name}"
        style = self._body_style(parameters, returns)
        requested = get("in_message_name") or get("operation_name") or name
        in_namespace, in_name = split_name(
            requested if get("in_message_name") else f"{requested}{const.REQUEST_SUFFIX}"
        )
        out_namespace, out_name = split_name(get("out_message_name") or f"{name}{const.RESPONSE_SUFFIX}")
        results = self._results(returns, style, in_name)
        aliases = get("in_arg_names") or get("in_variable_names") or {}
        in_names = self._in_names(parameters, aliases)
        in_message = self._message(in_namespace, in_name, {in_names[p]: tp for p, tp in parameters.items()})
        out_message = self._message(out_namespace, out_name, results)
        if style in (BODY_STYLE_BARE, BODY_STYLE_EMPTY):
            in_message = next(iter(parameters.values())) if parameters else in_message
        if style in (BODY_STYLE_BARE, BODY_STYLE_OUT_BARE) or style in (BODY_STYLE_EMPTY, BODY_STYLE_EMPTY_OUT_BARE):
            out_message = next(iter(results.values())) if results else out_message
        return MethodDescriptor(
            function=self.function,
            name=in_name,
            operation_name=get("operation_name") or name,
            in_message=in_message,
            out_message=out_message,
            in_message_namespace=in_namespace,
            out_message_namespace=out_namespace,
            out_message_name=out_name,
            doc=self.function.__doc__,
            in_header=as_tuple(get("in_header")),
            out_header=as_tuple(get("out_header")),
            faults=as_tuple(get("throws") or get("faults")) or (),
            body_style=style,
            patterns=(as_tuple(get("patterns")) or ()) + (as_tuple(get("pattern")) or ()),
            aux=get("aux"),
            udd=get("udd") or get("udp"),
            in_names=in_names,
            results=len(results),
            no_ctx=bool(get("no_ctx")),
            no_self=get("no_self", True),
            port_type=get("port_type"),
            event_managers=self._event_managers(),
            middleware=as_tuple(get("middleware")) or (),
            logged=get("logged", True),
            href=get("href"),
            translations=get("translations"),
            when=get("when"),
            static_when=get("static_when"),
            default_on_null=bool(get("default_on_null")),
            internal_key_suffix=get("internal_key_suffix") or "",
            keyword_names=keyword_only(self.function),
            one_way=self._one_way(results),
            idempotent=bool(get("idempotent")),
            inline=bool(get("inline")),
            mtom=bool(self.keywords.get("mtom")),
            service_class=get("service_class") or get("service"),
            parent_class=None if get("no_self", True) else self.owner,
        )

    def _in_names(self, parameters: Iterable[str], aliases: Mapping[str, str]) -> dict[str, str]:
        names = {parameter: aliases.get(parameter, parameter) for parameter in parameters}
        unknown = aliases.keys() - names.keys()
        if unknown:
            raise DeclarationError(
                f"{self.where}: _in_arg_names names {min(unknown)!r}; the parameters are {', '.join(names) or 'none'}"
            )
        if len(set(names.values())) < len(names):
            raise DeclarationError(
                f"{self.where}: _in_arg_names gives two parameters one name: {', '.join(names.values())}"
            )
        return names

    def _body_style(self, parameters: Mapping[str, Any], returns: Any) -> type:
        given = self.keywords.get("body_style")
        soap = self.keywords.get("soap_body_style")
        if given is None and soap is not None:
            if soap not in ("document", "rpc"):
                raise DeclarationError(f"{self.where}: _soap_body_style is 'document' or 'rpc', not {soap!r}")
            given = "wrapped"
        if given is None:
            given = "wrapped"
        if given not in _BODY_STYLES:
            raise DeclarationError(f"{self.where}: _body_style is one of {', '.join(_BODY_STYLES)}, not {given!r}")
        if given == "bare" and len(parameters) > 1:
            raise DeclarationError(
                f"{self.where}: a bare method takes one argument at most, this one has {len(parameters)}; use 'out_bare' or 'wrapped'"
            )
        if given != "wrapped" and isinstance(returns, list | tuple) and len(returns) > 1:
            raise DeclarationError(
                f"{self.where}: a bare method returns one value, this one has {len(returns)}; use 'wrapped'"
            )
        if given == "wrapped":
            return BODY_STYLE_WRAPPED
        if given == "bare":
            return BODY_STYLE_BARE if parameters else BODY_STYLE_EMPTY
        return BODY_STYLE_OUT_BARE if parameters else BODY_STYLE_EMPTY_OUT_BARE

    def _results(self, returns: Any, style: type, in_name: str) -> dict[str, Any]:
        get = self.keywords.get
        base = f"{self.function.__name__}{const.RESULT_SUFFIX}"
        if returns is None:
            return {}
        if isinstance(returns, list | tuple):
            names = get("out_variable_names") or [f"{base}{i}" for i in range(len(returns))]
            if len(names) != len(returns):
                raise DeclarationError(
                    f"{self.where}: _out_variable_names has {len(names)} name(s) for {len(returns)} result(s)"
                )
            return {name: _checked(self.where, tp) for name, tp in zip(names, returns, strict=True)}
        return {get("out_variable_name") or base: _checked(self.where, returns)}

    def _one_way(self, results: Mapping[str, Any]) -> bool:
        if self.keywords.get("one_way") and results:
            raise DeclarationError(f"{self.where}: a one-way method returns nothing; leave out its result or _one_way")
        return bool(self.keywords.get("one_way"))

    def _message(self, namespace: str | None, name: str, members: Mapping[str, Any]) -> Any:
        message = ComplexModel.produce(namespace, name, TypeInfo(members))
        part = self.keywords.get("wsdl_part_name")
        if part:
            message.Attributes = type("Attributes", (message.Attributes,), {"wsdl_part_name": part})
        return message

    def _event_managers(self) -> tuple[Any, ...]:
        given = [
            self.keywords[key]
            for key in ("evmgr", "evmgrs", "event_manager", "event_managers")
            if self.keywords.get(key)
        ]
        if len(given) > 1:
            raise DeclarationError(f"{self.where}: give one of _evmgr, _evmgrs, _event_manager and _event_managers")
        return tuple(manager for value in given for manager in (value if isinstance(value, Iterable) else (value,)))


def split_name(name: str) -> tuple[str | None, str]:
    """The namespace and local part of a name in Clark's notation, ``{ns}name`` or ``name``."""
    if name.startswith("{"):
        namespace, _, local = name[1:].partition("}")
        return namespace, local
    return None, name


def as_tuple(value: Any) -> tuple[Any, ...] | None:
    """One thing or several, as a tuple; None stays."""
    if value is None:
        return None
    return tuple(value) if isinstance(value, list | tuple | set) else (value,)
