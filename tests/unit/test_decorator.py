"""rpc, srpc: what each keyword does, and what each mistake says."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Annotated

import pytest

from spyne import (
    BODY_STYLE_BARE,
    BODY_STYLE_EMPTY,
    BODY_STYLE_EMPTY_OUT_BARE,
    BODY_STYLE_OUT_BARE,
    BODY_STYLE_WRAPPED,
    Application,
    ComplexModel,
    DeclarationError,
    EventManager,
    Fault,
    Integer,
    LogicError,
    NullServer,
    SelfReference,
    Service,
    Unicode,
    const,
    rpc,
    srpc,
)
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11


class Header(ComplexModel):
    token = Unicode


class Trace(ComplexModel):
    id = Integer


class NotFound(Fault):
    pass


def two(ctx, a, b):
    """Do something."""
    return f"{a}-{b}"


def one(ctx, a):
    return a


def none(ctx):
    return "none"


def method(function, *types, **keywords):
    """Return the descriptor of a function as a service has it."""
    decorate = keywords.pop("decorator", rpc)
    return type("S", (Service,), {function.__name__: decorate(*types, **keywords)(function)}).public_methods[
        function.__name__
    ]


def call(function, *types, args=(), protocol=Soap11, **keywords):
    """Call a method through both protocols."""
    decorate = keywords.pop("decorator", rpc)
    service = type("S", (Service,), {function.__name__: decorate(*types, **keywords)(function)})
    app = Application([service], "urn:t", in_protocol=protocol(validator="soft"), out_protocol=protocol())
    return NullServer(app, wire=True).service[function.__name__](*args)


# --- names and types ---


def test_defaults():
    """Without keywords a method is wrapped, named after the function, and its messages after it."""
    descriptor = method(two, Unicode, Integer, _returns=Unicode)
    assert (descriptor.name, descriptor.operation_name, descriptor.out_message_name) == ("two", "two", "twoResponse")
    assert (descriptor.body_style, descriptor.is_out_bare(), descriptor.is_in_bare()) == (
        BODY_STYLE_WRAPPED,
        False,
        False,
    )
    assert list(descriptor.in_message._type_info.items()) == [("a", Unicode), ("b", Integer)]
    assert list(descriptor.out_message._type_info.items()) == [("twoResult", Unicode)]
    assert (descriptor.args, descriptor.doc, descriptor.key) == (("a", "b"), "Do something.", "two")
    assert (descriptor.in_header, descriptor.out_header, descriptor.faults, descriptor.patterns) == (None, None, (), ())
    assert (descriptor.no_ctx, descriptor.no_self, descriptor.logged, descriptor.port_type) == (False, True, True, None)


def test_native_types():
    """Python's own types stand for models, in arguments and results."""
    assert call(two, str, int, _returns=str, args=("x", 3)) == "x-3"


NAME_CASES = {
    "_operation_name": ({"_operation_name": "Do"}, ("Do", "Do", "twoResponse")),
    "_in_message_name": ({"_in_message_name": "Ask"}, ("Ask", "two", "twoResponse")),
    "_out_message_name": ({"_out_message_name": "Answer"}, ("two", "two", "Answer")),
    "in a namespace": ({"_in_message_name": "{urn:in}Ask", "_out_message_name": "{urn:out}A"}, ("Ask", "two", "A")),
}


@pytest.mark.parametrize(("keywords", "expected"), NAME_CASES.values(), ids=NAME_CASES)
def test_message_names(keywords, expected):
    """Messages and operations are named by keywords, and can still be called."""
    descriptor = method(two, Unicode, Integer, _returns=Unicode, **keywords)
    assert (descriptor.name, descriptor.operation_name, descriptor.out_message_name) == expected
    assert call(two, Unicode, Integer, _returns=Unicode, args=("x", 1), **keywords) == "x-1"


