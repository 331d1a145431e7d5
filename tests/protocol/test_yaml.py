"""YamlDocument: what a document means, what Spyne 2.14 wrote, and what survives the way there and back."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocol.dict_victims import send, serve

from spyne import (
    AnyDict,
    Application,
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    Date,
    DateTime,
    Double,
    Fault,
    Integer,
    NullServer,
    Service,
    Unicode,
    rpc,
)
from spyne import Decimal as DecimalType
from spyne.client.http import HttpClient
from spyne.protocol.json import JsonDocument
from spyne.protocol.yaml import YamlDocument
from spyne.schema import DeclarationError
from spyne.server.wsgi import WsgiApplication

TNS = "yaml"


class Item(ComplexModel):
    __namespace__ = TNS
    n = Integer(ge=0)
    s = Unicode(min_occurs=1)
    d = DecimalType
    more = Array(Integer)
    when = DateTime
    day = Date
    b = ByteArray
    f = Double
    flag = Boolean


class Yaml(Service):
    @rpc(Item, _returns=Item)
    def echo(ctx, item):
        return item

    @rpc(Array(Item), _returns=Array(Item))
    def items(ctx, items):
        return items

    @rpc(Unicode, Integer, _returns=(Unicode, Integer))
    def two(ctx, a, b):
        return a, b

    @rpc(Unicode, _returns=Unicode)
    def text(ctx, a):
        return a

    @rpc(AnyDict, _returns=AnyDict)
    def free(ctx, a):
        return a

    @rpc(_returns=Array(Unicode))
    def tricky(ctx):
        return list(TRICKY)

    @rpc()
    def nothing(ctx):
        pass

    @rpc()
    def fail(ctx):
        raise Fault("Client.Some", "text", detail={"a": [1, None]})


def application(validator=None, **options):
    """The service in YAML, both ways."""
    return Application([Yaml], TNS, in_protocol=YamlDocument(validator=validator), out_protocol=YamlDocument(**options))


def answer(body, **options):
    """Status and body of one answer."""
    reply = send(WsgiApplication(application(**options)), "yaml", body.encode())
    return reply.status, reply.body.decode()


# --- what 2.14 wrote ---

# The strings that a reader may take for something else, each as Spyne 2.14.0 wrote it.
TRICKY = {
    "yes": "'yes'",
    "no": "'no'",
    "on": "'on'",
    "off": "'off'",
    "null": "'null'",
    "~": "'~'",
    "1": "'1'",
    "1.5": "'1.5'",
    "0x10": "'0x10'",
    "010": "'010'",
    "1:30": "'1:30'",
    "2020-01-02": "'2020-01-02'",
    "2020-01-02T03:04:05Z": "'2020-01-02T03:04:05Z'",
    "a: b": "'a: b'",
    "- a": "'- a'",
    "#c": "'#c'",
    "&a": "'&a'",
    "*a": "'*a'",
    "!t": "'!t'",
    "multi\nline": "'multi\n\n    line'",
    "tab\tx": '"tab\\tx"',
    " lead": "' lead'",
    "trail ": "'trail '",
    "": "''",
    "é😀": '"é\\U0001F600"',
    "=": "'='",
    "<<": "'<<'",
    "1_000": "'1_000'",
    "y": "y",
    "n": "n",
    "true": "'true'",
    "True": "'True'",
    ".inf": "'.inf'",
    ".nan": "'.nan'",
    "0b1": "'0b1'",
    "\x85": '"\\N"',
    "'q'": "'''q'''",
    '"d"': "'\"d\"'",
    "%x": "'%x'",
    "@x": "'@x'",
    "`x": "'`x'",
    "{a}": "'{a}'",
    "[b]": "'[b]'",
    "a, b": "a, b",
    "?": "'?'",
    "-": "'-'",
    "...": "'...'",
}

# Exchanges recorded with Spyne 2.14.0, PyYAML 6.0.3 and libyaml.
RECORDED = {
    "by name": ("text: {a: hello}", (200, "hello\n")),
    "in order": ("text: [hello]", (200, "hello\n")),
    "in a block": ("text:\n  a: hello\n", (200, "hello\n")),
    "two results": ("two: {a: x, b: 3}", (200, "twoResult0: x\ntwoResult1: 3\n")),
    "no result": ("nothing: {}", (200, "{}\n")),
    "an object": ("echo: {item: {s: é x, n: 1, more: [1, 2]}}", (200, "more:\n- 1\n- 2\nn: 1\ns: é x\n")),
    "a member that must be there": ("echo: {item: {n: 1}}", (200, "n: 1\ns: null\n")),
    "objects": (
        "items: {items: [{n: 1, s: a}, {n: 2, s: b, more: [1,2]}]}",
        (200, "-   n: 1\n    s: a\n-   more:\n    - 1\n    - 2\n    n: 2\n    s: b\n"),
    ),
    "a decimal": ("echo: {item: {s: x, d: '1.50'}}", (200, "d: '1.50'\ns: x\n")),
    "a float": ("echo: {item: {s: x, f: 1.0e+300}}", (200, "f: 1.0e+300\ns: x\n")),
    "bytes": ("echo: {item: {s: x, b: YWJj/w==}}", (200, "b: YWJj/w==\ns: x\n")),
    "free content": ("free: {a: {x: [1, {y: null}], t: 1.5}}", (200, "t: 1.5\nx:\n- 1\n-   y: null\n")),
    "a fault": (
        "fail: {}",
        (400, "detail:\n    a:\n    - 1\n    - null\nfaultcode: Client.Some\nfaultstring: text\n"),
    ),
    "no such method": (
        "nope: {}",
        (404, "faultcode: Client.ResourceNotFound\nfaultstring: Requested resource '{yaml}nope' not found\n"),
    ),
    "nothing": (
        "",
        (
            400,
            "faultcode: Client.ValidationError\nfaultstring: Need a dictionary with exactly one key as method name.\n",
        ),
    ),
    "strings": ("tricky: {}", (200, "".join(f"- {text}\n" for text in TRICKY.values()))),
}


@pytest.mark.parametrize(("body", "answered"), RECORDED.values(), ids=RECORDED)
def test_the_bytes_of_2_14(body, answered):
    """What Spyne 2.14 answered in YAML is answered byte for byte."""
    assert answer(body) == answered


OPTIONS = {
    "escaped": ({"allow_unicode": False}, 'more:\n- 1\nn: 1\ns: "\\xE9"\n'),
    "in flow style": ({"default_flow_style": True}, "{more: [1], n: 1, s: é}\n"),
    "with a start": ({"explicit_start": True}, "---\nmore:\n- 1\nn: 1\ns: é\n"),
    "with an end": ({"explicit_end": True}, "more:\n- 1\nn: 1\ns: é\n...\n"),
    "as declared": ({"sort_keys": False}, "n: 1\ns: é\nmore:\n- 1\n"),
    "as lists": (
        {"complex_as": list},
        "- 1\n- é\n- null\n-   - 1\n- null\n- null\n- null\n- null\n- null\n",
    ),
    "with wrappers": (
        {"ignore_wrappers": False},
        "echoResponse:\n    echoResult:\n        Item:\n            more:\n            - 1\n            n: 1\n            s: é\n",
    ),
}


@pytest.mark.parametrize(("options", "written"), OPTIONS.values(), ids=OPTIONS)
def test_options_of_what_is_written(options, written):
    """Further options are those of yaml.dump."""
    assert answer("echo: {item: {s: é, n: 1, more: [1]}}", **options) == (200, written)


def test_a_single_text_with_an_end():
    """An explicit end is kept where it was asked for, and left out where PyYAML puts one by itself."""
    assert answer("text: [hello]", explicit_end=True) == (200, "hello\n...\n")
    assert answer("text: ['...']") == (200, "'...'\n")


REFUSED_OPTIONS = [
    {"safe": False},
    {"encoding": "latin-1"},
    {"duplicate_keys": "first"},
    {"no_such_option": 1},
    {"validator": "lxml"},
]


@pytest.mark.parametrize("options", REFUSED_OPTIONS, ids=str)
def test_options_that_cannot_be(options):
    """They are refused when the protocol is made; safe=False would let requests make any object."""
    with pytest.raises(DeclarationError):
        YamlDocument(**options)


def test_the_documented_positions():
    """The options stand where Spyne 2.14 has them."""
    protocol = YamlDocument(None, "soft", "application/yaml", False, False, list, False, True, True, "utf-8", False)
    assert (protocol.validator, protocol.mime_type, protocol.ignore_wrappers) == ("soft", "application/yaml", False)
    assert (protocol.complex_as, protocol.polymorphic) == ("list", True)


# --- what a document means (YAML 1.2.2 §10.3) ---

MEANINGS = {
    "null": None,
    "Null": None,
    "~": None,
    "": None,
    "true": True,
    "FALSE": False,
    "yes": "yes",
    "off": "off",
    "y": "y",
    "12": 12,
    "-0": 0,
    "+7": 7,
    "010": 10,
    "0o17": 15,
    "0x1f": 31,
    "0b1": "0b1",
    "1_000": "1_000",
    "1:30": "1:30",
    "1.50": 1.5,
    "1.": 1.0,
    ".5": 0.5,
    "1e3": 1000.0,
    "-.inf": -math.inf,
    ".": ".",
    "2020-01-02": "2020-01-02",
    "2020-01-02 03:04:05": "2020-01-02 03:04:05",
    "=": "=",
    "'12'": "12",
    '"true"': "true",
    "!!str 12": "12",
    "! 12": "12",
    "!!int 0x10": 16,
    "!!float 1": 1,
    "!!null ''": None,
    "!!seq [1]": [1],
    "!!map {a: 1}": {"a": 1},
    "{1: a, null: b, 1.0: c, true: d}": {"1": "a", "null": "b", "1.0": "c", "true": "d"},
    "{? a : 1, b}": {"a": 1, "b": None},
    "{<<: {a: 1}}": {"<<": {"a": 1}},
    "|\n      x\n       y\n": "x\n y\n",
    ">-\n      x\n      y\n": "x y",
}


@pytest.mark.parametrize(("text", "meant"), MEANINGS.items())
def test_the_core_schema(text, meant):
    """Plain scalars are those of YAML 1.2; what only YAML 1.1 took for something else is text."""
    found = given_to_the_service(f"free:\n  a:\n    it: {text}\n")["it"]
    assert found == meant
    assert type(found) is type(meant)


def test_not_a_number():
    """The last of the core schema's floats is read, too."""
    assert math.isnan(given_to_the_service("free: {a: {it: .nan}}")["it"])


