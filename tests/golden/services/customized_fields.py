"""Anonymous customized types as fields."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Date, Decimal, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Article(ComplexModel):
    code = Unicode(pattern="[A-Z]{3}", min_occurs=1, nillable=False)
    title = Unicode(max_len=20)
    color = Unicode(values=["red", "green"], default="red")
    stock = Integer(ge=0)
    price = Decimal(8, 2)
    rating = Integer(ge=1, le=5, max_occurs=3)
    tags = Array(Unicode(max_len=8))
    sizes = Array(Integer(gt=0), member_name="size")
    printed = Date


class CustomizedFields(Service):
    @rpc(Article, _returns=Article)
    def echo(ctx, article):
        return article


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [CustomizedFields],
        "golden.customized_fields",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
