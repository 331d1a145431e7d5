"""A server under attack: noise, hostile connections, and a long day of good and bad requests."""

from __future__ import annotations

import gc
import logging
import socket
import sys
import threading
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protocol.victim import GOOD, SOAP_ENV, TNS, XSI, Victim, check_alive, send, victim

from spyne import Service, Unicode, rpc
from spyne.limits import Limits

# --- noise -------------------------------------------------------------------------------------------------------------------

MEMBERS = {
    "text": "grün &amp; blau",
    "integer": "42",
    "byte": "-128",
    "decimal": "3.50",
    "money": "1234.56",
    "double": "1.5e3",
    "flag": "true",
    "day": "2024-02-29",
    "clock": "12:00:00Z",
    "moment": "2024-02-29T12:00:00.5+02:00",
    "span": "P1DT2H",
    "blob": "QUJD",
    "hexa": "4142",
    "uuid": "12345678-1234-5678-1234-567812345678",
    "colour": "red",
    "short": "abc",
    "slow": "aab",
    "numbers": "<integer>1</integer><integer>2</integer>",
    "tree": '<name>a</name><inner i:type="t:Leaf" mark="m"><name>b</name><colour>c</colour></inner>',
    "free": "<a><b>1</b></a>",
    "markup": '<x y="z">1</x>',
}
CALL = f'<take xmlns="{TNS}" xmlns:t="{TNS}" xmlns:i="{XSI}">{"".join(f"<{k}>{v}</{k}>" for k, v in MEMBERS.items())}</take>'
HEADER = f'<Token xmlns="{TNS}"><value>v</value></Token>'
TREE = '{"name": "a", "mark": null, "inner": {"name": "b", "inner": null}}'
JSON_MEMBERS = {
    **{name: f'"{value}"' for name, value in MEMBERS.items() if "<" not in value},
    "integer": "42",
    "byte": "-128",
    "double": "1.5e3",
    "flag": "true",
    "numbers": "[1, 2]",
    "tree": TREE,
    "free": '{"a": [1, {"b": null}]}',
    "markup": '"<x>1</x>"',
    "decimal": "3.50",
}
MESSAGES = {
    "soap": [
        GOOD["soap"],
        f'<?xml version="1.0"?><e:Envelope xmlns:e="{SOAP_ENV}"><e:Header>{HEADER}</e:Header><e:Body>{CALL}</e:Body></e:Envelope>'.encode(),
    ],
    "xml": [GOOD["xml"], CALL.encode()],
    "json": [
        GOOD["json"],
        f'{{"take": {{{", ".join(f"{chr(34)}{k}{chr(34)}: {v}" for k, v in JSON_MEMBERS.items())}}}}}'.encode(),
    ],
}
TOKENS = [
    *(b"<", b">", b"</", b"/>", b"&", b";", b'"', b"'", b"=", b":", b"{", b"}", b"[", b"]", b",", b"\\", b"\0", b"\xff", b"-"),
    *(b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x", b"?>", b"<!DOCTYPE", b"&#0;", b"&#x10ffff;", b"&amp;", b"xmlns=", b"\xed\xa0\x80"),
    *(b'i:nil="true"', b'i:type="t:Stranger"', b'i:type=":"', b'href="#a"', b'id="a"', b"e:Body", b"e:Header", b"e:Fault", b"take"),
    *(b"null", b"true", b"NaN", b"1e999", b"-0", b"9" * 30, b"9" * 1100, b'"\\ud800"', b"\\u0000", b"24:00:00", b"0000-00-00", b"-"),
    *("٣".encode(), "\u2028".encode(), b"\xef\xbb\xbf", b"\xfe\xff", b" " * 99, b"\r\n", b"__class__", b"<a>" * 70, b"[" * 70),
]  # fmt: skip


@st.composite
def mutated(draw, messages):
    """A good message with some pieces taken out, doubled or replaced."""
    data = draw(st.sampled_from(messages))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.sampled_from([0, 0, 1, 2, 5, 20, 200])))
        piece = draw(st.sampled_from([b"", data[at:end] * 2, *TOKENS]) | st.binary(max_size=8))
        data = data[:at] + piece + data[end:]
    return data


