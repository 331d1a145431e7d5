"""HttpPattern: paths, verbs and hosts, compiled once."""

from __future__ import annotations

import gc
import sys

import pytest
from tests.protocol.http_calls import TNS, call, served

from spyne import Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.http import HttpPattern
from spyne.protocol.http._router import Router
from spyne.protocol.json import JsonDocument
from spyne.schema import DeclarationError


class Point(ComplexModel):
    __namespace__ = TNS
    x = Integer
    y = Integer


def named(name, *types, args=(), **patterns):
    """Return a method that answers with its name and arguments."""

    def method(ctx, *given):
        return repr((name, *((value.x, value.y) if isinstance(value, Point) else value for value in given)))

    method.__name__ = name
    return rpc(*types, _returns=Unicode, _args=list(args), **patterns)(method)


class Routed(Service):
    two = named(
        "two",
        Unicode,
        Integer,
        args="xy",
        _patterns=[HttpPattern("/a/<x>/b"), HttpPattern("/c/{x}/{y}"), HttpPattern(b"/d")],
    )
    get = named("get", Unicode, args="x", _pattern=HttpPattern("/v/<x>", verb="GET"))
    put = named("put", Unicode, Unicode, args="xz", _pattern=HttpPattern("/v/<x>", verb="PUT|PATCH"))
    only_delete = named("only_delete", Unicode, args="x", _pattern=HttpPattern(verb="DELETE"))
    literal = named("literal", Unicode, args="x", _pattern=HttpPattern("static/me"))
    variable = named("variable", Unicode, args="x", _pattern=HttpPattern("/static/<x>"))
    number = named("number", Integer, args="x", _pattern=HttpPattern("/n/<int(min=3, signed=True):x>"))
    word = named("word", Unicode, args="x", _pattern=HttpPattern("/n/<x>"))
    real = named("real", Unicode, args="x", _pattern=HttpPattern("/f/<float:x>"))
    code = named("code", Unicode, args="x", _pattern=HttpPattern("/s/<string(length=2):x>"))
    size = named("size", Unicode, args="x", _pattern=HttpPattern("/s/<string(minlength=4,maxlength=5):x>"))
    kind = named("kind", Unicode, args="x", _pattern=HttpPattern("/k/<any(red, 'blue'):x>"))
    key = named("key", Unicode, args="x", _pattern=HttpPattern("/u/<uuid:x>"))
    below = named("below", Unicode, args="x", _pattern=HttpPattern("/p/<path:x>"))
    edit = named("edit", Unicode, args="x", _pattern=HttpPattern("/p/<path:x>/edit"))
    inside = named("inside", Point, args="i", _pattern=HttpPattern("/i/<i.x>,<i.y>"))
    affixed = named("affixed", Unicode, Unicode, args="xy", _pattern=HttpPattern("/q-<x>-<y>.json"))
    files = named("files", Array(Integer), args=["l"], _pattern=HttpPattern("/l/<l[0]>/<l[1]>"))
    host = named("host", Unicode, args="x", _pattern=HttpPattern("/h/<x>", host="foo.test"))
    sub = named("sub", Unicode, Unicode, args="xw", _pattern=HttpPattern("/h/<x>", host="<w>.foo.test"))
    anyhost = named("anyhost", Unicode, args="x", _pattern=HttpPattern("/h/<x>"))
    propfind = named("propfind", _pattern=HttpPattern("/dav", verb="PROPFIND|MKCOL"))
    ask = named("ask", _pattern=HttpPattern("/ask", verb="OPTIONS|GET"))


UUID = "123e4567-e89b-12d3-a456-426614174000"

