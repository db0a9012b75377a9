"""The Makefile as the tests of this folder read it: targets, what they need and what they run."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_OF_THE_MAKE_AROUND = frozenset({"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "ARGS", "VERSION", "PYTHON"})
_TARGET = re.compile(r"^(?P<name>[a-z-]+):(?P<needs>[^=#]*)(?:## (?P<help>.+))?$")


@dataclass(frozen=True, slots=True)
class Target:
    """One target: what it needs first, its line in `make help`, and the lines of its recipe with `BIN` filled in."""

    name: str
    needs: tuple[str, ...]
    help: str | None
    recipe: tuple[str, ...]


def targets(text: str | None = None) -> dict[str, Target]:
    """Return the targets of the Makefile that have a name of letters, by name."""
    text = (PROJECT / "Makefile").read_text() if text is None else text
    found: dict[str, Target] = {}
    for part in re.split(r"\n(?=[^\t\n])", text.replace("\\\n", "")):
        head, *lines = part.split("\n")
        if match := _TARGET.match(head):
            recipe = tuple(line[1:].lstrip("@").replace("$(BIN)", ".venv/bin") for line in lines if line[:1] == "\t")
            found[match["name"]] = Target(match["name"], tuple(match["needs"].split()), match["help"], recipe)
    return found


def phony() -> set[str]:
    """Return the targets that are declared to be no files."""
    text = (PROJECT / "Makefile").read_text()
    return {name for line in re.findall(r"^\.PHONY:(.*)$", text, re.MULTILINE) for name in line.split()}


def make(*arguments: str) -> str:
    """Return what `make` prints for these arguments in the project, whatever the `make` around the tests was given."""
    environment = {name: value for name, value in os.environ.items() if name not in _OF_THE_MAKE_AROUND}
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout
