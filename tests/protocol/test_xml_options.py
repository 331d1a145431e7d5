"""What XmlDocument and Soap11 write, option by option, through WSGI."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from lxml import etree
from tests.protocol.victim import SOAP_ENV, soap

from spyne import (
    Application,
    Array,
    ComplexModel,
    Fault,
    Integer,
    InvalidCredentialsError,
    ResourceNotFoundError,
    Service,
    Unicode,
    XmlAttribute,
    rpc,
)
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument
from spyne.schema import DeclarationError
from spyne.server.wsgi import WsgiApplication

TNS = "urn:options"
OTHER = "urn:other"
TEXT = "h\u00e9 \u20ac & <"
KINDS: dict[str, Any] = {"xml": XmlDocument, "soap": Soap11}


class Part(ComplexModel):
    """A type of another namespace than the service's."""

    __namespace__ = OTHER
    text = Unicode
    mark = XmlAttribute(Unicode, ns="urn:mark")
    count = Integer(min_occurs=1)


class Special(Part):
    """A subtype in a third namespace."""

    __namespace__ = "urn:third"
    more = Unicode


class NotToday(Fault):
    """A fault with a member."""

    CODE = "Client.NotToday"


class Options(Service):
    """Returns what was asked for."""

    @rpc(Unicode, _returns=Part)
    def part(ctx, text):
        return Part(text=text, count=1)

    @rpc(Unicode, _returns=Part)
    def special(ctx, text):
        return Special(text=text, mark=text, count=None, more="m")

    @rpc(Unicode, _returns=Unicode)
    def echo(ctx, text):
        return text

    @rpc(Part, _body_style="bare", _returns=Part)
    def bare(ctx, part):
        return part

    @rpc(Unicode, _body_style="out_bare", _returns=Array(Integer))
    def out_bare(ctx, text):
        return [1, 2]

    @rpc(_body_style="bare")
    def nothing(ctx):
        pass

    @rpc(Unicode)
    def fail(ctx, code):
        raise {"401": InvalidCredentialsError, "404": ResourceNotFoundError}.get(code, lambda *_: Fault(code, "no"))(
            "x"
        )

    @rpc
    def crash(ctx):
        raise ValueError("secret")


def application(kind: str, validator: Any = None, **options: Any) -> WsgiApplication:
    """The service in one protocol; the options are for what it writes."""
    protocol = KINDS[kind]
    return WsgiApplication(
        Application([Options], TNS, in_protocol=protocol(validator=validator), out_protocol=protocol(**options))
    )


def post(app: WsgiApplication, kind: str, content: str) -> tuple[int, str, bytes]:
    """Status, Content-Type and body of the answer to a call."""
    body = soap(content) if kind == "soap" else content.encode()
    started: list[Any] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "CONTENT_TYPE": "text/xml; charset=utf-8",
        "CONTENT_LENGTH": str(len(body)),
    }
    reply = app(environ, lambda status, headers, exc_info=None: started.append((status, dict(headers))))
    data = b"".join(reply)
    reply.close()
    ((status, headers),) = started
    return int(status[:3]), headers["Content-Type"], data


def ask(kind: str, method: str = "part", text: str = TEXT, **options: Any) -> tuple[str, bytes]:
    """Content-Type and body of a good answer."""
    call = etree.Element(f"{{{TNS}}}{method}")
    etree.SubElement(call, f"{{{TNS}}}text").text = text
    status, content_type, body = post(application(kind, **options), kind, etree.tostring(call, encoding="unicode"))
    assert status == 200, body
    return content_type, body


def message(kind: str, body: bytes) -> Any:
    """The message in the answer."""
    root = etree.fromstring(body)
    return root.find(f"{{{SOAP_ENV}}}Body")[0] if kind == "soap" else root


both = pytest.mark.parametrize("kind", KINDS)


# --- how it is written ---------------------------------------------------------------------------------------------------------


@both
def test_pretty_print(kind):
    """Elements are indented and texts are not touched; the document means the same."""
    _, plain = ask(kind)
    _, pretty = ask(kind, pretty_print=True)
    assert plain.count(b"\n") == 1
    assert b"\n  <" in pretty
    assert pretty.endswith(b">\n")
    assert message(kind, pretty).findtext(".//{*}text") == TEXT


ENCODINGS = ["utf-8", "UTF-8", "iso-8859-1", "iso-8859-15", "us-ascii", "utf-16", "windows-1252"]


@both
@pytest.mark.parametrize("pretty_print", [False, True])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encoding(kind, encoding, pretty_print):
    """The encoding is in the XML declaration and in the Content-Type; what it lacks is written as a reference."""
    content_type, body = ask(kind, encoding=encoding, pretty_print=pretty_print)
    assert content_type == f"text/xml; charset={encoding.lower()}"
    text = body.decode(encoding)
    assert f"encoding='{encoding.lower()}'" in text.partition("?>")[0].lower()
    assert ("&#8364;" in text) is (encoding in ("iso-8859-1", "us-ascii"))
    assert message(kind, body).findtext(".//{*}text") == TEXT


