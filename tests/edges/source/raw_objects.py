"""Commits that Git's own commands would not write: objects from bytes, as anybody may push them."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

TREE, FILE, PROGRAM, SYMLINK, SUBMODULE = (mode.encode() for mode in ("40000", "100644", "100755", "120000", "160000"))


class RawObjects:
    """A bare repository in `directory` into which objects of any bytes are written."""

    def __init__(self, directory: Path, *, names: str = "sha1") -> None:
        self.directory = directory
        self._git("init", "--quiet", "--bare", f"--object-format={names}", "--initial-branch=main", str(directory))

    def blob(self, content: bytes) -> str:
        return self.many("blob", [content])[0]

    def tree(self, *entries: tuple[bytes, bytes, str]) -> str:
        """Write a tree of entries: mode, name, id."""
        return self.many("tree", [tree(*entries)])[0]

    def commit(self, tree: str, *, committer: bytes = b"a <a@b.c> 1700000000 +0000", more: bytes = b"") -> str:
        return self.many("commit", [commit(tree, committer=committer, more=more)])[0]

    def many(self, kind: str, contents: Sequence[bytes]) -> list[str]:
        """Write objects of one kind, in one process; Git checks nothing of them."""
        folder = self.directory / "written"
        folder.mkdir(exist_ok=True)
        paths = []
        for number, content in enumerate(contents):
            paths.append(folder / str(number))
            paths[-1].write_bytes(content)
        given = "\n".join(map(str, paths)).encode()
        return self._git("hash-object", "-w", "-t", kind, "--literally", "--stdin-paths", stdin=given).decode().split()

    def branch(self, commit: str, name: str = "main") -> None:
        """Point a branch at a commit; a reference is a file, and Git would refuse some commits."""
        (self.directory / "refs/heads" / name).write_text(f"{commit}\n")

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        if self.directory.exists():
            environment["GIT_DIR"] = str(self.directory)
        done = subprocess.run(["git", *arguments], input=stdin, env=environment, check=True, capture_output=True)
        return done.stdout

    @property
    def url(self) -> str:
        return f"file://{self.directory}"


def tree(*entries: tuple[bytes, bytes, str]) -> bytes:
    """Return the bytes of a tree, sorted as Git does."""
    ordered = sorted(entries, key=lambda entry: entry[1] + (b"/" if entry[0] == TREE else b""))
    return b"".join(b"%s %s\0%s" % (mode, name, bytes.fromhex(object_id)) for mode, name, object_id in ordered)


def commit(tree: str, *, committer: bytes, more: bytes = b"") -> bytes:
    """Return the bytes of a commit."""
    return b"tree %s\nauthor %s\ncommitter %s\n%s\nmessage\n" % (tree.encode(), committer, committer, more)
