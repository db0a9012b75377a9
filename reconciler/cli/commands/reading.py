"""Commands that read from the daemon and change nothing: get, describe, history."""

import time
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from reconciler.cli.client import Daemon, instance_path
from reconciler.cli.live import is_live
from reconciler.cli.options import CONNECTED, Connected, KeyText, Output, read_key
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import (
    age,
    console,
    print_changes,
    print_fields,
    print_json,
    print_line,
    print_remarks,
    print_table,
    short_commit,
    table,
)
from reconciler.core.plan.summary import phrase

_COLUMNS = ("INSTANCE", "KIND", "SYNC", "HEALTH", "READY", "REASON", "AGE", "COMMIT", "MESSAGE")


def get(
    *keys: Annotated[str, Parameter(name="KEY", help="Instances; without any, all of them.")],
    environment: Annotated[str | None, Parameter(help="Show only this environment.")] = None,
    reason: Annotated[
        str | None, Parameter(help="Show only instances with this reason, such as AwaitingApproval.")
    ] = None,
    watch: Annotated[
        bool, Parameter(negative=(), help="Refresh the table every two seconds until interrupted.")
    ] = False,
    exit_code: Annotated[
        bool, Parameter(negative=(), help="Exit 3 when an instance is not live: in sync, ready and healthy.")
    ] = False,
    orphans: Annotated[
        bool,
        Parameter(negative=(), help="Show states without a manifest or a record instead. Exits 3 when there are any."),
    ] = False,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> Exit:
    """Show instances with their sync status, health and reason.

    Example: `reconciler get develop/orders -o json`
    """
    daemon = options.daemon()
    wanted = {str(read_key(key)) for key in keys}
    if orphans:
        if wanted or reason or watch:
            message = "an orphan is not an instance: combine --orphans with --environment only"
            raise CommandFailed(message, code=Exit.INVALID)
        return _orphans(daemon, environment, output)
    if watch:
        _watch(daemon, wanted, environment, reason)
    found = _instances(daemon, wanted, environment, reason)
    if output == "json":
        print_json({"instances": found})
    elif found:
        print_table(_COLUMNS, map(_row, found))
    else:
        print_line("no instances")
    if output == "table":
        for freeze in daemon.get("/api/v1/freezes")["freezes"]:
            print_line(f"{freeze['environment'] or 'all environments'}: {_frozen(freeze)}")
    return Exit.FOUND if exit_code and not all(map(is_live, found)) else Exit.OK


def describe(key: KeyText, /, *, output: Output = "table", options: Connected = CONNECTED) -> None:
    """Show one instance in detail: conditions, plan, drift and rollout.

    Example: `reconciler describe prod/orders`
    """
    detail = options.daemon().get(instance_path(read_key(key)))
    if output == "json":
        print_json(detail)
        return
    _describe(detail)


def history(
    key: KeyText,
    /,
    *,
    limit: Annotated[int, Parameter(help="Number of passes, at most 200.")] = 20,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Show the passes of one instance and the acts of people on it, newest first.

    An act of a person, and an apply that the daemon made after one, is marked with its action and names in place of the
    trigger. Acts on the environment, such as freezes, are among them.

    Example: `reconciler history develop/orders --limit 5`
    """
    daemon, name = options.daemon(), read_key(key)
    answer = daemon.get(instance_path(name, "history"), limit=limit)
    acts = daemon.get(instance_path(name, "audit"), limit=limit)["entries"] if limit else []
    if output == "json":
        print_json({**answer, "acts": acts})
        return
    rows = [(item["started_at"], _pass_row(item)) for item in answer["passes"]]
    rows += [(item["at"], _act_row(item)) for item in acts]
    newest = sorted(rows, key=lambda row: row[0], reverse=True)[:limit]
    headers = ("STARTED", "SECONDS", "TRIGGER", "COMMIT", "RESULT", "REASON", "MESSAGE")
    print_table(headers, [row for _, row in newest])


def _pass_row(item: dict[str, Any]) -> Sequence[Any]:
    names = ("started_at", "seconds", "trigger", "commit", "result", "reason", "message")
    return [short_commit(item[name]) if name == "commit" else item[name] for name in names]


def _act_row(item: dict[str, Any]) -> Sequence[Any]:
    """Return an act as a row of the history: who in place of the trigger, and why, in words, as its message."""
    given = ", ".join(item["options"])
    what = f"{item['action']} ({given})" if given else item["action"]
    after = ", ".join(cause["by"] for cause in item["follows"])
    message = "; ".join(filter(None, (item["reason"], item["detail"], f"for {after}" if after else None)))
    who = f"{item['by']} ({item['proof']})"
    return item["at"], "", f"{what} by {who}", short_commit(item["commit"]), item["result"], "", message


def _instances(
    daemon: Daemon, wanted: set[str], environment: str | None, reason: str | None
) -> Sequence[dict[str, Any]]:
    found = daemon.pages("/api/v1/instances", "instances", environment=environment, reason=reason)
    if unknown := wanted - {item["key"] for item in found}:
        raise CommandFailed(f"no such instance: {', '.join(sorted(unknown))}", code=Exit.INVALID)
    return [item for item in found if not wanted or item["key"] in wanted]


def _orphans(daemon: Daemon, environment: str | None, output: Output) -> Exit:
    found = daemon.get("/api/v1/orphans", environment=environment)["orphans"]
    if output == "json":
        print_json({"orphans": found})
    elif found:
        headers = ("STATE", "RESOURCES", "MODIFIED", "OBJECT")
        rows = [
            (
                item["key"],
                "unknown" if item["resources"] is None else item["resources"],
                item["modified_at"],
                f"s3://{item['bucket']}/{item['object']}",
            )
            for item in found
        ]
        print_table(headers, rows)
    else:
        print_line("no orphans: every state has a manifest or a record")
    return Exit.FOUND if found else Exit.OK


def _watch(daemon: Daemon, wanted: set[str], environment: str | None, reason: str | None) -> None:
    from rich.live import Live

    with Live(console=console(), auto_refresh=False) as screen:
        while True:
            found = _instances(daemon, wanted, environment, reason)
            screen.update(table(_COLUMNS, map(_row, found)), refresh=True)
            time.sleep(2)


def _row(item: dict[str, Any]) -> Sequence[Any]:
    return (
        item["key"],
        item["kind"],
        item["sync"],
        item["health"],
        "yes" if item["ready"] else "no",
        "Suspended" if item["suspended"] else item["reason"],
        age(item["age_seconds"]),
        short_commit(item["applied_commit"]),
        item["message"],
    )


def _describe(detail: dict[str, Any]) -> None:
    manifest = detail["manifest"]
    print_fields(
        {
            "Instance": detail["key"],
            "Kind": detail["kind"],
            "Manifest": f"{manifest['path']}:{manifest['line']}",
            "Labels": ", ".join(f"{name}={value}" for name, value in detail["labels"].items()),
            "Depends on": ", ".join(detail["depends_on"]),
            "Mode": _mode(detail),
            "Floor": "; ".join(map(_overruled, detail["floor"])),
            "Sync": detail["sync"],
            "Health": detail["health"],
            "Suspended": "yes" if detail["suspended"] else None,
            "Frozen": detail["frozen"] and _frozen(detail["frozen"]),
            "Removed": detail["removed_at"],
            "Accepted commit": short_commit(detail["accepted_commit"]),
            "Applied commit": short_commit(detail["applied_commit"]),
            "Applied at": detail["applied_at"],
            "Checked at": detail["checked_at"],
            "Failures": detail["failures"]
            and f"{detail['failures']['count']}, last at {detail['failures']['last_at']}",
            "Rollout": detail["rollout"] and _rollout(detail["rollout"]),
            "State": detail["state"] and _state(detail["state"]),
            "State found": detail["state"] and detail["state"]["found"] and _state(detail["state"]["found"]),
            "Changed by": "; ".join(map(_author, detail["authors"])),
            "Approved by": detail["approval"] and ", ".join(map(_consent, detail["approval"]["people"])),
            "Prune guard": detail["prune"]["guard"],
        }
    )
    print_line("")
    print_line("Conditions:")
    print_table(
        ("TYPE", "STATUS", "REASON", "SINCE", "MESSAGE"),
        [
            (item["type"], item["status"], item["reason"], age(item["age_seconds"]), item["message"])
            for item in detail["conditions"]
        ],
    )
    print_plan(detail["plan"])


def _overruled(setting: dict[str, Any]) -> str:
    return f"{setting['setting']}: {setting['effective']} (the manifest says {setting['manifest']})"


def _author(author: dict[str, Any]) -> str:
    signed = f", signed by {author['signer']}" if author["signer"] else ""
    return f"{author['name']} <{author['email']}> in {short_commit(author['commit'])}{signed}"


def _consent(person: dict[str, Any]) -> str:
    return f"{person['by']} at {person['at']}"


def _mode(detail: dict[str, Any]) -> str:
    if detail["mode_from"] == "manifest":
        return f"{detail['mode']} (from the manifest)"
    return f"{detail['mode']} (the floor of {detail['environment']}; the manifest says {detail['policy']['mode']})"


def print_plan(plan: dict[str, Any] | None) -> None:
    """Print a plan: digest, counts, changes, drift, failed checks and warnings; nothing for None."""
    if plan is None:
        return
    applied = f", applied at {plan['applied_at']}" if plan["applied_at"] else ""
    what = phrase(item["actions"] for item in plan["changes"])
    print_line("")
    print_line(f"Plan {plan['digest']} at {plan['at']}{applied}: {what}")
    print_changes(plan["changes"])
    if plan["drift"]:
        print_line("")
        print_line("Drift:")
        print_changes(plan["drift"])
    print_remarks(plan["checks"], plan["warnings"])


def _frozen(freeze: dict[str, Any]) -> str:
    return f"frozen by {freeze['by']} since {freeze['at']}: {freeze['reason']}"


def _state(state: dict[str, Any]) -> str:
    version = f"lineage {state['lineage']}, serial {state['serial']}" if state["lineage"] else "no state"
    where = f"s3://{state['bucket']}/{state['object']} ({state['account']}, {state['region']})"
    return f"{where}: {version}, {state['resources']} resources"


def _rollout(rollout: dict[str, Any]) -> str:
    ended = f", {rollout['ended']}" if rollout["ended"] else ""
    return f"{rollout['image'] or 'no image'} since {rollout['started_at']}{ended} {rollout['message']}".rstrip()
