"""HtmlRowTable, HtmlColumnTable and HtmlMicroFormat: what they write for each kind of result, what they never let through, and
what is different from Spyne 2.14.
"""

from __future__ import annotations

import datetime
import decimal
import json
import logging
import tracemalloc
from pathlib import Path

import lxml.html
import pytest
from lxml import etree
from tests.matrix.kinds import CUSTOM, KINDS
from tests.protocol.streamed import Inner, Recorder, app_for, ask, fail, serve, service_for
from tests.protocol.victim import LEAKS

from spyne import (
    AnyDict,
    AnyHtml,
    AnyUri,
    AnyXml,
    Application,
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    Date,
    Decimal,
    Fault,
    ImageUri,
    Integer,
    Iterable,
    SelfReference,
    Unicode,
    XmlAttribute,
)
from spyne.protocol.html import HtmlColumnTable, HtmlMicroFormat, HtmlRowTable
from spyne.protocol.html._text import is_safe_link
from spyne.protocol.json import JsonDocument
from spyne.schema import DeclarationError

PROTOCOLS = [HtmlRowTable, HtmlColumnTable, HtmlMicroFormat]
OF_2_14 = json.loads((Path(__file__).parent / "html_of_2_14.json").read_text("utf-8"))


class Rec(ComplexModel):
    _type_info = [("id", Integer), ("name", Unicode), ("inner", Inner)]


class WithArr(ComplexModel):
    _type_info = [
        ("id", Integer),
        ("tags", Array(Unicode)),
        ("nums", Integer(max_occurs="unbounded")),
        ("inners", Array(Inner)),
    ]


class Att(ComplexModel):
    _type_info = [("id", XmlAttribute(Integer)), ("name", Unicode)]


class Sub(ComplexModel):
    _type_info = [
        ("n", Unicode(sub_name="public")),
        ("u", AnyUri),
        ("d", Date),
        ("f", Boolean),
        ("dec", Decimal),
    ]


def sub():
    """Return an object with a member of several kinds."""
    return Sub(n="x", u="http://a/?b=c&d", d=datetime.date(2024, 1, 2), f=True, dec=decimal.Decimal("1.50"))


def with_arrays():
    """Return an object with arrays."""
    return WithArr(id=1, tags=["p", "q"], nums=[1, 2], inners=[Inner(a=1, b="x"), Inner(a=2, b="y")])


RESULTS = {
    "prim": (Unicode, '<b>&"x'),
    "none": (Integer, None),
    "prims": (Array(Unicode), ["a", "b"]),
    "ints": (Iterable(Integer), (1, 2)),
    "one": (Inner, Inner(a=1, b="x")),
    "onenest": (Rec, Rec(id=1, name="n", inner=Inner(a=1, b="x"))),
    "arr": (Array(Inner), [Inner(a=1, b="x"), Inner(a=2, b=None), Inner(a=3, b="<&>")]),
    "nest": (Array(Rec), [Rec(id=1, name="n", inner=Inner(a=1, b="x")), Rec(id=2, inner=None)]),
    "witharr": (Iterable(WithArr), [with_arrays(), WithArr(id=2)]),
    "onearr": (WithArr, with_arrays()),
    "att": (Array(Att), [Att(id=1, name="n"), Att(id=None)]),
    "sub": (Sub, sub()),
    "subs": (Array(Sub), [sub(), Sub(u=AnyUri.Value("javascript:alert(1)", text="t"))]),
    "two": ([Integer, Unicode], (1, "x")),
    "twoarr": ([Array(Inner), Unicode], ([Inner(a=1, b="b")], "x")),
    "xml": (AnyXml, etree.fromstring('<a b="c">d<e/></a>')),
    "ht": (AnyHtml, lxml.html.fromstring("<p>x<br>y</p>")),
    "empty": (Array(Inner), []),
    "barearr": (Array(Inner), [Inner(a=1, b="x")]),
    "bareone": (Inner, Inner(a=1, b="x")),
    "nothing": (None, None),
}

