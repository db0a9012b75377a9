"""Commands that stop every apply and let them go on: freeze, unfreeze."""

from typing import Annotated, Any

from cyclopts import Parameter

from reconciler.cli.commands.acting import whoami
from reconciler.cli.options import CONNECTED, Connected, Output
from reconciler.cli.output import print_json, say

_Environment = Annotated[str | None, Parameter(help="An environment; without one, all of them.")]


def freeze(
    environment: _Environment = None,
    /,
    *,
    reason: Annotated[str, Parameter(help="Why: everybody who meets the freeze reads it.")],
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Apply nothing in an environment, or anywhere, until `unfreeze`.

    What is being applied now comes to its end. Plans, drift reports and approvals go on. It outlasts a restart.

    Example: `reconciler freeze prod --reason "peak season"`
    """
    body = {"environment": environment, "reason": reason, "by": whoami()}
    _show(options.daemon().post("/api/v1/freeze", **body), "frozen", output)


def unfreeze(environment: _Environment = None, /, *, output: Output = "table", options: Connected = CONNECTED) -> None:
    """Lift the freeze of an environment, or without one that of everything. What waited is visited at once.

    Example: `reconciler unfreeze prod`
    """
    body = {"environment": environment, "by": whoami()}
    _show(options.daemon().post("/api/v1/unfreeze", **body), "no longer frozen", output)


def _show(freeze: dict[str, Any], what: str, output: Output) -> None:
    if output == "json":
        print_json(freeze)
    else:
        say(f"{freeze['environment'] or 'all environments'}: {what} ({freeze['reason']})")
