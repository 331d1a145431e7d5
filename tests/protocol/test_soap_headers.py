"""Header blocks of SOAP: those that are declared, and those that must be understood."""

from __future__ import annotations

import logging

import pytest
from lxml import etree
from tests.protocol.soaps import NS, TNS, VERSIONS, endpoint, envelope, post

from spyne import Application, ComplexModel, DeclarationError, NullServer, Service, Unicode, rpc
from spyne.limits import Limits
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication


class Token(ComplexModel):
    __namespace__ = "urn:security"
    user = Unicode


CALLS = []


class Guarded(Service):
    @rpc(_returns=Unicode, _in_header=Token, _out_header=Token)
    def who(ctx):
        CALLS.append("who")
        ctx.out_header = Token(user="you")
        return ctx.in_header.user if ctx.in_header else None

    @rpc(_returns=Unicode)
    def anybody(ctx):
        CALLS.append("anybody")
        return "called"


@pytest.fixture(autouse=True)
def _fresh():
    CALLS.clear()


TOKEN = '<s:Token xmlns:s="urn:security"{}><s:user>Ann</s:user></s:Token>'
OTHER = '<x:Other xmlns:x="urn:x"{}/>'
MUST = ' e:mustUnderstand="1"'
NEXT = {"1.1": "http://schemas.xmlsoap.org/soap/actor/next", "1.2": f"{NS['1.2']}/role/next"}
ROLE = {"1.1": "actor", "1.2": "role"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mark", ["", MUST])
def test_declared_headers(version, mark):
    """A declared header is read and understood; what the method sets goes back."""
    answer = post(endpoint([Guarded]), version, envelope(version, "<t:who/>", TOKEN.format(mark)))
    assert (answer.status, answer.version) == (200, version)
    assert answer.body.findtext(f"{{{TNS}}}whoResult") == "Ann"
    assert answer.header.tag == f"{{{NS[version]}}}Header"
    assert answer.header.findtext("{urn:security}Token/{urn:security}user") == "you"


REFUSED = {
    "1": (MUST, VERSIONS),
    "true": (' e:mustUnderstand="true"', VERSIONS),
    "with spaces": (' e:mustUnderstand=" 1 "', VERSIONS),
    "for nobody in particular": (f'{MUST} e:role="" e:actor=""', VERSIONS),
    "for the next one, 1.1": (f'{MUST} e:actor="{NEXT["1.1"]}"', ("1.1",)),
    "for the next one, 1.2": (f'{MUST} e:role="{NEXT["1.2"]}"', ("1.2",)),
    "for the last one": (f'{MUST} e:role="{NS["1.2"]}/role/ultimateReceiver"', ("1.2",)),
    "for somebody else in the other version's word": (f'{MUST} e:role="urn:x"', ("1.1",)),
}
IGNORED = {
    "nothing": ("", VERSIONS),
    "0": (' e:mustUnderstand="0"', VERSIONS),
    "false": (' e:mustUnderstand="false"', VERSIONS),
    "no boolean": (' e:mustUnderstand="yes"', VERSIONS),
    "another namespace": (' mustUnderstand="1"', VERSIONS),
    "for somebody else, 1.1": (f'{MUST} e:actor="urn:other"', ("1.1",)),
    "for somebody else, 1.2": (f'{MUST} e:role="urn:other"', ("1.2",)),
    "for none": (f'{MUST} e:role="{NS["1.2"]}/role/none"', ("1.2",)),
}


def rows(table):
    """Each row once per version."""
    return [
        pytest.param(attributes, version, id=f"{name}-{version}")
        for name, (attributes, versions) in table.items()
        for version in versions
    ]


@pytest.mark.parametrize(("attributes", "version"), rows(REFUSED))
@pytest.mark.parametrize("method", ["who", "anybody"])
def test_what_must_be_understood_and_is_not(attributes, version, method, caplog):
    """A fault in the caller's version, before the method runs, and in SOAP 1.2 a header that names the block (part 1 §5.4.8)."""
    with caplog.at_level(logging.INFO, "spyne"):
        header = TOKEN.format(MUST) + OTHER.format(attributes)
        answer = post(endpoint([Guarded]), version, envelope(version, f"<t:{method}/>", header))
    assert (answer.status, answer.version, answer.code) == (500, version, "MustUnderstand")
    assert "{urn:x}Other" in answer.text
    assert CALLS == []
    assert len(caplog.records) == 1
    unknown = ["{urn:x}Other"] if method == "who" else ["{urn:security}Token", "{urn:x}Other"]
    assert not_understood(answer) == (unknown if version == "1.2" else [])


def not_understood(answer):
    """The names in the answer's NotUnderstood blocks, in Clark's notation."""
    blocks = () if answer.header is None else answer.header.findall(f"{{{NS['1.2']}}}NotUnderstood")
    pairs = [(block, *block.get("qname").partition(":")[::2]) for block in blocks]
    return [f"{{{block.nsmap[prefix]}}}{name}" for block, prefix, name in pairs]


@pytest.mark.parametrize(("attributes", "version"), rows(IGNORED))
def test_what_need_not_be_understood(attributes, version):
    """Blocks that are optional, or for somebody else, do not matter."""
    answer = post(endpoint([Guarded]), version, envelope(version, "<t:anybody/>", OTHER.format(attributes)))
    assert (answer.status, CALLS) == (200, ["anybody"])


UNDERSTOOD = {
    "the name": ({"understands": ("{urn:x}Other",)}, 200),
    "a text": ({"understands": "{urn:x}Other"}, 200),
    "the namespace": ({"understands": ["{urn:x}*"]}, 200),
    "another name": ({"understands": ("{urn:x}Others", "{urn:y}*", "{}Other")}, 500),
    "not asked": ({"must_understand": False}, 200),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("options", "status"), UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_options(version, options, status):
    """More can be understood than is declared, by name or by namespace, or everything ignored as in 2.14."""
    wsgi = endpoint([Guarded], **options)
    assert post(wsgi, version, envelope(version, "<t:anybody/>", OTHER.format(MUST))).status == status


@pytest.mark.parametrize("name", ["Other", "{urn:x}", "*", "{urn:x", 5])
def test_names_that_are_none(name):
    """What is not ``{namespace}name`` is refused when the protocol is made."""
    with pytest.raises(DeclarationError, match=r"understands=.*write '\{namespace\}name'"):
        Soap11(understands=[name])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_listener_may_take_blocks_away(version):
    """What a listener has dealt with it removes from the Header."""
    wsgi = endpoint([Guarded], version)

    def deal_with(ctx):
        for block in list(ctx.in_header_doc):
            ctx.in_header_doc.remove(block)

    wsgi.app.in_protocol.event_manager.add_listener("before_deserialize", deal_with)
    assert post(wsgi, version, envelope(version, "<t:anybody/>", OTHER.format(MUST))).status == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_comments_and_no_namespace(version):
    """Comments are no blocks; a block without a namespace is named as it is."""
    answer = post(endpoint([Guarded]), version, envelope(version, "<t:anybody/>", f"<!-- x --><Plain{MUST}/>"))
    assert answer.code == "MustUnderstand"
    assert "'Plain'" in answer.text


@pytest.mark.parametrize("version", VERSIONS)
def test_floods(version):
    """Many blocks are refused by their limit; the fault names a few of them and stays small."""
    header = OTHER.format(MUST) * 1000
    answer = post(endpoint([Guarded]), version, envelope(version, "<t:anybody/>", header))
    assert answer.code == "Client.RequestTooLong"
    assert "header_blocks=64" in answer.text
    header = "".join(f'<x:{"a" * 1000}{i} xmlns:x="urn:{"x" * 60_000}"{MUST}/>' for i in range(32))
    header += "".join(f'<x:a{i} xmlns:x="urn:x"{MUST}/>' for i in range(32))
    answer = post(endpoint([Guarded]), version, envelope(version, "<t:anybody/>", header))
    assert answer.code == "MustUnderstand"
    assert len(answer.data) < 3000
    assert len(not_understood(answer)) == (16 if version == "1.2" else 0)
    open_end = endpoint([Guarded], limits=Limits(header_blocks=None))
    answer = post(open_end, version, envelope(version, "<t:anybody/>", OTHER.format("") * 1000))
    assert answer.status == 200


def test_names_with_ampersands_in_their_namespace():
    """A namespace stays what it is in the attribute that repeats it."""
    header = f'<x:a xmlns:x="urn:x?a&amp;b"{MUST}/>'
    answer = post(endpoint([Guarded]), "1.2", envelope("1.2", "<t:anybody/>", header))
    assert not_understood(answer) == ["{urn:x?a&b}a"]


def test_answered_by_another_protocol():
    """The fault has its code in any protocol."""
    app = Application([Guarded], TNS, in_protocol=Soap12(), out_protocol=JsonDocument())
    server = NullServer(app)
    ctx = server.make_context()
    ctx.in_string = [envelope("1.2", "<t:anybody/>", OTHER.format(MUST))]
    server.get_in_object(ctx)
    assert ctx.in_error.faultcode == "MustUnderstand"
    assert WsgiApplication(app).app.out_protocol.fault_to_http_response_code(ctx.in_error) == 500


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unknown_method_first(version):
    """Whose header is not understood, and whose method is unknown, hears of the method."""
    answer = post(endpoint([Guarded]), version, envelope(version, "<t:nobody/>", OTHER.format(MUST)))
    assert answer.code == "Client.ResourceNotFound"


@pytest.mark.parametrize("version", VERSIONS)
def test_validation_of_headers(version):
    """A declared header that does not fit names its place."""

    class Strict(ComplexModel):
        __namespace__ = "urn:strict"
        user = Unicode(min_occurs=1, nillable=False)

    class Checked(Service):
        @rpc(_in_header=Strict)
        def call(ctx):
            pass

    header = '<s:Strict xmlns:s="urn:strict"/>'
    answer = post(endpoint([Checked], validator="soft"), version, envelope(version, "<t:call/>", header))
    assert (answer.code, answer.text) == ("Client.ValidationError", "Strict/user: is required (min_occurs=1)")
    assert etree.QName(answer.body).localname == "Fault"
