"""Malformed bytes on a socket end only their own connection."""

import asyncio
import contextlib
import json
import stat
from pathlib import Path

import grpc
import grpc.aio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.provider import control
from reconciler.provider.client import WarmProvider
from reconciler.provider.processes.process import SERVICE
from tests.patience import PATIENCE
from tests.provider.conftest import Fake


async def test_sockets_are_for_this_user_alone(warm: WarmProvider, fake: Fake) -> None:
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [warm.directory, *warm.directory.rglob("*")]}
    assert {mode & 0o077 for mode in modes.values()} == {0}, modes


async def test_the_inner_server_rejects_other_connections(warm: WarmProvider) -> None:
    """Call the inner gRPC server directly instead of through a run's socket."""
    async with grpc.aio.insecure_channel(f"unix:{warm.directory / 'inner'}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await channel.unary_unary(SERVICE + "GetSchema")(b"")
    assert failure.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_a_path_too_long_for_sockets_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at most 60 bytes"):
        control.socket_path(tmp_path / ("x" * 80))


async def test_garbage_on_the_socket_of_a_run_ends_only_that_connection(warm: WarmProvider, fake: Fake) -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    garbage = [b"\0" * 100_000, b"GET / HTTP/1.1\r\n\r\n", preface + b"\xff" * 60_000, preface + b"\0\0\x01\x63\0" * 99]
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
        for content in garbage:
            reader, writer = await asyncio.open_unix_connection(plugin.socket)
            with contextlib.suppress(OSError):
                writer.write(content)
                await writer.drain()
                writer.write_eof()
                await asyncio.wait_for(reader.read(), PATIENCE)
            writer.close()
            assert (await plugin.who())["name"] == "a"
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await plugin.call("Configure", b"\xff\xff\xff")
        assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert (await plugin.who())["name"] == "a"


def frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    """Return one HTTP/2 frame."""
    return len(content).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + content


async def test_a_message_with_a_huge_announced_length_ends_only_its_connection(warm: WarmProvider, fake: Fake) -> None:
    """Announce four gigabytes in an otherwise correct call; no memory is reserved for them."""

    def literal(name: bytes, value: bytes) -> bytes:
        return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value

    pairs = {b":method": b"POST", b":scheme": b"http", b":path": SERVICE.encode() + b"ReadResource"}
    pairs |= {b":authority": b"x", b"te": b"trailers", b"content-type": b"application/grpc"}
    headers = b"".join(literal(name, value) for name, value in pairs.items())
    announced = b"\0" + (2**32 - 1).to_bytes(4, "big") + b"x" * 10
    call = (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(1, 4, 1, headers) + frame(0, 0, 1, announced)
    )
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
        rss = (await warm.status())["rss_bytes"]
        reader, writer = await asyncio.open_unix_connection(plugin.socket)
        writer.write(call)
        async with asyncio.timeout(PATIENCE):
            answer = b""
            while b"larger than max" not in answer:
                answer += await reader.read(65536) or pytest.fail(f"no rejection: {answer!r}")
        writer.close()
        assert (await plugin.who())["name"] == "a"
        assert (await warm.status())["rss_bytes"] < rss + 64 * 1024 * 1024


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
fields = ("binary", "package", "source", "environment", "directory", "types", "run", "hashes", "version")
operations = st.sampled_from(["attach", "detach", "cancel", "locate", "x"])
messages = st.fixed_dictionaries({"op": operations}, optional=dict.fromkeys(fields, anything))


async def test_garbage_on_the_control_socket_ends_only_that_connection(warm: WarmProvider) -> None:
    path = control.socket_path(warm.directory)

    async def send(line: bytes) -> bytes:
        reader, writer = await asyncio.open_unix_connection(path, limit=control.LONGEST_LINE)
        with contextlib.suppress(OSError):
            writer.write(line + b"\n")
            await writer.drain()
        answer = await asyncio.wait_for(reader.readline(), PATIENCE)
        writer.close()
        return answer

    lines: list[bytes] = [b"\xff\xfe", b"[]", b"[" * 100_000, b"x" * (control.LONGEST_LINE + 10)]

    @settings(max_examples=60, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(messages.map(lambda message: json.dumps(message).encode()) | st.binary(max_size=60))
    def collect(line: bytes) -> None:
        lines.append(line.replace(b"\n", b""))

    await asyncio.to_thread(collect)
    for line in lines:
        answer = await send(line)
        assert answer == b"" or json.loads(answer)["ok"] is False
    assert (await warm.status())["runs"] == []
