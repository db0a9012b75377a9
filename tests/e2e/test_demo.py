"""The demo holds, also after one that was killed in the middle."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


def start(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.local.demo", "--folder", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes_in(folder: Path) -> list[str]:
    """Return the processes with the folder on their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in words and entry.parent.name != str(os.getpid()):
            found.append(words)
    return found


@pytest.mark.aws
@pytest.mark.chaos
@pytest.mark.timeout(1500)
def test_every_step_of_the_demo_holds_after_one_that_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    killed = start(folder)
    deadline = time.monotonic() + PATIENCE
    while not any("terraform apply" in command for command in processes_in(folder)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    told = start(folder).communicate()[0]
    assert "All steps passed" in told, told
    assert processes_in(folder) == []
