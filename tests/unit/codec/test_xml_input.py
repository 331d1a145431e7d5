"""Bytes to a safe tree: every attack class that concerns parsing, and nothing lost on ordinary documents."""

from __future__ import annotations

import gc
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from spyne.codec import xml_input
from spyne.codec.xml_input import ParserOptions, XmlError, XmlReader, parse, to_utf8
from spyne.limits import DEFAULT_LIMITS, LimitExceeded, Limits, check_body

XML = "<?xml version='1.0' encoding='{}'?>"
LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "' + b"&b;" * 50 + b'"><!ENTITY d "' + b"&c;" * 50 + b'">]><a>&d;</a>'
)
QUADRATIC = b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 100_000 + b'">]><a>' + b"&b;" * 50_000 + b"</a>"

FORBIDDEN = {
    "A1 file entity": (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "DOCTYPE"),
    "A2 http entity": (b'<!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1:9/">]><a>&b;</a>', "DOCTYPE"),
    "A3 parameter entity": (b'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:9/"> %b;]><a/>', "DOCTYPE"),
    "A3 external subset": (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>', "DOCTYPE"),
    "A4 billion laughs": (LAUGHS, "DOCTYPE"),
    "A5 quadratic blow-up": (QUADRATIC, "DOCTYPE"),
    "A6 recursive entity": (b'<!DOCTYPE a [<!ENTITY b "&c;"><!ENTITY c "&b;">]><a>&b;</a>', "DOCTYPE"),
    "A7 entity in attribute": (b'<!DOCTYPE a [<!ENTITY b "c"><!ATTLIST a d CDATA "&b;">]><a/>', "DOCTYPE"),
    "A8 default attributes": (b'<!DOCTYPE a [<!ATTLIST a d CDATA "e">]><a/>', "DOCTYPE"),
    "A9 DOCTYPE only": (b"<!DOCTYPE a><a/>", "DOCTYPE"),
    "A9 after comment and PI": (b"<?xml version='1.0'?><!-- <a> --><?b <c> ?> <!DOCTYPE a><a/>", "DOCTYPE"),
    "A9 after two marks": (b"\xef\xbb\xbf\xef\xbb\xbf<!DOCTYPE a><a/>", "DOCTYPE"),
    "A9 lower case": (b"<!doctype a><a/>", "line 1"),
    "A4 undefined entity": (b"<a>&b;</a>", "Entity 'b' not defined"),
    "A12 stylesheet": (b"<?xml-stylesheet href='http://127.0.0.1:9/'?><a/>", "processing instructions"),
    "A12 PI inside": (b"<a>ad<?b?>min</a>", "processing instructions"),
    "A12 PI at the end": (b"<a/><?b?>", "processing instructions"),
    "A13 UTF-16": ("\ufeff<!DOCTYPE a><a/>".encode("utf-16-le"), "DOCTYPE"),
    "A13 UTF-16 without mark": ((XML.format("utf-16") + "<!DOCTYPE a><a/>").encode("utf-16-be"), "DOCTYPE"),
    "A13 UTF-7": (b"<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE a+AD4-<a/>", "encoding 'UTF-7'"),
    "A13 UTF-32": ("\ufeff<!DOCTYPE a><a/>".encode("utf-32-le"), "encoding UTF-32"),
    "A13 EBCDIC": ((XML.format("cp037") + "<!DOCTYPE a><a/>").encode("cp037"), "encoding EBCDIC"),
    "A13 IBM code page": (b"<?xml version='1.0' encoding='cp037'?><a/>", "encoding 'cp037'"),
    "A13 made-up": (b"<?xml version='1.0' encoding='x-y'?><a/>", "encoding 'x-y'"),
    "A13 not text at all": (b"<?xml version='1.0' encoding='zlib'?><a/>", "encoding 'zlib'"),
    "A13 wrong bytes": (b"<a>\xff</a>", "Invalid bytes"),
    "A13 half a character": (b"\xff\xfe<\0a", "not valid UTF-16"),
    "A13 odd length": (b"\xff\xfe<\0a\0/\0>", "not valid UTF-16"),
    "empty": (b"", "empty"),
    "NUL": (b"<a>\0</a>", "Char 0x0"),
    "NUL first": (b"\0", "line 1"),
    "open": (b"<a>", "Premature end"),
    "two roots": (b"<a/><b/>", "Extra content"),
    "late declaration": (b" <?xml version='1.0'?><a/>", "start of the document|processing instr"),
    "unbound prefix": (b"<x:a/>", "prefix x on a is not defined"),
    "control character": (b"<a>&#1;</a>", "xmlChar value 1"),
}


@pytest.mark.parametrize(("data", "message"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_forbidden(data, message):
    """What is malformed or not allowed is an XmlError that says so, without file names or line feeds."""
    with pytest.raises(XmlError, match=message) as caught:
        parse(data, limits=DEFAULT_LIMITS)
    text = str(caught.value)
    assert "<string>" not in text
    assert text.isprintable()
    assert len(text) < 300


def _many(count: int, template: str) -> bytes:
    return b"<r>" + "".join(template.format(i) for i in range(count)).encode() + b"</r>"


def _attributes(count: int, template: str = ' a{}="1"') -> bytes:
    return b"<r" + "".join(template.format(i) for i in range(count)).encode() + b"/>"


MEBI = 1024 * 1024
LIMITED = {
    "B15 body": (b"<a>" + b" " * 10 * MEBI + b"</a>", "body", 10 * MEBI),
    "B16 depth 10^5": (b"<a>" * 100_000 + b"</a>" * 100_000, "depth", 64),
    "B16 depth 65": (b"<a>" * 65 + b"</a>" * 65, "depth", 64),
    "B16 depth 65 among others": (
        _many(2000, "<b/>").replace(b"</r>", b"<a>" * 64 + b"</a>" * 64 + b"</r>"),
        "depth",
        64,
    ),
    "B16 depth 257": (b"<a>" * 257 + b"</a>" * 257, "depth", 64),
    "B17 10^6 siblings": (_many(1_000_000, "<b/>"), "children", 50_000),
    "B17 50,001 siblings": (_many(50_001, "<b/>"), "children", 50_000),
    "B17 inside": (
        b"<a>" + _many(100, "<b/>") + _many(50_001, "<c/>") + _many(90, "<d/>") + b"</a>",
        "children",
        50_000,
    ),
    "B17 with children": (_many(50_001, "<b><c/><c/></b>"), "children", 50_000),
    "B17 elements": (b"<a>" + _many(40_000, "<b/>") * 26 + b"</a>", "elements", 1_000_000),
    "B18 10^5 attributes": (_attributes(100_000), "attributes", 256),
    "B18 257 attributes": (_attributes(257), "attributes", 256),
    "B18 shortest": (
        b"<r" + b"".join(b" %c%c=''" % (97 + i // 17, 97 + i % 17) for i in range(257)) + b"/>",
        "attributes",
        256,
    ),
    "B18 end after value": (_many(1, "<b" + "".join(f" a{i}='>'" for i in range(257)) + "/>"), "attributes", 256),
    "B18 CDATA before": (b"<r><![CDATA[<a ']]>" + _attributes(257) + b"</r>", "attributes", 256),
    "B19 10^5 namespaces": (_attributes(100_000, ' xmlns:a{0}="urn:{0}"'), "attributes", 256),
    "B19 per level": (
        b"<r>" + b"".join(_attributes(300, ' xmlns:a{0}="urn:{0}"')[:-2] + b">" for _ in range(60)) + b"</r>" * 61,
        "attributes",
        256,
    ),
    "B20 10 MB attribute": (b"<a b='" + b"x" * (10 * MEBI - 100) + b"'/>", "attribute_size", 64 * 1024),
    "B20 64 KiB + 1": (b"<a b='" + b"x" * (64 * 1024 + 1) + b"'/>", "attribute_size", 64 * 1024),
    "B20 namespace": (b"<a xmlns='" + b"x" * (64 * 1024 + 1) + b"'/>", "attribute_size", 64 * 1024),
    "B21 name 1 MB": (b"<" + b"a" * MEBI + b"/>", "name_length", 1024),
    "B21 name 1025": (b"<" + b"a" * 1025 + b"/>", "name_length", 1024),
    "B21 attribute name": (b"<a " + b"a" * 1025 + b"='1'/>", "name_length", 1024),
    "B21 prefix": (b"<a xmlns:" + b"a" * 1025 + b"='1'/>", "name_length", 1024),
    "B22 unique names": (_many(49_000, "<b{0}/>"), "unique_names", 10_000),
    "B22 spread": (_many(24_000, "<b{0}/><c/>"), "unique_names", 10_000),
    "B22 attributes": (_many(20_000, '<b a{0}="1"/>'), "unique_names", 10_000),
    "B23 text": (b"<a>" + b"x" * (8 * MEBI + 1) + b"</a>", "text_size", 8 * MEBI),
    "B23 text over libxml2's limit": (b"<a>" + b"x" * 10_000_001 + b"</a>", "text_size", 8 * MEBI),
    "B23 tail": (b"<a><b/>" + b"x" * (8 * MEBI + 1) + b"</a>", "text_size", 8 * MEBI),
    "B24 CDATA": (b"<a>" + (b"<![CDATA[" + b"x" * MEBI + b"]]>") * 9 + b"</a>", "text_size", 8 * MEBI),
    "B24 comments between": (b"<a>" + (b"x" * MEBI + b"<!---->") * 9 + b"</a>", "text_size", 8 * MEBI),
    "B24 comment over libxml2's limit": (b"<!--" + b"x" * 10_000_001 + b"--><a/>", "text_size", 8 * MEBI),
}


@pytest.mark.parametrize(("data", "limit", "maximum"), LIMITED.values(), ids=LIMITED)
def test_limits(data, limit, maximum):
    """Every limit is named by the error that it causes, with what it allowed."""
    with pytest.raises(LimitExceeded, match=f"limit {limit}={maximum}") as caught:
        parse(data, limits=DEFAULT_LIMITS)
    assert (caught.value.limit, caught.value.maximum) == (limit, maximum)


ACCEPTED = {
    "A10 XInclude is content": b'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="file:///etc/passwd" parse="text"/></a>',
    "A11 schemaLocation is content": b'<a xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="a http://127.0.0.1:9/"/>',
    "DOCTYPE in CDATA": b"<a><![CDATA[<!DOCTYPE a>]]></a>",
    "PI in CDATA": b"<a><![CDATA[<?b?>]]></a>",
    "question in text": b"<a>why? &amp; why not!</a>",
    "long comment": b"<a><!-- " + b"<b " * 3000 + b" x" * 3000 + b"--></a>",
    "depth 64": b"<a>" * 64 + b"</a>" * 64,
    "50,000 children": _many(50_000, "<b/>"),
    "children of many": b"<a>" + _many(40_000, "<b><c/></b>") * 3 + b"</a>",
    "256 attributes": _attributes(256),
    "attribute of 64 KiB": b"<a b='" + b">" * (64 * 1024) + b"'/>",
    "name of 1024": b"<" + b"a" * 1024 + b"/>",
    "long text with equals": b"<a>" + b" a='1'" * 2000 + b"</a>",
    "10,000 names": _many(9_998, "<b{}>some text to make it longer</b{}>".replace("{}", "{0}")),
    "B24 comment storm": b"<a>" + b"<!---->" * 100_000 + b"</a>",
    "B24 CDATA storm": b"<a>" + b"<![CDATA[x]]>" * 100_000 + b"</a>",
    "B25 char refs": b"<a>" + b"&#65;" * 500_000 + b"</a>",
    "B26 colliding ids": _many(2000, '<b xml:id="i{0}"/>'),
    "text of 8 MiB": b"<a>" + b"x" * 8 * MEBI + b"</a>",
}


@pytest.mark.parametrize("data", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(data):
    """What is within the limits gives the tree of plain lxml, comments left out."""
    plain = etree.XMLParser(resolve_entities=False, remove_comments=True)
    assert etree.tostring(parse(data, limits=DEFAULT_LIMITS)) == etree.tostring(etree.fromstring(data, plain))


WHOLE = {
    "B24 comment": (b"<a>adm<!---->in</a>", "admin"),
    "two comments": (b"<a>a<!-- b --><!-- c -->d</a>", "ad"),
    "CDATA": (b"<a>a<![CDATA[<b>]]>c</a>", "a<b>c"),
    "PI": (b"<a>adm<?x y?>in</a>", "admin"),
    "reference": (b"<a>&#97;dmin&amp;</a>", "admin&"),
}


@pytest.mark.parametrize(("data", "text"), WHOLE.values(), ids=WHOLE)
def test_texts_stay_whole(data, text):
    """Comments, CDATA and ignored processing instructions do not cut a value."""
    root = parse(data, limits=DEFAULT_LIMITS, allow_pi=True)
    assert (root.text, len(root)) == (text, 0)


ENCODED = {
    "declared Latin-1": ((XML.format("ISO-8859-1") + "<a>é</a>").encode("latin-1"), None, "é"),
    "declared windows-1252": ((XML.format("windows-1252") + "<a>€</a>").encode("cp1252"), None, "€"),
    "declared Shift_JIS": ((XML.format("Shift_JIS") + "<a>日本</a>").encode("shift_jis"), None, "日本"),
    "declared GB18030": ((XML.format("gb18030") + "<a>中文</a>").encode("gb18030"), None, "中文"),
    "UTF-16 LE with mark": ("\ufeff<a>é</a>".encode("utf-16-le"), None, "é"),
    "UTF-16 BE with mark": ("\ufeff<a>é</a>".encode("utf-16-be"), None, "é"),
    "UTF-16 declared": ((XML.format("UTF-16") + "<a>é</a>").encode("utf-16-le"), None, "é"),
    "UTF-8 mark": (b"\xef\xbb\xbf<a>\xc3\xa9</a>", None, "é"),
    "charset beats declaration": ((XML.format("utf-8") + "<a>é</a>").encode("latin-1"), "iso-8859-1", "é"),
    "charset utf-8 beats declaration": ((XML.format("ISO-8859-1") + "<a>é</a>").encode(), "utf-8", "é"),
    "charset without declaration": ("<a>é</a>".encode("cp1252"), "windows-1252", "é"),
    "charset utf-16": ("<a>é</a>".encode("utf-16-be"), "utf-16", "é"),
    "mark beats charset": (b"\xef\xbb\xbf<a>\xc3\xa9</a>", "iso-8859-1", "é"),
    "mark beats declaration": (b"\xef\xbb\xbf" + (XML.format("latin-1") + "<a>é</a>").encode(), None, "é"),
    "ASCII": ((XML.format("us-ascii") + "<a>e</a>").encode(), None, "e"),
}


@pytest.mark.parametrize(("data", "charset", "text"), ENCODED.values(), ids=ENCODED)
def test_encodings(data, charset, text):
    """Byte order mark, then charset, then declaration, then UTF-8 (RFC 7303 §3)."""
    assert parse(data, limits=DEFAULT_LIMITS, charset=charset).text == text


@pytest.mark.parametrize("charset", ["utf-7", "", "é", "a" * 100, "rot13", "../x", "utf-8\0", "idna"])
def test_unknown_charset(charset):
    """A charset that is not on the list is refused, whatever Python would do with it."""
    with pytest.raises(XmlError, match="is not supported"):
        to_utf8(b"<a/>", charset)


def test_bytes_outside_of_the_encoding():
    """Bytes that the declared encoding does not have are refused, not replaced."""
    with pytest.raises(XmlError, match="not valid ASCII"):
        to_utf8(b"<a>\xe9</a>", "us-ascii")


def test_body_limit_counts_after_conversion():
    """A document that grows past the limit when it becomes UTF-8 is refused as well."""
    with pytest.raises(LimitExceeded, match="body=100"):
        parse("<a>{}</a>".format("é" * 60).encode("latin-1"), limits=Limits(body=100), charset="latin-1")


def test_error_position():
    """Line and column are kept."""
    with pytest.raises(XmlError) as caught:
        parse(b"<a>\n  <b></a>", limits=DEFAULT_LIMITS)
    assert caught.value.line == 2
    assert "line 2, column" in str(caught.value)


NO_LIMITS = Limits(**dict.fromkeys(Limits.__struct_fields__))


def test_no_limits():
    """None switches each limit off; libxml2's own stay on until they are lifted too, and are then named."""
    deep = b"<a>" * 300 + b"</a>" * 300
    with pytest.raises(LimitExceeded, match="depth=256"):
        parse(deep, limits=NO_LIMITS)
    assert parse(deep, limits=NO_LIMITS, options=ParserOptions(huge_tree=True)).tag == "a"
    with pytest.raises(LimitExceeded, match="depth=2048"):
        parse(b"<a>" * 3000, limits=NO_LIMITS, options=ParserOptions(huge_tree=True))
    assert (
        parse(b"<a>" * 2000 + b"</a>" * 2000, limits=Limits(depth=2000), options=ParserOptions(huge_tree=True))
        is not None
    )
    with pytest.raises(LimitExceeded, match="depth=290"):
        parse(deep, limits=Limits(depth=290), options=ParserOptions(huge_tree=True))
    for data, limit, _ in LIMITED.values():
        if limit not in {"body", "depth", "text_size", "attribute_size", "name_length"}:
            assert parse(data, limits=NO_LIMITS) is not None


SMALL = {
    "depth": (Limits(depth=1), b"<a/>" + b" " * 9, b"<a><b/></a>  "),
    "elements": (Limits(elements=2), b"<a><b/></a>", b"<a><b/><b/></a>"),
    "children": (Limits(children=1), b"<a><b/></a>", b"<a><b/><b/></a>"),
    "children 0": (Limits(children=0), b"<a/>", b"<a><b/></a>"),
    "attributes": (Limits(attributes=1), b"<a b='1'/>", b"<a b='1' c='2'/>"),
    "attribute_size": (Limits(attribute_size=3), b"<a b='123'/>", b"<a b='1234'/>"),
    "text_size": (Limits(text_size=5), b"<a>12345</a>", b"<a>123456</a>"),
    "text_size split": (Limits(text_size=5), b"<a>12<!---->345</a>", b"<a>123<!---->456</a>"),
    "name_length": (Limits(name_length=3), b"<abc/>", b"<abcd/>"),
    "unique_names": (Limits(unique_names=2), b"<a><b/><b/></a>", b"<a><b/><c/></a>"),
    "body": (Limits(body=4), b"<a/>", b"<ab/>"),
}


@pytest.mark.parametrize(("limits", "good", "bad"), SMALL.values(), ids=SMALL)
def test_small_limits(limits, good, bad):
    """Each limit allows exactly its number."""
    assert parse(good, limits=limits) is not None
    with pytest.raises(LimitExceeded):
        parse(bad, limits=limits)


def test_check_body():
    """A transport may refuse by the announced length, before it reads."""
    check_body(10 * MEBI, DEFAULT_LIMITS)
    check_body(10**12, Limits(body=None))
    with pytest.raises(LimitExceeded, match="body"):
        check_body(10 * MEBI + 1, DEFAULT_LIMITS)


def test_names_are_forgotten(monkeypatch):
    """After so many bytes a thread gets new parsers with a new dictionary of names; trees made before stay usable."""
    monkeypatch.setattr(xml_input, "DICTIONARY_BYTES", 2000)
    reader = XmlReader(DEFAULT_LIMITS)
    made: list[int] = []
    monkeypatch.setattr(xml_input, "_make_parser", lambda *a, make=xml_input._make_parser: made.append(1) or make(*a))
    schema = etree.XMLSchema(
        etree.fromstring(
            '<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema"><s:element name="r"><s:complexType><s:sequence>'
            '<s:element name="b" maxOccurs="unbounded"/></s:sequence></s:complexType></s:element></s:schema>'
        )
    )

    def drive() -> None:
        trees = [reader.parse(b"<r><b>%d</b><n%d/></r>" % (i, i) + b" " * 100) for i in range(200)]
        gc.collect()
        for i, tree in enumerate(trees):
            assert [e.tag for e in tree] == ["b", f"n{i}"]
            assert tree.find("b").text == str(i)
        trees[0].extend(child for tree in trees[1:] for child in list(tree.iter("b")))
        trees[0].remove(trees[0][1])
        assert schema.validate(trees[0])

    drive()
    threads = [threading.Thread(target=drive) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) >= 4 * 5


def test_user_default_parser_survives():
    """Dropping the names of a thread leaves the default parser that the user has set there."""
    mine = etree.XMLParser(remove_comments=True)
    found: list[object] = []

    def drive() -> None:
        etree.set_default_parser(mine)
        xml_input._drop_names()
        found.append(etree.get_default_parser())

    thread = threading.Thread(target=drive)
    thread.start()
    thread.join()
    assert found == [mine]


VALID = [
    b"<?xml version='1.0' encoding='utf-8'?><a b='1' xmlns:c='urn:c'><c:d>x<!-- y -->z</c:d><![CDATA[<e>]]>&amp;&#65;</a>",
    (XML.format("utf-16") + "<a>é</a>").encode("utf-16"),
    b'<?xml version="1.0" encoding="UTF-8"?><s:E xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:B><a>1</a></s:B></s:E>',
    b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;<?d e?></a>",
]
TIGHT = Limits(
    body=300,
    depth=3,
    elements=5,
    children=2,
    attributes=2,
    attribute_size=9,
    text_size=9,
    name_length=5,
    unique_names=4,
)
PIECES = st.sampled_from(
    [
        b"<",
        b">",
        b"</a>",
        b"<a>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?x",
        b"?>",
        b"&",
        b";",
        b"\0",
        b'"',
        b"'",
        b" b='",
        b"\xff",
        b"<!DOCTYPE",
        b"\xef\xbb\xbf",
    ]
)


@st.composite
def mutated(draw):
    """A valid document with a few pieces put in, or cut out."""
    data = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(PIECES | st.binary(max_size=3)) + data[at + draw(st.integers(0, 5)) :]
    return data


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=80) | mutated(),
    st.sampled_from([DEFAULT_LIMITS, TIGHT]),
    st.none() | st.sampled_from(["utf-8", "latin-1", "utf-16", "euc-jp", "x"]) | st.text(max_size=5),
    st.booleans(),
)
def test_nothing_else_is_raised(data, limits, charset, allow_pi):
    """Whatever arrives gives a tree or one of the two errors; no tree comes with a DTD."""
    try:
        root = parse(data, limits=limits, charset=charset, allow_pi=allow_pi)
    except (XmlError, LimitExceeded):
        pass
    else:
        assert root.getroottree().docinfo.internalDTD is None
        assert not root.xpath("//processing-instruction() | //comment()")


_name = st.text("abcXYZ_", min_size=1, max_size=4)
_text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=12
)


def _element(children):
    return st.tuples(_name, st.dictionaries(_name, _text, max_size=3), _text, children, _text)


def _build(spec):
    name, attributes, text, children, tail = spec
    element = etree.Element(name, attributes)
    element.text, element.tail = text, tail
    element.extend(_build(child) for child in children)
    return element


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(_element(st.just([])), lambda inner: _element(st.lists(inner, max_size=3)), max_leaves=8),
    st.sampled_from(["utf-8", "utf-16", "ascii", "gb18030"]),
)
def test_same_tree_as_plain_lxml(spec, encoding):
    """On ordinary documents, in any encoding, names, attributes and texts are lxml's own."""
    built = _build(spec)
    built.tail = None
    data = etree.tostring(built, encoding=encoding, xml_declaration=True)
    expected = etree.tostring(etree.fromstring(data), method="c14n")
    assert etree.tostring(parse(data, limits=DEFAULT_LIMITS), method="c14n") == expected
