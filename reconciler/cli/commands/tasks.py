"""The command run-task: a one-off task of a service or a run of a job, with its log and its exit code."""

import shlex
import time
from typing import Annotated, Any

from cyclopts import Parameter

from reconciler.cli.client import Daemon, instance_path
from reconciler.cli.options import CONNECTED, Connected, KeyText, Why, read_key
from reconciler.cli.output import print_error, print_line

_POLL = 2.0


def run_task(
    key: KeyText,
    /,
    *command: Annotated[
        str, Parameter(help="The program and its arguments, after --; a job has its own without them.")
    ],
    reason: Why = None,
    options: Connected = CONNECTED,
) -> int:
    """Run a command once, in a task of its own, and follow its log; ends with the exit code of the command.

    A service runs it with the revision that is deployed now: its image, variables, secrets, network and role. A job
    runs as on its schedule, and takes its turn. Interrupting this command does not stop the task.

    Example: `reconciler run-task prod/orders --reason "backfill of May" -- node backfill.js --month 5`
    """
    daemon, name = options.daemon(), read_key(key)
    started = daemon.post(f"{instance_path(name)}/run-task", command=shlex.join(command) or None, reason=reason)
    print_error(f"started {started['task']}")
    return follow(daemon, f"{instance_path(name)}/tasks/{started['task']}")


def follow(daemon: Daemon, path: str, *, poll: float = _POLL) -> int:
    """Print the log of a task until it has ended. Returns its exit code, 1 without one."""
    after: str | None = None
    while True:
        seen: dict[str, Any] = daemon.get(path, after=after)
        after = seen["after"]
        for line in seen["lines"]:
            print_line(line)
        if seen["ended"]:
            break
        time.sleep(poll)
    while seen["lines"]:  # written between the last two looks
        seen = daemon.get(path, after=after)
        after = seen["after"]
        for line in seen["lines"]:
            print_line(line)
    code = seen["exit_code"]
    if code != 0 and seen["message"]:
        print_error(seen["message"])
    return 1 if code is None else int(code)
