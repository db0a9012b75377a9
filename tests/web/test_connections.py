"""Connections that send nothing take a share of the descriptors, and no more: the daemon goes on."""

import asyncio
import contextlib
import logging
import os
import resource
import socket as sockets
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from reconciler.core.redaction.redactor import Redactor
from reconciler.edges.process.descriptors import Descriptors
from reconciler.web.api.routes import make_app
from reconciler.web.connections import ConnectionLimits
from reconciler.web.server import Listening, serve
from tests.patience import PATIENCE
from tests.web.control import FakeControl

HALF_A_HEADER = b"GET /healthz HTTP/1.1\r\nHost: daemon\r\n"

LOCAL = 100  # beyond 128 that wait to be accepted, a unix socket refuses to connect


@dataclass(frozen=True, slots=True)
class Limited:
    """A server with few descriptors."""

    port: int
    socket: Path
    log: Path

    async def get(self, path: str, *, local: bool = False) -> str:
        """Return an answer over a new connection, of TCP or of the unix socket."""
        connector = aiohttp.UnixConnector(str(self.socket)) if local else None
        base = "http://localhost" if local else f"http://127.0.0.1:{self.port}"
        async with aiohttp.ClientSession(connector=connector) as session, session.get(f"{base}{path}") as answer:
            assert answer.status == 200
            return await answer.text()

    async def programs(self) -> tuple[int, int]:
        """Return how often a program ran, and how often it could not."""
        ran, failed = (await self.get("/metrics", local=True)).split()
        return int(ran), int(failed)


@contextlib.asynccontextmanager
async def limited(descriptors: int, folder: Path) -> AsyncIterator[Limited]:
    socket, log = folder / "daemon.sock", folder / "log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.web.limited",
            str(descriptors),
            str(socket),
            cwd=Path(__file__).parents[2],
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            yield Limited(int(await process.stdout.readline()), socket, log)
    finally:
        process.kill()
        await process.wait()


def hold(count: int, family: int, address: Any, stack: contextlib.ExitStack) -> None:
    """Open connections that never finish a header. One that is refused is as good as held."""
    for _ in range(count):
        slow = stack.enter_context(sockets.socket(family, sockets.SOCK_STREAM))
        slow.settimeout(PATIENCE)
        with contextlib.suppress(ConnectionError):
            slow.connect(address)
            slow.sendall(HALF_A_HEADER)


@pytest.mark.parametrize(
    ("descriptors", "slow"),
    [
        (256, 400),
        pytest.param(1_024, 400, marks=pytest.mark.chaos),
        pytest.param(1_024, 1_100, marks=pytest.mark.chaos),
    ],
)
async def test_slow_connections_stop_neither_probes_nor_the_socket_nor_programs(
    descriptors: int, slow: int, tmp_path: Path
) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < slow + 2 * LOCAL:
        pytest.skip(f"this process may not open {slow + 2 * LOCAL} connections")
    async with limited(descriptors, tmp_path) as server:
        with contextlib.ExitStack() as stack:
            await asyncio.to_thread(hold, slow, sockets.AF_INET, ("127.0.0.1", server.port), stack)
            await asyncio.to_thread(hold, LOCAL, sockets.AF_UNIX, str(server.socket), stack)
            before, _ = await server.programs()
            while (found := await server.programs())[0] < before + 3:
                assert '"alive": true' in await server.get("/healthz")
                assert '"alive": true' in await server.get("/healthz", local=True)
                await asyncio.sleep(0.05)
            assert found[1] == 0, "every program could be started"
        lines = server.log.read_text().splitlines()
        assert 1 <= len(lines) <= 4, lines
        assert f"{descriptors // 4} connections are open, which is the limit" in lines[0], "the soft limit was raised"


def app(control: FakeControl) -> aiohttp.web.Application:
    return make_app(
        control,
        metrics=lambda: (b"", "text/plain"),
        token=None,
        version="1",
        redact=Redactor(b"a key for tests").value,
    )


