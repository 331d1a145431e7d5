"""The formats whose documents are trees: each is one row of what it carries natively."""

from __future__ import annotations

import msgspec

from spyne.schema.nodes import Bool, Bytes, Float, Int, Scalar, Str


class TreeFormat(msgspec.Struct, frozen=True, kw_only=True):
    """What one format carries natively.

    native: the kinds that need no text form. int64: integers beyond 64 bits travel as text. specials: there are floats for
    infinity and NaN (otherwise they become null). utc_z: UTC is written Z, as msgspec does, rather than +00:00.
    """

    name: str
    native: frozenset[type[Scalar]]
    int64: bool = False
    specials: bool = False
    utc_z: bool = False


JSON = TreeFormat(name="JSON", native=frozenset({Bool, Int, Float, Str}), utc_z=True)
MSGPACK = TreeFormat(
    name="MessagePack", native=frozenset({Bool, Int, Float, Str, Bytes}), int64=True, specials=True, utc_z=True
)
YAML = TreeFormat(name="YAML", native=frozenset({Bool, Int, Float, Str}), specials=True, utc_z=True)
