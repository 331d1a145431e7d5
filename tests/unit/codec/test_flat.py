"""Flat names to values and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import pytest

from spyne import Any, AnyDict, AnyXml, Array, ByteArray, ComplexModel, Enum, Integer, SelfReference, Unicode
from spyne.codec import flat
from spyne.codec._base import DecodeError, EncodeError, Options
from spyne.limits import LimitExceeded
from spyne.model.primitive import NATIVE_MAP
from spyne.schema import DeclarationError, Lowering

Colour = Enum("red", "empty", type_name="Colour")


class Point(ComplexModel):
    x = Integer
    y = Integer(default=7)


class Shape(ComplexModel):
    name = Unicode
    first_name = Unicode
    point = Point
    points = Array(Point)
    many = Point.customize(max_occurs="unbounded")
    numbers = Array(Integer)
    words = Array(Unicode)
    few = Integer(max_occurs=3)
    grid = Array(Array(Integer))
    inner = SelfReference
    free = AnyDict
    any = Any
    markup = AnyXml
    colours = Array(Colour)
    blob = ByteArray


class Strict(ComplexModel):
    must = Unicode(min_occurs=1, nillable=False)
    number = Integer(min_occurs=1)
    point = Point.customize(min_occurs=1, nillable=False)
    short = Unicode(max_len=2)
    two = Integer(min_occurs=2, max_occurs=2)


def lowered(tp, name="it"):
    """Return the field of a type."""
    found = Lowering(natives=NATIVE_MAP).field(tp)
    return found if found.wire_name else type(found)(type=found.type, name=name, wire_name=name)


def decoder(tp=Shape, *, validate=True, **options):
    """Return a decoder."""
    return flat.compile_decoder(lowered(tp), Options(validate=validate, max_depth=8), **options)


def names(query):
    """Return a query as flat names; a name without an equals sign has None."""
    found = {}
    for pair in query.split("&"):
        if pair:
            ((name, value),) = parse_qsl(pair, keep_blank_values=True)
            found.setdefault(name, []).append(value if "=" in pair else None)
    return found


def plain(value):
    """Return objects as dicts of the members that are there."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, ComplexModel):
        return {
            name: plain(getattr(value, name)) for name in type(value)._type_info if getattr(value, name) is not None
        }
    return str(value) if isinstance(value, type(Colour.red)) else value


READ = [
    ("", {}),
    ("name=a", {"name": "a"}),
    ("name=", {"name": ""}),
    ("name", {}),
    ("nothing=1&point.nothing=2&name.x=3", {}),
    ("point.x=1", {"point": {"x": 1, "y": 7}}),
    ("point=empty", {"point": {"y": 7}}),
    ("point=empty&point.x=1", {"point": {"x": 1, "y": 7}}),
    ("point.x=1&point=other", {"point": {"x": 1, "y": 7}}),
    ("point", {}),
    ("point=", {}),
    ("points[0].x=1&points[1].x=2", {"points": [{"x": 1, "y": 7}, {"x": 2, "y": 7}]}),
    ("points[9].x=1&points[2].x=2", {"points": [{"x": 2, "y": 7}, {"x": 1, "y": 7}]}),
    ("points.x=1", {"points": [{"x": 1, "y": 7}]}),
    ("points.x=1&points[0].y=2", {"points": [{"x": 1, "y": 2}]}),
    ("points=empty", {"points": []}),
    ("points[4]=empty", {"points": [{"y": 7}]}),
    ("points[4]", {"points": [None]}),
    ("many[3].x=1&many[4].x=2", {"many": [{"x": 1, "y": 7}, {"x": 2, "y": 7}]}),
    ("numbers=1&numbers=2", {"numbers": [1, 2]}),
    ("numbers[]=1&numbers[]=2", {"numbers": [1, 2]}),
    ("numbers[1]=1&numbers[0]=2", {"numbers": [2, 1]}),
    ("numbers[1]=6&numbers=5", {"numbers": [5, 6]}),
    ("numbers=empty", {"numbers": []}),
    ("words=empty", {"words": ["empty"]}),
    ("colours=empty&colours=red", {"colours": ["empty", "red"]}),
    ("numbers=&numbers=1", {"numbers": [None, 1]}),
    ("few=1&few=2", {"few": [1, 2]}),
    ("grid[0]=1&grid[0]=2&grid[1][0]=3", {"grid": [[1, 2], [3]]}),
    ("grid[1]=empty", {"grid": [[]]}),
    ("inner.inner.name=a", {"inner": {"inner": {"name": "a"}}}),
    ("free.a=1&free.b.c=2&free.b.d[1]=4&free.b.d[0]=3", {"free": {"a": "1", "b": {"c": "2", "d": ["3", "4"]}}}),
    ("free.a=1&free.a=2", {"free": {"a": ["1", "2"]}}),
    ("free=empty", {"free": {}}),
    ("any=1", {"any": "1"}),
    ("any.a=1", {"any": {"a": "1"}}),
    ("any=1&any=2", {"any": ["1", "2"]}),
    ("blob=", {}),
]


