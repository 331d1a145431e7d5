"""Both versions of SOAP, and both at one address: what attackers send is answered by the caller's own kind of fault."""

from __future__ import annotations

import logging
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protocol.mutation import INTERESTING, hostile
from tests.protocol.soaps import CONTENT_TYPE, ENC, NS, TNS, VERSIONS, XSI, endpoint, envelope, post
from tests.protocol.victim import LEAKS, MEMBERS

from spyne import ComplexModel, Integer, SelfReference, Service, Unicode, XmlAttribute, rpc

SOAP_ERROR = "Client.SoapError"
NOT_FOUND = "Client.ResourceNotFound"
INVALID = "Client.ValidationError"
TOO_LONG = "Client.RequestTooLong"
MUST = ' e:mustUnderstand="1"'


class Token(ComplexModel):
    __namespace__ = TNS
    value = Unicode(max_len=5)


class Tree(ComplexModel):
    __namespace__ = TNS
    name = Unicode
    mark = XmlAttribute(Unicode)
    inner = SelfReference


class Stranger(ComplexModel):
    __namespace__ = TNS
    secret = Unicode


TAKEN = {**MEMBERS, "tree": Tree}


class Target(Service):
    __in_header__ = (Token,)

    @rpc(*TAKEN.values(), _args=list(TAKEN), _returns=Unicode)
    def take(ctx, *given):
        return "taken"

    @rpc(Unicode, _returns=Unicode)
    def echo(ctx, text):
        return text

    @rpc(Stranger)
    def show(ctx, stranger):
        pass

    @rpc(Integer, _body_style="bare", _in_message_name="Number")
    def first(ctx, number):
        pass

    @rpc(Integer, _body_style="bare", _in_message_name="Number")
    def second(ctx, number):
        pass

    @rpc(_body_style="bare")
    def nothing(ctx):
        pass

    @rpc(Unicode, _returns=Unicode)
    def set_header(ctx, value):
        ctx.transport.add_header("X-Echo", value or "")
        return "set"


ENDPOINTS = {
    "alone": {version: endpoint([Target], version, validator="soft") for version in VERSIONS},
    "together": dict.fromkeys(VERSIONS, endpoint([Target], validator="soft")),
    "rpc": dict.fromkeys(VERSIONS, endpoint([Target], validator="soft", style="rpc", check_action=True)),
}
ECHO = "<t:echo><t:text>fine</t:text></t:echo>"


def attack(where, version, body, caplog, **environ):
    """Send a bad request: the fault is in the version and leaks nothing, the log has one short line, the next request is served."""
    application = ENDPOINTS[where][version]
    caplog.clear()
    with caplog.at_level(logging.INFO, "spyne"):
        answer = post(application, version, body, **environ)
    assert answer.version == version
    assert answer.content_type == CONTENT_TYPE[version]
    first = answer.code.partition(".")[0]
    assert answer.status == (400 if version == "1.2" and first == "Client" else 500)
    assert not LEAKS.search(answer.data), answer.data
    assert len(answer.data) < 3000
    (record,) = caplog.records
    assert len(record.getMessage()) < 300
    assert record.getMessage().isprintable()
    assert not record.exc_info
    assert post(application, version, envelope(version, ECHO)).status == 200
    return answer


def take(members, attributes=""):
    """A call of the method that takes everything."""
    return f'<take xmlns="{TNS}"{attributes}>{members}</take>'


def second_body(version):
    """An envelope with two bodies."""
    return envelope(version, f"{ECHO}</e:Body><e:Body>{ECHO}")


def late_header(version):
    """An envelope with its header at the end."""
    return envelope(version, f"{ECHO}</e:Body><e:Header/><e:Body>")