def given_to_the_service(text):
    """What free content is when the service gets it."""
    seen = []

    class Free(Service):
        @rpc(AnyDict)
        def free(ctx, a):
            seen.append(a)

    reply = send(WsgiApplication(Application([Free], TNS, in_protocol=YamlDocument())), "yaml", text.encode())
    assert reply.status == 200, reply
    return seen[0]


def test_declared_types_from_plain_scalars():
    """Dates, decimals and numbers are read by their type, however they are written."""
    body = "echo: {item: {s: '010', day: 2020-01-02, when: 2020-01-02T03:04:05Z, d: 1.50, f: 1, n: 0x10, flag: 1}}"
    item = {
        "s": "010",
        "day": "2020-01-02",
        "when": "2020-01-02T03:04:05Z",
        "d": "1.50",
        "f": 1.0,
        "n": 16,
        "flag": True,
    }
    for validator in (None, "soft"):
        status, text = answer(body, validator=validator)
        assert status == 200
        assert yaml.load(text, Loader=yaml.BaseLoader) == {key: yaml_text(value) for key, value in item.items()}


def yaml_text(value):
    """How a scalar is written."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_none_for_the_arguments():
    """A call without arguments needs no empty object."""
    assert answer("nothing:") == (200, "{}\n")


def test_utf_16():
    """YAML may come in UTF-16 with a byte order mark (§5.2), or in the charset of its Content-Type."""
    web = WsgiApplication(application())
    text = "text: {a: é}"
    assert send(web, "yaml", text.encode("utf-16")).body == "é\n".encode()
    latin = send(web, "yaml", text.encode("latin-1"), CONTENT_TYPE="text/yaml; charset=latin-1")
    assert latin.body == "é\n".encode()


def test_keys_that_come_twice():
    """The last one counts where that was chosen."""
    web = WsgiApplication(
        Application([Yaml], TNS, in_protocol=YamlDocument(duplicate_keys="last"), out_protocol=YamlDocument())
    )
    assert send(web, "yaml", b"text: {a: x, a: y}").body == b"y\n"


def test_the_document_is_parsed_once():
    """Listeners see one and the same document, as often as they look."""
    app = application()
    seen = []
    app.in_protocol.event_manager.add_listener(
        "before_deserialize", lambda ctx: seen.extend([ctx.in_document, ctx.in_document])
    )
    assert send(WsgiApplication(app), "yaml", b"text: {a: x}").body == b"x\n"
    assert seen[0] == {"text": {"a": "x"}}
    assert seen[0] is seen[1]


# --- both ways ---

LINES = st.text(" \n\t:-#'\"\\a[]{}&*!|>%@`,?.0x1e+\r\x85\u2028\ufeff~", max_size=12)
LOOKS = st.from_regex(
    r"[-+]?(0o[0-7]+|0x[0-9a-f]+|[0-9._]+(e[-+]?[0-9]+)?|[0-9]+:[0-9]+|yes|no|on|off|true|null|~|\.inf|\.nan)",
    fullmatch=True,
)
TEXT = st.one_of(st.text(st.characters(exclude_categories=("Cs",)), max_size=30), LINES, LOOKS)
TREES = st.recursive(
    st.one_of(TEXT, st.integers(), st.floats(allow_nan=False), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=10,
)
WIRE = NullServer(application(), wire=True)


def kinds(tree):
    """The types of a tree's values, which equality alone does not tell apart."""
    if isinstance(tree, dict):
        return {key: kinds(value) for key, value in tree.items()}
    return [kinds(value) for value in tree] if isinstance(tree, list) else type(tree)


