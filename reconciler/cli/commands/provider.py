"""Commands of the user's warm provider: run any command with it, and show its status.

These commands need no configuration: the warm provider belongs to the user and is separate from the daemon's. `--`
separates `exec` from its command, which is passed on unchanged.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Group, Parameter

from reconciler.cli.options import Output
from reconciler.cli.outcome import CommandFailed
from reconciler.cli.output import age, print_fields, print_json, print_table

_MIB = 1024 * 1024

Name = Annotated[str, Parameter(help="Name of the warm provider; each name is a separate process.")]


def build(group: Group) -> App:
    """Build the sub-commands for the program, under the heading of the group."""
    app = App(name="provider", help="Run Terraform with a warm AWS provider, and show its status.", group=group)
    app.command(execute, name="exec")
    app.command(status)
    return app


def execute(*command: Annotated[str, Parameter(allow_leading_hyphen=True)], name: Name = "default") -> int:
    """Run a command in this folder, with its Terraform runs attached to the warm provider.

    The warm provider is started if needed and ends automatically after half an hour without use. The exit code is the
    command's. `terraform init` must have been run here once; if the warm provider cannot serve a run, Terraform starts
    its own provider as usual.

    Example: `reconciler provider exec -- terraform plan`
    """
    from reconciler.provider import execute as running

    return running.execute(command, name=name)


def status(
    *,
    name: Name = "default",
    directory: Annotated[
        Path | None, Parameter(help="Folder of another warm provider, such as `provider` in the daemon's data folder.")
    ] = None,
    output: Output = "table",
) -> None:
    """Show the processes, runs and limits of the warm provider. Exits 1 when none runs.

    Example: `reconciler provider status -o json`
    """
    from reconciler.provider import control

    try:
        found = control.status(directory or control.runtime_directory(name))
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
