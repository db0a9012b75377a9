"""Serve the API over TCP and over a unix socket. Signals stay with the daemon: this module installs none.

The socket's file has its mode before the first connection can succeed: it is bound, restricted, and only then listened
on. The mode is 0600; where other accounts have roles it is 0666, and the kernel's word on the peer decides. A file left
by a daemon that died is replaced; one that a living daemon answers on is an error.
"""

import contextlib
import os
import socket as sockets
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from reconciler.web.connection import Runner


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
) -> AsyncIterator[Listening]:
    """Serve until the block ends; open requests then get a few seconds. Raises: AddressTaken."""
    runner = Runner(app, handle_signals=False, access_log=None, shutdown_timeout=3)
    await runner.setup()
    bound: sockets.socket | None = None
    try:
        bound = _bind(socket, 0o666 if for_accounts else 0o600)
        await web.SockSite(runner, bound).start()
        bound_port = await _listen(runner, host, port, tls)
        yield Listening(host=host, port=bound_port, socket=socket)
    finally:
        await runner.cleanup()
        if bound is not None:
            bound.close()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(socket)


async def _listen(runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None) -> int:
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    try:
        await site.start()
    except OSError as error:
        raise AddressTaken(f"cannot listen on {host}:{port}: {error.strerror}") from None
    address = next(address for address in reversed(runner.addresses) if isinstance(address, tuple))
    return int(address[1])


def _bind(path: Path, mode: int) -> sockets.socket:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.is_socket():
        _remove_left_over(path)
    bound = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    try:
        bound.bind(str(path))
        os.chmod(path, mode)
    except OSError as error:
        bound.close()
        raise AddressTaken(f"cannot listen on {path}: {error.strerror}") from None
    return bound


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
