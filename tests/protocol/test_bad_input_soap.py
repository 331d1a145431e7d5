"""SOAP 1.1: what attackers send is answered by a Client fault that names the rule, and nothing of it stays behind."""

from __future__ import annotations

import codecs

import pytest
from tests.protocol.victim import (
    SOAP_ENV,
    TNS,
    XSI,
    attack,
    send,
    soap,
    take,
    victim,
)

from spyne.limits import Limits

SYNTAX = "Client.XMLSyntaxError"
TOO_LONG = "Client.RequestTooLong"
INVALID = "Client.ValidationError"
SOAP_ERROR = "Client.SoapError"
NOT_FOUND = "Client.ResourceNotFound"

ECHO = f'<echo xmlns="{TNS}"><text>{{}}</text></echo>'


def laugh(level):
    """Ten times the entity of a level."""
    return f"&a{level};" * 10


LAUGHS = '<!ENTITY a0 "ha">' + "".join(f"<!ENTITY a{i} '{laugh(i - 1)}'>" for i in range(1, 10))


def many(form, count):
    """The form with every number below `count` put in."""
    return "".join(map(form.format, range(count)))


def attributes(count):
    """That many attributes, all different."""
    return many(' a{}=""', count)


def dtd(inside, text="&e;"):
    """An envelope with a document type that has this internal subset."""
    return soap(ECHO.format(text), prolog=f"<!DOCTYPE x [{inside}]>")


def encoded(name, content=ECHO):
    """An envelope with an external entity, in an encoding that hides it from naive filters."""
    text = dtd('<!ENTITY e SYSTEM "file:///etc/passwd">').decode()
    return f'<?xml version="1.0" encoding="{name}"?>{text}'.encode(name)


ENTITIES = {
    "A1 external entity": lambda: dtd('<!ENTITY e SYSTEM "file:///etc/passwd">'),
    "A2 external entity over HTTP": lambda: dtd('<!ENTITY e SYSTEM "http://127.0.0.1:1/">'),
    "A3 parameter entity": lambda: dtd('<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;', ""),
    "A3 external subset": lambda: soap(ECHO.format("x"), prolog='<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'),
    "A4 billion laughs": lambda: dtd(LAUGHS, "&a9;"),
    "A5 quadratic blow-up": lambda: dtd(f'<!ENTITY e "{"x" * 100_000}">', "&e;" * 50_000),
    "A6 recursive entity": lambda: dtd('<!ENTITY e "&f;"><!ENTITY f "&e;">'),
    "A7 entity in an attribute's default": lambda: dtd(
        '<!ENTITY e SYSTEM "file:///etc/passwd"><!ATTLIST echo a CDATA "&e;">', ""
    ),
    "A8 attribute defaults": lambda: dtd('<!ATTLIST echo a CDATA "x">', ""),
    "A9 nothing but a DOCTYPE": lambda: soap(ECHO.format("x"), prolog="<!DOCTYPE Envelope>"),
    "A13 in UTF-16": lambda: encoded("utf-16"),
    "A13 in UTF-16 without a mark": lambda: encoded("utf-16-be"),
}


@pytest.mark.parametrize("validator", [None, "soft", "lxml"])
@pytest.mark.parametrize("make", ENTITIES.values(), ids=ENTITIES)
def test_document_types_are_refused(caplog, make, validator):
    """SOAP 1.1 §3 forbids document types: whatever is in one, it is refused before it is read."""
    answer = attack(victim("soap", validator), "soap", make(), caplog, CONTENT_TYPE="text/xml")
    assert (answer.status, answer.code) == (500, SYNTAX)
    assert "DOCTYPE" in answer.text


