"""Connections of the API: how many there may be, and how long one may keep the daemon waiting.

Whoever reaches the port can open connections and send nothing, and each takes a descriptor that Git, Terraform, the
store and the unix socket need too. So a listener has a share of the descriptors. When it is used up, a new connection
takes the place of the one that waits for longest without a request; one with a request in progress is never closed for
another.

asyncio's own server accepts without a limit, and when descriptors run out it logs an error for each attempt (`asyncio.
selector_events`, `_accept_connection`); this one waits and logs once a minute.
"""

import asyncio
import contextlib
import errno
import logging
import socket as sockets
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

_PAUSE: Final = 0.5  # seconds between attempts to accept while descriptors or memory are used up
_AT_ONCE: Final = 32  # connections accepted before other work has its turn
_QUIET: Final = 60.0  # seconds between two lines of the log

_log = logging.getLogger(__name__)

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Watch = Callable[[web.BaseRequest, Handler], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The limits of one listener. Times are in seconds.

    `idle` is longer than the 60 seconds for which an Application Load Balancer keeps a connection by default: one that
    the daemon closes first can cost a request (Elastic Load Balancing, "Edit attributes for your Application Load
    Balancer", connection idle timeout)."""

    most: int = 256
    header: float = 10.0  # from the connection to the end of the first request's header
    idle: float = 75.0  # from one request to the next


@dataclass(slots=True, eq=False)
class _Connection:
    socket: sockets.socket
    handler: asyncio.BaseProtocol
    since: float
    beginning: asyncio.Task[None] | None = None
    transport: asyncio.Transport | None = None
    requests: int = 0
    busy: bool = False

    @property
    def is_open(self) -> bool:
        return self.socket.fileno() >= 0

    def abort(self) -> None:
        """Close at once, without waiting for a client that does not read."""
        if self.transport is not None:
            self.transport.abort()
        elif self.beginning is not None:
            self.beginning.cancel()


@dataclass(slots=True)
class Connections:
    """The connections of one listener; `make_handler` makes the protocol of each, which speaks TLS with `tls`."""

    make_handler: Callable[[], asyncio.BaseProtocol]
    limits: ConnectionLimits
    tls: ssl.SSLContext | None = None
    _open: dict[asyncio.BaseProtocol, _Connection] = field(default_factory=dict)
    _dropped: int = 0
    _logged: float = -_QUIET

    async def accept(self, listening: sockets.socket) -> None:
        """Accept connections until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                self._take(await loop.sock_accept(listening))
                for _ in range(_AT_ONCE):
                    self._take(listening.accept())
                await asyncio.sleep(0)
            except BlockingIOError:  # none is left for now
                await asyncio.sleep(0)
            except OSError as error:
                is_over = error.errno == errno.ECONNABORTED  # the client has closed it already
                if not is_over:
                    self._report(f"no connection can be accepted: {error.strerror}")
                await asyncio.sleep(0 if is_over else _PAUSE)
            except Exception:  # a defect ends no listener
                _log.exception("a connection could not be begun")
                await asyncio.sleep(_PAUSE)

    async def sweep(self) -> None:
        """Close connections that wait for too long, until cancelled."""
        while True:
            await asyncio.sleep(min(1.0, self.limits.header / 2))
            now = time.monotonic()
            for one in self._opened():
                longest = self.limits.idle if one.requests else self.limits.header
                if not one.busy and now - one.since > longest:
                    one.abort()

    def close(self) -> None:
        """Give up the connections that are not set up yet; the server closes the others."""
        for one in self._opened():
            if one.transport is None:
                one.abort()

    def request_begins(self, handler: asyncio.BaseProtocol) -> None:
        """Note that a request's header has arrived."""
        if one := self._open.get(handler):
            one.busy, one.requests = True, one.requests + 1

    def request_ended(self, handler: asyncio.BaseProtocol) -> None:
        """Note that a request is answered but for what the client has yet to read."""
        if one := self._open.get(handler):
            one.busy, one.since = False, time.monotonic()

    def _take(self, accepted: tuple[sockets.socket, object]) -> None:
        """Begin a connection, or refuse it."""
        socket, _ = accepted
        if self._has_room():
            self._begin(socket)
        else:
            socket.close()

    def _begin(self, accepted: sockets.socket) -> None:
        accepted.setblocking(False)
        one = _Connection(accepted, self.make_handler(), time.monotonic())
        self._open[one.handler] = one
        one.beginning = asyncio.create_task(self._connect(one))
        one.beginning.add_done_callback(lambda _: None if one.transport else accepted.close())

    async def _connect(self, one: _Connection) -> None:
        with contextlib.suppress(OSError):
            loop = asyncio.get_running_loop()
            one.transport, _ = await loop.connect_accepted_socket(
                lambda: one.handler,
                one.socket,
                ssl=self.tls,
                ssl_handshake_timeout=self.limits.header if self.tls else None,
            )

    def _opened(self) -> list[_Connection]:
        """Return the open connections, and forget the others."""
        self._open = {handler: one for handler, one in self._open.items() if one.is_open}
        return list(self._open.values())

    def _has_room(self) -> bool:
        """Return whether another connection may begin; close the one that waits for longest where that is needed."""
        opened = self._opened()
        if len(opened) < self.limits.most:
            return True
        self._dropped += 1
        self._report(
            f"{len(opened)} connections are open, which is the limit: the one that waits for longest is closed"
        )
        waiting = [one for one in opened if not one.busy]
        if not waiting:
            return False
        oldest = min(waiting, key=lambda one: one.since)
        oldest.abort()
        del self._open[oldest.handler]
        return True

    def _report(self, message: str) -> None:
        now = time.monotonic()
        if now - self._logged >= _QUIET:
            _log.warning("%s (%d closed so far)", message, self._dropped)
            self._logged = now


def watching(listeners: Iterable[Connections]) -> Watch:
    """Return the function that serves requests and tells listeners which of their connections have one in progress."""
    known = tuple(listeners)

    async def watch(request: web.BaseRequest, handler: Handler) -> web.StreamResponse:
        protocol = request.protocol
        for connections in known:
            connections.request_begins(protocol)
        try:
            return await handler(request)
        finally:
            for connections in known:
                connections.request_ended(protocol)

    return watch
