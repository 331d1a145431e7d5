"""One session per call: what commits, what rolls back, and that nothing stays open, over every transport."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from sqlalchemy import CheckConstraint, ForeignKey, String, create_engine, event, func, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from tests.transport.test_asgi import raw, serving, until

from spyne import Application, Fault, NullServer, Service, rpc
from spyne.protocol.json import JsonDocument, JsonRpc
from spyne.protocol.soap import Soap11
from spyne.server.asgi import AsgiApplication
from spyne.server.http import HttpRedirect
from spyne.store.relational.session import SessionPerCall, session_of
from spyne.testing import AsyncClient, Client


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"
    __table_args__ = (CheckConstraint("text <> 'forbidden'", name="allowed"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(20), unique=True)
    after: Mapped[int | None] = mapped_column(ForeignKey("note.id", deferrable=True, initially="DEFERRED"))


class Unwritable:
    """A value that is no str."""


def put(ctx, text, after=None):
    session_of(ctx).add(Note(text=text, after=after))


class Notes(Service):
    @rpc
    def add(ctx, text: str) -> str:
        put(ctx, text)
        return text

    @rpc
    def nothing(ctx, text: str) -> str:
        return text

    @rpc
    def fault(ctx, text: str) -> str:
        put(ctx, text)
        session_of(ctx).flush()
        raise Fault("Client.No", "no")

    @rpc
    def broken(ctx, text: str) -> str:
        put(ctx, text)
        session_of(ctx).flush()
        raise ZeroDivisionError

    @rpc
    def unwritable(ctx, text: str) -> str:
        put(ctx, text)
        return Unwritable()

    @rpc
    def dangling(ctx, text: str) -> str:
        put(ctx, text, after=4711)
        return text

    @rpc
    def many(ctx, text: str, count: int, breaks: bool = False) -> Iterator[str]:
        for number in range(count):
            put(ctx, f"{text}{number}")
            session_of(ctx).flush()
            yield "x" * 5000
        if breaks:
            put(ctx, f"{text}0")
            session_of(ctx).flush()

    @rpc
    def redirect(ctx, text: str) -> str:
        put(ctx, text)
        raise HttpRedirect(ctx, "https://example.com/")

    @rpc
    def respond(ctx, text: str) -> str:
        put(ctx, text)
        ctx.transport.respond(202)

    @rpc(_one_way=True)
    def one_way(ctx, text: str) -> None:
        put(ctx, text)


class AsyncNotes(Service):
    @rpc
    async def add(ctx, text: str) -> str:
        put(ctx, text)
        return text

    @rpc
    async def nothing(ctx, text: str) -> str:
        return text

    @rpc
    async def fault(ctx, text: str) -> str:
        put(ctx, text)
        await session_of(ctx).flush()
        raise Fault("Client.No", "no")

    @rpc
    async def broken(ctx, text: str) -> str:
        put(ctx, text)
        await session_of(ctx).flush()
        raise ZeroDivisionError

    @rpc
    async def unwritable(ctx, text: str) -> str:
        put(ctx, text)
        return Unwritable()

    @rpc
    async def dangling(ctx, text: str) -> str:
        put(ctx, text, after=4711)
        return text

    @rpc
    async def many(ctx, text: str, count: int, breaks: bool = False) -> AsyncIterator[str]:
        for number in range(count):
            put(ctx, f"{text}{number}")
            await session_of(ctx).flush()
            yield "x" * 5000
        if breaks:
            put(ctx, f"{text}0")
            await session_of(ctx).flush()

    @rpc
    async def redirect(ctx, text: str) -> str:
        put(ctx, text)
        raise HttpRedirect(ctx, "https://example.com/")

    @rpc
    async def respond(ctx, text: str) -> str:
        put(ctx, text)
        ctx.transport.respond(202)

    @rpc(_one_way=True)
    async def one_way(ctx, text: str) -> None:
        put(ctx, text)

    @rpc
    async def hang(ctx, text: str) -> str:
        put(ctx, text)
        await session_of(ctx).flush()
        await asyncio.sleep(60)


def keys_on(connection, _):
    """SQLite checks foreign keys where it is asked to; writers wait for each other at their beginning."""
    connection.execute("PRAGMA foreign_keys=ON")


class Store:
    """A database, the engines to it, and what became of the transactions on them."""

    def __init__(self, path):
        self.engine = create_engine(f"sqlite:///{path}")
        self.aengine = create_async_engine(f"sqlite+aiosqlite:///{path}")
        self.log = []
        for engine in (self.engine, self.aengine.sync_engine):
            event.listen(engine, "connect", keys_on)
            event.listen(engine, "commit", lambda connection: self.log.append("commit"))
            event.listen(engine, "rollback", lambda connection: self.log.append("rollback"))
        Base.metadata.create_all(self.engine)
        self.log.clear()

    def texts(self):
        """What was committed."""
        with self.engine.connect() as connection:
            return list(connection.scalars(select(Note.text).order_by(Note.text)))

    def in_use(self):
        """Connections that nobody gave back."""
        return self.engine.pool.checkedout() + self.aengine.pool.checkedout()


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "notes.db")
    yield store
    gc.collect()
    assert store.in_use() == 0
    asyncio.run(store.aengine.dispose())
    store.engine.dispose()


def application(service, source, protocol=JsonDocument):
    return Application(
        [service], "urn:notes", in_protocol=protocol(), out_protocol=protocol(), middleware=[SessionPerCall(source)]
    )


def over_null(app, name, **arguments):
    """The call without any protocol: the outcome's class of code."""
    try:
        return getattr(NullServer(app).service, name)(**arguments)
    except Fault as error:
        return error.faultcode