KINDS = [
    ("soap", None),
    ("soap", "soft"),
    ("soap", "lxml"),
    ("xml", None),
    ("xml", "soft"),
    ("json", None),
    ("json", "soft"),
]
APPLICATIONS = {(kind, validator): victim(kind, validator) for kind, validator in KINDS}
BLAMED = {"", "Client", "VersionMismatch", "MustUnderstand"}
STATUSES = {200, 400, 401, 404, 405, 413, 500}


@contextmanager
def errors():
    """Gathers what is logged as an error."""
    found = []

    class Handler(logging.Handler):
        def emit(self, record):
            found.append(record)

    handler = Handler(logging.WARNING)
    logger = logging.getLogger("spyne")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)


def survive(kind, validator, body, **environ):
    """Whatever comes is answered in kind, and is nobody's fault but the client's."""
    with errors() as found:
        answer = send(APPLICATIONS[kind, validator], kind, body, **environ)
    assert answer.status in STATUSES
    assert (answer.status == 200) == (answer.code == "")
    assert answer.code.partition(".")[0] in BLAMED, (answer, [record.exc_info for record in found])
    assert not found


@pytest.mark.parametrize(("kind", "validator"), KINDS)
def test_mutated_messages(kind, validator):
    """Messages that are nearly good."""

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(mutated(MESSAGES[kind]))
    def run(body):
        survive(kind, validator, body)

    run()


@pytest.mark.parametrize(("kind", "validator"), KINDS)
def test_noise(kind, validator):
    """Bytes that are nothing, and content types that say something about them."""

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.binary() | st.lists(st.sampled_from(TOKENS)).map(b"".join), st.text(st.characters(max_codepoint=255)))
    def run(body, content_type):
        survive(kind, validator, body)
        survive(kind, validator, body, CONTENT_TYPE=f"text/xml; charset={content_type}")

    run()


def test_the_message_that_is_mutated_is_good():
    """Without a change it is served by every application."""
    for kind, validator in KINDS:
        for message in MESSAGES[kind]:
            assert send(APPLICATIONS[kind, validator], kind, message).code == "", (kind, validator)


# --- a long day --------------------------------------------------------------------------------------------------------------


def _resident():
    """Bytes of memory that the process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def _mixed(count):
    """Good and bad requests of every kind, none like the one before it."""
    for index in range(count):
        kind, validator = KINDS[index % len(KINDS)]
        good = GOOD[kind].replace(b"fine", b"fine%d" % index)
        bad = (
            good,
            good[: index % len(good)],
            GOOD[kind].replace(b"echo", b"e%d" % index),
            MESSAGES[kind][1].replace(b"42", b"x%d" % index),
            MESSAGES[kind][1],
            b"[" * 100 if kind == "json" else b"<a%d>" % index * 70,
            b"\xff%d" % index,
        )
        yield kind, validator, bad[index // len(KINDS) % len(bad)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_memory_stays_flat():
    """I86: ten thousand mixed requests leave nothing behind."""
    for kind, validator, body in _mixed(2000):
        send(APPLICATIONS[kind, validator], kind, body)
    gc.collect()
    before = _resident()
    for kind, validator, body in _mixed(10_000):
        send(APPLICATIONS[kind, validator], kind, body)
    gc.collect()
    assert _resident() - before <= 8 * 1024 * 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_names_are_forgotten():
    """B22: names that clients invent do not stay in the parser's dictionary."""

    def flood(start):
        for index in range(start, start + 60):
            names = "".join(f"<name-that-is-fairly-long-{index}-{number}/>" for number in range(4000))
            send(APPLICATIONS["xml", None], "xml", f'<take xmlns="{TNS}">{names}</take>'.encode())

    flood(0)
    gc.collect()
    before = _resident()
    for start in range(100, 500, 100):
        flood(start)
    gc.collect()
    assert _resident() - before <= 24 * 1024 * 1024


