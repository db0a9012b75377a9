"""The snapshot of a commit, built where it cannot harm the daemon.

A small commit is built in a thread: its limits bound the work, and the event loop has its turn every few milliseconds.
A large one is built by a process of its own, because in a thread Python's garbage collector alone stops the loop for up
to a second. That process has a limit of time and of memory, and none of the daemon's environment.
"""

import contextlib
import gc
import os
import pickle
import re
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from desired_state.instance import Key
from desired_state.snapshot import EnvironmentFacts, Incumbent, Snapshot, build
from desired_state.tenants.tenant import Tenants
from reconciler.core.ports.source import Revision, SourceFailed
from reconciler.core.wording import shortened
from reconciler.edges.process import child
from reconciler.edges.process.threads import in_thread

_MODULE: Final = "reconciler.edges.source.apart"
_LONGEST_REASON: Final = 300
_KEPT: Final = ("PATH", "TMPDIR", "LANG")


@dataclass(slots=True)
class SnapshotBuilder:
    """Builds snapshots; commits with more than `small` bytes of manifests in a process of their own.

    A commit that was refused is tried again after `pause`, not with every fetch."""

    small: int = 256 * 1024
    longest: timedelta = timedelta(minutes=2)
    memory: int = 3 * 1024**3  # of addresses; the largest commit takes a few hundred MiB
    pause: timedelta = timedelta(minutes=10)
    _refused: tuple[str, str, float] = ("", "", 0.0)  # commit, reason, time

    async def __call__(
        self,
        revision: Revision,
        facts: Mapping[str, EnvironmentFacts],
        tenants: Tenants | None,
        known: Mapping[Key, Incumbent],
    ) -> Snapshot:
        """Return the snapshot of a revision. Raises: SourceFailed when it takes too long or too much memory."""
        asked: dict[str, Any] = {
            "commit": revision.commit,
            "files": revision.files,
            "roots": revision.roots,
            "environments": facts,
            "roots_of": revision.roots_of,
            "tenants": tenants,
            "known": known,
        }
        if sum(map(len, revision.files.values())) <= self.small:
            return await in_thread(build, **asked)
        commit, reason, since = self._refused
        if commit == revision.commit and time.monotonic() - since < self.pause.total_seconds():
            raise SourceFailed(reason)
        try:
            with tempfile.TemporaryDirectory(prefix="reconciler-") as scratch:
                return await self._apart(asked, Path(scratch))
        except SourceFailed as refusal:
            self._refused = (revision.commit, str(refusal), time.monotonic())
            raise

    async def _apart(self, asked: Mapping[str, Any], scratch: Path) -> Snapshot:
        question, answer, errors = scratch / "question", scratch / "answer", scratch / "errors"
        await in_thread(_write, question, asked)
        try:
            done = await child.run(
                [sys.executable, "-m", _MODULE, str(self.memory)],
                cwd=scratch,
                environment={name: os.environ[name] for name in _KEPT if name in os.environ},
                timeout=self.longest,
                output=answer,
                errors=errors,
                grace=timedelta(seconds=1),
                stdin=question,
                end_group=True,
            )
        except child.TimedOut:
            raise SourceFailed(_refusal(asked, f"takes longer than {self.longest.total_seconds():.0f} s")) from None
        except child.ProcessFailed as failure:
            raise SourceFailed(_refusal(asked, f"failed: {failure}")) from None
        if done.returncode != 0:
            raise SourceFailed(_refusal(asked, f"failed: {self._why(errors.read_text(errors='replace'))}"))
        return await in_thread(_read, answer)

    def _why(self, errors: str) -> str:
        if re.search(r"MemoryError|memory allocation", errors):
            return f"it needs more than {self.memory // 1024**2} MiB of memory"
        return shortened(" ".join(errors.split()), _LONGEST_REASON) or "its process ended without a word"


def _refusal(asked: Mapping[str, Any], why: str) -> str:
    return f"reading the manifests of {str(asked['commit'])[:12]} {why}; the last commit that was read stays in effect"


def _write(path: Path, asked: Mapping[str, Any]) -> None:
    with path.open("wb") as file:
        pickle.dump(asked, file)


def _read(path: Path) -> Snapshot:
    with path.open("rb") as file:
        found = pickle.load(file)  # noqa: S301 - written by this very module, in a folder of this user alone
    if not isinstance(found, Snapshot):
        raise SourceFailed("the process that reads manifests gave no answer")
    return found


def main(memory: int) -> None:
    """Build the snapshot that standard input asks for, and write it to standard output."""
    with contextlib.suppress(ValueError, OSError):  # not every system limits addresses
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    gc.disable()  # it takes half of the time, and this process ends soon
    asked = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the daemon
    pickle.dump(build(**asked), sys.stdout.buffer)


if __name__ == "__main__":
    main(int(sys.argv[1]))
