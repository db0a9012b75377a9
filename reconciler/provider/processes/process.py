"""One provider process: its start with the plugin handshake, its gRPC channel, its end.

It is started as terraform starts a provider, but without a client certificate, so that its socket (in a private
directory) uses plain gRPC. It never outlives this process (see `tether`). Its output is read all the time, because a
full pipe would block it; the end of its error output is kept for the message after a crash.

    ProviderFailed
        ProviderNotStarted     no handshake within the time limit
        ProviderUnsupported    it does not use protocol 5
"""

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from reconciler.provider.processes import tether
from reconciler.provider.processes.identity import Place

SERVICE = "/tfplugin5.Provider/"
LARGEST_MESSAGE = 2**31 - 1  # what go-plugin allows
CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", LARGEST_MESSAGE),
    ("grpc.max_receive_message_length", LARGEST_MESSAGE),
    ("grpc.max_metadata_size", 1024 * 1024),
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),  # a call that changes resources must be sent only once, even after a transport error
)
_MAGIC = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"  # required by every Terraform provider
_END_SECONDS = 3.0
_TAIL_BYTES = 4096
_LONGEST_LINE = 64 * 1024


class ProviderFailed(Exception):
    """A provider process cannot be used."""


class ProviderNotStarted(ProviderFailed):
    """The process did not complete the plugin handshake."""


class ProviderUnsupported(ProviderFailed):
    """The process uses another protocol than version 5 over gRPC on a unix socket."""


class ProviderProcess:
    """A running provider; `start_provider` creates it."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, drains: list["asyncio.Task[bytes]"]) -> None:
        self._process = process
        self._drains = drains
        self._channel = grpc.aio.insecure_channel(
            f"unix:{address}", options=[*CHANNEL_OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
        )
        self._address = Path(address)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Return whether the process still runs."""
        return self._process.returncode is None

    def unary(self, method: str, request: bytes) -> Any:
        """Begin a call with one response. Returns the gRPC call: await it for the bytes, or cancel it."""
        return self._channel.unary_unary(method)(request)

    def stream(self, method: str) -> Any:
        """Begin a call with a stream in both directions. Returns the gRPC call."""
        return self._channel.stream_stream(method)()

    async def wait(self) -> str:
        """Wait for the end of the process. Returns a description of its end, for messages."""
        code = await self._process.wait()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(asyncio.gather(*self._drains), _END_SECONDS)
        tail = b"".join(drain.result() for drain in self._drains if drain.done() and not drain.cancelled())
        how = f"was killed by signal {-code}" if code < 0 else f"exited with code {code}"
        return f"the provider process {self.pid} {how}{_cause(tail)}"

    async def end(self) -> None:
        """End the process: request a shutdown, then kill it after a few seconds."""
        if self.alive:
            with contextlib.suppress(grpc.RpcError, asyncio.CancelledError):
                await self._channel.unary_unary("/plugin.GRPCController/Shutdown")(b"", timeout=_END_SECONDS)
        # With a grace period a call that a crash cut off fails as unavailable; without one it would be cancelled.
        await self._channel.close(grace=_END_SECONDS)
        await _kill(self._process, after=_END_SECONDS)
        self._address.unlink(missing_ok=True)

    def kill(self) -> None:
        """Kill the process without a shutdown request."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


async def start_provider(place: Place, *, sockets: Path, empty: Path, seconds: float) -> ProviderProcess:
    """Start a provider and wait at most `seconds` for its handshake.

    Its socket is created in the directory `sockets`. It works in the directory of its place, or in `empty` without one.
    Raises ProviderNotStarted, ProviderUnsupported.
    """
    command = [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), place.binary]
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=place.directory or empty,
            env=dict(place.environment) | _handshake_environment(sockets),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
    except OSError as error:
        raise ProviderNotStarted(f"{place.binary} cannot be started: {error.strerror}") from error
    if process.stdout is None or process.stderr is None:
        raise ProviderNotStarted(f"{place.binary} was started without output pipes")
    errors = asyncio.create_task(_drain(process.stderr))
    try:
        async with asyncio.timeout(seconds):
            line = await process.stdout.readline()
        address = read_handshake(line)
    except BaseException as error:
        await _kill(process, after=0)
        output = (await errors).decode(errors="replace").strip()[-300:]
        if isinstance(error, TimeoutError | ValueError):
            message = f"{place.binary} sent no plugin handshake within {seconds:g} s: {output}"
            raise ProviderNotStarted(message) from error
        raise
    return ProviderProcess(process, address, [asyncio.create_task(_drain(process.stdout)), errors])


def read_handshake(line: bytes) -> str:
    """Return the socket's path in the first line of a plugin's output. Raises ValueError, ProviderUnsupported."""
    parts = line.decode(errors="replace").strip().split("|")
    if len(parts) < 5 or parts[0] != "1":
        raise ValueError("no plugin handshake")
    if parts[1] != "5" or parts[4] != "grpc":
        raise ProviderUnsupported(f"the provider uses protocol {parts[1]} ({parts[4]}), not 5 over gRPC")
    if parts[2] != "unix" or not parts[3]:
        raise ProviderUnsupported(f"the provider listens on {parts[2]}, not on a unix socket")
    return parts[3]


def _handshake_environment(sockets: Path) -> dict[str, str]:
    return {
        "TF_PLUGIN_MAGIC_COOKIE": _MAGIC,
        "PLUGIN_PROTOCOL_VERSIONS": "5,6",
        "PLUGIN_UNIX_SOCKET_DIR": str(sockets),
        # The log is not used, and with debug lines it would contain request bodies.
        "TF_LOG_PROVIDER": "ERROR",
        "TF_LOG_PROVIDER_AWS": "ERROR",
        "TF_LOG_SDK": "ERROR",
        "TF_LOG_SDK_PROTO": "ERROR",
    }


def _cause(tail: bytes) -> str:
    """Return the message of Go's runtime about a crash, or an empty text; other lines are logs and may have secrets."""
    lines = tail.decode(errors="replace").splitlines()
    cause = next((line for line in lines if line.startswith(("panic: runtime", "fatal error:"))), "")
    return f": {cause[:200]}" if cause else ""


async def _drain(stream: asyncio.StreamReader) -> bytes:
    """Read a stream to its end. Returns its last bytes."""
    tail = b""
    while chunk := await stream.read(_LONGEST_LINE):
        tail = (tail + chunk)[-_TAIL_BYTES:]
    return tail


async def _kill(process: asyncio.subprocess.Process, *, after: float) -> None:
    """Wait for the process to end, kill it after `after` seconds, and wait until it is gone."""
    try:
        async with asyncio.timeout(after):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
