"""Arguments that are read while they arrive: item by item, under limits, refused where and when something is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial

import httpx
import pytest
import uvicorn

from spyne import Application, ComplexModel, DeclarationError, Fault, Integer, Iterable, Service, Unicode, rpc, srpc
from spyne.auxproc.sync import SyncAuxProc
from spyne.limits import Limits
from spyne.protocol.json import JsonDocument, JsonRpc
from spyne.protocol.msgpack import MessagePackDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.xml import XmlDocument
from spyne.protocol.yaml import YamlDocument
from spyne.server.asgi import AsgiApplication
from spyne.server.null import NullServer
from spyne.server.wsgi import WsgiApplication

SEEN: list[tuple[str, object]] = []


@pytest.fixture(autouse=True)
def _forget():
    SEEN.clear()


class Row(ComplexModel):
    __namespace__ = "t"

    id: int
    qty: int
    note: str | None = None
    rows: list[Row] | None = None


class Upload(Service):
    @rpc
    def upload(ctx, name: str, rows: Iterator[Row]) -> str:
        total = 0
        for count, row in enumerate(rows, 1):
            SEEN.append(("item", row.id))
            total += row.qty
            assert count
        SEEN.append(("end", total))
        return f"{name} {total}"

    @rpc
    async def aupload(ctx, name: str, rows: AsyncIterator[Row]) -> str:
        total = 0
        try:
            async for row in rows:
                SEEN.append(("item", row.id))
                total += row.qty
        except Fault as error:
            SEEN.append(("error", error.faultstring))
            raise
        SEEN.append(("end", total))
        return f"{name} {total}"

    @rpc
    async def spool(ctx, rows: Iterator[Row]) -> int:
        return sum(row.qty for row in rows)

    @rpc
    def first(ctx, name: str, rows: Iterator[Row]) -> int:
        return next(rows).id

    @rpc
    def keep(ctx, name: str, rows: Iterator[Row]) -> str:
        try:
            return str(sum(row.qty for row in rows))
        except Fault as error:
            SEEN.append(("error", error.faultstring))
            raise

    @rpc
    def echo(ctx, name: str, rows: Iterator[Row]) -> Iterator[Row]:
        yield from rows

    @rpc
    def numbers(ctx, values: Iterator[int]) -> int:
        return sum(values)

    @rpc
    def words(ctx, values: Iterator[str]) -> str:
        return "|".join(values)

    @rpc
    def plain(ctx, rows: list[Row]) -> int:
        return len(rows)

    @srpc(Iterable(Integer), _returns=Unicode)
    def classic(values):
        return type(values).__name__


ENVELOPES = {
    "soap11": "http://schemas.xmlsoap.org/soap/envelope/",
    "soap12": "http://www.w3.org/2003/05/soap-envelope",
}
PROTOCOLS = {"soap11": Soap11, "soap12": Soap12, "xml": XmlDocument, "json": JsonDocument}
TYPES = {"soap11": "text/xml", "soap12": "application/soap+xml", "xml": "text/xml", "json": "application/json"}
XML = [kind for kind in PROTOCOLS if kind != "json"]


def row(kind, number, qty=1, inside=""):
    """One item."""
    if kind == "json":
        return json.dumps({"id": number, "qty": qty})[:-1] + inside + "}"
    return f"<t:Row><t:id>{number}</t:id><t:qty>{qty}</t:qty>{inside}</t:Row>"


def around(kind, method="upload", more=""):
    """What stands before the items, between them, and after them."""
    if kind == "json":
        return f'{{"{method}": {{"name": "x", "rows": [', ", ", f"]{more}}}}}"
    call = f'<t:{method} xmlns:t="t"><t:name>x</t:name><t:rows>', f"</t:rows>{more}</t:{method}>"
    if kind == "xml":
        return call[0], "", call[1]
    return (
        f'<e:Envelope xmlns:e="{ENVELOPES[kind]}"><e:Header/><e:Body>{call[0]}',
        "",
        f"{call[1]}</e:Body></e:Envelope>",
    )


def document(kind, *items, method="upload", more=""):
    """A whole request."""
    before, between, after = around(kind, method, more)
    return (before + between.join(items) + after).encode()


class Input:
    """A ``wsgi.input`` that gives its blocks one by one, and notes when."""

    def __init__(self, blocks):
        self.blocks = iter(blocks)
        self.count = 0
        self.left = b""

    def read(self, size):
        if not self.left:
            self.left = next(self.blocks, b"")
            SEEN.append(("block", self.count))
            self.count += 1
        block, self.left = self.left[:size], self.left[size:]
        return block


def serve(kind, limits=None, **options):
    """An application that reads one protocol."""
    protocol = PROTOCOLS[kind]
    options = {"validator": "soft", **options}
    return WsgiApplication(
        Application([Upload], "t", in_protocol=protocol(**options), out_protocol=protocol(), limits=limits or Limits())
    )


def post(application, kind, blocks, **environ):
    """The status and the body of the answer."""
    source = Input([blocks] if isinstance(blocks, bytes) else blocks)
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": TYPES.get(kind, kind),
        "wsgi.input": source,
        "wsgi.input_terminated": True,
        **environ,
    }
    reply = application(environ, lambda status, headers: None)
    body = b"".join(reply).decode(errors="replace")
    reply.close()
    return reply.status[:3], body


def said(body):
    """The code and the text of a fault."""
    if body.startswith("{"):
        fault = json.loads(body)
        return fault["faultcode"], fault["faultstring"]
    code = re.search(r"<(?:faultcode|soap12env:Subcode><soap12env:Value[^>]*)>([^<]*)<", body)
    text = re.search(r"<(?:faultstring|soap12env:Text[^>]*)>([^<]*)<", body)
    assert code, body
    assert text, body
    name = code[1].partition(":")[2] or code[1]
    return "Client." * ("soap12env" in body) + name, text[1].replace("&gt;", ">").replace("&lt;", "<")


def chopped(data, size):
    """The bytes in blocks of one size."""
    return [data[at : at + size] for at in range(0, len(data), size)]


# --- what arrives ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_an_item_is_there_before_the_next_block_is_read(kind):
    """Each block that ends with an item gives that item to the method before the next block is asked for."""
    before, between, after = around(kind)
    items = [row(kind, number) for number in range(4)]
    blocks = [(before if number == 0 else between) + item for number, item in enumerate(items)]
    status, body = post(serve(kind), kind, [block.encode() for block in (*blocks, after)])
    assert (status, "x 4" in body) == ("200", True)
    expected = [each for number in range(4) for each in (("block", number), ("item", number))]
    assert [*expected, ("block", 4), ("block", 5), ("end", 4)] == SEEN


@pytest.mark.parametrize("size", [1, 3, 17, 100_000])
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_blocks_may_end_anywhere(kind, size):
    """The same items come out, however the document is cut."""
    data = document(kind, *(row(kind, number, number) for number in range(20)))
    for text in (data, b"  \n" * (kind == "json") + data + b"\n"):
        assert "x 190" in post(serve(kind), kind, chopped(text, size))[1]


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_absent_and_empty(kind):
    """An empty stream has no items; an absent one has none either, unless soft validation wants the argument."""
    empty = document(kind)
    absent = re.sub(rb', "rows": \[\]|<t:rows></t:rows>', b"", empty)
    nothing = re.sub(rb'"rows": \[\]', b'"rows": null', empty).replace(
        b"<t:rows>", b'<t:rows xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true">'
    )
    lenient = serve(kind, validator=None)
    for data in (empty, absent, nothing):
        assert "x 0" in post(lenient, kind, data)[1]
    assert "x 0" in post(serve(kind), kind, empty)[1]
    assert said(post(serve(kind), kind, absent)[1])[1] == "rows: is required (min_occurs=1)"
    assert "rows: must not be" in said(post(serve(kind), kind, nothing)[1])[1]


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_the_other_methods_of_the_application(kind):
    """A method without a stream is served as ever; `Iterable(T)` of the classic style is a list."""
    name = re.compile(rb'"name": "x", |<t:name>x</t:name>')
    data = name.sub(b"", document(kind, row(kind, 1), row(kind, 2), method="plain"))
    assert post(serve(kind), kind, chopped(data, 9))[0] == "200"
    assert "Client" in said(post(serve(kind), kind, chopped(document(kind, method="nowhere"), 9))[1])[0]
    empty = name.sub(b"", document(kind, method="classic")).replace(b"rows", b"values")
    assert "list" in post(serve(kind), kind, chopped(empty, 9))[1]


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_simple_items(kind):
    """Items may be simple values."""
    if kind == "json":
        data = b'{"numbers": {"values": [1, 2,3 , 40]}}'
        texts = b'{"words": {"values": ["a]", "b\\"[", "", "{"]}}'
    else:
        name = re.compile(rb"<t:name>x</t:name>")
        body = "".join(f"<t:integer>{number}</t:integer>" for number in (1, 2, 3, 40))
        texts = name.sub(b"", document(kind, "<t:string>a]</t:string>", '<t:string>b"[</t:string>', "<t:string/>"))
        texts = texts.replace(b"upload", b"words").replace(b"t:rows", b"t:values")
        data = name.sub(b"", document(kind, body, method="numbers")).replace(b"t:rows", b"t:values")
    for size in (1, 7, 1000):
        assert "46" in post(serve(kind), kind, chopped(data, size))[1]
        assert re.search(r'a]\|b\\?"\[\|', post(serve(kind), kind, chopped(texts, size))[1].replace("&quot;", '"'))


@pytest.mark.parametrize("kind", XML)
def test_lenient_names(kind):
    """As elsewhere, the name of the stream counts in any namespace, and items may have any name."""
    data = document(kind, row(kind, 1), row(kind, 2)).replace(b"t:rows", b"rows").replace(b"t:Row", b"other")
    assert "x 2" in post(serve(kind), kind, chopped(data, 11))[1]


@pytest.mark.parametrize("size", [13, 100_000])
def test_deep_items_in_json(size):
    """Items that nest deeper than the scanner's expression are found bracket by bracket."""
    inside = '{"id": 0, "qty": 1, "note": "]}\\\\", "rows": [' * 12 + "]}" * 12
    data = document("json", *(row("json", number, 1, f', "rows": [{inside}]') for number in range(3)))
    assert post(serve("json"), "json", chopped(data, size)) == ("200", '"x 3"')


