"""Another user of the machine: it neither gets what runs send to a warm provider, nor uses one."""

import asyncio
import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.provider import control
from reconciler.provider.client import WarmProvider
from reconciler.provider.execute import execute
from reconciler.provider.package import Binary
from tests.local import other_user
from tests.provider.conftest import Fake

SECRET = {"AWS_SECRET_ACCESS_KEY": "a-key-of-this-user"}


@pytest.fixture
def everybodys() -> Iterator[Path]:
    with other_user.shared_folder() as folder:
        yield folder


async def attached(directory: Path, workspace: Path) -> tuple[bool, str]:
    """Attach with a secret. Returns whether that was warm, and the reason if it was not."""
    binary = Binary(workspace / "none", "h1:none")
    async with WarmProvider(directory).attach(binary=binary, environment=SECRET, workspace=workspace) as attachment:
        return attachment.warm, attachment.reason


@other_user.needs_root
async def test_nothing_is_sent_to_another_user_who_took_the_path(everybodys: Path, tmp_path: Path) -> None:
    directory = everybodys / "reconciler-0-1-default"
    with other_user.listening(directory / "control.sock") as squatter:
        warm, reason = await attached(directory, tmp_path)
        with pytest.raises(control.Foreign, match=f"belongs to user {other_user.UID}"):
            control.call(directory, {"op": "attach", "environment": SECRET})
        assert squatter.heard() == ""
    assert not warm
    assert reason == f"{directory} belongs to user {other_user.UID}: run as that user, or use another path"


@other_user.needs_root
async def test_nothing_is_sent_through_a_link_of_another_user(
    everybodys: Path, warm: WarmProvider, tmp_path: Path
) -> None:
    link = everybodys / "link"
    other_user.run(f"os.symlink({str(warm.directory)!r}, {str(link)!r})")
    was_warm, reason = await attached(link, tmp_path)
    assert not was_warm
    assert reason.startswith(f"{link} is a link of user {other_user.UID}")


@other_user.needs_root
async def test_nothing_is_sent_to_another_user_who_listens_in_this_users_folder(
    tmp_path: Path, directory: Path
) -> None:
    with other_user.listening(directory / "control.sock", bound_by_owner=True) as listener:
        warm, reason = await attached(directory, tmp_path)
        with pytest.raises(control.Foreign, match=f"a process of user {other_user.UID} listens on"):
            control.call(directory, {"op": "attach", "environment": SECRET})
        assert listener.heard() == ""
    assert not warm
    assert f"a process of user {other_user.UID} listens on" in reason


@other_user.needs_root
async def test_another_user_is_served_neither_on_the_control_socket_nor_on_that_of_a_run(
    warm: WarmProvider, fake: Fake
) -> None:
    """Open what keeps others away by its mode, so that the check of the peer is all there is."""
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
        other_user.open_to_others(warm.directory.parent)
        other_user.open_to_others(warm.directory)
        for path in (warm.directory / "control.sock", plugin.socket):
            other_user.open_to_others(path)
            assert other_user.call(path, json.dumps({"op": "status"}) + "\n").strip() == ""
        warm.directory.chmod(0o700)
        assert (await plugin.who())["name"] == "a"


@other_user.needs_root
def test_exec_runs_plainly_beside_another_user_who_took_its_path(
    everybodys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The directory of `exec` is in XDG_RUNTIME_DIR only where that is this user's, else in the user's cache."""
    other_user.run(f"os.mkdir({str(everybodys / 'run')!r}, 0o700)")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(everybodys / "run"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    assert control.runtime_directory("default") == tmp_path / "cache/reconciler/reconciler-1-default"
    (tmp_path / "cache").mkdir()
    (tmp_path / ".terraform.lock.hcl").write_text(
        'provider "registry.terraform.io/hashicorp/aws" {\n  version = "6"\n}\n'
    )
    terraform = tmp_path / "terraform"
    terraform.write_text("#!/bin/sh\nexit 7\n")
    terraform.chmod(0o700)
    os.chown(tmp_path / "cache", other_user.UID, other_user.UID)
    other_user_cache = tmp_path / "cache" / "reconciler"
    other_user_cache.mkdir(mode=0o700)
    os.chown(other_user_cache, other_user.UID, other_user.UID)
    assert execute([str(terraform), "plan"]) == 7
    assert f"no warm provider: {other_user_cache} belongs to user {other_user.UID}" in capfd.readouterr().err


def test_exec_prints_the_name_of_a_program_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["no\n::error::forged"]) == 127
    assert capsys.readouterr().err == "no\\n::error::forged: command not found\n"


def test_a_path_too_long_for_sockets_leads_to_a_fresh_private_directory(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 80) / "provider"
    first = control.short_directory(path)
    assert (first.stat().st_mode & 0o777, control.short_directory(path), path.resolve()) == (0o700, first, first)
    assert control.socket_path(path) == first / "control.sock"
    first.rmdir()  # as at a restart of the machine
    second = control.short_directory(path)
    assert second != first
    second.rmdir()


def test_a_directory_of_another_mode_is_not_used(directory: Path) -> None:
    directory.chmod(0o755)
    with pytest.raises(control.Foreign, match="has mode 0755"):
        control.connect(directory)


@pytest.mark.parametrize(
    "answer",
    [{}, {"status": None}, {"status": {}}, {"status": {"pid": 1}}, {"status": {"pid": True}}, {"status": []}],
    ids=str,
)
async def test_a_malformed_status_is_an_answer_that_never_came(directory: Path, answer: Mapping[str, Any]) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(directory / "control.sock"))
        server.listen(8)
        server.setblocking(False)

        async def serve() -> None:
            loop = asyncio.get_running_loop()
            connection, _ = await loop.sock_accept(server)
            await loop.sock_recv(connection, 4096)
            await loop.sock_sendall(connection, control.encode({"ok": True, **answer}))
            connection.close()

        serving = asyncio.create_task(serve())
        with pytest.raises(control.Unreachable, match="answers in another form"):
            await WarmProvider(directory).status()
        await serving
