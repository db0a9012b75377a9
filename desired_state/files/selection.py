"""The files of a repository that are read as manifests, for Git, for a folder and for `validate` alike.

A manifest is a YAML file outside of dot-folders. One that cannot be read is a problem of its path, and so is one that
exceeds a limit. A link or a submodule may stand for a folder with manifests: what was in it is unknown, not removed.
Other files do not matter, whatever they are and however many.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from desired_state.files.tree import Unavailable, shown
from desired_state.limits import LARGEST_COMMIT, LARGEST_FILE, MOST_FILES, affordable

SPECIAL: Final = "is neither a file nor a folder: remove it"
_SAME_NAME: Final = "has a name that is shown like that of another file: rename one of them"
_TOO_LARGE: Final = f"is larger than {LARGEST_FILE} bytes: split it"
_TOO_MUCH: Final = (
    f"is not read: all manifests together are more than {MOST_FILES} files or {LARGEST_COMMIT // 1024 // 1024} MiB"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a repository, or something else in its place: `obstacle` says what, and continues a sentence."""

    path: str
    size: int = 0
    obstacle: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """The files to read, by their path, with the name under which they are shown; and what is left unread, by name."""

    names: Mapping[str, str]
    unread: Mapping[str, Unavailable]

    def contents(self, read: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return everything by name, with the content of the files that were read by path."""
        found = {self.names[path]: content for path, content in read.items()}
        return dict(sorted({**found, **self.unread}.items()))


def is_manifest(path: str) -> bool:
    """Return True for YAML files outside of dot-folders."""
    return PurePosixPath(path).suffix in {".yaml", ".yml"} and not _is_hidden(path)


def select(entries: Iterable[Entry]) -> Selection:
    """Select the files to read among those of a repository."""
    sizes: dict[str, int] = {}
    paths: dict[str, str] = {}
    unread: dict[str, Unavailable] = {}
    for entry in entries:
        if not is_manifest(entry.path) and (entry.obstacle in {None, SPECIAL} or _is_hidden(entry.path)):
            continue
        name = shown(entry.path)
        if name in paths or name in unread:
            unread[name] = Unavailable.because(_SAME_NAME)
        elif entry.obstacle is not None:
            unread[name] = Unavailable.because(entry.obstacle)
        else:
            sizes[name], paths[name] = entry.size, entry.path
    wanted = {name: size for name, size in sizes.items() if name not in unread}
    chosen = affordable(wanted)
    for name in sorted(wanted.keys() - chosen)[:MOST_FILES]:
        unread[name] = Unavailable.because(_TOO_LARGE if wanted[name] > LARGEST_FILE else _TOO_MUCH)
    return Selection({paths[name]: name for name in sorted(chosen)}, unread)


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(path).parts)
