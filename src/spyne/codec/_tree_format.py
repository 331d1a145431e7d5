"""The formats whose documents are trees: each is one row of what it carries natively."""

from __future__ import annotations

import msgspec

from spyne.schema.nodes import Bool, Bytes, DateTime, Float, Int, Scalar, Str


class TreeFormat(msgspec.Struct, frozen=True, kw_only=True):
    """What one format carries natively.

    native: the kinds that need no text form. int64: integers beyond 64 bits travel as text. specials: there are floats for
    infinity and NaN (otherwise they become null). utc_z: UTC is written Z, as msgspec does, rather than +00:00. text_as_bin:
    texts and keys are written as bytes, save those of times.
    """

    name: str
    native: frozenset[type[Scalar]]
    int64: bool = False
    specials: bool = False
    utc_z: bool = False
    text_as_bin: bool = False


JSON = TreeFormat(name="JSON", native=frozenset({Bool, Int, Float, Str}), utc_z=True)
_MSGPACK_KINDS: frozenset[type[Scalar]] = frozenset({Bool, Int, Float, Str, Bytes})
MSGPACK = TreeFormat(name="MessagePack", native=_MSGPACK_KINDS, int64=True, specials=True, utc_z=True)
MSGPACK_TIMESTAMPS = TreeFormat(
    name="MessagePack", native=_MSGPACK_KINDS | {DateTime}, int64=True, specials=True, utc_z=True
)
"""Moments with a zone are timestamps, which keep the instant and lose the zone; those without one stay text."""
MSGPACK_2 = TreeFormat(name="MessagePack", native=_MSGPACK_KINDS, int64=True, specials=True, text_as_bin=True)
"""As Spyne 2 wrote it."""
YAML = TreeFormat(name="YAML", native=frozenset({Bool, Int, Float, Str}), specials=True, utc_z=True)
