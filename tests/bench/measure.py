"""The cost of a command: its wall time, the CPU of all its processes, the memory of all its processes at its peak.

CPU is the kernel's own account of the command and every child that it waited for, so a provider that terraform starts
and ends is in it. Memory is the largest sum of resident bytes over the command and what it started, looked at forty
times a second: the kernel's own account knows only the largest process, and starts with what the bench itself held.
What the warm provider spends on behalf of a run happens in processes that live on; it is read from `/proc` and kept
apart as `shared`, because runs that go at once cannot be told apart in it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LOOK_SECONDS = 0.025


class Unexpected(Exception):
    """A command ended otherwise than the bench needs; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds and bytes. `shared` is CPU of the warm provider's processes, and 0 for a plain run."""

    wall: float
    cpu: float
    rss: int
    shared: float = 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """Several costs of the same thing: the median of each figure, and the least and the most wall time."""

    wall: float
    cpu: float
    rss: int
    shared: float
    least: float
    most: float
    rounds: int

    @classmethod
    def of(cls, costs: Sequence[Cost]) -> Summary:
        walls = [cost.wall for cost in costs]
        return cls(
            wall=statistics.median(walls),
            cpu=statistics.median(cost.cpu for cost in costs),
            rss=int(statistics.median(cost.rss for cost in costs)),
            shared=statistics.median(cost.shared for cost in costs),
            least=min(walls),
            most=max(walls),
            rounds=len(costs),
        )


async def run(
    command: Sequence[str], *, directory: Path, environment: Mapping[str, str], code: int, extra: Mapping[str, str]
) -> Cost:
    """Run a command to its end. `extra` is added to its environment. Raises: Unexpected."""
    return await asyncio.to_thread(_run, command, directory, {**environment, **extra}, code)


def _run(command: Sequence[str], directory: Path, environment: Mapping[str, str], code: int) -> Cost:
    said = directory / "bench.log"
    began = time.monotonic()
    with said.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    seen, over = [0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, seen, over))
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    over.set()
    watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)  # it was waited for here, not by the Popen
    if process.returncode != code:
        text = said.read_text(errors="replace")[-3000:]
        raise Unexpected(f"{' '.join(command)} ended with {process.returncode}, not {code}:\n{text}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, max(seen))


def _watch(pid: int, seen: list[int], over: threading.Event) -> None:
    """Note what the processes hold, again and again."""
    while not over.is_set():
        seen.append(resident(pid))
        over.wait(_LOOK_SECONDS)


def resident(pid: int, proc: Path = Path("/proc")) -> int:
    """The resident bytes of a process and all below it."""
    try:
        pages = int((proc / str(pid) / "statm").read_text().split()[1])
        below = [child for task in (proc / str(pid) / "task").glob("*/children") for child in task.read_text().split()]
    except (OSError, IndexError):
        return 0  # it has just ended
    return pages * _PAGE + sum(resident(int(child), proc) for child in below)


def cpu_of(roots: Iterable[int], proc: Path = Path("/proc")) -> float:
    """The CPU seconds so far of these processes and all below them, ended ones that were waited for included."""
    seconds, parents = {}, {}
    for entry in proc.iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            seconds[int(entry.name)] = sum(map(int, fields[11:15])) / _TICKS
    wanted = {pid for pid in roots if pid in parents}
    while more := {pid for pid, parent in parents.items() if parent in wanted} - wanted:
        wanted |= more
    return sum(seconds[pid] for pid in wanted)
