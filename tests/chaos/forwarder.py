"""A TCP relay before the AWS stand-in, which can be gone for a while.

The stand-in keeps AWS in its memory, so a stand-in that is killed would be an AWS that forgot everything, which AWS
does not do. What a client of a killed one sees is shown here: its connections break, and new ones are refused.
Every piece of a request is held for `LAG`, about what a call takes to a region, so that a run's phases last.
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any

LAG = 0.03
_PIECE = 65536


class Forwarder:
    """Relays one port of this machine to another. Runs in a thread of its own until `close`."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = 0
        self.port = self._do(self._listen())

    @property
    def endpoint(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def vanish(self) -> None:
        """Break every connection and refuse new ones."""
        self._do(self._break())

    def appear(self) -> None:
        """Be there again, at the same port."""
        self._do(self._listen())

    def close(self) -> None:
        """End it."""
        self.vanish()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, int]) -> int:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        return int(self._server.sockets[0].getsockname()[1])

    async def _break(self) -> int:
        if self._server:
            self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for writer in tuple(self._open):
            writer.transport.abort()
        if tasks:
            await asyncio.wait(tasks, timeout=10)
        return 0

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, there_writer}
        self._open |= both
        try:
            await asyncio.gather(_pass_on(reader, there_writer, LAG), _pass_on(there_reader, writer, 0))
        finally:
            self._open -= both


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lag: float) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            await asyncio.sleep(lag)
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
