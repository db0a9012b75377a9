"""Commits that Git accepts and its own commands do not write are read, or refused with the reason."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desired_state.files.tree import Unavailable
from reconciler.edges.source.git import GitSource, read_revision
from tests.edges.source.author import TIMEOUT, Author
from tests.edges.source.raw_objects import FILE, RawObjects


@pytest.fixture
def raw(tmp_path: Path) -> RawObjects:
    return RawObjects(tmp_path / "raw.git")


def source(raw: RawObjects, tmp_path: Path) -> GitSource:
    return GitSource(raw.url, directory=tmp_path / "mirror", timeout=TIMEOUT, interval=timedelta(minutes=1))


@pytest.mark.parametrize(
    "committer",
    [
        b"a <a@b.c> 253402300800 +0000",  # the year 10000
        b"a <a@b.c> 99999999999999999999999 +0000",
        b"a <a@b.c> -1 +0000",
        b"a <a@b.c>",
        b"\xff\xfe <\xff> yesterday",
        b"",
    ],
)
async def test_a_commit_with_a_date_that_no_calendar_has_counts_as_made_now(
    raw: RawObjects, tmp_path: Path, committer: bytes
) -> None:
    before = datetime.now(UTC)
    raw.branch(raw.commit(raw.tree((FILE, b"a.yaml", raw.blob(b"a: 1"))), committer=committer))
    revision = await source(raw, tmp_path).fetch()
    assert revision.files == {"a.yaml": b"a: 1"}
    assert before <= revision.committed_at <= datetime.now(UTC)


async def test_a_date_is_that_of_the_committer_whatever_else_the_header_has(raw: RawObjects, tmp_path: Path) -> None:
    more = b"encoding Shift_JIS\ngpgsig -----BEGIN PGP SIGNATURE-----\n committer x <y> 1 +0000\n -----END\nx y\n"
    raw.branch(raw.commit(raw.tree((FILE, b"a.yaml", raw.blob(b"a: 1"))), more=more))
    assert (await source(raw, tmp_path).fetch()).committed_at == datetime.fromtimestamp(1_700_000_000, UTC)


async def test_names_that_are_no_text_or_cannot_be_printed_are_written_out(raw: RawObjects, tmp_path: Path) -> None:
    names = (b"\xff.yaml", b"a\nb.yaml", "\u202e.yaml".encode(), "grün.yaml".encode())
    blob = raw.blob(b"a: 1")
    raw.branch(raw.commit(raw.tree(*((FILE, name, blob) for name in names))))
    found = (await source(raw, tmp_path).fetch()).files
    assert set(found) == {"\\xff.yaml", "a\\nb.yaml", "\\u202e.yaml", "grün.yaml"}


async def test_of_two_names_that_are_shown_alike_neither_is_read(raw: RawObjects, tmp_path: Path) -> None:
    blob = raw.blob(b"a: 1")
    same = (FILE, b"\xff.yaml", blob), (FILE, b"\\xff.yaml", blob)
    raw.branch(raw.commit(raw.tree(*same, (FILE, b"a.yaml", blob))))
    files = (await source(raw, tmp_path).fetch()).files
    assert files["a.yaml"] == b"a: 1"
    assert b"has a name that is shown like that of another file" in files["\\xff.yaml"]
    assert isinstance(files["\\xff.yaml"], Unavailable)


async def test_a_repository_with_sha256_names_is_mirrored_and_followed(tmp_path: Path) -> None:
    raw = RawObjects(tmp_path / "raw.git", names="sha256")
    origin = source(raw, tmp_path)
    for text in (b"a: 1", b"a: 2"):
        commit = raw.commit(raw.tree((FILE, b"a.yaml", raw.blob(text))))
        raw.branch(commit)
        revision = await origin.fetch()
        assert (revision.commit, revision.files) == (commit, {"a.yaml": text})
    assert len(commit) == 64
    assert read_revision(raw.url, commit, timeout=TIMEOUT).files == {"a.yaml": b"a: 2"}


def test_the_configuration_of_a_clone_does_not_change_how_it_is_read(tmp_path: Path) -> None:
    author = Author(tmp_path)
    author.push(**{"a.yaml": "a: 1"})
    commit = author.git("cat-file", "commit", "HEAD").replace("\n\n", "\ngpgsig nonsense\n\n", 1).encode()
    command = ["git", "hash-object", "-w", "-t", "commit", "--stdin"]
    signed = subprocess.run(command, cwd=author.tree, input=commit, capture_output=True, check=True).stdout.decode()
    author.git("update-ref", "HEAD", signed.strip())
    for name, value in (("log.showSignature", "true"), ("gpg.program", "/bin/false"), ("core.quotePath", "false")):
        author.git("config", name, value)
    assert read_revision(str(author.tree), timeout=TIMEOUT).files == {"a.yaml": b"a: 1"}
    (author.tree / ".git/config").write_text("[core\nnonsense")
    assert read_revision(str(author.tree), timeout=TIMEOUT).files == {"a.yaml": b"a: 1"}