def test_namespaces_of_messages():
    """A name in Clark's notation puts the message into that namespace."""
    descriptor = method(two, Unicode, Integer, _in_message_name="{urn:in}Ask", _out_message_name="{urn:out}A")
    assert (descriptor.in_message_namespace, descriptor.out_message_namespace) == ("urn:in", "urn:out")
    assert descriptor.key == "{urn:in}Ask"


def test_suffixes(monkeypatch):
    """The suffixes of `spyne.const` are read when a service is declared."""
    monkeypatch.setattr(const, "REQUEST_SUFFIX", "Request")
    monkeypatch.setattr(const, "RESPONSE_SUFFIX", "Reply")
    monkeypatch.setattr(const, "RESULT_SUFFIX", "Out")
    descriptor = method(two, Unicode, Integer, _returns=Unicode)
    assert (descriptor.name, descriptor.out_message_name) == ("twoRequest", "twoReply")
    assert list(descriptor.out_message._type_info) == ["twoOut"]


@pytest.mark.parametrize("keyword", ["_in_arg_names", "_in_variable_names"])
def test_public_names_of_arguments(keyword):
    """Arguments may have other names on the wire than in Python."""
    descriptor = method(two, Unicode, Integer, **{keyword: {"a": "from", "b": "class"}})
    assert descriptor.in_names == {"a": "from", "b": "class"}
    assert list(descriptor.in_message._type_info) == ["from", "class"]
    assert call(two, Unicode, Integer, _returns=Unicode, args=("x", 1), **{keyword: {"a": "from"}}) == "x-1"


def test_names_of_results():
    """Results are named by `_out_variable_name`, several by `_out_variable_names` or by number."""

    def pair(ctx):
        return "a", 1

    assert list(method(none, _returns=Unicode, _out_variable_name="v").out_message._type_info) == ["v"]
    assert list(method(pair, _returns=[Unicode, Integer]).out_message._type_info) == ["pairResult0", "pairResult1"]
    named = method(pair, _returns=(Unicode, Integer), _out_variable_names=["s", "n"])
    assert (list(named.out_message._type_info), named.results) == (["s", "n"], 2)
    assert list(call(pair, _returns=[Unicode, Integer])) == ["a", 1]


# --- body styles ---

STYLES = {
    "wrapped": (two, (Unicode, Integer), "wrapped", BODY_STYLE_WRAPPED, ("x", 1), "x-1"),
    "bare": (one, (Unicode,), "bare", BODY_STYLE_BARE, ("x",), "x"),
    "bare without argument": (none, (), "bare", BODY_STYLE_EMPTY, (), "none"),
    "out_bare": (two, (Unicode, Integer), "out_bare", BODY_STYLE_OUT_BARE, ("x", 1), "x-1"),
    "out_bare without argument": (none, (), "out_bare", BODY_STYLE_EMPTY_OUT_BARE, (), "none"),
}


@pytest.mark.parametrize("protocol", [Soap11, JsonDocument])
@pytest.mark.parametrize(("function", "types", "style", "expected", "args", "result"), STYLES.values(), ids=STYLES)
def test_body_styles(function, types, style, expected, args, result, protocol):
    """Each body style has its kind of messages, and works in SOAP and JSON."""
    assert method(function, *types, _returns=Unicode, _body_style=style).body_style is expected
    assert call(function, *types, _returns=Unicode, _body_style=style, args=args, protocol=protocol) == result


@pytest.mark.parametrize("style", ["document", "rpc"])
def test_soap_body_style(style):
    """`_soap_body_style` is understood on its own and means a wrapped method."""
    assert method(two, Unicode, Integer, _soap_body_style=style).body_style is BODY_STYLE_WRAPPED


@pytest.mark.parametrize("native", [int, str])
def test_bare_with_a_native_type(native):
    """A bare method may take and return Python's own types."""
    assert call(one, native, _returns=native, _body_style="bare", args=(native("5"),)) == native("5")


# --- headers, faults and metadata ---