@contextlib.asynccontextmanager
async def serving(tmp_path: Path, limits: ConnectionLimits) -> AsyncIterator[Listening]:
    socket = tmp_path / "daemon.sock"
    async with (
        asyncio.timeout(PATIENCE),
        serve(app(FakeControl()), host="127.0.0.1", port=0, socket=socket, limits=limits) as listening,
    ):
        yield listening


@contextlib.asynccontextmanager
async def connected(to: Listening) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection to the unix socket."""
    reader, writer = await asyncio.open_unix_connection(to.socket)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the server closes the connection, however it does."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(1000):
            found += part
    return found


def freeze(*headers: str, body: bytes = b"") -> bytes:
    """Return a request with a body of 18 bytes, of which `body` is sent at once."""
    fields = ("Host: daemon", "Content-Type: application/json", "Content-Length: 18", *headers)
    return "\r\n".join(("POST /api/v1/freeze HTTP/1.1", *fields, "", "")).encode() + body


async def test_a_header_that_does_not_end_and_a_connection_without_requests_are_closed(tmp_path: Path) -> None:
    async with serving(tmp_path, ConnectionLimits(header=0.1, idle=0.1)) as listening:
        async with connected(listening) as (reader, writer):
            writer.write(HALF_A_HEADER)
            assert await rest(reader) == b""
        async with connected(listening) as (reader, writer):
            writer.write(HALF_A_HEADER + b"\r\n")
            assert (await rest(reader)).startswith(b"HTTP/1.1 200")


async def test_a_request_in_progress_is_not_closed_for_another_connection(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, ConnectionLimits(most=1, header=3600, idle=3600)) as listening,
        connected(listening) as (reader, writer),
    ):
        writer.write(freeze("Expect: 100-continue"))
        assert (await reader.readline()).startswith(b"HTTP/1.1 100")
        async with connected(listening) as (refused, _):
            assert await rest(refused) == b""
        writer.write(b'{"reason": "test"}')
        assert b"HTTP/1.1 200" in await reader.readuntil(b"OK")


async def test_a_handshake_that_does_not_end_is_closed_and_others_are_served(tmp_path: Path) -> None:
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    socket, limits = tmp_path / "daemon.sock", ConnectionLimits(most=2, header=1.0)
    async with (
        asyncio.timeout(PATIENCE),
        serve(app(FakeControl()), host="127.0.0.1", port=0, socket=socket, tls=server, limits=limits) as listening,
        aiohttp.ClientSession() as session,
    ):
        silent = [await asyncio.open_connection("127.0.0.1", listening.port) for _ in range(3)]
        url = f"https://127.0.0.1:{listening.port}/healthz"
        async with session.get(url, ssl=client, server_hostname="localhost") as answer:
            assert answer.status == 200
        for reader, writer in silent:
            assert await rest(reader) == b""
            writer.close()


async def test_a_body_that_does_not_arrive_is_answered_with_408(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.web.request._BODY_SECONDS", 0.05)
    async with serving(tmp_path, ConnectionLimits()) as listening, connected(listening) as (reader, writer):
        writer.write(freeze(body=b'{"reason'))
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")


async def test_without_descriptors_the_server_waits_says_so_once_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("reconciler.web.connections._PAUSE", 0.01)
    loop = asyncio.get_running_loop()
    accept, attempts = loop.sock_accept, 0

    async def exhausted(listening: sockets.socket) -> tuple[sockets.socket, object]:
        nonlocal attempts
        attempts += 1
        if attempts <= 50:
            raise OSError(24, os.strerror(24))
        return await accept(listening)

    monkeypatch.setattr(loop, "sock_accept", exhausted)
    with caplog.at_level(logging.WARNING):
        async with serving(tmp_path, ConnectionLimits()) as listening:
            url = f"http://127.0.0.1:{listening.port}/healthz"
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                assert answer.status == 200
    assert attempts > 50
    assert 1 <= sum("no connection can be accepted" in line for line in caplog.messages) <= 2


@pytest.mark.parametrize(("now", "connections"), [(64, 16), (256, 64), (1_024, 256), (65_536, 512), (16, 8)])
def test_connections_get_a_share_of_the_descriptors(now: int, connections: int) -> None:
    assert Descriptors(now, now).connections == connections
