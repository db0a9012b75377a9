"""One provider process: the ordinary plugin handshake, a channel, an end.

It is started the way terraform starts a provider, but without a client certificate, so that its socket (in a private
directory) speaks plain gRPC. It never outlives this process (see `tether`). Its output is drained: a full pipe would
stop it; the last of its errors is kept for the message after a crash.

    ProviderFailed
        ProviderNotStarted     no handshake within the time
        ProviderUnsupported    it does not speak protocol 5
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
    ("grpc.enable_retries", 0),  # a call that changes something is made once, whatever the transport thinks
)
_MAGIC = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"  # every Terraform provider asks for it
_END_SECONDS = 3.0
_TAIL_BYTES = 4096
_LONGEST_LINE = 64 * 1024


class ProviderFailed(Exception):
    """A provider process cannot be used."""


class ProviderNotStarted(ProviderFailed):
    """It did not come up."""


class ProviderUnsupported(ProviderFailed):
    """It speaks another protocol than version 5."""


class ProviderProcess:
    """A running provider. Make one with `start_provider`."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, drains: list["asyncio.Task[bytes]"]) -> None:
        self._process = process
        self._drains = drains
        self._channel = grpc.aio.insecure_channel(
            f"unix:{address}", options=[*CHANNEL_OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
        )
        self._address = Path(address)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False once the process is gone."""
        return self._process.returncode is None

    def unary(self, method: str, request: bytes) -> Any:
        """Begin a call with one answer. The gRPC call is returned: await it, or cancel it."""
        return self._channel.unary_unary(method)(request)

    def stream(self, method: str) -> Any:
        """Begin a call with streams."""
        return self._channel.stream_stream(method)()

    async def wait(self) -> str:
        """Wait for the end of the process and say how it ended."""
        code = await self._process.wait()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(asyncio.gather(*self._drains), _END_SECONDS)
        tail = b"".join(drain.result() for drain in self._drains if drain.done() and not drain.cancelled())
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        return f"the provider process {self.pid} {how}{_cause(tail)}"

    async def end(self) -> None:
        """End the process: ask first, then kill."""
        if self.alive:
            with contextlib.suppress(grpc.RpcError, asyncio.CancelledError):
                await self._channel.unary_unary("/plugin.GRPCController/Shutdown")(b"", timeout=_END_SECONDS)
        await self._channel.close(grace=_END_SECONDS)  # a call cut by a crash ends as one, not as cancelled by us
        await _kill(self._process, after=_END_SECONDS)
        self._address.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


async def start_provider(place: Place, *, sockets: Path, empty: Path, seconds: float) -> ProviderProcess:
    """Start a provider in its place: `sockets` gets its socket, `empty` is its directory when it needs none of its own.

    Raises: ProviderNotStarted, ProviderUnsupported.
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
        raise ProviderNotStarted("the pipes of the process are missing")
    errors = asyncio.create_task(_drain(process.stderr))
    try:
        async with asyncio.timeout(seconds):
            line = await process.stdout.readline()
        address = read_handshake(line)
    except BaseException as error:
        await _kill(process, after=0)
        said = (await errors).decode(errors="replace").strip()[-300:]
        if isinstance(error, TimeoutError | ValueError):
            raise ProviderNotStarted(f"{place.binary} gave no plugin handshake within {seconds:g} s: {said}") from error
        raise
    return ProviderProcess(process, address, [asyncio.create_task(_drain(process.stdout)), errors])


def read_handshake(line: bytes) -> str:
    """The socket in a plugin's first line. Raises: ValueError for another line, ProviderUnsupported."""
    parts = line.decode(errors="replace").strip().split("|")
    if len(parts) < 5 or parts[0] != "1":
        raise ValueError("no plugin handshake")
    if parts[1] != "5" or parts[4] != "grpc":
        raise ProviderUnsupported(f"the provider speaks protocol {parts[1]} ({parts[4]}), not 5 over gRPC")
    if parts[2] != "unix" or not parts[3]:
        raise ProviderUnsupported(f"the provider listens on {parts[2]}, not on a unix socket")
    return parts[3]


def _handshake_environment(sockets: Path) -> dict[str, str]:
    return {
        "TF_PLUGIN_MAGIC_COOKIE": _MAGIC,
        "PLUGIN_PROTOCOL_VERSIONS": "5,6",
        "PLUGIN_UNIX_SOCKET_DIR": str(sockets),
        # Nobody reads its log, and with debug lines it would hold request bodies.
        "TF_LOG_PROVIDER": "ERROR",
        "TF_LOG_PROVIDER_AWS": "ERROR",
        "TF_LOG_SDK": "ERROR",
        "TF_LOG_SDK_PROTO": "ERROR",
    }


def _cause(tail: bytes) -> str:
    """What Go's runtime says of its own end; other lines are logs and may hold values."""
    lines = tail.decode(errors="replace").splitlines()
    cause = next((line for line in lines if line.startswith(("panic: runtime", "fatal error:"))), "")
    return f": {cause[:200]}" if cause else ""


async def _drain(stream: asyncio.StreamReader) -> bytes:
    """Read to the end, keep the last of it."""
    tail = b""
    while chunk := await stream.read(_LONGEST_LINE):
        tail = (tail + chunk)[-_TAIL_BYTES:]
    return tail


async def _kill(process: asyncio.subprocess.Process, *, after: float) -> None:
    """Wait that long for the process, then kill it and wait until it is gone."""
    try:
        async with asyncio.timeout(after):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