NOTHING_WRITTEN = "2.14 wrote nothing, or an empty element"
ATTRIBUTE = "a member that is an XML attribute is a member like the others, with the class of its own type"
URI = "a link shows the address, stands in the element of its member, and is none where it is not safe"
PATH = "an array inside an object is labelled by the member's name, not by its path with the index"
DIFFERENT = {
    "prim": (HtmlRowTable, HtmlColumnTable, NOTHING_WRITTEN),
    "none": (HtmlRowTable, HtmlColumnTable, "a result of None is an empty cell"),
    "two": (HtmlRowTable, HtmlColumnTable, NOTHING_WRITTEN),
    "twoarr": (HtmlRowTable, HtmlColumnTable, NOTHING_WRITTEN),
    "xml": (HtmlRowTable, HtmlColumnTable, "XML is shown as text, never as elements of the page"),
    "ht": (HtmlMicroFormat, "markup stands in the element of its result"),
    "att": (*PROTOCOLS, ATTRIBUTE),
    "sub": (*PROTOCOLS, URI),
    "subs": (*PROTOCOLS, URI),
    "onearr": (HtmlColumnTable, PATH),
    "witharr": (HtmlColumnTable, HtmlMicroFormat, PATH + "; and 2.14 broke off at repeated members"),
}


def written(protocol, returns, value, name="get", **options):
    """Return what a protocol writes for one result."""
    reply = ask(app_for(protocol, returns, lambda: value, name, **options), name)
    assert reply.status == "200 OK", reply.body
    return reply.body.decode()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", RESULTS)
def test_markup_is_that_of_2_14(name, protocol):
    """Elements, classes and text are those of Spyne 2.14, but for the differences that are listed."""
    returns, value = RESULTS[name]
    style = {"_body_style": "bare"} if name.startswith("bare") else {}
    found = written(protocol(), returns, value, name, **style)
    assert (found == OF_2_14[name][protocol.__name__]) == (protocol not in DIFFERENT.get(name, ())), found


LINK = '<a href="http://a/?b=c&amp;d">http://a/?b=c&amp;d</a>'
EXACT = [
    (
        HtmlRowTable,
        "prim",
        (
            '<table class="primResponse"><tbody><tr><th class="primResult string">primResult</th>'
            '<td class="primResult string">&lt;b&gt;&amp;"x</td></tr></tbody></table>'
        ),
    ),
    (
        HtmlColumnTable,
        "two",
        (
            '<table class="twoResponse"><thead><tr><th class="twoResult0 twoResponse">twoResult0</th>'
            '<th class="twoResult1 twoResponse">twoResult1</th></tr></thead><tbody><tr><td class="twoResult0 integer">1</td>'
            '<td class="twoResult1 string">x</td></tr></tbody></table>'
        ),
    ),
    (
        HtmlMicroFormat,
        "att",
        (
            '<!DOCTYPE html>\n<div class="attResponse"><div class="attResult"><div class="Att"><div class="id">1</div>'
            '<div class="name">n</div></div><div class="Att"></div></div></div>'
        ),
    ),
    (
        HtmlMicroFormat,
        "sub",
        (
            '<!DOCTYPE html>\n<div class="subResponse"><div class="subResult"><div class="public">x</div>'
            f'<div class="u">{LINK}</div><div class="d">2024-01-02</div><div class="f">true</div><div class="dec">1.50</div></div></div>'
        ),
    ),
    (
        HtmlMicroFormat,
        "ht",
        '<!DOCTYPE html>\n<div class="htResponse"><div class="htResult"><p>x<br>y</p></div></div>',
    ),
]


@pytest.mark.parametrize(("protocol", "name", "expected"), EXACT)
def test_markup_where_it_differs(protocol, name, expected):
    """What is written where 2.14 wrote something else."""
    assert written(protocol(), *RESULTS[name], name) == expected