@pytest.mark.parametrize("kind", ["soap11", "xml"])
def test_other_encodings_are_read_as_a_whole(kind):
    """A document that is not UTF-8 is decoded first; the method sees no difference."""
    data = document(kind, row(kind, 1, 1, "<t:note>é</t:note>")).decode().encode("utf-16")
    assert "x 1" in post(serve(kind), kind, chopped(data, 20))[1]
    data = b"\xef\xbb\xbf" + document(kind, row(kind, 1))
    assert "x 1" in post(serve(kind), kind, chopped(data, 2))[1]


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_a_method_may_stop_early(kind):
    """What a method does not ask for is not read."""
    before, between, after = around(kind, "first")
    blocks = [before + row(kind, 7), *(between + row(kind, number) for number in range(50)), after]
    assert "7" in post(serve(kind), kind, [block.encode() for block in blocks])[1]
    assert SEEN == [("block", 0)]


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_items_in_and_out(kind):
    """A generator may answer item by item while the request comes."""
    data = document(kind, *(row(kind, number) for number in range(500)), method="echo")
    status, body = post(serve(kind), kind, chopped(data, 1000))
    assert status == "200"
    assert len(re.findall(r'"id":\d|<[^/<>]*id>', body)) == 500


@pytest.mark.parametrize("kind", ["soap11", "json"])
def test_coroutines_over_wsgi(kind):
    """An asynchronous method gets an asynchronous iterator there too."""
    data = document(kind, row(kind, 1), row(kind, 2), method="aupload")
    assert "x 2" in post(serve(kind), kind, chopped(data, 30))[1]


