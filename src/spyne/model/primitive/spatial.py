"""Geometries as well-known text (OGC 06-103r4 §7) with two or three coordinates per point; values are str."""

from __future__ import annotations

from typing import Any, ClassVar

from spyne.model._base import new_variant
from spyne.model.primitive.string import SPYNE_NAMESPACE, Unicode
from spyne.schema import DeclarationError

_NUMBER = r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?"


def _many(part: str, least: int = 1) -> str:
    """A parenthesized list of at least that many parts; spaces are free around commas and parentheses."""
    rest = rf"(\s*,\s*{part})" + ("*" if least == 1 else f"{{{least - 1},}}")
    return rf"\(\s*{part}{rest}\s*\)"


class _Geometry(Unicode):
    """What the geometries share: ``Point(3)`` has points of three coordinates and the pattern for them.

    Every part of a pattern begins with what the part before it cannot contain, so matching takes linear time.
    """

    _tag: ClassVar[str] = ""
    _by_dim: ClassVar[dict[int, Any]] = {}
    __namespace__ = SPYNE_NAMESPACE

    class Attributes(Unicode.Attributes):
        """Customizations of geometries. dim: the number of coordinates of a point, None where it is not checked."""

        dim: int | None = None

    def __new__(cls, dim: int | None = None, **attributes: Any) -> Any:
        """A variant for points of `dim` coordinates, 2 or 3."""
        if dim is None:
            return cls.customize(**attributes)
        if isinstance(dim, bool) or dim not in (2, 3):
            raise DeclarationError(f"{cls.__name__}({dim!r}): the number of dimensions is 2 or 3")
        known = vars(cls).get("_by_dim")
        if known is None:
            known = {}
            cls._by_dim = known
        if dim not in known:
            body = cls._variant_namespace({"dim": dim, "pattern": cls._wkt(dim)})
            body |= {
                "__type_name__": f"{cls.__type_name__}{dim}d",
                "__namespace__": SPYNE_NAMESPACE,
                "__extends__": Unicode,
            }
            known[dim] = new_variant(cls, body)
        return known[dim].customize(**attributes) if attributes else known[dim]

    @classmethod
    def _always_restricts(cls) -> bool:
        """A use of ``Point(2)`` keeps its name whatever else is customized, but for what restricts its values."""
        return False

    @classmethod
    def _wkt(cls, dim: int) -> str:
        point = " +".join([_NUMBER] * dim)
        letter = r"(\s*Z)?" if dim == 3 else ""
        return rf"{cls._tag}{letter}\s*{cls._body(point)}"

    @classmethod
    def _body(cls, point: str) -> str:
        raise NotImplementedError


class Point(_Geometry):
    """A point: ``POINT(30 10)``."""

    _tag = "POINT"
    __type_name__ = "point"

    @classmethod
    def _body(cls, point: str) -> str:
        return rf"\(\s*{point}\s*\)"

    @staticmethod
    def _text(x: float, y: float, z: float | None = None, prec: int = 15) -> str:
        """The text of a point, with `prec` digits after the decimal point."""
        numbers = (x, y) if z is None else (x, y, z)
        return f"POINT({' '.join(f'{n:.{prec}f}' for n in numbers)})"

    Value: ClassVar[Any] = _text


class Line(_Geometry):
    """A line of two points or more: ``LINESTRING(30 10, 10 30)``."""

    _tag = "LINESTRING"
    __type_name__ = "line"

    @classmethod
    def _body(cls, point: str) -> str:
        return _many(point, 2)


class Polygon(_Geometry):
    """An area: one outer ring and any number of holes."""

    _tag = "POLYGON"
    __type_name__ = "polygon"

    @classmethod
    def _body(cls, point: str) -> str:
        return _many(_many(point))


class MultiPoint(_Geometry):
    """Several points, each with or without parentheses."""

    _tag = "MULTIPOINT"
    __type_name__ = "multiPoint"

    @classmethod
    def _body(cls, point: str) -> str:
        return _many(rf"({point}|\(\s*{point}\s*\))")


class MultiLine(_Geometry):
    """Several lines."""

    _tag = "MULTILINESTRING"
    __type_name__ = "multiLine"

    @classmethod
    def _body(cls, point: str) -> str:
        return _many(_many(point, 2))


class MultiPolygon(_Geometry):
    """Several areas."""

    _tag = "MULTIPOLYGON"
    __type_name__ = "multipolygon"

    @classmethod
    def _body(cls, point: str) -> str:
        return _many(_many(_many(point)))


LineString = Line
MultiLineString = MultiLine