ENVELOPES = {
    # a function of the version, the code, words of the text
    "C28 two Bodies": (second_body, SOAP_ERROR, "one Body"),
    "C28 Header after Body": (late_header, SOAP_ERROR, "before the Body"),
    "C28 two Headers": (
        lambda v: envelope(v, ECHO, f"<h xmlns='x'{MUST}/></e:Header><e:Header>"), SOAP_ERROR, "one Header"),
    "C28 no Body": (lambda v: f'<e:Envelope xmlns:e="{NS[v]}"/>'.encode(), SOAP_ERROR, "empty"),
    "C28 only a Header": (lambda v: f'<e:Envelope xmlns:e="{NS[v]}"><e:Header/></e:Envelope>'.encode(), SOAP_ERROR, "empty"),
    "C28 empty Body": (lambda v: envelope(v, ""), SOAP_ERROR, "empty"),
    "C28 Body with text only": (lambda v: envelope(v, "echo"), SOAP_ERROR, "empty"),
    "C28 Fault as a request": (lambda v: envelope(v, "<e:Fault/>"), SOAP_ERROR, "a Fault is not a request"),
    "C32 nothing": (lambda v: b"<a/>", SOAP_ERROR, "Envelope"),
    "C29 header blocks": (lambda v: envelope(v, ECHO, '<h xmlns="x"/>' * 1000), TOO_LONG, "header_blocks=64"),
    "C29 mustUnderstand flood": (lambda v: envelope(v, ECHO, f'<h xmlns="x"{MUST}/>' * 1000), TOO_LONG, "header_blocks=64"),
    "C29 mustUnderstand": (lambda v: envelope(v, ECHO, f'<h xmlns="x"{MUST}/>' * 60), "MustUnderstand", "{x}h"),
    "C29 a declared header that is wrong": (
        lambda v: envelope(v, ECHO, "<t:Token><t:value>123456</t:value></t:Token>"), INVALID, "Token/value"),
    "C30 href to nothing": (lambda v: envelope(v, take(f'<tree {ref(v, "x")}/>', style(v))), SOAP_ERROR, "'x'"),
    "C30 href to itself": (lambda v: envelope(v, take(f'<tree {ident(v, "x")}><inner {ref(v, "x")}/></tree>', style(v))), SOAP_ERROR, "back to itself"),
    "C30 fan-out": (lambda v: envelope(v, take(f"<tree {ref(v, 'n0')}/>", style(v)) + fan(v)), TOO_LONG, "with its references replaced"),
    "C31 an element of two methods": (lambda v: envelope(v, "<t:Number>1</t:Number>"), (SOAP_ERROR, NOT_FOUND), ""),
    "C36 an unrelated class": (lambda v: envelope(v, take('<tree i:type="t:Stranger"/>')), INVALID, "xsi:type"),
    "C36 an unrelated class, encoded": (lambda v: envelope(v, take('<tree i:type="t:Stranger"/>', style(v))), INVALID, "xsi:type"),
    "C36 no name at all": (lambda v: envelope(v, take('<tree i:type="t:&lt;/&gt;"/>', style(v))), INVALID, "xsi:type"),
    "C37 nil with contents": (lambda v: envelope(v, take('<integer i:nil="true">x</integer>')), INVALID, "integer"),
    "C38 dunder": (lambda v: envelope(v, "<t:__init__/>"), NOT_FOUND, "__init__"),
    "C38 private": (lambda v: envelope(v, "<t:_type_info/>"), NOT_FOUND, "_type_info"),
    "C38 class attribute": (lambda v: envelope(v, "<t:public_methods/>"), NOT_FOUND, "public_methods"),
    "C38 another namespace": (lambda v: envelope(v, '<echo xmlns="other"/>'), NOT_FOUND, "{other}echo"),
    "A9 DOCTYPE": (lambda v: b"<!DOCTYPE a>" + envelope(v, ECHO), "Client.XMLSyntaxError", "DOCTYPE"),
    "A12 PI": (lambda v: envelope(v, "<?x y?>" + ECHO), "Client.XMLSyntaxError", "processing instructions"),
    "cut off": (lambda v: envelope(v, ECHO)[:-9], "Client.XMLSyntaxError", ""),
    "B16 depth": (lambda v: envelope(v, "<a>" * 100 + "</a>" * 100), TOO_LONG, "depth=64"),
    "D40 digits": (lambda v: envelope(v, take(f"<integer>{'9' * 5000}</integer>")), INVALID, "number_text=1024"),
}  # fmt: skip


def style(version):
    """The attribute that says that a message is encoded."""
    return f' e:encodingStyle="{ENC[version]}"'


def ref(version, name):
    """A reference to an id."""
    return f'href="#{name}"' if version == "1.1" else f'c:ref="{name}"'


def ident(version, name):
    """An id."""
    return f'id="{name}"' if version == "1.1" else f'c:id="{name}"'


def fan(version):
    """Elements of which each refers to the next one ten times."""
    many = [f"<inner {ref(version, f'n{i + 1}')}/>" * 10 for i in range(30)]
    inner = "".join(f"<m {ident(version, f'n{i}')}>{each}</m>" for i, each in enumerate(many))
    return f"{inner}<m {ident(version, 'n30')}/>"


@pytest.mark.parametrize("where", ENDPOINTS)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("make", "code", "words"), ENVELOPES.values(), ids=ENVELOPES)
def test_bad_requests(caplog, make, code, words, version, where):
    """What the standards do not allow, and what the limits do not, is said so, in the version of the request."""
    answer = attack(where, version, make(version), caplog)
    assert answer.code in (code if isinstance(code, tuple) else (code,))
    assert words in answer.text


