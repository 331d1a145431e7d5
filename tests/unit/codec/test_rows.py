"""Tables of schema nodes: the names of columns, the cells of rows, and where a value does not fit."""

from __future__ import annotations

import dataclasses

import pytest

from spyne import Array, ComplexModel, Integer, SelfReference, Unicode
from spyne.codec._base import EncodeError, Options
from spyne.codec.rows import compile_table
from spyne.model.primitive import NATIVE_MAP
from spyne.schema import DeclarationError, Lowering, Place


class Point(ComplexModel):
    _type_info = [("x", Integer), ("y", Integer)]


class Line(ComplexModel):
    _type_info = [("name", Unicode), ("start", Point), ("end", Point), ("via", Array(Point))]


class Tree(ComplexModel):
    _type_info = [("value", Unicode), ("left", SelfReference)]


@dataclasses.dataclass
class Record:
    name: str
    inner: Record | None = None


class Empty(ComplexModel):
    _type_info = []


def table(tp, **options):
    """Return the table of a type."""
    field = Lowering(default_namespace="tns", natives=NATIVE_MAP).field(tp, Place("owner", "tns", "value"))
    return compile_table(field, Options(), **options)


@pytest.mark.parametrize(
    ("tp", "columns", "value", "rows"),
    [
        (Point, ("x", "y"), Point(x=1), [["1", None]]),
        (Point, ("x", "y"), None, []),
        (Array(Point), ("x", "y"), (p for p in [Point(x=1), None]), [["1", None], [None, None]]),
        (
            Line,
            ("name", "start.x", "start.y", "end.x", "end.y", "via"),
            Line(name="n", end=Point(x=1, y=2), via=[Point(x=3)]),
            [["n", None, None, "1", "2", '[{"x":3}]']],
        ),
        (Tree, ("value", "left"), Tree(value="a", left=Tree(value="b")), [["a", '{"value":"b"}']]),
        (Record, ("name", "inner"), Record("a", Record("b")), [["a", '{"name":"b"}']]),
        (dict[str, Point], ("key", "value.x", "value.y"), {"k": Point(y=1)}, [["k", None, "1"]]),
    ],
)
def test_columns_and_rows(tp, columns, value, rows):
    """Columns are the members, and rows their texts."""
    found = table(tp)
    assert found.columns == columns
    assert list(found.rows(value)) == rows


def test_delimiter_and_guard():
    """The names of nested members are joined as told, and the guard sees text but no numbers."""
    found = table(Line, delimiter="_", guard=str.upper)
    assert found.columns[1] == "start_x"
    assert next(found.rows(Line(name="n", start=Point(x=1))))[:2] == ["N", "1"]


def test_no_columns():
    """A type without members is refused, with the fix."""
    with pytest.raises(DeclarationError, match=r"Empty has no members.*declare a member"):
        table(Empty)


@pytest.mark.parametrize(
    ("tp", "value", "path"),
    [
        (Point, Point(x="a"), ("x",)),
        (Array(Line), [Line(), Line(end=Point(y=[]))], (1, "end", "y")),
        (Line, Line(via=[Point(x="a")]), ("via", 0, "x")),
        (Array(Point), 3, ()),
        (Point, 3, ()),
        (dict[str, int], {"a": "b"}, (0, "value")),
    ],
)
def test_what_does_not_fit(tp, value, path):
    """A value of another type is an EncodeError with its path."""
    with pytest.raises(EncodeError) as caught:
        list(table(tp).rows(value))
    assert caught.value.path == path


def test_rows_are_pulled_and_closed():
    """A row is made when it is asked for, and closing the rows closes what they are made of."""
    log = []

    def points():
        try:
            for x in range(9):
                log.append(x)
                yield Point(x=x)
        finally:
            log.append("closed")

    rows = table(Array(Point)).rows(points())
    assert log == []
    assert next(rows) == ["0", None]
    assert log == [0]
    rows.close()
    assert log == [0, "closed"]
