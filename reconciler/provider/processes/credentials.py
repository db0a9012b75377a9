"""The files that determine a provider's identity: credentials, configuration, tokens, certificates.

Their content is hashed, never stored, to tell whether two runs are the same caller: a rotated key or another user's
login is another identity. The files are those named by the environment or by the provider's configuration, the default
files under `~/.aws`, and the files that these name in turn.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_LONGEST_PATH = 4096
_LARGEST_FILE = 4 * 1024 * 1024
_DEFAULT_FILES = ("config", "credentials")
_LOGIN_CACHES = (Path("sso") / "cache", Path("login") / "cache", Path("cli") / "cache")
_SETTING = re.compile(r"^\s*[\w.-]+\s*=\s*(\S.*?)\s*$", re.MULTILINE)


def fingerprint(
    environment: Mapping[str, str], directory: Path, mentioned: Iterable[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Return the path and the digest of the content of every relevant file, sorted by path.

    `mentioned` are the strings in the provider's configuration; relative paths are relative to `directory`.
    """
    home = _home(environment)
    found: dict[str, str] = {}
    for path in _files(environment, directory, mentioned):
        content = _content(path)
        if content is None:
            continue
        found[str(path)] = hashlib.sha256(content).hexdigest()
        for inner in _named_in(content, home, directory):
            nested = _content(inner)
            if nested is not None:
                found.setdefault(str(inner), hashlib.sha256(nested).hexdigest())
    return tuple(sorted(found.items()))


def runs_programs(environment: Mapping[str, str], directory: Path, mentioned: Iterable[str] = ()) -> bool:
    """Return whether credentials may come from a program, which may read the whole environment."""
    return any(b"credential_process" in (_content(path) or b"") for path in _files(environment, directory, mentioned))


def names_relative_file(directory: Path, mentioned: Iterable[str]) -> bool:
    """Return whether the configuration names a file by a path relative to the working directory."""
    return any(
        _path_like(text) and not text.startswith(("/", "~")) and (directory / text).is_file() for text in mentioned
    )


def _files(environment: Mapping[str, str], directory: Path, mentioned: Iterable[str]) -> Iterator[Path]:
    """Yield the paths that may be relevant files: those named, and the default ones."""
    home = _home(environment)
    for text in (*environment.values(), *mentioned):
        yield from _paths(text, home, directory)
    yield from _default_files(Path(home) / ".aws" if home else None)


def _home(environment: Mapping[str, str]) -> str:
    return environment.get("HOME") or environment.get("USERPROFILE") or ""


def _default_files(aws: Path | None) -> Iterator[Path]:
    if aws is None:
        return
    yield from (aws / name for name in _DEFAULT_FILES)
    for folder in _LOGIN_CACHES:
        yield from sorted((aws / folder).glob("*.json"))


def _named_in(content: bytes, home: str, directory: Path) -> Iterator[Path]:
    """Yield the paths that the settings of a configuration file name."""
    for match in _SETTING.finditer(content.decode("utf-8", errors="replace")):
        yield from _paths(match.group(1), home, directory)


def _paths(text: str, home: str, directory: Path) -> Iterator[Path]:
    """Yield the path that a text names, if it can be a path."""
    if not _path_like(text):
        return
    expanded = f"{home}{text[1:]}" if home and (text == "~" or text.startswith("~/")) else text
    yield directory / os.path.expanduser(expanded)


def _path_like(text: str) -> bool:
    return 0 < len(text) < _LONGEST_PATH and "\0" not in text and "\n" not in text


def _content(path: Path) -> bytes | None:
    """Return the content of a regular file, or of a large one its size, time and inode; None if it is not readable."""
    try:
        if not path.is_file():
            return None
        status = path.stat()
        if status.st_size > _LARGEST_FILE:
            return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}".encode()
        return path.read_bytes()
    except (OSError, ValueError):
        return None
