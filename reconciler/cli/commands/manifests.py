"""Commands that need neither daemon nor AWS: validate and schema, for editors and CI jobs."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from reconciler.cli.excerpt import excerpt
from reconciler.cli.options import CONFIGURED, Configured, Findings
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import print_json, print_line
from reconciler.cli.sarif import sarif

if TYPE_CHECKING:
    from desired_state.reading.document import Problem
    from desired_state.snapshot import Snapshot
    from reconciler.config.models import Settings


def validate(
    *paths: Annotated[Path, Parameter(name="PATH", help="Manifest files, or folders with manifests.")],
    output: Findings = "table",
    options: Configured = CONFIGURED,
) -> Exit:
    """Validate manifests and print each problem as file:line:column: message.

    Give the whole repository: dependencies, routes and names are checked across files. With --config, environments,
    Terraform roots and tenants are checked against that configuration; without it, no configuration is read. The
    inputs of a Module are checked where its root is known; otherwise the reason is printed after the result. On a
    terminal each problem is shown with its line.

    Example: `reconciler validate desired_state/examples`
    """
    if not paths:
        raise CommandFailed("no path is given: name manifest files, or their folder", code=Exit.INVALID)
    settings = None if options.config is None else options.settings()
    files = _collect(paths, _folder(settings, paths[0]))
    snapshot = _build(files, settings)
    problems = [files.located(problem) for problem in snapshot.problems]
    unchecked = [files.located(problem) for problem in snapshot.unchecked]
    deprecated = [files.located(problem) for problem in snapshot.deprecated]
    if output == "json":
        print_json(
            {
                "problems": [_shown(item) for item in problems],
                "instances": [str(key) for key in sorted(snapshot.instances)],
                "unchecked": [_shown(item) for item in unchecked],
                "deprecated": [_shown(item) for item in deprecated],
            }
        )
        return Exit.INVALID if problems else Exit.OK
    if output == "sarif":
        by_rule = {"manifest": problems, "unchecked": unchecked, "deprecated": deprecated}
        print_json(sarif(version("ecs-gitops-reconciler"), by_rule))
        return Exit.INVALID if problems else Exit.OK
    for problem, found in zip(problems, snapshot.problems, strict=True):
        print_line(str(problem))
        if sys.stdout.isatty():
            for line in excerpt(files.contents.get(found.path, b""), found.line, found.column):
                print_line(line)
    if not problems:
        environments = sorted({key.environment for key in snapshot.instances})
        count = f"{files.count} files, {len(snapshot.instances)} instances"
        print_line(f"valid: {count} in {', '.join(environments) or 'no environment'}")
    for problem in (*unchecked, *deprecated):
        print_line(f"note: {problem}")
    return Exit.INVALID if problems else Exit.OK


def schema(
    kind: Annotated[
        Literal["manifest", "platform", "service", "module", "job"] | None,
        Parameter(name="KIND", help="One kind, or `manifest` for any of them; without it, all schemas by kind."),
    ] = None,
    /,
) -> None:
    """Print the JSON Schema of manifests, for editors.

    Example: `reconciler schema manifest > manifest.schema.json`
    """
    from desired_state.kinds.manifest import KINDS
    from desired_state.kinds.schemas import generate, generate_union

    if kind is None:
        print_json({name.lower(): generate(name) for name in KINDS})
    elif kind == "manifest":
        print_json(generate_union())
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

    @property
    def count(self) -> int:
        """Return the number of files that were read."""
        from desired_state.files.tree import Unavailable

        return sum(not isinstance(content, Unavailable) for content in self.contents.values())

    def located(self, problem: "Problem") -> "Problem":
        """Return the problem with its path relative to the working directory, so that an editor can open it."""
        from desired_state.reading.document import Problem

        path = os.path.join(self.prefix, problem.path)
        return Problem(path, problem.line, problem.column, problem.message)


def _collect(paths: Sequence[Path], folder: Path | None) -> _Files:
    base = _base(paths, folder)
    prefix = "" if base == Path.cwd() else os.path.relpath(base)
    contents: dict[str, bytes] = {}
    for path in paths:
        contents |= _read(path, path.absolute().relative_to(base).as_posix())
    return _Files(base, prefix, dict(sorted(contents.items())))


def _read(path: Path, name: str) -> dict[str, bytes]:
    """Return what the daemon would read under a path, by the path from the base."""
    from desired_state.files.selection import Entry, select
    from desired_state.files.tree import SYMLINK
    from reconciler.edges.source.folder import read_file, read_folder

    try:
        if path.is_dir():
            folder = "" if name == "." else f"{name}/"
            return {folder + below: content for below, content in read_folder(path.absolute()).files.items()}
        if not path.is_file():
            raise CommandFailed(f"{path}: no such file or folder", code=Exit.INVALID)
        selected = select([Entry(name, path.stat().st_size, SYMLINK if path.is_symlink() else None)])
        return selected.contents({found: read_file(path)[0] for found in selected.names})
    except OSError as error:
        raise CommandFailed(f"{path}: cannot be read: {error.strerror}", code=Exit.INVALID) from None


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
        item.relative_to(path).as_posix(): _terraform_file(item)
        for item in sorted(path.rglob("*"))
        if item.is_file() and ".terraform" not in item.parts
    }


def _terraform_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path}: cannot be read: {error.strerror}", code=Exit.INVALID) from None