ROUTES = [
    ("GET", "/a/1/b", ("two", "1", None)),
    ("DELETE", "/a/1/b", ("two", "1", None)),
    ("GET", "/c/1/2", ("two", "1", 2)),
    ("GET", "/d", ("two", None, None)),
    ("GET", "/v/q", ("get", "q")),
    ("HEAD", "/v/q", ()),
    ("PUT", "/v/q", ("put", "q", None)),
    ("PATCH", "/v/q", ("put", "q", None)),
    ("DELETE", "/only_delete", ("only_delete", None)),
    ("GET", "/two", ("two", None, None)),
    ("GET", "/any/where/two", ("two", None, None)),
    ("GET", "/static/me", ("literal", None)),
    ("GET", "/static/you", ("variable", "you")),
    ("GET", "/n/7", ("number", 7)),
    ("GET", "/n/-7", ("word", "-7")),
    ("GET", "/n/x", ("word", "x")),
    ("GET", "/f/1.5", ("real", "1.5")),
    ("GET", "/f/1", 404),
    ("GET", "/s/ab", ("code", "ab")),
    ("GET", "/s/abcd", ("size", "abcd")),
    ("GET", "/s/abc", 404),
    ("GET", "/k/blue", ("kind", "blue")),
    ("GET", "/k/green", 404),
    ("GET", f"/u/{UUID}", ("key", UUID)),
    ("GET", f"/u/{UUID[:-1]}x", 404),
    ("GET", "/p/a", ("below", "a")),
    ("GET", "/p/a/b/c", ("below", "a/b/c")),
    ("GET", "/p/a/b/edit", ("below", "a/b/edit")),
    ("GET", "/p/", 404),
    ("GET", "/i/1,2", ("inside", (1, 2))),
    ("GET", "/i/1,", 404),
    ("GET", "/q-a-b-c.json", ("affixed", "a", "b-c")),
    ("GET", "/q-a.json", 404),
    ("GET", "/l/1/2", ("files", [1, 2])),
    ("GET", "/a/1/b/", 404),
    ("GET", "/a//b", 404),
    ("GET", "/a/1", 404),
    ("GET", "/", 404),
    ("GET", "", 404),
    ("GET", "/" + "a/" * 5000, 404),
    ("PROPFIND", "/dav", ("propfind",)),
    ("OPTIONS", "/ask", ("ask",)),
]


@pytest.mark.parametrize(("method", "path", "expected"), ROUTES, ids=[f"{m} {p[:40]}" for m, p, _ in ROUTES])
def test_routes(method, path, expected):
    """A path leads to the method whose pattern fits, literal segments first; else its last segment is the name."""
    reply = call(served(Routed), path, method=method)
    if isinstance(expected, int):
        assert reply.status == expected
    else:
        assert (reply.status, reply.body.decode()) == (200, repr(expected) if expected else "")


