"""Git and repositories that somebody else made: their configuration runs nothing, and Git gets no tokens."""

import os
from pathlib import Path

import pytest

from reconciler.core.ports.source import SourceFailed
from reconciler.edges.source.git import read_revision
from tests.edges.source.author import TIMEOUT, Author, source
from tests.local import other_user

TOKENS = {
    "RECONCILER__AUTH__TOKEN": "the-token-of-the-api",
    "RECONCILER_TOKEN": "the-token-of-a-person",
    "AWS_SECRET_ACCESS_KEY": "the-key-of-the-role",
    "SLACK_TOKEN": "xoxb-of-the-bot",
    "GIT_SSL_NO_VERIFY": "1",
    "GIT_TRACE": "1",
}
FOR_REMOTES = {"GIT_PASSWORD": "the-password-of-git", "HTTPS_PROXY": "http://proxy.example:3128"}


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program of an attacker. It leaves a file when it runs."""
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\ntouch {tmp_path}/it-ran\nexit 1\n")
    path.chmod(0o755)
    return path


def test_a_missing_object_is_not_fetched_with_the_program_that_a_repository_names(
    author: Author, program: Path, tmp_path: Path
) -> None:
    """CVE-2024-32465 in small: a partial clone fetches what is missing, with the upload-pack of its configuration."""
    author.push(**{"a.yaml": "one"})
    author.git("config", "uploadpack.allowFilter", "true", cwd=author.bare)
    victim = tmp_path / "victim"
    author.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", author.url, str(victim))
    author.git("config", "remote.origin.uploadpack", str(program), cwd=victim)
    with pytest.raises(SourceFailed):
        read_revision(str(victim), timeout=TIMEOUT, environment=os.environ)
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.parametrize("kind", ["tree", "bare", "worktree"])
def test_no_setting_of_a_repository_runs_anything(author: Author, program: Path, tmp_path: Path, kind: str) -> None:
    commit = author.push(**{"a.yaml": "one", ".gitattributes": "* filter=x diff=x\n"})
    place = {"tree": author.tree, "bare": author.bare, "worktree": tmp_path / "other"}[kind]
    if kind == "worktree":
        author.git("worktree", "add", "--quiet", "--detach", str(place))
    author.git("config", "core.hooksPath", str(program.parent), cwd=place)
    for setting in (
        *("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.gitProxy"),
        *("core.alternateRefsCommand", "filter.x.smudge", "filter.x.clean", "filter.x.process", "diff.x.textconv"),
        *("diff.external", "gpg.program", "credential.helper", "uploadpack.packObjectsHook"),
        *(
            "remote.origin.uploadpack",
            "remote.origin.vcs",
            "alias.ls-tree",
            "alias.cat-file",
            "trace2.eventTarget",
            "include.path",
        ),
    ):
        author.git("config", setting, str(program), cwd=place)
    found = read_revision(str(place), timeout=TIMEOUT, environment=os.environ)
    assert (found.commit, found.files) == (commit, {"a.yaml": b"one"})
    assert not (tmp_path / "it-ran").exists()


def test_a_repository_with_sha256_names_is_read(author: Author, tmp_path: Path) -> None:
    """Take nothing but the kind of names from the configuration."""
    tree = tmp_path / "sha256"
    author.git("init", "--quiet", "--object-format=sha256", str(tree), cwd=tmp_path)
    (tree / "a.yaml").write_text("one")
    author.git("add", ".", cwd=tree)
    author.git("commit", "--quiet", "--message", "change", cwd=tree)
    found = read_revision(str(tree), timeout=TIMEOUT)
    assert (len(found.commit), found.files) == (64, {"a.yaml": b"one"})


@other_user.needs_root
def test_the_owner_of_a_repository_does_not_matter(author: Author, tmp_path: Path) -> None:
    author.push(**{"a.yaml": "one"})
    for path in (author.tree, *author.tree.rglob("*")):
        os.chown(path, other_user.UID, other_user.UID)
    assert read_revision(str(author.tree), timeout=TIMEOUT).files == {"a.yaml": b"one"}


async def test_git_gets_no_token_and_a_password_for_remotes_only(
    author: Author, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    author.push(**{"a.yaml": "one"})
    seen = tmp_path / "seen"
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\n{{ echo "ran $*"; env; }} >> {seen}\nPATH={os.environ["PATH"]} exec git "$@"\n')
    shim.chmod(0o755)
    for name, value in {**TOKENS, **FOR_REMOTES, "PATH": f"{shim.parent}:{os.environ['PATH']}"}.items():
        monkeypatch.setenv(name, value)
    assert (await source(author, environment=os.environ).fetch()).files == {"a.yaml": b"one"}
    ran = [text.partition("\n") for text in seen.read_text().split("ran ")[1:]]
    commands = {next(word for word in line.split() if word[0] != "-"): text for line, _, text in ran}
    assert commands.keys() >= {"ls-remote", "init", "fetch", "rev-parse", "cat-file", "ls-tree"}
    for command, text in commands.items():
        assert [name for name, value in TOKENS.items() if f"{name}=" in text or value in text.split("=")] == []
        given = [name for name in FOR_REMOTES if f"{name}={FOR_REMOTES[name]}" in text]
        assert given == (list(FOR_REMOTES) if command in {"fetch", "ls-remote"} else [])
