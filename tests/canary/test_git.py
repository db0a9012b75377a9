"""The real Git with credentials in the URL: no message and no command line holds them."""

import os
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.cli import main
from reconciler.core.ports.source import SourceFailed
from reconciler.edges.source import repository
from reconciler.edges.source.git import GitSource, read_revision
from tests.patience import PATIENCE

PASSWORD = "c4n4ryPassw0rdOfTheRobot"
WITHIN = timedelta(seconds=PATIENCE)
URLS = [
    f"https://deploy:{PASSWORD}@127.0.0.1:{{port}}/manifests.git",
    f"https://{PASSWORD}@127.0.0.1:{{port}}/manifests.git",
    f"https://deploy:at@{PASSWORD}@127.0.0.1:{{port}}/manifests.git",
    f"https://deploy:slash/{PASSWORD}@127.0.0.1:{{port}}/manifests.git",
    f"https://deploy:{PASSWORD}%2F%40@127.0.0.1:{{port}}/manifests.git",
    f"https://127.0.0.1:{{port}}/manifests.git?private_token={PASSWORD}",
    f"ftp://deploy:{PASSWORD}@127.0.0.1:{{port}}/manifests.git",
]


def unreachable(url: str) -> str:
    """Return the URL with a port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return url.format(port=probe.getsockname()[1])


@pytest.fixture(params=URLS)
def url(request: pytest.FixtureRequest) -> str:
    return unreachable(request.param)


async def messages_of(url: str, folder: Path) -> str:
    """Return the messages of failed fetches."""
    with pytest.raises(SourceFailed) as failed:
        await GitSource(url, directory=folder / "mirror.git", timeout=WITHIN, interval=WITHIN).fetch()
    with pytest.raises(SourceFailed) as read:
        read_revision(url, timeout=WITHIN)
    return f"{failed.value} {read.value}"


async def test_the_message_of_a_failed_fetch_holds_no_credentials(url: str, tmp_path: Path) -> None:
    messages = await messages_of(url, tmp_path)
    assert PASSWORD not in messages
    assert "git" in messages.casefold()


async def test_git_itself_does_not_hide_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Show that Git hides only the passwords that it recognises, which differs with its version."""
    monkeypatch.setattr(repository, "redacted", lambda text, url=None: text)
    messages = [await messages_of(unreachable(url), tmp_path / str(number)) for number, url in enumerate(URLS)]
    assert sum(PASSWORD in one for one in messages) >= 3


def test_a_dry_run_shows_none(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
    """Pass the URL in the environment: every user can read command lines, only the owner the environment."""
    shim = tmp_path / "git"
    shim.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/seen"\nexit 1\n')
    shim.chmod(0o755)
    access = repository.Access(WITHIN, {"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    with pytest.raises(repository.GitFailed):
        repository.run(tmp_path, "fetch", "origin", access=access, url=url)
    assert (tmp_path / "seen").read_text() == "fetch origin\n"
