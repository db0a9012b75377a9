"""The client of the warm provider, for the daemon.

    warm = await WarmProvider.start(directory)
    async with warm.attach(binary=binary, environment=environment, workspace=workspace) as attachment:
        …run terraform with environment | attachment.environment…
    await warm.stop()

The warm provider only makes runs cheaper. When it is not available, the attachment has `warm` false and an empty
environment, and terraform runs plainly, after an `init` that installs the provider. It is restarted after a crash, and
an attachment waits for that, because a plain run costs far more. If a caller dies, its terraform run continues.
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

from reconciler.local.folder import Untrusted, check_private
from reconciler.local.peer import check_listener, check_socket
from reconciler.provider.control import (
    ATTACHED,
    DETACHED,
    LONGEST_LINE,
    STATUS,
    Foreign,
    Refused,
    Unreachable,
    check_answer,
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
_RESTART_SECONDS = 30.0  # after a crash; a start takes about one second on an idle machine


@dataclass(slots=True)
class Attachment:
    """One run's attachment to the warm provider.

    `reason`: why the run is plain. `trouble`: known after the run; the failure of the warm provider during it, such as
    a crashed process, after which a retry can succeed."""

    environment: Mapping[str, str] = field(default_factory=dict)
    run: str | None = None
    reason: str = ""
    trouble: str | None = None

    @property
    def warm(self) -> bool:
        """Return whether terraform uses the warm provider instead of starting the provider itself."""
        return self.run is not None


class WarmProvider:
    """The warm provider of a directory: supervised by this object (`start`), or one that another process started."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.restarts = 0
        self._options: tuple[str, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None
        self._supervision: asyncio.Task[None] | None = None
        self._warned: set[str] = set()
        self._served = False  # since the last time that it was unreachable

    @classmethod
    async def start(
        cls,
        directory: Path,
        *,
        limits: Limits | None = None,
        orphan_seconds: float = 30.0,
        ready_seconds: float = _READY_SECONDS,
    ) -> "WarmProvider":
        """Start a warm provider and restart it after crashes.

        Returns when it answers, or after `ready_seconds`; attachments are plain until it answers.
        Raises ValueError if the directory's path is too long."""
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
        """Return the process id of the supervised warm provider; None while it does not run."""
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
        """Attach to the warm provider for terraform runs in one workspace with one environment.

        `environment` is terraform's; the provider gets the variables that concern it. `types` are resource types that
        are only in the state. If no warm provider is available the attachment is plain (`Attachment.warm`).
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
                connection, answer = await self._request_attachment(message, stack)
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
                attachment.trouble = await connection.detach(str(attachment.run))

    async def _request_attachment(
        self, message: Mapping[str, Any], stack: contextlib.AsyncExitStack
    ) -> tuple["_Connection", Mapping[str, Any]]:
        """Send an attach message, and again after a restart if the warm provider crashed since the last attachment.

        Raises Unreachable, Refused."""
        try:
            connection = await stack.enter_async_context(self._connect())
            return connection, await connection.request(message, ATTACHED)
        except Unreachable:
            restarts = self._supervision is not None and self._served
            if not (restarts and await self._answers_within(_RESTART_SECONDS)):
                self._served = False
                raise
        connection = await stack.enter_async_context(self._connect())
        return connection, await connection.request(message, ATTACHED)

    async def cancel(self, attachment: Attachment) -> None:
        """Cancel the provider calls of a run that are in flight. Raises Unreachable, Refused."""
        async with self._connect() as connection:
            await connection.request({"op": "cancel", "run": attachment.run})

    async def status(self) -> Mapping[str, Any]:
        """Return processes, runs, counters and admission, see `status.report`. Raises Unreachable, Refused."""
        async with self._connect() as connection:
            status = (await connection.request({"op": "status"}, STATUS))["status"]
        return {**status, "restarts_total": self.restarts}

    async def stop(self, *, drain_seconds: float = 60.0) -> None:
        """Stop the warm provider and its supervision; attached runs may finish within `drain_seconds`."""
        if self._supervision is not None:
            self._supervision.cancel()
            await asyncio.gather(self._supervision, return_exceptions=True)
        with contextlib.suppress(Unreachable, Refused):
            async with self._connect() as connection:
                await connection.request({"op": "stop", "seconds": drain_seconds})
        process = self._process
        if process is None:
            return
        for number, seconds in ((None, drain_seconds + _DETACH_SECONDS), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            if number is not None:
                process.send_signal(number)
            if await _ended(process, seconds):
                return

    async def _supervise(self) -> None:
        """Start the warm provider, and restart it with backoff whenever it ends; runs until it is cancelled."""
        pause = _FIRST_RESTART
        while True:
            began = asyncio.get_running_loop().time()
            try:
                self._process = launch(self.directory, self._options)
                await _ended(self._process, math.inf)
                self._warn(f"it exited with code {self._process.returncode}", "the warm provider is restarted")
            except OSError as error:
                self._warn(f"it cannot be started: {error.strerror or error}")
            if asyncio.get_running_loop().time() - began > _LAST_RESTART:
                pause = _FIRST_RESTART
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LAST_RESTART)
            self.restarts += 1

    async def _answers_within(self, seconds: float) -> bool:
        """Wait for an answer of the supervised process; a predecessor that still drains does not count.

        Returns whether it answered within that time."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + seconds
        while clock.time() < deadline:
            with contextlib.suppress(Unreachable, Refused):
                if (await self.status())["pid"] == self.pid:
                    return True
            await asyncio.sleep(_POLL_SECONDS)
        return False

    @contextlib.asynccontextmanager
    async def _connect(self) -> AsyncIterator["_Connection"]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                check_private(self.directory)
                path, owner = check_socket(socket_path(self.directory))
                reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_LINE)
                stack.callback(writer.close)
                check_listener(writer.get_extra_info("socket"), owner, path)
            except Untrusted as error:
                raise Foreign(str(error)) from error
            except (OSError, ValueError) as error:
                raise Unreachable("no warm provider answers") from error
            yield _Connection(reader, writer)

    def _warn(self, reason: str, consequence: str = "no warm provider, terraform runs plainly") -> None:
        """Log a warning, once per reason until the next warm attachment."""
        if reason not in self._warned:
            self._warned.add(reason)
            _LOG.warning("%s: %s", consequence, reason)


@dataclass(slots=True)
class _Connection:
    """A connection to the control socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(
        self, message: Mapping[str, Any], wanted: Mapping[str, Any] | None = None, *, seconds: float = _CALL_SECONDS
    ) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(seconds):
                self.writer.write(encode(message))
                await self.writer.drain()
                return check_answer(decode(await self.reader.readline()), wanted or {})
        except (OSError, TimeoutError, ValueError) as error:  # readline: a line over the limit
            raise Unreachable("the warm provider does not answer") from error

    async def detach(self, run: str) -> str | None:
        """End a run. Returns the failure of the warm provider during it, if there was one."""
        try:
            answer = await self.request({"op": "detach", "run": run}, DETACHED, seconds=_DETACH_SECONDS)
            trouble: str | None = answer["trouble"]
            return trouble
        except Refused:
            return None
        except Unreachable:
            return "the warm provider ended during the run: run it again"


async def _ended(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Wait for the end of a process. Returns whether it ended within that time."""
    clock = asyncio.get_running_loop()
    deadline = clock.time() + seconds
    while process.poll() is None:
        if clock.time() >= deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True
