"""Git over git:// on loopback, and revisions read once for a dry run."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.core.ports.source import SourceFailed
from reconciler.edges.source.git import read_revision
from tests.edges.source.author import TIMEOUT, Author, source
from tests.patience import PATIENCE


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


@contextlib.asynccontextmanager
async def daemon(base: Path) -> AsyncIterator[str]:
    """Run `git daemon` on loopback; yield the repository's URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listening = ("--listen=127.0.0.1", f"--port={port}", "--reuseaddr")
    server = await asyncio.create_subprocess_exec(
        "git",
        "daemon",
        "--export-all",
        f"--base-path={base}",
        *listening,
        stderr=asyncio.subprocess.DEVNULL,
        process_group=0,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    await writer.wait_closed()
                    break
        yield f"git://127.0.0.1:{port}/manifests.git"
    finally:
        os.killpg(server.pid, 15)
        await server.wait()


async def test_fetch_and_read_over_the_git_protocol(author: Author) -> None:
    async with daemon(author.bare.parent) as url:
        author.push(**{"a.yaml": "one"})
        origin = source(author, url=url)
        assert (await origin.fetch()).files == {"a.yaml": b"one"}
        author.push(**{"a.yaml": "two"})
        assert (await origin.fetch()).files == {"a.yaml": b"two"}
        remote = await asyncio.to_thread(read_revision, url, timeout=TIMEOUT)
        assert remote.files == {"a.yaml": b"two"}


async def test_a_remote_that_never_answers_fails_at_the_time_out(author: Author) -> None:
    callers: list[asyncio.StreamWriter] = []
    mute = await asyncio.start_server(lambda _, writer: callers.append(writer), "127.0.0.1", 0)
    async with mute:
        port = mute.sockets[0].getsockname()[1]
        origin = source(author, url=f"git://127.0.0.1:{port}/x.git", timeout=timedelta(seconds=1))
        with pytest.raises(SourceFailed, match="did not complete"):
            await origin.fetch()
        for caller in callers:
            caller.close()
            await caller.wait_closed()


def test_any_revision_of_a_work_tree_or_a_bare_repository_can_be_read(author: Author) -> None:
    first = author.push(**{"a.yaml": "one"})
    second = author.push(**{"a.yaml": "two"})
    for location in (str(author.tree), str(author.bare), author.url):
        assert read_revision(location, timeout=TIMEOUT).commit == second
        for revision in (first, first[:10], "main~1"):
            found = read_revision(location, revision, timeout=TIMEOUT)
            assert (found.commit, found.files) == (first, {"a.yaml": b"one"})


@pytest.mark.parametrize("revision", ["--all", "nothing-here", "", "a b", ":/change", "HEAD:a.yaml"])
def test_an_unknown_or_invalid_revision_is_refused(author: Author, revision: str) -> None:
    author.push(**{"a.yaml": "one"})
    with pytest.raises(SourceFailed, match=r"no commit|not a revision"):
        read_revision(str(author.tree), revision, timeout=TIMEOUT)


def test_a_directory_without_a_repository_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a")
    assert read_revision(str(tmp_path), timeout=TIMEOUT).files == {"a.yaml": b"a"}
    with pytest.raises(SourceFailed, match="not a Git repository"):
        read_revision(str(tmp_path), "main", timeout=TIMEOUT)
