"""The API on a loop of its own, for tests that are not asynchronous."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from reconciler.web.server import serve
from tests.patience import PATIENCE


@contextmanager
def served(make: Callable[[], web.Application], socket: Path) -> Iterator[str]:
    """Serve over TCP and on the socket in a thread; yield the URL."""
    started: list[Any] = []
    ready = threading.Event()

    async def run() -> None:
        stop = asyncio.Event()
        async with serve(make(), host="127.0.0.1", port=0, socket=socket) as listening:
            started.extend((asyncio.get_running_loop(), stop, listening.port))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(PATIENCE), "the API did not start"
    loop, stop, port = started
    yield f"http://127.0.0.1:{port}"
    loop.call_soon_threadsafe(stop.set)
    thread.join(PATIENCE)
