"""Fixtures: the command line in this process, and a real API on a unix socket for it to talk to."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import main
from reconciler.core.redaction.redactor import Redactor
from reconciler.web.api.routes import make_app
from reconciler.web.server import serve
from tests.patience import PATIENCE
from tests.web.control import FakeControl, make_control

TOKEN = "a-token-of-this-test-run"


@dataclass(frozen=True, slots=True)
class Ended:
    """The outcome of a command: exit code, stdout and stderr."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _clean_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("RECONCILER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Return a function that runs a command and returns its outcome."""

    def run(*arguments: str) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return run


@dataclass(frozen=True, slots=True)
class Served:
    """A running API: the fake daemon behind it, and its URL."""

    control: FakeControl
    url: str


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Served]:
    """Serve an API at the default socket in the data folder, and over TCP."""
    control = make_control()
    started: list[Any] = []
    ready = threading.Event()

    async def run() -> None:
        stop = asyncio.Event()
        app = make_app(
            control,
            metrics=lambda: (b"", "text/plain"),
            token=TOKEN,
            version="1",
            redact=Redactor(b"a key for tests").value,
        )
        async with serve(app, host="127.0.0.1", port=0, socket=tmp_path / ".reconciler/reconciler.sock") as listening:
            started.extend((asyncio.get_running_loop(), stop, listening.port))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(PATIENCE), "the API did not start"
    loop, stop, port = started
    yield Served(control, f"http://127.0.0.1:{port}")
    loop.call_soon_threadsafe(stop.set)
    thread.join(PATIENCE)