@pytest.mark.parametrize(("query", "expected"), READ, ids=[query for query, _ in READ])
def test_read(query, expected):
    """Names are paths, and what is not named is not there."""
    assert plain(decoder()(names(query))) == expected


REFUSED = [
    ("point.x=a", "point/x", "is not an integer (xs:integer)"),
    ("points[7].x=a", "points[7]/x", "is not an integer (xs:integer)"),
    ("numbers=1&numbers=a", "numbers[1]", "is not an integer (xs:integer)"),
    ("name=a&name=b", "name", "occurs 2 time(s), max_occurs=1"),
    ("few=1&few=2&few=3&few=4", "few", "occurs 4 time(s), max_occurs=3"),
    ("point=other", "point", "is not an object: name its members, or say empty"),
    ("points=other", "points", "is not an array: name its items, or say empty"),
    ("free=other", "free", "is not an object: name its members, or say empty"),
    ("points[a].x=1", "points", "has an index that is not a number from 0"),
    ("points[-1].x=1", "points", "has an index that is not a number from 0"),
    ("numbers[1=1", "numbers", "has an index that is not a number from 0"),
    ("numbers[\u0661]=1", "numbers", "has an index that is not a number from 0"),
    ("markup=<a", "markup", "is not well-formed XML"),
    ("blob=%FF", "blob", "is not base64 (xs:base64Binary)"),
    (".".join(["inner"] * 9) + ".name=a", "inner/inner/inner", "is nested deeper than max_depth=8"),
    (".".join(["free"] * 9) + "=a", "free/free/free", "is nested deeper than max_depth=8"),
]


@pytest.mark.parametrize(("query", "path", "rule"), REFUSED, ids=[query[:30] for query, _, _ in REFUSED])
def test_refused(query, path, rule):
    """What does not fit is refused with its place and the rule."""
    with pytest.raises(DecodeError) as caught:
        decoder()(names(query))
    assert (caught.value.where(), caught.value.message) == (path, rule)


def test_all_errors_of_one_pass():
    """Every member is tried, and every error kept."""
    with pytest.raises(DecodeError) as caught:
        decoder(Strict)(names("must&short=abc&two=1&point.x=a"))
    assert [(error.where(), error.message) for error in caught.value.all()] == [
        ("must", "must not be null"),
        ("number", "is required (min_occurs=1)"),
        ("point/x", "is not an integer (xs:integer)"),
        ("short", "is longer than max_len=2"),
        ("two", "occurs 1 time(s), min_occurs=2"),
    ]


@pytest.mark.parametrize("query", ["name=a&name=b", "few=1&few=2&few=3&few=4", "point.x=1&point.x=2"])
def test_without_validation_the_first_counts(query):
    """Occurrence is not checked without validation."""
    assert decoder(validate=False)(names(query)) is not None


@pytest.mark.parametrize("index", ["1001", "999999999", "9" * 400])
def test_index_limit(index):
    """An index beyond the limit is refused before anything is made for it."""
    with pytest.raises(LimitExceeded, match="array_index=1000"):
        decoder(array_index=1000)(names(f"numbers[{index}]=1"))


@pytest.mark.parametrize(
    ("query", "missing"), [("numbers[1]=1", 0), ("numbers[0]=1&numbers[2]=1", 1), ("points[0].x=1&points[5].x=1", 1)]
)
def test_strict_arrays(query, missing):
    """With strict arrays no index may be left out."""
    with pytest.raises(DecodeError, match=rf"but not {missing} \(strict_arrays\)"):
        decoder(strict_arrays=True)(names(query))
    assert decoder()(names(query)) is not None


def test_strict_arrays_take_what_counts_on():
    """Indices that count on from 0 pass, in any order."""
    read = decoder(strict_arrays=True)
    assert read(names("numbers[1]=1&numbers[0]=2")).numbers == [2, 1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("first_name=a&point_x=1", {"first_name": "a", "point": {"x": 1, "y": 7}}),
        ("inner_first_name=a", {"inner": {"first_name": "a"}}),
        ("points[0]_x=1", {"points": [{"x": 1, "y": 7}]}),
        ("point.x=1", {}),
        ("_" * 900 + "=1", {}),
    ],
)
def test_delimiter_in_names(query, expected):
    """A delimiter may be part of members' names; the longest name that fits counts."""
    assert plain(decoder(delimiter="_")(names(query))) == expected


def test_defaults():
    """Members that are not sent take their defaults; the default's own type is checked when the decoder is made."""

    @dataclass
    class Given:
        a: int = 3
        b: list[int] = field(default_factory=lambda: [1])

    assert decoder(Given)({}) == Given(3, [1])

    class Wrong(ComplexModel):
        a = Integer(default="x")

    with pytest.raises(DeclarationError, match="default"):
        decoder(Wrong)


