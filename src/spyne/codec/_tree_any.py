"""Free content in trees of builtins: values that the schema says nothing of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal as PyDecimal
from math import isfinite
from typing import TYPE_CHECKING, Any
from uuid import UUID

from spyne.codec import _lexical_number as number
from spyne.codec import _lexical_other as other
from spyne.codec import _lexical_time as moment
from spyne.codec._base import Decode, DecodeError, Encode, EncodeError, Options
from spyne.codec._tree_scalar import wrong
from spyne.schema.nodes import Any as AnyNode
from spyne.schema.nodes import Bytes

if TYPE_CHECKING:
    from spyne.codec._tree_format import TreeFormat


def depth_within(value: Any, limit: int) -> bool:
    """Whether objects and arrays nest at most `limit` deep; walks level by level, never recursing."""
    level = [value]
    for _ in range(limit):
        level = [child for item in level for child in _children(item)]
        if not level:
            return True
    return not any(isinstance(item, dict | list | tuple) for item in level)


def _children(value: Any) -> Iterable[Any]:
    kind = type(value)
    return value.values() if kind is dict else value if kind is list or kind is tuple else ()


def any_decoder(node: AnyNode, options: Options) -> Decode:
    """Free content as it came, numbers as float where they were read exactly; markup is parsed from its text."""
    if node.flavour in ("xml", "html"):
        return _markup_reader(node.flavour)
    return _plain


def _plain(value: Any) -> Any:
    """The value with every exactly read number turned back into a float; copies only what holds one."""
    if isinstance(value, PyDecimal):
        return _as_float(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _as_float(value: PyDecimal) -> float:
    found = float(value)
    if not isfinite(found):
        raise DecodeError("is out of range (xs:double)", value=value)
    return found


def _markup_reader(flavour: str) -> Decode:
    def read(value: Any) -> Any:
        if not isinstance(value, str | bytes):
            raise wrong("is not a string of markup", value)
        if flavour == "html":
            return _html(value)
        from spyne.codec.xml_input import parse
        from spyne.limits import Limits  # lxml is loaded for such members only

        try:
            return parse(value.encode() if isinstance(value, str) else value, limits=Limits())
        except ValueError:
            raise DecodeError("is not well-formed XML", value=value) from None

    return read


def _html(value: str | bytes) -> Any:
    import lxml.etree as etree
    import lxml.html as html

    try:
        return html.fromstring(value)
    except (etree.LxmlError, ValueError):
        raise DecodeError("is not HTML", value=value) from None


def any_encoder(node: AnyNode, options: Options, fmt: TreeFormat) -> Encode:
    """Free content as builtins of the format; markup as its text."""
    limit = options.max_depth

    def write(value: Any, left: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, float) and not fmt.specials and not isfinite(value):
            return None
        if left < 0:
            raise EncodeError(f"nests deeper than max_depth={limit}")
        if isinstance(value, Mapping):
            return {_key(key): write(item, left - 1) for key, item in value.items()}
        simple = _simple(value, fmt)
        if simple is not None:
            return simple
        if hasattr(value, "getroottree"):
            return _markup(value, node.flavour)
        if isinstance(value, Iterable):
            return [write(item, left - 1) for item in value]
        fields = getattr(value, "__struct_fields__", None) or getattr(value, "__dataclass_fields__", None)
        if fields:
            found = {name: getattr(value, name) for name in fields}
            return {name: write(item, left - 1) for name, item in found.items() if item is not None}
        raise EncodeError(f"expected free content, got {type(value).__name__}")

    return lambda value: write(value, limit)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, int | float | UUID | date):
        return str(key)
    raise EncodeError(f"expected str as a key, got {type(key).__name__}")


def _simple(value: Any, fmt: TreeFormat) -> Any:
    """A scalar that was given without a type, or None for anything else."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return str(int(value)) if fmt.int64 and not -(2**63) <= value < 2**64 else int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, PyDecimal):
        return number.format_decimal(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value) if Bytes in fmt.native else other.format_base64(value)
    if isinstance(value, datetime):
        return moment.format_datetime(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return moment.format_duration(value)
    return str(value) if isinstance(value, UUID) else None


def _markup(value: Any, flavour: str) -> str:
    import lxml.etree as etree

    method = "html" if flavour == "html" else "xml"
    return str(etree.tostring(value, encoding="unicode", method=method, with_tail=False))
