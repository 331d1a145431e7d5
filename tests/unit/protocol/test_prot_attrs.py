"""`prot_attrs`: a type that one protocol reads and writes in another way, and that documents show as it is."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import ClassVar

import pytest
from lxml import etree

from spyne import (
    Application,
    Array,
    ByteArray,
    ComplexModel,
    DateTime,
    Integer,
    Mandatory,
    NullServer,
    SelfReference,
    Service,
    Unicode,
    XmlAttribute,
    rpc,
)
from spyne.context import MethodContext
from spyne.protocol import ProtocolBase
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument
from spyne.schema import DeclarationError

WHEN = datetime.datetime(2024, 1, 2, 3, 4, 5)
ISO = "2024-01-02T03:04:05"


class OwnJson(JsonDocument):
    """A protocol of somebody's own."""


def answer(tp, value, protocol, *, request=b'{"get": {}}', argument=None, validator=None):
    """What a method that returns a value writes, and the argument that it got."""
    got = []

    class Answers(Service):
        @rpc(argument or Unicode, _returns=tp)
        def get(ctx, given):
            got.append(given)
            return value

    application = Application([Answers], "tns", in_protocol=JsonDocument(validator=validator), out_protocol=protocol)
    server = NullServer(application)
    ctx = MethodContext(server, MethodContext.SERVER)
    ctx.in_string = [request]
    (ctx,) = server.generate_contexts(ctx)
    server.get_in_object(ctx)
    if ctx.in_error is not None:
        raise ctx.in_error
    server.get_out_object(ctx)
    server.get_out_string(ctx)
    return b"".join(ctx.out_string).decode(), got


def scalar(text):
    """The one value of a response."""
    return json.loads(text) if text[0] == '"' else etree.fromstring(text.encode()).xpath("string()")


CHOICES = [
    ({JsonDocument: {"dt_format": "%Y"}}, JsonDocument, "2024"),
    ({JsonDocument: {"dt_format": "%Y"}}, OwnJson, "2024"),
    ({JsonDocument: {"dt_format": "%Y"}}, XmlDocument, ISO),
    ({XmlDocument: {"dt_format": "%Y"}}, Soap11, "2024"),
    ({Soap11: {"dt_format": "%Y"}}, XmlDocument, ISO),
    ({ProtocolBase: {"dt_format": "%Y"}}, Soap11, "2024"),
    ({ProtocolBase: {"dt_format": "%Y"}, JsonDocument: {"dt_format": "%m"}}, JsonDocument, "01"),
    ({JsonDocument: {"dt_format": "%m"}, ProtocolBase: {"dt_format": "%Y"}}, JsonDocument, "01"),
    ({JsonDocument: {"dt_format": "%m"}, OwnJson: {"dt_format": "%d"}}, OwnJson, "02"),
    ({JsonDocument: {"string_format": "<%s>"}, OwnJson: {"dt_format": "%d"}}, OwnJson, "<02>"),
]


@pytest.mark.parametrize(("attributes", "protocol", "expected"), CHOICES)
def test_which_protocol(attributes, protocol, expected):
    """What is said of a class holds for its subclasses; what is said of the nearest class comes first."""
    text, _ = answer(DateTime(prot_attrs=attributes), WHEN, protocol())
    assert scalar(text) == expected


def test_an_instance_before_its_class():
    """What is said of one protocol object holds for it alone, and before what is said of its class."""
    one, other = JsonDocument(), JsonDocument()
    tp = DateTime(prot_attrs={one: {"dt_format": "%Y"}, JsonDocument: {"dt_format": "%m"}})
    assert (scalar(answer(tp, WHEN, one)[0]), scalar(answer(tp, WHEN, other)[0])) == ("2024", "01")


@pytest.mark.parametrize("name", ["pa", "protocol_attrs"])
def test_synonyms(name):
    """The two other names of prot_attrs."""
    text, _ = answer(DateTime(**{name: {JsonDocument: {"dt_format": "%Y"}}}), WHEN, JsonDocument())
    assert scalar(text) == "2024"


class Part(ComplexModel):
    __namespace__ = "tns"

    number = Integer(pa={JsonDocument: {"sub_name": "nr"}})
    secret = Unicode(pa={JsonDocument: {"exc": True}})


class Thing(ComplexModel):
    __namespace__ = "tns"

    name = Unicode(pa={Soap11: {"exc": True}, JsonDocument: {"default": "none"}})
    kind = XmlAttribute(Unicode(pa={XmlDocument: {"sub_name": "art"}}))
    words = Array(Unicode(pa={XmlDocument: {"max_len": 3}}))
    parts = Array(Part)
    inner = SelfReference
    plain = Unicode


class Special(Thing):
    extra = DateTime(pa={JsonDocument: {"dt_format": "%Y"}})


def thing():
    """An object with all members."""
    part = Part(number=1, secret="s")
    inner = Special(name="in", extra=WHEN)
    return Special(name="out", kind="k", words=["a"], parts=[part], inner=inner, plain="p", extra=WHEN)


def test_members_in_json():
    """Members at any depth, of parents and of items, in JSON."""
    text, _ = answer(Special, thing(), JsonDocument(polymorphic=True))
    assert json.loads(text) == {
        "name": "out",
        "kind": "k",
        "words": ["a"],
        "parts": [{"nr": 1}],
        "inner": {"name": "in", "extra": "2024"},
        "plain": "p",
        "extra": "2024",
    }


@pytest.mark.parametrize(("protocol", "name"), [(XmlDocument, ["out", "in"]), (Soap11, [])])
def test_members_in_xml(protocol, name):
    """The same in XML, where names of elements are those of the documents."""
    text, _ = answer(Special, thing(), protocol())
    root = etree.fromstring(text.encode())
    assert [element.text for element in root.iter("{tns}name")] == name
    assert root.xpath("string(//@art)") == "k"
    assert [element.text for element in root.iter("{tns}string")] == ["a"]
    assert [element.text for element in root.iter("{tns}secret")] == ["s"]
    assert [element.text for element in root.iter("{tns}extra")] == [ISO]


YEAR = DateTime(pa={JsonDocument: {"dt_format": "%Y"}})


class Annotated(ComplexModel):
    one: YEAR
    many: list[YEAR]
    plain: str = "x"


@dataclass
class Record:
    one: YEAR
    maybe: YEAR | None = None


class Tree(ComplexModel):
    """The class itself says what its members are in one protocol."""

    class Attributes(ComplexModel.Attributes):
        prot_attrs: ClassVar = {JsonDocument: {"child_attrs": {"left_out": {"exc": True}}}}

    left_out = Unicode
    kept = Unicode
    branch = SelfReference


FORMS = [
    (Annotated, Annotated(one=WHEN, many=[WHEN]), {"one": "2024", "many": ["2024"], "plain": "x"}),
    (Record, Record(WHEN, WHEN), {"one": "2024", "maybe": "2024"}),
    (Array(YEAR), [WHEN, WHEN], ["2024", "2024"]),
    (Mandatory(YEAR), WHEN, "2024"),
    (ByteArray(pa={JsonDocument: {"encoding": "hex"}}), b"ab", "6162"),
    (Tree, Tree(left_out="a", kept="b", branch=Tree(left_out="c", kept="d")), {"kept": "b", "branch": {"kept": "d"}}),
]


@pytest.mark.parametrize(("tp", "value", "expected"), FORMS)
def test_ways_to_use_a_type(tp, value, expected):
    """However a type is used, it is written as the protocol has it."""
    assert json.loads(answer(tp, value, JsonDocument())[0]) == expected


def test_input():
    """Names, forms and limits on input; what is left out is not read."""
    request = b'{"get": {"given": {"parts": [{"nr": 7, "number": 8, "secret": "x"}], "extra": "2023"}}}'
    _, (given,) = answer(Unicode, "", JsonDocument(), request=request, argument=Special)
    assert (given.parts[0].number, given.parts[0].secret, given.name) == (7, None, "none")
    assert given.extra == datetime.datetime(2023, 1, 1)


def test_limits_are_checked():
    """A limit that only one protocol has."""
    tp = Unicode(pa={JsonDocument: {"max_len": 2}})
    with pytest.raises(Exception, match="given"):
        answer(Unicode, "", JsonDocument(), request=b'{"get": {"given": "abc"}}', argument=tp, validator="soft")


def test_documents_do_not_change():
    """The interface is that of the type as it stands."""

    class Answers(Service):
        @rpc(_returns=Special)
        def get(ctx):
            return thing()

    application = Application([Answers], "tns", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    names = [field.wire_name for field in application.interface.types["tns", "Part"].fields]
    assert names == ["number", "secret"]
    assert "adapted" not in application.interface.types["tns", "Thing"].fields[0].hints


MISTAKES = [
    ({JsonDocument: {"type_name": "X"}}, "type_name is the same"),
    ({JsonDocument: {"order": 1}}, "order is the same"),
    ({JsonDocument: {"maxlen": 1}}, "did you mean 'max_len'"),
    ({"json": {"max_len": 1}}, "neither a protocol"),
    ({JsonDocument: "exc"}, "prot_attrs is"),
    ([JsonDocument], "prot_attrs is"),
]


@pytest.mark.parametrize(("attributes", "message"), MISTAKES)
def test_mistakes(attributes, message):
    """Declarations that could have no effect are refused."""
    with pytest.raises(DeclarationError, match=message):
        Unicode(prot_attrs=attributes)


def test_titles_by_language():
    """What types, methods and tables of texts say in a language, or else the default."""

    class Titled(Service):
        @rpc(_translations={"tr": "Al"})
        def get(ctx):
            pass

    name = Unicode(translations={"tr": "Ad"})
    protocol = JsonDocument()
    assert [protocol.trc(name, locale, "Name") for locale in ("tr", "en")] == ["Ad", "Name"]
    assert protocol.trc(Unicode, "tr", "Name") == "Name"
    assert [protocol.trd({"tr": "Ad"}, locale, "Name") for locale in ("tr", "en")] == ["Ad", "Name"]
    method = Titled.public_methods["get"]
    assert [method.translate(locale, "Get") for locale in ("tr", "en")] == ["Al", "Get"]
