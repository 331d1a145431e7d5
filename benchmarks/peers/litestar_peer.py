"""Litestar + msgspec Struct (JSON, MessagePack)."""

from typing import Annotated

import msgspec
from litestar import Litestar, MediaType, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from benchmarks import workloads as W
from benchmarks.asgi_call import runner
from benchmarks.peers import msgspec_types as M
from benchmarks.peers.msgspec_types import HelloIn, Order, Row, RowsIn

MP = RequestEncodingType.MESSAGEPACK


@post("/say_hello", status_code=200)
async def say_hello(data: HelloIn) -> list[str]:
    return ["Hello, %s" % data.name] * data.times


@post("/put_order", status_code=200)
async def put_order(data: Order) -> Order:
    return data


@post("/get_rows", status_code=200)
async def get_rows(data: RowsIn) -> list[Row]:
    return M.OUT_ROWS[: data.n]


@post("/put_rows", status_code=200)
async def put_rows(data: list[Row]) -> int:
    return len(data)


@post("/mp/say_hello", status_code=200, media_type=MediaType.MESSAGEPACK)
async def m_say_hello(data: Annotated[HelloIn, Body(media_type=MP)]) -> list[str]:
    return ["Hello, %s" % data.name] * data.times


@post("/mp/put_order", status_code=200, media_type=MediaType.MESSAGEPACK)
async def m_put_order(data: Annotated[Order, Body(media_type=MP)]) -> Order:
    return data


@post("/mp/get_rows", status_code=200, media_type=MediaType.MESSAGEPACK)
async def m_get_rows(data: Annotated[RowsIn, Body(media_type=MP)]) -> list[Row]:
    return M.OUT_ROWS[: data.n]


@post("/mp/put_rows", status_code=200, media_type=MediaType.MESSAGEPACK)
async def m_put_rows(data: Annotated[list[Row], Body(media_type=MP)]) -> int:
    return len(data)


asgi_app = Litestar(
    [say_hello, put_order, get_rows, put_rows, m_say_hello, m_put_order, m_get_rows, m_put_rows],
    openapi_config=None,
    request_max_body_size=64 << 20,
)


def cases():
    for w in W.WORKLOADS:
        yield (
            "litestar-msgspec",
            w,
            "json",
            runner(asgi_app, "/" + W.OP[w], W.json_request(w, False), "application/json"),
        )
        yield (
            "litestar-msgspec",
            w,
            "msgpack",
            runner(asgi_app, "/mp/" + W.OP[w], msgspec.msgpack.encode(W.bare_obj(w, False)), "application/x-msgpack"),
        )