@both
def test_encoding_of_faults(kind):
    """A fault is written in the same encoding."""
    _, content_type, body = post(
        application(kind, encoding="iso-8859-1"), kind, f'<fail xmlns="{TNS}"><code>Client.\u00e9</code></fail>'
    )
    assert content_type == "text/xml; charset=iso-8859-1"
    assert b"Client.\xe9" in body


def test_media_type_is_kept():
    """A media type of one's own is left alone, its charset too."""
    content_type, _ = ask("xml", encoding="iso-8859-1", mime_type="application/xml")
    assert content_type == "application/xml"


@both
@pytest.mark.parametrize("encoding", ["utf-9", "unicode", ""])
def test_unknown_encoding(kind, encoding):
    """An encoding that nobody can write is refused where it is chosen."""
    if encoding:
        with pytest.raises(DeclarationError, match="no such encoding"):
            KINDS[kind](encoding=encoding)
    else:
        assert b"UTF-8" in ask(kind)[1]


def test_names_outside_the_encoding():
    """A name has no references: one that the encoding cannot write is refused when the application is built."""

    class Sized(Service):
        @rpc(Unicode, _args=["gr\u00f6\u00dfe"])
        def size(ctx, size):
            pass

    Application([Sized], TNS, in_protocol=Soap11(), out_protocol=Soap11(encoding="iso-8859-1"))
    with pytest.raises(DeclarationError, match="cannot be written in it"):
        Application([Sized], TNS, in_protocol=Soap11(), out_protocol=Soap11(encoding="us-ascii"))


@both
@pytest.mark.parametrize("options", [{}, {"pretty_print": True}, {"encoding": "utf-16"}, {"encoding": "us-ascii"}])
def test_xml_declaration(kind, options):
    """Every document begins with an XML declaration unless it is not wanted."""
    _, body = ask(kind, **options)
    encoding = options.get("encoding", "utf-8")
    assert body.decode(encoding).startswith("<?xml version='1.0' encoding=")
    _, body = ask(kind, xml_declaration=False, **options)
    assert body.decode(encoding).startswith("<tns:" if kind == "xml" else "<soap11env:")


@both
@pytest.mark.parametrize("options", [{}, {"pretty_print": True}, {"encoding": "us-ascii"}])
def test_forbidden_characters(kind, options):
    """A text that XML cannot carry is a fault of the server, whatever way the document is written."""

    class Odd(Service):
        @rpc(_returns=Unicode)
        def odd(ctx):
            return "a\x0bb"

    app = WsgiApplication(Application([Odd], TNS, in_protocol=KINDS[kind](), out_protocol=KINDS[kind](**options)))
    status, _, body = post(app, kind, f'<odd xmlns="{TNS}"/>')
    assert status == 500
    assert b"faultcode" in body
    assert b"XMLSyntax" not in body


# --- prefixes ------------------------------------------------------------------------------------------------------------------


def declared(body: bytes) -> dict[str | None, str]:
    """The prefixes that the root element declares."""
    return dict(etree.fromstring(body).nsmap)


@both
def test_only_what_is_used_is_declared(kind):
    """Prefixes are declared on the root, and those only that the document uses."""
    envelope = {"soap11env": SOAP_ENV} if kind == "soap" else {}
    assert declared(ask(kind, "echo", "x")[1]) == {**envelope, "tns": TNS}
    assert set(declared(ask(kind, "part", "x")[1]).values()) == {*envelope.values(), TNS, OTHER}
    found = declared(ask(kind, "special", "x", polymorphic=True)[1])
    assert {"urn:third", "urn:mark", OTHER, "http://www.w3.org/2001/XMLSchema-instance"} <= set(found.values())


@both
def test_cleanup_namespaces_off(kind):
    """Without cleaning up, the root declares every prefix of the application once."""
    _, body = ask(kind, "echo", "x", cleanup_namespaces=False)
    found = declared(body)
    assert {"tns": TNS, "soap11env": SOAP_ENV, "xs": "http://www.w3.org/2001/XMLSchema"}.items() <= found.items()
    assert {OTHER, "urn:third"} <= set(found.values())
    assert len(set(found.values())) == len(found)
    assert message(kind, body)[0].text == "x"
    for method in ("part", "special"):
        _, body = ask(kind, method, "x", cleanup_namespaces=False, polymorphic=True)
        assert body.count(b"xmlns:") == len(declared(body))


@both
@pytest.mark.parametrize("cleanup", [True, False])
def test_chosen_prefixes(kind, cleanup):
    """A namespace is written with the prefix that was chosen for it, in xsi:type and in attributes too."""
    chosen = {TNS: "t", OTHER: "tns", "urn:third": "x3", "urn:mark": "m", "urn:nowhere": "n"}
    _, body = ask(kind, "special", "x", prefixes=chosen, polymorphic=True, cleanup_namespaces=cleanup)
    result = message(kind, body)[0]
    assert (result.prefix, result.getparent().prefix, result[0].prefix) == ("t", "t", "tns")
    assert b'm:mark="x"' in body
    assert b'xsi:type="x3:Special"' in body
    assert result.nsmap["x3"] == "urn:third"
    assert b"xmlns:n=" not in body


