"""Asynchronous functions run by synchronous code."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

from spyne import Application, Integer, NullServer, Service, rpc
from spyne.util.run import iterate, run


async def double(number):
    await asyncio.sleep(0)
    return 2 * number


def test_a_coroutine_is_run_to_its_end():
    """One after the other on the same thread's loop."""
    assert [run(double(2)), run(double(3))] == [4, 6]


def test_an_asynchronous_iterator_is_read_item_by_item():
    """It is closed when the reader stops."""
    closed = []

    async def numbers():
        try:
            for number in range(3):
                yield number
        finally:
            closed.append(True)

    items = iterate(numbers())
    assert next(items) == 0
    items.close()
    assert closed == [True]


def test_inside_a_running_loop():
    """The error says what to do, and the coroutine is closed, so that nothing warns of it later."""

    async def main():
        coroutine = double(1)
        with pytest.raises(RuntimeError, match="is called inside a running event loop; serve it by"):
            run(coroutine)
        assert coroutine.cr_frame is None
        return await asyncio.to_thread(run, double(2))

    assert asyncio.run(main()) == 4


def test_a_service_inside_a_running_loop(caplog):
    """The log says why the caller gets a fault."""

    class Home(Service):
        @rpc(Integer, _returns=Integer)
        async def double(ctx, number):
            return await double(number)

    application = Application([Home], "urn:run")

    async def main():
        with pytest.raises(Exception, match="Internal Error"):
            NullServer(application).service.double(1)

    asyncio.run(main())
    assert "is called inside a running event loop" in caplog.text
    assert NullServer(application).service.double(2) == 4


def test_the_loop_of_a_thread_ends_with_it():
    """Nothing warns of a loop that was left open."""

    async def loop():
        return asyncio.get_running_loop()

    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(run, loop()).result()
        assert not found.is_closed()
    gc.collect()
    assert found.is_closed()
