"""Commands that ask the daemon for something: suspend, resume, approve, adopt, reject, prune, unlock.

The daemon does it and writes the record; these commands only ask, and say what came of it.
"""

import getpass
import sys
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from reconciler.cli.client import Daemon, DaemonRefused, instance_path
from reconciler.cli.commands.reading import print_plan
from reconciler.cli.options import CONNECTED, Connected, KeyText, Output, read_key
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import print_json, say

if TYPE_CHECKING:
    from desired_state.instance import Key


def suspend(key: KeyText, /, *, output: Output = "table", options: Connected = CONNECTED) -> None:
    """Leave one instance alone until `resume`: nothing is planned or applied.

    Example: `reconciler suspend prod/orders`
    """
    _show(ask(options.daemon(), read_key(key), "suspend"), "suspended", output)


def resume(key: KeyText, /, *, output: Output = "table", options: Connected = CONNECTED) -> None:
    """Take up a suspended instance again.

    Example: `reconciler resume prod/orders`
    """
    _show(ask(options.daemon(), read_key(key), "resume"), "resumed", output)


def approve(
    key: KeyText,
    /,
    *,
    digest: Annotated[
        str | None,
        Parameter(help="The digest of the plan you looked at; without it the plan is shown and asked about."),
    ] = None,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Agree to the plan of one instance, exactly as it was shown.

    The digest that was shown is sent along: when the plan has moved in between, the approval is refused.

    Example: `reconciler approve prod/orders --digest sha256:4f…`
    """
    daemon, name = options.daemon(), read_key(key)
    digest = digest or _confirmed(daemon, name)
    _show(_decide(daemon, name, "approve", digest), f"approved {digest}", output)


def adopt(
    key: KeyText,
    /,
    *,
    digest: Annotated[
        str | None,
        Parameter(help="The digest of the plan you looked at; without it the plan is shown and asked about."),
    ] = None,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Agree to take over the resources that `spec.import` of one instance names, exactly as it was shown.

    Its plan may import and nothing else; one that would change more is AdoptionRefused and says what.

    Example: `reconciler adopt prod/orders --digest sha256:4f…`
    """
    daemon, name = options.daemon(), read_key(key)
    digest = digest or _confirmed(daemon, name)
    _show(_decide(daemon, name, "adopt", digest), f"adopts what {digest} imports", output)


def reject(
    key: KeyText,
    /,
    *,
    digest: Annotated[
        str | None, Parameter(help="The digest of the plan you looked at; without it the plan that waits now.")
    ] = None,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Refuse the plan that waits, so that nobody is asked for it again. A plan that differs is asked for anew.

    `approve` takes it back.

    Example: `reconciler reject prod/orders`
    """
    record = _decide(options.daemon(), read_key(key), "reject", digest)
    _show(record, f"rejected {record['plan']['digest']}", output)


def prune(
    key: KeyText,
    /,
    *,
    confirm: Annotated[bool, Parameter(negative=(), help="Yes: destroy what this removed manifest left.")] = False,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Destroy an instance whose manifest was removed and whose pruning waits for a person.

    Example: `reconciler prune --confirm develop/orders`
    """
    name = read_key(key)
    if not confirm:
        raise CommandFailed(f"this destroys {name}: say so with --confirm", code=Exit.INVALID)
    _show(ask(options.daemon(), name, "prune"), "pruning is confirmed", output)


def _decide(daemon: Daemon, key: "Key", action: str, digest: str | None) -> dict[str, Any]:
    try:
        return ask(daemon, key, action, digest=digest)
    except DaemonRefused as refusal:
        current = refusal.error.get("current")
        raise CommandFailed(f"{refusal}{f' (now {current})' if current else ''}", code=refusal.code) from None


def unlock(
    key: KeyText,
    /,
    *,
    lock_id: Annotated[
        str | None,
        Parameter(help="Break this lock, whoever holds it: you know that its holder is gone. `describe` tells its id."),
    ] = None,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Free a locked state.

    Locks that the daemon's own dead runs left are cleared without being asked. Anything else stays, until a person
    names the very lock; one that was taken by somebody else meanwhile has another id and is not touched.

    Example: `reconciler unlock prod/orders --lock-id 0f6c…`
    """
    record = ask(options.daemon(), read_key(key), "unlock", lock_id=lock_id)
    _show(record, f"{lock_id} is broken at the next pass" if lock_id else "looks at its lock again", output)


def _confirmed(daemon: Daemon, key: "Key") -> str:
    plan = daemon.get(instance_path(key, "plan"))["plan"]
    if plan is None:
        raise CommandFailed(f"{key} has no plan to approve")
    print_plan(plan)
    if not sys.stdin.isatty():
        raise CommandFailed(f"to approve this plan: --digest {plan['digest']}", code=Exit.INVALID)
    if input(f"\nApply this to {key}? Only yes is yes: ").strip() != "yes":
        raise CommandFailed("not approved")
    return str(plan["digest"])


def ask(daemon: Daemon, key: "Key", action: str, **more: str | None) -> dict[str, Any]:
    """Ask the daemon, in the name of whoever runs this."""
    record: dict[str, Any] = daemon.post(instance_path(key, action), by=whoami(), **more)
    return record


def whoami() -> str:
    """Who runs this, as the daemon is told."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _show(record: dict[str, Any], what: str, output: Output) -> None:
    if output == "json":
        print_json(record)
    else:
        say(f"{record['key']}: {what}")
