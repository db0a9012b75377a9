"""The daemon's disk: trees and workspaces that nothing needs go, and logs of runs stay small.

A tree or a workspace that was used a short time ago stays, so that a pass that goes on meanwhile never misses one. A
workspace holds nothing that cannot be made again, except a state that could not be uploaded: one with such a state
stays whatever happens.
"""

import shutil
import time
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from desired_state.instance import Key
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.edges.process.threads import in_thread
from reconciler.edges.store import trees as archive
from reconciler.edges.terraform import workspace

_TREE_UNUSED = timedelta(days=1)
_WORKSPACE_UNUSED = timedelta(hours=1)
_LARGEST_LOG = 10 * 1024 * 1024
_LOGS = ("*.out", "*.err")


@dataclass(frozen=True, slots=True)
class DiskUpkeep:
    """Implements `core.ports.upkeep.Upkeep` on the folders of trees and workspaces.

    While less than `least_free` of the file system is free, workspaces that nobody uses go too, the oldest first: they
    are made anew when their instance is visited.
    """

    trees: Path
    work: Path
    least_free: float = 0.1

    async def sweep(self, trees: AbstractSet[str], keys: AbstractSet[Key]) -> None:
        """Keep these trees and the workspaces of these instances. Raises: OSError."""
        await in_thread(archive.discard, self.trees, trees, _TREE_UNUSED)
        await in_thread(self._sweep_workspaces, keys)

    def _sweep_workspaces(self, keys: AbstractSet[Key]) -> None:
        wanted = {(key.environment, key.name) for key in keys}
        idle = [home for home in _homes(self.work) if _age(home) > _WORKSPACE_UNUSED]
        for home in idle:
            _remove_large_logs(home)
            if (home.parent.name, home.name) not in wanted:
                _remove(home)
        for home in sorted((home for home in idle if home.is_dir()), key=_age, reverse=True):
            if _free(self.work) >= self.least_free:
                return
            _remove(home)


def _homes(work: Path) -> Iterator[Path]:
    for environment in sorted(work.iterdir()) if work.is_dir() else ():
        if environment.is_dir():
            yield from (home for home in sorted(environment.iterdir()) if (home / ".lock").is_file())


def _age(home: Path) -> timedelta:
    """Return how long ago a run locked the workspace."""
    return timedelta(seconds=max(0.0, time.time() - (home / ".lock").stat().st_mtime))


def _free(directory: Path) -> float:
    usage = shutil.disk_usage(directory)
    return usage.free / usage.total


def _remove_large_logs(home: Path) -> None:
    logs: Iterable[Path] = (log for pattern in _LOGS for log in home.glob(pattern))
    for log in logs:
        if log.stat().st_size > _LARGEST_LOG:
            log.unlink()


def _remove(home: Path) -> None:
    """Remove a workspace, unless a run works in it or it has the only copy of a state."""
    try:
        workspace.check_state_kept(home)
        with workspace.locked(home):
            for entry in home.iterdir():
                if entry.name != ".lock":
                    shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        shutil.rmtree(home)
    except TerraformFailed:
        return
