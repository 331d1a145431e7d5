"""Bad requests to HttpRpc: the client's fault in two lines, the right status, nothing leaked, nothing left."""

from __future__ import annotations

import logging
import re
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protocol.http_calls import FORM, FORM_DATA, TNS, call, form, part, served
from tests.protocol.mutation import hostile
from tests.protocol.victim import LEAKS, MEMBERS

from spyne import Array, ComplexModel, File, Integer, SelfReference, Service, Unicode, rpc
from spyne.limits import Limits
from spyne.protocol.http import HttpPattern


class Tree(ComplexModel):
    __namespace__ = TNS
    name = Unicode
    child = SelfReference
    children = Array(SelfReference)


class Cookies(ComplexModel):
    __namespace__ = TNS
    session = Integer


class Victim(Service):
    __in_header__ = Cookies

    @rpc(*MEMBERS.values(), _args=list(MEMBERS), _returns=Unicode)
    def take(ctx, *given):
        return "taken"

    @rpc(Tree, Array(Integer), Array(File), Unicode, _returns=Unicode)
    def grow(ctx, tree, numbers, files, text):
        return "grown"

    @rpc(Unicode, Integer, _returns=Unicode, _pattern=HttpPattern("/items/<text>/<number>", verb="GET"))
    def item(ctx, text, number):
        return "found"


FIELDS = b"&".join(b"a=%d" % (number % 10) for number in range(1_000_000))


ATTACKS = {
    "a million fields": ({"query": FIELDS.decode()}, 413, "fields=1000"),
    "a million fields in a form": ({"body": FIELDS, "content_type": FORM}, 413, "fields=1000"),
    "fields in both": (
        {"query": "a&" * 600, "body": b"a&" * 600, "content_type": FORM},
        413,
        "fields=1000",
    ),
    "a million names": ({"query": "&".join(map(str, range(1001)))}, 413, "fields=1000"),
    "a long name": ({"query": "a" * 5000}, 413, "name_length=1024"),
    "a high index": ({"query": "numbers[999999999]=x"}, 413, "array_index=50000"),
    "a higher index": ({"query": f"numbers[{'9' * 900}]=x"}, 413, "array_index=50000"),
    "deep names": ({"query": "tree." + "child." * 100 + "name=a"}, 400, "is nested deeper than max_depth=64"),
    "deep indices": ({"query": "tree" + ".children[0]" * 80 + ".name=a"}, 400, "is nested deeper than max_depth=64"),
    "deep indices of numbers": ({"query": "numbers" + "[0]" * 300 + "=1"}, 200, ""),
    "an index that is none": ({"query": "numbers[x]=1"}, 400, "has an index that is not a number"),
    "no number": ({"query": "numbers=1_000&numbers=%D9%A1"}, 400, "is not an integer"),
    "a long number": ({"query": "numbers=" + "1" * 5000}, 400, "numbers[0]"),
    "no UTF-8": ({"query": "text=%FF"}, 400, "not text in the charset"),
    "no UTF-8, raw": ({"query": "text=\u00ff"}, 400, "not text in the charset"),
    "half of a pair": ({"query": "text=%ED%A0%80"}, 400, "not text in the charset"),
    "an unknown charset": (
        {"body": b"text=a", "content_type": f"{FORM}; charset=x-what"},
        400,
        "not text in the charset",
    ),
    "a charset that is none": (
        {"body": b"text=a", "content_type": f"{FORM}; charset=base64"},
        400,
        "not text in the charset",
    ),
    "another media type": ({"body": b"{}", "content_type": "application/json"}, 415, "'application/json' is not read"),
    "text as a body": ({"body": b"<a/>", "content_type": "text/plain"}, 415, "'text/plain' is not read"),
    "another multipart": (
        {"body": form(b"\r\n"), "content_type": FORM_DATA.replace("form-data", "mixed")},
        415,
        "is not read",
    ),
    "no boundary": ({"body": form(), "content_type": "multipart/form-data"}, 400, "no boundary"),
    "two boundaries": ({"body": form(), "content_type": f"{FORM_DATA}; boundary=b"}, 400, "a parameter twice"),
    "a long boundary": (
        {"body": form(), "content_type": f"multipart/form-data; boundary={'b' * 10_000}"},
        400,
        "the boundary of a multipart message",
    ),
    "cut off": ({"body": form(part("files", b"x" * 600_000, "a"), end=False)}, 400, "ends before its last boundary"),
    "files": ({"body": form(*[part("files", b"", "a")] * 100_000)}, 413, "parts=50"),
    "fields as parts": ({"body": form(*[part("text", b"")] * 1001)}, 413, "fields=1000"),
    "headers of a part": ({"body": form(b"A: b\r\n" * 100_000 + b"\r\n")}, 413, "part_headers=64"),
    "a header of a part": ({"body": form(b"A: " + b"b" * 9_000_000)}, 413, "part_header_size=4096"),
    "a part without a name": ({"body": form(part(None, b"x"))}, 400, "a part of the form has no name"),
    "a part of another charset": ({"body": form(part("text", b"\xff"))}, 400, "not text in the charset"),
    "a part of parts": (
        {
            "body": form(
                part("text", form(part("text", b"1"), boundary="inner"), None, "multipart/mixed; boundary=inner")
            )
        },
        200,
        "",
    ),
    "a body beyond the limit": ({"body": b"text=" + b"a" * 11_000_000, "content_type": FORM}, 413, "the limit body="),
    "parts beyond the limit": ({"body": form(part("files", b"a" * 11_000_000, "a"))}, 413, "the limit body="),
    "a bad cookie": ({"HTTP_COOKIE": "session=x"}, 400, "session: the value 'x' is not an integer"),
    "many cookies": ({"HTTP_COOKIE": "session=x; " * 10_000}, 400, "session: the value 'x' is not an integer"),
    "no such method": ({"path": "/__class__"}, 404, "__class__"),
    "a path that does not end": ({"path": "/" + "a/" * 100_000}, 404, ""),
    "another verb": ({"path": "/items/a/1", "method": "POST"}, 405, "POST is not allowed here"),
    "an unknown verb": ({"method": "BREW"}, 405, "BREW"),
    "a long verb": ({"method": "X" * 5000}, 405, "there is no method"),
    "lines in a value": ({"query": "numbers=1%0D%0AX-Bad:%201"}, 400, r"1\u000d\u000aX-Bad: 1"),
}


