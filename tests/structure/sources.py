"""The Python files of this repository as text, for the checks of its structure."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Files = Mapping[str, str]
"""The content of each file by its path from the top of the repository."""


@cache
def files(*folders: str) -> Files:
    """Read every module below these folders."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in paths}


def folder_of(path: str) -> str:
    """Return the folder in which a file lies."""
    return path.rpartition("/")[0]
