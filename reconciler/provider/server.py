"""The process of the warm provider: sockets, runs, and shutdown.

It serves until it is stopped, its parent is gone or it was unused for long; in each case attached runs finish first. A
run ends when its caller detaches or, if the caller died, when terraform has had no connection for a while. A file lock
guarantees one warm provider per directory; sockets that a killed one left are removed.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import secrets
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc.aio

from reconciler.local.folder import private
from reconciler.local.peer import may_call
from reconciler.provider.control import (
    LONGEST_LINE,
    InvalidMessage,
    Refused,
    decode,
    encode,
    is_strings,
    read_attach,
    socket_path,
)
from reconciler.provider.counters import Counters
from reconciler.provider.front import Front
from reconciler.provider.package import AWS, Locked, PackageNotFound, PackageUnverified, locate
from reconciler.provider.processes.limits import Limits
from reconciler.provider.processes.pool import Pool, PoolExhausted
from reconciler.provider.processes.process import CHANNEL_OPTIONS, ProviderFailed, ProviderUnsupported
from reconciler.provider.protocol.answers import Answers
from reconciler.provider.proxy import Proxy
from reconciler.provider.run import OwnedRun, Run, Session
from reconciler.provider.status import report

KNOWN = frozenset({AWS, "registry.opentofu.org/hashicorp/aws"})  # providers without state beyond their configuration
_LOG = logging.getLogger(__name__)
_WATCH_SECONDS = 0.5


class AlreadyServed(Exception):
    """Another warm provider serves the directory."""


@dataclass(frozen=True, slots=True)
class Service:
    """The settings of a server.

    `parent`: the process after whose end this one stops. `orphan_seconds`: how long a run without caller may have no
    connection before it ends. `drain_seconds`: how long a SIGTERM waits for runs."""

    directory: Path
    parent: int | None = None
    idle_exit_seconds: float | None = None
    orphan_seconds: float = 30.0
    drain_seconds: float = 600.0
    limits: Limits = field(default_factory=Limits)


class Server:
    """The server of one directory."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._directory = private(service.directory)
        self.counters = Counters()
        self.pool = Pool(
            service.limits,
            sockets=private(self._directory / "p"),
            empty=private(self._directory / "empty"),
            counters=self.counters,
        )
        self.runs: dict[str, OwnedRun] = {}
        self.born = self._last_used = time.monotonic()
        self._front = Front(self._directory, self._directory / "inner")
        self._supported: set[str] = set()
        self._stop_at: float | None = None
        self._woken = asyncio.Event()

    @property
    def stopping(self) -> bool:
        """Return whether the server accepts no new runs any more."""
        return self._stop_at is not None

    def stop(self, seconds: float) -> None:
        """Accept no new runs, and end when the attached runs have ended or after `seconds`."""
        deadline = time.monotonic() + seconds
        self._stop_at = deadline if self._stop_at is None else min(self._stop_at, deadline)
        self._woken.set()

    async def serve(self) -> None:
        """Serve until the server is stopped. Raises AlreadyServed if another process serves the directory."""
        with await self._locked():
            self._remove_sockets()
            inner = grpc.aio.server(options=[*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)])
            proxy = Proxy(self._front.session, Answers(self.counters), self.pool, self.counters)
            inner.add_generic_rpc_handlers((proxy,))
            inner.add_insecure_port(f"unix:{self._directory / 'inner'}")
            await inner.start()
            maintenance = asyncio.create_task(self.pool.maintain())
            control = await asyncio.start_unix_server(
                self._serve_control, socket_path(self._directory), limit=LONGEST_LINE, start_serving=True
            )
            try:
                self._handle_signals()
                await self._wait_for_end()
            finally:
                control.close()
                maintenance.cancel()
                for owned in list(self.runs.values()):
                    await self._end(owned)
                await inner.stop(0)
                await self.pool.close()
                self._remove_sockets()

    async def attach(self, message: Mapping[str, Any]) -> Run:
        """Attach a run. Raises Refused, InvalidMessage."""
        request = read_attach(message)
        if self.stopping:
            raise Refused("stopping", "the warm provider is stopping")
        if request.source not in KNOWN:
            raise Refused("unsupported", f"{request.source} is not a provider that runs can share")
        run = Run(secrets.token_hex(6), request, self.pool)
        await self._probe(run)
        await self._front.open(run)
        self.runs[run.id] = OwnedRun(run)
        self.counters.runs += 1
        return run

    def reattach(self, run: Run) -> dict[str, Any]:
        """Return the value of `TF_REATTACH_PROVIDERS` for a run."""
        address = {"Network": "unix", "String": str(self._directory / f"r{run.id}")}
        entry = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": os.getpid(), "Test": True, "Addr": address}
        return {run.request.source: entry}

    async def _probe(self, run: Run) -> None:
        """Check once for each package that it starts and uses protocol 5. Raises Refused."""
        if run.request.package in self._supported:
            return
        session = Session(run)
        await session.read()
        try:
            await self.pool.any_process(session.place())
        except ProviderUnsupported as error:
            raise Refused("unsupported", str(error)) from error
        except (ProviderFailed, PoolExhausted) as error:
            raise Refused("failed", str(error)) from error
        self._supported.add(run.request.package)

    async def _serve_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one control connection; when it ends, its runs have no caller any more (`orphan_since`)."""
        own: set[str] = set()
        try:
            while may_call(writer.get_extra_info("socket")) and (line := await reader.readline()):
                writer.write(encode(await self._reply(line, own)))
                await writer.drain()
        except (InvalidMessage, ValueError, OSError) as error:
            _LOG.warning("a control connection was closed: %s", error)
        except asyncio.CancelledError:
            return  # only at shutdown; Python 3.11's streams log a cancelled handler as an error
        finally:
            for run in own:
                if run in self.runs:
                    self.runs[run].orphan_since = time.monotonic()
            writer.close()

    async def _reply(self, line: bytes, own: set[str]) -> dict[str, Any]:
        """Return the answer to one message; `own` gets the id of an attached run. Raises InvalidMessage."""
        message = decode(line)
        try:
            match message.get("op"):
                case "attach":
                    run = await self.attach(message)
                    own.add(run.id)
                    return {"ok": True, "run": run.id, "reattach": self.reattach(run)}
                case "locate":
                    return {"ok": True, **await _locate(message)}
                case "detach":
                    owned = self._find(message)
                    await self._end(owned)
                    return {"ok": True, "trouble": owned.run.trouble}
                case "cancel":
                    return {"ok": True, "cancelled": self._find(message).run.cancel()}
                case "status":
                    return {"ok": True, "status": self._status()}
                case "stop":
                    seconds = message.get("seconds", self._service.drain_seconds)
                    self.stop(float(seconds) if isinstance(seconds, int | float) else 0.0)
                    return {"ok": True}
                case _:
                    raise InvalidMessage("unknown `op`")
        except Refused as error:
            return {"ok": False, "error": error.error, "message": str(error)}

    def _status(self) -> dict[str, Any]:
        return report(
            list(self.runs.values()),
            self.pool.providers,
            self.counters,
            born=self.born,
            stopping=self.stopping,
            processes_limit=self.pool.process_limit,
        )

    def _find(self, message: Mapping[str, Any]) -> OwnedRun:
        owned = self.runs.get(str(message.get("run")))
        if owned is None:
            raise Refused("invalid", "unknown run")
        return owned

    async def _end(self, owned: OwnedRun) -> None:
        """End a run: close its connections, remove its socket and free its seats."""
        self.runs.pop(owned.run.id, None)
        await self._front.close(owned.run)
        self.pool.release(owned.run.id, owned.run.request.directory)
        self._last_used = time.monotonic()
        self._woken.set()

    async def _wait_for_end(self) -> None:
        """Wait until the server must end; meanwhile end runs that have neither a caller nor a connection any more."""
        while True:
            now = time.monotonic()
            for owned in list(self.runs.values()):
                if owned.run.sessions and owned.orphan_since is not None:
                    owned.orphan_since = now
                elif owned.orphan_since is not None and now - owned.orphan_since > self._service.orphan_seconds:
                    await self._end(owned)
            if self._stop_at is not None and (not self.runs or now >= self._stop_at):
                return
            if self._abandoned(now):
                self.stop(float("inf"))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _WATCH_SECONDS)
            self._woken.clear()

    def _abandoned(self, now: float) -> bool:
        """Return whether the parent is gone, or the server was unused for longer than its limit."""
        if self._service.parent is not None and os.getppid() != self._service.parent:
            return True
        limit = self._service.idle_exit_seconds
        return limit is not None and not self.runs and now - self._last_used > limit

    def _handle_signals(self) -> None:
        """Drain on the first SIGTERM or SIGINT, and end at once on the second."""

        def stop() -> None:
            self.stop(0.0 if self.stopping else self._service.drain_seconds)

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop)

    async def _locked(self) -> contextlib.ExitStack:
        """Lock the directory. With a parent, wait until the predecessor is gone; else raise AlreadyServed."""
        stack = contextlib.ExitStack()
        file = stack.enter_context((self._directory / "lock").open("w"))
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._service.parent is None or self._abandoned(time.monotonic()):
                    stack.close()
                    raise AlreadyServed(str(self._directory)) from None
                await asyncio.sleep(_WATCH_SECONDS)
            else:
                return stack

    def _remove_sockets(self) -> None:
        """Remove all sockets in the directory, of a killed predecessor or of this process."""
        for path in [*self._directory.iterdir(), *(self._directory / "p").iterdir()]:
            if path.is_socket():
                path.unlink(missing_ok=True)


async def _locate(message: Mapping[str, Any]) -> dict[str, str]:
    """Find and verify a package; in this process, because it caches the digests of hundreds of megabytes.

    Raises Refused, InvalidMessage."""
    directories, hashes = message.get("directories"), message.get("hashes")
    source, version = message.get("source"), message.get("version")
    if not (is_strings(directories) and is_strings(hashes) and isinstance(source, str) and isinstance(version, str)):
        raise InvalidMessage("`directories` and `hashes` must be lists of strings, `source` and `version` strings")
    try:
        locked = Locked(version, frozenset(hashes))
        binary = await asyncio.to_thread(locate, [Path(directory) for directory in directories], locked, source)
    except (PackageNotFound, PackageUnverified, OSError) as error:
        raise Refused("failed", str(error)) from error
    return {"binary": str(binary.path), "package": binary.package}
