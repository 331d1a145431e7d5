"""HttpRpc beside a WSGI function written by hand, in one process: python -m benchmarks.http_rpc [SECONDS] prints CPU microseconds.

The function parses the query with the standard library, and joins the greetings. HttpRpc makes the whole way of a WSGI request with soft
validation: by the method's name, by one of a hundred patterns, and with a form. Turns alternate, each number is the least of a few loops.
"""

import sys
from io import BytesIO
from urllib.parse import parse_qs

from benchmarks import measure
from spyne import Application, Integer, Service, Unicode, rpc
from spyne.protocol.http import HttpPattern, HttpRpc
from spyne.protocol.json import JsonDocument
from spyne.server.wsgi import WsgiApplication

TURNS = 5
GOAL = 30.0
QUERY = "name=Dave&times=5"
FORM = {
    "REQUEST_METHOD": "POST",
    "CONTENT_TYPE": "application/x-www-form-urlencoded",
    "CONTENT_LENGTH": str(len(QUERY)),
}
EXPECTED = b"Hello, Dave\n" * 5


class Hello(Service):
    @rpc(Unicode, Integer, _returns=Unicode)
    def say_hello(ctx, name, times):
        return f"Hello, {name}\n" * times

    @rpc(Unicode, Integer, _returns=Unicode, _patterns=[HttpPattern(f"/users/<name>/hello{n}") for n in range(100)])
    def hello_to(ctx, name, times):
        return f"Hello, {name}\n" * times


def by_hand(environ, start_response):
    found = parse_qs(environ["QUERY_STRING"])
    body = (f"Hello, {found['name'][0]}\n" * int(found["times"][0])).encode()
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]


def caller(server, path, query=QUERY, body=b"", **more):
    def call():
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            **more,
        }
        reply = server(environ, lambda status, headers, exc_info=None: None)
        data = b"".join(reply)
        if hasattr(reply, "close"):
            reply.close()
        return data

    return call


def application(out):
    return WsgiApplication(Application([Hello], "hello", in_protocol=HttpRpc(validator="soft"), out_protocol=out))


def cases():
    server = application(HttpRpc())
    yield "by hand", caller(by_hand, "/say_hello"), EXPECTED
    yield "by name", caller(server, "/say_hello"), EXPECTED
    yield "by pattern", caller(server, "/users/Dave/hello50", "times=5"), EXPECTED
    yield "form", caller(server, "/say_hello", "", QUERY.encode(), **FORM), EXPECTED
    yield "JSON out", caller(application(JsonDocument()), "/say_hello"), b'"' + EXPECTED.replace(b"\n", b"\\n") + b'"'


def main(budget=0.1):
    calls = list(cases())
    for name, call, expected in calls:
        assert call() == expected, name
    best = dict.fromkeys((name for name, _, _ in calls), 1e9)
    for _ in range(TURNS):
        for name, call, _ in calls:
            best[name] = min(best[name], measure.run(call, float(budget)) * 1e6)
    for name, us in best.items():
        print(
            f"{name:12} {us:7.1f} us   x{us / best['by hand']:.1f}" + (f"   goal {GOAL}" if name == "by name" else "")
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