def test_a_fixed_length():
    """With a Content-Length no more is read than that, and a body that is shorter is refused."""
    data = document("json", row("json", 1))
    length = {"CONTENT_LENGTH": str(len(data))}
    assert post(serve("json"), "json", [data, b"more"], **length)[1] == '"x 1"'
    status, body = post(serve("json"), "json", [data[:-1]], **length)
    assert (status, said(body)[1]) == ("400", "the request's body is shorter than its Content-Length")


@pytest.mark.parametrize(
    ("protocol", "pack"),
    [
        (MessagePackDocument, lambda value: __import__("msgpack").packb(value)),
        (YamlDocument, lambda value: json.dumps(value).encode()),
        (JsonRpc, lambda value: b'{"jsonrpc": "2.0", "id": 1, "method": "%s", "params": %s}' % parts(value)),
    ],
)
def test_protocols_that_do_not_stream(protocol, pack):
    """They read the request as a whole, and the method gets iterators of the same kinds."""
    application = WsgiApplication(Application([Upload], "t", in_protocol=protocol(), out_protocol=protocol()))
    for method in ("upload", "aupload", "first"):
        value = {method: {"name": "x", "rows": [{"id": 7, "qty": 7}]}}
        body = post(application, protocol.mime_type, pack(value))[1]
        assert "7" in body or body == "\x07"
        assert "fault" not in body