def request(path="/grow", query="", method=None, body=b"", content_type=None, **environ):
    """Return the arguments of a call; a body goes with POST."""
    return (
        path,
        query,
        method or ("POST" if body else "GET"),
        body,
        content_type or (FORM_DATA if body else None),
        environ,
    )


@pytest.mark.parametrize(("sent", "status", "text"), ATTACKS.values(), ids=ATTACKS)
def test_attack(sent, status, text, tmp_path, caplog):
    """A bad request gets its status and a fault that says why; the log has one short line, and the next request is served."""
    application = served(Victim, tmp_dir=str(tmp_path))
    *arguments, environ = request(**sent)
    with caplog.at_level(logging.INFO):
        caplog.clear()
        reply = call(application, *arguments, **environ)
    assert (reply.status, text in reply.text if status != 200 else True) == (status, True), reply.body[:500]
    assert not LEAKS.search(reply.body)
    assert len(reply.body) < 1000
    assert not list(tmp_path.iterdir())
    if status != 200:
        assert reply.code.startswith("Client.")
        (line,) = [record.getMessage() for record in caplog.records]
        assert len(line) < 300
        assert line.isprintable()
    assert call(application, "/grow", "text=a").body == b"grown"


def test_limits_are_the_applications():
    """The limits are those of the application."""
    application = served(Victim, limits=Limits(fields=2, name_length=8, array_index=3, parts=1))
    for sent, named in [
        ({"query": "a&b&c"}, "fields=2"),
        ({"query": "a" * 9}, "name_length=8"),
        ({"query": "numbers[4]=1"}, "name_length=8"),
        ({"body": form(*[part("files", b"", "a")] * 2)}, "parts=1"),
    ]:
        *arguments, _ = request(**sent)
        reply = call(application, *arguments)
        assert (reply.status, named in reply.text) == (413, True), reply.body


def test_many_errors_are_cut():
    """Of many errors some are told."""
    reply = call(served(Victim), "/grow", "&".join("numbers=x" for _ in range(900)))
    assert reply.status == 400
    assert len(re.findall("is not an integer", reply.text)) == 32


