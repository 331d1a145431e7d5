"""msgpack-rpc over TCP: the server against hand-written bytes, Spyne's two clients against the server, and both against bad peers."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from contextlib import asynccontextmanager, contextmanager

import pytest

import msgpack
from spyne import Application, Array, ComplexModel, Double, Fault, Integer, Service, Unicode, rpc
from spyne.auxproc.sync import SyncAuxProc
from spyne.client._base import ResponseError
from spyne.client.msgpack import AsyncMessagePackClient, MessagePackClient
from spyne.limits import Limits
from spyne.protocol.json import JsonDocument
from spyne.protocol.msgpack import MessagePackDocument, MessagePackRpc
from spyne.schema import DeclarationError
from spyne.server.msgpack import MessagePackServer

pack = msgpack.packb
NOTED = []
GATE = threading.Event()


class Gone(Fault):
    CODE = "Client.Gone"

    def __init__(self):
        super().__init__(self.CODE, "it is gone")


class Pair(ComplexModel):
    __namespace__ = "t"
    a = Integer
    b = Unicode


class S(Service):
    @rpc(Unicode, Integer, _returns=Array(Unicode))
    def say_hello(ctx, name, times):
        return [f"Hello, {name}"] * times

    @rpc(Pair, _returns=Pair)
    def echo(ctx, pair):
        return pair

    @rpc(Double, _returns=Double)
    async def wait(ctx, seconds):
        await asyncio.sleep(seconds)
        return seconds

    @rpc(_returns=Unicode)
    def blocked(ctx):
        GATE.wait(20)
        return "open"

    @rpc(Unicode, _one_way=True)
    def note(ctx, text):
        NOTED.append(text)

    @rpc(_throws=Gone)
    def gone(ctx):
        raise Gone()

    @rpc()
    def crash(ctx):
        raise ValueError("secret")

    @rpc(Integer, _returns=Array(Integer))
    def numbers(ctx, count):
        yield from range(count)

    @rpc(Integer, _returns=Array(Integer))
    async def anumbers(ctx, count):
        for number in range(count):
            yield number

    @rpc(_returns=Unicode)
    def peer(ctx):
        return f"{ctx.transport.type} {ctx.transport.get_peer().host}"

    @rpc(_returns=Unicode)
    def thread(ctx):
        return threading.current_thread().name

    @rpc(Integer, _returns=Unicode)
    def big(ctx, size):
        return "x" * size


class Beside(Service):
    __aux__ = SyncAuxProc()

    @rpc(Unicode, Integer)
    def say_hello(ctx, name, times):
        NOTED.append(f"aux {name}")


def application(services=(S,), limits=None, **options):
    return Application(
        services,
        "t",
        in_protocol=MessagePackRpc(validator="soft", **options),
        out_protocol=MessagePackRpc(),
        limits=limits,
    )


class Wire:
    """One connection of a foreign client: the msgpack library and a socket."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.unpacker = msgpack.Unpacker()

    def send(self, *messages, raw=b""):
        self.writer.write(b"".join(map(pack, messages)) + raw)

    async def receive(self, count=1):
        """The next messages; fewer where the server closes first."""
        found = []
        while len(found) < count:
            data = await asyncio.wait_for(self.reader.read(65536), 10)
            if not data:
                break
            self.unpacker.feed(data)
            found += list(self.unpacker)
        return found

    async def is_closed(self):
        return await asyncio.wait_for(self.reader.read(1), 10) == b""


def play(scenario, app=None, **options):
    """Run a coroutine function with a server and a way to connect to it."""
    GATE.clear()
    NOTED.clear()

    async def run():
        async with MessagePackServer(app or application(), **options) as server:

            @asynccontextmanager
            async def connect():
                reader, writer = await asyncio.open_connection(*server.address)
                try:
                    yield Wire(reader, writer)
                finally:
                    writer.close()

            try:
                return await asyncio.wait_for(scenario(server, connect), 30)
            finally:
                GATE.set()

    return asyncio.run(run())


