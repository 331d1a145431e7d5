"""Mistakes that type checkers report: each line with `error:` in its comment, and no other."""

from __future__ import annotations

from spyne import Application, ComplexModel, MethodContext, NullServer, Service, rpc


@rpc
def double(ctx: MethodContext, n: int) -> int:
    return 2 * n


class Item(ComplexModel):
    name: str


class Shop(Service):
    pass


def check(ctx: MethodContext, item: Item) -> None:
    double(ctx, "x")  # error: an argument of another type
    double(ctx)  # error: an argument is missing
    text: str = double(ctx, 1)  # error: the result is an int
    item.nam = "x"  # error: no such member
    item.name = 3  # error: a member of another type
    Application([Shop])  # error: no namespace
    Application([Shop], "urn:t", limit=3)  # error: no such option
    NullServer(Application([Shop], "urn:t"), wire="yes")  # error: an option of another type
    del text