INNER = [Inner(a=1, b="x")]
OPTIONS = [
    (HtmlRowTable, {"header": False}, '<div><table class="Inner"><tbody><tr><td class="a integer">1</td></tr>'),
    (HtmlRowTable, {"table_name_attr": "id"}, '<div><table id="Inner"><tbody>'),
    (HtmlRowTable, {"table_name_attr": None}, "<div><table><tbody>"),
    (HtmlRowTable, {"row_class": "rc"}, '<div><table class="Inner"><tbody><tr class="rc"><th class="a integer">'),
    (HtmlRowTable, {"field_name_attr": "id"}, '<div><table class="Inner"><tbody><tr><th id="a" class="integer">a</th>'),
    (HtmlRowTable, {"field_name_attr": None}, '<div><table class="Inner"><tbody><tr><th class="integer">a</th>'),
    (HtmlRowTable, {"field_type_name_attr": "data-t"}, '<div><table class="Inner"><tbody><tr><th class="a" data-t="integer">'),
    (HtmlRowTable, {"field_type_name_attr": None}, '<div><table class="Inner"><tbody><tr><th class="a">a</th><td class="a">'),
    (HtmlRowTable, {"cell_class": "cc"}, '<div><table class="Inner"><tbody><tr><th class="a integer">a</th><td class="cc a integer">'),
    (HtmlRowTable, {"header_cell_class": "hc"}, '<div><table class="Inner"><tbody><tr><th class="hc a integer">'),
    (HtmlRowTable, {"table_width": "100%"}, '<div><table class="Inner" width="100%">'),
    (HtmlRowTable, {"doctype": "<!DOCTYPE html>"}, '<!DOCTYPE html>\n<div><table class="Inner">'),
    (HtmlRowTable, {"ignore_wrappers": False}, '<table class="getResponse"><tbody><tr><th class="getResult InnerArray">getResult</th><td class="getResult InnerArray"><div><table class="Inner">'),
    (HtmlColumnTable, {"header": False}, '<table class="Inner"><tbody><tr><td class="a integer">1</td><td class="b string">x</td></tr></tbody>'),
    (HtmlColumnTable, {"table_name": "T"}, '<table class="T"><thead>'),
    (HtmlColumnTable, {"table_class": "tc"}, '<table class="tc Inner"><thead>'),
    (HtmlColumnTable, {"border": 1}, '<table class="Inner" border="1"><thead>'),
    (HtmlColumnTable, {"row_class": "rc"}, '<table class="Inner"><thead><tr><th class="a Inner">a</th><th class="b Inner">b</th></tr></thead><tbody><tr class="rc">'),
    (HtmlMicroFormat, {"root_tag": "section"}, '<!DOCTYPE html>\n<section class="getResponse"><section class="getResult"><section class="Inner"><div class="a">1</div>'),
    (HtmlMicroFormat, {"child_tag": "span"}, '<!DOCTYPE html>\n<div class="getResponse"><div class="getResult"><div class="Inner"><span class="a">1</span>'),
    (HtmlMicroFormat, {"field_name_attr": "id"}, '<!DOCTYPE html>\n<div id="getResponse"><div id="getResult"><div id="Inner"><div id="a">1</div>'),
    (HtmlMicroFormat, {"doctype": None}, '<div class="getResponse">'),
    (HtmlMicroFormat, {"ignore_wrappers": True}, '<!DOCTYPE html>\n<div class="getResponse"><div class="Inner">'),
    (HtmlMicroFormat, {"field_name_tag": "b"}, '<!DOCTYPE html>\n<div class="getResponse"><div class="getResult"><div class="Inner"><div class="a"><b class="field_name">a</b>1</div>'),
]  # fmt: skip


@pytest.mark.parametrize(("protocol", "options", "start"), OPTIONS)
def test_options(protocol, options, start):
    """Each option of the constructors shows where it should."""
    found = written(protocol(**options), Array(Inner), INNER)
    assert found.startswith(start), found


