"""Child processes that nobody abandons.

A terraform that is killed, or whose reader goes away, loses state. So its output goes to files, it lives in a process
group of its own (a terminal's or supervisor's group signal does not reach it a second time), nothing here ends it
when the daemon dies, and a cancelled caller still stays with it until its end: first the drain, then one SIGINT, then
the grace, SIGKILL last. No inner task waits, so that a loop that cancels every task at its end abandons nothing either.

    ProcessFailed
        NotStarted    the program is missing or may not be run
        TimedOut      it took longer than allowed and was brought to its end
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

_KILLED_WITHIN = 10.0  # the kernel needs a moment to take a process down


class ProcessFailed(Exception):
    """A child could not be run to an end of its own."""


class NotStarted(ProcessFailed):
    """There is no child at all."""


class TimedOut(ProcessFailed):
    """The child was still running after its time. `killed`: it did not end when it was asked to."""

    killed = False


@dataclass(frozen=True, slots=True)
class Completed:
    """How a child ended. `interrupted` says that we asked it to stop: its exit code is then no verdict."""

    returncode: int
    interrupted: bool


async def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    timeout: timedelta,  # noqa: ASYNC109 - the end of the time is a signal and a grace, not a cancelled await
    output: Path,
    errors: Path,
    grace: timedelta,
    drain: timedelta | None = None,
    pass_fds: Sequence[int] = (),
    started: Callable[[int], None] | None = None,
    given: Path | None = None,
    alone: bool = True,
) -> Completed:
    """Run a program to its end, its output in two private files.

    With `drain` the caller's cancellation is absorbed: the result is returned all the same, because it has to be
    recorded (`asyncio.current_task().cancelling()` still tells). Without it the child gets its SIGINT at once, and the
    cancellation is passed on when the child is gone. `given` is the file that it reads as its input. A child that is
    not left `alone` takes what it started along: its whole group is killed after its end. Raises: NotStarted, TimedOut.
    """
    process, cancelled = await _start(argv, cwd, environment, (given, output, errors), pass_fds)
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
    if not alone:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    if timed_out:
        late = TimedOut(f"{argv[0]} was still running after {timeout} and was stopped")
        late.killed = process.returncode is None or process.returncode < 0
        raise late
    if cancelled and drain is None:
        raise asyncio.CancelledError
    if process.returncode is None:
        raise ProcessFailed(f"{argv[0]} (pid {process.pid}) cannot be ended")
    if process.returncode < 0:
        _end_group(process.pid)
    return Completed(process.returncode, interrupted)


def answer(argv: Sequence[str], *, environment: Mapping[str, str], timeout: timedelta) -> bytes:
    """The output of a program that only answers a question; blocking, for start-up. Raises: ProcessFailed."""
    try:
        completed = subprocess.run(
            argv, env=environment, capture_output=True, timeout=timeout.total_seconds(), check=True
        )
    except OSError as error:
        raise NotStarted(f"{argv[0]} cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise TimedOut(f"{argv[0]} did not answer within {timeout}") from error
    except subprocess.CalledProcessError as error:
        raise ProcessFailed(f"{argv[0]} failed: {error.stderr.decode(errors='replace').strip()[:400]}") from error
    return completed.stdout


def _end_group(leader: int) -> None:
    """A terraform that was killed could not end its providers; they would hold the workspace's lock for ever."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


async def _start(
    argv: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    files: tuple[Path | None, Path, Path],
    pass_fds: Sequence[int],
) -> tuple[asyncio.subprocess.Process, bool]:
    """Start the child; a cancellation meanwhile is remembered, because asyncio would answer it with SIGKILL."""
    with contextlib.ExitStack() as stack:
        given, *written = files
        source = stack.enter_context(given.open("rb")) if given else asyncio.subprocess.DEVNULL
        output, errors = (stack.enter_context(_private(file)) for file in written)
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env=dict(environment),
                stdin=source,
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
    """A file for a child to write, readable by nobody else."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def _ended(process: asyncio.subprocess.Process, within: float) -> bool:
    """True when the child ended within that many seconds."""
    try:
        async with asyncio.timeout(within):
            await process.wait()
    except TimeoutError:
        return process.returncode is not None
    return True


async def _outlast(process: asyncio.subprocess.Process, within: float) -> bool:
    """Like `_ended`, but deaf to cancellation: whoever is in a hurry has said so already."""
    clock = asyncio.get_running_loop()
    deadline = clock.time() + within
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            return await _ended(process, max(0.0, deadline - clock.time()))


async def _wind_down(process: asyncio.subprocess.Process, *, drain: timedelta | None, grace: timedelta) -> bool:
    """Bring the child to its end; True when it had to be asked.

    The signal goes to terraform alone: providers ignore SIGINT but would die under it from a SIGTERM to the group.
    """
    if drain is not None and await _outlast(process, drain.total_seconds()):
        return False
    if process.returncode is not None:
        return False
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    if not await _outlast(process, grace.total_seconds()):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await _outlast(process, _KILLED_WITHIN)
    return True
