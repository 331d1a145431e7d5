"""Faults of every sort, declared and not."""

from __future__ import annotations

from typing import Any

from lxml import etree

from spyne import Application, Fault, Service, Unicode, rpc
from spyne.error import (
    ArgumentError,
    InternalError,
    InvalidCredentialsError,
    InvalidRequestError,
    RequestNotAllowed,
    RequestTooLongError,
    ResourceAlreadyExistsError,
    ResourceNotFoundError,
    ValidationError,
)
from spyne.protocol.soap import Soap11


class NotToday(Fault):
    __namespace__ = "golden.faults"
    CODE = "Client.NotToday"

    def __init__(self, day):
        super().__init__(self.CODE, f"not on {day}", detail={"day": day})


class TooBig(Fault):
    __namespace__ = "urn:golden:faults"


BUILTIN = {
    "argument": lambda: ArgumentError("arg"),
    "internal": lambda: InternalError(Exception("boom")),
    "credentials": lambda: InvalidCredentialsError("who are you"),
    "request": lambda: InvalidRequestError("bad request"),
    "not_allowed": lambda: RequestNotAllowed("no"),
    "too_long": lambda: RequestTooLongError("long"),
    "exists": lambda: ResourceAlreadyExistsError("thing"),
    "not_found": lambda: ResourceNotFoundError("thing"),
    "validation": lambda: ValidationError("value"),
    "validation_msg": lambda: ValidationError("value", "no %r here"),
}


class Faults(Service):
    @rpc(Unicode, _returns=Unicode, _throws=NotToday)
    def declared(ctx, day):
        raise NotToday(day)

    @rpc(_returns=Unicode, _throws=[NotToday, TooBig])
    def several(ctx):
        raise TooBig("Client.TooBig", "too big")

    @rpc(_returns=Unicode)
    def plain(ctx):
        raise Fault("Client.Foo.Bar", "the string", "the actor")

    @rpc(_returns=Unicode)
    def default(ctx):
        raise Fault()

    @rpc(_returns=Unicode)
    def weird_code(ctx):
        raise Fault("Weird", "w")

    @rpc(_returns=Unicode)
    def detail_dict(ctx):
        raise Fault("Server", "msg", detail={"a": {"b": [1, "x"]}, "c": None, "d": True})

    @rpc(_returns=Unicode)
    def detail_element(ctx):
        raise Fault("Server", "msg", detail=etree.fromstring('<d xmlns="urn:d"><x>1</x></d>'))

    @rpc(_returns=Unicode)
    def value_error(ctx):
        raise ValueError("secret")

    @rpc(Unicode, _returns=Unicode)
    def builtin(ctx, kind):
        raise BUILTIN[kind]()


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Faults],
        "golden.faults",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