@pytest.mark.parametrize(
    ("protocol", "options"),
    [
        (HtmlMicroFormat, {"root_tag": "a b"}),
        (HtmlMicroFormat, {"child_tag": "<b>"}),
        (HtmlMicroFormat, {"field_name_attr": 'x="y"'}),
        (HtmlRowTable, {"table_name_attr": ""}),
        (HtmlColumnTable, {"field_type_name_attr": "on click"}),
    ],
)
def test_names_that_html_cannot_have_are_refused(protocol, options):
    """A name that would break the markup is refused when the protocol is made."""
    with pytest.raises(DeclarationError, match=next(iter(options))):
        protocol(**options)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_reads_nothing(protocol):
    """An HTML protocol as in_protocol is refused when the application is built, with the fix."""
    with pytest.raises(DeclarationError, match=f"{protocol.__name__} .*out_protocol={protocol.__name__}"):
        Application([service_for(Unicode, str)], "tns", in_protocol=protocol(), out_protocol=JsonDocument())


# --- every kind ---


def texts_of(document):
    """Return all texts and addresses of a document."""
    root = lxml.html.document_fromstring(f"<html><body>{document}</body></html>")
    return [*root.itertext(), *root.xpath("//@href")]


EXPECTED = {
    "text": lambda value: value.replace("\r", "\n"),
    "allowed text": str,
    "integer": str,
    "decimal": lambda value: f"{value:f}",
    "boolean": lambda value: str(value).lower(),
    "date": lambda value: value.isoformat(),
    "uuid": str,
    "uri": str,
    "any xml": lambda value: etree.tostring(value, encoding="unicode"),
    "any dict": lambda value: json.dumps(value, separators=(",", ":")),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind(kind, protocol):
    """A value of every kind is written as valid HTML, alone, as a member and in an array, and with its text."""
    declared = kind.annotated if kind.classic is None else kind.classic
    for value in kind.values:
        if kind.name in CUSTOM:
            value = CUSTOM[kind.name][0](**value)
        holder = ComplexModel.produce("urn:holder", "Holder", [("before", int), ("it", declared), ("after", str)])
        for returns, result in (
            (declared, value),
            (holder, holder(before=1, it=value, after="z")),
            (Array(declared), [value, None]),
        ):
            found = written(protocol(), returns, result)
            assert not LEAKS.search(found.encode())
            texts = texts_of(found)
            if kind.name in EXPECTED and EXPECTED[kind.name](value):
                assert EXPECTED[kind.name](value) in texts


# --- what must not get through ---

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table><script>x</script>",
    "<!--",
    "]]><svg onload=x>",
    "&lt;script&gt;",
    "\x00<script\x00>",
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("text", ATTACKS)
def test_text_is_escaped(text, protocol):
    """No text becomes markup, wherever it stands: values, keys, free content, addresses."""
    holder = ComplexModel.produce(
        "urn:h", "Holder", [("t", Unicode), ("d", AnyDict), ("u", AnyUri), ("i", ImageUri), ("m", dict[str, str])]
    )
    value = holder(t=text, d={text: text}, u=text, i=text, m={text: text})
    found = written(protocol(), Array(holder), [value])
    tags = {element.tag for element in lxml.html.fromstring(found).iter()}
    assert tags <= {"div", "table", "tbody", "thead", "tr", "th", "td", "a", "img", "html", "body"}
    assert not any(name.startswith("on") for e in lxml.html.fromstring(found).iter() for name in e.attrib)
    assert "\x00" not in found


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_names_are_escaped(protocol):
    """Public names with markup in them become neither tags nor attributes."""
    holder = ComplexModel.produce("urn:h", "Holder", [("t", Unicode(sub_name='"><i onclick="x'))])
    found = written(protocol(), holder, holder(t="x"))
    assert lxml.html.fromstring(found).find(".//i") is None


@pytest.mark.parametrize(
    ("uri", "safe"),
    [
        ("http://a/b?c=d#e", True),
        ("HTTPS://a", True),
        ("mailto:a@b.c", True),
        ("ftp://a", True),
        ("/a/b:c", True),
        ("a?b=c:d", True),
        ("#a:b", True),
        ("//a/b", True),
        ("", False),
        ("javascript:alert(1)", False),
        ("JavaScript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("\x01javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False),
        ("file:///etc/passwd", False),
        ("a:b", False),
        ("\u00a0javascript:x", False),
    ],
)
def test_only_safe_addresses_are_links(uri, safe):
    """Addresses of http, https, mailto and ftp and relative ones are links, all others text."""
    assert is_safe_link(uri) is safe
    holder = ComplexModel.produce("urn:h", "Holder", [("u", AnyUri), ("i", ImageUri)])
    root = lxml.html.fromstring(written(HtmlMicroFormat(), holder, holder(u=uri, i=uri)))
    assert (root.find(".//a") is not None) is safe
    assert (root.find(".//img") is not None) is safe


def test_links_show_what_was_declared():
    """The text, class and content of links come from the value, else from the type."""
    holder = ComplexModel.produce(
        "urn:h", "Holder", [("u", AnyUri(text="here", anchor_class="ac")), ("i", ImageUri), ("v", AnyUri)]
    )
    content = lxml.html.fromstring("<b>c</b>")
    value = holder(u="/a", i=AnyUri.Value("/i.png", text='a"b'), v=AnyUri.Value("/v", text="t", content=content))
    found = written(HtmlMicroFormat(), holder, value)
    assert '<a href="/a" class="ac">here</a>' in found
    assert '<img src="/i.png" alt="a&quot;b">' in found
    assert '<a href="/v">t<b>c</b></a>' in found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (lxml.html.fromstring("<p>x<br>y</p>"), "<p>x<br>y</p>"),
        ("<p>x", "<p>x</p>"),
        ("a<b>c</b>d&lt;", "a<b>c</b>d&lt;"),
        ("just & text", "just &amp; text"),
        (b"<i>\xc3\xa7</i>", "<i>ç</i>"),
        ("", ""),
    ],
)
def test_markup_is_embedded(value, expected):
    """The value of an AnyHtml is put into the page as it is, with every element closed."""
    assert written(HtmlRowTable(), AnyHtml, value) == expected


