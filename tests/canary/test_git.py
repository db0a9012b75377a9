"""The real Git against a URL with credentials: what it says of them reaches nobody."""

import os
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.cli import main
from reconciler.core.ports.source import SourceFailed
from reconciler.edges.source import repository
from reconciler.edges.source.git import GitSource, read_revision

PASSWORD = "c4n4ryPassw0rdOfTheRobot"
WITHIN = timedelta(seconds=20)
URLS = [
    f"https://deploy:{PASSWORD}@127.0.0.1:{{port}}/manifests.git",
    f"https://{PASSWORD}@127.0.0.1:{{port}}/manifests.git",
    f"https://deploy:at@{PASSWORD}@127.0.0.1:{{port}}/manifests.git",
    f"https://deploy:slash/{PASSWORD}@127.0.0.1:{{port}}/manifests.git",
    f"https://deploy:{PASSWORD}%2F%40@127.0.0.1:{{port}}/manifests.git",
    f"https://127.0.0.1:{{port}}/manifests.git?private_token={PASSWORD}",
    f"ftp://deploy:{PASSWORD}@127.0.0.1:{{port}}/manifests.git",
]


def at_nobody(url: str) -> str:
    """The URL with a port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return url.format(port=probe.getsockname()[1])


@pytest.fixture(params=URLS)
def url(request: pytest.FixtureRequest) -> str:
    return at_nobody(request.param)


async def said(url: str, folder: Path) -> str:
    with pytest.raises(SourceFailed) as failed:
        await GitSource(url, directory=folder / "mirror.git", timeout=WITHIN, interval=WITHIN).fetch()
    with pytest.raises(SourceFailed) as read:
        read_revision(url, timeout=WITHIN)
    return f"{failed.value} {read.value}"


async def test_what_cannot_be_fetched_is_told_without_credentials(url: str, tmp_path: Path) -> None:
    told = await said(url, tmp_path)
    assert PASSWORD not in told
    assert "git" in told.casefold()


async def test_git_itself_would_tell_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hides what it takes for a password; how well differs with its version."""
    monkeypatch.setattr(repository, "redacted", lambda text, url=None: text)
    told = [await said(at_nobody(url), tmp_path / str(number)) for number, url in enumerate(URLS)]
    assert sum(PASSWORD in one for one in told) >= 3


def test_a_dry_run_tells_none(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "reconciler.yaml").write_text(
        f"data: {tmp_path}/data\n"
        'environments: {develop: {account: "123456789012", region: eu-central-1, tier: develop}}\n'
        f"terraform: {{source: {{path: {tmp_path}}}}}\n"
    )
    with pytest.raises(SystemExit) as ended:
        main(["plan", "--repo", url, "--config", str(tmp_path / "reconciler.yaml")])
    out, err = capsys.readouterr()
    assert ended.value.code
    assert PASSWORD not in out + err


def test_no_command_line_shows_the_url(url: str, tmp_path: Path) -> None:
    """Others on the machine can read command lines; the environment of a process is its owner's."""
    shim = tmp_path / "git"
    shim.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/seen"\nexit 1\n')
    shim.chmod(0o755)
    access = repository.Access(WITHIN, {"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    with pytest.raises(repository.GitFailed):
        repository.run(tmp_path, "fetch", "origin", access=access, url=url)
    assert (tmp_path / "seen").read_text() == "fetch origin\n"