def over_null_with_protocols(app, name, **arguments):
    try:
        return getattr(NullServer(app, wire=True).service, name)(**arguments)
    except Fault as error:
        return error.faultcode


def result_of(response):
    if response.status_code >= 400:
        return response.json()["faultcode"]
    return response.json() if response.status_code == 200 and response.content else response.status_code


def over_wsgi(app, name, **arguments):
    with Client(app) as client:
        return result_of(client.post_json({name: arguments}))


def over_asgi(app, name, **arguments):
    async def call():
        async with AsyncClient(app) as client:
            response = await client.post_json({name: arguments})
        for middleware in app.middleware:
            if middleware.is_async:
                await middleware.source.dispose()
        return result_of(response)

    return asyncio.run(call())


WAYS = {"null": over_null, "null, wire": over_null_with_protocols, "wsgi": over_wsgi, "asgi": over_asgi}


class Sessions(SessionPerCall):
    """Knows what it was made of."""

    def __init__(self, source):
        super().__init__(source)
        self.source = source
        self.is_async = hasattr(source, "sync_engine")


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def is_async(request):
    return request.param


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def call(request, store, is_async):
    """A function that calls a method of the service over one transport."""
    service, source = (AsyncNotes, store.aengine) if is_async else (Notes, store.engine)
    app = Application(
        [service], "urn:notes", in_protocol=JsonDocument(), out_protocol=JsonDocument(), middleware=[Sessions(source)]
    )
    return lambda name, **arguments: request.param(app, name, **arguments)


def test_success_commits_once(call, store):
    """What a method adds is there after the call, by one commit."""
    assert call("add", text="one") == "one"
    assert (store.texts(), store.log[0]) == (["one"], "commit")
    assert store.log.count("commit") == 1


def test_without_a_session_nothing_happens(call, store):
    """A method that asks for no session touches no database."""
    assert call("nothing", text="one") == "one"
    assert store.log == []


FAILURES = {"fault": "Client.No", "broken": "Server"}


@pytest.mark.parametrize(("name", "code"), FAILURES.items())
def test_failure_rolls_back(call, store, name, code):
    """A Fault and any other exception undo what the method did."""
    assert call(name, text="one") == code
    assert (store.texts(), store.log[0]) == ([], "rollback")


def test_failed_commit_is_a_fault(call, store):
    """A rule that the database checks at the commit makes the call fail, with a fault that says which kind of rule."""
    assert call("dangling", text="one") == "Client.ValidationError"
    assert store.texts() == []


def test_constraint_names_the_member(call, store):
    """A value that is there already is the client's fault."""
    assert call("add", text="one") == "one"
    assert call("add", text="one") == "Client.ResourceAlreadyExists"
    assert call("add", text="forbidden") == "Client.ValidationError"
    assert store.texts() == ["one"]


@pytest.mark.parametrize("way", [over_wsgi, over_asgi])
def test_result_that_cannot_be_written_rolls_back(store, is_async, way):
    """The commit comes after the answer is written: a result that cannot be leaves nothing behind."""
    source = store.aengine if is_async else store.engine
    app = Application(
        [AsyncNotes if is_async else Notes], "urn:notes", in_protocol=JsonDocument(), middleware=[Sessions(source)]
    )
    assert way(app, "unwritable", text="one") == "Server"
    assert store.texts() == []


