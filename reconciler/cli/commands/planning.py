"""Commands that run Terraform from here, without the daemon: plan, render, bootstrap.

Only bootstrap changes anything in the cloud, and it only makes what states need.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from reconciler.cli.options import CONFIGURED, Configured, KeyText, Output, read_key
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import changes, print_json, print_table, progress, say

if TYPE_CHECKING:
    from reconciler.app.dry_run import PlannedInstance
    from reconciler.config.models import Settings

Repository = Annotated[
    str | None, Parameter(name="--repo", help="The manifests repository: a URL or a path; else git.url.")
]
Revision = Annotated[str | None, Parameter(name="--commit", help="A commit or branch of it; else git.branch.")]


def plan(
    *keys: Annotated[str, Parameter(name="KEY", help="Instances; all when none is named.")],
    repo: Repository = None,
    commit: Revision = None,
    output: Output = "table",
    options: Configured = CONFIGURED,
) -> Exit:
    """Show what would change, touching nothing. Exits 3 when something would.

    Where a platform has no outputs yet, its services are planned with placeholders and marked provisional.

    Example: `reconciler plan --repo https://git.example/manifests.git develop/orders`
    """
    from reconciler.app.dry_run import plan_once

    settings = options.settings()
    wanted = [read_key(key) for key in keys]
    with progress() as tell:
        planned, problems = asyncio.run(
            plan_once(settings, repo=_repository(settings, repo), commit=commit, keys=wanted, progress=tell)
        )
    if output == "json":
        print_json({"instances": [_shown(item) for item in planned], "problems": [str(item) for item in problems]})
    else:
        _print(planned, [str(item) for item in problems])
    if any(item.error or item.denied or item.refused for item in planned):
        return Exit.FAILED
    if problems:
        return Exit.INVALID
    return Exit.FOUND if any(_changes(item) for item in planned) else Exit.OK


def render(
    key: KeyText,
    directory: Annotated[Path, Parameter(name="DIR", help="A folder that is empty or not there yet.")],
    /,
    *,
    repo: Repository = None,
    commit: Revision = None,
    options: Configured = CONFIGURED,
) -> None:
    """Write one instance as a folder where terraform can be run by hand: its root, its variables, its backend.

    Example: `reconciler render develop/orders /tmp/orders`
    """
    from reconciler.app.offline import render as write

    if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
        raise CommandFailed(f"{directory} is not an empty folder", code=Exit.INVALID)
    settings, name = options.settings(), read_key(key)
    source = _repository(settings, repo)
    for line in asyncio.run(write(settings, repo=source, commit=commit, key=name, directory=directory)):
        say(line)


def bootstrap(
    *environments: Annotated[
        str, Parameter(name="ENVIRONMENT", help="Configured environments; all when none is named.")
    ],
    options: Configured = CONFIGURED,
) -> None:
    """Make the state bucket and the lock table of each environment's account. Safe to run again.

    Example: `reconciler bootstrap develop`
    """
    from reconciler.app.offline import bootstrap as make

    settings = options.settings()
    names = list(environments) or sorted(settings.environments)
    if not names:
        raise CommandFailed("no environment is configured", code=Exit.INVALID)
    for name in names:
        settings.environment(name)
    for line in asyncio.run(make(settings, names)):
        say(line)


def _repository(settings: "Settings", named: str | None) -> str:
    found = named or settings.git.url or (str(settings.git.directory) if settings.git.directory else None)
    if found is None:
        raise CommandFailed("which manifests? Name them with --repo, or set git.url", code=Exit.INVALID)
    return found


def _changes(item: "PlannedInstance") -> int:
    return sum((item.imports, item.creates, item.updates, item.replaces, item.destroys))


def _print(planned: Sequence["PlannedInstance"], problems: Sequence[str]) -> None:
    rows = [
        (
            item.key,
            item.kind,
            item.imports,
            item.creates,
            item.updates,
            item.replaces,
            item.destroys,
            item.error
            or item.refused
            or ("provisional: placeholders for the platform's outputs" if item.provisional else ""),
        )
        for item in planned
    ]
    for item in planned:
        if item.changes:
            say(f"{item.key}")
            for line in changes(_resources(item)):
                say(f"  {line}")
            say("")
    print_table(("INSTANCE", "KIND", "IMPORT", "CREATE", "UPDATE", "REPLACE", "DESTROY", "NOTE"), rows)
    for item in planned:
        for violation in item.denied:
            say(f"{item.key} is denied by policy: {violation}")
    for problem in problems:
        say(problem)
    touched = sum(1 for item in planned if _changes(item))
    say(f"{touched} of {len(planned)} instances would change" if touched else "nothing would change")


def _resources(item: "PlannedInstance") -> list[dict[str, Any]]:
    from reconciler.core.views.api import resource

    return [resource(change) for change in item.changes]


def _shown(item: "PlannedInstance") -> dict[str, Any]:
    return {
        "key": str(item.key),
        "kind": item.kind,
        "provisional": item.provisional,
        "counts": {
            "import": item.imports,
            "create": item.creates,
            "update": item.updates,
            "replace": item.replaces,
            "destroy": item.destroys,
        },
        "changes": _resources(item),
        "denied": list(item.denied),
        "refused": item.refused,
        "error": item.error,
    }
