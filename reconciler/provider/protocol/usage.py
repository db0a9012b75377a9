"""The words that a run's configuration and state are written with.

What a root uses is found without parsing HCL: every identifier in its files, its modules' files and its local state
is a word, and a type is used when its name is a word. That keeps too much rather than too little (a comment counts),
holds for HCL and JSON alike, and costs milliseconds. `None` means "cannot tell": use the full schema.
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
    """Every identifier in a root module, the modules it calls (as installed in `data`, or by relative path) and the
    state files beside it; `None` when they cannot be read whole."""
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
    """The files of one module, and the local states beside a root."""
    if not directory.is_dir():
        return
    for file in sorted(directory.iterdir()):
        if file.name.endswith(_SUFFIXES) and file.is_file():
            yield file
    for folder in ("terraform.tfstate.d", "tests"):
        yield from (file for file in sorted((directory / folder).rglob("*")) if file.name.endswith(_SUFFIXES))


def _installed(root: Path, data: Path) -> list[Path]:
    """The module directories that `terraform init` wrote down. Raises nothing: without the file there are none."""
    try:
        manifest = json.loads((data / "modules" / "modules.json").read_bytes())
        return [root / entry["Dir"] for entry in manifest["Modules"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
