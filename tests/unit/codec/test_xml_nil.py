"""Missing, empty and nil, for every way to declare a member: the Python value, and what is written for it."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from spyne.codec import xml_decode, xml_fast
from spyne.codec._base import DecodeError, Options
from spyne.codec._xml_names import Element
from spyne.codec.xml_encode import compile_encoder
from spyne.model.complex import Array, ComplexModel, XmlAttribute
from spyne.model.primitive import Integer, Unicode
from spyne.schema import Lowering, Place

XSI = "http://www.w3.org/2001/XMLSchema-instance"
NIL = f'xmlns:xsi="{XSI}" xsi:nil="true"'
FULL_NIL = 'has xsi:nil="true" and must be empty'


class Inner(ComplexModel):
    """A struct inside."""

    __namespace__ = "tns"
    n = Integer


class Bad(str):
    """What must be said of a value that soft validation refuses."""


REQUIRED = Bad("is required (min_occurs=1)")
NOT_NIL = Bad("must not be nil")
NOT_EMPTY = Bad("must not be empty")
TYPES: dict[str, Any] = {"Integer": Integer, "Unicode": Unicode, "struct": Inner, "Array": Array(Integer)}
CONTENTS = {"Integer": "5", "Unicode": "x", "struct": "<n>1</n>", "Array": "<integer>1</integer>"}
DECLARED: dict[str, dict[str, Any]] = {
    "optional": {},
    "required": {"min_occurs": 1},
    "not nillable": {"nillable": False},
    "required, not nillable": {"min_occurs": 1, "nillable": False},
    "default": {"default": 7},
    "required, default": {"min_occurs": 1, "default": 7},
}

# type, declaration: the value of a missing, an empty and a nil element without validation; the same under soft validation.
TABLE: list[tuple[str, str, tuple[Any, Any, Any], tuple[Any, Any, Any]]] = [
    ("Integer", "optional", (None, None, None), (None, None, None)),
    ("Integer", "required", (None, None, None), (REQUIRED, None, None)),
    ("Integer", "not nillable", (None, None, None), (None, NOT_EMPTY, NOT_NIL)),
    ("Integer", "required, not nillable", (None, None, None), (REQUIRED, NOT_EMPTY, NOT_NIL)),
    ("Integer", "default", (7, None, 7), (7, None, 7)),
    ("Integer", "required, default", (7, None, 7), (REQUIRED, None, 7)),
    ("Unicode", "optional", (None, "", None), (None, "", None)),
    ("Unicode", "required", (None, "", None), (REQUIRED, "", None)),
    ("Unicode", "not nillable", (None, "", None), (None, "", NOT_NIL)),
    ("Unicode", "required, not nillable", (None, "", None), (REQUIRED, "", NOT_NIL)),
    ("struct", "optional", (None, "Inner()", None), (None, "Inner()", None)),
    ("struct", "required", (None, "Inner()", None), (REQUIRED, "Inner()", None)),
    ("struct", "not nillable", (None, "Inner()", None), (None, "Inner()", NOT_NIL)),
    ("struct", "required, not nillable", (None, "Inner()", None), (REQUIRED, "Inner()", NOT_NIL)),
    ("Array", "optional", (None, [], None), (None, [], None)),
    ("Array", "required", (None, [], None), (REQUIRED, [], None)),
    ("Array", "not nillable", (None, [], None), (None, [], NOT_NIL)),
    ("Array", "required, not nillable", (None, [], None), (REQUIRED, [], NOT_NIL)),
]
FORMS = ("", "<m/>", f"<m {NIL}/>")


def holder(tp: Any) -> tuple[Any, Any]:
    """A class with that member, and the field of its uses."""
    cls: Any = type(ComplexModel)("Holder", (ComplexModel,), {"__namespace__": "tns", "__module__": __name__, "m": tp})
    return cls, Lowering(default_namespace="tns").field(cls, Place("A", "tns", "f"))


def read(field: Any, contents: str, attributes: str = "", **options: Any) -> Any:
    """The member, read by both decoders; a refusal is its rule."""
    found = []
    for make in (xml_fast.compile, xml_decode.compile_decoder):
        root = etree.fromstring(f'<Holder xmlns="tns" {attributes}>{contents}</Holder>')
        try:
            value = make(field, Options(**options))(root)
            value = None if value is None else value.m
        except DecodeError as error:
            found.append(Bad(error.message))
        else:
            found.append(repr(value) if isinstance(value, Inner) else value)
    assert found[0] == found[1]
    assert type(found[0]) is type(found[1])
    return found[0]


def typed(name: str, declared: str) -> Any:
    return TYPES[name].customize(**DECLARED[declared])


@pytest.mark.parametrize(("name", "declared", "lenient", "soft"), TABLE)
def test_read(name, declared, lenient, soft):
    """The table of the documentation."""
    _, field = holder(typed(name, declared))
    for validate, expected in ((False, lenient), (True, soft)):
        found = tuple(read(field, form, validate=validate) for form in FORMS)
        assert found == expected
        assert [isinstance(each, Bad) for each in found] == [isinstance(each, Bad) for each in expected]


@pytest.mark.parametrize(("name", "declared"), [row[:2] for row in TABLE])
def test_nil_with_contents(name, declared):
    """An element that says that it is nil and is not empty counts by its contents; soft validation refuses it."""
    _, field = holder(typed(name, declared))
    text = f"<m {NIL}>{CONTENTS[name]}</m>"
    assert read(field, text) == read(field, f"<m>{CONTENTS[name]}</m>")
    assert read(field, text, validate=True) == FULL_NIL
    assert read(field, f"<m {NIL}> \n</m>", validate=True) == (
        FULL_NIL if name == "Unicode" else read(field, f"<m {NIL}/>", validate=True)
    )


@pytest.mark.parametrize("value", ["false", "0", "", "maybe"])
def test_nil_that_is_not_true(value):
    """Only true and 1 say nil."""
    for name in TYPES:
        _, field = holder(TYPES[name])
        text = f'<m xmlns:xsi="{XSI}" xsi:nil="{value}">{CONTENTS[name]}</m>'
        for validate in (False, True):
            assert read(field, text, validate=validate) == read(field, f"<m>{CONTENTS[name]}</m>")


@pytest.mark.parametrize(("name", "declared"), [row[:2] for row in TABLE])
def test_written(name, declared):
    """None is left out where the member may be absent, and nil, or the default, where it must occur; it is read back."""
    cls, field = holder(typed(name, declared))
    write = compile_encoder(field, Element("", "Holder"), Options(), {"tns": "t"})
    text = write(cls(m=None))
    required = DECLARED[declared].get("min_occurs", 0)
    default = DECLARED[declared].get("default")
    if not required:
        assert text == "<Holder/>"
    elif default is not None:
        assert text == f"<Holder><t:m>{default}</t:m></Holder>"
    else:
        assert text == '<Holder><t:m xsi:nil="true"/></Holder>'
    if DECLARED[declared].get("nillable", True):
        contents = text.removeprefix("<Holder>").removesuffix("</Holder>") if required else ""
        found = read(field, contents, f'xmlns:xsi="{XSI}" xmlns:t="tns"', validate=bool(required))
        assert found == default
    assert write(cls()) == (f"<Holder><t:m>{default}</t:m></Holder>" if default is not None else text)


ITEMS = [
    ({}, "<integer>1</integer><integer/>", [1, None], [1, None]),
    ({}, f"<integer {NIL}/>", [None], [None]),
    ({"nillable": False}, "<integer/>", [None], NOT_EMPTY),
    ({"nillable": False}, f"<integer {NIL}/>", [None], NOT_NIL),
    ({"default": 7}, f"<integer {NIL}/><integer/>", [7, None], [7, None]),
    ({}, f"<integer {NIL}>1</integer>", [1], FULL_NIL),
]


@pytest.mark.parametrize(("declared", "contents", "lenient", "soft"), ITEMS)
def test_items(declared, contents, lenient, soft):
    """Items that are empty or nil keep their place in the list."""
    _, field = holder(Array(Integer(**declared)))
    assert read(field, f"<m>{contents}</m>") == lenient
    assert read(field, f"<m>{contents}</m>", validate=True) == soft


@pytest.mark.parametrize(
    ("tp", "given", "lenient", "soft"),
    [
        (XmlAttribute(Integer), "", None, None),
        (XmlAttribute(Integer, use="required"), "", None, Bad("is a required attribute")),
        (XmlAttribute(Integer(default=7)), "", 7, 7),
        (XmlAttribute(Unicode), 'm=""', "", ""),
        (XmlAttribute(Unicode(min_len=1)), 'm=""', "", Bad("is shorter than min_len=1")),
        (XmlAttribute(Integer(ge=5)), 'm="3"', 3, Bad("must be >= 5")),
    ],
)
def test_attributes(tp, given, lenient, soft):
    """An attribute is there or not; its facets count under soft validation."""
    _, field = holder(tp)
    assert read(field, "", given) == lenient
    assert read(field, "", given, validate=True) == soft


def test_defaults_for_nil_can_be_switched_off():
    """With replace_null_with_default=False nil is None whatever the default."""
    _, field = holder(Integer(default=7))
    assert read(field, f"<m {NIL}/>", replace_null_with_default=False) is None
    assert read(field, "", replace_null_with_default=False) == 7


def test_nil_root():
    """A nil call has no arguments; one with contents is refused under soft validation."""
    _, field = holder(Integer)
    assert read(field, "", NIL) is None
    assert read(field, "<m>1</m>", NIL) == 1
    assert read(field, "<m>1</m>", NIL, validate=True) == FULL_NIL
