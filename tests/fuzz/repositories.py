"""Seeded commits as no Git command writes them: each has a header, trees, names and documents of its own."""

import random
from collections.abc import Iterator
from pathlib import Path

from tests.desired_state.manifests import example_files
from tests.edges.source.raw_objects import FILE, PROGRAM, SUBMODULE, SYMLINK, TREE, RawObjects, commit, tree
from tests.fuzz import mutations

_MODES = (*[FILE] * 30, PROGRAM, PROGRAM, b"100664", b"100600", b"0100644", b"777777", b"0")
_NAMES = (
    *(b"a.yaml", b"b.yml", b"main.tf", b"main.tf.json", b"README.md", b".hidden.yaml", b"a.YAML", b"x.auto.tfvars"),
    *(b"\xff.yaml", b"a\nb.yaml", "\u202e.yaml".encode(), b"-rf.yaml", b"n" * 260 + b".yaml", b"terraform.tfstate"),
)
_NO_NAMES = (b"..", b".", b".git", b"", b"a/b.yaml", b"/etc/passwd")
_DATES = (
    *(b"1700000000 +0000", b"253402300800 +0000", b"9" * 40 + b" +0000", b"-1 -0000", b"1700000000 +9999", b"now"),
    *(b"", b"1e9 +0000", b"0 +0000", b"1700000000"),
)
_PEOPLE = (b"a <a@b.c>", b"\xff\xfe <>", b"a\x00b <x>", b"> <", b"", b"x" * 5000 + b" <y>")
_MORE = (
    b"",
    b"",
    b"encoding ISO-2022-JP\n",
    b"gpgsig -----BEGIN\n x\n",
    b"\x00\n",
    b"committer z <z> 5 +0000\n",
    b"\n",
)
_ROOT = b'terraform {\n  backend "s3" {}\n}\nmodule "x" { source = "../../modules/x" }\n'
_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n"


def commits(directory: Path, seed: int, count: int) -> Iterator[tuple[Path, str]]:
    """Yield repositories with commits in them. Objects of a kind are written together, which saves processes."""
    rng = random.Random(seed)
    raw = RawObjects(directory / f"{seed}.git")
    texts = [mutations.text(rng.choice([*example_files().values(), _ROOT]), rng) for _ in range(3 * count)]
    blobs = raw.many("blob", [*texts, _POINTER, _ROOT, b"../../../etc/passwd"])
    *texts_ids, pointer, root, link = blobs
    pool = [*texts_ids, *[pointer] * (count // 10 + 1), *[root] * (count // 5 + 1)]
    folders = raw.many("tree", [_tree(rng, pool, link, []) for _ in range(count)])
    above = raw.many("tree", [tree((TREE, b"service", rng.choice(folders))) for _ in range(count)])
    tops = raw.many("tree", [_tree(rng, pool, link, folders, rng.choice(above)) for _ in range(count)])
    headers = [
        _commit(rng, rng.choice([top, top, top, top, "0" * 40, pool[0]]) if rng.randrange(9) == 0 else top)
        for top in tops
    ]
    for commit_id in raw.many("commit", headers):
        yield raw.directory, commit_id


def _tree(rng: random.Random, pool: list[str], link: str, folders: list[str], roots: str = "") -> bytes:
    names = rng.sample(_NAMES, rng.randrange(1, 5))
    if rng.randrange(40) == 0:
        names.append(rng.choice(_NO_NAMES))
    entries = [(rng.choice(_MODES), name, rng.choice(pool)) for name in names]
    if rng.randrange(25) == 0:
        entries.append((rng.choice([SYMLINK, SUBMODULE]), b"link.yaml", link))
    if rng.randrange(40) == 0:
        entries.append((FILE, b"missing.yaml", "1" * 40))
    if folders:
        entries += [(TREE, b"teams", rng.choice(folders)), (TREE, b"roots", roots)]
    written = tree(*entries)
    return written[: rng.randrange(len(written))] if rng.randrange(60) == 0 else written


def _commit(rng: random.Random, tree_id: str) -> bytes:
    committer = b"%s %s" % (rng.choice(_PEOPLE), rng.choice(_DATES))
    written = commit(tree_id, committer=committer, more=rng.choice(_MORE))
    return written[: rng.randrange(len(written))] if rng.randrange(60) == 0 else written
