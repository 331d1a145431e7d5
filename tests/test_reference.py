"""The tables of the reference name what there is: keywords, arguments, limits and types, no more and no less."""

from __future__ import annotations

import re
from inspect import Parameter, signature
from pathlib import Path

import pytest

import spyne.model
from spyne import Application, Limits, NullServer
from spyne.client.http import AsyncHttpClient, HttpClient
from spyne.client.msgpack import AsyncMessagePackClient, MessagePackClient
from spyne.client.queue import Producer
from spyne.decorator import _KEYWORDS as KEYWORDS
from spyne.model import SimpleModel
from spyne.model.attributes import SYNONYMS, AttributesBase
from spyne.protocol.csv import Csv
from spyne.protocol.html import HtmlColumnTable, HtmlMicroFormat, HtmlRowTable
from spyne.protocol.http import HttpPattern, HttpRpc
from spyne.protocol.json import HybridHttpJsonDocument, JsonDocument, JsonP, JsonRpc
from spyne.protocol.msgpack import MessagePackDocument, MessagePackRpc
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.xml import XmlDocument
from spyne.protocol.yaml import YamlDocument
from spyne.queue import Queue
from spyne.schema.nodes import XSD_NAMESPACE
from spyne.server.asgi import AsgiApplication
from spyne.server.msgpack import MessagePackServer
from spyne.server.queue import Consumer
from spyne.server.wsgi import WsgiApplication

DOCS = Path(__file__).parent.parent / "docs"
CODE = re.compile(r"`([^`]+)`")


def rows_of(page, heading):
    """The rows of the first table under a heading: the names in code of the first cell, and the other cells."""
    section = f"\n{(DOCS / page).read_text('utf-8')}".partition(f"\n{heading}\n")[2]
    table = re.search(r"^\|.*\n\|[-| ]+\n((?:\|.*\n)+)", section, re.MULTILINE)[1]
    for row in table.splitlines():
        first, *others = (cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip("|")))
        yield CODE.findall(first), others


def names_in(page, heading):
    """All names in code of the first cells of a table."""
    return [name for names, _ in rows_of(page, heading) for name in names]


ARGUMENTS = [
    ("application.md", "## Application", Application),
    ("protocols.md", "## Soap11 and Soap12", Soap11),
    ("protocols.md", "## Soap11 and Soap12", Soap12),
    ("protocols.md", "## XmlDocument", XmlDocument),
    ("protocols.md", "## JsonDocument", JsonDocument),
    ("protocols.md", "## JsonDocument", HybridHttpJsonDocument),
    ("protocols.md", "## JsonRpc", JsonRpc),
    ("protocols.md", "## JsonP", JsonP),
    ("protocols.md", "## MessagePackDocument and MessagePackRpc", MessagePackDocument),
    ("protocols.md", "## MessagePackDocument and MessagePackRpc", MessagePackRpc),
    ("protocols.md", "## HttpRpc", HttpRpc),
    ("protocols.md", "## HttpPattern", HttpPattern),
    ("protocols.md", "## YamlDocument", YamlDocument),
    ("protocols.md", "### Arguments of Csv", Csv),
    ("protocols.md", "### HtmlRowTable and HtmlColumnTable", HtmlRowTable),
    ("protocols.md", "### HtmlRowTable and HtmlColumnTable", HtmlColumnTable),
    ("protocols.md", "### HtmlMicroFormat", HtmlMicroFormat),
    ("servers.md", "## WsgiApplication", WsgiApplication),
    ("servers.md", "## AsgiApplication", AsgiApplication),
    ("servers.md", "## MessagePackServer", MessagePackServer),
    ("servers.md", "## NullServer", NullServer),
    ("queue.md", "## Queue", Queue),
    ("queue.md", "## Producer", Producer),
    ("queue.md", "## Consumer", Consumer),
    ("clients.md", "## MessagePackClient and AsyncMessagePackClient", MessagePackClient),
    ("clients.md", "## MessagePackClient and AsyncMessagePackClient", AsyncMessagePackClient),
]


@pytest.mark.parametrize(("page", "heading", "cls"), ARGUMENTS, ids=lambda value: getattr(value, "__name__", ""))
def test_arguments_of_a_class(page, heading, cls):
    """The table of a class has each argument of its constructor once."""
    parameters = signature(cls).parameters.values()
    expected = [p.name for p in parameters if p.kind is not Parameter.VAR_POSITIONAL]
    assert sorted(names_in(f"reference/{page}", heading)) == sorted(expected)


def test_arguments_of_clients():
    """The table of both clients has the arguments of either."""
    expected = {*signature(HttpClient).parameters, *signature(AsyncHttpClient).parameters}
    assert sorted(names_in("reference/clients.md", "## HttpClient and AsyncHttpClient")) == sorted(expected)


def test_keywords_of_rpc():
    """The table of rpc has each of its keywords once."""
    assert sorted(names_in("reference/rpc.md", "## Keywords")) == sorted(f"_{name}" for name in KEYWORDS)


def test_limits():
    """The table of limits has each of them with its default."""
    shown = {names[0]: others[0] for names, others in rows_of("howto/limits.md", "# Limits and bad input")}
    assert shown == {name: str(getattr(Limits(), name)) for name in Limits.__struct_fields__}


def test_scalar_types():
    """The table of scalars has each type once, with its name in XML Schema."""
    scalars = {
        name: tp
        for name in spyne.model.__all__
        if isinstance(tp := getattr(spyne.model, name), type)
        and issubclass(tp, SimpleModel)
        and name not in ("SimpleModel", "EnumBase")
    }
    shown = {
        name: others[1]
        for names, others in rows_of("reference/types.md", "## Scalars")
        for name in names
        if "." not in name
    }
    prefixes = {XSD_NAMESPACE: "xs:", "http://spyne.io/schema": ""}
    assert shown == {name: prefixes[tp.get_namespace()] + tp.get_type_name() for name, tp in scalars.items()}


def test_customizations_of_every_type():
    """The table of customizations has each attribute that all types share."""
    shown = set(names_in("reference/types.md", "## Customizations of every type"))
    shared = {name for name in vars(AttributesBase) if not name.startswith("_")}
    assert shared <= shown
    assert shown - shared <= {"type_name", "namespace", "doc", "appinfo", *SYNONYMS}
