"""The log of messages: off unless asked for, one line each, and nothing secret in it."""

from __future__ import annotations

import logging

import pytest

from spyne import Application, NullServer, Service, Unicode, rpc
from spyne.observability import WireLog
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11


class Demo(Service):
    @rpc(Unicode, Unicode, _returns=Unicode)
    def login(ctx, name, password):
        return f"token of {name}"


def call(protocol, log=None):
    app = Application([Demo], "tns", in_protocol=protocol(), out_protocol=protocol(), middleware=[log or WireLog()])
    return NullServer(app, wire=True).service.login("Ana\n2026-01-01 forged line", "s3cret")


@pytest.mark.parametrize("protocol", [JsonDocument, Soap11])
def test_messages_are_logged_without_secrets(caplog, protocol):
    """Request and response are a line each, and the value of a password is not in them."""
    with caplog.at_level(logging.DEBUG, "spyne.wire"):
        call(protocol)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert lines[0].startswith("request of {tns}login: ")
    assert "Ana" in lines[0]
    assert "***" in lines[0]
    assert "token of Ana" in lines[1]
    assert not any("s3cret" in line or "\n" in line for line in lines)


def test_off_by_default(caplog):
    """Without the level DEBUG nothing is logged."""
    with caplog.at_level(logging.INFO, "spyne.wire"):
        call(JsonDocument)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "<a><w:Password Type='#t'>x</w:Password><b>y</b></a>",
            "<a><w:Password Type='#t'>***</w:Password><b>y</b></a>",
        ),
        ("<password><![CDATA[a<b>c]]></password>", "<password>***</password>"),
        ("<password>cut he", "<password>***"),
        ("<password><![CDATA[cut he", "<password>***"),
        ('{"password": "a\\"b", "n": 1}', '{"password": "***", "n": 1}'),
        ('{"pin": 1234, "n": 1}', '{"pin": "***", "n": 1}'),
        ('{"token": "cut he', '{"token": "***"'),
        ('<a token="x" b="y"/>', '<a token="***" b="y"/>'),
        ("login:\n    password: x y\n    name: z", "login:\n    password: ***\n    name: z"),
        ("a=1&password=x&b=2", "a=1&password=***&b=2"),
        ("<spinner>7</spinner><mytoken>x</mytoken>", "<spinner>7</spinner><mytoken>x</mytoken>"),
        ("<SessionId>x</SessionId><api_key>y</api_key>", "<SessionId>***</SessionId><api_key>***</api_key>"),
    ],
)
def test_redaction(message, shown):
    """Names are whole words in any case and with any prefix; what is cut in the middle is not shown either."""
    assert WireLog().redacted(message) == shown


def test_own_names():
    """The names may be one's own; an empty list shows everything."""
    assert (
        WireLog(redact=["size"]).redacted("<size>1</size><password>x</password>")
        == "<size>***</size><password>x</password>"
    )
    assert WireLog(redact=[]).redacted("<password>x</password>") == "<password>x</password>"


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        ([b"abc", b"def"], "abcdef"),
        ([b"x" * 100], "xxxxxxxxxx… (100 bytes)"),
        ([b"\xff\xfe\x00"], "(3 bytes)"),
        ([b"a\r\n\tb\x1b[31m"], "a\\x0d\\x0a\\x09b\\x1b[3… (11 bytes)"),
        (iter([b"a"]), "(a stream)"),
        (["é" * 5], "ééééé"),
        ([b"", b""], ""),
    ],
)
def test_what_is_shown(chunks, shown):
    """Long messages are cut, binary ones are a size, control characters are escaped, and a stream is left alone."""
    found = WireLog(length=10)._shown(chunks)
    assert found == shown or found.startswith(shown[:20])


def test_redaction_is_linear():
    """A message made to confuse the patterns costs one pass."""
    for message in (
        "<password>" * 20_000,
        '"token":"' * 20_000,
        "<![CDATA[" * 20_000,
        "password=" * 20_000,
        "\n- " * 20_000,
    ):
        WireLog().redacted(message)
