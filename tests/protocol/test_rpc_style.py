"""The rpc style: rpc/literal both ways, and rpc/encoded as old clients send it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree
from tests.protocol.soaps import ENC, NS, TNS, VERSIONS, XSI, endpoint, envelope, post

from spyne import (
    AnyXml,
    Application,
    Array,
    ComplexModel,
    Decimal,
    DeclarationError,
    Fault,
    Integer,
    NullServer,
    SelfReference,
    Service,
    Unicode,
    XmlAttribute,
    rpc,
)
from spyne.client.http import HttpClient
from spyne.interface.wsdl import Wsdl11
from spyne.limits import Limits
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.soap._encoded import looks_encoded
from spyne.protocol.soap._envelope import SOAP11, SOAP12
from spyne.server.wsgi import WsgiApplication

PEOPLE = "urn:people"


class Person(ComplexModel):
    __namespace__ = PEOPLE
    name = Unicode
    age = Integer
    friend = SelfReference


class Employee(Person):
    __namespace__ = PEOPLE
    salary = Decimal


class Offices(Service):
    @rpc(Unicode, Integer, Person, Array(Person), _returns=Unicode)
    def describe(ctx, title, count, owner, people):
        return f"{title} {count} {told(owner)} [{', '.join(map(told, people or ()))}]"

    @rpc(Person, _returns=Person)
    def same(ctx, person):
        return person

    @rpc(Person, _returns=Person, _body_style="bare", _in_message_name="Elsewhere")
    def bare(ctx, person):
        return person

    @rpc(Unicode(max_len=3), _returns=Array(Integer), _body_style="out_bare")
    def lengths(ctx, text):
        return [len(word) for word in text.split()]

    @rpc(_returns=(Unicode, Integer), _out_variable_names=("name", "age"))
    def two(ctx):
        return "Ann", 42

    @rpc(_body_style="bare")
    def nothing(ctx):
        pass

    @rpc(_returns=Unicode)
    def none(ctx):
        return None

    @rpc
    def fail(ctx):
        raise Fault("Client.Some", "text")

    @rpc(AnyXml, _returns=AnyXml)
    def markup(ctx, content):
        return content


def told(person):
    """A person as a text, friends in parentheses."""
    if person is None:
        return "nobody"
    friend = f" ({told(person.friend)})" if person.friend is not None else ""
    money = f" {person.salary}" if isinstance(person, Employee) else ""
    return f"{person.name} {person.age}{money}{friend}"


# --- rpc/literal ---

PERSON = '<p:name xmlns:p="urn:people">Ann</p:name><p:age xmlns:p="urn:people">1</p:age>'


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", ["same", "bare"])
def test_wrappers_and_parts(version, operation):
    """WS-I Basic Profile 1.1 R2735, R2729: the wrapper in the target namespace, parts in none, their contents where the schema says."""
    answer = post(
        endpoint([Offices], style="rpc"),
        version,
        envelope(version, f"<t:{operation}><person>{PERSON}</person></t:{operation}>"),
    )
    assert answer.body.tag == f"{{{TNS}}}{operation}Response"
    (part,) = answer.body
    assert part.tag == f"{operation}Result"
    assert [child.tag for child in part] == [f"{{{PEOPLE}}}name", f"{{{PEOPLE}}}age"]


@pytest.mark.parametrize("prefix", ["", "t:", "x:"])
def test_parts_in_any_namespace(prefix):
    """Clients are careless with them."""
    body = f'<t:describe xmlns:x="urn:x"><{prefix}title>Dr</{prefix}title><{prefix}count>1</{prefix}count></t:describe>'
    answer = post(endpoint([Offices], style="rpc"), "1.1", envelope("1.1", body))
    assert answer.body[0].text == "Dr 1 nobody []"


def test_document_style_requests_are_read():
    """The element of a bare message still names its method."""
    body = f"<t:Elsewhere>{PERSON}</t:Elsewhere>"
    answer = post(endpoint([Offices], style="rpc"), "1.1", envelope("1.1", body))
    assert answer.status == 200


@pytest.mark.parametrize("validator", [None, "soft"])
@pytest.mark.parametrize("protocol", [Soap11, Soap12])
def test_there_and_back(protocol, validator):
    """Every body style, with our own client."""
    app = Application(
        [Offices], TNS, in_protocol=protocol(style="rpc", validator=validator), out_protocol=protocol(style="rpc")
    )
    service = NullServer(app, wire=True).service
    ann = Person(name="Ann", age=1, friend=Person(name="Bob"))
    assert told(service.same(ann)) == told(service.bare(ann)) == "Ann 1 (Bob None)"
    assert service.lengths("a b") == [1, 1]
    assert service.two() == ["Ann", 42]
    assert service.nothing() is None
    assert service.none() is None
    assert service.same(None) is None
    assert service.describe("Dr", 2, ann, [ann, None]) == "Dr 2 Ann 1 (Bob None) [Ann 1 (Bob None), nobody]"
    with pytest.raises(Fault, match=r"^Client\.Some: text$"):
        service.fail()
    if validator:
        with pytest.raises(Fault, match="text: the value 'long'"):
            service.lengths("long")


def test_over_http(serve):
    """A client over HTTP."""
    app = Application([Offices], TNS, in_protocol=Soap12(style="rpc"), out_protocol=Soap12(style="rpc"))
    client = HttpClient(serve(WsgiApplication(app)), app)
    assert client.service.bare(Person(name="Ann")).name == "Ann"


WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = {"1.1": "{http://schemas.xmlsoap.org/wsdl/soap/}", "1.2": "{http://schemas.xmlsoap.org/wsdl/soap12/}"}


def wsdl(*protocols):
    """The document of the service."""
    document = Wsdl11(Application([Offices], TNS, name="Offices", in_protocol=list(protocols)).interface)
    document.build_interface_document("http://localhost/")
    return etree.fromstring(document.get_interface_document())


def test_wsdl():
    """R2203, R2705: parts by type, the style everywhere, and soap:body with the wrappers' namespace."""
    root = wsdl(Soap11(style="rpc"), Soap12(style="rpc"))
    parts = {
        message.get("name"): {part.get("name"): part.get("type") for part in message}
        for message in root.findall(f"{WSDL}message")
    }
    people, array = (
        f"{root.xpath('name(//namespace::*[.=$ns])', ns=PEOPLE) or 's0'}:{name}" for name in ("Person", "PersonArray")
    )
    assert parts["describe"] == {"title": "xs:string", "count": "xs:integer", "owner": people, "people": array}
    assert parts["bare"] == {"person": people}
    assert parts["bareResponse"] == {"bareResult": people}
    assert parts["lengths"] == {"text": "tns:lengths_textType"}
    assert parts["twoResponse"] == {"name": "xs:string", "age": "xs:integer"}
    assert parts["nothing"] == parts["nothingResponse"] == {}
    assert not root.findall(f".//{WSDL}part[@element]")
    for version in VERSIONS:
        tag = SOAP[version]
        assert {each.get("style") for name in ("binding", "operation") for each in root.iter(f"{tag}{name}")} == {"rpc"}
        assert {each.get("namespace") for each in root.iter(f"{tag}body")} == {TNS}
    names = [binding.get("name") for binding in root.findall(f"{WSDL}binding")]
    assert names == ["Offices", "OfficesSoap12"]