@contextmanager
def running(app=None, **options):
    """A server in a thread of its own; its address."""
    ready, box = threading.Event(), {}
    GATE.clear()
    NOTED.clear()

    async def run():
        async with MessagePackServer(app or application(), **options) as server:
            box.update(address=server.address, loop=asyncio.get_running_loop(), end=asyncio.Event())
            ready.set()
            await box["end"].wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(10)
    try:
        yield box["address"]
    finally:
        GATE.set()
        box["loop"].call_soon_threadsafe(box["end"].set)
        thread.join(20)


# --- the server ---


def test_one_call():
    """A request is answered on the connection that it came on, with its number."""

    async def scenario(server, connect):
        async with connect() as wire:
            wire.send([0, 7, "say_hello", ["Dave", 2]])
            assert await wire.receive() == [[1, 7, None, ["Hello, Dave"] * 2]]
            wire.send([0, 8, b"echo", {b"pair": {b"a": 5, b"b": b"x"}}])
            assert await wire.receive() == [[1, 8, None, {"a": 5, "b": "x"}]]

    play(scenario)


def test_answers_come_as_they_are_done():
    """Whatever waits, on the loop or in a thread, does not hold up the requests behind it."""

    async def scenario(server, connect):
        async with connect() as wire:
            wire.send(
                [0, 1, "blocked", []], [0, 2, "wait", [0.2]], [0, 3, "wait", [0.01]], [0, 4, "say_hello", ["a", 1]]
            )
            first = await wire.receive(3)
            assert {message[1] for message in first} == {2, 3, 4}
            assert [message[1] for message in first].index(3) < [message[1] for message in first].index(2)
            GATE.set()
            assert await wire.receive() == [[1, 1, None, "open"]]

    play(scenario)


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_messages_in_any_pieces(size):
    """Many requests, cut wherever the network likes."""
    stream = b"".join(pack([0, number, "say_hello", [str(number), 1]]) for number in range(50))

    async def scenario(server, connect):
        async with connect() as wire:
            for at in range(0, len(stream), size):
                wire.send(raw=stream[at : at + size])
                await wire.writer.drain()
            found = sorted(await wire.receive(50))
            assert found == [[1, number, None, [f"Hello, {number}"]] for number in range(50)]

    play(scenario, max_pending=5)


def test_notifications_and_errors():
    """Notifications have no answer; faults stand in the place of the error, and nothing leaks."""

    async def scenario(server, connect):
        async with connect() as wire:
            wire.send([2, "note", ["n"]], [2, "nope", []], [2, "crash", []], [0, 1, "note", ["m"]], [0, 2, "gone", []])
            wire.send([0, 3, "crash", []], [0, 4, "nope", []], [0, 5, "echo", [{"a": "x"}]], [0, 6], {"a": 1})
            found = {message[1]: message for message in await wire.receive(7)}
            assert found[1] == [1, 1, None, None]
            codes = {number: message[2]["faultcode"] for number, message in found.items() if message[2]}
            expected = {2: "Client.Gone", 3: "Server", 4: "Client.ResourceNotFound", 5: "Client.ValidationError"}
            assert codes == {**expected, None: "Client.InvalidInput"}
            assert found[3][2] == {"faultcode": "Server", "faultstring": "Internal Error"}
            assert sorted(NOTED) == ["m", "n"]

    play(scenario)


def test_what_methods_are_given_and_give():
    """Generators of both kinds are read to their end; sync methods run in the pool; the peer is known; aux methods run."""

    async def scenario(server, connect):
        async with connect() as wire:
            wire.send([0, 1, "numbers", [3]], [0, 2, "anumbers", [3]], [0, 3, "peer", []], [0, 4, "thread", []])
            wire.send([0, 5, "say_hello", ["x", 0]])
            found = {message[1]: message[3] for message in await wire.receive(5)}
            assert found[1] == found[2] == [0, 1, 2]
            assert found[3] == "msgpack-rpc 127.0.0.1"
            assert found[4].startswith("spyne")
            assert found[5] == []
            assert NOTED == ["aux x"]

    play(scenario, application((S, Beside)))


