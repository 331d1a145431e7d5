"""Arrays in JSON, item by item, however the text is cut."""

from __future__ import annotations

import json

import pytest

from spyne.codec._native import Malformed
from spyne.codec.json_stream import JsonItems, JsonResult

DEEP = json.loads("[" * 12 + '"]", {"a": [1, "\\\\", "{\\""]}' + "]" * 12)
ITEMS = [
    1,
    -2.5e3,
    None,
    True,
    "",
    'a "quoted" \\ word',
    "[{]}",
    [],
    {},
    {"a": ["}", "\\"]},
    DEEP,
    ["é\u2028"],
    "x" * 300,
]


def items_of(pieces):
    """The items, each with the number of the piece that it came with."""
    result = JsonResult()
    pieces = iter(pieces)
    count = 1
    while not result.feed(next(pieces)):
        count += 1
    items = JsonItems(result.cursor, "rows", json.loads, json.loads, 1_000_000, result.phase, result.behind)
    while True:
        for value in items.ready():
            yield count, value
        if items.is_closed:
            return
        piece = next(pieces, None)
        if piece is None:
            items.close()
        else:
            count += 1
            items.feed(piece)


@pytest.mark.parametrize("space", ["", " \n"])
@pytest.mark.parametrize("size", [1, 2, 3, 17, 5000])
def test_any_pieces(size, space):
    """How the text is cut makes no difference."""
    text = f"{space}[{space}{f'{space},{space}'.join(map(json.dumps, ITEMS))}{space}]{space}".encode()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert [value for _, value in items_of(pieces)] == ITEMS


@pytest.mark.parametrize("item", [item for item in ITEMS if isinstance(item, str | list | dict)], ids=repr)
def test_an_item_is_there_with_its_last_byte(item):
    """Nobody waits for what follows an item that ends by itself."""
    text = json.dumps(item).encode()
    pieces = [b"[", *(text[at : at + 1] for at in range(len(text))), b"]"]
    assert list(items_of(pieces)) == [(len(pieces) - 1, item)]


@pytest.mark.parametrize(
    "last", ["x" * 300_000, ["x" * 300_000], [[1, "y"]] * 60_000, 10**4000], ids=["string", "array", "deep", "number"]
)
@pytest.mark.parametrize("size", [1000, 60_000])
def test_a_long_item(size, last):
    """A long item is whole, first or last, with its last piece."""
    text = b"[1,%s,2,%s]" % ((json.dumps(last).encode(),) * 2)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    found = list(items_of(pieces))
    assert [value for _, value in found] == [1, last, 2, last]
    assert found[1][0] <= len(pieces) // 2 + 2
    assert found[3][0] == len(pieces)


@pytest.mark.parametrize(
    "text", ["[1", "[1,", "[1,]", "[,]", "[1 2]", "[1]]", "[1] 2", '["a', '["a\\', "[[1", '[{"a":"}"', "[1}"]
)
def test_what_is_no_array(text):
    """Text that is none, or that is not all, is refused."""
    for size in (1, 100):
        pieces = [text.encode()[at : at + size] for at in range(0, len(text), size)]
        with pytest.raises((Malformed, ValueError)):
            list(items_of(pieces))
