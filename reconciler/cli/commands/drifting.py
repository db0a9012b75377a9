"""Commands that show differences and change nothing: diff (what a plan would do) and drift (what the world did)."""

from typing import Annotated, Any

from cyclopts import Parameter

from reconciler.cli.client import instance_path
from reconciler.cli.commands.reading import print_plan
from reconciler.cli.options import CONNECTED, Connected, KeyText, Output, read_key
from reconciler.cli.outcome import Exit
from reconciler.cli.output import age, print_json, say, say_changes

_RESPONSES = {
    "heal": "it is healed",
    "wait": "it waits for approval or its change window",
    "report": "it is only reported",
}


def diff(key: KeyText, /, *, output: Output = "table", options: Connected = CONNECTED) -> Exit:
    """Show what the last plan of one instance would change, attribute by attribute.

    Exits 3 when it would change something.

    Example: `reconciler diff prod/orders`
    """
    name = read_key(key)
    answer = options.daemon().get(instance_path(name, "plan"))
    plan = answer["plan"]
    if output == "json":
        print_json(answer)
    elif plan is None:
        say(f"{name} was not planned yet")
    else:
        print_plan(plan)
    return Exit.FOUND if plan and plan["changes"] else Exit.OK


def drift(
    *keys: Annotated[str, Parameter(name="KEY", help="Instances; all when none is named.")],
    output: Output = "table",
    options: Connected = CONNECTED,
) -> Exit:
    """Show what moved outside Git: the value that was in force, the one that was found, and what is done about it.

    Exits 3 when something drifted.

    Example: `reconciler drift develop/orders -o json`
    """
    daemon = options.daemon()
    wanted = [read_key(key) for key in keys]
    if wanted:
        found = [daemon.get(instance_path(key, "drift")) for key in wanted]
    else:
        found = daemon.get("/api/v1/drift")["instances"]
    drifted = [item for item in found if item["drift"]]
    if output == "json":
        print_json({"instances": drifted})
    elif not drifted:
        say("nothing drifted")
    for item in drifted if output == "table" else ():
        _show(item["key"], item["drift"])
    return Exit.FOUND if drifted else Exit.OK


def _show(key: str, found: dict[str, Any]) -> None:
    seen = "confirmed" if found["confirmed_at"] else "seen once, looked at again soon"
    say(f"{key}: {found['reason']} for {age(found['age_seconds'])}, {seen}; {_RESPONSES[found['response']]}")
    if found["who"] != "unknown":
        say(f"  by {found['who']}")
    say_changes(found["resources"])
    for remedy in found["remedies"]:
        say(f"  ! {remedy}")
