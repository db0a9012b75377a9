"""Commands that write manifests from other text: `import` from the definitions of other tools."""

from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Parameter

from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import clean, print_line
from reconciler.core.visible import one_line

_LARGEST: Final = 1024 * 1024

Source = Annotated[
    Literal["copilot", "ecspresso", "compose", "task-definition"],
    Parameter(name="SOURCE", help="The tool whose definition it is."),
]
Paths = Annotated[Path, Parameter(name="FILE", help="The definition; for ecspresso, its ecspresso.yml or both files.")]


def import_(source: Source, /, *paths: Paths) -> Exit:
    """Write manifests to stdout from an existing definition, with a comment for each thing that they cannot say.

    YAML, JSON and JSON with comments are read; templates are not filled in, so render them first (`ecspresso render`,
    `docker compose config`). The values of variables that look like secrets are not written.

    Example: `reconciler import copilot copilot/web/manifest.yml > services/web.yaml`
    """
    from desired_state.migration.importing import import_files

    if not paths:
        raise CommandFailed("no file is given: name the definition", code=Exit.INVALID)
    files = {str(path): _content(path) for path in paths}
    if source == "ecspresso" and len(paths) == 1:
        files |= _named_by(paths[0], files[str(paths[0])])
    converted = import_files(source, files)
    for problem in converted.problems:
        print_line(str(problem))
    if not converted.problems:
        for line in converted.text.splitlines():
            print_line(one_line(line))
    return Exit.INVALID if converted.problems else Exit.OK


def _named_by(path: Path, content: bytes) -> dict[str, bytes]:
    """Return the files that a configuration of ecspresso names, which lie beside it."""
    from desired_state.migration.importing import named_files

    found: dict[str, bytes] = {}
    for name in named_files(content):
        beside = path.parent / name
        if not beside.resolve().is_relative_to(path.parent.resolve()):
            raise CommandFailed(f"{path}: {clean(name)} is not beside it: name the file", code=Exit.INVALID)
        found[str(beside)] = _content(beside)
    return found


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST + 1)
    except OSError as error:
        raise CommandFailed(f"{path}: cannot be read: {error.strerror}", code=Exit.INVALID) from None