def parts(value):
    ((method, arguments),) = value.items()
    return method.encode(), json.dumps(arguments).encode()


def test_calls_in_this_process():
    """NullServer hands over what it was given as an iterator, and writes it as an array on the wire."""
    application = Application([Upload], "t", in_protocol=Soap11(), out_protocol=Soap11())
    rows = [Row(id=1, qty=2), Row(id=2, qty=3)]
    for server in (NullServer(application), NullServer(application, wire=True)):
        for given in (rows, iter(rows), (each for each in rows)):
            assert server.service.upload("x", given) == "x 5"
        assert server.service.aupload("x", rows) == "x 5"


# --- what is refused ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [50, 100_000])
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_an_invalid_item_names_its_place(kind, size):
    """The items before it are handed over, and the fault says which one is wrong and why."""
    items = [row(kind, number, "many" if number == 5 else 1) for number in range(9)]
    code, text = said(post(serve(kind), kind, chopped(document(kind, *items), size))[1])
    assert code == "Client.ValidationError"
    assert text.startswith("rows[5]/qty: the value 'many' is not an integer")
    assert [what for what in SEEN if what[0] == "item"] == [("item", number) for number in range(5)]


LATE = {
    "cut off": lambda kind, data: data[:-3],
    "cut in an item": lambda kind, data: data[: data.rindex(b"qty")],
    "garbage after it": lambda kind, data: data + b"x",
    "a second document": lambda kind, data: data + data,
    "arguments after it": lambda kind, data: data.replace(
        b'], "z"' if kind == "json" else b"</t:rows>", b"</t:rows><t:name>y</t:name>"
    ),
}


@pytest.mark.parametrize("size", [11, 100_000])
@pytest.mark.parametrize("case", LATE)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_a_mistake_behind_the_items(kind, case, size):
    """The method gets the items, then the fault in place of the end."""
    more = ', "name": "y"' if kind == "json" and case == "arguments after it" else ""
    data = LATE[case](kind, document(kind, *(row(kind, number) for number in range(3)), method="keep", more=more))
    status, body = post(serve(kind), kind, chopped(data, size))
    assert status in ("400", "500")
    assert said(body)[0].startswith("Client."), body
    assert size > 11 or SEEN[-1][0] == "error"


SOAP = {
    "a second Body": lambda data: data.replace(b"</e:Body>", b"</e:Body><e:Body/>"),
    "a Header behind it": lambda data: data.replace(b"</e:Body>", b"</e:Body><e:Header/>"),
    "a second stream": lambda data: data.replace(b"</t:rows>", b"</t:rows><t:rows/>"),
    "a processing instruction": lambda data: data.replace(b"</t:rows>", b"<?a b?></t:rows>"),
    "an entity": lambda data: data.replace(b"</t:rows>", b"&a;</t:rows>"),
    "a late DOCTYPE": lambda data: data.replace(b"</t:rows>", b"<!DOCTYPE a></t:rows>"),
    "a DOCTYPE behind it": lambda data: data + b"<!DOCTYPE a [<!ENTITY a 'b'>]>",
}


@pytest.mark.parametrize("size", [7, 100_000])
@pytest.mark.parametrize("case", SOAP)
def test_a_mistake_in_the_envelope(case, size):
    """What makes an envelope invalid is found in one that is streamed too."""
    data = SOAP[case](document("soap11", row("soap11", 1), method="keep"))
    status, body = post(serve("soap11"), "soap11", chopped(data, size))
    assert status == "500"
    assert said(body)[0] in ("Client.SoapError", "Client.XMLSyntaxError", "Client.ValidationError")
    assert size > 11 or SEEN[-1][0] == "error"