@pytest.mark.parametrize("given", [Header, (Header,), [Header]])
@pytest.mark.parametrize("keyword", ["_in_header", "_out_header"])
def test_headers(given, keyword):
    """Headers are given as one class, as a tuple or as a list."""
    assert getattr(method(none, **{keyword: given}), keyword[1:]) == (Header,)


def test_several_headers_of_the_service():
    """A service's headers are those of the methods that name none."""

    class S(Service):
        __in_header__ = (Header, Trace)
        __out_header__ = Trace

        @rpc()
        def plain(ctx): ...

        @rpc(_in_header=Trace, _out_header=Header)
        def own(ctx): ...

    plain, own = S.public_methods.values()
    assert (plain.in_header, plain.out_header) == ((Header, Trace), (Trace,))
    assert (own.in_header, own.out_header) == ((Trace,), (Header,))


@pytest.mark.parametrize("keyword", ["_throws", "_faults"])
@pytest.mark.parametrize("given", [NotFound, [NotFound], (NotFound,)])
def test_faults(keyword, given):
    """What a method throws is one fault class or several, under two names."""
    assert method(none, **{keyword: given}).faults == (NotFound,)


@pytest.mark.parametrize("keyword", ["_udd", "_udp"])
def test_metadata(keyword):
    """Metadata is read by attribute and by key, under two names; what is not there is None."""
    descriptor = method(none, **{keyword: {"role": "admin"}})
    assert (descriptor.udd.role, descriptor.udp["role"], descriptor.udd.missing) == ("admin", "admin", None)


@pytest.mark.parametrize("keyword", ["_evmgr", "_evmgrs", "_event_manager", "_event_managers"])
def test_event_managers(keyword):
    """A method may have event managers of its own, one or several, besides its service's."""
    mine = EventManager(None)
    for given in (mine, [mine]):
        assert method(none, **{keyword: given}).event_managers[1:] == [mine]


PLAIN = {
    "_port_type": ("port_type", "P", "P"),
    "_pattern": ("patterns", "p", ("p",)),
    "_patterns": ("patterns", ["p", "q"], ("p", "q")),
    "_logged": ("logged", False, False),
    "_href": ("href", "h", "h"),
    "_translations": ("translations", {"tr": "t"}, {"tr": "t"}),
    "_default_on_null": ("default_on_null", True, True),
    "_internal_key_suffix": ("internal_key_suffix", "_x", "_x"),
}


@pytest.mark.parametrize(("keyword", "case"), PLAIN.items())
def test_plain_keywords(keyword, case):
    """Keywords that are only kept are on the descriptor."""
    name, given, expected = case
    assert getattr(method(none, **{keyword: given}), name) == expected


def test_translate():
    """A method's title in a language is the translation or the default."""
    descriptor = method(none, _translations={"tr": "başlık"})
    assert (descriptor.translate("tr", "title"), descriptor.translate("en", "title")) == ("başlık", "title")


def test_internal_key_suffix():
    """Keys that no other method has: module, class, function, suffix."""
    assert method(none, _internal_key_suffix="_v2").internal_key.endswith(".S}none_v2")


@pytest.mark.parametrize("keyword", ["_service_class", "_service"])
def test_a_method_of_another_service(keyword):
    """A method may belong to another service, which then wraps its calls."""

    class Owner(Service):
        __in_header__ = Header

        @classmethod
        def call_wrapper(cls, ctx, args=None):
            return f"owner({super().call_wrapper(ctx, args)})"

    descriptor = method(none, _returns=Unicode, **{keyword: Owner})
    assert (descriptor.service_class, descriptor.in_header) == (Owner, (Header,))
    assert call(none, _returns=Unicode, **{keyword: Owner}) == "owner(none)"


def test_no_ctx():
    """`srpc` and `_no_ctx` call the function without a context."""

    def plain(a):
        return a

    assert call(plain, Unicode, _returns=Unicode, decorator=srpc, args=("x",)) == "x"
    assert call(plain, Unicode, _returns=Unicode, _no_ctx=True, args=("x",)) == "x"


