from __future__ import annotations

import copy

import pytest

from spyne.codec._base import DecodeError
from spyne.codec.text import formatter, parser
from spyne.model.enum import Enum
from spyne.schema import DeclarationError, Lowering, Place, nodes

Colour = Enum("red", "dark green", "values", type_name="Colour")


def node_of(tp):
    return Lowering(default_namespace="tns").field(tp, Place("A", "tns", "f")).type


def test_members_are_objects():
    """A member is true, hashable, itself when copied, never equal to its text, and its text as str."""
    red = Colour.red
    assert bool(red)
    assert red != "red"
    assert str(red) == "red"
    assert {red: 1}[red] == 1
    assert copy.deepcopy(red) is red
    assert repr(red) == "Colour.red"


def test_members_that_are_no_names():
    """Texts that are no attribute are found by index; values and __values__ are in declaration order."""
    assert str(Colour["dark green"]) == "dark green"
    assert Enum("b", "a", type_name="X").values == ("b", "a")
    assert Colour.__values__ == ("red", "dark green", "values")


def test_reserved_names_stay_what_they_are():
    """A text that is the name of something every type has does not hide it."""
    tp = Enum("customize", "Attributes", type_name="T")
    assert callable(tp.customize)
    assert str(tp["Attributes"]) == "Attributes"


def test_node():
    """An enumeration lowers to a named node in the application's namespace, whatever its occurrence."""
    for tp in (Colour, Colour(min_occurs=1), Colour.customize(nullable=False)):
        node = node_of(tp)
        assert (type(node), node.name, node.namespace, node.base) == (nodes.Enum, "Colour", "tns", None)
        assert list(node.members) == ["red", "dark green", "values"]
    assert node_of(Enum("a", type_name="N", namespace="urn:n")).namespace == "urn:n"


def test_text():
    """Text becomes the member, the member and its text are written."""
    node = node_of(Colour)
    assert parser(node, validate=False)("red") is Colour.red
    assert formatter(node)(Colour.red) == "red"
    assert formatter(node)("red") == "red"
    with pytest.raises(DecodeError):
        parser(node, validate=False)("blue")


def test_values_as_one_list():
    """The values may come as one sequence, with documentation and customizations behind."""
    tp = Enum(["a", "b"], type_name="E", doc="Letters.", min_occurs=1)
    assert tp.Attributes.min_occurs == 1
    assert tp.Annotations.doc == "Letters."
    assert str(tp.b) == "b"


@pytest.mark.parametrize(
    ("values", "options"),
    [(("a",), {}), ((), {"type_name": "E"}), ((1,), {"type_name": "E"}), (("a", "a"), {"type_name": "E"})],
)
def test_mistakes(values, options):
    """An enumeration without a name or with values that are not different texts is refused."""
    with pytest.raises(DeclarationError):
        Enum(*values, **options)
