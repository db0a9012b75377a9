"""Drift reports as files below a folder. Each is written to a temporary file and renamed, so no reader sees half of it.

ReportFailed     the file cannot be written
"""

import asyncio
import os
import tempfile
from pathlib import Path, PurePosixPath


class ReportFailed(Exception):
    """The report could not be kept."""


class DirectoryReports:
    """Implements `core.ports.store.Reports` on a folder."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def keep(self, name: str, text: str) -> None:
        """Write the report, in place of one of that name. Raises: ReportFailed."""
        await asyncio.to_thread(self._write, name, text)

    def _write(self, name: str, text: str) -> None:
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or "\0" in name:
            raise ReportFailed(f"{name!r} would leave the reports' folder")
        path = self._directory.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", dir=path.parent, prefix=".", delete=False, encoding="utf-8"
            ) as temporary:
                temporary.write(text)
            os.replace(temporary.name, path)
        except OSError as error:
            raise ReportFailed(f"{path}: {error.strerror or error}") from error
