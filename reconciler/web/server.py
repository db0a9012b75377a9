"""Serve the API over TCP and over a unix socket. Signals stay with the daemon: this module installs none.

The socket's file has its mode before the first connection can succeed: it is bound, restricted, and only then listened
on. The mode is 0600; where other accounts have roles it is 0666, and the kernel's word on the peer decides. A file left
by a daemon that died is replaced; one that a living daemon answers on is an error.
"""

import asyncio
import contextlib
import os
import socket as sockets
import ssl
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from reconciler.web.connection import Runner
from reconciler.web.connections import ConnectionLimits, Connections, watching

_BACKLOG = 128


class AddressTaken(Exception):
    """Another process listens there already; the message names the address."""


@dataclass(frozen=True, slots=True)
class Listening:
    """The addresses of the API; `port` is the real one when 0 was requested."""

    host: str
    port: int
    socket: Path


@contextlib.asynccontextmanager
async def serve(
    app: web.Application,
    *,
    host: str,
    port: int,
    socket: Path,
    tls: ssl.SSLContext | None = None,
    for_accounts: bool = False,
    limits: ConnectionLimits = ConnectionLimits(),  # noqa: B008 - a value
) -> AsyncIterator[Listening]:
    """Serve until the block ends; open requests then get a few seconds. Raises: AddressTaken.

    Over TCP it speaks TLS with `tls`. `limits` are those of TCP and of the unix socket, each by itself: who fills the
    one does not close the other.
    """
    listeners = [Connections(lambda: _handler(runner), limits, each) for each in (None, tls)]
    runner = Runner(app, watching(listeners))
    await runner.setup()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        local = stack.enter_context(_bind(socket, 0o666 if for_accounts else 0o600))
        remote = [stack.enter_context(bound) for bound in await _listen(host, port)]
        for listening, connections in ((local, listeners[0]), *((bound, listeners[1]) for bound in remote)):
            listening.setblocking(False)
            await stack.enter_async_context(_in_background(connections.accept(listening)))
        for connections in listeners:
            stack.callback(connections.close)
            await stack.enter_async_context(_in_background(connections.sweep()))
        yield Listening(host=host, port=int(remote[0].getsockname()[1]), socket=socket)


def _handler(runner: web.AppRunner) -> asyncio.BaseProtocol:
    if runner.server is None:
        raise RuntimeError("the server is not set up, or was cleaned up")
    return runner.server()


@contextlib.asynccontextmanager
async def _in_background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _listen(host: str, port: int) -> list[sockets.socket]:
    """Return a listening socket for each address of the host, all with one port. Raises: AddressTaken."""
    listening: list[sockets.socket] = []
    failure: OSError | None = None
    with contextlib.ExitStack() as stack:
        try:
            for family, address in await _addresses(host, port):
                bound = stack.enter_context(sockets.socket(family, sockets.SOCK_STREAM))
                bound.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
                if family == sockets.AF_INET6:
                    bound.setsockopt(sockets.IPPROTO_IPV6, sockets.IPV6_V6ONLY, 1)
                bound.bind((address[0], port or (listening[0].getsockname()[1] if listening else 0), *address[2:]))
                bound.listen(_BACKLOG)
                listening.append(bound)
        except OSError as error:
            failure = error
        if failure is None:
            stack.pop_all()
            return listening
    raise AddressTaken(f"cannot listen on {host}:{port}: {failure.strerror}") from None


async def _addresses(host: str, port: int) -> list[tuple[int, Any]]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host or None, port, type=sockets.SOCK_STREAM, flags=sockets.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


@contextlib.contextmanager
def _bind(path: Path, mode: int) -> Iterator[sockets.socket]:
    """Bind the unix socket, and remove its file in the end. Raises: AddressTaken."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.is_socket():
        _remove_left_over(path)
    bound = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    try:
        bound.bind(str(path))
        os.chmod(path, mode)
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise AddressTaken(f"cannot listen on {path}: {error.strerror}") from None
    try:
        yield bound
    finally:
        bound.close()
        path.unlink(missing_ok=True)


def _remove_left_over(path: Path) -> None:
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise AddressTaken(f"cannot tell whether a daemon listens on {path}: {error}") from None
    raise AddressTaken(f"another daemon listens on {path}")
