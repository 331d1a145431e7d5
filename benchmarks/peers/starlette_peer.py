"""Raw Starlette + msgspec Struct decode/encode (JSON and MessagePack): the framework floor with validation."""

import msgspec
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from benchmarks import workloads as W
from benchmarks.asgi_call import runner
from benchmarks.peers import msgspec_types as M


def endpoint(w, proto):
    f = M.direct(w, proto)
    ct = "application/json" if proto == "json" else "application/x-msgpack"

    async def ep(request):
        return Response(f(await request.body()), media_type=ct)

    return ep


asgi_app = Starlette(
    routes=[
        Route("/%s%s" % (pre, W.OP[w]), endpoint(w, p), methods=["POST"])
        for w in W.WORKLOADS
        for pre, p in (("", "json"), ("mp/", "msgpack"))
    ]
)


def cases():
    for w in W.WORKLOADS:
        yield (
            "starlette-msgspec",
            w,
            "json",
            runner(asgi_app, "/" + W.OP[w], W.json_request(w, False), "application/json"),
        )
        yield (
            "starlette-msgspec",
            w,
            "msgpack",
            runner(asgi_app, "/mp/" + W.OP[w], msgspec.msgpack.encode(W.bare_obj(w, False)), "application/x-msgpack"),
        )