@pytest.mark.parametrize(
    ("path", "query", "status", "body"),
    [
        ("/c/1/2", "", 200, repr(("two", "1", 2))),
        ("/a/1/b", "y=2", 200, repr(("two", "1", 2))),
        ("/c/1/z", "", 400, "Client.ValidationError\n\ny: the value 'z' is not an integer (xs:integer)"),
        ("/a/1/b", "x=2", 400, "Client.ValidationError\n\nx: occurs 2 time(s), max_occurs=1"),
        ("/a/%31/b", "", 200, repr(("two", "%31", None))),
        ("/a/caf\u00c3\u00a9/b", "", 200, repr(("two", "café", None))),
        ("/a/\u00ff/b", "", 400, "Client.InvalidInput\n\nthe path is not text in UTF-8"),
    ],
)
def test_variables(path, query, status, body):
    """The variables of a path are arguments like those of the query, and have their types."""
    reply = call(served(Routed), path, query)
    assert (reply.status, reply.body.decode()) == (status, body)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("foo.test", ("host", "1")),
        ("FOO.test:8080", ("host", "1")),
        ("a.foo.test", ("sub", "1", "a")),
        ("a.b.foo.test", ("anyhost", "1")),
        ("other", ("anyhost", "1")),
        ("[::1]:80", ("anyhost", "1")),
    ],
)
def test_hosts(host, expected):
    """A pattern that names the host counts before one that does not."""
    assert call(served(Routed), "/h/1", HTTP_HOST=host).body.decode() == repr(expected)


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("DELETE", "/v/q", 405, "GET, HEAD, PUT, PATCH, OPTIONS"),
        ("GET", "/only_delete", 405, "DELETE, OPTIONS"),
        ("OPTIONS", "/v/q", 204, "GET, HEAD, PUT, PATCH, OPTIONS"),
        ("OPTIONS", "/a/1/b", 204, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ("OPTIONS", "/two", 204, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ("OPTIONS", "/unknown", 404, None),
        ("MKCOL", "/v/q", 405, "GET, HEAD, PUT, PATCH, OPTIONS"),
        ("TRACE", "/two", 405, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ("get", "/two", 405, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ],
)
def test_verbs(method, path, status, allow):
    """A path says what it takes: to OPTIONS, and to a verb that it does not take."""
    reply = call(served(Routed), path, method=method)
    assert (reply.status, reply.headers.get("allow")) == (status, allow)
    assert (reply.body == b"") == (status == 204)
    if status == 405:
        assert reply.code == "Client.RequestNotAllowed"


def test_mounted():
    """Patterns are below the place where the application is mounted."""
    assert call(served(Routed), "/d", SCRIPT_NAME="/a/b").status == 200


def test_options_call_nothing():
    """A question about a path calls no method."""

    class Never(Service):
        @rpc()
        def never(ctx):
            raise AssertionError

    assert call(served(Never), "/never", method="OPTIONS").status == 204
    assert call(served(Never, out=JsonDocument()), "/never", method="OPTIONS").status == 204


MISTAKES = [
    (["/x/<a>", "/x/{b}"], "take the same requests"),
    (["/x/<int:a>", "/x/<int:b>"], "take the same requests"),
    (["/x/<a"], "a bracket is not closed"),
    (["/x/a>"], "a bracket is not closed"),
    (["/x/<>"], "a bracket is not closed"),
    (["/x/<what:a>"], "there is no converter 'what'"),
    (["/x/<int(odd=1):a>"], "options that it does not know"),
    (["/x/<uuid(min=1):a>"], "options that it does not know"),
    (["/x/<any():a>"], "options that it does not know"),
    (["/x/<a><b>"], "need a text between them"),
    (["/x/p<path:a>"], "a path stands alone"),
    (["/x/<a>/<a>"], "a variable twice"),
    (["/x/<zzz>"], "no argument for 'zzz'"),
    (["/x/<a.b>"], "no argument for 'a.b'"),
]


@pytest.mark.parametrize(("addresses", "problem"), MISTAKES, ids=[", ".join(row[0]) for row in MISTAKES])
def test_mistakes(addresses, problem):
    """What cannot work is refused before the first request."""
    with pytest.raises(DeclarationError, match=problem):
        served(
            type(
                "S",
                (Service,),
                {
                    f"m{index}": named(f"m{index}", Unicode, Unicode, args="ab", _pattern=HttpPattern(address))
                    for index, address in enumerate(addresses)
                },
            )
        )


@pytest.mark.parametrize(("verb", "problem"), [("(", "no regular expression"), ("get", "matches no method")])
def test_bad_verbs(verb, problem):
    """A verb is a regular expression that matches something."""
    with pytest.raises(DeclarationError, match=problem):
        served(type("S", (Service,), {"m": named("m", _pattern=HttpPattern("/m", verb=verb))}))


def test_verbs_that_do_not_overlap():
    """One path may belong to several methods by their verbs, and to one for all others."""

    class Verbs(Service):
        get = named("get", _pattern=HttpPattern("/x", verb="GET"))
        other = named("other", _pattern=HttpPattern("/x"))

    application = served(Verbs)
    assert [call(application, "/x", method=verb).body for verb in ("GET", "POST")] == [b"('get',)", b"('other',)"]
    with pytest.raises(DeclarationError, match="same requests"):
        served(Verbs, type("S", (Service,), {"m": named("m", _pattern=HttpPattern("/x", verb="G.*|HEAD"))}))


def test_repr():
    """A pattern is shown as it is written."""
    assert repr(HttpPattern("a", verb="GET", host="h")) == "HttpPattern('/a', verb='GET', host='h')"
    assert HttpPattern(endpoint=3).endpoint == 3


def steps_of(router, path):
    """Return how many function calls finding a path takes."""
    count = 0

    def tick(frame, event, arg):
        nonlocal count
        count += event == "call"

    gc.disable()  # finalizers of other tests' objects are calls, too
    sys.setprofile(tick)
    try:
        assert router.find("GET", "h", path).route is not None
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


@pytest.mark.parametrize(
    ("template", "path"), [("/a{}/<x>/c", "/a{}/q/c"), ("/a/<x>/c{}", "/a/q/c{}"), ("/f{}-<x>.json", "/f{}-q.json")]
)
def test_cost_does_not_grow(template, path):
    """Finding a path takes as many steps among a thousand patterns as among ten."""
    costs = []
    for size in (10, 1000):
        router = Router()
        for number in range(size):
            router.add(HttpPattern(template.replace("{}", f"{number:04}")), number, "")
        costs.append(steps_of(router, path.replace("{}", f"{size - 1:04}")))
    assert costs[0] == costs[1]
