"""The program: assembles the commands, and turns every outcome into an exit code and, on failure, a line on stderr."""

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
    converting,
    daemon,
    drifting,
    freezing,
    manifests,
    planning,
    provider,
    reading,
    tasks,
    tokens,
    verification,
    waiting,
)
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import clean, print_error

_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_PIPE_CLOSED = 141  # 128 + SIGPIPE, as a shell reports for a program that a closed pipe ended
_INTERRUPTED = 130  # 128 + SIGINT

_STANDALONE = Group("Without the daemon", sort_key=1)
_COMMANDS: Mapping[Group, Sequence[Callable[..., Any]]] = {
    _STANDALONE: (
        daemon.run,
        daemon.config,
        manifests.validate,
        manifests.schema,
        converting.import_,
        converting.migrate,
        planning.plan,
        planning.render,
        planning.bootstrap,
        verification.verify,
    ),
    Group("Read from the daemon", sort_key=2): (
        reading.get,
        reading.describe,
        drifting.diff,
        drifting.drift,
        reading.history,
        waiting.wait,
    ),
    Group("Act through the daemon", sort_key=3): (
        waiting.reconcile,
        acting.suspend,
        acting.resume,
        acting.approve,
        acting.adopt,
        acting.adopt_state,
        acting.reject,
        acting.prune,
        acting.unlock,
        tasks.run_task,
        freezing.freeze,
        freezing.unfreeze,
    ),
}

_HELP = """Reconciles AWS ECS with a Git repository of manifests, through Terraform.

Exit codes: 0 ok, 1 failed, 2 usage or invalid input, 3 drift or pending changes found.
"""


def build() -> App:
    """Build the command line with all commands."""
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
    app.command(provider.build(_STANDALONE))
    app.command(tokens.build(_STANDALONE))
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the console script. Always raises SystemExit."""
    sys.exit(_end(arguments))


def _end(arguments: Sequence[str] | None) -> int:
    try:
        code = _code(build()(arguments, result_action="return_value"))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has closed the pipe; the buffered rest would fail again when Python closes the stream.
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

    redact = Redactor(os.urandom(16)).text  # a random key: marks in error messages are never compared
    if isinstance(error, ConfigFailed):
        sys.stderr.writelines(f"{clean(redact(problem))}\n" for problem in error.problems)
        return Exit.INVALID
    if isinstance(error, CommandFailed):
        print_error(redact(str(error)))
        return error.code
    return _explain_unexpected(error, redact)


def _explain_unexpected(error: Exception, redact: Callable[[str], str]) -> int:
    """Print the message of an edge's exception; report any other one as a defect, with how to get its traceback."""
    if os.environ.get("RECONCILER_TRACEBACK"):
        raise error
    if isinstance(error, _edge_exceptions()):
        print_error(redact(str(error)))
    elif isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        print_error(
            redact(f"{error.strerror}: nothing could be written. Free space or make the disk writable, then retry")
        )
    else:
        name, hint = type(error).__name__, "RECONCILER_TRACEBACK=1 shows the traceback; please report this error"
        print_error(f"unexpected error: {name}: {redact(str(error))} ({hint})")
    return Exit.FAILED


def _edge_exceptions() -> tuple[type[Exception], ...]:
    """Return the root exceptions of the edges, imported only after a failure."""
    from reconciler.core.ports.aws import LiveUnavailable
    from reconciler.core.ports.source import SourceFailed
    from reconciler.core.ports.terraform import TerraformFailed
    from reconciler.edges.aws.clients import AwsFailed
    from reconciler.edges.process.child import ProcessFailed
    from reconciler.edges.store.errors import StoreFailed
    from reconciler.edges.store.trees import TreeFailed
    from reconciler.web.server import AddressTaken
    from reconciler.web.tls import CertificateUnusable

    return (
        LiveUnavailable,
        SourceFailed,
        TerraformFailed,
        AwsFailed,
        ProcessFailed,
        StoreFailed,
        TreeFailed,
        AddressTaken,
        CertificateUnusable,
    )