@settings(max_examples=100, deadline=None)
@given(tree=st.dictionaries(TEXT, TREES, max_size=4))
def test_any_tree_arrives_as_it_was_sent(tree):
    """Values keep their kind, and YAML 1.1's reader agrees with our own."""
    found = WIRE.service.free(tree)
    assert found == tree
    assert kinds(found) == kinds(tree)
    assert yaml.safe_load(YamlDocument().write_tree(tree)) == tree


def test_values_that_yaml_cannot_have():
    """They are the service's mistake."""

    class Bad(Service):
        @rpc(_returns=Unicode)
        def half(ctx):
            return "\ud800"

        @rpc(_returns=Integer)
        def long(ctx):
            return 10**5000

    web = WsgiApplication(Application([Bad], TNS, in_protocol=YamlDocument(), out_protocol=YamlDocument()))
    for name in (b"half", b"long"):
        reply = send(web, "yaml", name + b":")
        assert (reply.status, reply.code) == (500, "Server")


def test_one_list_in_two_places_is_written_twice():
    """There are no aliases in what is written: our own reader would refuse them."""

    class Shared(Service):
        @rpc(_returns=AnyDict)
        def both(ctx):
            one = [1, 2]
            return {"a": one, "b": one}

    web = WsgiApplication(Application([Shared], TNS, in_protocol=YamlDocument(), out_protocol=YamlDocument()))
    assert send(web, "yaml", b"both:").body == b"a:\n- 1\n- 2\nb:\n- 1\n- 2\n"


