"""The limits of one commit: the work and the memory that its authors can demand.

Anybody who may push decides on every byte, and one commit holds the manifests of many teams. So each limit concerns the
file or the document that exceeds it, no limit stops the others, and what is not read is unknown, never removed.
`docs/security.md` has the table.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from desired_state.located import Problem

LARGEST_FILE: Final = 1024 * 1024
LARGEST_COMMIT: Final = 16 * 1024 * 1024
MOST_FILES: Final = 10_000
MOST_DOCUMENTS: Final = 200  # in a file
MOST_VALUES: Final = 20_000  # in a file; each takes about 500 bytes while the commit is read
MOST_VALUES_OF_COMMIT: Final = 400_000
MOST_ENVIRONMENTS: Final = 100  # of a manifest, and so of its overrides
MOST_MERGED: Final = 200_000  # values of a manifest, times the overrides that it is merged with
MOST_PROBLEMS: Final = 1_000
_COST_OF_FILE: Final = 1024  # bytes that are read in the time that a file takes of itself


def fair_order(sizes: Mapping[str, int]) -> list[str]:
    """Order files so that every folder at the top gets its share: what a limit cuts off is the most of one folder."""
    spent: Counter[str] = Counter()
    costs: dict[str, int] = {}
    for path in sorted(sizes):
        folder = path.partition("/")[0] if "/" in path else ""
        spent[folder] += _COST_OF_FILE + sizes[path]
        costs[path] = spent[folder]
    return sorted(costs, key=lambda path: (costs[path], path))


def affordable(sizes: Mapping[str, int]) -> frozenset[str]:
    """Return the files of a commit that are read."""
    return frozenset(_affordable(sizes))


def _affordable(sizes: Mapping[str, int]) -> Iterator[str]:
    total = count = 0
    for path in fair_order(sizes):
        if count < MOST_FILES and sizes[path] <= LARGEST_FILE and total + sizes[path] <= LARGEST_COMMIT:
            count, total = count + 1, total + sizes[path]
            yield path


def first_of(problems: Sequence[Problem], *, noun: str = "problems") -> tuple[Problem, ...]:
    """Return the first problems of every file, as many as a commit may have, and the count of the others."""
    if len(problems) <= MOST_PROBLEMS:
        return tuple(problems)
    seen: Counter[str] = Counter()
    ranks: dict[Problem, int] = {}
    for problem in problems:
        ranks[problem] = seen[problem.path]
        seen[problem.path] += 1
    chosen = sorted(problems, key=lambda problem: (ranks[problem], problem))[:MOST_PROBLEMS]
    return (*sorted(chosen), Problem(".", 1, 1, f"and {len(problems) - MOST_PROBLEMS} more {noun}"))
