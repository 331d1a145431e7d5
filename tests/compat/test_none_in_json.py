"""None in JSON: as in 2.14 for types that are declared as there, as written for annotations."""

from __future__ import annotations

from typing import Annotated

import pytest
from annotated_types import MinLen

from spyne import Application, Array, ComplexModel, Integer, Mandatory, Service, Unicode, rpc
from spyne.protocol.json import JsonDocument
from spyne.server.null import NullServer


class Box(ComplexModel):
    """A type that msgspec can read and write by itself."""

    label = Unicode
    sizes = Array(Integer)


class Labelled(ComplexModel):
    """The same as annotations."""

    label: str | None
    sizes: list[int] | None


class Boxes(Service):
    """Says what arrived, and returns None in every place."""

    @rpc(Box, _returns=Unicode)
    def see(ctx, box):
        return repr((box.label, box.sizes)) if box is not None else "None"

    @rpc(Labelled, _returns=Unicode)
    def see_annotated(ctx, box):
        return repr((box.label, box.sizes))

    @rpc(Array(Array(Integer)), _returns=Unicode)
    def nested(ctx, rows):
        return repr(rows)

    @rpc(Mandatory(Array(Unicode)), _returns=Unicode)
    def mandatory(ctx, names):
        return repr(names)

    @rpc
    def one_or_more(ctx, sizes: Annotated[list[int], MinLen(1)]) -> str:
        return repr(sizes)

    @rpc(_returns=Box)
    def none(ctx):
        return None

    @rpc(_returns=Array(Box))
    def items(ctx):
        return [Box(label="x"), None]

    @rpc
    def annotated_none(ctx) -> Box | None:
        return None

    @rpc
    def annotated_array(ctx, sizes: list[int] | None = None) -> str:
        return repr(sizes)


CALLS = [
    ('{"see": {"box": {"label": null, "sizes": null}}}', '"(None, [])"'),
    ('{"see": {"box": {}}}', '"(None, None)"'),
    ('{"see": {"box": null}}', '"None"'),
    ('{"see_annotated": {"box": {"label": null, "sizes": null}}}', '"(None, None)"'),
    ('{"nested": {"rows": [null, [1, null]]}}', '"[[], [1, None]]"'),
    ('{"mandatory": {"names": []}}', '"[]"'),
    ('{"none": {}}', "{}"),
    ('{"items": {}}', '[{"label":"x"},{}]'),
    ('{"annotated_none": {}}', "null"),
    ('{"annotated_array": {"sizes": null}}', '"None"'),
]


def answer(request_text, validator):
    """The response to a request, and the fault if it is one."""
    app = Application([Boxes], "tns", in_protocol=JsonDocument(validator=validator), out_protocol=JsonDocument())
    server = NullServer(app)
    ctx = server.make_context()
    ctx.in_string = [request_text.encode()]
    server.get_in_object(ctx)
    server.get_out_object(ctx)
    server.get_out_string(ctx)
    return b"".join(ctx.out_string).decode(), ctx.out_error


@pytest.mark.parametrize("validator", [None, "soft"])
@pytest.mark.parametrize(("request_text", "response"), CALLS)
def test_none(request_text, response, validator):
    """Both engines, the fast and the careful one, agree on it."""
    assert answer(request_text, validator) == (response, None)


def test_an_annotated_length_is_kept():
    """A list that must have an item has one, unlike a mandatory Array."""
    _, fault = answer('{"one_or_more": {"sizes": []}}', "soft")
    assert fault.faultstring.startswith("sizes: ")
