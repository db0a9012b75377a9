"""Request log of the stand-in: the last calls in memory and, optionally, all of them in a file.

Tests assert on it ("an unrelated commit makes no call"), developers read it. It contains no bodies and no secret keys.
A call that is still being answered has no status.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any

from deploy.local.standin.calls import Call

KEPT = 20_000


class RequestLog:
    def __init__(self, file: Path | None = None, *, kept: int = KEPT) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=kept)
        self._number = 0
        self._lock = Lock()
        self._file = file.open("a", encoding="utf-8", buffering=1) if file else None

    def open(self, call: Call) -> dict[str, Any]:
        with self._lock:
            self._number += 1
            entry = {"number": self._number, **asdict(call), "status": None}
            self._entries.append(entry)
            return entry

    def close(self, entry: dict[str, Any], status: int) -> None:
        with self._lock:
            entry["status"] = status
            if self._file:
                self._file.write(json.dumps(entry) + "\n")

    def since(self, number: int) -> list[dict[str, Any]]:
        """Return the calls after a number from an earlier answer."""
        with self._lock:
            return [dict(entry) for entry in self._entries if entry["number"] > number]

    @property
    def last(self) -> int:
        return self._number