# --- over a connection -------------------------------------------------------------------------------------------------------


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that went away is no news."""


class _Handler(WSGIRequestHandler):
    timeout = 5

    def log_message(self, *args):
        """Say nothing."""

    def get_stderr(self):
        return BytesIO()


@pytest.fixture(scope="module")
def address():
    """Where a threaded server listens, which serves SOAP with a body limit of 100,000 bytes."""
    application = victim("soap", limits=Limits(body=100_000), services=[Victim, Streams])
    with make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address
        finally:
            server.shutdown()
            thread.join()


class Streams(Service):
    closed = threading.Event()

    @rpc(_returns=Unicode)
    def endless(ctx):
        def body():
            try:
                while True:
                    yield b"x" * 65536
            finally:
                Streams.closed.set()

        ctx.out_string = body()


HEAD = b"POST / HTTP/1.0\r\nHost: localhost\r\nContent-Type: text/xml\r\n"


def talk(address, *pieces, end=True):
    """Send pieces over one connection and return all that comes back."""
    with socket.create_connection(address, timeout=10) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was answered before all was read
        answer = b""
        try:
            while more := connection.recv(65536):
                answer += more
        except ConnectionError:
            pass
        return answer


def length(count):
    """The end of a request's head."""
    return b"Content-Length: %d\r\n\r\n" % count


GOOD_REQUEST = (HEAD, length(len(GOOD["soap"])), GOOD["soap"])
HOSTILE = {
    # pieces of a request, what the answer has
    "15 a body shorter than its length": ((HEAD, length(1000), GOOD["soap"]), b"shorter than its Content-Length"),
    "15 a body longer than its length": ((HEAD, length(len(GOOD["soap"])), GOOD["soap"], b"x" * 100), b"fine"),
    "15 a body longer than its length, cut": ((HEAD, length(20), GOOD["soap"]), b"Client.XMLSyntaxError"),
    "15 a length over the limit and no body": ((HEAD, length(100_001)), b"limit body=100000"),
    "15 a length over everything": ((HEAD, length(10**30)), b"limit body=100000"),
    "15 no length": ((HEAD, b"\r\n", GOOD["soap"]), b"Client.XMLSyntaxError"),
    "15 chunked where the server cannot": (
        (HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\n<a/>\n\r\n0\r\n\r\n"),
        b"does not take chunked requests",
    ),
    "27 a body byte by byte": (
        (HEAD, length(len(GOOD["soap"])), *(GOOD["soap"][at : at + 1] for at in range(len(GOOD["soap"])))),
        b"fine",
    ),
    "68 a bomb": ((HEAD, b"Content-Encoding: gzip\r\n", length(9), b"\x1f\x8b" + b"\0" * 7), b"not well-formed gzip"),
}  # fmt: skip


@pytest.mark.parametrize(("pieces", "words"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_connections(address, pieces, words):
    """Whatever a connection does, it is answered or closed, and the next one is served."""
    assert words in talk(address, *pieces)
    assert b"fine" in talk(address, *GOOD_REQUEST)


def test_clients_that_wait_do_not_stop_the_others(address):
    """B27: half requests hold a connection each, nothing else."""
    slow = [socket.create_connection(address, timeout=10) for _ in range(8)]
    try:
        for connection in slow:
            connection.sendall(HEAD + length(1000) + b"<")
        assert b"fine" in talk(address, *GOOD_REQUEST)
    finally:
        for connection in slow:
            connection.close()
    assert b"fine" in talk(address, *GOOD_REQUEST)


def test_a_client_that_goes_away_ends_the_stream(address):
    """I83: the generator behind a response is closed."""
    Streams.closed.clear()
    body = GOOD["soap"].replace(b"echo", b"endless")
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(HEAD + length(len(body)) + body)
        assert connection.recv(1000)
    assert Streams.closed.wait(10)
    assert b"fine" in talk(address, *GOOD_REQUEST)


def test_the_document_is_made_once(address):
    """G69, G70: a flood of ?wsdl gets the same bytes, and no Host gets into what others are told."""
    asked = b"GET /?wsdl HTTP/1.0\r\nHost: %s\r\n\r\n"
    first = talk(address, asked % b"a.example")
    talk(address, asked % b"b.example")
    again = {talk(address, asked % b"a.example").partition(b"\r\n\r\n")[2] for _ in range(20)}
    assert again == {first.partition(b"\r\n\r\n")[2]}
    assert b'location="http://a.example/"' in first
    forged = talk(address, asked % b'evil.example"/><x>')
    assert b"200 OK" in forged
    assert b"evil" not in forged


def test_many_at_once():
    """I84: threads that send bad requests do not see one another's faults."""
    application = victim("soap", "lxml")
    wrong = []

    def work(number):
        body = GOOD["soap"].replace(b"<text>fine</text>", b"<text>a</text><x%d/>" % number)
        for _ in range(100):
            text = send(application, "soap", body).text
            if f"x{number}'" not in text:
                wrong.append(text)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    check_alive(application, "soap")
