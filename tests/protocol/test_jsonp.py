"""JsonP: the bytes of Spyne 2.14, the names that a callback may have, bad input, and clients."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protocol.dict_victims import CALLBACK, GOOD, attack, check_alive, send
from tests.protocol.dict_victims import serve as serve_kind
from tests.protocol.mutation import hostile

from spyne import AnyDict, Application, Fault, Integer, NullServer, Service, Unicode, rpc
from spyne.client import ResponseError
from spyne.client.http import HttpClient
from spyne.protocol.json import JsonDocument, JsonP
from spyne.schema import DeclarationError
from spyne.server.wsgi import WsgiApplication

TNS = "t"


class Padded(Service):
    @rpc(Unicode, _returns=Unicode)
    def text(ctx, a):
        return a

    @rpc(Unicode, Integer, _returns=(Unicode, Integer))
    def two(ctx, a, b):
        return a, b

    @rpc(AnyDict, _returns=AnyDict)
    def free(ctx, a):
        return a

    @rpc()
    def nothing(ctx):
        pass

    @rpc()
    def fail(ctx):
        raise Fault("Client.Some", "text", detail={"a": [1, None]})


def application(name="cb", **options):
    """The service in JsonP, both ways."""
    return Application([Padded], TNS, in_protocol=JsonP(name), out_protocol=JsonP(name, **options))


def ask(body, app=None):
    """Status, headers and body of one answer."""
    started = []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "CONTENT_LENGTH": str(len(body)), "wsgi.input": Reader(body)}
    reply = WsgiApplication(app or application())(environ, lambda status, headers: started.extend([status, headers]))
    return int(started[0][:3]), dict(started[1]), b"".join(reply)


class Reader:
    """A stream of a request."""

    def __init__(self, data):
        self.data = data

    def read(self, size=-1):
        data, self.data = self.data[:size], self.data[size:]
        return data


# Recorded with Spyne 2.14.0; blanks after colons and commas are left out here, as in JsonDocument.
RECORDED = {
    "a text": (b'{"text": {"a": "hi"}}', 200, b'cb("hi");'),
    "two results": (b'{"two": {"a": "x", "b": 1}}', 200, b'cb({"twoResult0":"x","twoResult1":1});'),
    "no result": (b'{"nothing": {}}', 200, b"cb({});"),
    "a fault": (
        b'{"fail": {}}',
        400,
        b'cb({"faultcode":"Client.Some","faultstring":"text","detail":{"a":[1,null]}});',
    ),
    "no such method": (
        b'{"nope": {}}',
        404,
        b'cb({"faultcode":"Client.ResourceNotFound","faultstring":"Requested resource \'{t}nope\' not found"});',
    ),
}


@pytest.mark.parametrize(("body", "status", "written"), RECORDED.values(), ids=RECORDED)
def test_what_is_written(body, status, written):
    """A call of the callback with the result or the fault, and nothing around it."""
    found, headers, data = ask(body)
    assert (found, data) == (status, written)
    assert headers["Content-Type"] == "application/javascript; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Length"] == str(len(data))


def test_what_json_allows_and_old_scripts_do_not():
    """Two line separators are escaped; the text is the same to a parser of JSON."""
    _, _, data = ask('{"text": {"a": "a\u2028b\u2029é</script>"}}'.encode())
    assert data == 'cb("a\\u2028b\\u2029é</script>");'.encode()
    assert json.loads(data[3:-2]) == "a\u2028b\u2029é</script>"


def test_options():
    """They are those of JsonDocument, a media type of one's own among them."""
    app = application("a.b.$c_1", mime_type="text/javascript", ignore_wrappers=False)
    _, headers, data = ask(b'{"text": ["x"]}', app)
    assert (headers["Content-Type"], data) == ("text/javascript", b'a.b.$c_1({"textResponse":{"textResult":"x"}});')


@pytest.mark.parametrize("name", ["cb", "a.b.c", "$", "_", "jQuery123_456", "a" * 128])
def test_callbacks(name):
    """An identifier, or several with points between them."""
    assert ask(b'{"text": ["x"]}', application(name))[2] == f'{name}("x");'.encode()


BAD = [None, b"cb", "", "a b", "a-b", "1a", "a.", ".a", "a..b", "alert(1)//", "a[0]", "a;b", "a\n", "é", "</script>", "function", "a.new", "a" * 129, ".".join("a" * 11)]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_callbacks_that_are_none(name):
    """They are refused when the protocol is made."""
    with pytest.raises(DeclarationError, match="callback_name"):
        JsonP(name)


