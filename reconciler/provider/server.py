"""The warm provider's process: sockets, runs, and how it comes to its end.

It serves until it is told to stop, its parent is gone or nobody used it for long; in each case the runs that are
attached finish first. A run ends when its caller detaches, or, if the caller died, when terraform has been gone for a
while. One directory has one warm provider, which a file lock guarantees; what a killed one left is cleaned up.
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

from reconciler.provider.control import (
    LONGEST_LINE,
    InvalidMessage,
    Refused,
    decode,
    encode,
    private_directory,
    read_ask,
    socket_path,
    texts,
)
from reconciler.provider.counters import Counters
from reconciler.provider.front import Front, same_user
from reconciler.provider.package import AWS, Locked, PackageNotFound, PackageUnverified, locate
from reconciler.provider.processes.limits import Limits
from reconciler.provider.processes.pool import Pool, PoolExhausted
from reconciler.provider.processes.process import CHANNEL_OPTIONS, ProviderFailed, ProviderUnsupported
from reconciler.provider.protocol.answers import Answers
from reconciler.provider.proxy import Proxy
from reconciler.provider.run import OwnedRun, Run, Session
from reconciler.provider.status import report

KNOWN = frozenset({AWS, "registry.opentofu.org/hashicorp/aws"})  # their configuration is all the state they hold
_LOG = logging.getLogger(__name__)
_WATCH_SECONDS = 0.5


class AlreadyServed(Exception):
    """Another warm provider holds the directory."""


@dataclass(frozen=True, slots=True)
class Service:
    """How to serve. `parent` is whose end is ours; `orphan_seconds` how long terraform may be away between two
    connections once its caller is gone; `drain_seconds` how long a SIGTERM waits for runs."""

    directory: Path
    parent: int | None = None
    idle_exit_seconds: float | None = None
    orphan_seconds: float = 30.0
    drain_seconds: float = 600.0
    limits: Limits = field(default_factory=Limits)


class Server:
    """The warm provider."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._directory = private_directory(service.directory)
        self.counters = Counters()
        self.pool = Pool(
            service.limits,
            sockets=private_directory(self._directory / "p"),
            empty=private_directory(self._directory / "empty"),
            counters=self.counters,
        )
        self.runs: dict[str, OwnedRun] = {}
        self.born = self._busy = time.monotonic()
        self._front = Front(self._directory, self._directory / "inner")
        self._supported: set[str] = set()
        self._stop_at: float | None = None
        self._woken = asyncio.Event()

    @property
    def stopping(self) -> bool:
        """True once no new run is taken."""
        return self._stop_at is not None

    def stop(self, seconds: float) -> None:
        """Take no new runs, and end when the attached ones are over, or at that time."""
        deadline = time.monotonic() + seconds
        self._stop_at = deadline if self._stop_at is None else min(self._stop_at, deadline)
        self._woken.set()

    async def serve(self) -> None:
        """Serve to the end. Raises: AlreadyServed."""
        with await self._locked():
            self._sweep()
            inner = grpc.aio.server(options=[*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)])
            proxy = Proxy(self._front.session, Answers(self.counters), self.pool, self.counters)
            inner.add_generic_rpc_handlers((proxy,))
            inner.add_insecure_port(f"unix:{self._directory / 'inner'}")
            await inner.start()
            tending = asyncio.create_task(self.pool.tend())
            control = await asyncio.start_unix_server(
                self._converse, socket_path(self._directory), limit=LONGEST_LINE, start_serving=True
            )
            try:
                self._listen_to_signals()
                await self._live()
            finally:
                control.close()
                tending.cancel()
                for held in list(self.runs.values()):
                    await self._end(held)
                await inner.stop(0)
                await self.pool.close()
                self._sweep()

    async def attach(self, message: Mapping[str, Any]) -> Run:
        """Take a run. Raises: Refused, InvalidMessage."""
        ask = read_ask(message)
        if self.stopping:
            raise Refused("stopping", "the warm provider is stopping")
        if ask.source not in KNOWN:
            raise Refused("unsupported", f"{ask.source} is not a provider that may be shared")
        run = Run(secrets.token_hex(6), ask, self.pool)
        await self._probe(run)
        await self._front.open(run)
        self.runs[run.id] = OwnedRun(run)
        self.counters.runs += 1
        return run

    def reattach(self, run: Run) -> dict[str, Any]:
        """The value of `TF_REATTACH_PROVIDERS` for a run."""
        address = {"Network": "unix", "String": str(self._directory / f"r{run.id}")}
        entry = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": os.getpid(), "Test": True, "Addr": address}
        return {run.ask.source: entry}

    async def _probe(self, run: Run) -> None:
        """See once for each package that it starts and speaks our protocol."""
        if run.ask.package in self._supported:
            return
        session = Session(run)
        await session.read()
        try:
            await self.pool.anywhere(session.place())
        except ProviderUnsupported as error:
            raise Refused("unsupported", str(error)) from error
        except (ProviderFailed, PoolExhausted) as error:
            raise Refused("failed", str(error)) from error
        self._supported.add(run.ask.package)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One caller, from its first question to its end; its runs are orphans then."""
        own: set[str] = set()
        try:
            while same_user(writer) and (line := await reader.readline()):
                writer.write(encode(await self._reply(line, own)))
                await writer.drain()
        except (InvalidMessage, ValueError, OSError) as error:
            _LOG.warning("a control connection was ended: %s", error)
        except asyncio.CancelledError:
            return  # only at the end of everything; Python 3.11's streams log a cancelled conversation as an error
        finally:
            for run in own:
                if run in self.runs:
                    self.runs[run].orphan_since = time.monotonic()
            writer.close()

    async def _reply(self, line: bytes, own: set[str]) -> dict[str, Any]:
        """The answer to one message. Raises: InvalidMessage."""
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
                    held = self._held(message)
                    await self._end(held)
                    return {"ok": True, "trouble": held.run.trouble}
                case "cancel":
                    return {"ok": True, "cancelled": self._held(message).run.cancel()}
                case "status":
                    return {"ok": True, "status": self._status()}
                case "stop":
                    seconds = message.get("seconds", self._service.drain_seconds)
                    self.stop(float(seconds) if isinstance(seconds, int | float) else 0.0)
                    return {"ok": True}
                case _:
                    raise InvalidMessage("no such `op`")
        except Refused as error:
            return {"ok": False, "error": error.error, "message": str(error)}

    def _status(self) -> dict[str, Any]:
        return report(
            list(self.runs.values()),
            self.pool.providers,
            self.counters,
            born=self.born,
            stopping=self.stopping,
            processes_limit=self.pool.most,
        )

    def _held(self, message: Mapping[str, Any]) -> OwnedRun:
        held = self.runs.get(str(message.get("run")))
        if held is None:
            raise Refused("invalid", "no such run")
        return held

    async def _end(self, held: OwnedRun) -> None:
        """End a run: nothing of it is left."""
        self.runs.pop(held.run.id, None)
        await self._front.close(held.run)
        self.pool.leave(held.run.id, held.run.ask.directory)
        self._busy = time.monotonic()
        self._woken.set()

    async def _live(self) -> None:
        """Return when it is time to end."""
        while True:
            now = time.monotonic()
            for held in list(self.runs.values()):
                if held.run.sessions and held.orphan_since is not None:
                    held.orphan_since = now
                elif held.orphan_since is not None and now - held.orphan_since > self._service.orphan_seconds:
                    await self._end(held)
            if self._stop_at is not None and (not self.runs or now >= self._stop_at):
                return
            if self._abandoned(now):
                self.stop(float("inf"))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _WATCH_SECONDS)
            self._woken.clear()

    def _abandoned(self, now: float) -> bool:
        """True when nobody will come any more."""
        if self._service.parent is not None and os.getppid() != self._service.parent:
            return True
        limit = self._service.idle_exit_seconds
        return limit is not None and not self.runs and now - self._busy > limit

    def _listen_to_signals(self) -> None:
        """The first SIGTERM drains, the second does not wait."""

        def stop() -> None:
            self.stop(0.0 if self.stopping else self._service.drain_seconds)

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop)

    async def _locked(self) -> contextlib.ExitStack:
        """The directory's lock; a child waits until its predecessor is gone, others give up."""
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

    def _sweep(self) -> None:
        """Remove the sockets of a predecessor, or our own."""
        for path in [*self._directory.iterdir(), *(self._directory / "p").iterdir()]:
            if path.is_socket():
                path.unlink(missing_ok=True)


async def _locate(message: Mapping[str, Any]) -> dict[str, str]:
    """Find and verify a package; here, because the verdict on hundreds of megabytes is worth remembering."""
    directories, hashes = message.get("directories"), message.get("hashes")
    source, version = message.get("source"), message.get("version")
    if not (texts(directories) and texts(hashes) and isinstance(source, str) and isinstance(version, str)):
        raise InvalidMessage("`directories` and `hashes` must be lists of texts, `source` and `version` texts")
    try:
        locked = Locked(version, frozenset(hashes))
        binary = await asyncio.to_thread(locate, [Path(directory) for directory in directories], locked, source)
    except (PackageNotFound, PackageUnverified, OSError) as error:
        raise Refused("failed", str(error)) from error
    return {"binary": str(binary.path), "package": binary.package}
