"""Csv: tables of every kind of result, formulas that spreadsheets must not run, and rows that are sent while they are made."""

from __future__ import annotations

import csv
import datetime
import io
import logging
import tracemalloc

import pytest
from lxml import etree
from tests.matrix.kinds import CUSTOM, KINDS
from tests.protocol.streamed import Inner, Recorder, app_for, ask, fail, serve, service_for
from tests.protocol.victim import LEAKS

from spyne import (
    AnyDict,
    AnyXml,
    Application,
    Array,
    ByteArray,
    ComplexModel,
    Decimal,
    Double,
    Duration,
    Enum,
    Fault,
    Integer,
    Iterable,
    NullServer,
    SelfReference,
    Unicode,
    XmlAttribute,
    XmlData,
)
from spyne.protocol.csv import Csv
from spyne.protocol.json import JsonDocument
from spyne.schema import DeclarationError

MIME = "text/csv; charset=utf-8; header=present"


class Address(ComplexModel):
    _type_info = [("city", Unicode), ("zip", Unicode(sub_name="code"))]


class Person(ComplexModel):
    _type_info = [("id", XmlAttribute(Integer)), ("name", Unicode), ("address", Address), ("tags", Array(Unicode))]


class Tree(ComplexModel):
    _type_info = [("value", Unicode), ("left", SelfReference)]


class Priced(ComplexModel):
    _type_info = [("amount", XmlData(Decimal)), ("currency", XmlAttribute(Unicode))]


class Hidden(ComplexModel):
    _type_info = [("a", Integer), ("b", Unicode(exc=True)), ("c", Unicode(exc=Csv))]


class Derived(Inner):
    _type_info = [("z", Unicode)]


class Nothing(ComplexModel):
    _type_info = []


def written(returns, value, protocol=None, **options):
    """Return the text of one result."""
    reply = ask(app_for(protocol or Csv(), returns, lambda: value, **options))
    assert (reply.status, reply.headers["Content-Type"].partition(";")[0]) == ("200 OK", "text/csv"), reply.body
    return reply.body.decode()


TABLES = [
    ("objects", Array(Inner), [Inner(a=1, b="x"), Inner(a=-2)], "a,b\r\n1,x\r\n-2,\r\n"),
    ("one object", Inner, Inner(a=1, b="x"), "a,b\r\n1,x\r\n"),
    ("no object", Inner, None, "a,b\r\n"),
    ("empty array", Array(Inner), [], "a,b\r\n"),
    ("no array", Array(Inner), None, "a,b\r\n"),
    ("repeated", Inner.customize(max_occurs="unbounded"), [Inner(a=1)], "a,b\r\n1,\r\n"),
    ("none among objects", Array(Inner), [None, Inner(a=1)], "a,b\r\n,\r\n1,\r\n"),
    (
        "nested",
        Array(Person),
        [Person(id=1, name="n", address=Address(city="c", zip="z"), tags=["p", "q"]), Person(id=2)],
        'id,name,address.city,address.code,tags\r\n1,n,c,z,"[""p"",""q""]"\r\n2,,,,\r\n',
    ),
    ("inside itself", Tree, Tree(value="a", left=Tree(value="b")), 'value,left\r\na,"{""value"":""b""}"\r\n'),
    ("placements", Priced, Priced(amount=1, currency="EUR"), "amount,currency\r\n1,EUR\r\n"),
    ("hidden", Hidden, Hidden(a=1, b="b", c="c"), "a\r\n1\r\n"),
    ("mapping", Inner, {"a": 1, "b": "x"}, "a,b\r\n1,x\r\n"),
    ("sequence", Array(Inner), [(1, "x")], "a,b\r\n1,x\r\n"),
    ("derived", Array(Inner), [Derived(a=1, b="x", z="z")], "a,b\r\n1,x\r\n"),
    ("texts", Array(Unicode), ["a", None, "", "b c"], 'getResult\r\na\r\n""\r\n""\r\nb c\r\n'),
    ("empty text", Inner, Inner(b=""), 'a,b\r\n,""\r\n'),
    ("text", Unicode, "x", "getResult\r\nx\r\n"),
    ("no text", Unicode, None, "getResult\r\n"),
    ("arrays", Array(Array(Integer)), [[1, 2], []], 'getResult\r\n"[1,2]"\r\n[]\r\n'),
    ("map", dict[str, int], {"a": 1}, "key,value\r\na,1\r\n"),
    ("map of objects", dict[str, Inner], {"k": Inner(a=1)}, "key,value.a,value.b\r\nk,1,\r\n"),
    ("free", AnyDict, {"a": ["b"]}, 'getResult\r\n"{""a"":[""b""]}"\r\n'),
    ("xml", AnyXml, etree.fromstring("<a>b</a>"), "getResult\r\n<a>b</a>\r\n"),
    ("bytes", ByteArray, [b"\xfb"], "getResult\r\n+w==\r\n"),
    ("no result", None, None, ""),
    ("quotes", Unicode, 'a"b', 'getResult\r\n"a""b"\r\n'),
    ("separators", Array(Unicode), ["a,b", "a\nb", "a\rb"], 'getResult\r\n"a,b"\r\n"a\nb"\r\n"a\rb"\r\n'),
]


