"""Defaults of members: whether they are values of their types, decided when codecs are compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from spyne.codec._base import DecodeError, EncodeError
from spyne.codec.text import formatter, parser
from spyne.schema.errors import DeclarationError
from spyne.schema.nodes import MISSING, PLAIN, Scalar, Struct, resolve

if TYPE_CHECKING:
    from typing import Any

__all__ = ["check_defaults"]


def check_defaults(struct: Struct) -> None:
    """Raise DeclarationError, with the member's name, for a default that is no value of its member's type or breaks a facet.

    The published schema states it (XSD 1.0 part 1 §3.3.6: a default must be valid). The user's own predicates are not called.
    """
    for field in struct.fields:
        default = field.default
        if default is MISSING or default is None or field.repeated:
            continue
        node = resolve(field.type)
        if isinstance(node, Scalar):
            rule = _broken_rule(node, default)
            if rule:
                owner = f"{struct.name or struct.cls.__name__}.{field.name}"
                raise DeclarationError(f"{owner}: default={default!r} {rule}")


def _broken_rule(node: Scalar, default: Any) -> str:
    """What is wrong with the default, empty if nothing is; in XSD's form, whatever form was declared for messages."""
    facets = msgspec.structs.replace(node.facets, check_text=None, check_value=None)
    plain = msgspec.structs.replace(node, lexical=PLAIN, load=None, facets=facets)
    try:
        parser(plain, validate=True)(formatter(plain)(default))
    except DecodeError as error:
        return error.message
    except (EncodeError, TypeError, ValueError, AttributeError) as error:
        return f"is no value of its type: {error}"
    return ""