@pytest.mark.parametrize(("name", "status"), {"redirect": 302, "respond": 202, "one_way": 202}.items())
@pytest.mark.parametrize("way", [over_wsgi, over_asgi])
def test_answers_without_a_result_commit(store, is_async, way, name, status):
    """A redirection, an answer of the method's own and a one-way call succeed."""
    source = store.aengine if is_async else store.engine
    app = Application(
        [AsyncNotes if is_async else Notes], "urn:notes", in_protocol=JsonDocument(), middleware=[Sessions(source)]
    )
    assert way(app, name, text="one") == status
    assert store.texts() == ["one"]


@pytest.mark.parametrize("way", [over_wsgi, over_asgi])
def test_streamed_result_commits_at_its_end(store, is_async, way):
    """The session is open while the body is made, and committed when it was sent to its end."""
    source = store.aengine if is_async else store.engine
    app = Application(
        [AsyncNotes if is_async else Notes], "urn:notes", in_protocol=JsonDocument(), middleware=[Sessions(source)]
    )
    assert way(app, "many", text="n", count=40) == ["x" * 5000] * 40
    assert len(store.texts()) == 40


def test_stream_that_breaks_rolls_back(store, is_async):
    """A stream that breaks after its first part is cut off, and nothing of it stays."""
    app = application(AsyncNotes if is_async else Notes, store.aengine if is_async else store.engine)
    with serving(AsgiApplication(app)) as url:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(url, json={"many": {"text": "n", "count": 100, "breaks": True}}, timeout=20)
        until(lambda: store.in_use() == 0)
    assert store.texts() == []


def test_client_that_goes_away_while_reading_rolls_back(store, is_async):
    """A body that nobody reads to its end is rolled back."""
    app = application(AsyncNotes if is_async else Notes, store.aengine if is_async else store.engine)
    with serving(AsgiApplication(app)) as url:
        with raw(url, "many", text="n", count=100_000) as connection:
            assert connection.recv(100)
        until(lambda: "rollback" in store.log and store.in_use() == 0)
    assert store.texts() == []


def test_client_that_goes_away_while_waiting_rolls_back(store):
    """A coroutine whose caller hangs up is cancelled, and its session rolled back."""
    app = application(AsyncNotes, store.aengine)
    with serving(AsgiApplication(app)) as url:
        with raw(url, "hang", text="one"):
            until(lambda: store.in_use() == 1)
        until(lambda: "rollback" in store.log and store.in_use() == 0)
    assert store.texts() == []


@pytest.mark.parametrize("way", [over_wsgi, over_asgi])
def test_each_call_of_a_batch_has_its_session(store, is_async, way):
    """Of three calls in one request the one that fails takes none of the others with it."""
    source = store.aengine if is_async else store.engine
    app = Application(
        [AsyncNotes if is_async else Notes], "urn:notes", in_protocol=JsonRpc(), middleware=[Sessions(source)]
    )
    calls = [
        {"jsonrpc": "2.0", "id": 1, "method": "add", "params": {"text": "one"}},
        {"jsonrpc": "2.0", "id": 2, "method": "fault", "params": {"text": "two"}},
        {"jsonrpc": "2.0", "id": 3, "method": "add", "params": {"text": "one"}},
        {"jsonrpc": "2.0", "id": 4, "method": "add", "params": {"text": "three"}},
    ]
    replies = batch_over(way, app, calls)
    assert [sorted(reply)[0] for reply in replies] == ["id", "error", "error", "id"]
    assert store.texts() == ["one", "three"]


def batch_over(way, app, calls):
    if way is over_wsgi:
        with Client(app) as client:
            return client.post_json(calls).json()

    async def call():
        async with AsyncClient(app) as client:
            response = await client.post_json(calls)
        if app.middleware[0].is_async:
            await app.middleware[0].source.dispose()
        return response.json()

    return asyncio.run(call())


def test_answer_of_a_coroutine_has_its_length(store):
    """An answer that waited for a commit on the event loop still says how long it is."""

    async def call():
        async with AsyncClient(application(AsyncNotes, store.aengine)) as client:
            response = await client.post_json({"add": {"text": "one"}})
        await store.aengine.dispose()
        return response

    response = asyncio.run(call())
    assert (response.headers["content-length"], response.json()) == ("5", "one")


