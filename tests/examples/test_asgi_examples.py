"""The examples for ASGI answer zeep under uvicorn."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import zeep
from tests.transport.servers import serving
from zeep.transports import AsyncTransport


@pytest.fixture
def server(request, tmp_path):
    """An example under uvicorn."""
    with serving("uvicorn", f"examples.{request.param}:asgi_application", tmp_path) as running:
        yield running


@pytest.mark.parametrize("server", ["asgi_service"], indirect=True)
def test_zeeps_clients(server):
    """Both kinds of functions are called by zeep's client, and by its asynchronous client several at a time."""
    expected = ["Hello, Dave, for the 1. time", "Hello, Dave, for the 2. time"]
    with zeep.Client(f"{server.url}?wsdl") as client:
        assert client.service.hello("Dave") == client.service.hello_later("Dave", 0) == "Hello, Dave"
        assert client.service.hellos("Dave", 2) == expected

    async def play():
        async with zeep.AsyncClient(f"{server.url}?wsdl", transport=AsyncTransport()) as client:
            client.transport.wsdl_client.close()  # zeep leaves it open
            return await asyncio.gather(
                client.service.hello("Dave"),
                client.service.hellos("Dave", 2),
                *(client.service.hello_later(f"No. {number}", 0.1) for number in range(20)),
            )

    first, second, *others = asyncio.run(play())
    assert (first, second) == ("Hello, Dave", expected)
    assert others == [f"Hello, No. {number}" for number in range(20)]


@pytest.mark.parametrize(
    ("server", "path"),
    [
        ("soap_in_fastapi", "soap/"),
        ("soap_in_starlette", "soap/"),
        ("soap_in_starlette", "exact"),
        ("soap_in_litestar", "soap/"),
    ],
    indirect=["server"],
)
def test_mounted(server, path):
    """The WSDL names the address below the framework's, and zeep calls it there."""
    with zeep.Client(f"{server.url}{path}?wsdl") as client:
        assert client.service._binding_options["address"] == f"{server.url}{path}"
        assert client.service.hello("Dave") == "Hello, Dave"


@pytest.mark.parametrize(
    ("server", "path", "status"),
    [
        ("soap_in_fastapi", "soap", 307),
        ("soap_in_fastapi", "health", 200),
        ("soap_in_starlette", "soap", 307),
        ("soap_in_litestar", "soap", 200),
        ("soap_in_litestar", "health", 200),
    ],
    indirect=["server"],
)
def test_beside_the_mount(server, path, status):
    """Without the slash at the end FastAPI and Starlette redirect, Litestar does not; the framework's own routes are there."""
    assert httpx.get(f"{server.url}{path}?wsdl").status_code == status