OTHER_XML = {
    "A12 stylesheet": (
        lambda: soap(ECHO.format("x"), prolog='<?xml-stylesheet href="http://127.0.0.1:1/"?>'),
        "processing instructions are not allowed",
    ),
    "A12 PI in a value": (lambda: soap(ECHO.format("ad<?x?>min")), "processing instructions are not allowed"),
    "A13 in UTF-7": (lambda: b'<?xml version="1.0" encoding="utf-7"?>' + soap(ECHO.format("x")), "'utf-7'"),
    "A13 in EBCDIC": (lambda: encoded("cp037"), "EBCDIC"),
    "A13 in UTF-32": (lambda: codecs.BOM_UTF32_LE + soap("").decode().encode("utf-32-le"), "UTF-32"),
    "an entity nobody declared": (lambda: soap(ECHO.format("&nbsp;")), "nbsp"),
    "not UTF-8": (lambda: soap(ECHO.format("\xe9")).decode().encode("latin-1"), ""),
    "46 NUL": (lambda: soap(ECHO.format("a\0b")), ""),
    "46 NUL as a reference": (lambda: soap(ECHO.format("&#0;")), ""),
    "46 C0 as a reference": (lambda: soap(ECHO.format("&#8;")), ""),
    "46 surrogate as a reference": (lambda: soap(ECHO.format("&#xD800;")), ""),
    "46 U+FFFE": (lambda: soap(ECHO.format("&#xFFFE;")), ""),
    "cut off": (lambda: soap(ECHO.format("x"))[:-5], ""),
    "two roots": (lambda: soap(ECHO.format("x")) * 2, ""),
    "an undeclared prefix": (lambda: soap("<x:echo/>"), "x"),
    "an attribute twice": (lambda: soap('<echo a="1" a="2"/>'), ""),
    "nothing": (lambda: b"", ""),
    "spaces": (lambda: b" \n" * 9, ""),
    "JSON": (lambda: b'{"echo": {}}', ""),
    "a form": (lambda: b"a=1&b=2", ""),
    "noise": (lambda: bytes(range(256)), ""),
}


@pytest.mark.parametrize(("make", "words"), OTHER_XML.values(), ids=OTHER_XML)
def test_malformed_documents(caplog, make, words):
    """What is no well-formed XML 1.0 without PIs, in an encoding known here, is a syntax error with a reason."""
    answer = attack(victim("soap"), "soap", make(), caplog, CONTENT_TYPE="text/xml")
    assert (answer.status, answer.code) == (500, SYNTAX)
    assert words in answer.text
    assert answer.text


SHAPES = {
    "B16 depth": (lambda: soap("<a>" * 100_000 + "</a>" * 100_000), "depth=64"),
    "B16 depth, never closed": (lambda: b"<a>" * 100_000, "depth=64"),
    "B17 siblings": (lambda: soap(f'<take xmlns="{TNS}">{"<a/>" * 1_000_000}</take>'), "children=50000"),
    "B18 attributes": (lambda: soap(f"<take{attributes(100_000)}/>"), "attributes=256"),
    "B19 namespaces": (lambda: soap(f"<take{many(' xmlns:a{}=-u-', 50_000)}/>".replace("-", '"')), "attributes=256"),
    "B20 attribute of 10 MB": (lambda: soap(f'<take a="{"x" * 10_000_001}"/>'), "attribute_size=65536"),
    "B21 name of 1 MB": (lambda: soap(f"<{'x' * 1_000_000}/>"), "name_length=1024"),
    "B22 unique names": (
        lambda: soap(f"<take>{many('<c>' + many('<n{{0}}x{}/>', 100) + '</c>', 3000)}</take>"),
        "unique_names=10000",
    ),
    "B23 text of 9 MB": (lambda: soap(ECHO.format("x" * 9_000_000)), "text_size=8388608"),
    "B24 CDATA": (lambda: soap(ECHO.format("<![CDATA[xxxxxxxxxxxxxxxxxxxx]]>" * 400_000)), "body=10485760"),
    "B24 comments that hide a long text": (
        lambda: soap(ECHO.format(("x" * 1000 + "<!---->") * 9000)),
        "text_size=8388608",
    ),
    "B15 body": (lambda: soap(ECHO.format("x" * 10 * 1024 * 1024)), "body=10485760"),
    "C29 header blocks": (lambda: soap(ECHO.format("x"), '<h xmlns="x" e:mustUnderstand="1"/>' * 1000), "header_blocks=64"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "limit"), SHAPES.values(), ids=SHAPES)
def test_documents_out_of_shape(caplog, make, limit):
    """A document that passes a limit is refused with the limit's name and value."""
    answer = attack(victim("soap"), "soap", make(), caplog)
    assert (answer.status, answer.code) == (500, TOO_LONG)
    assert f"the limit {limit}" in answer.text


