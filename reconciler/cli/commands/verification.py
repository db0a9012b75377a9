"""The command that checks a live account against the requirements: verify. It reads and changes nothing."""

import asyncio
from typing import Annotated

from cyclopts import Parameter

from reconciler.cli.options import CONFIGURED, Configured, Output
from reconciler.cli.outcome import Exit
from reconciler.cli.output import print_json, print_line, print_table


def verify(
    environment: Annotated[str, Parameter(name="ENVIRONMENT", help="A configured environment.")],
    /,
    *,
    output: Output = "table",
    options: Configured = CONFIGURED,
) -> Exit:
    """Verify a live account against the requirements.

    Reads encryption (that of the states too), networks, registries, logs, services, roles, alarms, pipelines, quotas
    and tags with the environment's role and changes nothing. Exits 1 when a requirement is not met. Each finding names
    the resource, the statement of docs/requirements.md and the actual configuration.

    Example: `reconciler verify prod`
    """
    from reconciler.app.verify import verify as verify_account

    settings = options.settings()
    findings = asyncio.run(verify_account(settings, environment))
    if output == "json":
        shown = [
            {"resource": each.resource, "statement": each.statement, "title": each.title, "found": each.found}
            for each in findings
        ]
        print_json({"environment": environment, "findings": shown})
    elif findings:
        print_table(
            ("RESOURCE", "STATEMENT", "FOUND"),
            [(each.resource, f"{each.statement} {each.title}", each.found) for each in findings],
        )
    else:
        print_line(f"{environment} meets every requirement that can be verified")
    return Exit.FAILED if findings else Exit.OK
