"""The table of codecs: a name, a protocol, and the validators it has."""

from __future__ import annotations

from typing import Any, NamedTuple

from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument


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
    Codec("xml", "xml", XmlDocument, {"validator": "soft"}),
    Codec("json", "json", JsonDocument, {}),
    Codec("json soft", "json", JsonDocument, {"validator": "soft"}),
    Codec("json lists", "json", JsonDocument, {"validator": "soft", "complex_as": list}),
    Codec("json wrappers", "json", JsonDocument, {"validator": "soft", "ignore_wrappers": False}),
]
"""Every codec once."""
