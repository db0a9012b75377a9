"""The files that a Terraform root uses, and one id for all of them.

A tree id changes exactly when a file changes that a plan of the root can read. Documentation, tests, examples and the
files that Terraform writes are not part of it.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final, TypeAlias

Tree: TypeAlias = Mapping[str, bytes]

_ROOTS: Final = "roots"
_LOCK_FILE: Final = ".terraform.lock.hcl"
_IGNORED_FOLDERS: Final = ("tests", "examples", ".terraform*")
_IGNORED_FILES: Final = ("*.md", "*.tftest.hcl", "*.tfvars", "*.tfvars.json", "*.tfstate", "*.tfstate.*", ".terraform*")
_STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|#.*|//.*')
_SOURCE = re.compile(r'(?<![\w.-])source\s*=\s*"(\.\.?(?:/[^"]*)?)"')


def root_names(files: Tree) -> frozenset[str]:
    """Return the names of the folders under `roots/`."""
    parts = (PurePosixPath(path).parts for path in files)
    return frozenset(part[1] for part in parts if len(part) > 2 and part[0] == _ROOTS)


def reach(files: Tree, root: str) -> Tree:
    """Return the part of a tree that `roots/<root>` uses: its folder and all local modules, also indirect ones.

    Raises ValueError, naming file and source, if a module source is outside of the tree or does not exist."""
    if root not in root_names(files):
        raise ValueError(f"there is no folder {_ROOTS}/{root} in the Terraform source")
    found: dict[str, bytes] = {}
    waiting = [f"{_ROOTS}/{root}"]
    visited: set[str] = set()
    while waiting:
        folder = waiting.pop()
        if folder in visited:
            continue
        visited.add(folder)
        used = {path: content for path, content in files.items() if _is_used(path, folder)}
        found.update(used)
        for path, content in used.items():
            if path.endswith(".tf"):
                waiting.extend(_modules(files, path, content))
    return dict(sorted(found.items()))


def tree_id(tree: Tree) -> str:
    """Return `sha256:<hex>` over all paths and contents. Lengths are hashed too, so that different trees differ."""
    digest = sha256()
    for path, content in sorted(tree.items()):
        for part in (path.encode("utf-8", "surrogateescape"), content):
            digest.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{digest.hexdigest()}"


def _is_used(path: str, folder: str) -> bool:
    if not path.startswith(f"{folder}/"):
        return False
    *folders, name = path.removeprefix(f"{folder}/").split("/")
    if any(fnmatchcase(part, pattern) for part in folders for pattern in _IGNORED_FOLDERS):
        return False
    return name == _LOCK_FILE or not any(fnmatchcase(name, pattern) for pattern in _IGNORED_FILES)


def _modules(files: Tree, path: str, content: bytes) -> Iterator[str]:
    for source in _sources(content.decode("utf-8", "replace")):
        folder = posixpath.normpath(posixpath.join(posixpath.dirname(path), source))
        if folder in files:  # the source of an aws_s3_object is a file, not a module
            continue
        if folder.split("/")[0] in {"..", "."}:
            raise ValueError(f'the source "{source}" in {path} leaves the Terraform source')
        if not any(name.startswith(f"{folder}/") for name in files):
            raise ValueError(f'the source "{source}" in {path} does not exist')
        yield folder


def _sources(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if "source" in line:
            code = _STRING_OR_COMMENT.sub(lambda match: match[0] if match[0].startswith('"') else "", line)
            yield from (match[1] for match in _SOURCE.finditer(code))