class Repeated(Service):
    @rpc(Unicode(max_occurs="unbounded"))
    def call(ctx, texts):
        pass


class Attributed(Service):
    @rpc(XmlAttribute(Unicode))
    def call(ctx, text):
        pass


class Twice(Service):
    @rpc(Unicode, _in_message_name="other", _out_message_name="otherResponse")
    def call(ctx, text):
        pass


class Once(Service):
    @rpc(Unicode)
    def call(ctx, text):
        pass


MISTAKES = {
    "repeated": (lambda: endpoint([Repeated], style="rpc"), r"call\.texts: .* declare an Array"),
    "attribute": (lambda: endpoint([Attributed], style="rpc"), r"call\.text: .* leave out XmlAttribute"),
    "one name": (lambda: endpoint([Once, Twice], style="rpc"), "'call'.*_operation_name"),
    "another style": (lambda: Soap11(style="encoded"), "'document' and 'rpc'"),
    "two styles": (
        lambda: Application([Once], TNS, in_protocol=[Soap11(style="rpc"), Soap12()]),
        "have one style",
    ),
    "in and out": (
        lambda: Application([Once], TNS, in_protocol=Soap11(style="rpc"), out_protocol=Soap11()),
        "have one style",
    ),
    "schema": (lambda: Soap12(style="rpc", validator="lxml"), "validator='soft'"),
}


