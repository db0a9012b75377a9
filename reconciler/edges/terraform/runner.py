"""One terraform command in one directory: started, timed, counted, and its result read.

Output goes to `<command>.out` and `<command>.err` in the directory's home, where the files stay for the analysis of a
failure; files with a state or a plan in clear text are deleted by their reader. Expected failures are raised as
`TerraformFailed` with a reason of the closed list.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from reconciler.core.vocabulary import Reason
from reconciler.edges.process import child
from reconciler.edges.process.threads import in_thread
from reconciler.edges.terraform import diagnostics
from reconciler.edges.terraform.diagnostics import Messages, RunFailed
from reconciler.edges.terraform.workspace import WorkspaceLock


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The time-out of each command. `answer`: of commands that only read; `lock`: of the wait for a state lock."""

    init: timedelta = timedelta(minutes=5)
    plan: timedelta = timedelta(minutes=15)
    apply: timedelta = timedelta(hours=1)
    answer: timedelta = timedelta(minutes=2)
    lock: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class RunContext:
    """The context of commands: they run in `root`, with their output in `home` and these environment variables.

    Each child inherits `lock`. No error quotes one of `secrets`.
    """

    home: Path
    root: Path
    environment: Mapping[str, str]
    lock: WorkspaceLock
    secrets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and the reason of its failure when Terraform gives no better one (`otherwise`).

    `accept`: the exit codes of success. `drain`: a cancelled run may finish, because its result counts.
    """

    name: str
    argv: Sequence[str]
    timeout: timedelta
    otherwise: Reason
    accept: frozenset[int] = frozenset({0})
    drain: bool = False


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs commands. `on_phase` gets the duration, `on_run` the result: ok, failed, interrupted or timed out."""

    drain: timedelta
    grace: timedelta
    on_phase: Callable[[str, float], None]
    on_run: Callable[[str, str], None]
    redact: Callable[..., str]  # (text, *secrets)

    async def run(self, command: Command, context: RunContext) -> Path:
        """Run a command and return the file with its output. Raises: RunFailed."""
        output, errors = (context.home / f"{command.name}.{kind}" for kind in ("out", "err"))
        begun = time.monotonic()
        try:
            completed = await child.run(
                command.argv,
                cwd=context.root,
                environment=context.environment,
                timeout=command.timeout,
                output=output,
                errors=errors,
                grace=self.grace,
                drain=self.drain if command.drain else None,
                pass_fds=(context.lock.descriptor,),
                started=context.lock.record_pid,
            )
        except child.ProcessFailed as error:
            self.on_run(command.name, "timed out" if isinstance(error, child.TimedOut) else "failed")
            failed = RunFailed(command.otherwise, str(error))
            failed.died = isinstance(error, child.TimedOut) and error.killed
            raise failed from error
        finally:
            self.on_phase(command.name, time.monotonic() - begun)
        if completed.returncode in command.accept:
            self.on_run(command.name, "ok")
            return output
        found = await in_thread(_read, output, errors)
        failed = diagnostics.failure(found, command.otherwise, redact=lambda text: self.redact(text, *context.secrets))
        if completed.interrupted and failed.reason is command.otherwise:
            failed = RunFailed(
                Reason.INTERRUPTED,
                f"terraform {command.name} was interrupted when the daemon stopped: {failed.message}",
            )
        failed.died = completed.returncode < 0
        self.on_run(command.name, "interrupted" if failed.reason is Reason.INTERRUPTED else "failed")
        raise failed


def messages(output: Path) -> Messages:
    """Return the messages of a run with `-json`."""
    return diagnostics.read(output.read_text(encoding="utf-8", errors="replace"))


def _read(output: Path, errors: Path) -> Messages:
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in (output, errors)]
    return diagnostics.read(*texts)
