"""The files of a Terraform source as Git has them, and one id for any set of them.

Content is bytes. Two kinds of content say more: `Executable` carries Git's executable bit, and `Unavailable` stands for
a path that Git has and that cannot be handed to Terraform; its text is the reason, and what to do.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final, TypeAlias

Tree: TypeAlias = Mapping[str, bytes]

ROOTS: Final = "roots"
SYMLINK: Final = "is a symlink, which is not followed: put a copy of the file in its place"
SUBMODULE: Final = "is a submodule, which is not fetched: put its files into the repository itself"
LFS: Final = "is a Git LFS pointer, and LFS content is not fetched: keep the file itself in Git (`git lfs untrack`)"
_POINTER: Final = b"version https://git-lfs.github.com/spec/"  # the first line, by the specification of Git LFS
_LARGEST_POINTER: Final = 1024


class _Marked(bytes):
    """Content with a mark. It differs from equal bytes without the mark, or with another one."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and bytes.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((type(self).__name__, bytes(self)))


class Executable(_Marked):
    """The content of a file with the executable bit."""

    __slots__ = ()


class Unavailable(_Marked):
    """A path whose content cannot be had; the text says why and what to do."""

    __slots__ = ()

    @classmethod
    def because(cls, reason: str) -> "Unavailable":
        """Return the mark with this reason, which continues a sentence that begins with the path."""
        return cls(reason.encode())


def is_lfs_pointer(content: bytes) -> bool:
    """Return True when Git has a pointer to Git LFS in place of the content."""
    return len(content) <= _LARGEST_POINTER and content.startswith(_POINTER)


def shown(path: str) -> str:
    """Return a path of Git as text: what is no text or cannot be printed is written as `\\xff` or `\\u202e`."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def root_names(files: Tree) -> frozenset[str]:
    """Return the names of the folders under `roots/`."""
    parts = (PurePosixPath(path).parts for path in files)
    return frozenset(part[1] for part in parts if len(part) > 2 and part[0] == ROOTS)


def tree_id(tree: Tree) -> str:
    """Return `sha256:<hex>` over all paths, contents and marks.

    Lengths are hashed too, and a mark begins with a byte that no path has, so that different trees differ. A tree
    without marks has the id that it had before there were any.
    """
    digest = sha256()
    for path, content in sorted(tree.items()):
        mark = (f"\0{type(content).__name__}".encode(),) if isinstance(content, _Marked) else ()
        for part in (path.encode("utf-8", "surrogateescape"), bytes(content), *mark):
            digest.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{digest.hexdigest()}"
