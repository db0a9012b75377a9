"""An author who pushes manifests, and the source that reads them."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler.edges.source.git import GitSource

TIMEOUT = timedelta(seconds=60)
WHEN = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


class Author:
    """An author who pushes to a bare repository."""

    def __init__(self, here: Path) -> None:
        self.bare, self.tree = here / "manifests.git", here / "author"
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.bare), cwd=here)
        self.git("init", "--quiet", "--initial-branch=main", str(self.tree), cwd=here)

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{role}_{field}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")},
            "GIT_COMMITTER_DATE": WHEN.isoformat(),
        }
        done = subprocess.run(
            ["git", *arguments], cwd=cwd or self.tree, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def push(self, branch: str = "main", /, **files: str | bytes) -> str:
        for name, content in files.items():
            path = self.tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        self.git("push", "--quiet", "--force", str(self.bare), f"HEAD:refs/heads/{branch}")
        return self.git("rev-parse", "HEAD")

    @property
    def url(self) -> str:
        return f"file://{self.bare}"


def source(author: Author, url: str | None = None, **options: Any) -> GitSource:
    settings: dict[str, Any] = {"timeout": TIMEOUT, "interval": timedelta(minutes=1), **options}
    return GitSource(url or author.url, directory=author.bare.parent / "mirror", **settings)
