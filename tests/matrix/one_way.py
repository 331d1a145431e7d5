"""The table of protocols that are for one direction: a name, a way, and how a value is sent or written with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from tests.matrix.kinds import Kind

from spyne.codec.flat import compile_encoder
from spyne.protocol.csv import Csv
from spyne.protocol.html import HtmlColumnTable, HtmlMicroFormat, HtmlRowTable
from spyne.protocol.http import HttpRpc
from spyne.protocol.json import HybridHttpJsonDocument, JsonP


class OneWay(NamedTuple):
    """One row. format: what kinds name in `not_in`, beside the name. request: for "in", makes the request of (application, descriptor, value).
    lacks: why it does not carry a kind of value. places: where a value may be.
    """

    name: str
    format: str
    way: str
    make: Callable[[], Any]
    request: Callable[[Any, Any, Any], dict[str, Any]] | None = None
    lacks: Callable[[Kind], str | None] = lambda kind: None
    places: tuple[str, ...] = ("argument", "member", "item")


def json_body(app: Any, descriptor: Any, value: Any) -> dict[str, Any]:
    """The arguments as JSON, the method in the address."""
    body = app.codec(app.in_protocol, "encode_request", descriptor)([value])
    return {"path": f"/{descriptor.name}", "body": body, "content_type": "application/json"}


def query(app: Any, descriptor: Any, value: Any) -> dict[str, Any]:
    """The arguments as a query, the method in the path; null is a name without a value."""
    (message,) = (call.request for call in app.interface.calls.values() if call.descriptor is descriptor)
    fields = compile_encoder(message.field, app.in_protocol.codec_options())([value])
    pairs = [(name, text) for name, texts in fields.items() for text in texts]
    parts = [quote_plus(name) if text is None else f"{quote_plus(name)}={quote_plus(text)}" for name, text in pairs]
    return {"path": f"/{descriptor.name}", "query": "&".join(parts), "method": "GET", "content_type": None}


def one_value(kind: Kind) -> str | None:
    """Why HttpRpc does not answer with a kind of value."""
    return None if kind.scalar or kind.name == "any xml" else "an answer is one text, bytes or a file"


ONE_WAY = [
    OneWay("HttpRpc", "flat", "in", HttpRpc, query),
    OneWay("HttpRpc", "http", "out", HttpRpc, lacks=one_value, places=("argument",)),
    OneWay("HybridHttpJsonDocument", "json", "in", HybridHttpJsonDocument, json_body),
    OneWay("JsonP", "json", "out", partial(JsonP, "show")),
    OneWay("Csv", "csv", "out", Csv),
    OneWay("HtmlRowTable", "html", "out", HtmlRowTable),
    OneWay("HtmlColumnTable", "html", "out", HtmlColumnTable),
    OneWay("HtmlMicroFormat", "html", "out", HtmlMicroFormat),
]
"""Every protocol for one direction once."""
