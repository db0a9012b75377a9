"""Memory limits and use, and the number of concurrent runs that fit.

The number of concurrent terraform runs is not fixed: too few waste cores, and too many are killed by the memory limit
in the middle of an apply. It follows from the cores and from the measured memory of the running processes.
"""

import os
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")
MIB = 1024 * 1024


def concurrency(*, cores: int, memory: int, fixed: int, each: int, per_core: int = 4) -> int:
    """Return the number of concurrent runs: `per_core` per core, as far as they fit into the memory.

    `fixed` bytes are used once and `each` bytes per run. A warm run waits more than it computes, so a core serves
    several. At least one, because a run must always be possible."""
    by_memory = (memory - fixed) // max(1, each)
    return max(1, min(max(1, cores) * per_core, by_memory))


def memory_limit(cgroups: Path = _CGROUPS, proc: Path = _PROC) -> int:
    """Return the bytes that this process may use: the lowest limit of its cgroups, or the machine's memory."""
    limits = [_machine(proc)]
    for path in _own_cgroups(cgroups, proc):
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = _read(path / name)
            if text.isdigit():
                limits.append(int(text))
    return min(limits)


def resident(pid: int, proc: Path = _PROC) -> int:
    """Return the resident bytes of a process; 0 if it is gone or the system has no `/proc`."""
    numbers = _read(proc / str(pid) / "statm").split()
    return int(numbers[1]) * _PAGE if len(numbers) > 1 else 0


def private(pid: int, proc: Path = _PROC) -> int:
    """Return the private bytes of a process, without the pages of its program, which processes share; 0 if unknown."""
    sizes = dict(line.split(":", 1) for line in _read(proc / str(pid) / "status").splitlines() if ":" in line)
    return 1024 * sum(int(sizes[name].split()[0]) for name in ("RssAnon", "RssShmem") if name in sizes)


def cores() -> int:
    """Return the number of cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _machine(proc: Path) -> int:
    for line in _read(proc / "meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return _PAGE * os.sysconf("SC_PHYS_PAGES")


def _own_cgroups(cgroups: Path, proc: Path) -> list[Path]:
    """Return the cgroup directories from this process's own up to the root, for cgroup versions 1 and 2."""
    found = [cgroups, cgroups / "memory"]
    for line in _read(proc / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        base = cgroups / "memory" if "memory" in controllers.split(",") else cgroups
        own = base / path.lstrip("/")
        found.extend([own, *(parent for parent in own.parents if parent.is_relative_to(base))])
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