@pytest.mark.parametrize(("make", "words"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(make, words):
    """What rpc style cannot carry is said when the application is built, with the fix."""
    with pytest.raises(DeclarationError, match=words):
        make()


# --- rpc/encoded ---

FIXTURES = Path(__file__).parent / "encoded"
TOLD = {
    "axis14": "Dr 3 Ann 42 (Bob 42 1.50) [Ann 42 (Bob 42 1.50), Bob 42 1.50]",
    "php": "Dr 3 Ann 42 (Bob 42) [Ann 42 (Bob 42), Bob 42]",
    "php12": "Dr 3 Ann 42 (Bob 42) [Ann 42 (Bob 42), Bob 42]",
    "suds": "Dr 3 Ann 42 (Bob 42) [Ann 42 (Bob 42), Bob 42]",
}


@pytest.mark.parametrize("style", ["document", "rpc"])
@pytest.mark.parametrize("validator", [None, "soft"])
@pytest.mark.parametrize("name", TOLD)
def test_what_old_clients_send(name, validator, style):
    """References, types and arrays of Axis 1.4, PHP and suds, in either style."""
    body = (FIXTURES / f"{name}.xml").read_bytes()
    answer = post(endpoint([Offices], style=style, validator=validator), "1.1", body)
    assert (answer.code, answer.text) == ("", "")
    assert answer.body[0].text == TOLD[name]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_in_other_encodings(encoding):
    """The look at the bytes does not miss them."""
    text = (FIXTURES / "axis14.xml").read_text().replace("UTF-8", encoding)
    answer = post(endpoint([Offices]), "1.1", text.encode(encoding), CONTENT_TYPE=f"text/xml; charset={encoding}")
    assert answer.body[0].text == TOLD["axis14"]


ENCODED = {version: f' e:encodingStyle="{ENC[version]}"' for version in VERSIONS}


def reference(version, name):
    """The attribute that refers to an id."""
    return f'href="#{name}"' if version == "1.1" else f'c:ref="{name}"'


def target(version, name):
    """The attribute that gives an id."""
    return f'id="{name}"' if version == "1.1" else f'c:id="{name}"'


def same(version, content, *behind):
    """A call with a person, and elements behind it."""
    elements = "".join(f"<m {target(version, name)}{attributes}>{inner}</m>" for name, attributes, inner in behind)
    return envelope(version, f"<t:same{ENCODED[version]}>{content}</t:same>{elements}")


def bad(version):
    """Messages whose references do not work: (request, words of the fault)."""
    ref, ident = (lambda name: reference(version, name)), (lambda name: target(version, name))
    circle = [("a", "", f"<friend {ref('b')}/>"), ("b", "", f"<friend {ref('a')}/>")]
    fan = [(f"n{i}", "", f"<friend {ref(f'n{i + 1}')}/>" * 10) for i in range(12)] + [("n12", "", "<name>x</name>")]
    chain = [(f"n{i}", "", f"<friend {ref(f'n{i + 1}')}/>") for i in range(5000)] + [("n5000", "", "")]
    return {
        "nothing there": (same(version, f"<person {ref('x')}/>"), "no element of the Body has the id 'x'"),
        "twice there": (same(version, f"<person {ref('x')}/>", ("x", "", ""), ("x", "", "")), "two elements"),
        "itself": (same(version, f"<person {ref('x')}/>", ("x", f" {ref('x')}", "")), "leads back to itself"),
        "a circle": (same(version, f"<person {ref('a')}/>", *circle), "leads back to itself"),
        "inside itself": (same(version, f"<person {ident('x')}><friend {ref('x')}/></person>"), "leads back to itself"),
        "a fan": (same(version, f"<person {ref('n0')}/>", *fan), "with its references replaced"),
        "a chain": (same(version, f"<person {ref('n0')}/>", *chain), "the limit depth=64"),
        "a long text": (
            same(version, f"<person {ref('x')}/>" * 1000, ("x", "", f"<name>{'x' * 1_000_000}</name>")),
            "larger than 10485760 bytes",
        ),
        "long ids inside each other": (
            same(
                version,
                "".join(f"<person {ident(f'n{i}')}>" for i in range(40))
                + f"<name>{'x' * 1_000_000}</name>"
                + "</person>" * 40
                + "".join(f"<person {ref(f'n{i}')}/>" for i in range(40)),
            ),
            "larger than 10485760 bytes",
        ),
        "a long id": (same(version, f"<person {ref('x' * 9999)}/>"), "…"),
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", bad("1.1"))
def test_references_that_do_not_work(version, name):
    """C30: loops, fans and chains are the client's fault, and cost no more than the limits allow."""
    body, words = bad(version)[name]
    answer = post(endpoint([Offices]), version, body)
    assert answer.code in ("Client.SoapError", "Client.RequestTooLong")
    assert words in answer.text
    assert len(answer.data) < 2000


PARTIAL = [
    ("1.1", 'c:offset="[99999999]"'),
    ("1.1", 'c:position="[1]"'),
]


@pytest.mark.parametrize(("version", "attribute"), PARTIAL)
def test_arrays_in_parts(version, attribute):
    """C30: what would put items elsewhere than they stand is refused."""
    body = f"<t:describe{ENCODED[version]}><people><item {attribute}/></people></t:describe>"
    assert "position and offset" in post(endpoint([Offices]), version, envelope(version, body)).text


@pytest.mark.parametrize("size", ["1000000000", "1000000000,1000000000", "-1", "x"])
def test_sizes_of_arrays(size):
    """C30: what arrayType and arraySize say is not believed."""
    for version, attribute in (("1.1", f'c:arrayType="c:Struct[{size}]"'), ("1.2", f'c:arraySize="{size}"')):
        body = f"<t:describe{ENCODED[version]}><people {attribute}><item><name>x</name></item></people></t:describe>"
        answer = post(endpoint([Offices]), version, envelope(version, body))
        assert answer.body[0].text == "None None nobody [x None]"


@pytest.mark.parametrize("version", VERSIONS)
def test_types_by_name(version):
    """xsi:type by a prefix of the element itself counts; unknown namespaces are let pass where the message is encoded."""
    employee = ("a", ' xmlns:q="urn:people" i:type="q:Employee"', "<name>Ann</name><salary>1</salary>")
    answer = post(
        endpoint([Offices], polymorphic=True), version, same(version, f"<person {reference(version, 'a')}/>", employee)
    )
    assert answer.body[0].get(f"{{{XSI}}}type").endswith(":Employee")
    foreign = '<person xmlns:q="http://DefaultNamespace" i:type="q:Bean"><name>Ann</name></person>'
    assert post(endpoint([Offices]), version, same(version, foreign)).body[0][0].text == "Ann"
    literal = envelope(version, f"<t:same>{foreign}</t:same>")
    assert post(endpoint([Offices]), version, literal).code == "Client.ValidationError"
    unrelated = '<person xmlns:q="urn:soaps" i:type="q:same"/>'
    assert post(endpoint([Offices]), version, same(version, unrelated)).code == "Client.ValidationError"


SCOPES = {
    "on an element between": ('<owner xmlns:q="urn:people"><friend {id} i:type="q:Employee">{in}</friend></owner>', ""),
    "the default namespace": ('<owner><friend {id} i:type="Employee" xmlns="urn:people">{in}</friend></owner>', ""),
    "the default namespace there too": (
        '<owner><friend {id} i:type="Employee" xmlns="urn:people">{in}</friend></owner>',
        ' xmlns="urn:people"',
    ),
    "hidden by another": (
        '<owner xmlns:q="urn:people"><friend {id} i:type="q:Employee">{in}</friend></owner>',
        ' xmlns:q="urn:other"',
    ),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("scope", SCOPES)
def test_prefixes_of_types_elsewhere(scope, version):
    """The prefix of an xsi:type means what it means where it stands, wherever the value is needed."""
    content, attributes = SCOPES[scope]
    content = content.replace("{id}", target(version, "x")).replace("{in}", "<name>Eve</name><salary>2</salary>")
    people = f"<people{attributes}><item {reference(version, 'x')}/></people>"
    body = envelope(version, f"<t:describe{ENCODED[version]}>{content}{people}</t:describe>")
    assert post(endpoint([Offices]), version, body).body[0].text == "None None None None (Eve None 2) [Eve None 2]"


@pytest.mark.parametrize("version", VERSIONS)
def test_literal_messages_keep_their_references(version):
    """Where nothing says that a message is encoded, href and id are attributes like others."""
    markup = '<a xmlns="" href="#x"/><b xmlns="" id="x" href="#y"/>'
    body = envelope(version, f"<t:markup><t:content><r xmlns=''>{markup}</r></t:content></t:markup>")
    answer = post(endpoint([Offices]), version, body)
    assert answer.body[0][0][0].get("href") == "#x"
    link = '<a xmlns="" href="#x">see</a><a xmlns="" href="http://127.0.0.1:1/"/>'
    body = envelope(version, f"<t:markup{ENCODED[version]}><t:content><r xmlns=''>{link}</r></t:content></t:markup>")
    answer = post(endpoint([Offices]), version, body)
    assert [each.get("href") for each in answer.body[0][0]] == ["#x", "http://127.0.0.1:1/"]


def test_without_a_word():
    """Elements with ids behind the call show that it is encoded, though nothing says so."""
    body = envelope("1.1", '<t:same><person href="#a"/></t:same><m id="a"><name>Ann</name></m>')
    assert post(endpoint([Offices]), "1.1", body).body[0][0].text == "Ann"


def test_limits_can_be_off():
    """Without limits, references are followed as far as they go."""
    limits = Limits(elements=None, body=None, depth=None)
    version = "1.1"
    chain = [(f"n{i}", "", f"<friend {reference(version, f'n{i + 1}')}/>") for i in range(100)] + [("n100", "", "")]
    body = same(version, f"<person {reference(version, 'n0')}/>", *chain)
    assert post(endpoint([Offices], limits=limits), version, body).status in (200, 500)


def test_the_cheap_look():
    """Most requests are not looked at twice."""
    assert not looks_encoded([envelope("1.1", "<t:same/>").replace(b"soap/encoding", b"")], SOAP11)
    assert not looks_encoded([b'<e:Envelope xmlns:e="' + NS["1.2"].encode() + b'"/>'], SOAP12)
    assert looks_encoded([b"a", b"b"], SOAP11)
    assert looks_encoded(iter([b"a"]), SOAP11)
