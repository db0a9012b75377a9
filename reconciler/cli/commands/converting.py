"""Commands that write manifests from other text: of other tools (`import`), of earlier versions (`migrate`)."""

import shutil
import tempfile
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


def migrate(
    *paths: Annotated[Path, Parameter(name="PATH", help="Manifest files, or folders with manifests.")],
    check: Annotated[
        bool, Parameter(name="--check", negative=(), help="Write nothing, and exit with 3 if something is out of date.")
    ] = False,
) -> Exit:
    """Rewrite manifests of an earlier version in the current one, and print what changes as file:line:column: message.

    Comments and spaces stay. A manifest means the same before and after, so that nothing is planned because of it.

    Example: `reconciler migrate --check .`
    """
    from desired_state.migration.upgrading import upgrade

    if not paths:
        raise CommandFailed("no path is given: name manifest files, or their folder", code=Exit.INVALID)
    outdated = failed = False
    for path in [file for given in paths for file in _manifests(given)]:
        found = upgrade(str(path), _content(path))
        for line in (*found.notes, *found.problems):
            print_line(str(line))
        failed = failed or bool(found.problems)
        outdated = outdated or found.content is not None
        if found.content is not None and not check:
            _write(path, found.content)
    if failed:
        return Exit.INVALID
    return Exit.FOUND if outdated and check else Exit.OK


def _manifests(path: Path) -> list[Path]:
    """Return the files that the daemon would read under a path."""
    from desired_state.files.selection import is_manifest
    from desired_state.files.tree import Unavailable
    from reconciler.edges.source.folder import read_folder

    if not path.is_dir():
        return [path]
    try:
        found = read_folder(path.absolute()).files
    except OSError as error:
        raise CommandFailed(f"{path}: cannot be read: {error.strerror}", code=Exit.INVALID) from None
    return [
        path / name for name, content in found.items() if is_manifest(name) and not isinstance(content, Unavailable)
    ]


def _write(path: Path, content: bytes) -> None:
    """Replace the content of a file as a whole, with the permissions that it has."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".tmp", delete=False) as file:
            beside = Path(file.name)
            file.write(content)
        shutil.copymode(path, beside)
        beside.replace(path)
    except OSError as error:
        raise CommandFailed(f"{path}: cannot be written: {error.strerror}") from None


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