def test_builtins_need_names():
    """The parameters of a builtin function are named by `_args`."""
    assert call(abs, Integer, _returns=Integer, _args=["x"], decorator=srpc, args=(-3,)) == 3
    with pytest.raises(DeclarationError, match=r"S\.abs: the parameters of abs cannot be read; name them with _args"):
        method(abs, Integer, decorator=srpc)


# --- annotations ---


def test_annotated_function():
    """Bare `@rpc` reads types, presence and defaults from the annotations."""

    @rpc
    def greet(ctx, name: str, times: Annotated[int, "kept"] = 2, loud: bool | None = None) -> str:
        return f"{name * times}{loud}"

    service = type("S", (Service,), {"greet": greet})
    app = Application([service], "urn:t", in_protocol=Soap11(validator="soft"), out_protocol=Soap11())
    fields = app.call_of(service.public_methods["greet"]).request.field.type.fields
    assert [(f.name, f.min_occurs, f.nillable, f.default or None) for f in fields] == [
        ("name", 1, False, None),
        ("times", 0, False, 2),
        ("loud", 0, True, None),
    ]
    server = NullServer(app, wire=True)
    assert server.service.greet("ab") == "ababNone"
    assert server.service.greet("a", times=1, loud=True) == "aTrue"
    with pytest.raises(Fault, match="name"):
        server.service.greet()


@pytest.mark.parametrize("protocol", [Soap11, JsonDocument])
def test_mutable_defaults_are_fresh(protocol):
    """A list as default is another list in each call."""

    def grow(ctx, items: list[str] = []) -> list[str]:  # noqa: B006 - the case under test
        items.append("x")
        return items

    service = type("S", (Service,), {"grow": rpc(grow)})
    server = NullServer(Application([service], "urn:t", in_protocol=protocol(), out_protocol=protocol()), wire=True)
    assert [server.service.grow(), server.service.grow()] == [["x"], ["x"]]


def test_keywords_with_annotations():
    """Keywords and annotations go together; `_returns` wins over the annotation of the result."""

    def keyed(ctx, a: int) -> int:
        return a

    assert call(keyed, _body_style="bare", args=(5,)) == 5
    assert list(method(keyed, _returns=Unicode).out_message._type_info.values()) == [Unicode]


def test_keyword_only_parameters():
    """Parameters behind the star are passed by name, in annotated and in classic functions."""

    def annotated(ctx, a: int, *, b: int = 2) -> int:
        return a * 10 + b

    def classic(ctx, a, *, b):
        return a * 10 + b

    assert call(annotated, args=(1,)) == 12
    assert call(classic, Integer, Integer, _returns=Integer, args=(1, 5)) == 15


def test_wrapped_functions():
    """A function behind a well-behaved decorator keeps its parameters."""

    def shouting(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs).upper()

        return wrapper

    assert call(shouting(two), Unicode, Integer, _returns=Unicode, args=("x", 1)) == "X-1"

    @shouting
    def annotated(ctx, a: str) -> str:
        return a

    assert call(annotated, args=("x",)) == "X"


def test_local_names_in_annotations():
    """Annotations may name classes of the function around the service, where the body uses them too."""

    class Local(ComplexModel):
        a = Unicode

    def echo(ctx, it: Local) -> Iterator[Local]:
        yield Local(a=it.a)

    assert [each.a for each in call(echo, args=(Local(a="x"),))] == ["x"]


def test_the_function_stays_itself():
    """Decorating returns the same function, and the service has it as a static method."""

    def plain(ctx, a: int) -> int:
        return a

    assert rpc(plain) is plain
    assert type("S", (Service,), {"plain": plain}).plain(None, 3) == 3


# --- mistakes ---

