"""Programs from Debian packages, unpacked next to the project.

Nothing is installed: no root is needed, no service starts, and the machine's package lists stay unchanged. apt verifies
the download against the distribution's signature.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ANSWERS_WITHIN = 90.0
_PATIENCE = ("-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20")


class Unavailable(Exception):
    """The package cannot be downloaded or unpacked on this machine. The message is a phrase with the cause."""


def unpack(package: str, programs: Sequence[str], into: Path, *, environment: Mapping[str, str] = os.environ) -> None:
    """Unpack programs of a package into a folder. Raises: Unavailable."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=f".{package}-") as directory:
        folder = Path(directory)
        try:
            archive = _download(package, folder, environment)
            _run(["dpkg-deb", "--extract", str(archive), str(folder / "unpacked")], folder, environment)
            for program in programs:
                (folder / "unpacked" / "usr" / "bin" / program).replace(into / program)
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"{error.cmd[0]} did not end within {error.timeout:g} s") from error
        except subprocess.CalledProcessError as error:
            messages = error.stderr.strip().splitlines() or [f"exit code {error.returncode}"]
            raise Unavailable(f"{error.cmd[0]}: {messages[-1]}") from error
        except FileNotFoundError as error:
            raise Unavailable(f"{error.filename} was not found") from error


def _download(package: str, folder: Path, environment: Mapping[str, str]) -> Path:
    """Download with the machine's package lists, or, if they are missing or outdated, with private fresh ones."""
    try:
        _run(["apt-get", *_PATIENCE, "download", package], folder, environment)
    except subprocess.CalledProcessError:
        lists, cache = folder / "lists", folder / "cache"
        (lists / "partial").mkdir(parents=True)
        (cache / "archives" / "partial").mkdir(parents=True)
        own = [*_PATIENCE, "-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}"]
        _run(["apt-get", *own, "update"], folder, environment)
        _run(["apt-get", *own, "download", package], folder, environment)
    return max(folder.glob(f"{package}_*.deb"))


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    subprocess.run(
        command,
        cwd=folder,
        env={**environment, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=ANSWERS_WITHIN,
    )
