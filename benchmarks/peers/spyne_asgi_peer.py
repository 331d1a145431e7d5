"""This project over ASGI: the service of `spyne_peer` with coroutine functions, as the other peers have them, and as it is."""

from benchmarks import workloads as W
from benchmarks.asgi_call import runner
from benchmarks.peers import spyne_peer as S
from spyne import Application, Service, rpc
from spyne.model.complex import Array
from spyne.model.primitive import Integer, Unicode
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.server.asgi import AsgiApplication


class Bench(Service):
    @rpc(Unicode, Integer, _returns=Array(Unicode))
    async def say_hello(ctx, name, times):
        return ["Hello, %s" % name] * times

    @rpc(S.Order, _returns=S.Order)
    async def put_order(ctx, order):
        return order

    @rpc(Integer, _returns=Array(S.Row, member_name="row"))
    async def get_rows(ctx, n):
        return S.OUT_ROWS[:n]

    @rpc(Array(S.Row, member_name="row"), _returns=Integer)
    async def put_rows(ctx, rows):
        return len(rows)


def make(service, protocol, **options):
    """Return a service as an ASGI application."""
    application = Application(
        [service], W.NS, name="Bench", in_protocol=protocol(validator="soft"), out_protocol=protocol()
    )
    return AsgiApplication(application, **options)


soap = make(Bench, Soap11)
json = make(Bench, JsonDocument)
soap_inline = make(S.Bench, Soap11, inline=True)
soap_threads = make(S.Bench, Soap11)


def cases():
    for name, app in {"asgi soap": soap, "asgi json": json}.items():
        for w in W.WORKLOADS:
            proto = name[-4:]
            data = S.body(w, proto)
            yield name, w, proto, runner(app, "/", data, S.CT[proto], [(b"soapaction", W.OP[w].encode())])
