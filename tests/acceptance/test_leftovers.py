"""Processes that a killed run left in its folder are ended by the next run, and no others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.leftovers import end_leftovers, record


@contextmanager
def running(directory: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    program = "import time; print(flush=True); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", program, *words], cwd=directory, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()  # only now is its command line sure to be in /proc: the kernel writes it after the exec
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_daemon_is_ended_whose_command_line_does_not_name_the_folder(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        record(tmp_path, "daemon", daemon.pid)
        end_leftovers(tmp_path)
        assert daemon.poll() is not None


def test_a_server_is_ended_whose_command_line_names_the_folder(tmp_path: Path) -> None:
    with running(Path("/"), str(tmp_path)) as server:
        record(tmp_path, "server", server.pid)
        end_leftovers(tmp_path)
        assert server.poll() is not None


def test_a_process_of_somewhere_else_that_has_the_number_now_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with running(tmp_path) as other:
        record(folder, "daemon", other.pid)
        end_leftovers(folder)
        assert other.poll() is None
