"""The warm provider as the daemon sees it.

    warm = await WarmProvider.start(directory)
    async with warm.attach(binary=binary, environment=environment, workspace=workspace) as attachment:
        …run terraform with environment | attachment.environment…
    await warm.stop()

The warm provider makes runs cheaper and nothing else: when it cannot serve, an attachment says so (`warm` is false,
its environment is empty) and terraform runs plainly, after an `init` that installs the provider. It is restarted after
a crash, and an attachment waits for that: a plain run costs far more. A caller that dies leaves its terraform running.
"""

import asyncio
import contextlib
import json
import logging
import math
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.provider.control import (
    LONGEST_LINE,
    InvalidMessage,
    Refused,
    Unreachable,
    answered,
    decode,
    encode,
    socket_path,
)
from reconciler.provider.launch import launch
from reconciler.provider.package import AWS, Binary
from reconciler.provider.processes.limits import Limits

_LOG = logging.getLogger(__name__)
_POLL_SECONDS = 0.1
_READY_SECONDS = 30.0
_CALL_SECONDS = 90.0  # an attach may start a provider
_DETACH_SECONDS = 15.0
_FIRST_RESTART, _LAST_RESTART = 0.5, 30.0
_RETURNS_WITHIN = 30.0  # after a crash; a start takes about one second on an idle machine


@dataclass(slots=True)
class Attachment:
    """One run's hold on the warm provider. `reason` says why it is a plain run; `trouble`, known after the end, what
    was lost on the way (a crashed provider): such a run is worth a retry."""

    environment: Mapping[str, str] = field(default_factory=dict)
    run: str | None = None
    reason: str = ""
    trouble: str | None = None

    @property
    def warm(self) -> bool:
        """False when terraform has to start the provider itself."""
        return self.run is not None


