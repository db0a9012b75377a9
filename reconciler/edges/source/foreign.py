"""A repository that was found on this machine, read without its configuration.

Whoever made the directory wrote its configuration too, and Git runs programs that it names: the upload-pack of a remote
for an object that is missing, a filter, a monitor, a hook. So Git is given a directory of its own, with a configuration
of its own and links to the objects and references of the other. It follows that the owner does not matter, and that
Git's guard (`safe.directory`) needs no exception.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.edges.source import repository
from reconciler.edges.source.repository import Access, GitFailed

_OF_WORK_TREE = ("HEAD", "FETCH_HEAD", "ORIG_HEAD")
_SHARED = ("objects", "refs", "packed-refs", "shallow")
_LARGEST = 1024 * 1024
_PLAIN = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_SHA256 = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectFormat = sha256\n"


@contextmanager
def view(directory: Path, *, access: Access) -> Iterator[Path]:
    """Yield a Git directory with the objects and references of the other. Raises: GitFailed, OSError."""
    shared = _common(directory)
    with tempfile.TemporaryDirectory(prefix="reconciler-") as scratch:
        own = Path(scratch)
        for name in _OF_WORK_TREE:
            if (file := directory / name).is_file() and file.stat().st_size <= _LARGEST:
                shutil.copyfile(file, own / name)
        for name in _SHARED:
            if (shared / name).exists():
                (own / name).symlink_to(shared / name)
        (own / "config").write_text(_PLAIN)
        if _names(own, shared / "config", access) == "sha256":
            (own / "config").write_text(_SHA256)
        yield own


def _common(directory: Path) -> Path:
    """Return the directory of objects and references, which the work trees of a repository share."""
    file = directory / "commondir"
    if not file.is_file():
        return directory
    return (directory / file.read_text(errors="replace").strip()).absolute()


def _names(own: Path, config: Path, access: Access) -> str:
    """Return the kind of the objects' names, the one thing in the configuration that reading needs."""
    options = ("--file", str(config), "--no-includes", "--get", "extensions.objectformat")
    try:
        return repository.run(own, "config", *options, access=access).decode(errors="replace").strip().lower()
    except GitFailed:
        return ""