def test_chosen_prefixes_in_details():
    """The detail of a fault is written with the chosen prefixes."""

    class Detailed(Service):
        @rpc
        def fail(ctx):
            raise Fault("Server", "no", detail=Part(text="x"))

    for kind, protocol in KINDS.items():
        app = WsgiApplication(
            Application([Detailed], TNS, in_protocol=protocol(), out_protocol=protocol(prefixes={OTHER: "o"}))
        )
        _, _, body = post(app, kind, f'<fail xmlns="{TNS}"/>')
        assert b"<o:Part" in body


WRONG_PREFIXES = {
    "default namespace": ({TNS: ""}, "choose a prefix"),
    "no name": ({TNS: "1a"}, "no namespace prefix"),
    "colon": ({TNS: "a:b"}, "no namespace prefix"),
    "blank": ({TNS: "a b"}, "no namespace prefix"),
    "markup": ({TNS: 'a="b"'}, "no namespace prefix"),
    "xml": ({TNS: "xml"}, "reserved"),
    "xmlns": ({TNS: "xmlns"}, "reserved"),
    "XMLa": ({TNS: "XMLa"}, "reserved"),
    "xsi": ({TNS: "xsi"}, "stands for"),
    "envelope": ({TNS: "soap11env"}, "stands for"),
    "envelope's namespace": ({SOAP_ENV: "e"}, "envelopes use"),
    "twice": ({TNS: "a", OTHER: "a"}, "stands for 'urn:options' already"),
    "another's": ({OTHER: "tns"}, "stands for 'urn:options' already"),
    "generated": ({OTHER: "s77"}, "choose another"),
    "no namespace": ({"": "a"}, "dict of namespace to prefix"),
    "no string": ({TNS: None}, "dict of namespace to prefix"),
}


@both
@pytest.mark.parametrize("case", WRONG_PREFIXES)
def test_refused_prefixes(kind, case):
    """Prefixes that cannot be, or that stand for something else, are refused when the application is built."""
    chosen, reason = WRONG_PREFIXES[case]
    with pytest.raises(DeclarationError, match=reason):
        application(kind, prefixes=chosen)


# --- body styles, faults and statuses ------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("validator", [None, "soft", "lxml"])
def test_bare(kind, validator):
    """A bare call's element is the argument itself, and so is the answer's; without either it is empty."""
    app = application(kind, validator)
    part = f'<bare xmlns="{TNS}" xmlns:o="{OTHER}"><o:text>x</o:text><o:count>2</o:count></bare>'
    status, _, body = post(app, kind, part)
    assert status == 200, body
    found = message(kind, body)
    assert (found.tag, [child.text for child in found]) == (f"{{{TNS}}}bareResponse", ["x", "2"])
    status, _, body = post(app, kind, f'<out_bare xmlns="{TNS}"><text>x</text></out_bare>')
    assert [child.text for child in message(kind, body)] == ["1", "2"]
    status, _, body = post(app, kind, f'<nothing xmlns="{TNS}"/>')
    assert (status, len(message(kind, body))) == (200, 0)


STATUSES = {
    "Client.Mine": 400,
    "Server.Mine": 500,
    "401": 401,
    "404": 404,
}


@both
@pytest.mark.parametrize("code", STATUSES)
def test_statuses(kind, code):
    """XmlDocument answers a fault with its HTTP status, SOAP with 500; the document is a SOAP 1.1 Fault."""
    status, _, body = post(application(kind), kind, f'<fail xmlns="{TNS}"><code>{code}</code></fail>')
    assert status == (STATUSES[code] if kind == "xml" else 500)
    root = etree.fromstring(body)
    fault = message(kind, body)
    assert fault.tag == f"{{{SOAP_ENV}}}Fault"
    assert fault.findtext("faultcode").startswith("soap11env:")
    assert root.nsmap == {"soap11env": SOAP_ENV}


@both
@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (f'<crash xmlns="{TNS}"/>', 500, "Server"),
        ("<unknown/>", 404, "Client.ResourceNotFound"),
        ("<a><b></a>", 400, "Client.XMLSyntaxError"),
        (f'<bare xmlns="{TNS}"><count>x</count></bare>', 400, "Client.ValidationError"),
    ],
)
def test_errors_without_a_fault_of_the_user(kind, content, status, code):
    """What goes wrong before and in the user's function has its status too, and says nothing of the inside."""
    found, _, body = post(application(kind, "soft"), kind, content)
    assert found == (status if kind == "xml" else 500)
    assert message(kind, body).findtext("faultcode") == f"soap11env:{code}"
    assert b"secret" not in body
