"""Commands that act through the daemon: suspend, resume, approve, adopt, adopt-state, reject, prune, unlock.

The daemon executes the request and writes the record; a command sends the request and prints the result.
"""

import getpass
import sys
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from reconciler.cli.client import Daemon, DaemonRefused, instance_path
from reconciler.cli.commands.reading import print_plan
from reconciler.cli.options import CONNECTED, Connected, KeyText, Output, Why, read_key
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import print_json, print_line

if TYPE_CHECKING:
    from desired_state.instance import Key


def suspend(key: KeyText, /, *, reason: Why = None, output: Output = "table", options: Connected = CONNECTED) -> None:
    """Suspend one instance until `resume`: nothing is planned or applied.

    Example: `reconciler suspend prod/orders`
    """
    _show(request(options.daemon(), read_key(key), "suspend", reason=reason), "suspended", output)


def resume(key: KeyText, /, *, reason: Why = None, output: Output = "table", options: Connected = CONNECTED) -> None:
    """Resume a suspended instance.

    Example: `reconciler resume prod/orders`
    """
    _show(request(options.daemon(), read_key(key), "resume", reason=reason), "resumed", output)


def approve(
    key: KeyText,
    /,
    *,
    digest: Annotated[
        str | None,
        Parameter(help="Digest of the plan that you reviewed; without it, the plan is shown and must be confirmed."),
    ] = None,
    reason: Why = None,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Approve the plan of one instance, exactly as it was shown.

    The approval carries the digest of that plan: if the plan has changed in the meantime, the approval is refused.

    Example: `reconciler approve prod/orders --digest sha256:4f…`
    """
    daemon, name = options.daemon(), read_key(key)
    digest = digest or _confirm_plan(daemon, name)
    _show(_decide(daemon, name, "approve", digest, reason), f"approved {digest}", output)


def adopt(
    key: KeyText,
    /,
    *,
    digest: Annotated[
        str | None,
        Parameter(help="Digest of the plan that you reviewed; without it, the plan is shown and must be confirmed."),
    ] = None,
    reason: Why = None,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Approve the adoption of the existing resources in `spec.import` of one instance, exactly as it was shown.

    The plan of an adoption only imports. A plan that would change anything else is AdoptionRefused, with the changes.

    Example: `reconciler adopt prod/orders --digest sha256:4f…`
    """
    daemon, name = options.daemon(), read_key(key)
    digest = digest or _confirm_plan(daemon, name)
    _show(_decide(daemon, name, "adopt", digest, reason), f"approved the adoption of {digest}", output)


def adopt_state(*keys: KeyText, reason: Why = None, output: Output = "table", options: Connected = CONNECTED) -> None:
    """Accept the state that was found for an instance, in place of the one that is lost (StateLost).

    The message of the instance says where and in what the two differ. The first plan from the adopted state waits for
    approval when it would change something. An empty state is never adopted.

    Example: `reconciler adopt-state prod/platform prod/orders`
    """
    if not keys:
        raise CommandFailed("name at least one instance", code=Exit.INVALID)
    daemon = options.daemon()
    for key in keys:
        _show(
            request(daemon, read_key(key), "adopt-state", reason=reason), "its state is adopted; planned next", output
        )


def reject(
    key: KeyText,
    /,
    *,
    digest: Annotated[
        str | None, Parameter(help="Digest of the plan that you reviewed; without it, the plan that waits now.")
    ] = None,
    reason: Why = None,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Reject the plan that waits for approval. It stays rejected; a plan that differs waits for approval again.

    `approve` withdraws the rejection.

    Example: `reconciler reject prod/orders`
    """
    record = _decide(options.daemon(), read_key(key), "reject", digest, reason)
    _show(record, f"rejected {record['plan']['digest']}", output)


def prune(
    key: KeyText,
    /,
    *,
    confirm: Annotated[
        bool, Parameter(negative=(), help="Confirm that the resources of the removed manifest are to be destroyed.")
    ] = False,
    reason: Why = None,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Destroy an instance whose manifest was removed and whose pruning waits for confirmation.

    Example: `reconciler prune --confirm develop/orders`
    """
    name = read_key(key)
    if not confirm:
        raise CommandFailed(f"pruning destroys {name} and was not confirmed: add --confirm", code=Exit.INVALID)
    _show(request(options.daemon(), name, "prune", reason=reason), "pruning confirmed", output)


def _decide(daemon: Daemon, key: "Key", action: str, digest: str | None, reason: str | None) -> dict[str, Any]:
    try:
        return request(daemon, key, action, digest=digest, reason=reason)
    except DaemonRefused as refusal:
        current = refusal.error.get("current")
        raise CommandFailed(f"{refusal}{f' (current: {current})' if current else ''}", code=refusal.code) from None


def unlock(
    key: KeyText,
    /,
    *,
    lock_id: Annotated[
        str | None,
        Parameter(help="Break the lock with this id; make sure that its holder is gone. `describe` shows the id."),
    ] = None,
    reason: Why = None,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Check a stale state lock again, or break one by its id.

    The daemon clears stale locks of its own interrupted runs automatically. Any other lock stays until an operator
    names its id. An id that the state's lock does not have is refused, also when another process has taken the lock
    since then.

    Example: `reconciler unlock prod/orders --lock-id 0f6c…`
    """
    record = request(options.daemon(), read_key(key), "unlock", lock_id=lock_id, reason=reason)
    _show(record, f"the next pass breaks lock {lock_id}" if lock_id else "the next pass checks the lock", output)


def _confirm_plan(daemon: Daemon, key: "Key") -> str:
    """Show the plan and ask for confirmation on the terminal. Returns its digest. Raises: CommandFailed."""
    plan = daemon.get(instance_path(key, "plan"))["plan"]
    if plan is None:
        raise CommandFailed(f"{key} has no plan to approve")
    print_plan(plan)
    if not sys.stdin.isatty():
        message = f"not a terminal, so the plan cannot be confirmed: approve it with --digest {plan['digest']}"
        raise CommandFailed(message, code=Exit.INVALID)
    if input(f"\nApply this plan to {key}? Type 'yes' to apply: ").strip() != "yes":
        raise CommandFailed("not approved")
    return str(plan["digest"])


def request(daemon: Daemon, key: "Key", action: str, **more: str | None) -> dict[str, Any]:
    """Request an action of the daemon in the name of the current user. Returns the record as the API shows it."""
    record: dict[str, Any] = daemon.post(instance_path(key, action), by=whoami(), **more)
    return record


def whoami() -> str:
    """Return the name of the current user, which the daemon records as the author of a request."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _show(record: dict[str, Any], result: str, output: Output) -> None:
    if output == "json":
        print_json(record)
    else:
        print_line(f"{record['key']}: {result}")