SOURCES = {
    "engine": lambda store: store.engine,
    "sessionmaker": lambda store: sessionmaker(store.engine),
    "callable": lambda store: lambda: sessionmaker(store.engine)(),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_what_makes_sessions(store, source):
    """An engine, a sessionmaker and any function that returns a session will do."""
    assert over_wsgi(application(Notes, source(store)), "add", text="one") == "one"
    assert store.texts() == ["one"]


def test_what_makes_asynchronous_sessions(store):
    """So does an async_sessionmaker."""
    app = application(AsyncNotes, async_sessionmaker(store.aengine))
    assert over_wsgi(app, "add", text="one") == "one"
    assert store.texts() == ["one"]


def test_soap_fault_at_the_commit(store):
    """In SOAP a commit that fails is a proper fault too, with the rule and nothing of the database."""
    with Client(application(Notes, store.engine, Soap11)) as client:
        client.call("add", "one")
        with pytest.raises(Fault) as caught:
            client.call("add", "one")
    assert caught.value.faultcode == "Client.ResourceAlreadyExists"
    assert caught.value.faultstring == "text: another one with this value exists already"


def test_listeners_share_the_session(store):
    """A listener and the method have the same session, and `udc` stays the user's."""
    seen = []
    app = application(Notes, store.engine)

    def begin(ctx):
        ctx.udc = "mine"
        seen.append(session_of(ctx))

    app.event_manager.add_listener("method_call", begin)
    app.event_manager.add_listener("method_return_object", lambda ctx: seen.append(session_of(ctx)))
    app.event_manager.add_listener("method_context_closed", lambda ctx: seen.append(ctx.udc))
    assert over_wsgi(app, "add", text="one") == "one"
    assert seen[0] is seen[1]
    assert seen[2] == "mine"


def test_calls_in_threads_have_sessions_of_their_own(store):
    """Calls at the same time do not meet in one session."""
    seen = set()
    gate = threading.Barrier(4, timeout=20)

    class Meeting(Service):
        @rpc
        def meet(ctx) -> int:
            seen.add(id(session_of(ctx)))
            gate.wait()
            return session_of(ctx).scalar(select(func.count()).select_from(Note))

    app = application(Meeting, store.engine)
    threads = [threading.Thread(target=over_wsgi, args=(app, "meet")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4


def test_session_after_the_call(store):
    """A generator that is read when the call is over hears why it has no session."""
    result = NullServer(application(Notes, store.engine)).service.many("n", 3)
    with pytest.raises(RuntimeError, match="the call is over"):
        next(result)


def test_misplaced():
    """An application without sessions, and sessions without an application, say what is missing."""
    app = Application([Notes], "urn:notes", in_protocol=JsonDocument())
    with pytest.raises(Fault, match="Internal Error"):
        NullServer(app).service.add("one")
    ctx = NullServer(app).make_context()
    with pytest.raises(LookupError, match=r"middleware=\[SessionPerCall"):
        session_of(ctx)
    with pytest.raises(RuntimeError, match="belongs to an application"):
        SessionPerCall(create_engine("sqlite://")).of(ctx)
    with pytest.raises(TypeError, match="takes an engine or a sessionmaker"):
        SessionPerCall("sqlite://")


def test_session_of_two_databases(store, tmp_path):
    """With two databases each SessionPerCall is asked by itself, and both commit."""
    other = Store(tmp_path / "other.db")
    one, two = SessionPerCall(store.engine), SessionPerCall(other.engine)

    class Both(Service):
        @rpc
        def add(ctx, text: str) -> str:
            one.of(ctx).add(Note(text=text))
            two.of(ctx).add(Note(text=text))
            return text

        @rpc
        def ask(ctx) -> str:
            session_of(ctx)

    app = Application([Both], "urn:notes", in_protocol=JsonDocument(), middleware=[one, two])
    assert over_wsgi(app, "add", text="x") == "x"
    assert store.texts() == other.texts() == ["x"]
    with pytest.raises(Fault, match="Internal Error"):
        NullServer(app).service.ask()
    assert other.in_use() == 0
    other.engine.dispose()


def test_json_of_the_batch_is_json(store):
    """The answer of a batch over WSGI is one JSON document."""
    with Client(application(Notes, store.engine, JsonRpc)) as client:
        body = client.post_json([{"jsonrpc": "2.0", "id": 1, "method": "add", "params": ["one"]}]).content
    assert json.loads(body) == [{"jsonrpc": "2.0", "id": 1, "result": "one"}]