# --- objects ---


class Tree(ComplexModel):
    _type_info = [("value", Unicode), ("left", SelfReference), ("children", Array(SelfReference))]


class Base(ComplexModel):
    _type_info = [("a", Integer)]


class Derived(Base):
    _type_info = [("z", Unicode)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_object_inside_itself(protocol):
    """Trees are written to their leaves; an object inside itself is left out."""
    tree = Tree(
        value="root", left=Tree(value="leaf"), children=[Tree(value="child", children=[Tree(value="grandchild")])]
    )
    found = written(protocol(), Array(Tree), [tree])
    assert {"root", "leaf", "child", "grandchild"} <= {*texts_of(found)}
    tree.left = tree
    assert texts_of(written(protocol(), Tree, tree)).count("root") == 1


def test_polymorphic():
    """Objects are written as what they are, unless that is switched off; rows of one table have the columns of the declared class."""
    values = [Base(a=1), Derived(a=2, z="zz")]
    assert '<table class="Derived">' in written(HtmlRowTable(), Array(Base), values)
    assert "zz" not in written(HtmlRowTable(polymorphic=False), Array(Base), values)
    assert "zz" not in written(HtmlColumnTable(), Array(Base), values)
    assert "zz" in written(HtmlColumnTable(), Base, values[1])
    assert '<div class="z">zz</div>' in written(HtmlMicroFormat(), Array(Base), values)


def test_excluded_members():
    """A member that is hidden from a protocol is in none of its rows and headings."""
    holder = ComplexModel.produce(
        "urn:h", "Holder", [("a", Integer), ("b", Unicode(exc=True)), ("c", Unicode(exc=HtmlRowTable))]
    )
    value = holder(a=1, b="secret", c="other")
    for protocol in PROTOCOLS:
        found = written(protocol(), Array(holder), [value, None])
        assert "secret" not in found
        assert ("other" in found) == (protocol is not HtmlRowTable)


# --- faults ---


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Fault("Client.Bad", "<b>bad</b>", detail={"a": "<b>"}), "400 Bad Request", "Client.Bad"),
        (Fault("Server.Tired", "tired", detail=Inner(a=1, b="<x>")), "500 Internal Server Error", "Server.Tired"),
        (ValueError("secret"), "500 Internal Server Error", "Server"),
    ],
)
def test_faults(protocol, error, status, code, caplog):
    """A fault is a document of the same kind, with its status; nothing else of an exception gets out."""
    caplog.set_level(logging.CRITICAL, "spyne")
    reply = ask(app_for(protocol(), Unicode, fail(error)))
    assert (reply.status, reply.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert code in texts_of(reply.body.decode())
    assert b"secret" not in reply.body
    assert lxml.html.fromstring(reply.body).find(".//b") is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_unknown_method_is_a_fault_in_html(protocol):
    """A request that cannot be served is answered in HTML too."""
    reply = ask(app_for(protocol(), Unicode, str), "other")
    assert reply.status == "404 Not Found"
    assert "Client.ResourceNotFound" in texts_of(reply.body.decode())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_result_that_does_not_fit(protocol, caplog):
    """A result of another type than the declared one is a fault, never half a page."""
    caplog.set_level(logging.CRITICAL, "spyne")
    for returns, value in ((Array(Inner), [Inner(a=1), "x"]), (Inner, 3), (Array(Integer), 5), (Sub, Sub(d="x"))):
        reply = ask(app_for(protocol(), returns, lambda value=value: value))
        assert reply.status == "500 Internal Server Error"
        assert "Internal Error" in texts_of(reply.body.decode())


# --- streaming ---


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_first_bytes_do_not_wait_for_the_second_item(protocol):
    """The first block is sent when the first item is there, the others while the generator runs; closing the reply closes it."""
    recorder = Recorder(100_000)
    reply = serve(protocol(), Iterable(Inner), recorder.items)
    blocks = iter(reply)
    first = next(blocks)
    assert b"text" in first
    assert recorder.asked == 1
    second = next(blocks)
    assert 1 < recorder.asked < 1000
    assert len(second) < 10_000
    reply.close()
    assert recorder.closed


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_generator_is_never_held_as_a_whole(protocol):
    """The memory for many rows is that of a few blocks."""
    recorder = Recorder(20_000)
    tracemalloc.start()
    try:
        size = sum(map(len, serve(protocol(), Iterable(Inner), recorder.items)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 1_000_000
    assert peak < 500_000
    assert recorder.closed


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_error_in_the_middle_ends_the_response(protocol, caplog):
    """An error after the first block breaks the response off; one before it is a fault."""
    caplog.set_level(logging.CRITICAL, "spyne")
    recorder = Recorder(1000, fail_at=500)
    with pytest.raises(ValueError, match="broken"):
        list(serve(protocol(), Iterable(Inner), recorder.items))
    assert recorder.closed
    assert ask(app_for(protocol(), Iterable(Inner), Recorder(1, fail_at=0).items)).status == "500 Internal Server Error"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_bad_item_in_the_middle_closes_the_generator(protocol, caplog):
    """An item that does not fit ends the response, and the generator is closed."""
    caplog.set_level(logging.CRITICAL, "spyne")
    closed = []

    def items():
        try:
            yield Inner(a=1)
            yield "x"
            yield Inner(a=2)
        finally:
            closed.append(True)

    with pytest.raises(TypeError):
        list(serve(protocol(), Iterable(Inner), items))
    assert closed == [True]


def test_listener_sees_the_pieces():
    """The document of a call is an iterator of pieces of markup that a listener may put others in the place of."""
    app = app_for(HtmlRowTable(), Array(Inner), lambda: INNER)

    def frame(ctx):
        ctx.out_document = ["<main>", *ctx.out_document, "</main>"]

    app.event_manager.add_listener("method_return_document", frame)
    found = ask(app).body.decode()
    assert found.startswith('<main><div><table class="Inner">')
    assert found.endswith("</div></main>")


def test_bytes_are_written_as_base64():
    """Bytes are base64, or what the protocol is told."""
    assert "AP8=" in written(HtmlRowTable(), ByteArray, [b"\x00\xff"])
    assert "00ff" in written(HtmlRowTable(binary_encoding="hex"), ByteArray, [b"\x00\xff"])
