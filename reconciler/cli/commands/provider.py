"""The warm provider for people: any terraform command at its speed, and what it is doing.

Nothing here needs a configuration: it is this user's own warm provider, apart from the daemon's. `exec` is told apart
from its command by `--`, and what follows is passed on as it is.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Group, Parameter

from reconciler.cli.options import Output
from reconciler.cli.outcome import CommandFailed
from reconciler.cli.output import age, print_fields, print_json, print_table

_MIB = 1024 * 1024

Name = Annotated[str, Parameter(help="Which of your warm providers; each name is one of its own.")]


def build(group: Group) -> App:
    """The commands, to be put into the program under that heading."""
    app = App(name="provider", help="Run terraform with the AWS provider kept warm; see what it does.", group=group)
    app.command(execute, name="exec")
    app.command(status)
    return app


def execute(*command: Annotated[str, Parameter(allow_leading_hyphen=True)], name: Name = "default") -> int:
    """Run a command in this folder, with every terraform in it attached to the warm provider.

    It is started when it is missing, and ends by itself when nobody used it for half an hour. The exit code is the
    command's. `terraform init` must have been run here once; where the warm provider cannot serve, terraform runs
    as always.

    Example: `reconciler provider exec -- terraform plan`
    """
    from reconciler.provider import execute as running

    return running.execute(command, name=name)


def status(
    *,
    name: Name = "default",
    directory: Annotated[
        Path | None, Parameter(help="The folder of another one: the daemon's is `provider` in its data folder.")
    ] = None,
    output: Output = "table",
) -> None:
    """Show the processes, runs and limits of the warm provider; exit code 1 when there is none.

    Example: `reconciler provider status -o json`
    """
    from reconciler.provider import control

    try:
        found = control.call(directory or control.runtime_directory(name), {"op": "status"})["status"]
    except (control.Unreachable, control.Refused) as error:
        raise CommandFailed(str(error)) from None
    if output == "json":
        print_json(found)
        return
    _show(found)


def _show(found: Mapping[str, Any]) -> None:
    calls = sum(item["count"] for item in found["calls_total"])
    failed = sum(item["count"] for item in found["calls_total"] if item["outcome"] != "ok")
    print_fields(
        {
            "process": found["pid"],
            "up": age(int(found["uptime_seconds"])),
            "stopping": "yes" if found["stopping"] else "no",
            "runs": f"{len(found['runs'])} now, {found['runs_total']} so far",
            "calls": f"{calls}, {failed} not ok",
            "room for": f"{found['admission']['plans']} plans or {found['admission']['applies']} applies at once",
        }
    )
    if found["processes"]:
        headers = ("PROVIDER", "MIB", "AGE", "CALLS", "SESSIONS", "STATE")
        print_table(headers, [_row(item) for item in found["processes"]])


def _row(item: Mapping[str, Any]) -> tuple[Any, ...]:
    state = "draining" if item["draining"] else "applying" if item["seat"] else "configured"
    return (
        item["pid"],
        item["rss_bytes"] // _MIB,
        age(int(item["age_seconds"])),
        item["calls"],
        item["sessions"],
        state if item["configured"] else "unconfigured",
    )
