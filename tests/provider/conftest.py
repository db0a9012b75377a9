"""Warm providers for tests: with a fake provider, and with the real one against the AWS stand-in."""

import asyncio
import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from reconciler.provider.client import Attachment, WarmProvider
from reconciler.provider.package import Binary
from reconciler.provider.processes.process import CHANNEL_OPTIONS, SERVICE
from tests.patience import PATIENCE
from tests.provider.protocol.messages import configure_request, resource_request


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition is true. Fails the test, naming `what`, after a time limit."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                if condition():
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"not within {PATIENCE:g} s: {what}")


def processes(word: str) -> list[int]:
    """Return the ids of processes, except zombies, whose command line contains a word."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if word.encode() in command and state != "Z":
                found.append(int(entry.name))
    return found


class Plugin:
    """One connection to a run's socket, like those of terraform."""

    def __init__(self, attachment: Attachment) -> None:
        reattach = json.loads(attachment.environment["TF_REATTACH_PROVIDERS"])
        self.socket = Path(next(iter(reattach.values()))["Addr"]["String"])
        options = [*CHANNEL_OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
        self.channel = grpc.aio.insecure_channel(f"unix:{self.socket}", options=options)

    def call(self, method: str, request: bytes = b"") -> Any:
        path = method if method.startswith("/") else SERVICE + method
        return self.channel.unary_unary(path)(request, timeout=PATIENCE)

    async def who(self, method: str = "ReadResource", name: bytes = b"") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self.call(method, resource_request(name)))
        return found

    async def configure(self, **configuration: object) -> bytes:
        return bytes(await self.call("Configure", configure_request(configuration)))


@dataclass(frozen=True, slots=True)
class Fake:
    """The fake provider: its binary, its log, and a workspace that uses it."""

    binary: Binary
    log: Path
    workspace: Path

    def environment(self, name: str = "", **more: str) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "AWS_FAKE_LOG": str(self.log.parent), "AWS_FAKE_NAME": name, **more}

    @asynccontextmanager
    async def plugin(self, warm: WarmProvider, name: str = "", **more: str) -> AsyncIterator[Plugin]:
        """Attach a run and open one connection of it."""
        attaching = warm.attach(
            binary=self.binary, environment=self.environment(name, **more), workspace=self.workspace
        )
        async with attaching as attachment:
            assert attachment.warm, attachment.reason
            plugin = Plugin(attachment)
            yield plugin
            await plugin.channel.close()

    def asked(self, method: str) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [entry for entry in map(json.loads, lines) if entry["method"] == method]


@pytest.fixture
def directory() -> Iterator[Path]:
    """Create a directory whose path is short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="warm-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def fake(directory: Path, tmp_path: Path) -> Fake:
    program = directory / "fake"
    script = Path(__file__).with_name("fake_provider.py")
    program.write_text(f"#!{sys.executable}\nimport runpy\nrunpy.run_path({str(script)!r}, run_name='__main__')\n")
    program.chmod(stat.S_IRWXU)
    workspace = tmp_path / "root"
    workspace.mkdir()
    (workspace / "main.tf").write_text('resource "aws_one" "x" {}\n')
    return Fake(Binary(program, "h1:fake"), tmp_path / "asked", workspace)


@pytest.fixture
async def warm(directory: Path) -> AsyncIterator[WarmProvider]:
    started = await WarmProvider.start(directory / "w", ready_seconds=PATIENCE)
    yield started
    await started.stop(drain_seconds=0)
    await until(lambda: processes(str(directory)) == [], "no process is left")