def test_the_callback_is_not_the_requests_choice():
    """A query that names one changes nothing."""
    answer = send(serve_kind("jsonp"), "jsonp", GOOD["jsonp"], QUERY_STRING="callback=evil&jsonp=evil")
    assert answer.body == f'{CALLBACK}("fine");'.encode()


def test_scripts_beside_documents():
    """One application answers in JSON or as a script, as Accept says."""
    app = Application([Padded], TNS, in_protocol=JsonDocument(), out_protocol=[JsonDocument(), JsonP("cb")])
    web = WsgiApplication(app)
    for accept, written in (("application/javascript", b'cb("x");'), ("application/json", b'"x"'), ("*/*", b'"x"')):
        started = []
        body = b'{"text": ["x"]}'
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": Reader(body),
            "HTTP_ACCEPT": accept,
        }
        assert b"".join(web(environ, lambda status, headers, to=started: to.append(status))) == written


# --- clients ---


@pytest.mark.parametrize("way", ["http", "wire"])
def test_a_client(serve, way):
    """Results and faults are taken out of the call."""
    service = (
        NullServer(application(), wire=True).service
        if way == "wire"
        else HttpClient(serve(WsgiApplication(application())), application(), timeout=10).service
    )
    assert service.text('");cb("\u2028') == '");cb("\u2028'
    assert tuple(service.two("x", 1)) == ("x", 1)
    assert service.nothing() is None
    assert service.free({"a": ["cb(1);"]}) == {"a": ["cb(1);"]}
    with pytest.raises(Fault) as caught:
        service.fail()
    assert (caught.value.faultcode, caught.value.detail) == ("Client.Some", {"a": [1, None]})


def test_a_script_of_another_page(serve):
    """A call of another function is no answer."""
    service = HttpClient(serve(WsgiApplication(application("other"))), application("cb"), timeout=10).service
    with pytest.raises(ResponseError):
        service.text("x")


# --- bad input ---

REFUSED = {
    "nothing": (b"", ("Client.JsonDecodeError", 400)),
    "cut off": (GOOD["jsonp"][:-1], ("Client.JsonDecodeError", 400)),
    "a script": (f'{CALLBACK}({{"echo": {{}}}});'.encode(), ("Client.JsonDecodeError", 400)),
    "depth": (b"[" * 100_000, ("Client.RequestTooLong", 413)),
    "a long number": (b'{"take": {"integer": %s}}' % (b"9" * 5000), ("Client.RequestTooLong", 413)),
    "a lone surrogate": (rb'{"echo": {"text": "\ud800"}}', ("Client.JsonDecodeError", 400)),
    "not UTF-8": (b'{"echo": {"text": "\xe9"}}', ("Client.JsonDecodeError", 400)),
    "a wrong type": (b'{"take": {"integer": "\\u2028</script>"}}', ("Client.ValidationError", 400)),
    "two keys": (b'{"echo": {}, "show": {}}', ("Client.ValidationError", 400)),
    "a name that would end the call": (b'{"\\");alert(1);//": {}}', ("Client.ResourceNotFound", 404)),
    "noise": (bytes(range(256)), ("Client.JsonDecodeError", 400)),
}


@pytest.mark.parametrize(("body", "answered"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(caplog, body, answered):
    """Faults are calls of the callback, too."""
    answer = attack(serve_kind("jsonp"), "jsonp", body, caplog)
    assert (answer.code, answer.status) == answered


TARGET = serve_kind("jsonp")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=hostile(GOOD["jsonp"], b'{"take": {"integer": 1, "numbers": [1, 2], "free": {"a": "cb();"}}}'))
def test_whatever_comes(body):
    """Wounded messages and random bytes are answered by a call of the callback."""
    answer = send(TARGET, "jsonp", body)
    assert answer.status in (200, 400, 404, 413), answer
    assert answer.code.partition(".")[0] in ("", "Client"), answer
    check_alive(TARGET, "jsonp")


@settings(max_examples=100, deadline=None)
@given(text=st.text())
def test_any_text_stays_inside_the_call(text):
    """What comes back between the parentheses is JSON for the text that was sent."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    _, _, data = ask(json.dumps({"text": [text]}).encode())
    assert data.startswith(b'cb("')
    assert json.loads(data[3:-2]) == text
    assert b"\xe2\x80\xa8" not in data
