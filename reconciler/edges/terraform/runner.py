"""One terraform command in one directory: started, timed, counted, and its end read.

Output goes to `<command>.out` and `<command>.err` in the directory's home, where they stay for whoever looks into a
failure; those that carry a state or a plan in clear are removed by their reader. Expected failures leave as
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
    """How long each command may take. `answer` is for those that only read; `lock` is how long to wait for a lock."""

    init: timedelta = timedelta(minutes=5)
    plan: timedelta = timedelta(minutes=15)
    apply: timedelta = timedelta(hours=1)
    answer: timedelta = timedelta(minutes=2)
    lock: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where commands run: in `root`, with their output in `home`, as who `environment` says. No error quotes one of
    `secrets`."""

    home: Path
    root: Path
    environment: Mapping[str, str]
    lock: WorkspaceLock
    secrets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Command:
    """What to run and what its failure means. `drain` lets a cancelled run finish, because its result counts."""

    name: str
    argv: Sequence[str]
    timeout: timedelta
    otherwise: Reason
    accept: frozenset[int] = frozenset({0})
    drain: bool = False


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs commands. `on_phase` hears how long, `on_run` how it ended: ok, failed, interrupted or timed out."""

    drain: timedelta
    grace: timedelta
    on_phase: Callable[[str, float], None]
    on_run: Callable[[str, str], None]
    redact: Callable[..., str]  # of a text and of words that are secrets

    async def run(self, command: Command, bench: RunContext) -> Path:
        """Run it and return the file with its output. Raises: RunFailed."""
        output, errors = (bench.home / f"{command.name}.{kind}" for kind in ("out", "err"))
        begun = time.monotonic()
        try:
            completed = await child.run(
                command.argv,
                cwd=bench.root,
                environment=bench.environment,
                timeout=command.timeout,
                output=output,
                errors=errors,
                grace=self.grace,
                drain=self.drain if command.drain else None,
                pass_fds=(bench.lock.descriptor,),
                started=bench.lock.tell,
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
        said = await in_thread(_read, output, errors)
        failed = diagnostics.failure(said, command.otherwise, redact=lambda text: self.redact(text, *bench.secrets))
        if completed.interrupted and failed.reason is command.otherwise:
            failed = RunFailed(Reason.INTERRUPTED, f"{command.name} was stopped with the daemon: {failed.message}")
        failed.died = completed.returncode < 0
        self.on_run(command.name, "interrupted" if failed.reason is Reason.INTERRUPTED else "failed")
        raise failed


def messages(output: Path) -> Messages:
    """What a run with `-json` said."""
    return diagnostics.read(output.read_text(encoding="utf-8", errors="replace"))


def _read(output: Path, errors: Path) -> Messages:
    said, complained = (file.read_text(encoding="utf-8", errors="replace") for file in (output, errors))
    return diagnostics.read(said, complained)