@pytest.mark.parametrize(("returns", "value", "expected"), [row[1:] for row in TABLES], ids=[row[0] for row in TABLES])
def test_tables(returns, value, expected):
    """Each kind of result is the table it should be."""
    assert written(returns, value) == expected


def test_bare_result_has_a_table_too():
    """A bare result is a table; one that is no object is named after the response."""
    assert written(Array(Inner), [Inner(a=1)], _body_style="bare") == "a,b\r\n1,\r\n"
    assert written(Unicode, "x", _body_style="bare") == "getResponse\r\nx\r\n"


@pytest.mark.parametrize(
    ("options", "expected", "mime_type"),
    [
        ({}, 'a,b\r\n1,"x;\'y"""\r\n', MIME),
        ({"header": False}, '1,"x;\'y"""\r\n', "text/csv; charset=utf-8; header=absent"),
        ({"delimiter": ";"}, 'a;b\r\n1;"x;\'y"""\r\n', MIME),
        ({"delimiter": "\t"}, 'a\tb\r\n1\t"x;\'y"""\r\n', MIME),
        ({"quotechar": "'"}, "a,b\r\n1,'x;''y\"'\r\n", MIME),
        ({"lineterminator": "\n"}, 'a,b\n1,"x;\'y"""\n', MIME),
        ({"bom": True}, '\ufeffa,b\r\n1,"x;\'y"""\r\n', MIME),
        ({"mime_type": "text/plain"}, 'a,b\r\n1,"x;\'y"""\r\n', "text/plain"),
    ],
)
def test_options(options, expected, mime_type):
    """Each option does what it says, and the Content-Type says whether the first row has names."""
    reply = ask(app_for(Csv(**options), Array(Inner), lambda: [Inner(a=1, b="x;'y\"")]))
    assert (reply.body.decode(), reply.headers["Content-Type"]) == (expected, mime_type)


@pytest.mark.parametrize(
    "options",
    [
        {"delimiter": ""},
        {"delimiter": "::"},
        {"delimiter": "\n"},
        {"delimiter": None},
        {"quotechar": ""},
        {"quotechar": None},
        {"delimiter": '"'},
        {"lineterminator": ";"},
        {"lineterminator": "\n\r"},
    ],
)
def test_dialects_that_cannot_be_read_back_are_refused(options):
    """A delimiter, quote or line end that makes no table is refused when the protocol is made."""
    with pytest.raises(DeclarationError, match=next(iter(options))):
        Csv(**options)


@pytest.mark.parametrize(
    ("returns", "text"),
    [
        ([Integer, Unicode], "get: Csv writes one table, and this method has 2 results"),
        (Nothing, "getResult: Nothing has no members"),
    ],
)
def test_what_is_no_table_is_refused_when_the_application_is_built(returns, text):
    """Several results and objects without members are refused at start, with the fix."""
    with pytest.raises(DeclarationError, match=text):
        app_for(Csv(), returns, str)


def test_reads_nothing():
    """Csv as in_protocol, alone or beside others, is refused when the application is built, with the fix."""
    for protocols in ({"in_protocol": Csv()}, {"in_protocol": [JsonDocument(), Csv()], "out_protocol": JsonDocument()}):
        with pytest.raises(DeclarationError, match=r"out_protocol only.*in_protocol=HttpRpc\(\), out_protocol=Csv\(\)"):
            Application([service_for(Unicode, str)], "tns", **protocols)


# --- every kind ---