BROKEN = {
    "the reserved byte": (b"\xc1", {}, "Client.MessagePackDecodeError", "0xc1"),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", {}, None, ""),
    "an array too long": (b"\xdd\xff\xff\xff\xff", {}, "Client.RequestTooLong", "body="),
    "a text too long": (b"\xdb\xff\xff\xff\xff", {}, "Client.RequestTooLong", "body="),
    "too deep": (b"\x91" * 100, {}, "Client.RequestTooLong", "depth=64"),
    "too large": (pack([0, 1, "big", ["x" * 2000]]), {"body": 1000}, "Client.RequestTooLong", "body=1000"),
}


@pytest.mark.parametrize(("data", "limits", "code", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_stream(caplog, data, limits, code, words):
    """What came before is answered, then an error without a number, and the connection is closed; others go on."""

    async def scenario(server, connect):
        async with connect() as other, connect() as wire:
            wire.send([0, 1, "say_hello", ["a", 1]], raw=data)
            wire.writer.write_eof() if code is None else None
            found = await wire.receive(1000)
            assert [1, 1, None, ["Hello, a"]] in found
            if code is not None:
                assert found[-1][:2] == [1, None]
                assert found[-1][2]["faultcode"] == code
                assert words in found[-1][2]["faultstring"]
            assert await wire.is_closed()
            other.send([0, 1, "say_hello", ["b", 1]])
            assert await other.receive() == [[1, 1, None, ["Hello, b"]]]

    with caplog.at_level(logging.WARNING, "spyne"):
        play(scenario, application(limits=Limits(**limits)))
    assert not caplog.records


def test_a_client_that_has_said_all():
    """Half-closed: the answers under way are still written, then the connection is closed."""

    async def scenario(server, connect):
        async with connect() as wire:
            wire.send([0, 1, "wait", [0.05]], [0, 2, "say_hello", ["a", 1]])
            wire.writer.write_eof()
            assert len(await wire.receive(3)) == 2
            assert await wire.is_closed()

    play(scenario)


def test_a_client_that_goes_away():
    """Nobody waits any more; the server goes on, and logs no error."""

    async def scenario(server, connect):
        async with connect() as wire:
            wire.send([0, 1, "wait", [0.05]], [0, 2, "big", [5_000_000]], [0, 3, "big", [5_000_000]])
            await wire.writer.drain()
            wire.writer.transport.abort()
        await asyncio.sleep(0.2)
        async with connect() as wire:
            wire.send([0, 1, "say_hello", ["b", 1]])
            assert await wire.receive() == [[1, 1, None, ["Hello, b"]]]

    play(scenario)


def test_idle_connections_are_closed():
    """Whether nothing came or only half a message; a running request is not idle."""

    async def scenario(server, connect):
        async with connect() as silent, connect() as slow, connect() as busy:
            slow.send(raw=b"\x94\x00")
            busy.send([0, 1, "wait", [0.8]])
            assert await silent.is_closed()
            assert await slow.is_closed()
            assert await busy.receive() == [[1, 1, None, 0.8]]
            assert await busy.is_closed()

    play(scenario, idle_timeout=0.2)


def test_a_client_that_does_not_read():
    """Its connection is closed rather than answers kept for ever."""

    async def scenario(server, connect):
        async with connect() as wire:
            wire.writer.transport.pause_reading()
            wire.send(*([0, number, "big", [4_000_000]] for number in range(4)))
            for _ in range(100):
                await asyncio.sleep(0.05)
                if not server._connections:
                    return
            raise AssertionError("the connection is still there")

    play(scenario, idle_timeout=0.3, max_pending=2)


def test_more_connections_than_allowed():
    """They are closed at once; when others have gone there is room again."""

    async def scenario(server, connect):
        async with connect() as first, connect() as second:
            for wire in (first, second):
                wire.send([0, 1, "say_hello", ["a", 1]])
                assert await wire.receive()
            async with connect() as third:
                with pytest.raises((ConnectionError, AssertionError)):
                    assert not await third.is_closed()
        await asyncio.sleep(0.1)
        async with connect() as wire:
            wire.send([0, 1, "say_hello", ["a", 1]])
            assert await wire.receive()

    play(scenario, max_connections=2)


def test_closing_waits_for_running_requests():
    """No new connections, no new requests; what runs is answered."""

    async def scenario(server, connect):
        async with connect() as wire:
            wire.send([0, 1, "blocked", []])
            await asyncio.sleep(0.1)
            closing = asyncio.create_task(server.close())
            await asyncio.sleep(0.1)
            wire.send([0, 2, "say_hello", ["a", 1]])
            with pytest.raises(OSError):  # noqa: PT011 - which one is the system's
                await asyncio.open_connection(*address)
            GATE.set()
            assert await wire.receive(2) == [[1, 1, None, "open"]]
            await closing

    async def run(server, connect):
        nonlocal address
        address = server.address
        await scenario(server, connect)

    address = None
    play(run)


def test_closing_gives_up_in_the_end():
    """A request that takes longer than close_timeout is not answered."""

    async def scenario(server, connect):
        async with connect() as wire:
            wire.send([0, 1, "wait", [20]])
            await asyncio.sleep(0.1)
            await server.close()
            await server.close()
            assert await wire.receive() == []

    play(scenario, close_timeout=0.1)


def test_serving_for_ever():
    """aserve_forever ends with its task or with close(); the address is known in between only."""

    async def run():
        server = MessagePackServer(application())
        with pytest.raises(RuntimeError):
            server.address
        task = asyncio.create_task(server.aserve_forever())
        await asyncio.sleep(0.05)
        async with AsyncMessagePackClient(server.address, server.app) as client:
            assert list(await client.service.say_hello("a", 1)) == ["Hello, a"]
        await server.close()
        await asyncio.wait_for(task, 5)
        task = asyncio.create_task(server.aserve_forever())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(RuntimeError):
            server.address

    asyncio.run(run())


@pytest.mark.parametrize("protocol", [MessagePackDocument, JsonDocument])
def test_protocols_without_numbers_are_refused(protocol):
    """Their answers could not be told apart."""
    app = Application([S], "t", in_protocol=protocol(), out_protocol=MessagePackRpc())
    with pytest.raises(DeclarationError, match="MessagePackRpc in both directions"):
        MessagePackServer(app)


# --- the clients ---


def test_the_client():
    """One connection, all kinds of methods; a fault is of its class."""
    app = application()
    with running(app) as address, MessagePackClient(address, app) as client:
        service = client.service
        assert list(service.say_hello("Dave", times=2)) == ["Hello, Dave"] * 2
        assert service.echo(Pair(a=5)).a == 5
        assert service.note("n") is None
        assert service.wait(0.01) == 0.01
        with pytest.raises(Gone):
            service.gone()
        with pytest.raises(Fault) as caught:
            service.crash()
        assert caught.value.faultstring == "Internal Error"
        assert NOTED == ["n"]
        with pytest.raises(AttributeError):
            service.nope


def test_threads_share_a_client():
    """Their calls wait for each other, and each gets its own answer."""
    app = application()
    with running(app) as (host, port), MessagePackClient(f"tcp://{host}:{port}", app) as client:
        found = {}

        def work(name):
            found[name] = [list(client.service.say_hello(f"{name} {n}", 1)) for n in range(20)]

        threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {name: [[f"Hello, {name} {n}"] for n in range(20)] for name in "abc"}


def test_a_call_that_takes_too_long():
    """TimeoutError; a late answer is not taken for that of the next call."""
    app = application()
    with running(app, close_timeout=0.1) as address, MessagePackClient(address, app, timeout=0.3) as client:
        with pytest.raises(TimeoutError, match=r"within 0\.3 s"):
            client.service.wait(5)
        assert list(client.service.say_hello("a", 1)) == ["Hello, a"]


def test_a_connection_that_the_server_has_closed():
    """A kept connection that ended in the meantime is made anew."""
    app = application()
    with running(app, idle_timeout=0.1) as address, MessagePackClient(address, app) as client:
        assert list(client.service.say_hello("a", 1)) == ["Hello, a"]
        time.sleep(0.4)
        assert list(client.service.say_hello("b", 1)) == ["Hello, b"]


def test_nobody_listens():
    """ConnectionError, which names the address."""
    app = application()
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = other.getsockname()
    with pytest.raises(ConnectionError, match=str(address[1])):
        MessagePackClient(address, app).service.note("x")

    async def run():
        async with AsyncMessagePackClient(address, app) as client:
            with pytest.raises(ConnectionError, match=str(address[1])):
                await client.service.note("x")

    asyncio.run(run())


ANSWERS = {
    "not MessagePack": (b"\xc1", ResponseError, "something else"),
    "too large": (b"\xdb\xff\xff\xff\xff", ResponseError, "body="),
    "another message": (pack([1, 0, None]), ResponseError, "msgid, error, result"),
    "a wrong type": (pack([1, 0, None, 5]), ResponseError, "not an array"),
    "another error": (pack([1, 0, "went wrong", None]), Fault, "went wrong"),
    "an error without a number": (pack([1, None, {"faultcode": "Client.A", "faultstring": "b"}, None]), Fault, "b"),
    "nothing": (b"", ConnectionError, "broke"),
    "half": (pack([1, 0, None, "x"])[:3], ConnectionError, "broke"),
}


@contextmanager
def answering(data):
    """A server that answers every request with the same bytes and closes."""

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                if connection.recv(65536):
                    connection.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


@pytest.mark.parametrize(("data", "error", "words"), ANSWERS.values(), ids=ANSWERS)
def test_answers_that_are_none(data, error, words):
    """Each client says what is wrong by the class of its error."""
    app = application()
    with answering(data) as address:
        with MessagePackClient(address, app, timeout=5) as client, pytest.raises(error, match=words):
            client.service.say_hello("a", 1)

        async def run():
            async with AsyncMessagePackClient(address, app, timeout=5) as client:
                with pytest.raises(error, match=words):
                    await client.service.say_hello("a", 1)

        asyncio.run(run())


def test_the_asynchronous_client():
    """Calls at the same time share the connection, and each gets its answer; a timeout is that of one call."""
    app = application()

    async def scenario(server, connect):
        async with AsyncMessagePackClient(f"127.0.0.1:{server.address[1]}", app, timeout=5) as client:
            service = client.service
            assert await asyncio.gather(*(service.wait(n / 100) for n in (9, 1, 5))) == [0.09, 0.01, 0.05]
            assert len(server._connections) == 1
            assert await service.note("n") is None
            assert list(await service.say_hello("Dave", times=1)) == ["Hello, Dave"]
            with pytest.raises(Gone):
                await service.gone()
            client.timeout = 0.1
            with pytest.raises(TimeoutError):
                await service.wait(5)
            assert list(await service.say_hello("a", 1)) == ["Hello, a"]
            assert NOTED == ["n"]

    play(scenario, app, close_timeout=0.1)


def test_the_asynchronous_client_connects_again():
    """After the server has gone, calls under way fail, and a later one makes a new connection."""
    app = application()

    async def run():
        server = await MessagePackServer(app, close_timeout=0.05).start()
        port = server.address[1]
        client = AsyncMessagePackClient(f"127.0.0.1:{port}", app)
        waiting = asyncio.create_task(client.service.wait(20))
        await asyncio.sleep(0.1)
        await server.close()
        with pytest.raises(ConnectionError):
            await waiting
        async with MessagePackServer(app, port=port):
            assert list(await client.service.say_hello("a", 1)) == ["Hello, a"]
            await client.close()

    asyncio.run(run())


@pytest.mark.parametrize("address", ["http://x:1", "x", "x:", ":1"])
def test_addresses(address):
    """Host and port are needed."""
    with pytest.raises(ValueError, match="host:port"):
        MessagePackClient(address, application())
