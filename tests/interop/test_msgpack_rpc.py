"""msgpack-rpc-python, by the authors of the specification, as a client of the server and as a server for the clients."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess

import pytest
from tests.interop.msgpack_rpc import DRIVER, PYTHON, lacks

from spyne import Application, Array, Double, Fault, Integer, Service, Unicode, rpc
from spyne.client.msgpack import AsyncMessagePackClient, MessagePackClient
from spyne.protocol.msgpack import MessagePackRpc
from spyne.server.msgpack import MessagePackServer

REASON = lacks()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))
NOTED = []


class S(Service):
    @rpc(Unicode, Integer, _returns=Array(Unicode))
    def say_hello(ctx, name, times):
        return [f"Hello, {name}"] * times

    @rpc(Double, _returns=Double)
    async def wait(ctx, seconds):
        await asyncio.sleep(seconds)
        return seconds

    @rpc(Unicode)
    def fail(ctx, text):
        raise Fault("Client.Some", text)

    @rpc(Unicode, _one_way=True)
    def note(ctx, text):
        NOTED.append(text)

    @rpc(_returns=Array(Unicode))
    def noted(ctx):
        return NOTED


def application():
    return Application([S], "t", in_protocol=MessagePackRpc(validator="soft"), out_protocol=MessagePackRpc())


def command(side, port):
    return [str(PYTHON), "-W", "ignore", str(DRIVER), side, str(port)]


def test_their_client():
    """Calls under way at the same time, notifications and errors, over one connection."""
    calls = [
        ("call", "say_hello", ["Zoë", 2]),
        ("call", "wait", [0.2]),
        ("notify", "note", ["n"]),
        ("call", "wait", [0.1]),
        ("call", "fail", ["text"]),
        ("call", "say_hello", ["x", "many"]),
        ("call", "nope", []),
    ]

    async def run():
        async with MessagePackServer(application()) as server:
            process = await asyncio.create_subprocess_exec(
                *command("client", server.address[1]), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
            out, _ = await asyncio.wait_for(process.communicate(json.dumps(calls).encode()), 60)
            return json.loads(out)

    NOTED.clear()
    found = asyncio.run(run())
    assert [each.get("result") for each in found] == [["Hello, Zoë"] * 2, 0.2, None, 0.1, None, None, None]
    codes = [each["error"]["faultcode"] for each in found if "error" in each]
    assert codes == ["Client.Some", "Client.ValidationError", "Client.ResourceNotFound"]
    assert NOTED == ["n"]


def test_their_server():
    """Both clients call it; its errors are texts, and become faults of the server."""
    app = application()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(command("server", port), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            with MessagePackClient(("127.0.0.1", port), app, timeout=20) as client:
                assert list(client.service.say_hello("Zoë", times=2)) == ["Hello, Zoë"] * 2
                client.service.note("n")
                assert list(client.service.noted()) == ["n"]
                with pytest.raises(Fault, match="went wrong"):
                    client.service.fail("went wrong")

            async def run():
                async with AsyncMessagePackClient(("127.0.0.1", port), app, timeout=20) as client:
                    return await asyncio.gather(*(client.service.say_hello(str(n), 1) for n in range(5)))

            assert [list(each) for each in asyncio.run(run())] == [[f"Hello, {n}"] for n in range(5)]
        finally:
            process.kill()
