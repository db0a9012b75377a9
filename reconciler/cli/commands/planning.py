"""Commands that run Terraform locally, without the daemon: plan, render, bootstrap.

Only bootstrap changes anything in AWS: it creates the state bucket and the lock table.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from reconciler.cli.options import CONFIGURED, Configured, KeyText, Output, read_key
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import changes, print_json, print_line, print_remarks, print_table, progress
from reconciler.core.plan.summary import Operation, counts

if TYPE_CHECKING:
    from reconciler.app.dry_run import PlannedInstance
    from reconciler.config.models import Settings

Repository = Annotated[
    str | None, Parameter(name="--repo", help="Repository of the manifests, a URL or a path; else git.url.")
]
_COUNTED: Sequence[Operation] = ("import", "move", "create", "update", "replace", "destroy", "forget")
Revision = Annotated[str | None, Parameter(name="--commit", help="Commit or branch to read; else git.branch.")]


def plan(
    *keys: Annotated[str, Parameter(name="KEY", help="Instances; without any, all of them.")],
    repo: Repository = None,
    commit: Revision = None,
    output: Output = "table",
    options: Configured = CONFIGURED,
) -> Exit:
    """Plan instances without applying anything, and show the changes. Exits 3 when something would change.

    Services whose platform was never applied are planned with placeholders and marked provisional.

    Example: `reconciler plan --repo https://git.example/manifests.git develop/orders`
    """
    from reconciler.app.dry_run import plan_once

    settings = options.settings()
    wanted = [read_key(key) for key in keys]
    with progress() as report:
        planned, problems = asyncio.run(
            plan_once(settings, repo=_repository(settings, repo), commit=commit, keys=wanted, progress=report)
        )
    if output == "json":
        print_json({"instances": [_shown(item) for item in planned], "problems": [str(item) for item in problems]})
    else:
        _print(planned, [str(item) for item in problems])
    if any(item.error or item.denied or item.refused for item in planned):
        return Exit.FAILED
    if problems:
        return Exit.INVALID
    return Exit.FOUND if any(item.changes for item in planned) else Exit.OK


def render(
    key: KeyText,
    directory: Annotated[Path, Parameter(name="DIR", help="Folder to write to; it must be empty or not exist.")],
    /,
    *,
    repo: Repository = None,
    commit: Revision = None,
    options: Configured = CONFIGURED,
) -> None:
    """Write one instance as a folder to run Terraform in by hand: root module, variables and backend.

    Example: `reconciler render develop/orders /tmp/orders`
    """
    from reconciler.app.offline import render as write

    if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
        raise CommandFailed(f"{directory} is not an empty folder: name an empty or a new one", code=Exit.INVALID)
    settings, name = options.settings(), read_key(key)
    source = _repository(settings, repo)
    for line in asyncio.run(write(settings, repo=source, commit=commit, key=name, directory=directory)):
        print_line(line)


def bootstrap(
    *environments: Annotated[
        str, Parameter(name="ENVIRONMENT", help="Configured environments; without any, all of them.")
    ],
    options: Configured = CONFIGURED,
) -> None:
    """Create the state bucket and the lock table in each environment's account. Can be repeated safely.

    Example: `reconciler bootstrap develop`
    """
    from reconciler.app.offline import bootstrap as make

    settings = options.settings()
    names = list(environments) or sorted(settings.environments)
    if not names:
        raise CommandFailed("no environment is configured: add one under environments", code=Exit.INVALID)
    for name in names:
        settings.environment(name)
    for line in asyncio.run(make(settings, names)):
        print_line(line)


def _repository(settings: "Settings", named: str | None) -> str:
    found = named or settings.git.url or (str(settings.git.directory) if settings.git.directory else None)
    if found is None:
        raise CommandFailed("no source of manifests is given: use --repo, or set git.url", code=Exit.INVALID)
    return found


def _counts(item: "PlannedInstance") -> dict[Operation, int]:
    return counts(change.actions for change in item.changes)


def _print(planned: Sequence["PlannedInstance"], problems: Sequence[str]) -> None:
    from reconciler.core.views.changes import checks

    rows = [
        (
            item.key,
            item.kind,
            *(_counts(item)[name] for name in _COUNTED),
            item.error or item.refused or (f"provisional: {item.provisional}" if item.provisional else ""),
        )
        for item in planned
    ]
    for item in planned:
        if item.changes or item.checks or item.warnings:
            print_line(f"{item.key}")
            for line in changes(_resources(item)):
                print_line(f"  {line}")
            print_remarks(checks(item.checks), item.warnings)
            print_line("")
    print_table(("INSTANCE", "KIND", *map(str.upper, _COUNTED), "NOTE"), rows)
    for item in planned:
        for violation in item.denied:
            print_line(f"{item.key} is denied by policy: {violation}")
    for problem in problems:
        print_line(problem)
    touched = sum(1 for item in planned if item.changes)
    print_line(f"{touched} of {len(planned)} instances would change" if touched else "no changes")


def _resources(item: "PlannedInstance") -> list[dict[str, Any]]:
    from reconciler.core.views.changes import resource

    return [resource(change) for change in item.changes]


def _shown(item: "PlannedInstance") -> dict[str, Any]:
    from reconciler.core.views.changes import checks

    return {
        "key": str(item.key),
        "kind": item.kind,
        "provisional": item.provisional is not None,
        "counts": _counts(item),
        "changes": _resources(item),
        "checks": checks(item.checks),
        "warnings": list(item.warnings),
        "denied": list(item.denied),
        "refused": item.refused,
        "error": item.error,
    }
