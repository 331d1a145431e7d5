"""The floors as peers: SOAP over lxml + generated codecs + string output, JSON and MessagePack by msgspec alone.

No validation beyond type conversion, no faults, no headers: what a hand-written endpoint costs.
"""

from lxml import etree

from benchmarks import pytypes as T
from benchmarks import workloads as W
from benchmarks.codegen import esc, gen_decoder, gen_encoder

PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
)
N = "{%s}" % W.NS
BODY = "{%s}Body" % W.SOAPENV
PRE = '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="%s"><s:Body>' % W.SOAPENV
POST = "</s:Body></s:Envelope>"
dec_order = gen_decoder(T.F_ORDER)
dec_rows = gen_decoder(T.F_ROWS)
enc_order = gen_encoder(T.F_ORDER, "put_orderResult")
enc_rows = gen_encoder(T.F_ROWS, "get_rowsResult")


def say_hello(name, times):
    return ["Hello, %s" % name] * times


def op_hello(e):
    name, times = e
    r = say_hello(name.text or "", int(times.text))
    return '<say_helloResponse xmlns="%s"><say_helloResult>%s</say_helloResult></say_helloResponse>' % (
        W.NS,
        "".join(["<string>%s</string>" % esc(x) for x in r]),
    )


def op_order(e):
    return '<put_orderResponse xmlns="%s">%s</put_orderResponse>' % (W.NS, enc_order(dec_order(e[0])))


def op_rows(e):
    return '<get_rowsResponse xmlns="%s">%s</get_rowsResponse>' % (W.NS, enc_rows(T.ROWS[: int(e[0].text)]))


def op_bulk(e):
    return '<put_rowsResponse xmlns="%s"><put_rowsResult>%d</put_rowsResult></put_rowsResponse>' % (
        W.NS,
        len(dec_rows(e[0])),
    )


OPS = {N + "say_hello": op_hello, N + "put_order": op_order, N + "get_rows": op_rows, N + "put_rows": op_bulk}


def soap(data):
    root = etree.fromstring(data, PARSER)
    body = root.find(BODY)
    e = body[0]
    return (PRE + OPS[e.tag](e) + POST).encode()


async def soap_asgi(scope, receive, send):
    """The floor as a hand-written ASGI application."""
    if scope["type"] == "lifespan":
        return
    message = await receive()
    data = message["body"]
    while message.get("more_body"):
        message = await receive()
        data += message["body"]
    out = soap(data)
    headers = [(b"content-type", b"text/xml; charset=utf-8"), (b"content-length", str(len(out)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": out})


def cases():
    for w in W.WORKLOADS:
        d = W.soap_request(w)
        yield "floor-soap(lxml+gen)", w, "soap", (lambda d=d: soap(d))
    import msgspec

    from benchmarks.peers import msgspec_types as M

    for w in W.WORKLOADS:
        dj = W.json_request(w, False)
        f = M.direct(w, "json")
        yield "floor-msgspec", w, "json", (lambda f=f, d=dj: f(d))
        dm = msgspec.msgpack.encode(W.bare_obj(w, False))
        f = M.direct(w, "msgpack")
        yield "floor-msgspec", w, "msgpack", (lambda f=f, d=dm: f(d))
