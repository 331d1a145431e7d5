"""The table of codecs: a name, a protocol, and the validators it has."""

from __future__ import annotations

from typing import Any, NamedTuple

from spyne.protocol.json import JsonDocument, JsonRpc
from spyne.protocol.msgpack import MessagePackDocument, MessagePackRpc
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.xml import XmlDocument
from spyne.protocol.yaml import YamlDocument


class Codec(NamedTuple):
    """One row. format: what kinds name in `not_in`."""

    name: str
    format: str
    make: Any
    options: dict[str, Any]


CODECS = [
    Codec("soap11", "xml", Soap11, {}),
    Codec("soap11 soft", "xml", Soap11, {"validator": "soft"}),
    Codec("soap11 lxml", "xml", Soap11, {"validator": "lxml"}),
    Codec("soap11 rpc", "xml", Soap11, {"validator": "soft", "style": "rpc"}),
    Codec("soap12", "xml", Soap12, {}),
    Codec("soap12 soft", "xml", Soap12, {"validator": "soft"}),
    Codec("xml", "xml", XmlDocument, {"validator": "soft"}),
    Codec("json", "json", JsonDocument, {}),
    Codec("json soft", "json", JsonDocument, {"validator": "soft"}),
    Codec("json lists", "json", JsonDocument, {"validator": "soft", "complex_as": list}),
    Codec("json wrappers", "json", JsonDocument, {"validator": "soft", "ignore_wrappers": False}),
    Codec("json-rpc", "json", JsonRpc, {"validator": "soft"}),
    Codec("yaml", "yaml", YamlDocument, {}),
    Codec("yaml soft", "yaml", YamlDocument, {"validator": "soft"}),
    Codec("msgpack", "msgpack", MessagePackDocument, {}),
    Codec("msgpack soft", "msgpack", MessagePackDocument, {"validator": "soft"}),
    Codec("msgpack timestamps", "msgpack", MessagePackDocument, {"validator": "soft", "timestamps": True}),
    Codec("msgpack as Spyne 2", "msgpack", MessagePackDocument, {"text_as_bin": True}),
    Codec("msgpack lists", "msgpack", MessagePackDocument, {"validator": "soft", "complex_as": list}),
    Codec("msgpack wrappers", "msgpack", MessagePackDocument, {"validator": "soft", "ignore_wrappers": False}),
    Codec("msgpack rpc", "msgpack", MessagePackRpc, {"validator": "soft"}),
]
"""Every codec once."""
