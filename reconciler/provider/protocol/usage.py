"""The identifiers ("words") in a run's configuration and local state, which tell the types that it may use.

HCL is not parsed: every identifier in the files of the root, of its modules and of the local state is a word, and a
type counts as used if its name is a word. This finds too many types rather than too few (comments count), works for
HCL and JSON alike, and takes milliseconds. `None` means unknown: use the full schema.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_LOCAL_SOURCE = re.compile(rb'"?source"?\s*[=:]\s*"(\.{1,2}/[^"$%]*)"')
_SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json", ".tftest.hcl", ".tfquery.hcl", ".tfstate")
_MOST_FILES = 4000
_MOST_BYTES = 64 * 1024 * 1024


def words(root: Path, data: Path | None = None) -> frozenset[str] | None:
    """Return every identifier in a root, in the modules that it calls and in the state files in its folder.

    Modules are those installed in `data` (default: `.terraform`) and those with a relative path. Returns None if the
    files cannot be read completely or are too large."""
    found: set[bytes] = set()
    pending, seen = [root, *_installed(root, data or root / ".terraform")], set[Path]()
    budget, files = _MOST_BYTES, 0
    try:
        while pending:
            directory = pending.pop().resolve()
            if directory in seen:
                continue
            seen.add(directory)
            for file in _sources(directory):
                content = file.read_bytes()
                budget, files = budget - len(content), files + 1
                if budget < 0 or files > _MOST_FILES:
                    return None
                found.update(_WORD.findall(content))
                pending.extend(directory / match.decode() for match in _LOCAL_SOURCE.findall(content))
    except (OSError, ValueError):
        return None
    return frozenset(word.decode() for word in found)


def _sources(directory: Path) -> Iterator[Path]:
    """Yield the files of one module, its tests, and the local states of its workspaces."""
    if not directory.is_dir():
        return
    for file in sorted(directory.iterdir()):
        if file.name.endswith(_SUFFIXES) and file.is_file():
            yield file
    for folder in ("terraform.tfstate.d", "tests"):
        yield from (file for file in sorted((directory / folder).rglob("*")) if file.name.endswith(_SUFFIXES))


def _installed(root: Path, data: Path) -> list[Path]:
    """Return the module directories in the manifest of `terraform init`; none if that file is missing or invalid."""
    try:
        manifest = json.loads((data / "modules" / "modules.json").read_bytes())
        return [root / entry["Dir"] for entry in manifest["Modules"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
