"""Processes that a killed Terraform left running are ended, and no other process is."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.core.ports.terraform import TerraformFailed
from reconciler.edges.process import leftovers
from reconciler.edges.terraform.workspace import locked
from tests.patience import PATIENCE

pytestmark = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs Linux's /proc")

# Takes the workspace lock, starts a child that inherits it, records its pid as a pass does, and ends (or stays).
LEADER = """
import fcntl, os, subprocess, sys, time
home, where, stays = sys.argv[1:]
lock = os.open(f"{home}/.lock", os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(lock, fcntl.LOCK_EX)
os.pwrite(lock, str(os.getpid()).encode(), 0)
subprocess.Popen(["sleep", "600"], pass_fds=[lock], cwd=where)
print("ready", flush=True)
time.sleep(600 if stays == "stays" else 0)
"""

Leader = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def leader() -> Iterator[Leader]:
    started: list[subprocess.Popen[bytes]] = []

    def start(home: Path, *, where: Path | None = None, stays: bool = False) -> "subprocess.Popen[bytes]":
        home.mkdir()
        command = [sys.executable, "-c", LEADER, str(home), str(where or home), "stays" if stays else "goes"]
        process = subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, process_group=0)
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        if not stays:
            process.wait(PATIENCE)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


def test_processes_of_a_killed_run_are_ended_and_free_the_workspace(leader: Leader, tmp_path: Path) -> None:
    home = tmp_path / "home"
    dead = leader(home)
    with pytest.raises(TerraformFailed, match=rf"pid {dead.pid}\) was killed, and the processes"), locked(home):
        pass
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with locked(home):
                return
        except TerraformFailed:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_live_run_is_left_alone(leader: Leader, tmp_path: Path) -> None:
    living = leader(tmp_path / "home", stays=True)
    with pytest.raises(TerraformFailed, match=rf"pid {living.pid}\) still works in"), locked(tmp_path / "home"):
        pass
    assert living.poll() is None


def test_a_group_outside_of_the_folder_is_left_alone(leader: Leader, tmp_path: Path) -> None:
    dead = leader(tmp_path / "home", where=tmp_path)
    assert not leftovers.end(dead.pid, tmp_path / "home")
    assert leftovers.end(dead.pid, tmp_path)


@pytest.mark.parametrize("number", [0, 1, 2**22 + 1])
def test_an_id_without_a_group_of_a_run_is_left_alone(tmp_path: Path, number: int) -> None:
    assert not leftovers.end(number, tmp_path)
