"""The Git source on a real bare repository over file://: what it reads and what it refuses."""

import asyncio
import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from desired_state.files.tree import SUBMODULE, SYMLINK, Tree, Unavailable
from desired_state.limits import LARGEST_FILE
from reconciler.core.ports.source import SourceFailed
from reconciler.edges.source import commit as commits
from reconciler.edges.source.git import GitSource
from tests.edges.source.author import TIMEOUT, WHEN, Author, source


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


async def test_a_commit_arrives_with_its_manifests_and_its_terraform_tree(author: Author) -> None:
    commit = author.push(
        **{"a.yaml": "a: 1", "teams/b.yml": "b: 2", "README.md": "no", ".github/c.yaml": "no", "teams/.d/e.yaml": "no"}
    )
    tree: Tree = {"roots/service/main.tf": b"# tf"}
    revision = await source(author, roots=lambda: tree).fetch()
    assert revision.commit == commit
    assert revision.committed_at == WHEN
    assert revision.files == {"a.yaml": b"a: 1", "teams/b.yml": b"b: 2"}
    assert revision.roots == tree


async def test_only_the_configured_folder_and_branch_are_read(author: Author) -> None:
    author.push(**{"app/main.yaml": "x", "deploy/a.yaml": "a"})
    author.push("release/1.0", **{"deploy/a.yaml": "b"})
    on_main = await source(author, path="deploy").fetch()
    assert on_main.files == {"a.yaml": b"a"}
    shutil.rmtree(author.bare.parent / "mirror")
    on_branch = await source(author, path="deploy/", branch="release/1.0").fetch()
    assert on_branch.files == {"a.yaml": b"b"}


async def test_an_unchanged_head_is_not_read_again(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    author.push(**{"a.yaml": "a"})
    origin = source(author)
    first = await origin.fetch()
    monkeypatch.setattr(commits, "manifests", lambda *_, **__: pytest.fail("read again"))
    assert (await origin.fetch()).files is first.files


async def test_a_forced_push_is_followed(author: Author) -> None:
    author.push(**{"a.yaml": "first"})
    origin = source(author)
    await origin.fetch()
    author.git("checkout", "--quiet", "--orphan", "other")
    rewritten = author.push(**{"a.yaml": "rewritten"})
    revision = await origin.fetch()
    assert (revision.commit, revision.files["a.yaml"]) == (rewritten, b"rewritten")


@pytest.mark.parametrize(("path", "prefix"), [(".", "deploy/"), ("deploy", "")])
async def test_a_link_or_a_submodule_is_left_unread_by_name_and_the_others_are_read(
    author: Author, path: str, prefix: str
) -> None:
    commit = author.push(**{"deploy/a.yaml": "a"})
    (author.tree / "deploy/passwd.yaml").symlink_to("/etc/passwd")
    (author.tree / "deploy/shared").symlink_to("../elsewhere")
    author.push()
    author.git("update-index", "--add", "--cacheinfo", f"160000,{commit},deploy/other")
    author.git("commit", "--quiet", "-m", "submodule")
    author.git("push", "--quiet", str(author.bare), "HEAD:refs/heads/main")
    assert (await source(author, path=path).fetch()).files == {
        f"{prefix}a.yaml": b"a",
        f"{prefix}other": Unavailable.because(SUBMODULE),
        f"{prefix}passwd.yaml": Unavailable.because(SYMLINK),
        f"{prefix}shared": Unavailable.because(SYMLINK),
    }


async def test_a_missing_folder_fails_instead_of_being_empty(author: Author) -> None:
    author.push(**{"a.yaml": "a"})
    with pytest.raises(SourceFailed, match="no folder 'deploy'"):
        await source(author, path="deploy").fetch()
    with pytest.raises(SourceFailed, match="leaves the repository"):
        await source(author, path="../deploy").fetch()


async def test_a_file_over_the_size_limit_is_left_unread(author: Author) -> None:
    author.push(**{"big.yaml": b"x" * (LARGEST_FILE + 1), "small.yaml": b"s", "z.yaml": b"z"})
    files = (await source(author).fetch()).files
    assert files["big.yaml"] == Unavailable.because(f"is larger than {LARGEST_FILE} bytes: split it")
    assert (files["small.yaml"], files["z.yaml"]) == (b"s", b"z")


async def test_only_manifests_count_and_the_largest_folder_is_cut(
    author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desired_state.limits.MOST_FILES", 3)
    others = {f"docs/{number}.md": "text" for number in range(20)}
    author.push(**{**others, **{f"bomb/{number}.yaml": "x" for number in range(5)}, "shop/a.yaml": "aaaa"})
    files = (await source(author).fetch()).files
    assert {path for path, content in files.items() if not isinstance(content, Unavailable)} == {
        "bomb/0.yaml", "bomb/1.yaml", "shop/a.yaml"
    }  # fmt: skip
    assert set(files) == {*(f"bomb/{number}.yaml" for number in range(5)), "shop/a.yaml"}
    assert b"is not read: all manifests together are more than" in files["bomb/4.yaml"]


@pytest.mark.parametrize("damage", ["objects", "head", "reference", "gone", "garbage"])
async def test_a_damaged_mirror_is_repaired(author: Author, damage: str) -> None:
    commit = author.push(**{"a.yaml": "a"})
    await source(author).fetch()
    mirror = author.bare.parent / "mirror"
    match damage:
        case "objects":
            for file in (mirror / "objects").rglob("*"):
                if file.is_file():
                    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
                    file.write_bytes(b"")
        case "head":
            (mirror / "HEAD").write_text("nonsense")
        case "reference":
            (mirror / "refs" / "heads" / "main").write_text("nonsense")
        case "gone":
            shutil.rmtree(mirror)
        case "garbage":
            shutil.rmtree(mirror)
            mirror.mkdir()
            (mirror / "file").touch()
    revision = await source(author).fetch()
    assert (revision.commit, revision.files) == (commit, {"a.yaml": b"a"})
    assert [path.name for path in mirror.parent.iterdir() if path.name.startswith(".mirror")] == []


async def test_an_unavailable_remote_keeps_the_mirror(author: Author) -> None:
    author.push(**{"a.yaml": "a"})
    origin = source(author)
    await origin.fetch()
    author.bare.rename(author.bare.with_name("away"))
    with pytest.raises(SourceFailed):
        await origin.fetch()
    author.bare.with_name("away").rename(author.bare)
    assert (await origin.fetch()).files == {"a.yaml": b"a"}


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% /tmp/stolen",
        "--upload-pack=touch /tmp/stolen",
        "http://example.test/x.git",
        "ftp://example.test/x.git",
        "git://example.test/x.git",
        "GIT://127.0.0.1.example.test/x.git",
        "git://127.0.0.1@example.test/x.git",
        "git://example.test@127.0.0.1/x.git",
        "",
        "file:///x\n",
    ],
)
def test_urls_that_could_run_something_are_refused(author: Author, url: str) -> None:
    with pytest.raises(SourceFailed, match="not a Git URL"):
        GitSource(url, directory=author.bare.parent / "mirror", timeout=TIMEOUT, interval=TIMEOUT)


