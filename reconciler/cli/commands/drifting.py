"""Commands that show differences and change nothing: diff (the last plan) and drift (changes outside Git)."""

from typing import Annotated, Any

from cyclopts import Parameter

from reconciler.cli.client import instance_path
from reconciler.cli.commands.reading import print_plan
from reconciler.cli.options import CONNECTED, Connected, KeyText, Output, read_key
from reconciler.cli.outcome import Exit
from reconciler.cli.output import age, print_changes, print_json, print_line, print_remarks

_RESPONSES = {
    "heal": "will be repaired",
    "wait": "repair waits for approval or the change window",
    "report": "reported only",
}


def diff(key: KeyText, /, *, output: Output = "table", options: Connected = CONNECTED) -> Exit:
    """Show what the last plan of one instance would change, attribute by attribute.

    Exits 3 when the plan would change something that was not applied yet.

    Example: `reconciler diff prod/orders`
    """
    name = read_key(key)
    answer = options.daemon().get(instance_path(name, "plan"))
    plan = answer["plan"]
    if output == "json":
        print_json(answer)
    elif plan is None:
        print_line(f"{name} has no plan yet")
    elif plan["applied_at"]:
        print_line(f"{name} has nothing to apply: its last plan was applied at {plan['applied_at']}")
        print_remarks(plan["checks"], plan["warnings"])
    else:
        print_plan(plan)
    return Exit.FOUND if plan and plan["changes"] and not plan["applied_at"] else Exit.OK


def drift(
    *keys: Annotated[str, Parameter(name="KEY", help="Instances; without any, all of them.")],
    output: Output = "table",
    options: Connected = CONNECTED,
) -> Exit:
    """Show drift: the value in the Terraform state, the value found in AWS, and the response to it.

    Exits 3 when an instance drifted.

    Example: `reconciler drift develop/orders -o json`
    """
    daemon = options.daemon()
    wanted = [read_key(key) for key in keys]
    if wanted:
        found = [daemon.get(instance_path(key, "drift")) for key in wanted]
    else:
        found = daemon.pages("/api/v1/drift", "instances")
    drifted = [item for item in found if item["drift"]]
    if output == "json":
        print_json({"instances": drifted})
    elif not drifted:
        print_line("no drift")
    for item in drifted if output == "table" else ():
        _show(item["key"], item["drift"])
    return Exit.FOUND if drifted else Exit.OK


def _show(key: str, found: dict[str, Any]) -> None:
    certainty = "confirmed" if found["confirmed_at"] else "seen once, not confirmed yet"
    response = _RESPONSES[found["response"]]
    print_line(f"{key}: {found['reason']} for {age(found['age_seconds'])}, {certainty}; {response}")
    if found["who"] != "unknown":
        print_line(f"  by {found['who']}")
    print_changes(found["resources"])
    for remedy in found["remedies"]:
        print_line(f"  ! {remedy}")
