"""`make mutation`: how many small errors in `desired_state`, `core` and `engine` the fast tests find, per folder.

mutmut writes the errors, one at a time into a function, and runs the tests that reach this function. Ten mutants of
each function are tried, drawn with a fixed seed; `--all` tries every one. Names (`reconciler.core.decide`) narrow the
run. Survivors are written to `mutants/survivors.md` with file, line and difference. Exit code 3 when a package stays
under the floor, when the list of accepted survivors is not true any more, or when a mutant has no verdict.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.mutation import accepted, mutants, report

MISSED = 3
REPORT, LOG = mutants.FOLDER / "survivors.md", mutants.FOLDER / "mutmut.log"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run mutmut and report. Returns 0 when every folder reaches the floor and the accepted list is true."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("names", nargs="*", help="dotted names of folders, modules or functions; without one, all")
    parser.add_argument("--per-function", type=int, default=10, help="mutants tried of each function")
    parser.add_argument("--all", action="store_true", help="try every mutant")
    parser.add_argument("--seed", default="11", help="the draw of the sample")
    parser.add_argument("--children", type=int, default=2, help="mutants tried at the same time")
    parser.add_argument("--accepted", type=Path, default=accepted.LIST, help="the list of accepted survivors")
    options = parser.parse_args(arguments)

    shutil.rmtree(mutants.FOLDER, ignore_errors=True)
    generated = mutants.generate(options.children)
    chosen = mutants.choose(generated, options.names, None if options.all else options.per_function, options.seed)
    if not chosen:
        sys.stderr.write(f"no mutant has one of the names {', '.join(options.names)}\n")
        return 1
    mutants.skip(set(generated) - chosen)
    sys.stderr.write(f"{len(chosen)} of {len(generated)} mutants are tried\n")
    if code := run(options.children):
        return code
    known = accepted.load(options.accepted)
    listed = {entry.function for entry in known}
    judged = mutants.judged()
    tried = [mutant for mutant in judged if mutant.name in chosen]
    survived = {mutant: mutants.change(mutant) for mutant in tried if mutant.status in mutants.SURVIVED}
    REPORT.write_text(report.survivors(survived, known))
    sys.stdout.write(report.table(tried))
    of_the_list = {mutant: mutants.change(mutant) for mutant in judged if mutant.function in listed}
    problems = [*report.problems(tried), *accepted.problems(known, of_the_list)]
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    sys.stdout.write(f"the survivors are in {REPORT}\n")
    return MISSED if problems else 0


def run(children: int) -> int:
    """Run mutmut on the mutants that are not skipped. Its progress goes to a terminal, or else to a file."""
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(children)]
    if sys.stdout.isatty():
        return subprocess.run(command, check=False).returncode
    with LOG.open("w") as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        sys.stderr.writelines(LOG.read_text().splitlines(keepends=True)[-60:])
    return code


if __name__ == "__main__":
    sys.exit(main())
