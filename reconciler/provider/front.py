"""The sockets that terraform connects to: one a run, and what tells its connections apart.

gRPC does not say which connection a call came on, and with unix sockets every peer looks alike. So terraform connects
here, and the bytes are handed to the one gRPC server inside over a connection whose own end is bound to a name; that
name is the call's peer. It also tells at once when a connection ends, and confines what is malformed to it.
"""

import asyncio
import contextlib
import os
import socket
import struct
from pathlib import Path

from reconciler.provider.run import Run, Session

_CHUNK = 256 * 1024
_HANDSHAKE_SECONDS = 10.0


class Front:
    """The listening sockets of all runs, in front of one gRPC server."""

    def __init__(self, directory: Path, inner: Path) -> None:
        self._directory, self._inner = directory, inner
        self._sessions: dict[str, Session] = {}
        self._servers: dict[str, asyncio.Server] = {}
        self._tasks: dict[str, set[asyncio.Task[None]]] = {}
        self._connections = 0

    def session(self, peer: str) -> Session | None:
        """The session that a gRPC peer belongs to."""
        return self._sessions.get(peer)

    async def open(self, run: Run) -> Path:
        """Listen for a run; its socket is for this user alone."""
        path = self._directory / f"r{run.id}"
        tasks = self._tasks[run.id] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if run.id not in self._tasks:  # it was accepted while the run ended, too late for `close` to see it
                writer.transport.abort()
                return
            task = asyncio.current_task()
            if task is not None:
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            with contextlib.suppress(asyncio.CancelledError):
                await self._serve(run, reader, writer)

        self._servers[run.id] = await asyncio.start_unix_server(accept, path, limit=_CHUNK)
        path.chmod(0o600)
        return path

    async def close(self, run: Run) -> None:
        """Stop listening, cut the connections, leave nothing behind."""
        server = self._servers.pop(run.id, None)
        if server is not None:
            server.close()
        (self._directory / f"r{run.id}").unlink(missing_ok=True)
        tasks = self._tasks.pop(run.id, set())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_HANDSHAKE_SECONDS)

    async def _serve(self, run: Run, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of terraform, from its first byte to its end."""
        self._connections += 1
        name = self._directory / f"c{self._connections:x}"
        session = Session(run)
        try:
            if not same_user(writer):
                return
            inner_reader, inner_writer = await self._connect(name)
            run.sessions.add(session)
            self._sessions[f"unix:{name}"] = session
            try:
                await _tunnel((reader, inner_writer), (inner_reader, writer))
            finally:
                inner_writer.transport.abort()
        finally:
            self._sessions.pop(f"unix:{name}", None)
            session.end()
            name.unlink(missing_ok=True)
            writer.transport.abort()

    async def _connect(self, name: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the server inside whose own end has a name."""
        inner = socket.socket(socket.AF_UNIX)
        try:
            inner.setblocking(False)
            inner.bind(str(name))
            async with asyncio.timeout(_HANDSHAKE_SECONDS):
                await asyncio.get_running_loop().sock_connect(inner, str(self._inner))
                return await asyncio.open_unix_connection(sock=inner, limit=_CHUNK)
        except BaseException:
            inner.close()
            raise


def same_user(writer: asyncio.StreamWriter) -> bool:
    """True when the peer is this user, where the system tells; the directory keeps others out anyway."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True
    raw = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
    return bool(struct.unpack("3i", raw)[1] == os.getuid())


async def _tunnel(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Carry bytes both ways until either side ends."""
    tasks = [asyncio.create_task(_carry(reader, writer)) for reader, writer in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