@pytest.mark.parametrize("way", ["http", "wire"])
def test_a_client(serve, way):
    """Results and faults come back as they were."""
    service = (
        NullServer(application(), wire=True).service
        if way == "wire"
        else HttpClient(serve(WsgiApplication(application())), application(), timeout=10).service
    )
    assert service.text("010") == "010"
    assert tuple(service.two("yes", 3)) == ("yes", 3)
    assert service.nothing() is None
    item = service.echo(Item(n=1, s="x", d=Decimal("1.50"), more=[1, 2], f=math.inf))
    assert (item.n, item.s, item.d, item.more, item.f) == (1, "x", Decimal("1.50"), [1, 2], math.inf)
    with pytest.raises(Fault) as caught:
        service.fail()
    assert (caught.value.faultcode, caught.value.faultstring) == ("Client.Some", "text")
    assert caught.value.detail == {"a": [1, None]}


def test_chosen_by_content_type():
    """Beside another protocol, YAML is taken by each of its media types."""
    web = WsgiApplication(Application([Yaml], TNS, in_protocol=[JsonDocument(), YamlDocument()]))
    for media in ("text/yaml", "application/yaml", "application/x-yaml"):
        reply = send(web, "yaml", b"text: [x]", CONTENT_TYPE=media)
        assert (dict(reply.headers)["Content-Type"], reply.body) == ("text/yaml", b"x\n")


def test_the_victim_is_served():
    """The service that the bad input is sent to takes good input."""
    reply = send(serve("yaml"), "yaml", b"take: {integer: 1, numbers: [1, 2], free: {a: {b: c}}}")
    assert (reply.status, reply.body) == (200, b"taken\n")