# --- whatever comes ---

VALUES = {
    "text": "a",
    "integer": "1",
    "byte": "-128",
    "decimal": "1.5",
    "money": "1.25",
    "double": "1e5",
    "flag": "true",
    "day": "2020-01-02",
    "clock": "10:11:12",
    "moment": "2020-01-02T03:04:05Z",
    "span": "P1DT2H",
    "blob": "YWI=",
    "hexa": "00ff",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "colour": "red",
    "short": "abc",
    "slow": "aab",
    "numbers": "1",
    "numbers[1]": "2",
    "free.a.b[0]": "c",
    "markup": "<a>b</a>",
}
QUERY = "&".join(f"{name}={quote(value)}" for name, value in VALUES.items()).encode()
TREE = b"tree.name=a&tree.child.name=b&tree.children[0].name=c&tree.children[1].child=empty&numbers=1&numbers=2&text=%C3%A9"
PARTS = form(
    part("text", b"a"),
    part("files", b"\x00\xff", "a.bin", "application/octet-stream"),
    part("files", b"more", "b.txt", "text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"),
    part("tree.child.name", b"b"),
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
QUOTED = re.compile(rb"(?<=[ (])'[^'\n]*'")
"""What a client sent and gets back in quotes: it may look like anything."""
STATUSES = {200, 400, 404, 405, 413, 415}


def check(application, tmp_path, *arguments, **environ):
    """Send a request; the answer is a result or a fault of the client, and no file stays."""
    reply = call(application, *arguments, **environ)
    assert reply.status in STATUSES, reply
    if reply.status != 200:
        assert reply.code.startswith("Client."), reply.body
        assert not LEAKS.search(QUOTED.sub(b"''", reply.body)), reply.body
        reply.body.decode()
    assert not list(tmp_path.iterdir())


@pytest.fixture
def application(tmp_path):
    """The victim, with temporary files in a directory of its own."""
    return served(Victim, tmp_dir=str(tmp_path))


def test_the_messages_to_be_mutated_are_good(application):
    """What the mutations start from is served."""
    assert call(application, "/take", QUERY.decode()).body == b"taken"
    assert call(application, "/grow", TREE.decode()).body == b"grown"
    assert call(application, "/grow", "", "POST", PARTS.replace(b"more", b"bW9y"), FORM_DATA).body == b"grown"


@QUICK
@given(query=hostile(QUERY, TREE), path=st.sampled_from(["/take", "/grow"]))
def test_mutated_queries(application, tmp_path, query, path):
    """Whatever stands in a query, the answer is the protocol's own."""
    check(application, tmp_path, path, query.decode("latin-1"))


@QUICK
@given(body=hostile(QUERY, TREE), path=st.sampled_from(["/take", "/grow"]))
def test_mutated_forms(application, tmp_path, body, path):
    """Whatever stands in a form, the answer is the protocol's own."""
    check(application, tmp_path, path, "", "POST", body, FORM)


@QUICK
@given(body=hostile(PARTS))
def test_mutated_parts(application, tmp_path, body):
    """Whatever a form of several parts is made of, the answer is the protocol's own, and no file stays."""
    check(application, tmp_path, "/grow", "", "POST", body, FORM_DATA)


@QUICK
@given(path=hostile(b"/items/a/1", b"/take"), method=st.sampled_from(["GET", "POST", "HEAD", "X"]))
def test_mutated_paths(application, tmp_path, path, method):
    """Whatever stands in a path, the answer is the protocol's own."""
    reply = call(application, path.decode("latin-1"), "", method)
    assert reply.status in STATUSES
    assert not LEAKS.search(QUOTED.sub(b"''", reply.body))


@QUICK
@given(
    value=hostile(b"multipart/form-data; boundary=a-boundary", FORM.encode() + b"; charset=utf-8"),
    cookie=hostile(b"session=1; a=b"),
)
def test_mutated_headers(application, tmp_path, value, cookie):
    """Whatever stands in the headers that are read, the answer is the protocol's own."""
    environ = {"HTTP_COOKIE": cookie.decode("latin-1")}
    check(application, tmp_path, "/grow", "", "POST", PARTS, value.decode("latin-1"), **environ)
