"""`reconciler provider`: `exec` passes options and exit codes through, `status` shows the warm provider."""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.provider import control
from reconciler.provider.client import WarmProvider
from tests.cli.conftest import Cli
from tests.patience import PATIENCE


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Provide a private runtime directory for sockets, with a short path."""
    with tempfile.TemporaryDirectory(prefix="warm-", dir="/tmp") as directory:
        monkeypatch.setenv("XDG_RUNTIME_DIR", directory)
        yield Path(directory)


@pytest.mark.parametrize("command", ["exec", "status"])
def test_the_help_of_both_commands_has_an_example(cli: Cli, command: str) -> None:
    ended = cli("provider", command, "--help")
    assert ended.code == 0
    assert f"Usage: reconciler provider {command}" in ended.out
    assert f"Example: reconciler provider {command}" in ended.out


def test_exec_exits_with_the_code_of_its_command(cli: Cli) -> None:
    assert cli("provider", "exec", "--", "sh", "-c", "exit 7").code == 7
    assert cli("provider", "exec", "--", "no-such-command").code == 127


def test_exec_passes_options_on_unchanged(cli: Cli, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    script = f'printf "%s\\n" "$@" > {seen}'
    cli("provider", "exec", "--", "sh", "-c", script, "sh", "--help", "--name", "x", "--", "-o", "json")
    assert seen.read_text().split() == ["--help", "--name", "x", "--", "-o", "json"]


def test_exec_without_a_command_exits_2(cli: Cli) -> None:
    ended = cli("provider", "exec")
    assert (ended.code, ended.out) == (2, "")


def test_status_without_a_warm_provider_is_one_line(cli: Cli) -> None:
    ended = cli("provider", "status")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("reconciler: no warm provider answers in ")
    assert len(ended.err.splitlines()) == 1


async def test_status_shows_the_warm_provider_of_a_name_or_folder(cli: Cli, runtime: Path) -> None:
    warm = await WarmProvider.start(control.runtime_directory_in(runtime, "mine"), ready_seconds=PATIENCE)
    try:
        table = await asyncio.to_thread(cli, "provider", "status", "--name", "mine")
        named = await asyncio.to_thread(cli, "provider", "status", "--name", "mine", "-o", "json")
        found = await asyncio.to_thread(cli, "provider", "status", "--directory", str(warm.directory), "-o", "json")
        assert json.loads(named.out)["pid"] == json.loads(found.out)["pid"] == warm.pid
        assert table.out.splitlines()[0].split() == ["process:", str(warm.pid)]
        assert "0 now, 0 so far" in table.out
    finally:
        await warm.stop(drain_seconds=0)


def test_status_shows_a_line_for_each_provider_process(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    process = {"pid": 7, "rss_bytes": 300 << 20, "age_seconds": 61.5, "calls": 12, "sessions": 1, "draining": None}
    status = {
        "pid": 1,
        "uptime_seconds": 200.0,
        "stopping": False,
        "runs": [{"run": "a"}],
        "runs_total": 4,
        "calls_total": [
            {"method": "ReadResource", "outcome": "ok", "count": 9},
            {"method": "ReadResource", "outcome": "cancelled", "count": 1},
        ],
        "admission": {"plans": 8, "applies": 5},
        "processes": [
            process | {"configured": True, "seat": "a"},
            process | {"pid": 8, "configured": True, "seat": None, "draining": "age"},
            process | {"pid": 9, "configured": False, "seat": None},
        ],
    }
    monkeypatch.setattr(control, "status", lambda _: status)
    lines = cli("provider", "status").out.splitlines()
    assert "calls:    10, 1 not ok" in lines
    assert "room for: 8 plans or 5 applies at once" in lines
    assert [line.split()[0:2] + line.split()[5:] for line in lines[-3:]] == [
        ["7", "300", "applying"],
        ["8", "300", "draining"],
        ["9", "300", "unconfigured"],
    ]