def test_each_namespace_level_counts(caplog):
    """B19: declarations on every level are bounded by depth times attributes, and a long chain of prefixes is served."""
    body = soap(take(many('<a xmlns:p{0}="u{0}">', 50) + "</a>" * 50))
    assert send(victim("soap"), "soap", body).status == 200


LIMITS = {
    # limit: (what it is set to, a document that measures as much as asked)
    "body": (1000, lambda n: soap(ECHO.format("x" * (n - len(soap(ECHO.format(""))))))),
    "depth": (10, lambda n: soap(take(f"<free>{'<a>' * (n - 4)}{'</a>' * (n - 4)}</free>"))),
    "elements": (10, lambda n: soap(take("<text/>" * (n - 3)))),
    "children": (10, lambda n: soap(take("<text/>" * n))),
    "attributes": (10, lambda n: soap(take("", attributes(n - 1)))),
    "attribute_size": (100, lambda n: soap(take(f'<tree mark="{"x" * n}"/>'))),
    "text_size": (100, lambda n: soap(ECHO.format("x" * n))),
    "name_length": (100, lambda n: soap(take(f"<{'x' * n}/>"))),
    "unique_names": (100, lambda n: soap(take(many("<n{}/>", n - 5)))),
    "header_blocks": (5, lambda n: soap(ECHO.format("x"), '<h xmlns="x"/>' * n)),
}


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_at_its_edge(caplog, name):
    """Every limit is an option of the application: what reaches it is served, what passes it is refused with its name."""
    maximum, make = LIMITS[name]
    application = victim("soap", None, limits=Limits(**{name: maximum}))
    assert send(application, "soap", make(maximum)).status == 200
    answer = attack(application, "soap", make(maximum + 1), caplog)
    assert (answer.status, answer.code) == (500, TOO_LONG)
    assert f"limit {name}={maximum}" in answer.text
    assert send(victim("soap", None, limits=Limits(**{name: None})), "soap", make(maximum + 1)).status == 200


@pytest.mark.parametrize("kind", ["integer", "decimal", "double"])
def test_the_length_of_numbers_at_its_edge(caplog, kind):
    """The text of a number is measured before it is parsed."""
    application = victim("soap", None, limits=Limits(number_text=10))
    assert send(application, "soap", soap(take(f"<{kind}>{'1' * 10}</{kind}>"))).status == 200
    answer = attack(application, "soap", soap(take(f"<{kind}>{'1' * 11}</{kind}>")), caplog)
    assert (answer.code, answer.text) == (
        INVALID,
        f"{kind}: the value '11111111111' is longer than the limit number_text=10 characters",
    )
    assert (
        send(victim("soap", limits=Limits(number_text=None)), "soap", soap(take(f"<{kind}>{'1' * 11}</{kind}>"))).status
        == 200
    )


ENVELOPES = {
    "C28 two Bodies": (soap(f"{ECHO.format('x')}</e:Body><e:Body>{ECHO.format('y')}"), SOAP_ERROR, "one Body"),
    "C28 Header after Body": (soap(f"{ECHO.format('x')}</e:Body><e:Header/><e:Body>"), SOAP_ERROR, "before the Body"),
    "C28 no Body": (f'<e:Envelope xmlns:e="{SOAP_ENV}"/>'.encode(), SOAP_ERROR, "empty"),
    "C28 empty Body": (soap(""), SOAP_ERROR, "empty"),
    "C28 Body with text only": (soap("echo"), SOAP_ERROR, "empty"),
    "C28 Fault as a request": (soap("<e:Fault><faultcode>Client</faultcode></e:Fault>"), SOAP_ERROR, "Fault"),
    "C28 Body of no namespace": (soap("").replace(b"e:Body", b"Body"), SOAP_ERROR, "empty"),
    "C32 no envelope": (ECHO.format("x").encode(), SOAP_ERROR, "Envelope"),
    "C38 dunder": (soap(f'<__init__ xmlns="{TNS}"/>'), NOT_FOUND, "__init__"),
    "C38 private": (soap(f'<_type_info xmlns="{TNS}"/>'), NOT_FOUND, "_type_info"),
    "C38 class attribute": (soap(f'<public_methods xmlns="{TNS}"/>'), NOT_FOUND, "public_methods"),
    "C38 another namespace": (soap('<echo xmlns="other"/>'), NOT_FOUND, "{other}echo"),
    "C38 the response's name": (soap(f'<echoResponse xmlns="{TNS}"/>'), NOT_FOUND, "echoResponse"),
    "a long name": (soap(f'<{"x" * 1000} xmlns="{TNS}"/>'), NOT_FOUND, "…"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "code", "words"), ENVELOPES.values(), ids=ENVELOPES)
