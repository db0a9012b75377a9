"""Hold the branch coverage of a run against its floors: `python -m tests.project.floors`.

A percentage counts statements and branches together, as coverage.py does. Child processes are measured where they
inherit the environment of the tests: pytest's workers, command lines, the daemons of `tests/e2e`. A process that is
killed with SIGKILL reports nothing, and neither do the warm provider processes of a daemon, whose environment is an
allow-list: what only they execute counts as missed.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import NoDataError

PROJECT = Path(__file__).resolve().parents[2]
MOST_LISTED = 10


@dataclass(frozen=True, slots=True)
class Floor:
    """The least coverage, in percent, of the files under some folders of the project."""

    folders: tuple[str, ...]
    least: float

    @property
    def patterns(self) -> list[str]:
        """Patterns of the files, as coverage.py takes them."""
        return [f"{PROJECT / folder}/*" for folder in self.folders]


PURE = (Floor(("desired_state",), 95.0), Floor(("reconciler/core",), 95.0))
ALL = (*PURE, Floor(("desired_state", "reconciler"), 85.0))


@dataclass(frozen=True, slots=True)
class Result:
    """The coverage that a run reached, in percent, and the files that miss the most lines and branches."""

    floor: Floor
    reached: float
    gaps: tuple[str, ...]

    @property
    def is_met(self) -> bool:
        """True when the coverage, rounded down to a tenth of a percent, is not below the floor."""
        return self.reached >= self.floor.least

    @property
    def line(self) -> str:
        """One line of the table."""
        return f"{', '.join(self.floor.folders):<28} {self.reached:6.1f} %   floor {self.floor.least:.0f} %"


def measure(coverage: Coverage, floors: Iterable[Floor]) -> list[Result]:
    """Return the coverage that the combined data of a run shows for each floor."""
    return [_result(coverage, floor) for floor in floors]


def _result(coverage: Coverage, floor: Floor) -> Result:
    printed = io.StringIO()
    reached = coverage.report(
        include=floor.patterns, file=printed, sort="-miss", skip_covered=True, show_missing=True, ignore_errors=False
    )
    files = [line for line in printed.getvalue().splitlines() if line.split(" ")[0].endswith(".py")]
    return Result(floor, int(reached * 10) / 10, tuple(files[:MOST_LISTED]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Combine what the processes of a run wrote, print it, and return 1 when a floor is not met."""
    parser = argparse.ArgumentParser(prog="python -m tests.project.floors", description=__doc__.split("\n\n")[0])
    parser.add_argument("--pure", action="store_true", help="only the packages that the unit tests cover")
    parser.add_argument("--print-only", action="store_true", help="print and succeed: only a part of the tests ran")
    wanted = parser.parse_args(arguments)
    coverage = Coverage(config_file=str(PROJECT / "pyproject.toml"))
    try:
        coverage.combine()
        results = measure(coverage, PURE if wanted.pure else ALL)
    except NoDataError as error:
        sys.stderr.write(f"No coverage was measured ({error}): run `make test` or `make coverage`.\n")
        return 1
    sys.stdout.write("\n".join(("Branch coverage", *(result.line for result in results), "")))
    missed = [] if wanted.print_only else [result for result in results if not result.is_met]
    for result in missed:
        sys.stdout.write("\n".join((f"\nBelow the floor: {result.line}. The largest gaps:", *result.gaps, "")))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
