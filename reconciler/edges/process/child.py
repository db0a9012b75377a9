"""Child processes that are never abandoned.

Terraform loses state when it is killed, or when the reader of its output goes away. Therefore its output goes to files;
it has its own process group, so that a group signal from a terminal or supervisor does not reach it a second time; it
is not ended when the daemon dies; and a cancelled caller stays with it until it ends: first the drain, then one SIGINT,
then the grace period, SIGKILL last. No inner task waits for the child, so an event loop that cancels all its tasks at
shutdown does not abandon the child either.

    ProcessFailed
        NotStarted    the program is missing or may not be run
        TimedOut      the child exceeded its time-out and was ended
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from reconciler.core.wording import shortened

_KILL_SECONDS = 10.0  # the kernel needs a moment to end a killed process


class ProcessFailed(Exception):
    """The child did not run to an end of its own."""


class NotStarted(ProcessFailed):
    """The child could not be started."""


class TimedOut(ProcessFailed):
    """The child exceeded its time-out. `killed`: it did not end after SIGINT."""

    killed = False


@dataclass(frozen=True, slots=True)
class Completed:
    """The end of a child. `interrupted`: the daemon sent SIGINT, so the exit code says nothing about the work."""

    returncode: int
    interrupted: bool


async def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    timeout: timedelta,  # noqa: ASYNC109 - a time-out sends a signal and waits, it cancels no await
    output: Path,
    errors: Path,
    grace: timedelta,
    drain: timedelta | None = None,
    pass_fds: Sequence[int] = (),
    started: Callable[[int], None] | None = None,
    stdin: Path | None = None,
    end_group: bool = False,
) -> Completed:
    """Run a program to its end, with its output in two private files.

    With `drain`, the caller's cancellation is absorbed and the result is returned, because it must be recorded
    (`asyncio.current_task().cancelling()` still reports the cancellation). Without it, the child gets SIGINT at once,
    and the cancellation is raised once the child has ended. `started` is called with the process id. The child reads
    the file `stdin` as its standard input. With `end_group`, its whole process group is killed after its end.

    Raises: NotStarted, TimedOut, ProcessFailed when the child survives SIGKILL.
    """
    process, cancelled = await _start(argv, cwd, environment, (stdin, output, errors), pass_fds)
    if started is not None:
        started(process.pid)
    interrupted = timed_out = False
    if not cancelled:
        try:
            timed_out = not await _ended(process, timeout.total_seconds())
        except asyncio.CancelledError:
            cancelled = True
    if cancelled or timed_out:
        interrupted = await _wind_down(process, drain=drain if cancelled else None, grace=grace)
    if end_group:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    if timed_out:
        late = TimedOut(f"{argv[0]} was still running after {timeout} and was stopped")
        late.killed = process.returncode is None or process.returncode < 0
        raise late
    if cancelled and drain is None:
        raise asyncio.CancelledError
    if process.returncode is None:
        raise ProcessFailed(f"{argv[0]} (pid {process.pid}) did not end after SIGKILL")
    if process.returncode < 0:
        _kill_group(process.pid)
    return Completed(process.returncode, interrupted)


def read_output(argv: Sequence[str], *, environment: Mapping[str, str], timeout: timedelta) -> bytes:
    """Return the output of a short program; blocks, so only for start-up. Raises: ProcessFailed or one of its kinds."""
    try:
        completed = subprocess.run(
            argv, env=environment, capture_output=True, timeout=timeout.total_seconds(), check=True
        )
    except OSError as error:
        raise NotStarted(f"{argv[0]} cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise TimedOut(f"{argv[0]} did not answer within {timeout}") from error
    except subprocess.CalledProcessError as error:
        raise ProcessFailed(
            f"{argv[0]} failed: {shortened(error.stderr.decode(errors='replace').strip(), 400)}"
        ) from error
    return completed.stdout


def _kill_group(leader: int) -> None:
    """Kill what a killed Terraform left: its providers, which would hold the workspace lock forever."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


async def _start(
    argv: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    files: tuple[Path | None, Path, Path],
    pass_fds: Sequence[int],
) -> tuple[asyncio.subprocess.Process, bool]:
    """Start the child and note a cancellation of the caller meanwhile, which asyncio would answer with SIGKILL."""
    with contextlib.ExitStack() as stack:
        source, *written = files
        stdin = stack.enter_context(source.open("rb")) if source else asyncio.subprocess.DEVNULL
        output, errors = (stack.enter_context(_private(file)) for file in written)
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env=dict(environment),
                stdin=stdin,
                stdout=output,
                stderr=errors,
                process_group=0,
                pass_fds=pass_fds,
                umask=0o077,  # plans and states hold secrets in clear text
            )
        )
        cancelled = False
        while not starting.done():
            try:
                await asyncio.wait({starting})
            except asyncio.CancelledError:
                cancelled = True
    try:
        return starting.result(), cancelled
    except OSError as error:
        raise NotStarted(f"{argv[0]} cannot be started: {error.strerror}") from error


@contextlib.contextmanager
def _private(path: Path) -> Iterator[int]:
    """Open a file for the child to write, readable only by its owner."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def _ended(process: asyncio.subprocess.Process, within: float) -> bool:
    """Return True when the child ends within that many seconds."""
    try:
        async with asyncio.timeout(within):
            await process.wait()
    except TimeoutError:
        return process.returncode is not None
    return True


async def _ended_uncancelled(process: asyncio.subprocess.Process, within: float) -> bool:
    """Return True when the child ends in time; further cancellations of the caller change nothing."""
    clock = asyncio.get_running_loop()
    deadline = clock.time() + within
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            return await _ended(process, max(0.0, deadline - clock.time()))


async def _wind_down(process: asyncio.subprocess.Process, *, drain: timedelta | None, grace: timedelta) -> bool:
    """End the child; return True when it needed a signal.

    SIGINT goes to Terraform alone. Providers ignore SIGINT, but a SIGTERM to the group would kill them while Terraform
    still needs them.
    """
    if drain is not None and await _ended_uncancelled(process, drain.total_seconds()):
        return False
    if process.returncode is not None:
        return False
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    if not await _ended_uncancelled(process, grace.total_seconds()):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await _ended_uncancelled(process, _KILL_SECONDS)
    return True