def test_root_that_is_no_object():
    """A value that has no members is read under its own name."""
    read = decoder(Array(Integer))
    assert read(names("it=1&it=2")) == [1, 2]
    assert read(names("it[1]=1&other=2")) == [1]
    assert read({}) is None
    with pytest.raises(DecodeError) as caught:
        read(names("it=a"))
    assert caught.value.where() == "it[0]"


def test_maps():
    """The keys of a dict are names; a key of plain values may hold anything."""

    @dataclass
    class Maps:
        numbers: dict[str, int]
        points: dict[str, Point]

    read = decoder(Maps)
    found = read(names("numbers.a.b[0]=1&numbers.c=2&points.p.x=3"))
    assert (found.numbers, plain(found.points["p"])) == ({"a.b[0]": 1, "c": 2}, {"x": 3, "y": 7})
    write = flat.compile_encoder(lowered(Maps), Options())
    assert write(found) == {"numbers.a.b[0]": ["1"], "numbers.c": ["2"], "points.p.x": ["3"], "points.p.y": ["7"]}
    with pytest.raises(EncodeError, match="flat names cannot say"):
        write(Maps({}, {"a.b": Point()}))


class Upload:
    """A file, as the codec gets it."""

    name, content_type = "a.txt", "text/plain"

    def __init__(self, data):
        self.data = data
        self.size = len(data)

    def read(self):
        return self.data


def test_uploads():
    """An upload is its bytes, or for other types the text that it is."""
    read = decoder()
    found = read({"blob": [Upload(b"\xff\x00")], "name": [Upload("é".encode())], "numbers": [Upload(b"1"), "2"]})
    assert (found.blob, found.name, found.numbers) == ((b"\xff\x00",), "é", [1, 2])
    for name in ("name", "any"):
        with pytest.raises(DecodeError, match="not text in UTF-8"):
            read({name: [Upload(b"\xff")]})
    for name in ("point", "points"):
        with pytest.raises(DecodeError, match="is not an"):
            read({name: [Upload(b"x")]})


@pytest.mark.parametrize("text", ["-_8=", "-_8", "+/8=", "+/8"])
def test_base64_of_any_alphabet(text):
    """Where the protocol's bytes are URL-safe, the common alphabet is read too, with or without padding."""
    read = flat.compile_decoder(lowered(Shape), Options(binary_encoding="urlsafe_base64"))
    assert read({"blob": [text]}).blob == (b"\xfb\xff",)


WRITTEN = [
    (Shape(), {}),
    (Shape(name="a"), {"name": ["a"]}),
    (Shape(point=Point(x=1)), {"point.x": ["1"], "point.y": ["7"]}),
    (Shape(numbers=[1, None, 2]), {"numbers": ["1", None, "2"]}),
    (Shape(numbers=[], points=[]), {"numbers": ["empty"], "points": ["empty"]}),
    (Shape(words=[]), {}),
    (Shape(points=[None, Point(x=1)]), {"points[0]": [None], "points[1].x": ["1"], "points[1].y": ["7"]}),
    (Shape(inner=Shape()), {"inner": ["empty"]}),
    (Shape(grid=[[1], []]), {"grid[0]": ["1"], "grid[1]": ["empty"]}),
    (Shape(free={"a": {"b": [1, True]}, "c": None}), {"free.a.b[0]": ["1"], "free.a.b[1]": ["true"], "free.c": [None]}),
    (Shape(free={}), {"free": ["empty"]}),
]


@pytest.mark.parametrize(("value", "expected"), WRITTEN)
def test_written(value, expected):
    """Objects become names with texts."""
    assert flat.compile_encoder(lowered(Shape), Options())(value) == expected


def test_written_as_values():
    """Native names have the values as they are."""
    write = flat.compile_encoder(lowered(Shape), Options(), native=True, delimiter="_")
    value = Shape(name="a", point=Point(x=1), points=[Point(x=2, y=3)], numbers=[4], words=[], many=[], inner=Shape())
    assert write(value) == {
        "name": "a",
        "point_x": 1,
        "point_y": 7,
        "points[0]_x": 2,
        "points[0]_y": 3,
        "numbers": [4],
        "words": [],
        "many": "empty",
    }


def test_object_inside_itself():
    """An object inside itself is left out, and one that nests too deep is refused."""
    loop = Shape(name="a")
    loop.inner = loop
    assert flat.compile_encoder(lowered(Shape), Options())(loop) == {"name": ["a"]}
    deep = Shape()
    for _ in range(9):
        deep = Shape(inner=deep)
    with pytest.raises(EncodeError, match="deeper"):
        flat.compile_encoder(lowered(Shape), Options(max_depth=8))(deep)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"numbers": 1}, ("numbers",)),
        ({"points": [{"x": "a"}]}, ("points", 0, "x")),
        ({"numbers": [1, "a"]}, ("numbers", 1)),
    ],
)
def test_misfits(value, path):
    """What user code returned wrongly is refused with its place."""
    write = flat.compile_encoder(lowered(Shape), Options())
    assert write(None) == {}
    with pytest.raises(EncodeError) as caught:
        write(value)
    assert caught.value.path == path
