"""Every schema kind through flat names and a query, both ways."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from tests.matrix.kinds import CUSTOM, KINDS, NS

from spyne import Array, ComplexModel
from spyne.codec import flat
from spyne.codec._base import Options
from spyne.limits import DEFAULT_LIMITS
from spyne.model.primitive import NATIVE_MAP
from spyne.protocol.http._query import Fields, read_pairs
from spyne.schema import Lowering

PLACES = {
    "member": (lambda tp: tp, lambda value: value, lambda value: value),
    "item": (Array, lambda value: [value, value], lambda value: value[1]),
}


def query_of(names):
    """Return flat names as a query; None is a name without a value."""
    pairs = [(name, value) for name, values in names.items() for value in values]
    return "&".join(quote_plus(n) if v is None else f"{quote_plus(n)}={quote_plus(v)}" for n, v in pairs)


def cases():
    """Yield each kind in each style of declaration."""
    for kind in KINDS:
        for style in ("classic", "annotated"):
            for place in PLACES if style == "classic" else ("member",):
                if getattr(kind, style) is not None and "flat" not in kind.not_in:
                    yield pytest.param(kind, style, place, id=f"{kind.name}-{style}-{place}")


@pytest.mark.parametrize("validate", [False, True])
@pytest.mark.parametrize(("kind", "style", "place"), list(cases()))
def test_flat_round_trip(kind, style, place, validate):
    """A value written as flat names, sent in a query and read again is what it was."""
    wrap, put, get = PLACES[place]
    holder = ComplexModel.produce(NS, "Holder", [("before", int), ("it", wrap(getattr(kind, style))), ("after", str)])
    field = Lowering(natives=NATIVE_MAP).field(holder)
    options = Options(validate=validate, binary_encoding="urlsafe_base64")
    write, read = flat.compile_encoder(field, options), flat.compile_decoder(field, options)
    for raw in kind.values:
        value = CUSTOM[kind.name][style == "annotated"](**raw) if kind.name in CUSTOM else raw
        fields = Fields(DEFAULT_LIMITS)
        read_pairs(
            query_of(write(holder(before=1, it=put(value), after="z"))).encode(), "utf-8", fields, empty_is_null=False
        )
        found = read(fields)
        assert (found.before, found.after) == (1, "z")
        assert kind.equal(value, get(found.it)), (value, fields, found.it)
