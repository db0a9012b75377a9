"""The server on TCP and on a unix socket, after a daemon that died and beside one that runs."""

import asyncio
import json
import os
import pwd
import re
import socket
import stat
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from reconciler.core.ports.control import Suspend
from reconciler.core.redaction.redactor import Redactor
from reconciler.web.api.routes import make_app
from reconciler.web.errors import HEADERS
from reconciler.web.server import AddressTaken, serve
from tests.local import other_user
from tests.patience import PATIENCE
from tests.web.control import ORDERS, FakeControl


def app(control: FakeControl, token: str | None = None) -> Any:
    """Return the application. Without a token, TCP can only read."""
    return make_app(
        control,
        metrics=lambda: (b"", "text/plain"),
        token=token,
        version="1",
        redact=Redactor(b"a key for tests").value,
    )


async def suspend(base: str, connector: aiohttp.BaseConnector | None = None) -> int:
    """Request to suspend orders. Returns the status."""
    url = f"{base}/api/v1/instances/develop/orders/suspend"
    async with aiohttp.ClientSession(connector=connector) as session, session.post(url, json={"by": "ada"}) as got:
        return got.status


async def test_the_socket_needs_no_token_and_tcp_without_one_only_reads(control: FakeControl, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "reconciler.sock"
    async with serve(app(control), host="127.0.0.1", port=0, socket=path) as listening:
        assert await suspend(f"http://127.0.0.1:{listening.port}") == 403
        assert control.asked == []
        assert await suspend("http://localhost", aiohttp.UnixConnector(str(path))) == 200
        own = pwd.getpwuid(os.geteuid()).pw_name
        assert [(key, action, by.name, by.proof, by.claimed) for key, action, by in control.asked] == [
            (ORDERS, Suspend(), own, "socket", "ada")
        ]


async def test_only_the_daemons_user_can_use_the_socket_and_it_is_removed_on_stop(tmp_path: Path) -> None:
    path = tmp_path / "reconciler.sock"
    async with serve(app(FakeControl()), host="127.0.0.1", port=0, socket=path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


@other_user.needs_root
async def test_another_user_is_refused_even_where_the_mode_of_the_socket_lets_it_in(tmp_path: Path) -> None:
    with other_user.shared_folder() as folder:
        path = folder / "reconciler.sock"
        async with serve(app(FakeControl()), host="127.0.0.1", port=0, socket=path):
            other_user.open_to_others(path)
            request = "GET /api/v1/instances HTTP/1.0\r\n\r\n"
            answered = await asyncio.to_thread(other_user.call, path, request)
    assert answered.startswith("HTTP/1.0 403")
    assert "has no role here" in answered


async def test_a_socket_left_by_a_daemon_that_died_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "reconciler.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with serve(app(FakeControl()), host="127.0.0.1", port=0, socket=path):
        connector = aiohttp.UnixConnector(str(path))
        async with aiohttp.ClientSession(connector=connector) as session, session.get("http://localhost/readyz") as got:
            assert got.status == 200


async def test_a_second_daemon_does_not_take_the_socket_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "reconciler.sock"
    async with serve(app(FakeControl()), host="127.0.0.1", port=0, socket=path):
        with pytest.raises(AddressTaken, match="another daemon listens"):
            async with serve(app(FakeControl()), host="127.0.0.1", port=0, socket=path):
                pytest.fail("two daemons on one socket")
        assert path.is_socket()


async def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("precious")
    with pytest.raises(AddressTaken, match=r"notes\.txt"):
        async with serve(app(FakeControl()), host="127.0.0.1", port=0, socket=path):
            pytest.fail("a file was taken for a socket")
    assert path.read_text() == "precious"


async def test_a_port_in_use_is_named_and_leaves_no_socket_behind(tmp_path: Path) -> None:
    path = tmp_path / "reconciler.sock"
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"127.0.0.1:{port}"):
            async with serve(app(FakeControl()), host="127.0.0.1", port=port, socket=path):
                pytest.fail("two listeners on one port")
    assert not path.exists()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01 not http\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", 400),
        (b"POST /api/v1/freeze HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\nContent-Length: 0\r\n\r\n", 417),
    ],
    ids=["no HTTP", "version", "header", "long", "expectation"],
)
async def test_a_request_that_no_route_gets_is_answered_like_any_other(
    control: FakeControl, tmp_path: Path, caplog: pytest.LogCaptureFixture, sent: bytes, status: int
) -> None:
    async with serve(app(control), host="127.0.0.1", port=0, socket=tmp_path / "s") as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        writer.write(sent)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)).decode()
        length = re.search(r"Content-Length: (\d+)", head)
        assert length
        body = json.loads(await asyncio.wait_for(reader.readexactly(int(length[1])), PATIENCE))
        writer.close()
        await writer.wait_closed()
        assert await suspend(f"http://127.0.0.1:{listening.port}") == 403
    assert head.startswith(f"HTTP/1.{0 if status == 400 else 1} {status} ")
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message"}
    for name, value in HEADERS.items():
        assert f"\r\n{name}: {value}\r\n" in head
    assert "aiohttp" not in head + str(body)
    assert caplog.records == []