@pytest.mark.parametrize("size", [1, 9, 100_000])
@pytest.mark.parametrize("kind", XML)
def test_a_doctype_is_refused_before_anything_is_parsed(kind, size):
    """However the blocks are cut, and whatever stands before it."""
    bomb = b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    for start in (b"", b"<?xml version='1.0'?>", b"<!-- <a> -->\n", b"\xef\xbb\xbf"):
        data = start + bomb + document(kind, row(kind, 1, 1, "<t:note>&b;</t:note>"))
        _status, body = post(serve(kind), kind, chopped(data, size))
        assert "DOCTYPE" in said(body)[1]
        assert not [what for what, _ in SEEN if what == "item"]


JSON = {
    "a comma too many": ("[1,]", "expected an item"),
    "no comma": ("[1 2]", "expected ',' or ']'"),
    "two commas": ("[1,,2]", "expected an item"),
    "another bracket": ("[1}", "expected ',' or ']'"),
    "no array": ("7", "is not an array"),
    "a bad item": ("[1, tru]", "values[1] is not well-formed JSON"),
    "half a pair": ('["\\ud800"]', "half of a surrogate pair"),
    "a null": ('[1, "a"]', "values[1]: the value 'a' is not an integer"),
}


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("case", JSON)
def test_malformed_json(case, size):
    """Each mistake is a fault that says what was expected."""
    values, message = JSON[case]
    data = b'{"numbers": {"values": %s}}' % values.encode()
    status, body = post(serve("json"), "json", chopped(data, size))
    assert (status, message in said(body)[1]) == ("400", True), body


def test_duplicate_keys_in_json():
    """`duplicate_keys="refuse"` holds for the items and for what comes before them."""
    strict = serve("json", duplicate_keys="refuse")
    twice = document("json", row("json", 1), row("json", 2, 1, ', "id": 3'))
    assert "twice" in said(post(strict, "json", twice)[1])[1]
    assert "twice" in said(post(strict, "json", twice.replace(b'"name": "x"', b'"name": "x", "name": "y"'))[1])[1]
    assert post(serve("json"), "json", twice)[1] == '"x 2"'


# --- limits ---------------------------------------------------------------------------------------------------------------------


def endless(kind, item):
    before, between, _ = around(kind)
    yield before.encode()
    yield item.encode()
    while True:
        yield (between + item).encode() * 50


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_an_endless_stream_meets_the_limit_of_the_body(kind):
    """`limits.body` counts all bytes of a stream; the fault is raised where the method reads."""
    _status, body = post(serve(kind, Limits(body=100_000)), kind, endless(kind, row(kind, 1)))
    assert said(body) == ("Client.RequestTooLong", "the request is larger than the limit body=100000 bytes")
    assert len(SEEN) > 1000


def never_ending(kind, inside):
    before, _, _ = around(kind)
    yield before.encode()
    yield (row(kind, 1, 1, "").rpartition("}" if kind == "json" else "</t:Row>")[0]).encode()
    yield b', "note": "' if kind == "json" else b"<t:note>"
    while True:
        yield inside * 1000


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_an_endless_item_meets_its_own_limit(kind):
    """An item that does not end is refused long before the body's limit."""
    limits = Limits(body=None, stream_item=200_000, text_size=None)
    for inside in (b"abcdefgh", b"</t:note><t:note>ab" if kind != "json" else b'a\\"[{'):
        _status, body = post(serve(kind, limits), kind, never_ending(kind, inside))
        code, text = said(body)
        assert (code, "stream_item=200000" in text) == ("Client.RequestTooLong", True)


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_an_endless_beginning_meets_the_same_limit(kind):
    """So is what comes before the stream, once the method is known."""
    start = around(kind)[0].replace("<t:rows>", "").replace('"x", "rows": [', '"').replace("x</t:name>", "").encode()

    def blocks():
        yield start
        while True:
            yield b"abcdefgh" * 1000

    _status, body = post(serve(kind, Limits(body=None, stream_item=100_000)), kind, blocks())
    assert "stream_item=100000" in said(body)[1]


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_the_limits_of_elements_hold_within_an_item(kind):
    """The number of items is not limited by `children` and `elements`, that of an item's own parts is."""
    limits = Limits(children=20, elements=50)
    many = document(kind, *(row(kind, number) for number in range(300)))
    assert "x 300" in post(serve(kind, limits), kind, chopped(many, 1000))[1]
    if kind != "json":
        wide = row(kind, 1, 1, "<t:other/>" * 30)
        assert "children=20" in said(post(serve(kind, limits), kind, document(kind, row(kind, 0), wide))[1])[1]
        deep = row(kind, 1, 1, ("<t:a>" + "<t:b/>" * 9 + "</t:a>") * 6)
        assert "elements=50" in said(post(serve(kind, limits), kind, document(kind, row(kind, 0), deep))[1])[1]


