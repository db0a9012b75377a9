"""The remote repository of manifests, and the clone of the people who push to it."""

import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

_WHO = {"GIT_AUTHOR_NAME": "ann", "GIT_AUTHOR_EMAIL": "ann@example.com"}
_WHO |= {"GIT_COMMITTER_NAME": "ann", "GIT_COMMITTER_EMAIL": "ann@example.com"}
_ALONE = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


class Repository:
    """A bare remote on disk and a clone that pushes to it, by one hand at a time."""

    def __init__(self, folder: Path) -> None:
        self.remote, self._clone = folder / "remote.git", folder / "clone"
        self._turn = threading.Lock()
        self._git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        self._git(folder, "init", "--quiet", "--initial-branch=main", str(self._clone))
        self._git(self._clone, "remote", "add", "origin", str(self.remote))

    def commit(self, files: Mapping[str, str], message: str) -> None:
        """Write files, commit, push."""
        with self._turn:
            for name, text in files.items():
                (self._clone / name).write_text(text)
            self._git(self._clone, "add", "--all")
            self._git(self._clone, "commit", "--quiet", "--allow-empty", "-m", message)
            self._git(self._clone, "push", "--quiet", "--force", "origin", "main")

    def rewrite(self, message: str) -> None:
        """The same content as a history of one commit that descends from nothing; the remote forgets the old one."""
        with self._turn:
            tree = self._git(self._clone, "write-tree").strip()
            commit = self._git(self._clone, "commit-tree", tree, "-m", message).strip()
            self._git(self._clone, "reset", "--quiet", "--hard", commit)
            self._git(self._clone, "push", "--quiet", "--force", "origin", "main")
            self._git(self.remote, "gc", "--quiet", "--prune=now")

    def go_back(self) -> bool:
        """Force the branch to the parent of its head; False when it has none."""
        with self._turn:
            if int(self._git(self._clone, "rev-list", "--count", "main")) < 2:
                return False
            self._git(self._clone, "push", "--quiet", "--force", "origin", "main~1:main")
            return True

    def come_again(self) -> None:
        """Force the branch to the head of the clone."""
        with self._turn:
            self._git(self._clone, "push", "--quiet", "--force", "origin", "main")

    def _git(self, folder: Path, *arguments: str) -> str:
        environment = os.environ | _WHO | _ALONE
        return subprocess.run(
            ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
        ).stdout
