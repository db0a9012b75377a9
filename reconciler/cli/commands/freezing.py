"""Commands that stop and allow all applies: freeze, unfreeze."""

from typing import Annotated, Any

from cyclopts import Parameter

from reconciler.cli.commands.acting import whoami
from reconciler.cli.options import CONNECTED, Connected, Output, Why
from reconciler.cli.output import print_json, print_line

_Environment = Annotated[str | None, Parameter(help="An environment; without one, all environments.")]


def freeze(
    environment: _Environment = None,
    /,
    *,
    reason: Annotated[str, Parameter(help="Why; shown wherever the freeze holds an apply.")],
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Stop all applies in one environment, or in all of them, until `unfreeze`.

    Applies that already run finish. Plans, drift checks and approvals continue. A freeze survives a restart.

    Example: `reconciler freeze prod --reason "peak season"`
    """
    body = {"environment": environment, "reason": reason, "by": whoami()}
    _show(options.daemon().post("/api/v1/freeze", **body), "frozen", output)


def unfreeze(
    environment: _Environment = None, /, *, reason: Why = None, output: Output = "table", options: Connected = CONNECTED
) -> None:
    """Lift the freeze of one environment, or the global freeze. Instances that waited are visited immediately.

    Example: `reconciler unfreeze prod`
    """
    body = {"environment": environment, "reason": reason, "by": whoami()}
    _show(options.daemon().post("/api/v1/unfreeze", **body), "no longer frozen", output)


def _show(freeze: dict[str, Any], result: str, output: Output) -> None:
    if output == "json":
        print_json(freeze)
    else:
        print_line(f"{freeze['environment'] or 'all environments'}: {result} ({freeze['reason']})")