def nested(kind, levels):
    if kind == "json":
        return row(kind, 1, 1, ', "rows": [{"id": 1, "qty": 1' * levels + "}]" * levels)
    inner = "<t:rows><t:Row><t:id>1</t:id><t:qty>1</t:qty>" * levels
    return row(kind, 1, 1, inner + "</t:Row></t:rows>" * levels)


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_a_deep_item(kind):
    """`limits.depth` counts what is around the items, too."""
    limits = Limits(depth=16)
    assert post(serve(kind, limits), kind, document(kind, nested(kind, 4)))[0] == "200"
    for levels in (9, 40, 120, 3000):
        data = document(kind, row(kind, 0), nested(kind, levels))
        _status, body = post(serve(kind, limits), kind, chopped(data, 5000))
        assert said(body)[0] in ("Client.RequestTooLong", "Client.ValidationError", "Client.JsonDecodeError"), body
        assert "de" in said(body)[1]


TAGS = {
    "name_length": lambda: "<t:" + "n" * 2000 + "/>",
    "attributes": lambda: "<t:a " + " ".join(f'a{number}=""' for number in range(300)) + "/>",
    "attribute_size": lambda: f'<t:a a="{"b" * 70_000}"/>',
    "text_size": lambda: f"<t:note>{'b' * 200_000}</t:note>",
}


@pytest.mark.parametrize("size", [999, 1_000_000])
@pytest.mark.parametrize("limit", TAGS)
def test_the_limits_of_tags_and_texts(limit, size):
    """Names, attributes and texts in items have the same limits as elsewhere."""
    data = document("xml", row("xml", 0), row("xml", 1, 1, TAGS[limit]()), row("xml", 2))
    _status, body = post(serve("xml", Limits(text_size=100_000)), "xml", chopped(data, size))
    assert said(body)[0] == "Client.RequestTooLong"
    assert f"{limit}=" in said(body)[1]


def test_a_stream_of_new_names():
    """`limits.unique_names` holds over all of a stream, though no item has many."""

    def blocks():
        yield around("xml")[0].encode()
        for start in range(0, 2_000_000, 200):
            names = range(start, start + 200)
            yield "".join(row("xml", 1, 1, f"<t:n{number}/>") for number in names).encode()

    assert "unique_names=10000" in said(post(serve("xml", Limits(body=None)), "xml", blocks())[1])[1]


def test_numbers_in_json():
    """A number that is too long is refused before it is parsed."""
    data = b'{"numbers": {"values": [1, %s]}}' % (b"9" * 2000)
    assert "number_text=1024" in said(post(serve("json"), "json", data)[1])[1]


MEASURE = """
import sys
sys.path[:0] = sys.argv[2:]
from spyne.limits import Limits
from test_streaming_in import around, document, post, row, serve
from pathlib import Path
kind, rows = sys.argv[1], 200_000
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
application = serve(kind, Limits(body=None))
assert "x 9" in post(application, kind, document(kind, *(row(kind, 1) for _ in range(9))))[1]
most = idle = resident()
def blocks():
    global most
    before, between, after = around(kind)
    yield before.encode()
    for start in range(0, rows, 500):
        text = between.join(row(kind, number) for number in range(start, start + 500))
        yield ((between if start else "") + text).encode()
        most = max(most, resident())
    yield after.encode()
import test_streaming_in
class Nothing(list):
    def append(self, value):
        pass
test_streaming_in.SEEN = Nothing()
assert f"x {rows}" in post(application, kind, blocks())[1]
print(most - idle)
"""


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_memory_is_flat(kind):
    """200,000 rows take no more than a few megabytes."""
    from pathlib import Path

    import spyne

    places = [str(Path(__file__).parent), str(Path(spyne.__file__).parent.parent)]
    command = [sys.executable, "-c", MEASURE, kind, *places]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) < 8_000_000