class WarmProvider:
    """A warm provider in a directory: ours to look after (`start`), or another's (`WarmProvider(directory)`)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.restarts = 0
        self._options: tuple[str, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None
        self._supervision: asyncio.Task[None] | None = None
        self._warned: set[str] = set()
        self._served = False  # since it was last found to be gone

    @classmethod
    async def start(
        cls,
        directory: Path,
        *,
        limits: Limits | None = None,
        orphan_seconds: float = 30.0,
        ready_seconds: float = _READY_SECONDS,
    ) -> "WarmProvider":
        """Start one and keep it running. Returns when it answers, or when it did not within that time (attachments
        are plain then, and later ones may be warm). Raises: ValueError when the directory's path is too long."""
        warm = cls(directory)
        socket_path(warm.directory)
        warm._options = (f"--parent-pid={os.getpid()}", f"--orphan-seconds={orphan_seconds}")
        warm._options += (limits or Limits()).options()
        warm._supervision = asyncio.create_task(warm._supervise())
        if not await warm._answers_within(ready_seconds):
            warm._warn("it did not start in time")
        return warm

    @property
    def pid(self) -> int | None:
        """The process that we look after."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @contextlib.asynccontextmanager
    async def attach(
        self,
        *,
        binary: Binary,
        environment: Mapping[str, str],
        workspace: Path,
        data_directory: Path | None = None,
        types: Iterable[str] = (),
        full_schema: bool = False,
        source: str = AWS,
    ) -> AsyncIterator[Attachment]:
        """Hold the warm provider for terraform runs in one workspace with one environment.

        `environment` is what terraform will get; the provider gets what concerns it. `types` are resource types that
        only the state knows. Never fails for want of a warm provider: see `Attachment.warm`.
        """
        message = {
            "op": "attach",
            "binary": str(binary.path),
            "package": binary.package,
            "source": source,
            "environment": dict(environment),
            "directory": str(Path.cwd() / workspace),
            "data_directory": str(data_directory) if data_directory else None,
            "types": sorted(types),
            "full_schema": full_schema,
        }
        async with contextlib.AsyncExitStack() as stack:
            try:
                line, answer = await self._ask_to_attach(message, stack)
            except (Unreachable, Refused) as error:
                self._warn(str(error))
                yield Attachment(reason=str(error))
                return
            self._warned.clear()
            self._served = True
            attachment = Attachment({"TF_REATTACH_PROVIDERS": json.dumps(answer["reattach"])}, str(answer["run"]))
            try:
                yield attachment
            finally:
                attachment.trouble = await line.detach(str(attachment.run))

    async def _ask_to_attach(
        self, message: Mapping[str, Any], stack: contextlib.AsyncExitStack
    ) -> tuple["_Line", Mapping[str, Any]]:
        """Ask, and once more when one that used to serve is back after a crash. Raises: Unreachable, Refused."""
        try:
            line = await stack.enter_async_context(self._line())
            return line, await line.ask(message)
        except Unreachable:
            returns = self._supervision is not None and self._served
            if not (returns and await self._answers_within(_RETURNS_WITHIN)):
                self._served = False
                raise
        line = await stack.enter_async_context(self._line())
        return line, await line.ask(message)

    async def cancel(self, attachment: Attachment) -> None:
        """Cancel the provider calls that a run has in flight. Raises: Unreachable, Refused."""
        async with self._line() as line:
            await line.ask({"op": "cancel", "run": attachment.run})

    async def status(self) -> Mapping[str, Any]:
        """Processes, runs, counters, admission. Raises: Unreachable."""
        async with self._line() as line:
            status = (await line.ask({"op": "status"}))["status"]
        return {**status, "restarts_total": self.restarts}

    async def stop(self, *, drain_seconds: float = 60.0) -> None:
        """End it: attached runs may finish within that time."""
        if self._supervision is not None:
            self._supervision.cancel()
            await asyncio.gather(self._supervision, return_exceptions=True)
        with contextlib.suppress(Unreachable, Refused):
            async with self._line() as line:
                await line.ask({"op": "stop", "seconds": drain_seconds})
        process = self._process
        if process is None:
            return
        for number, seconds in ((None, drain_seconds + _DETACH_SECONDS), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            if number is not None:
                process.send_signal(number)
            if await _ended(process, seconds):
                return

    async def _supervise(self) -> None:
        """Start it, and again after a crash."""
        pause = _FIRST_RESTART
        while True:
            began = asyncio.get_running_loop().time()
            try:
                self._process = launch(self.directory, self._options)
                await _ended(self._process, math.inf)
                self._warn(f"it ended with code {self._process.returncode}", "the warm provider is started again")
            except OSError as error:
                self._warn(f"it cannot be started: {error.strerror}")
            if asyncio.get_running_loop().time() - began > _LAST_RESTART:
                pause = _FIRST_RESTART
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LAST_RESTART)
            self.restarts += 1

    async def _answers_within(self, seconds: float) -> bool:
        """True once the process that we started answers; a predecessor that still drains does not count."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + seconds
        while clock.time() < deadline:
            with contextlib.suppress(Unreachable, Refused):
                if (await self.status())["pid"] == self.pid:
                    return True
            await asyncio.sleep(_POLL_SECONDS)
        return False

    @contextlib.asynccontextmanager
    async def _line(self) -> AsyncIterator["_Line"]:
        try:
            reader, writer = await asyncio.open_unix_connection(socket_path(self.directory), limit=LONGEST_LINE)
        except (OSError, ValueError) as error:
            raise Unreachable("no warm provider answers") from error
        try:
            yield _Line(reader, writer)
        finally:
            writer.close()

    def _warn(self, reason: str, so: str = "no warm provider, terraform runs plainly") -> None:
        """One warning for one reason, until it works again."""
        if reason not in self._warned:
            self._warned.add(reason)
            _LOG.warning("%s: %s", so, reason)


@dataclass(slots=True)
class _Line:
    """A connection to the control socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, message: Mapping[str, Any], *, seconds: float = _CALL_SECONDS) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(seconds):
                self.writer.write(encode(message))
                await self.writer.drain()
                return answered(decode(await self.reader.readline()))
        except (OSError, TimeoutError, InvalidMessage) as error:
            raise Unreachable("the warm provider does not answer") from error

    async def detach(self, run: str) -> str | None:
        """End the run; what went wrong with it, if anything did."""
        try:
            return (await self.ask({"op": "detach", "run": run}, seconds=_DETACH_SECONDS)).get("trouble")
        except Refused:
            return None
        except Unreachable:
            return "the warm provider ended during the run; run it again"


async def _ended(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """True when the process ended within that time."""
    clock = asyncio.get_running_loop()
    deadline = clock.time() + seconds
    while process.poll() is None:
        if clock.time() >= deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True