@pytest.mark.parametrize(
    "branch", ["--upload-pack=x", "a..b", "a b", "", "/a", "a/", "a.lock", "a@{1}", "+a:b", "a:b", "a~1", "x/.y"]
)
def test_invalid_branch_names_are_refused(author: Author, branch: str) -> None:
    with pytest.raises(SourceFailed, match="not a branch name"):
        source(author, branch=branch)


async def test_credentials_of_a_url_are_in_no_message(author: Author) -> None:
    origin = source(author, url="https://robot:hunter2@127.0.0.1:9/manifests.git")
    with pytest.raises(SourceFailed) as failed:
        await origin.fetch()
    chain = f"{failed.value!r} {failed.value.__cause__!r} {failed.value.__context__!r}"
    assert "hunter2" not in chain
    assert "127.0.0.1" in str(failed.value)


async def test_hooks_and_configuration_of_the_user_are_not_used(author: Author, tmp_path: Path) -> None:
    author.push(**{"a.yaml": "a"})
    hook = tmp_path / "hooks" / "reference-transaction"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/stolen\n")
    hook.chmod(0o755)
    (tmp_path / ".gitconfig").write_text(
        f'[core]\nhooksPath = {hook.parent}\n[url "file:///nowhere"]\ninsteadOf = file\n'
    )
    await source(author, environment={"HOME": str(tmp_path)}).fetch()
    assert not (tmp_path / "stolen").exists()


async def test_a_nudge_the_interval_or_the_time_limit_ends_the_wait(author: Author) -> None:
    author.push(**{"a.yaml": "a"})
    origin = source(author, interval=timedelta(hours=1))
    waiting = asyncio.create_task(origin.wait(timedelta(hours=1)))
    await asyncio.sleep(0)
    assert not waiting.done()
    origin.nudge()
    await waiting
    await origin.wait(timedelta(hours=1))  # a nudge counts until the next fetch
    await origin.fetch()
    await origin.wait(timedelta(milliseconds=1))
    await source(author, interval=timedelta(milliseconds=1)).wait(timedelta(hours=1))
