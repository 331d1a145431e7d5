"""Every schema kind through every codec, in every place, both ways; and both ways to declare it are one schema."""

from __future__ import annotations

from functools import cache

import pytest
from tests.matrix.codecs import CODECS
from tests.matrix.kinds import CUSTOM, KINDS, NS
from tests.matrix.table import reason_against

from spyne import Application, Array, ComplexModel, Fault, NullServer, Service, XmlAttribute, rpc
from spyne.model.primitive import NATIVE_MAP
from spyne.schema import Array as ArrayNode
from spyne.schema import DeclarationError, Lowering, Map, Place, Scalar, Struct, resolve


def echo(ctx, value):
    return value


def annotated_echo(tp):
    """Return a function with annotations."""

    def echo(ctx, value=None):
        return value

    echo.__annotations__ = {"value": tp, "return": tp}
    return echo


PLACES = {
    "argument": lambda tp: tp,
    "member": lambda tp: ComplexModel.produce(NS, "Holder", [("before", int), ("it", tp), ("after", str)]),
    "attribute": lambda tp: ComplexModel.produce(NS, "Holder", [("it", XmlAttribute(tp)), ("after", str)]),
    "item": lambda tp: Array(tp),
}
PUT = {
    "argument": lambda tp, value: value,
    "member": lambda tp, value: tp(before=1, it=value, after="z"),
    "attribute": lambda tp, value: tp(it=value, after="z"),
    "item": lambda tp, value: [value, value],
}
GET = {
    "argument": lambda value: value,
    "member": lambda value: value.it,
    "attribute": lambda value: value.it,
    "item": lambda value: value[1],
}
STYLES = ("classic", "annotated")


def cases():
    """Yield each combination that makes sense."""
    for kind in KINDS:
        for codec in CODECS:
            for style in STYLES:
                if getattr(kind, style) is None or reason_against(kind, codec):
                    continue
                for place in PLACES if style == "classic" else ("argument",):
                    if place != "attribute" or kind.scalar:
                        yield pytest.param(kind, codec, style, place, id=f"{kind.name}-{codec.name}-{style}-{place}")


@cache
def served(declared_id, codec_index, style, place):
    """Return the type in its place and a server that echoes it."""
    kind = KINDS[declared_id]
    tp = PLACES[place](getattr(kind, style))
    function = annotated_echo(tp) if style == "annotated" else echo
    decorate = rpc if style == "annotated" else rpc(tp, _returns=tp)
    codec = CODECS[codec_index]
    app = Application(
        [type("S", (Service,), {"echo": decorate(function)})],
        NS,
        in_protocol=codec.make(**codec.options),
        out_protocol=codec.make(**{**codec.options, "validator": None}),
    )
    return tp, NullServer(app, wire=True)


def value_of(kind, style, value):
    """Return a row's value for a style of declaration."""
    return CUSTOM[kind.name][STYLES.index(style)](**value) if kind.name in CUSTOM else value


def there_and_back(kind, codec, style, place, raw):
    """Return a value and what came back of it."""
    tp, server = served(KINDS.index(kind), CODECS.index(codec), style, place)
    value = value_of(kind, style, raw)
    return value, GET[place](server.service.echo(PUT[place](tp, value)))


def survives(kind, codec, style, place, raw):
    """Tell whether what came back is what was sent; a type or value that is refused does not survive."""
    try:
        return kind.equal(*there_and_back(kind, codec, style, place, raw))
    except (DeclarationError, Fault, TypeError, ValueError):
        return False


@pytest.mark.parametrize(("kind", "codec", "style", "place"), list(cases()))
def test_round_trip(kind, codec, style, place):
    """A value sent as an argument and returned as the result arrives twice as what it was."""
    for raw in kind.values:
        value, found = there_and_back(kind, codec, style, place, raw)
        assert kind.equal(value, found), (value, found)


# --- one schema ---


def shape(field, use=False, seen=()):
    """Return what documents and codecs see of a field: kinds, names, facets and members, and with `use` its occurrence."""
    node = resolve(field.type)
    own = (type(node).__name__, node.name, node.namespace)
    if use:
        own += (field.wire_name, field.min_occurs, field.max_occurs, field.nillable)
    if node in seen:
        return own
    seen = (*seen, node)
    if isinstance(node, Scalar):
        facets = tuple(
            (name, getattr(node.facets, name))
            for name in node.facets.__struct_fields__
            if name != "max_str_len" and getattr(node.facets, name) not in (None, ())
        )
        return (*own, facets, shape_of_base(node, seen))
    if isinstance(node, Struct):
        return (*own, shape_of_base(node, seen), *(shape(member, True, seen) for member in node.fields))
    if isinstance(node, ArrayNode):
        return (*own, shape(node.item, False, seen))
    if isinstance(node, Map):
        return (*own, shape(node.key, True, seen), shape(node.value, True, seen))
    return own


def shape_of_base(node, seen):
    return None if node.base is None else (node.base.name, node.base.namespace)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS if kind.classic is not None and kind.annotated is not None],
    ids=lambda kind: kind.name,
)
def test_both_ways_are_one_schema(kind):
    """The classic and the annotated declaration of a kind give the same kinds, names, facets and members."""
    place = Place("owner", NS, "value")
    classic, annotated = (
        shape(Lowering(default_namespace=NS, natives=NATIVE_MAP).field(tp, place))
        for tp in (kind.classic, kind.annotated)
    )
    assert classic == annotated


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec.format == "json"], ids=lambda codec: codec.name)
def test_what_cannot_travel_is_refused_when_the_application_is_built(codec):
    """A class that no codec knows is refused at start, with its place."""

    class Opaque:
        pass

    with pytest.raises(DeclarationError, match=r"echo.*Opaque"):
        Application(
            [type("S", (Service,), {"echo": rpc(annotated_echo(Opaque))})],
            NS,
            in_protocol=codec.make(),
            out_protocol=codec.make(),
        )
