"""What a terraform command line means for the warm provider: pure reading of arguments.

Commands that install or only look at files run plainly: with a provider attached, `init` would not install it.
Anything that is not terraform itself (a script, make) gets the whole schema, since nobody knows what it will run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PROGRAMS = frozenset({"terraform", "tofu"})
_WARM = frozenset({"plan", "apply", "destroy", "refresh", "validate", "show", "import", "console", "test", "output",
                   "state", "graph"})  # fmt: skip
_ELSEWHERE = ("-state=", "-state-out=", "--state=")


@dataclass(frozen=True, slots=True)
class Command:
    """A command: does it profit, where does it run, and is all that it uses in sight?"""

    warm: bool
    program: str | None
    directory: Path
    data_directory: Path
    full_schema: bool


def read_command(arguments: Sequence[str], environment: Mapping[str, str], here: Path) -> Command:
    """Read a command line as it would be run in `here`."""
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
        full_schema=not known or any(a.startswith(_ELSEWHERE) for a in arguments),
    )