def value_of(kind, value):
    """Return a row's value for the declaration that is used here."""
    return CUSTOM[kind.name][0](**value) if kind.name in CUSTOM else value


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind(kind):
    """A value of every kind is written as a table that the standard library reads, alone, as a member and in an array."""
    declared = kind.annotated if kind.classic is None else kind.classic
    holder = ComplexModel.produce("urn:h", "Holder", [("before", int), ("it", declared), ("after", str)])
    for raw in kind.values:
        value = value_of(kind, raw)
        for returns, result in (
            (declared, value),
            (holder, holder(before=1, it=value, after="z")),
            (Array(declared), [value]),
        ):
            found = written(returns, result)
            assert not LEAKS.search(found.encode())
            names, *rows = csv.reader(io.StringIO(found, newline=""), strict=True)
            assert {len(row) for row in rows} <= {len(names)}
            if returns is holder:
                assert (names[0], names[-1], rows[0][0], rows[0][-1]) == ("before", "after", "1", "z")
            if kind.name in ("text", "short text", "uri", "integer") and returns is declared:
                assert rows == [[str(value)]]


# --- formulas ---


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_is_no_formula(start):
    """Text that a spreadsheet would run gets an apostrophe, wherever text may stand, unless that is switched off."""
    text = f"{start}cmd|' /C calc'!A0"
    holder = ComplexModel.produce(
        "urn:h", "Holder", [("t", Unicode), ("i", Inner), ("d", AnyDict), ("m", dict[str, str]), ("k", Array(Unicode))]
    )
    value = holder(t=text, i=Inner(b=text), d={text: text}, m={text: text}, k=[text])
    _, row = csv.reader(io.StringIO(written(holder, value), newline=""))
    assert row[0] == row[2] == f"'{text}"
    assert all(cell[:1] in ("", "'", "{", "[") for cell in row)
    _, entry = csv.reader(io.StringIO(written(dict[str, str], {text: text}), newline=""))
    assert entry == [f"'{text}"] * 2
    _, plain = csv.reader(io.StringIO(written(holder, value, Csv(escape_formulas=False)), newline=""))
    assert plain[0] == text


def test_numbers_are_no_formulas():
    """Numbers, durations, bytes and enumerations stay as they are, and so does text with such characters elsewhere."""
    values = [
        (Integer, -1, "-1"),
        (Decimal, -1, "-1"),
        (Double, -1.5, "-1.5"),
        (Duration, datetime.timedelta(days=-1), "-P1D"),
        (ByteArray, [b"\xfb"], "+w=="),
        (Enum("-", type_name="Sign"), "-", "-"),
        (Unicode, "a=b", "a=b"),
        (Unicode, "'=b", "'=b"),
    ]
    for declared, value, expected in values:
        assert written(declared, value) == f"getResult\r\n{expected}\r\n"


# --- faults ---


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (Fault("Client.Bad", '=a"b'), "400 Bad Request", 'faultcode,faultstring\r\nClient.Bad,"\'=a""b"\r\n'),
        (
            Fault("Server", "b", "who", detail={"a": "b"}),
            "500 Internal Server Error",
            'faultcode,faultstring,faultactor,detail\r\nServer,b,who,"{""a"":""b""}"\r\n',
        ),
        (
            Fault("Client.X", "b", detail=Inner(a=1)),
            "400 Bad Request",
            'faultcode,faultstring,detail\r\nClient.X,b,"{""a"":1}"\r\n',
        ),
        (ValueError("secret"), "500 Internal Server Error", "faultcode,faultstring\r\nServer,Internal Error\r\n"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"header": False}, {"mime_type": "application/x"}])
def test_faults(error, status, body, options, caplog):
    """A fault is a table with names, under its status and its own Content-Type, whatever results look like."""
    caplog.set_level(logging.CRITICAL, "spyne")
    reply = ask(app_for(Csv(**options), Array(Inner), fail(error)))
    assert (reply.status, reply.headers["Content-Type"], reply.body.decode()) == (status, MIME, body)


def test_unknown_method():
    """A request that cannot be served is answered by a table too."""
    reply = ask(app_for(Csv(), Unicode, str), "other")
    assert (reply.status, reply.body[:46]) == ("404 Not Found", b"faultcode,faultstring\r\nClient.ResourceNotFound")


@pytest.mark.parametrize(
    ("returns", "value"), [(Array(Inner), [Inner(a=1), "x"]), (Array(Inner), 3), (Integer, "x"), (Inner, Inner(a="x"))]
)
def test_result_that_does_not_fit(returns, value, caplog):
    """A result of another type than the declared one is a fault, never half a table."""
    caplog.set_level(logging.CRITICAL, "spyne")
    reply = ask(app_for(Csv(), returns, lambda: value))
    assert reply.status == "500 Internal Server Error"
    assert reply.body == b"faultcode,faultstring\r\nServer,Internal Error\r\n"


