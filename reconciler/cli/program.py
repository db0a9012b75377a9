"""Puts the commands together and turns every way to end into an exit code and, if it went wrong, one line on stderr."""

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from cyclopts import App, Group
from rich.console import Console

from reconciler.cli.commands import (
    acting,
    daemon,
    drifting,
    freezing,
    manifests,
    planning,
    provider,
    reading,
    verification,
    waiting,
)
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import clean, complain

_OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_PIPE_CLOSED = 141  # 128 + SIGPIPE, what a shell reports of a program that a closed pipe ended
_INTERRUPTED = 130  # 128 + SIGINT

_ALONE = Group("Without the daemon", sort_key=1)
_COMMANDS: Mapping[Group, Sequence[Callable[..., Any]]] = {
    _ALONE: (
        daemon.run,
        daemon.config,
        manifests.validate,
        manifests.schema,
        planning.plan,
        planning.render,
        planning.bootstrap,
        verification.verify,
    ),
    Group("Ask the daemon", sort_key=2): (
        reading.get,
        reading.describe,
        drifting.diff,
        drifting.drift,
        reading.history,
        waiting.wait,
    ),
    Group("Tell the daemon", sort_key=3): (
        waiting.reconcile,
        acting.suspend,
        acting.resume,
        acting.approve,
        acting.adopt,
        acting.reject,
        acting.prune,
        acting.unlock,
        freezing.freeze,
        freezing.unfreeze,
    ),
}

_HELP = """Keeps AWS ECS true to a Git repository of manifests, with Terraform.

Exit codes: 0 ok, 1 failed, 2 usage or invalid input, 3 drift or pending changes found.
"""


def build() -> App:
    """The command line."""
    app = App(
        name="reconciler",
        help=_HELP,
        version=version("ecs-gitops-reconciler"),
        suppress_keyboard_interrupt=False,
        error_formatter=lambda error: f"reconciler: {error}",
        error_console=Console(stderr=True, soft_wrap=True, highlight=False, markup=False),
    )
    for group, commands in _COMMANDS.items():
        for command in commands:
            app.command(command, group=group)
    app.command(provider.build(_ALONE))
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Always ends in SystemExit."""
    sys.exit(_end(arguments))


def _end(arguments: Sequence[str] | None) -> int:
    try:
        code = _code(build()(arguments, result_action="return_value"))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone; what is still buffered would fail again when Python closes the stream.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:
        return _explain(error)
    return code


def _code(result: Any) -> int:
    return int(result) if isinstance(result, int) else Exit.OK


def _explain(error: Exception) -> int:
    from reconciler.config.models import ConfigFailed
    from reconciler.core.redaction.redactor import Redactor

    redact = Redactor(os.urandom(16)).text  # no mark of these is ever compared
    if isinstance(error, ConfigFailed):
        sys.stderr.writelines(f"{clean(redact(problem))}\n" for problem in error.problems)
        return Exit.INVALID
    if isinstance(error, CommandFailed):
        complain(redact(str(error)))
        return error.code
    return _explain_surprise(error, redact)


def _explain_surprise(error: Exception, redact: Callable[[str], str]) -> int:
    """What the edges raise has a message for people; anything else is a defect, and says how to see more."""
    if os.environ.get("RECONCILER_TRACEBACK"):
        raise error
    if isinstance(error, _expected()):
        complain(redact(str(error)))
    elif isinstance(error, OSError) and error.errno in _OF_THE_DISK:
        complain(redact(f"{error.strerror}: nothing could be written. Mend that, then run it again"))
    else:
        name = type(error).__name__
        complain(f"unexpected: {name}: {redact(str(error))} (RECONCILER_TRACEBACK=1 shows where; please report it)")
    return Exit.FAILED


def _expected() -> tuple[type[Exception], ...]:
    """The root exceptions of the edges, imported only when something has gone wrong."""
    from reconciler.core.ports.aws import LiveUnavailable
    from reconciler.core.ports.source import SourceFailed
    from reconciler.core.ports.terraform import TerraformFailed
    from reconciler.edges.aws.clients import AwsFailed
    from reconciler.edges.process.child import ProcessFailed
    from reconciler.edges.store.errors import StoreFailed
    from reconciler.edges.store.trees import TreeFailed
    from reconciler.web.server import AddressTaken

    return (
        LiveUnavailable,
        SourceFailed,
        TerraformFailed,
        AwsFailed,
        ProcessFailed,
        StoreFailed,
        TreeFailed,
        AddressTaken,
    )
