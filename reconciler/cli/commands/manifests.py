"""Commands that need neither daemon nor AWS: validate and schema, for editors and CI jobs."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from reconciler.cli.options import CONFIGURED, Configured, Output
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import print_json, print_line

if TYPE_CHECKING:
    from desired_state.document import Problem
    from desired_state.snapshot import Snapshot
    from reconciler.config.models import Settings

_SUFFIXES = {".yaml", ".yml"}
_FILE_LIMIT = 10_000


def validate(
    *paths: Annotated[Path, Parameter(name="PATH", help="Manifest files, or folders with manifests.")],
    output: Output = "table",
    options: Configured = CONFIGURED,
) -> Exit:
    """Validate manifests and print each problem as file:line:column: message.

    Give the whole repository: dependencies, routes and names are checked across files. With --config, environments,
    Terraform roots and tenants are checked against that configuration; without it, no configuration is read. The
    inputs of a Module are checked where its root is known; otherwise the reason is printed after the result.

    Example: `reconciler validate desired_state/examples`
    """
    if not paths:
        raise CommandFailed("no path is given: name manifest files, or their folder", code=Exit.INVALID)
    settings = None if options.config is None else options.settings()
    files = _collect(paths, _folder(settings, paths[0]))
    snapshot = _build(files, settings)
    problems = [files.located(problem) for problem in snapshot.problems]
    unchecked = [files.located(problem) for problem in snapshot.unchecked]
    if output == "json":
        print_json(
            {
                "problems": [_shown(item) for item in problems],
                "instances": [str(key) for key in sorted(snapshot.instances)],
                "unchecked": [_shown(item) for item in unchecked],
            }
        )
        return Exit.INVALID if problems else Exit.OK
    for problem in problems:
        print_line(str(problem))
    if not problems:
        environments = sorted({key.environment for key in snapshot.instances})
        count = f"{len(files.contents)} files, {len(snapshot.instances)} instances"
        print_line(f"valid: {count} in {', '.join(environments) or 'no environment'}")
    for problem in unchecked:
        print_line(f"note: {problem}")
    return Exit.INVALID if problems else Exit.OK


def schema(
    kind: Annotated[
        Literal["platform", "service", "module"] | None,
        Parameter(name="KIND", help="One kind of manifest; without it, all schemas by kind."),
    ] = None,
    /,
) -> None:
    """Print the JSON Schema of manifests, for editors.

    Example: `reconciler schema service > service.schema.json`
    """
    from desired_state.manifest import KINDS
    from desired_state.schemas import generate

    if kind is None:
        print_json({name.lower(): generate(name) for name in KINDS})
    else:
        print_json(generate(next(name for name in KINDS if name.lower() == kind)))


def _shown(problem: "Problem") -> dict[str, str | int]:
    return {"path": problem.path, "line": problem.line, "column": problem.column, "message": problem.message}


@dataclass(frozen=True, slots=True)
class _Files:
    """Contents of the manifest files by path relative to `base`; `prefix` leads there from the working directory."""

    base: Path
    prefix: str
    contents: Mapping[str, bytes]

    def located(self, problem: "Problem") -> "Problem":
        """Return the problem with its path relative to the working directory, so that an editor can open it."""
        from desired_state.document import Problem

        path = os.path.join(self.prefix, problem.path)
        return Problem(path, problem.line, problem.column, problem.message)


def _collect(paths: Sequence[Path], folder: Path | None) -> _Files:
    found = sorted({item for path in paths for item in _walk(path)})
    if len(found) > _FILE_LIMIT:
        message = f"{len(found)} files exceed the limit of {_FILE_LIMIT}: name a smaller folder"
        raise CommandFailed(message, code=Exit.INVALID)
    base = _base(paths, folder)
    prefix = "" if base == Path.cwd() else os.path.relpath(base)
    return _Files(base, prefix, {item.relative_to(base).as_posix(): _read(item) for item in found})


def _walk(path: Path) -> Iterator[Path]:
    """Yield every manifest that the daemon would read under a path: no symlinks, no folders with a leading dot."""
    if path.is_file():
        yield path.absolute()
        return
    if not path.is_dir():
        raise CommandFailed(f"{path}: no such file or folder", code=Exit.INVALID)
    for folder, folders, names in os.walk(path.absolute()):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if Path(name).suffix in _SUFFIXES)


def _folder(settings: "Settings | None", path: Path) -> Path | None:
    """Return the folder of the manifests, from which tenants count their paths; None without tenants."""
    if settings is None or not settings.tenants:
        return None
    above = (one for one in path.absolute().parents if (one / ".git").exists())
    return settings.git.directory or Path(os.path.normpath(next(above, Path.cwd()) / settings.git.path))


def _base(paths: Sequence[Path], folder: Path | None) -> Path:
    """Return the folder that paths are relative to: that of the manifests, else the working directory if possible, so
    that editors open them."""
    here = Path.cwd()
    given = [path.absolute() for path in paths]
    if folder is not None and all(path.is_relative_to(folder) for path in given):
        return folder
    inside = [path.relative_to(here) for path in given if path.is_relative_to(here)]
    if len(inside) == len(given) and not any(part.startswith(".") for path in inside for part in path.parts):
        return here
    return Path(os.path.commonpath([path if path.is_dir() else path.parent for path in given]))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path}: cannot be read: {error.strerror}", code=Exit.INVALID) from None


def _build(files: _Files, settings: "Settings | None") -> "Snapshot":
    from desired_state.snapshot import build

    if settings is None:
        return build(commit="", files=files.contents, roots={}, environments=None)
    roots = {} if settings.terraform.source.git.url else _tree(settings.terraform.source.path)
    facts, tenants = settings.facts(), settings.tenancy()
    return build(commit="", files=files.contents, roots=roots, environments=facts, tenants=tenants)


def _tree(path: Path) -> Mapping[str, bytes]:
    if not path.is_dir():
        raise CommandFailed(f"terraform.source.path: {path} is not a folder", code=Exit.INVALID)
    return {
        item.relative_to(path).as_posix(): _read(item)
        for item in sorted(path.rglob("*"))
        if item.is_file() and ".terraform" not in item.parts
    }
