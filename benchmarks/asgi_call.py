"""Drive an ASGI app in process without a server: one coroutine per call.

When the coroutine never really waits it is driven by hand (no loop, cheapest);
else it runs in a standing asyncio loop.
"""

import asyncio


def runner(app, path, data, ct, extra=(), method="POST"):
    headers = [
        (b"host", b"localhost"),
        (b"content-type", ct.encode()),
        (b"content-length", str(len(data)).encode()),
    ] + list(extra)
    base = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }

    def start():
        out = []
        sent = [False]

        async def receive():
            if sent[0]:
                return {"type": "http.disconnect"}
            sent[0] = True
            return {"type": "http.request", "body": data, "more_body": False}

        async def send(m):
            out.append(m)

        return app(dict(base), receive, send), out

    def finish(out):
        body = b"".join(m.get("body", b"") for m in out[1:])
        if not 200 <= out[0]["status"] < 300:
            raise AssertionError("%s %r" % (out[0]["status"], body[:600]))
        return body

    def by_hand():
        co, out = start()
        try:
            co.send(None)
        except StopIteration:
            return finish(out)
        co.close()
        raise RuntimeError("waits")

    try:
        by_hand()
        return by_hand
    except Exception:  # it waits (thread pool), or refuses to run outside a loop
        pass
    loop = asyncio.new_event_loop()

    def in_loop():
        co, out = start()
        loop.run_until_complete(co)
        return finish(out)

    return in_loop