# --- declarations ---------------------------------------------------------------------------------------------------------------


def build(declare, protocol=Soap11, **options):
    return Application([declare()], "t", in_protocol=protocol(**options), out_protocol=protocol())


def not_last():
    class First(Service):
        @rpc
        def call(ctx, rows: Iterator[int], name: str) -> int:
            return 1

    return First


def bare():
    class Bare(Service):
        @rpc(_body_style="bare")
        def call(ctx, rows: Iterator[int]) -> int:
            return 1

    return Bare


def fine():
    class Fine(Service):
        @rpc
        def call(ctx, rows: Iterator[int]) -> int:
            return 1

    return Fine


@pytest.mark.parametrize(
    ("declare", "options", "message"),
    [
        (not_last, {}, "call: 'rows' is an iterator and not the last parameter; move it to the end"),
        (bare, {}, "call: the argument of a bare method cannot be an iterator"),
        (
            fine,
            {"validator": "lxml"},
            "call.rows: a stream cannot be checked against the whole schema; use validator='soft'",
        ),
    ],
)
def test_declarations_that_cannot_work(declare, options, message):
    """They are refused when the application is built, with the fix."""
    with pytest.raises(DeclarationError, match=re.escape(message)):
        build(declare, **options)


def test_auxiliary_methods_need_the_whole_request():
    """A method with a stream has no auxiliary methods."""

    class Beside(Service):
        __aux__ = SyncAuxProc()

        @rpc
        def call(ctx, rows: list[int]) -> None:
            pass

    with pytest.raises(DeclarationError, match="an auxiliary method needs the request"):
        Application([fine(), Beside], "t", in_protocol=Soap11(), out_protocol=Soap11())


def test_the_descriptor_names_the_stream():
    """`stream_in` is the parameter, and only protocols that need it get blocks."""
    application = Application([Upload], "t", in_protocol=Soap11(), out_protocol=Soap11())
    known = {call.operation_name: (call.stream_in, call.stream_in_async) for call in application.interface.calls}
    assert known["upload"] == ("rows", False)
    assert known["aupload"] == ("rows", True)
    assert known["plain"] == (None, False)
    assert application.in_protocol.streams_in
    assert not application.out_protocol.streams_in


