"""This project and Spyne 2.14: the same source, word for word, run in the environment of each."""

import io
import logging
import sys

from benchmarks import workloads as W
from spyne import Application, Service, rpc
from spyne.model.complex import Array, ComplexModel
from spyne.model.primitive import Boolean, DateTime, Decimal, Double, Integer, Unicode, Uuid
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

logging.disable(logging.CRITICAL)


class Address(ComplexModel):
    __namespace__ = W.NS
    _type_info = [("street", Unicode), ("city", Unicode), ("zip", Unicode), ("country", Unicode)]


class Customer(ComplexModel):
    __namespace__ = W.NS
    _type_info = [("name", Unicode), ("email", Unicode), ("address", Address)]


class Item(ComplexModel):
    __namespace__ = W.NS
    _type_info = [
        ("sku", Unicode),
        ("qty", Integer),
        ("price", Decimal),
        ("tags", Array(Unicode, member_name="tag", type_name="TagArray")),
    ]


class Order(ComplexModel):
    __namespace__ = W.NS
    _type_info = [
        ("id", Integer),
        ("uuid", Uuid),
        ("customer", Customer),
        ("created", DateTime),
        ("total", Decimal),
        ("items", Array(Item, member_name="item")),
    ]


class Row(ComplexModel):
    __namespace__ = W.NS
    _type_info = [("id", Integer), ("name", Unicode), ("value", Double), ("when", DateTime), ("flag", Boolean)]


OUT_ROWS = [Row(**r) for r in W.ROWS]


class Bench(Service):
    @rpc(Unicode, Integer, _returns=Array(Unicode))
    def say_hello(ctx, name, times):
        return ["Hello, %s" % name] * times

    @rpc(Order, _returns=Order)
    def put_order(ctx, order):
        return order

    @rpc(Integer, _returns=Array(Row, member_name="row"))
    def get_rows(ctx, n):
        return OUT_ROWS[:n]

    @rpc(Array(Row, member_name="row"), _returns=Integer)
    def put_rows(ctx, rows):
        return len(rows)


VARIANTS = {
    "soap, lxml": ("soap", lambda: Soap11(validator="lxml"), Soap11),
    "soap, soft": ("soap", lambda: Soap11(validator="soft"), Soap11),
    "soap, none": ("soap", Soap11, Soap11),
    "json, soft": ("json", lambda: JsonDocument(validator="soft"), JsonDocument),
}
CT = {"soap": "text/xml; charset=utf-8", "json": "application/json"}


def make(variant):
    """Return the service as a WSGI application in one of the variants."""
    _, in_protocol, out_protocol = VARIANTS[variant]
    app = Application([Bench], W.NS, name="Bench", in_protocol=in_protocol(), out_protocol=out_protocol())
    return WsgiApplication(app)


def body(w, proto):
    return W.soap_request(w) if proto == "soap" else W.json_request(w, True)


def call_wsgi(app, data, ct, action):
    env = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": ct,
        "CONTENT_LENGTH": str(len(data)),
        "HTTP_SOAPACTION": action,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(data),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    st = []
    r = app(env, lambda s, h, e=None: st.append(s))
    out = b"".join(r)
    if hasattr(r, "close"):
        r.close()
    if not st[0].startswith("200"):
        raise AssertionError(st[0] + " " + repr(out[:600]))
    return out


def cases():
    for name, (proto, *_) in VARIANTS.items():
        app = make(name)
        for w in W.WORKLOADS:
            data = body(w, proto)
            yield name, w, proto, (lambda a=app, d=data, p=proto, o=W.OP[w]: call_wsgi(a, d, CT[p], '"%s"' % o))