SERVED = {
    "A10 XInclude": take(
        '<free><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></free>'
    ),
    "C30 href where nothing is encoded": take('<tree id="a" href="#a"/>'),
    "C30 href elsewhere": take('<free><a href="http://127.0.0.1:1/"/></free>', ' e:encodingStyle="{}"'),
    "C30 arrayType": take(
        '<numbers c:arrayType="xsd:int[1000000000]" c:arraySize="1000000000"/>', ' e:encodingStyle="{}"'
    ),
    "C31 a second element": ECHO + "<t:show/>",
    "C37 nil": take('<integer i:nil="true"/>'),
    "C37 a nil call": take("", ' i:nil="true"'),
    "A11 schemaLocation": take("", f' i:schemaLocation="{TNS} http://127.0.0.1:1/x.xsd"'),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("content", SERVED.values(), ids=SERVED)
def test_harmless_after_all(caplog, content, version):
    """What means nothing here is not looked at: nothing is fetched, followed or allocated."""
    body = envelope(version, content.replace("{}", ENC[version]))
    answer = post(ENDPOINTS["together"][version], version, body)
    assert (answer.status, answer.code) == (200, "")
    assert b"root:" not in answer.data
    assert not caplog.records


ACTIONS = [
    '"echo"',
    '"show"',
    '"__init__"',
    '"a\\',
    "x" * 9999,
    '"%00"',
    '"%zz%ff"',
    '"\xff"',
    "é",
    '";x="',
    ";" * 99,
    "a\tb",
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("content", [ECHO, "", "<t:Number>1</t:Number>"])
@pytest.mark.parametrize("where", ["together", "rpc"])
def test_actions(action, content, version, where):
    """C31: whatever SOAPAction says, it calls nothing but what the Body leaves open, and nothing fails."""
    environ = {"HTTP_SOAPACTION": action}
    if version == "1.2":
        environ = {"CONTENT_TYPE": f"{CONTENT_TYPE['1.2']}; action={action}"}
    answer = post(ENDPOINTS[where][version], version, envelope(version, content), **environ)
    assert answer.code in ("", SOAP_ERROR, NOT_FOUND, "Client.ActionMismatch")
    assert len(answer.data) < 2000
    assert not answer.code or content != ECHO or where == "rpc"


@pytest.mark.parametrize("version", VERSIONS)
def test_headers_cannot_be_injected(version):
    """C39: a value with a line break does not become a header."""
    content = "<t:set_header><t:value>x&#13;&#10;Set-Cookie: a=b</t:value></t:set_header>"
    answer = post(ENDPOINTS["alone"][version], version, envelope(version, content))
    assert (answer.status, answer.code, answer.text) == (500, "Server", "Internal Error")


MESSAGES = [
    envelope(version, content, header)
    for version in VERSIONS
    for content, header in [
        (ECHO, ""),
        (take("<text>a</text><integer>1</integer><tree mark='x'><name>n</name><inner/></tree>"), "<t:Token/>"),
        (take("<numbers><integer>1</integer></numbers><free><a>b</a></free>"), f'<x:h xmlns:x="urn:x"{MUST}/>'),
        (take(f"<tree {ref(version, 'a')}/>", style(version)) + f'<m {ident(version, "a")} i:type="t:Tree"/>', ""),
        ("<e:Fault/>", ""),
        ("<t:Number>1</t:Number>", ""),
        ("", "<t:Token e:role='' e:actor=''/>"),
    ]
]
WORDS = [word.encode() for version in VERSIONS for word in (NS[version], ENC[version])] + [
    *(
        b"e:Envelope",
        b"e:Header",
        b"e:Body",
        b"e:Fault",
        b"e:mustUnderstand",
        b"c:ref",
        b"c:id",
        b"c:offset",
        b"t:Tree",
    ),
    XSI.encode(),
]
BLAMED = {"", "Client", "VersionMismatch", "MustUnderstand"}
QUIET = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@contextmanager
def no_errors():
    """Fails when something is logged as an error."""
    found = []

    class Handler(logging.Handler):
        def emit(self, record):
            found.append(record)

    handler = Handler(logging.WARNING)
    logging.getLogger("spyne").addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger("spyne").removeHandler(handler)
    assert not found


def survive(where, version, body, **environ):
    """Whatever comes is answered by an envelope, and is nobody's fault but the client's."""
    with no_errors():
        answer = post(ENDPOINTS[where][version], version, body, **environ)
    assert (answer.status == 200) == (answer.code == "")
    assert answer.code.partition(".")[0] in BLAMED
    assert not LEAKS.search(answer.data.replace(body, b"")) or answer.status == 200
    if where == "together" and answer.code.partition(".")[0] not in ("VersionMismatch", "Client"):
        assert NS[answer.version].encode() in body


@st.composite
def swapped(draw):
    """A good message in which some words have become others."""
    message = draw(st.sampled_from(MESSAGES))
    for _ in range(draw(st.integers(1, 4))):
        message = message.replace(draw(st.sampled_from(WORDS)), draw(st.sampled_from([*WORDS, *INTERESTING])), 1)
    return message


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("where", ENDPOINTS)
def test_anything_at_all(where, version):
    """Mutated envelopes of both versions and random bytes, at endpoints for one version and for both."""

    @QUIET
    @given(hostile(*MESSAGES) | swapped())
    def run(body):
        survive(where, version, body)

    run()


@pytest.mark.parametrize("version", VERSIONS)
def test_any_headers(version):
    """Content types and actions that make no sense."""
    text = st.text(st.characters(max_codepoint=255), max_size=30)

    @QUIET
    @given(st.sampled_from(MESSAGES), text, text)
    def run(body, action, rest):
        environ = {
            "HTTP_SOAPACTION": action,
            "CONTENT_TYPE": f"{CONTENT_TYPE[version].partition(';')[0]};{rest}; action={action}",
        }
        survive("together", version, body, **environ)

    run()