def test_envelopes_that_are_none(caplog, body, code, words):
    """What SOAP 1.1 §4 does not allow, and what names no method, is said so."""
    answer = attack(victim("soap"), "soap", body, caplog)
    assert (answer.status, answer.code) == (500, code)
    assert words in answer.text


NILS = f'xmlns:i="{XSI}" i:nil="true"'
VALUES = {
    # members of the call, the text of the fault
    "C36 xsi:type of an unrelated class": (f'<tree xmlns:i="{XSI}" xmlns:t="{TNS}" i:type="t:Stranger"/>', "xsi:type"),
    "C36 xsi:type with an unknown prefix": (f'<tree xmlns:i="{XSI}" i:type="nope:Leaf"/>', "xsi:type"),
    "C36 xsi:type that is long": (f'<tree xmlns:i="{XSI}" i:type="{"x" * 9999}"/>', "xsi:type"),
    "D40 int of 4301 digits": (f"<integer>{'9' * 4301}</integer>", "number_text=1024"),
    "D40 int of 10^6 digits": (f"<integer>{'9' * 10**6}</integer>", "number_text=1024"),
    "D40 int with spaces": (f"<integer>{' ' * 10**6}1</integer>", "number_text=1024"),
    "D40 byte": ("<byte>128</byte>", "<= 127"),
    "D41 exponent": ("<decimal>1E+999999999</decimal>", "xs:decimal"),
    "D41 NaN": ("<decimal>NaN</decimal>", "xs:decimal"),
    "D41 Infinity": ("<decimal>Infinity</decimal>", "xs:decimal"),
    "D42 1e400": ("<double>1e400</double>", "out of range"),
    "D42 Python's inf": ("<double>inf</double>", "xs:double"),
    "D42 hexadecimal": ("<double>0x1p3</double>", "xs:double"),
    "D43 year 10^9": ("<day>1000000000-01-01</day>", "xs:date"),
    "D43 month 13": ("<moment>2020-13-01T00:00:00</moment>", "moment"),
    "D43 hour 25": ("<clock>25:00:00</clock>", "clock"),
    "D43 24:00 of the last day": ("<moment>9999-12-31T24:00:00</moment>", "moment"),
    "D43 24:01": ("<moment>2020-01-01T24:01:00</moment>", "moment"),
    "D43 zone +14:01": ("<moment>2020-01-01T00:00:00+14:01</moment>", "moment"),
    "D43 duration": ("<span>P999999999999Y</span>", "span"),
    "D43 duration that is long": (f"<span>P{'9' * 100_000}D</span>", "span"),
    "D44 base64 padding": ("<blob>QUJ</blob>", "base64"),
    "D44 base64 of something else": ("<blob>!!!!</blob>", "base64"),
    "D44 hex with an odd digit": ("<hexa>abc</hexa>", "hex"),
    "D45 underscores": ("<integer>1_000</integer>", "xs:integer"),
    "D45 Arabic digits": ("<integer>١٢٣</integer>", "xs:integer"),
    "D45 full-width digits": ("<decimal>１２</decimal>", "xs:decimal"),
    "D45 superscript": ("<integer>²</integer>", "xs:integer"),
    "D45 digits of a date": ("<day>２０２０-01-01</day>", "xs:date"),
    "D45 yes": ("<flag>yes</flag>", "xs:boolean"),
    "D47 pattern": (f"<slow>{'a' * 60}!</slow>", "pattern"),
    "D47 pattern and a long text": (f"<slow>{'a' * 70_000}</slow>", "too long for its pattern"),
    "D48 digits": ("<money>12345.678</money>", "digits"),
    "D48 digits of a huge number": (f"<money>{'9' * 1024}</money>", "digits"),
    "a uuid": ("<uuid>{}</uuid>", "uuid"),
    "an enum": ("<colour>__class__</colour>", "colour"),
    "a length": ("<short>123456</short>", "short"),
    "an element in a value": ("<integer><a/>1</integer>", "child elements"),
    "too many": ("<text>a</text><text>b</text>", "text: occurs 2 time(s), max_occurs=1"),
    "many errors": (f"<numbers>{'<integer>x</integer>' * 1000}</numbers>", "numbers[0]"),
    "depth of recursion": (f"{'<tree>' + '<inner>' * 59}{'</inner>' * 59}</tree>", None),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_values_that_break_a_rule(caplog, name):
    """The fault names the place, the value, cut and printable, and the rule."""
    members, words = VALUES[name]
    application = victim("soap")
    if words is None:
        assert send(application, "soap", soap(take(members))).status == 200
        return
    answer = attack(application, "soap", soap(take(members)), caplog)
    assert (answer.status, answer.code) == (500, INVALID)
    assert words in answer.text
    assert answer.text.isprintable()
    assert answer.text.startswith(members[1 : min(i for i in map(members.find, " >") if i > 0)])


@pytest.mark.parametrize(
    "name", ["D40 int of 4301 digits", "D42 1e400", "C36 xsi:type of an unrelated class", "many errors"]
)
@pytest.mark.parametrize("validator", [None, "lxml"])
def test_values_under_other_validators(caplog, name, validator):
    """Without a validator the forms are checked still; with XML Schema its own fault tells the line."""
    answer = attack(victim("soap", validator), "soap", soap(take(VALUES[name][0])), caplog)
    assert answer.code in (INVALID, "Client.SchemaValidationError")


SERVED = {
    "A10 XInclude": take('<free><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></free>'),
    "A11 schemaLocation": take("", f' xmlns:i="{XSI}" i:schemaLocation="{TNS} http://127.0.0.1:1/x.xsd"'),
    "B25 character references": ECHO.format("&#120;" * 100_000),
    "B26 many attributes of like names": take("", many(' a{}00000000=""', 250)),
    "C30 href to itself": take('<tree id="a" href="#a"/>'),
    "C30 multiRef": take('<numbers href="#n"/>') + '<multiRef id="n"/>' + '<multiRef id="o" href="#o"/>' * 9,
    "C30 arrayType": take(
        '<numbers xmlns:c="http://schemas.xmlsoap.org/soap/encoding/" c:arrayType="xsd:int[1000000000]" c:offset="[99999999]"/>'
    ),
    "C31 second element of the Body": ECHO.format("x") + f'<show xmlns="{TNS}"/>',
    "C37 nil": take(f"<integer {NILS}/>"),
    "C37 nil call": f'<take xmlns="{TNS}" {NILS}/>',
    "D44 base64 with white space": take(f"<blob>{' ' * 1_000_000}QUJD</blob>"),
    "D49 many items": take(f"<numbers>{'<integer>1</integer>' * 40_000}</numbers>"),
    "unknown members": take("<nope/>" * 1000),
    "a comment in a number": take("<integer>1<!---->2</integer>"),
}  # fmt: skip


@pytest.mark.parametrize("content", SERVED.values(), ids=SERVED)
def test_harmless_after_all(caplog, content):
    """What means nothing here is not looked at: nothing is fetched, followed or allocated."""
    answer = send(victim("soap"), "soap", soap(content))
    assert (answer.status, answer.code) == (200, "")
    assert b"root:" not in answer.body
    assert not caplog.records


def test_text_is_whole(caplog):
    """B24: a comment or CDATA inside a value does not cut it; nil with contents is not nil."""
    body = soap(ECHO.format("adm<!---->in<![CDATA[!]]>"))
    for validator in (None, "soft", "lxml"):
        assert b"Result>admin!<" in send(victim("soap", validator), "soap", body).body


def test_dispatch_is_by_the_body(caplog):
    """C31: SOAPAction and the address say nothing about which method runs."""
    answer = send(victim("soap"), "soap", soap(ECHO.format("x")), HTTP_SOAPACTION='"show"', PATH_INFO="/show")
    assert b"echoResponse" in answer.body


HTTP = {
    "G72 GET": ({"REQUEST_METHOD": "GET"}, 405, "Client.RequestNotAllowed"),
    "G72 PUT": ({"REQUEST_METHOD": "PUT"}, 405, "Client.RequestNotAllowed"),
    "G72 a method with a line break": ({"REQUEST_METHOD": "A\r\nB: c"}, 405, "Client.RequestNotAllowed"),
    "G72 no Content-Type": ({"CONTENT_TYPE": None}, 405, "Client.RequestNotAllowed"),
    "G68 gzip": ({"HTTP_CONTENT_ENCODING": "gzip"}, 500, "Client.InvalidInput"),
    "G68 layers": ({"HTTP_CONTENT_ENCODING": "gzip, gzip, br"}, 415, "Client.UnsupportedMediaType"),
    "B15 a length that is none": ({"CONTENT_LENGTH": "1e9"}, 500, "Client.InvalidInput"),
    "B15 a length below zero": ({"CONTENT_LENGTH": "-1"}, 500, "Client.InvalidInput"),
    "B15 a length in other digits": ({"CONTENT_LENGTH": "١"}, 500, "Client.InvalidInput"),
    "B15 a length over the limit": ({"CONTENT_LENGTH": "10485761"}, 500, TOO_LONG),
    "B15 a length over everything": ({"CONTENT_LENGTH": "9" * 5000}, 500, TOO_LONG),
    "B15 a length over the body": ({"CONTENT_LENGTH": "1000"}, 500, "Client.InvalidInput"),
    "A13 an unknown charset": ({"CONTENT_TYPE": "text/xml; charset=x-nope"}, 500, SYNTAX),
    "A13 a charset that is code": ({"CONTENT_TYPE": "text/xml; charset=idna"}, 500, SYNTAX),
    "A13 a charset with a NUL": ({"CONTENT_TYPE": 'text/xml; charset="utf-8\0"'}, 500, SYNTAX),
    "A13 a charset with a line break": ({"CONTENT_TYPE": 'text/xml; charset="\r\nx"'}, 500, SYNTAX),
    "A13 base64 as a charset": ({"CONTENT_TYPE": "text/xml; charset=base64"}, 500, SYNTAX),
}


@pytest.mark.parametrize(("environ", "status", "code"), HTTP.values(), ids=HTTP)
def test_requests_that_are_refused_before_they_are_read(caplog, environ, status, code):
    """What HTTP says of the request is not believed; the answer is a SOAP fault still."""
    answer = attack(victim("soap"), "soap", soap(ECHO.format("x")), caplog, **environ)
    assert (answer.status, answer.code) == (status, code)


INJECTED = "x\r\nSet-Cookie: a=b\x1b[31m\u2028ERROR root forged"


@pytest.mark.parametrize("validator", [None, "soft", "lxml"])
def test_the_log_has_one_line_for_each(caplog, validator):
    """G75: what a client sends cannot begin a line of the log, nor fill it."""
    escaped = INJECTED.replace("\r", "&#13;").replace("\n", "&#10;").replace("\x1b", "\x7f")
    for members in (f"<integer>{escaped}</integer>", f"<day>{escaped * 9999}</day>", f"<colour>{escaped}</colour>"):
        attack(victim("soap", validator), "soap", soap(take(members)), caplog)


def test_headers_cannot_be_injected(caplog):
    """C39: a value with a line break does not become a header; that is the service's mistake, and a fault without detail."""
    value = INJECTED.replace("\r", "&#13;").replace("\n", "&#10;").replace("\x1b", "")
    answer = send(victim("soap"), "soap", soap(f'<set_header xmlns="{TNS}"><value>{value}</value></set_header>'))
    assert (answer.status, answer.code, answer.text) == (500, "Server", "Internal Error")
    assert not [header for header in answer.headers if header[0] in ("X-Echo", "Set-Cookie")]


def test_what_comes_back_is_well_formed():
    """D46: text that XML cannot carry is never written."""
    answer = send(victim("soap"), "soap", soap(ECHO.format("]]&gt;&lt;/a&gt;&amp;&#13;\u2028\U0010ffff")))
    assert answer.status == 200
    assert "]]&gt;&lt;/a&gt;&amp;&#13;\u2028\U0010ffff" in answer.body.decode()