# --- streaming ---


@pytest.mark.parametrize("header", [True, False])
def test_first_bytes_do_not_wait_for_the_second_item(header):
    """The first block has the names and the first row; the others come while the generator runs, which ends with the reply."""
    recorder = Recorder(100_000)
    reply = serve(Csv(header=header), Iterable(Inner), recorder.items)
    blocks = iter(reply)
    assert next(blocks) == (b"a,b\r\n" if header else b"") + b"0,text\r\n"
    assert recorder.asked == 1
    assert len(next(blocks)) < 10_000
    assert recorder.asked < 2_000
    reply.close()
    assert recorder.closed


def test_generator_is_never_held_as_a_whole():
    """The memory for many rows is that of a few blocks, and 200,000 of them arrive."""
    recorder = Recorder(200_000)
    blocks = iter(serve(Csv(), Iterable(Inner), recorder.items))
    tracemalloc.start()
    try:
        lines = sum(next(blocks).count(b"\n") for _ in range(20))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert lines > 10_000
    assert peak < 500_000
    assert lines + sum(block.count(b"\n") for block in blocks) == 200_001
    assert recorder.closed


def test_block_size():
    """Blocks can be as small as a row."""
    blocks = list(serve(Csv(block_size=1), Iterable(Inner), Recorder(3).items))
    assert blocks == [b"a,b\r\n0,text\r\n", b"1,text\r\n", b"2,text\r\n"]


def test_empty_generator():
    """A generator without items gives the names only."""
    assert b"".join(serve(Csv(), Iterable(Inner), Recorder(0).items)) == b"a,b\r\n"
    assert b"".join(serve(Csv(header=False), Iterable(Inner), Recorder(0).items)) == b""


def test_list_has_a_length():
    """What is there as a whole is sent as a whole, with its length; what streams has none."""
    assert ask(app_for(Csv(), Array(Inner), lambda: [Inner(a=1)])).headers["Content-Length"] == "9"
    assert "Content-Length" not in ask(app_for(Csv(), Iterable(Inner), Recorder(1).items)).headers


def test_error_in_the_middle_ends_the_response(caplog):
    """An error after the first block breaks the response off; one before it is a fault."""
    caplog.set_level(logging.CRITICAL, "spyne")
    recorder = Recorder(1000, fail_at=500)
    with pytest.raises(ValueError, match="broken"):
        list(serve(Csv(), Iterable(Inner), recorder.items))
    assert recorder.closed
    assert ask(app_for(Csv(), Iterable(Inner), Recorder(1, fail_at=0).items)).status == "500 Internal Server Error"


def test_bad_item_in_the_middle_closes_the_generator(caplog):
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
        list(serve(Csv(), Iterable(Inner), items))
    assert closed == [True]


# --- without HTTP ---


def test_over_the_null_server():
    """Other transports get the same bytes; faults are bytes as well."""
    server = NullServer(app_for(Csv(), Iterable(Inner), Recorder(1).items), ostr=True)
    assert b"".join(server.service.get()) == b"a,b\r\n0,text\r\n"
    server = NullServer(app_for(Csv(), Unicode, fail(Fault("Client.A", "b"))), ostr=True)
    assert b"".join(server.service.get()) == b"faultcode,faultstring\r\nClient.A,b\r\n"


def test_listener_sees_rows():
    """The document of a call is an iterator of rows that a listener may put others in the place of."""
    app = app_for(Csv(), Array(Inner), lambda: [Inner(a=1, b="x")])

    def add(ctx):
        ctx.out_document = [*ctx.out_document, ["total", None]]

    app.event_manager.add_listener("method_return_document", add)
    assert ask(app).body == b"a,b\r\n1,x\r\ntotal,\r\n"


def test_accepted_beside_json():
    """One address answers in CSV those who ask for it, and their faults too."""
    app = Application(
        [service_for(Array(Inner), lambda: [Inner(a=1)])],
        "tns",
        in_protocol=JsonDocument(),
        out_protocol=[JsonDocument(), Csv()],
    )
    for name, body in (("get", b"a,b\r\n1,\r\n"), ("other", b"faultcode,faultstring\r\n")):
        reply = ask(app, name, HTTP_ACCEPT="text/csv")
        assert reply.headers["Content-Type"] == MIME
        assert reply.body.startswith(body)
