"""The authors of files in a real repository: of each commit since another one, whatever names and history hold."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.core.record.consent import Authorship
from tests.edges.source.author import Author, source


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


def push(author: Author, who: str, **files: str) -> str:
    """Push these files in the name of that author, such as `Ann <ann@b.c>`."""
    author.git("config", "user.name", "unused")
    for name, content in files.items():
        (author.tree / name).write_text(content)
    author.git("add", "--all")
    author.git("commit", "--quiet", "--allow-empty", "--message", "change", f"--author={who}")
    author.git("push", "--quiet", "--force", str(author.bare), "HEAD:refs/heads/main")
    return author.git("rev-parse", "HEAD")


async def test_every_author_since_a_commit_is_known_by_file(author: Author) -> None:
    first = push(author, "Ann <ann@b.c>", **{"a.yaml": "1", "b.yaml": "1", "\u00fc x.yaml": "1"})
    second = push(author, "Bob <bob@b.c>", **{"a.yaml": "2"})
    third = push(author, "Cy <cy@b.c>", **{"a.yaml": "3", ".mailmap": "Eve <eve@b.c> Cy <cy@b.c>\n"})
    revision = await source(author).fetch()
    ann, bob, cy = (
        Authorship(commit, name, f"{name.lower()}@b.c")
        for commit, name in ((first, "Ann"), (second, "Bob"), (third, "Cy"))
    )
    assert await revision.history(["a.yaml", "b.yaml"], first) == {"a.yaml": (bob, cy)}
    assert await revision.history(["a.yaml", "b.yaml", "\u00fc x.yaml", "gone.yaml"], None) == {
        "a.yaml": (cy,),
        "b.yaml": (ann,),
        "\u00fc x.yaml": (ann,),
    }
    assert await revision.history(["a.yaml"], "f" * 40) == {"a.yaml": (cy,)}, "a commit that a forced push removed"
    assert await revision.history(["a.yaml"], "--all") == {"a.yaml": (cy,)}, "no option is made of it"


async def test_a_branch_has_its_own_authors_and_a_merge_that_changes_a_file_has_too(author: Author) -> None:
    first = push(author, "Ann <ann@b.c>", **{"a.yaml": "1\n", "b.yaml": "1\n"})
    author.git("checkout", "--quiet", "-b", "side")
    side = push(author, "Bob <bob@b.c>", **{"a.yaml": "2\n"})
    author.git("checkout", "--quiet", "main")
    author.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    merge = push(author, "Eve <eve@b.c>", **{"b.yaml": "2\n"})
    found = await (await source(author).fetch()).history(["a.yaml", "b.yaml"], first)
    assert {path: [one.commit for one in commits] for path, commits in found.items()} == {
        "a.yaml": [side],
        "b.yaml": [merge],
    }


async def test_a_name_is_a_line_of_text_whatever_the_commit_holds(author: Author) -> None:
    push(author, "Ann\x1b[1m\u202e <a\x02b@b.c>", **{"sub.yaml": "1"})
    (commit,) = (await (await source(author).fetch()).history(["sub.yaml"], None))["sub.yaml"]
    assert commit.name.isprintable()
    assert commit.email.isprintable()


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Path]:
    """A keyring with a key of Ann's."""
    home = tmp_path / "keys"
    home.mkdir(mode=0o700)
    make = ("gpg", "--homedir", str(home), "--batch", "--passphrase", "", "--quick-gen-key", "Ann <ann@b.c>", "ed25519")
    try:
        subprocess.run(make, check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as missing:
        pytest.skip(f"gpg makes no key here: {missing}")
    yield home
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


async def test_a_signer_is_known_only_by_a_key_that_is_trusted(
    author: Author, tmp_path: Path, keyring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "gpg"
    program.write_text(f'#!/bin/sh\nexec gpg --homedir {keyring} "$@"\n')
    program.chmod(0o755)
    author.git("config", "gpg.program", str(program))
    author.git("config", "user.signingKey", "ann@b.c")
    author.git("config", "commit.gpgSign", "true")
    push(author, "Build <build@b.c>", **{"a.yaml": "1"})
    for keys, signer in ((keyring, "Ann <ann@b.c>"), (tmp_path / "none", None)):
        monkeypatch.setenv("GNUPGHOME", str(keys))
        (commit,) = (await (await source(author, environment=os.environ).fetch()).history(["a.yaml"], None))["a.yaml"]
        assert (commit.name, commit.signer) == ("Build", signer)
