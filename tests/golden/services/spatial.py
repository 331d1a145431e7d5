"""Geometries as WKT strings."""

from __future__ import annotations

from typing import Any

from spyne import Application, Line, MultiLine, MultiPoint, MultiPolygon, Point, Polygon, Service, rpc
from spyne.protocol.soap import Soap11


class Spatial(Service):
    @rpc(Point, _returns=Point)
    def point(ctx, value):
        return value

    @rpc(Line, Polygon, _returns=Polygon)
    def shapes(ctx, line, polygon):
        return polygon

    @rpc(MultiPoint, MultiLine, MultiPolygon, _returns=MultiPolygon)
    def collections(ctx, points, lines, polygons):
        return polygons

    @rpc(Point(3), _returns=Point(3))
    def point3(ctx, value):
        return value


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Spatial],
        "golden.spatial",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
