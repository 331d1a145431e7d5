"""What clients are told of values that break a rule: one voice for XML and JSON."""

from __future__ import annotations

import json
from typing import Annotated

import pytest
from annotated_types import MinLen

from spyne import (
    AnyDict,
    Application,
    Array,
    Boolean,
    ComplexModel,
    DateTime,
    Decimal,
    Double,
    Integer,
    Service,
    Unicode,
    rpc,
)
from spyne.context import MethodContext
from spyne.protocol.json import JsonDocument
from spyne.protocol.xml import XmlDocument
from spyne.server._base import ServerBase

TNS = "texts"


class Item(ComplexModel):
    qty = Integer(ge=1)
    code = Unicode(max_len=5, min_occurs=1)
    tag = Unicode(max_occurs="unbounded", min_occurs=0)
    pair = Integer(max_occurs=2, min_occurs=0)


class Texts(Service):
    @rpc(
        Item,
        Integer,
        Double,
        Decimal,
        Boolean,
        DateTime,
        Integer(min_occurs=2, max_occurs=3),
        Array(Integer),
        Array(Integer(min_occurs=1, max_occurs="unbounded")),
        AnyDict,
    )
    def take(ctx, item, i, d, m, b, t, some, many, model, free):
        pass

    @rpc
    def annotated(
        ctx, numbers: Annotated[list[int], MinLen(1)], names: Annotated[list[str], MinLen(2)] | None = None
    ) -> int:
        return len(numbers)


def told(protocol, body):
    """The text of the fault that a body is answered with, None if it is taken."""
    application = Application([Texts], TNS, in_protocol=protocol(validator="soft"), out_protocol=protocol())
    server = ServerBase(application)
    initial = MethodContext(server, MethodContext.SERVER)
    initial.in_string = [body.encode()]
    (ctx,) = server.generate_contexts(initial)
    if ctx.in_error is None:
        server.get_in_object(ctx)
    return None if ctx.in_error is None else ctx.in_error.faultstring


def told_in_json(arguments, method="take"):
    return told(JsonDocument, json.dumps({method: arguments}))


def told_in_xml(contents, method="take"):
    return told(XmlDocument, f'<{method} xmlns="{TNS}">{contents}</{method}>')


SOME = {"some": [1, 2]}
IN_XML = "<some>1</some><some>2</some>"

BOTH = [
    ({"item": {"code": "c", "qty": 0}}, "<item><qty>0</qty><code>c</code></item>", "item/qty: the value '0' must be >= 1"),
    ({"item": {"code": "c" * 6}}, "<item><code>cccccc</code></item>", "item/code: the value 'cccccc' is longer than max_len=5"),
    ({"item": {}}, "<item/>", "item/code: is required (min_occurs=1)"),
    ({"item": {"code": "c", "pair": [1, 2, 3]}}, "<item><code>c</code><pair>1</pair><pair>2</pair><pair>3</pair></item>", "item/pair: occurs 3 time(s), max_occurs=2"),
    ({"t": "x"}, "<t>x</t>", "t: the value 'x' is not a date and time (xs:dateTime)"),
    ({"many": [1, 2.5]}, "<many><integer>1</integer><integer>2.5</integer></many>", "many[1]: the value '2.5' is not an integer (xs:integer)"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "contents", "text"), BOTH, ids=[text for _, _, text in BOTH])
def test_one_voice(arguments, contents, text):
    """The same mistake is told in the same words, whatever the format."""
    assert told_in_json(SOME | arguments) == text
    assert told_in_xml(contents + IN_XML) == text


def test_counts_and_absence():
    """How often something occurs is told without a value; what is not there is required."""
    assert told_in_json({"some": [1]}) == told_in_xml("<some>1</some>") == "some: occurs 1 time(s), min_occurs=2"
    assert told_in_json({}) == told_in_xml("") == "some: is required (min_occurs=2)"
    assert told_in_json({"some": []}) == "some: occurs 0 time(s), min_occurs=2"
    assert told_in_json({"some": None}) == "some: occurs 0 time(s), min_occurs=2"


KINDS = [
    ({"i": "5"}, "i: the value '5' is not an integer (xs:integer) but a string"),
    ({"i": 1.5}, "i: the value '1.5' is not an integer (xs:integer)"),
    ({"i": True}, "i: the value 'true' is not an integer (xs:integer)"),
    ({"i": {}}, "i: the value '{}' is not an integer (xs:integer)"),
    ({"i": [1]}, "i: the value '[…]' is not an integer (xs:integer)"),
    ({"d": "1"}, "d: the value '1' is not a number (xs:double) but a string"),
    ({"m": True}, "m: the value 'true' is not a decimal number (xs:decimal)"),
    ({"b": "yes"}, "b: the value 'yes' is not true, false, 1 or 0 (xs:boolean) but a string"),
    ({"t": 5}, "t: the value '5' is not a date and time (xs:dateTime)"),
    ({"item": 5}, "item: the value '5' is not an object with members"),
    ({"item": "x"}, "item: the value 'x' is not an object with members but a string"),
    ({"item": {"code": 5}}, "item/code: the value '5' is not a string"),
    ({"item": {"code": {"a": 1}}}, "item/code: the value '{…}' is not a string"),
    ({"many": 5}, "many: the value '5' is not an array"),
    ({"many": {}}, "many: the value '{}' is not an array"),
    ({"some": 5}, "some: the value '5' is not an array"),
    ({"i": "%s %r"}, "i: the value '%s %r' is not an integer (xs:integer) but a string"),
    ([1] * 11, "has 11 items for 10 members"),
    ("%s", "the value '%s' is not an object with members but a string"),
]


@pytest.mark.parametrize(("arguments", "text"), KINDS, ids=[text for _, text in KINDS])
def test_kinds_of_json(arguments, text):
    """A value of another kind is shown as JSON has it, never by a name of Python's."""
    assert told_in_json(SOME | arguments if isinstance(arguments, dict) else arguments) == text


def test_empty_arrays():
    """An empty array has too few items where the list says so; a model's Array may be empty, as it could in Spyne 2."""
    assert told_in_json({"numbers": []}, "annotated") == "numbers: occurs 0 time(s), min_occurs=1"
    assert told_in_xml("<numbers/>", "annotated") == "numbers: occurs 0 time(s), min_occurs=1"
    one = "<numbers><integer>1</integer></numbers>"
    assert told_in_json({"numbers": [1], "names": ["a"]}, "annotated") == "names: occurs 1 time(s), min_occurs=2"
    assert (
        told_in_xml(one + "<names><string>a</string></names>", "annotated") == "names: occurs 1 time(s), min_occurs=2"
    )
    assert told_in_json({"numbers": [1]}, "annotated") is told_in_xml(one, "annotated") is None
    assert told_in_json(SOME | {"model": []}) is told_in_xml(f"{IN_XML}<model/>") is None
