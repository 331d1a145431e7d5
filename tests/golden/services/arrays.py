"""The kinds of repetition as arguments and returns."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Iterable, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Row(ComplexModel):
    id = Integer
    name = Unicode


class Arrays(Service):
    @rpc(Array(Unicode), _returns=Array(Integer))
    def primitives(ctx, names):
        return [len(n) if n is not None else None for n in names] if names is not None else None

    @rpc(Array(Row), _returns=Array(Row))
    def rows(ctx, rows):
        return rows

    @rpc(Array(Row, member_name="row"), _returns=Array(Row, member_name="row"))
    def named(ctx, rows):
        return rows

    @rpc(Array(Row, wrapped=False), _returns=Array(Row, wrapped=False))
    def unwrapped(ctx, rows):
        return rows

    @rpc(Integer(max_occurs="unbounded"), _returns=Integer(max_occurs="unbounded"))
    def unbounded(ctx, numbers):
        return numbers

    @rpc(Row.customize(max_occurs=2, min_occurs=1), _returns=Unicode)
    def up_to_two(ctx, rows):
        return str(len(rows))

    @rpc(Integer, _returns=Iterable(Row))
    def generate(ctx, n):
        for i in range(n):
            yield Row(id=i, name=f"r{i}")

    @rpc(_returns=Iterable(Integer))
    def lazy(ctx):
        return (i * i for i in range(3))

    @rpc(Array(Integer, min_occurs=1), _returns=Array(Integer, min_occurs=1))
    def required(ctx, numbers):
        return numbers


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Arrays],
        "golden.arrays",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