# --- ASGI -----------------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(kind, **options):
    """The application under uvicorn on a free port; the address."""
    protocol = PROTOCOLS[kind]
    application = Application([Upload], "t", in_protocol=protocol(validator="soft"), out_protocol=protocol())
    config = uvicorn.Config(
        AsgiApplication(application, **options), port=0, log_level="error", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def until(condition):
    """Wait for something to happen."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def slowly(kind, method, count=4, stop_after=None):
    """A request whose next item is sent when the method has had the one before."""
    before, between, after = around(kind, method)
    for number in range(count):
        yield ((before if number == 0 else between) + row(kind, number)).encode()
        until(lambda number=number: ("item", number) in SEEN)
        SEEN.append(("sent", number))
        if number == stop_after:
            raise ConnectionResetError("the client goes away")
    yield after.encode()


@pytest.mark.parametrize("method", ["upload", "aupload"])
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_asgi_gives_items_while_the_request_is_being_sent(kind, method):
    """The client sends an item only when the method, in a thread or on the loop, has seen the one before."""
    with running(kind) as url:
        reply = httpx.post(url, content=slowly(kind, method), headers={"Content-Type": TYPES[kind]})
    assert reply.status_code == 200
    assert "x 4" in reply.text
    assert [each for number in range(4) for each in (("item", number), ("sent", number))] + [("end", 4)] == SEEN


@pytest.mark.parametrize("options", [{}, {"inline": True}])
@pytest.mark.parametrize("kind", ["soap11", "json"])
def test_asgi_where_nobody_may_wait(kind, options):
    """A method that would block the loop gets its items from a file, when all have come."""
    spool = re.sub(rb'"name": "x", |<t:name>x</t:name>', b"", document(kind, *[row(kind, 1)] * 900, method="spool"))
    with running(kind, **options) as url, httpx.Client(base_url=url, headers={"Content-Type": TYPES[kind]}) as client:
        assert "900" in client.post("/", content=iter(chopped(spool, 1000))).text
        assert "x 3" in client.post("/", content=document(kind, *[row(kind, 1)] * 3)).text
        plain = spool.replace(b"spool", b"plain")
        assert "900" in client.post("/", content=iter(chopped(plain, 1000))).text


@pytest.mark.parametrize("method", ["keep", "aupload"])
@pytest.mark.parametrize("kind", ["soap11", "json"])
def test_asgi_when_the_client_goes_away(kind, method):
    """The iteration ends with a fault, and the server goes on."""
    with running(kind) as url:
        blocks = (block for block in cut_short(kind, method))
        with contextlib.suppress(ConnectionResetError):
            httpx.post(url, content=blocks, headers={"Content-Type": TYPES[kind]})
        until(lambda: any(what == "error" for what, _ in SEEN))
        assert ("error", "the client hung up before the end of the request") in SEEN
        whole = document(kind, row(kind, 5))
        assert "x 1" in httpx.post(url, content=whole, headers={"Content-Type": TYPES[kind]}).text


def cut_short(kind, method):
    before, between, _ = around(kind, method)
    yield (before + row(kind, 0) + between).encode()
    yield row(kind, 1).encode()
    raise ConnectionResetError("the client goes away")


@pytest.mark.parametrize("method", ["keep", "aupload"])
def test_asgi_when_no_more_comes(method):
    """`body_timeout` is for each block; a client that stops sending is told so."""

    async def call():
        sent = iter((around("json", method)[0].encode(),))
        waiting = asyncio.Event()
        answers = []

        async def receive():
            block = next(sent, None)
            if block is None:
                await waiting.wait()
            return {"type": "http.request", "body": block, "more_body": True}

        async def send(message):
            answers.append(message)

        application = AsgiApplication(
            Application([Upload], "t", in_protocol=JsonDocument(), out_protocol=JsonDocument()), body_timeout=0.05
        )
        scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}
        await application(scope, receive, send)
        application.close()
        return answers

    answers = asyncio.run(call())
    assert answers[0]["status"] == 400
    assert b"no more of the request's body came within 0.05 s" in answers[1]["body"]
    assert SEEN[-1][0] == "error"


def test_asgi_shuts_down_while_a_thread_waits():
    """A cancelled call lets its thread go, so that the server can end."""

    async def call():
        sent = iter((around("json", "keep")[0].encode(),))

        async def receive():
            block = next(sent, None)
            if block is None:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": block, "more_body": True}

        async def send(message):
            raise AssertionError(message)

        application = AsgiApplication(
            Application([Upload], "t", in_protocol=JsonDocument(), out_protocol=JsonDocument())
        )
        scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}
        task = asyncio.create_task(application(scope, receive, send))
        while application._pool is None:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(application.close)

    asyncio.run(asyncio.wait_for(call(), 20))
    assert SEEN == [("error", "the call was cancelled before the end of the request")]


@pytest.mark.parametrize("kind", ["soap11", "json"])
def test_asgi_checks_what_is_sent(kind):
    """An invalid item, and a mistake in the end, are answered by faults."""
    with running(kind) as url:
        send = partial(httpx.post, url, headers={"Content-Type": TYPES[kind]})
        for method in ("upload", "aupload"):
            items = [row(kind, 0), row(kind, 1, "many"), row(kind, 2)]
            bad = document(kind, *items, method=method)
            assert "rows[1]/qty" in send(content=iter(chopped(bad, 40))).text
            good = document(kind, row(kind, 0), method=method)
            assert "Client." in send(content=iter(chopped(good[:-1], 40))).text
            assert "x 1" in send(content=good).text


def test_bytes_in_memory_stay_a_list():
    """A transport that has the whole request gives a list, and nothing is parsed twice."""
    application = Application([Upload], "t", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    server = NullServer(application)
    context = server.make_context()
    context.in_string = [document("json", row("json", 1), row("json", 2))]
    server.generate_contexts(context)
    server.get_in_object(context)
    server.get_out_object(context)
    server.get_out_string(context)
    assert (context.in_stream, b"".join(context.out_string)) == (None, b'"x 2"')
