"""Fixtures: the command line in this process, and a real API on a unix socket for it to talk to."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from reconciler.cli import main
from reconciler.core.redaction.redactor import Redactor
from reconciler.web.api.routes import make_app
from tests.web.control import FakeControl, make_control
from tests.web.threaded import served

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

    def make() -> web.Application:
        return make_app(
            control,
            metrics=lambda: (b"", "text/plain"),
            token=TOKEN,
            version="1",
            redact=Redactor(b"a key for tests").value,
        )

    with served(make, tmp_path / ".reconciler/reconciler.sock") as url:
        yield Served(control, url)
