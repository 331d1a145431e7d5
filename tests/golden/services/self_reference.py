"""Trees and mutual references."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, SelfReference, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Node(ComplexModel):
    name = Unicode
    parent = SelfReference
    children = Array(SelfReference)
    peers = SelfReference.customize(max_occurs="unbounded")


class Trees(Service):
    @rpc(Node, _returns=Node)
    def echo(ctx, node):
        return node

    @rpc(_returns=Node)
    def cycle(ctx):
        node = Node(name="self")
        node.children = [Node(name="child"), Node(name="other", children=[])]
        return node


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Trees],
        "golden.self_reference",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