MISTAKES = {
    "unknown keyword": (none, (), {"_return": Unicode}, r"rpc has no keyword '_return'; did you mean _returns\?"),
    "no underscore": (none, (), {"returns": Unicode}, r"rpc has no keyword 'returns'; did you mean _returns\?"),
    "nonsense": (none, (), {"_qqq": 1}, r"rpc has no keyword '_qqq'$"),
    "too few types": (two, (Unicode,), {}, r"S\.two takes 2 argument\(s\) \(a, b\) but its decorator names 1 type"),
    "too many types": (none, (Unicode,), {}, r"S\.none takes 0 argument\(s\) \(none\) but its decorator names 1 type"),
    "self reference": (one, (SelfReference,), {}, r"S\.one: SelfReference is only for members of a ComplexModel"),
    "self result": (none, (), {"_returns": SelfReference}, r"S\.none: SelfReference is only for members"),
    "bare with two": (
        two,
        (Unicode, Unicode),
        {"_body_style": "bare"},
        r"S\.two: a bare method takes one argument at most",
    ),
    "bare with two results": (
        none,
        (),
        {"_body_style": "bare", "_returns": [Unicode, Unicode]},
        r"S\.none: a bare method returns one value, this one has 2; use 'wrapped'",
    ),
    "body style": (none, (), {"_body_style": "naked"}, r"_body_style is one of wrapped, bare, out_bare, not 'naked'"),
    "soap body style": (none, (), {"_soap_body_style": "x"}, r"_soap_body_style is 'document' or 'rpc', not 'x'"),
    "two names": (none, (), {"_operation_name": "a", "_in_message_name": "b"}, r"exclude each other; give one of them"),
    "result names": (
        none,
        (),
        {"_returns": [Unicode, Unicode], "_out_variable_names": ["a"]},
        r"_out_variable_names has 1 name\(s\) for 2 result\(s\)",
    ),
    "event managers": (
        none,
        (),
        {"_evmgr": EventManager(None), "_event_managers": [EventManager(None)]},
        r"give one of _evmgr, _evmgrs, _event_manager and _event_managers",
    ),
    "argument names": (
        one,
        (Unicode,),
        {"_in_arg_names": {"b": "c"}},
        r"_in_arg_names names 'b'; the parameters are a",
    ),
    "one name twice": (
        two,
        (Unicode, Unicode),
        {"_in_arg_names": {"a": "b"}},
        r"_in_arg_names gives two parameters one name: b, b",
    ),
}


@pytest.mark.parametrize(("function", "types", "keywords", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(function, types, keywords, message):
    """A mistake is reported when the class is made, with the place and the fix, as a ValueError and LogicError."""
    with pytest.raises(LogicError, match=message) as caught:
        method(function, *types, **keywords)
    assert isinstance(caught.value, ValueError)


def test_a_parameter_without_annotation():
    """A function that annotates some parameters must annotate all."""

    def half(ctx, a: int, b) -> int: ...

    with pytest.raises(
        DeclarationError, match=r"S\.half: parameter 'b' has no annotation; annotate it, or give all types"
    ):
        type("S", (Service,), {"half": rpc(half)})


TYPE_MISTAKES = {
    "a name that is not there": ("Nowhere", r"the annotation 'Nowhere' names 'Nowhere', which module"),
    "a union": ("int | str", r"int \| str is one of several types"),
    "no items": ("list", r"list does not say what it holds; write list\[str\]"),
    "a class": ("object.__class__", r"cannot travel|is a class"),
}


@pytest.mark.parametrize(("annotation", "message"), TYPE_MISTAKES.values(), ids=TYPE_MISTAKES)
def test_types_that_cannot_travel(annotation, message):
    """A type that cannot travel is reported when the application is built, with method and argument."""

    def odd(ctx, a): ...

    odd.__annotations__["a"] = annotation
    service = type("S", (Service,), {"odd": rpc(odd)})
    with pytest.raises(DeclarationError, match=message) as caught:
        Application([service], "urn:t", in_protocol=Soap11(), out_protocol=Soap11())
    assert "odd" in str(caught.value)
