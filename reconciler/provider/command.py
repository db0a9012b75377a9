"""The terraform command line as the warm provider reads it.

Commands that install or only read files run plainly: with a provider attached, `init` would not install it. Any other
program than terraform (a script, make) gets the full schema, because the commands that it runs are not known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PROGRAMS = frozenset({"terraform", "tofu"})
_WARM = frozenset({"plan", "apply", "destroy", "refresh", "validate", "show", "import", "console", "test", "output",
                   "state", "graph"})  # fmt: skip
_STATE_OPTIONS = ("-state=", "-state-out=", "--state=")


@dataclass(frozen=True, slots=True)
class Command:
    """A command line: whether to attach (`warm`), terraform's program if it is that, and the directories it uses.

    `full_schema` is set if the types that it uses cannot be known."""

    warm: bool
    program: str | None
    directory: Path
    data_directory: Path
    full_schema: bool


def read_command(arguments: Sequence[str], environment: Mapping[str, str], here: Path) -> Command:
    """Read a command line that is run in the directory `here`."""
    program = arguments[0]
    known = Path(program).name in _PROGRAMS
    chdir = next((a.partition("=")[2] for a in arguments[1:] if known and a.lstrip("-").startswith("chdir=")), "")
    directory = here / chdir
    data = directory / environment.get("TF_DATA_DIR", ".terraform")
    verb = next((a for a in arguments[1:] if not a.startswith("-")), "")
    return Command(
        warm=not known or verb in _WARM,
        program=program if known else None,
        directory=directory,
        data_directory=data,
        full_schema=not known or any(a.startswith(_STATE_OPTIONS) for a in arguments),
    )
