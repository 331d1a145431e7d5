"""XML requests that are read without a tree: what is read so, and that it never makes a difference."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal as Number
from typing import Any as AnyType

import msgspec
import pytest
from hypothesis import given, settings
from lxml import etree
from tests.protocol.mutation import mutated

from spyne import Application, Service, rpc
from spyne.context import MethodContext
from spyne.error import Fault
from spyne.limits import Limits
from spyne.model.binary import ByteArray
from spyne.model.complex import Array, ComplexModel
from spyne.model.enum import Enum
from spyne.model.primitive import Boolean, Date, DateTime, Decimal, Double, Integer, Unicode, Uuid
from spyne.protocol._xml_plain import PlainRequest
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.xml import XmlDocument
from spyne.server.null import NullServer
from spyne.server.wsgi import WsgiApplication

TNS, OTHER = "urn:plain", "urn:plain:parts"
ENV = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


class Part(ComplexModel):
    """A type of another namespace."""

    __namespace__ = OTHER
    sku = Unicode(min_occurs=1, max_len=12)
    count = Integer(default=1)
    notes = Array(Unicode, member_name="note")


class Order(ComplexModel):
    """One member of every kind that can be plain."""

    __namespace__ = TNS
    id = Integer(min_occurs=1, ge=0)
    key = Uuid
    name = Unicode
    price = Decimal
    weight = Double
    day = Date
    at = DateTime
    paid = Boolean
    colour = Enum("red", "dark & light", type_name="Colour")
    code = Unicode(pattern="[A-Z]{2}")
    data = ByteArray
    first = Part
    parts = Array(Part, member_name="part")
    tag = Unicode(max_occurs=3)
    spare = Part.customize(max_occurs="unbounded")


class Plain(Service):
    """Takes orders."""

    @rpc(Order, Integer, _returns=Integer)
    def put(ctx, order, times):
        return times

    @rpc(Array(Integer), _returns=Integer)
    def add(ctx, numbers):
        return sum(numbers)

    @rpc(Unicode, _returns=Unicode, _body_style="bare")
    def greet(ctx, name):
        return name


class Soap11Trees(Soap11):
    """The same, with a tree for every request."""

    def _reads_plain(self) -> bool:
        return False


class Soap12Trees(Soap12):
    """The same, with a tree for every request."""

    def _reads_plain(self) -> bool:
        return False


class XmlTrees(XmlDocument):
    """The same, with a tree for every request."""

    def _reads_plain(self) -> bool:
        return False


def server(protocol: AnyType, **options: AnyType) -> NullServer:
    """The service under one protocol."""
    return NullServer(Application([Plain], TNS, in_protocol=protocol, out_protocol=type(protocol)(), **options))


PLAIN, TREES = server(Soap11(validator="soft")), server(Soap11Trees(validator="soft"))


def said(value: AnyType) -> AnyType:
    """A value as something that can be compared."""
    if isinstance(value, msgspec.Struct):
        return type(value).__name__, [said(getattr(value, name)) for name in value.__struct_fields__]
    if isinstance(value, list | tuple):
        return [said(item) for item in value]
    return type(value).__name__, value


def opened(of: NullServer, data: bytes, charset: str | None = None) -> MethodContext:
    """The context of a request whose arguments are read."""
    ctx = MethodContext(of)
    ctx.in_string = [data]
    of.generate_contexts(ctx, charset)
    return ctx


def is_plain(data: bytes, charset: str | None = None, of: NullServer = PLAIN) -> bool:
    """Whether a request is read without a tree."""
    return isinstance(opened(of, data, charset)._in_document, PlainRequest)


def outcome(of: NullServer, data: bytes, charset: str | None = None) -> AnyType:
    """What a request is understood to be: its element and arguments, or its fault."""
    ctx = opened(of, data, charset)
    of.get_in_object(ctx)
    if ctx.in_error is not None:
        assert isinstance(ctx.in_error, Fault)
        return ctx.in_error.faultcode, ctx.in_error.faultstring
    return ctx.method_request_string, said(ctx.in_object)


def same(data: bytes, charset: str | None = None) -> AnyType:
    """What it is understood to be by both ways, which must be the same."""
    found = outcome(PLAIN, data, charset)
    assert found == outcome(TREES, data, charset)
    return found


def soap(body: str, attributes: str = f'xmlns:t="{TNS}" xmlns:o="{OTHER}"') -> bytes:
    """An envelope."""
    return f'<e:Envelope xmlns:e="{ENV}" {attributes}><e:Body>{body}</e:Body></e:Envelope>'.encode()


FULL = (
    "<t:put><t:order><t:id>7</t:id><t:key>12345678-9abc-4def-8123-456789abcdef</t:key><t:name>Zoë &lt;&amp;lt;&gt; ]</t:name>"
    "<t:price>-12.50</t:price><t:weight>0.25</t:weight><t:day>2024-02-29</t:day><t:at>2024-03-01T12:34:56.123456Z</t:at>"
    "<t:paid>true</t:paid><t:colour>dark &amp; light</t:colour><t:code>AB</t:code><t:data>aGk=</t:data>"
    "<t:first><o:sku>a</o:sku></t:first>"
    "<t:parts><o:part><o:sku>b</o:sku><o:count>2</o:count><o:notes><t:note>x</t:note><t:note> y&apos;s </t:note></o:notes></o:part>"
    "<o:part><o:sku>c</o:sku></o:part></t:parts>"
    "<t:tag>one</t:tag><t:tag>two</t:tag><t:spare><o:sku>d</o:sku></t:spare><t:spare><o:sku>e</o:sku></t:spare>"
    "</t:order><t:times>3</t:times></t:put>"
)
HEADS = {
    "prefixes": soap(FULL),
    "an XML declaration": b'<?xml version="1.0" encoding="utf-8"?>\n' + soap(FULL),
    "single quotes": b"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>" + soap(FULL).replace(b'"', b"'"),
    "default namespaces": soap(
        FULL.replace("t:", "").replace("<put>", f'<put xmlns="{TNS}">', 1), f'xmlns:o="{OTHER}" xmlns:xsi="{XSI}"'
    ),
    "a prefix declared again": soap(
        FULL.replace("<t:put>", f'<t:put xmlns:t="{TNS}">', 1), f'xmlns:t="{OTHER}" xmlns:o="{OTHER}"'
    ),
    "an empty header": soap(FULL).replace(b"<e:Body>", b"<e:Header/><e:Body>"),
    "a header with an end tag": soap(FULL).replace(b"<e:Body>", b"<e:Header> </e:Header>\n<e:Body>"),
    "two prefixes for the envelope": soap(FULL)
    .replace(b"<e:Body>", b"<e:Header/><b:Body>")
    .replace(b"</e:Body>", b"</b:Body>")
    .replace(b"<e:Envelope", f'<e:Envelope xmlns:b="{ENV}"'.encode()),
    "prefixes declared at each element": soap(
        FULL.replace("<o:sku>", f'<o:sku xmlns:o="{OTHER}">').replace("<o:part>", f'<o:part xmlns:o="{OTHER}">')
    ),
    "numbers in odd forms": soap(
        FULL.replace("0.25", "2.5E-1").replace("<t:id>7", "<t:id> +7\n").replace(">true<", "> 1 <")
    ),
    "space in the envelope": soap(f"\n  {FULL}\n ").replace(b"</e:Envelope>", b"</e:Envelope >\n"),
}


@pytest.mark.parametrize("name", HEADS)
def test_what_clients_write_is_plain(name):
    """Every way in which clients declare namespaces is read without a tree, with the values that a tree gives."""
    assert is_plain(HEADS[name])
    tag, arguments = same(HEADS[name], "utf-8")
    assert tag == f"{{{TNS}}}put"
    order = dict(zip(Order._type_info, arguments[1][0][1], strict=True))
    assert order["name"] == ("str", "Zoë <&lt;> ]")
    assert order["price"] == ("Decimal", Number("-12.50"))
    assert order["at"] == ("datetime", datetime.datetime(2024, 3, 1, 12, 34, 56, 123456, datetime.UTC))
    assert order["parts"][0][1][2] == [("str", "x"), ("str", " y's ")]
    assert order["parts"][1] == ("Part", [("str", "c"), ("int", 1), ("NoneType", None)])
    assert order["tag"] == [("str", "one"), ("str", "two")]
    assert len(order["spare"]) == 2


SHORT = "<t:put><t:order><t:id>7</t:id></t:order><t:times>3</t:times></t:put>"


@pytest.mark.parametrize(
    "body",
    [
        SHORT,
        "<t:put></t:put>",
        "<t:put><t:times>3</t:times></t:put>",
        "<t:put><t:order><t:id>7</t:id><t:parts></t:parts></t:order></t:put>",
        "<t:add><t:numbers><t:integer>1</t:integer><t:integer>2</t:integer></t:numbers></t:add>",
        "<t:add><t:numbers></t:numbers></t:add>",
        "<t:greet>you</t:greet>",
    ],
)
def test_members_may_be_absent(body):
    """A request without its optional members, or with empty arrays, is plain as well."""
    assert is_plain(soap(body))
    same(soap(body))


INSIDE = {
    "an attribute": SHORT.replace("<t:id>", '<t:id a="b">'),
    "nil": SHORT.replace("<t:id>7</t:id>", f'<t:id>7</t:id><t:name x:nil="true" xmlns:x="{XSI}"/>'),
    "an empty element": SHORT.replace("</t:order>", "<t:name></t:name></t:order>"),
    "a closed element": SHORT.replace("</t:order>", "<t:name/></t:order>"),
    "a comment": SHORT.replace("7", "7<!-- 8 -->"),
    "CDATA": SHORT.replace("7", "<![CDATA[7]]>"),
    "an instruction": SHORT.replace("7", "7<?a b?>"),
    "a character reference": SHORT.replace("7", "&#55;"),
    "an unknown entity": SHORT.replace("7", "&seven;"),
    "a lone ampersand": SHORT.replace("7", "&"),
    "the end of CDATA": SHORT.replace("7", "]]>"),
    "a carriage return": SHORT.replace("7", "7\r"),
    "a control character": SHORT.replace("7", "\x01"),
    "no character": SHORT.replace("7", "\ufffe"),
    "space between": SHORT.replace("<t:times>", "\n<t:times>"),
    "text between": SHORT.replace("<t:times>", "x<t:times>"),
    "another order": "<t:put><t:times>3</t:times><t:order><t:id>7</t:id></t:order></t:put>",
    "an unknown member": SHORT.replace("</t:order>", "<t:other>1</t:other></t:order>"),
    "a member twice": SHORT.replace("<t:times>3</t:times>", "<t:times>3</t:times><t:times>4</t:times>"),
    "another namespace": SHORT.replace("t:id", "o:id"),
    "no prefix": SHORT.replace("t:id", "id"),
    "an undeclared prefix": SHORT.replace("t:id", "u:id"),
    "a missing member": "<t:put><t:order></t:order></t:put>",
    "tags that do not fit": SHORT.replace("</t:id>", "</t:key>"),
    "no end": SHORT.replace("</t:order>", ""),
    "a number that is none": SHORT.replace("7", "1_000"),
    "a number below its bound": SHORT.replace("7", "-1"),
    "digits of another script": SHORT.replace("7", "٧"),
    "a text that is too long": FULL.replace("<o:sku>b", "<o:sku>bbbbbbbbbbbbb"),
    "too many": FULL.replace("<t:tag>two", "<t:tag>3</t:tag><t:tag>4</t:tag><t:tag>two"),
    "a pattern that does not hold": FULL.replace("AB", "ab"),
    "an odd date": FULL.replace("2024-02-29", "2023-02-29"),
    "a wrong choice": FULL.replace("dark &amp; light", "dark"),
    "an unknown method": "<t:take></t:take>",
    "a method of no namespace": "<put></put>",
    "two calls": SHORT + SHORT,
    "no call": "",
    "a default namespace taken back": SHORT.replace("<t:put>", '<t:put xmlns="">'),
    "an unknown namespace": SHORT.replace("<t:put>", '<t:put xmlns:z="urn:z">'),
    "a namespace that is no URI": SHORT.replace("<t:put>", '<t:put xmlns:z=":::">'),
    "a prefix declared otherwise inside": FULL.replace("<o:sku>", f'<o:sku xmlns:o="{TNS}">'),
    "a prefix declared twice inside": FULL.replace("<o:sku>", f'<o:sku xmlns:o="{OTHER}" xmlns:o="{OTHER}">'),
    "a prefix twice": SHORT.replace("<t:put>", f'<t:put xmlns:z="{TNS}" xmlns:z="{TNS}">'),
    "a prefix without namespace": SHORT.replace("<t:put>", '<t:put xmlns:z="">'),
    "a namespace with a line break": SHORT.replace("<t:put>", '<t:put xmlns:z="urn:\nplain">'),
    "the prefix xml": SHORT.replace("<t:put>", f'<t:put xmlns:xml="{TNS}">'),
    "a namespace with a quote": SHORT.replace("t:", "z:").replace("<z:put>", f'<z:put xmlns:z="{TNS}\'">'),
    "the namespace of the envelope's prefix": SHORT.replace("<t:put>", f'<t:put xmlns:e="{TNS}">').replace(
        "t:id", "t:id "
    ),
}
FULL_SOAP = soap(SHORT)
AROUND = {
    "a header": FULL_SOAP.replace(b"<e:Body>", b"<e:Header><t:a/></e:Header><e:Body>"),
    "a text in the header": FULL_SOAP.replace(b"<e:Body>", b"<e:Header>x</e:Header><e:Body>"),
    "a header with a declaration": FULL_SOAP.replace(b"<e:Body>", f'<e:Header xmlns:z="{TNS}"/><e:Body>'.encode()),
    "a header of another namespace": FULL_SOAP.replace(b"<e:Body>", b"<t:Header/><e:Body>"),
    "a header with another end": FULL_SOAP.replace(b"<e:Body>", b"<e:Header></t:Header><e:Body>"),
    "two headers": FULL_SOAP.replace(b"<e:Body>", b"<e:Header/><e:Header/><e:Body>"),
    "a header behind": FULL_SOAP.replace(b"</e:Envelope>", b"<e:Header/></e:Envelope>"),
    "two bodies": FULL_SOAP.replace(b"</e:Envelope>", b"<e:Body/></e:Envelope>"),
    "an element behind": FULL_SOAP.replace(b"</e:Envelope>", b"<a/></e:Envelope>"),
    "text behind": FULL_SOAP + b"x",
    "a comment before": b"<!-- a -->" + FULL_SOAP,
    "a document type": b"<!DOCTYPE a>" + FULL_SOAP,
    "a byte order mark": b"\xef\xbb\xbf" + FULL_SOAP,
    "UTF-16": FULL_SOAP.decode().encode("utf-16"),
    "bytes that are no UTF-8": FULL_SOAP.replace(b"7", b"\xff"),
    "half of a pair": FULL_SOAP.replace(b"7", b"\xed\xa0\x80"),
    "another declared encoding": b'<?xml version="1.0" encoding="latin-1"?>' + FULL_SOAP,
    "another version of XML": b'<?xml version="1.1"?>' + FULL_SOAP,
    "SOAP 1.2": FULL_SOAP.replace(ENV.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
    "no envelope": SHORT.replace("<t:put>", f'<t:put xmlns:t="{TNS}">').encode(),
    "an encodingStyle": FULL_SOAP.replace(b"<e:Body>", b'<e:Body e:encodingStyle="x">'),
    "a prefix used before it is declared": FULL_SOAP.replace(f'xmlns:e="{ENV}" '.encode(), b"").replace(
        b"<e:Body>", f'<e:Body xmlns:e="{ENV}">'.encode()
    ),
    "end tags that do not fit": FULL_SOAP.replace(b"</e:Body>", b"</t:Body>"),
    "a body of another namespace": FULL_SOAP.replace(b"e:Body", b"t:Body"),
    "nothing": b"",
}
ODD = {name: soap(body) for name, body in INSIDE.items()} | AROUND


@pytest.mark.parametrize("name", ODD)
def test_everything_else_is_parsed(name):
    """A document with anything unusual in it gets a tree, and the answer that it always got."""
    assert not is_plain(ODD[name])
    same(ODD[name])


def test_the_charset_of_the_transport_counts():
    """A document that is UTF-8 by its declaration is converted when the transport says otherwise."""
    data = b'<?xml version="1.0" encoding="utf-8"?>' + soap(FULL.replace("Zoë", "Zoé"))
    assert not is_plain(data, "iso-8859-1")
    assert same(data, "iso-8859-1") != same(data, "utf-8")


@settings(max_examples=1500, deadline=None)
@given(data=mutated(*HEADS.values(), *(soap(body) for body in INSIDE.values()), most=3))
def test_wounded_documents_are_read_alike(data):
    """What is read without a tree is what the tree says, however the document was damaged."""
    same(data)


TIGHT = [
    Limits(**{name: value})
    for name, values in {
        "body": (100, 1500),
        "depth": (2, 3, 4, 5, 6, 7, 8),
        "elements": (1, 10, 33, 34, 35),
        "children": (0, 1, 2, 3, 14, 15, 16),
        "attributes": (0, 1, 2, 3),
        "attribute_size": (1, 15, 41, 64),
        "text_size": (1, 16, 36, 64),
        "name_length": (1, 5, 8, 10),
        "unique_names": (1, 5, 20, 40),
        "number_text": (1, 2, 3),
    }.items()
    for value in values
]


@pytest.mark.parametrize("limits", TIGHT, ids=str)
def test_limits_hold(limits):
    """A limit refuses the same documents, whether they would have been read without a tree or not."""
    plain = server(Soap11(validator="soft"), limits=limits)
    trees = server(Soap11Trees(validator="soft"), limits=limits)
    for data in (soap(FULL), soap(SHORT), HEADS["a prefix declared again"]):
        assert outcome(plain, data) == outcome(trees, data)


@pytest.mark.parametrize("count", [99, 100, 101])
def test_children_are_counted_where_there_may_be_too_many(count):
    """A long array is read without a tree up to the limit, and refused beyond it."""
    numbers = "<t:integer>1</t:integer>" * count
    data = soap(f"<t:add><t:numbers>{numbers}</t:numbers></t:add>")
    limits = Limits(children=100)
    plain, trees = server(Soap11(), limits=limits), server(Soap11Trees(), limits=limits)
    assert is_plain(data, of=plain) == (count <= 100)
    assert outcome(plain, data) == outcome(trees, data)


def test_prefixes_of_clients_do_not_pile_up():
    """Documents with ever new prefixes are read in the end with trees, as before, and nothing is kept of them."""
    of = server(Soap11())
    seen = []
    for number in range(40):
        data = soap(SHORT.replace("t:", f"p{number}:"), f'xmlns:p{number}="{TNS}"')
        seen.append(is_plain(data, of=of))
        assert outcome(of, data) == outcome(TREES, data)
    assert seen[0]
    assert not seen[-1]
    assert is_plain(soap(SHORT.replace("t:", "p0:"), f'xmlns:p0="{TNS}"'), of=of)


def test_starts_of_documents_do_not_pile_up():
    """What is kept of the starts of documents is bounded in number and size."""
    of = server(Soap11())
    for count in (*range(300), 10_000):
        data = soap(SHORT).replace(b"<e:Body>", b" " * count + b"<e:Body>")
        assert is_plain(data, of=of)
    kept = of.app.in_protocol._plain._heads
    assert len(kept) == 256
    assert max(map(len, kept)) < 4096
    other = server(Soap11())
    assert is_plain(data, of=other)
    assert not other.app.in_protocol._plain._heads


@pytest.mark.parametrize("validator", [None, "soft", "lxml"])
@pytest.mark.parametrize(
    ("protocol", "trees", "namespace"),
    [
        (Soap11, Soap11Trees, ENV),
        (Soap12, Soap12Trees, "http://www.w3.org/2003/05/soap-envelope"),
        (XmlDocument, XmlTrees, None),
    ],
)
def test_every_protocol_and_validator(protocol, trees, namespace, validator):
    """The protocols that XML comes in read it alike; a schema needs a tree."""
    data = soap(FULL).replace(ENV.encode(), str(namespace).encode())
    if namespace is None:
        data = FULL.replace("<t:put>", f'<t:put xmlns:t="{TNS}" xmlns:o="{OTHER}">').encode()
    plain = server(protocol(validator=validator))
    assert is_plain(data, of=plain) == (validator != "lxml")
    assert outcome(plain, data) == outcome(server(trees(validator=validator)), data)


def test_a_tree_is_there_for_who_looks():
    """ctx.in_document and ctx.in_body_doc are elements, the same ones each time."""
    ctx = opened(PLAIN, soap(FULL))
    assert ctx.in_document.tag == f"{{{ENV}}}Envelope"
    assert ctx.in_body_doc.tag == f"{{{TNS}}}put"
    assert ctx.in_body_doc is ctx.in_document[0][0]
    assert ctx.method_request_string == f"{{{TNS}}}put"
    assert ctx.in_header_doc is None


def test_an_empty_header_is_there_for_who_looks():
    """ctx.in_header_doc is the empty Header, and methods that declare header classes get none."""
    ctx = opened(PLAIN, HEADS["an empty header"])
    assert isinstance(ctx._in_document, PlainRequest)
    PLAIN.get_in_object(ctx)
    assert ctx.in_header is None
    assert isinstance(ctx._in_document, PlainRequest)
    assert ctx._in_document.is_unread
    assert ctx.in_header_doc.tag == f"{{{ENV}}}Header"
    assert ctx.in_header_doc is ctx.in_document[0]
    assert ctx.in_body_doc.tag == f"{{{TNS}}}put"


@pytest.mark.parametrize("place", ["in_document", "in_body_doc"])
def test_a_change_of_the_tree_counts(place):
    """What a listener changes in the tree before the arguments are read is what the function gets."""
    ctx = opened(PLAIN, soap(SHORT))
    for element in getattr(ctx, place).iter(f"{{{TNS}}}times"):
        element.text = "9"
    PLAIN.get_in_object(ctx)
    assert ctx.in_object.times == 9


@pytest.mark.parametrize("place", ["in_document", "in_body_doc"])
def test_another_document_counts(place):
    """What user code puts in the place of the document, or of its body, is read instead."""
    ctx = opened(PLAIN, soap(SHORT))
    other = etree.fromstring(soap(SHORT.replace("3", "9")))
    if place == "in_document":
        ctx.in_document = other
        ctx.in_body_doc = other[0][0]
    else:
        ctx.in_body_doc = other[0][0]
    PLAIN.get_in_object(ctx)
    assert ctx.in_object.times == 9


def test_auxiliary_contexts_have_arguments_of_their_own():
    """Two contexts of one request do not share the objects that were read."""
    ctx = opened(PLAIN, soap(FULL))
    other = ctx.copy()
    PLAIN.get_in_object(ctx)
    PLAIN.get_in_object(other)
    assert said(ctx.in_object) == said(other.in_object)
    assert ctx.in_object.order is not other.in_object.order


def test_another_method_reads_the_tree():
    """User code that chooses the method itself gets the arguments as that method reads them."""
    ctx = opened(PLAIN, soap("<t:add><t:numbers><t:integer>1</t:integer></t:numbers></t:add>"))
    (ctx.descriptor,) = (found for found in PLAIN.app.interface.calls if found.name == "put")
    PLAIN.get_in_object(ctx)
    assert ctx.in_object.times is None


def test_a_parser_of_ones_own_is_asked():
    """A protocol with its own way to parse gets every document."""
    seen = []

    class Own(Soap11):
        def parse(self, data: bytes, charset: str | None = None) -> AnyType:
            seen.append(data)
            return super().parse(data, charset)

    outcome(server(Own()), soap(SHORT))
    assert seen == [soap(SHORT)]


def test_comments_may_be_wanted():
    """Parser options that change the tree need the tree."""
    assert not is_plain(soap(SHORT), of=server(Soap11(remove_comments=False)))


def test_an_answer_over_http():
    """A plain request is answered over HTTP as one with a comment in it is."""
    answers = []
    for data in (soap(SHORT), soap(SHORT.replace("<t:put>", "<t:put><!-- a -->"))):
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "text/xml; charset=utf-8",
            "CONTENT_LENGTH": str(len(data)),
            "wsgi.input": io.BytesIO(data),
        }
        answers.append(b"".join(WsgiApplication(PLAIN.app)(environ, lambda status, headers: None)))
    assert answers[0] == answers[1]
    assert b">3<" in answers[0]
