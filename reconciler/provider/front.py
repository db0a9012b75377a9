"""The sockets that terraform connects to, one per run, and the distinction of their connections.

gRPC does not tell the connection of a call, and on unix sockets all peers look the same. So terraform connects here,
and its bytes are forwarded to the one inner gRPC server over a connection whose client end is bound to a name, which
is then the peer of the call. The end of a connection is also noticed at once, and malformed bytes affect only it.
"""

import asyncio
import contextlib
import socket
from pathlib import Path

from reconciler.local.peer import may_call
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
        """Return the session of a gRPC peer, or None if the peer did not come through a run's socket."""
        return self._sessions.get(peer)

    async def open(self, run: Run) -> Path:
        """Listen for a run. Returns its socket, with mode 0600."""
        path = self._directory / f"r{run.id}"
        tasks = self._tasks[run.id] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if run.id not in self._tasks:  # accepted while the run ended, too late for `close`
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
        """Stop listening for a run, cut its connections and remove its socket."""
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
        """Serve one connection of terraform until it ends."""
        self._connections += 1
        name = self._directory / f"c{self._connections:x}"
        session = Session(run)
        try:
            if not may_call(writer.get_extra_info("socket")):
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
        """Connect to the inner server from a socket that is bound to a name."""
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


async def _tunnel(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Forward bytes in both directions until either side ends."""
    tasks = [asyncio.create_task(_forward(reader, writer)) for reader, writer in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
