"""Children are never abandoned: drained, interrupted once, killed last."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.edges.process import child as process
from tests.patience import PATIENCE

LONG = timedelta(seconds=60)

# Reports when it can be signalled, counts SIGINTs, and ends on a file, or on the first SIGINT if `polite`.
CHILD = """
import pathlib, signal, sys, time
here, manner = pathlib.Path(sys.argv[1]), sys.argv[2]
signals = []
signal.signal(signal.SIGINT, lambda *_: signals.append(1))
(here / "ready").touch()
while not (here / "finish").exists() and not (signals and manner == "polite"):
    time.sleep(0.02)
(here / "signals").write_text(str(len(signals)))
sys.exit(3 if signals else 0)
"""


def is_running(pid: int) -> bool:
    """Return True until the process has ended; a zombie has ended."""
    state = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


class Child:
    """A child under `process.run`, and the files that it wrote."""

    def __init__(self, here: Path) -> None:
        self.here = here
        self.pid = 0

    def run(self, manner: str = "stubborn", **options: Any) -> asyncio.Task[process.Completed]:
        settings: dict[str, Any] = {"timeout": LONG, "grace": LONG, "started": self._started, **options}
        return asyncio.create_task(
            process.run(
                [sys.executable, "-c", CHILD, str(self.here), manner],
                cwd=self.here,
                environment={"PATH": os.environ["PATH"]},
                output=self.here / "output",
                errors=self.here / "errors",
                **settings,
            )
        )

    def _started(self, pid: int) -> None:
        self.pid = pid

    async def ready(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while not (self.here / "ready").exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.01)

    def finish(self) -> None:
        (self.here / "finish").touch()

    @property
    def signals(self) -> int:
        return int((self.here / "signals").read_text())

    @property
    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


@pytest.fixture
def child(tmp_path: Path) -> Child:
    return Child(tmp_path)


async def test_output_goes_to_private_files(tmp_path: Path) -> None:
    done = await process.run(
        ["/bin/sh", "-c", "echo out; echo err >&2; echo $SECRET_KEY; exit 7"],
        cwd=tmp_path,
        environment={"SECRET_KEY": "only what was passed"},
        timeout=LONG,
        grace=LONG,
        output=tmp_path / "out",
        errors=tmp_path / "err",
    )
    assert done == process.Completed(7, interrupted=False)
    assert (tmp_path / "out").read_text() == "out\nonly what was passed\n"
    assert (tmp_path / "err").read_text() == "err\n"
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


async def test_arguments_are_never_read_by_a_shell(tmp_path: Path) -> None:
    hostile = '"; touch stolen; $(touch stolen) `touch stolen`'
    await process.run(
        ["/bin/echo", hostile],
        cwd=tmp_path,
        environment={},
        timeout=LONG,
        grace=LONG,
        output=tmp_path / "out",
        errors=tmp_path / "err",
    )
    assert (tmp_path / "out").read_text() == hostile + "\n"
    assert not (tmp_path / "stolen").exists()


async def test_a_missing_program_is_not_started(tmp_path: Path) -> None:
    with pytest.raises(process.NotStarted, match="no-such-terraform"):
        await process.run(
            ["no-such-terraform"],
            cwd=tmp_path,
            environment={"PATH": "/bin"},
            timeout=LONG,
            grace=LONG,
            output=tmp_path / "out",
            errors=tmp_path / "err",
        )


async def test_without_drain_a_cancelled_child_gets_one_sigint_and_is_waited_for(child: Child) -> None:
    running = child.run("polite")
    await child.ready()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert child.signals == 1
    assert not child.alive


async def test_with_drain_a_cancelled_child_finishes_and_its_result_counts(child: Child) -> None:
    running = child.run(drain=LONG)
    await child.ready()
    running.cancel()
    await asyncio.sleep(0.1)
    assert not running.done()
    child.finish()
    assert await running == process.Completed(0, interrupted=False)
    assert child.signals == 0


async def test_sigint_follows_the_drain(child: Child) -> None:
    running = child.run("polite", drain=timedelta(seconds=0.1))
    await child.ready()
    running.cancel()
    assert await running == process.Completed(3, interrupted=True)
    assert child.signals == 1


async def test_repeated_cancellation_neither_abandons_the_child_nor_repeats_the_signal(child: Child) -> None:
    running = child.run(drain=timedelta(seconds=0.2))
    await child.ready()
    for _ in range(20):
        running.cancel()
        await asyncio.sleep(0.02)
    assert child.alive
    child.finish()
    assert (await running).interrupted
    assert child.signals == 1


async def test_a_child_that_ignores_sigint_is_killed_after_the_grace_period(child: Child) -> None:
    running = child.run(drain=timedelta(seconds=0.1), grace=timedelta(seconds=0.2))
    await child.ready()
    running.cancel()
    assert await running == process.Completed(-signal.SIGKILL, interrupted=True)
    assert not child.alive


async def test_processes_started_by_a_killed_child_are_killed(tmp_path: Path) -> None:
    """Act like a Terraform that the kernel kills for its memory: its provider survives with an inherited lock."""
    script = "import os, subprocess, sys, time; left = subprocess.Popen(['sleep', '600']); print(left.pid, flush=True)"
    script += "; os.kill(os.getpid(), 9)"
    completed = await process.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        environment={"PATH": os.environ["PATH"]},
        output=tmp_path / "output",
        errors=tmp_path / "errors",
        timeout=LONG,
        grace=LONG,
    )
    assert completed.returncode == -signal.SIGKILL
    left = int((tmp_path / "output").read_text())
    async with asyncio.timeout(PATIENCE):
        while is_running(left):  # noqa: ASYNC110 - not a child of this process
            await asyncio.sleep(0.01)


async def test_a_time_out_ends_the_child_with_one_sigint(child: Child) -> None:
    running = child.run("polite", timeout=timedelta(seconds=3), drain=LONG)
    with pytest.raises(process.TimedOut):
        await running
    assert child.signals == 1
    assert not child.alive


async def test_a_cancellation_during_the_start_does_not_lose_the_child(child: Child) -> None:
    running = child.run(drain=LONG)
    await asyncio.sleep(0)
    running.cancel()
    await child.ready()
    child.finish()
    assert await running == process.Completed(0, interrupted=False)


async def test_a_group_signal_to_the_daemon_does_not_reach_the_child(child: Child) -> None:
    running = child.run()
    await child.ready()
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    child.finish()
    await running


def test_a_loop_that_cancels_all_tasks_at_its_end_waits_for_the_child(child: Child) -> None:
    async def main() -> None:
        child.run("polite")
        await child.ready()

    asyncio.run(main())
    assert child.signals == 1
    assert not child.alive


def test_read_output_returns_the_output_or_raises() -> None:
    read = process.read_output
    assert read(["/bin/echo", "1.11.4"], environment={}, timeout=LONG) == b"1.11.4\n"
    with pytest.raises(process.ProcessFailed, match="no idea"):
        read(["/bin/sh", "-c", "echo no idea >&2; exit 1"], environment={}, timeout=LONG)
    with pytest.raises(process.TimedOut):
        read(["/bin/sleep", "60"], environment={}, timeout=timedelta(seconds=0.1))
