"""A second user of this machine: a process with a uid of its own, which needs root to be started."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.patience import PATIENCE

UID = 54321
needs_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="a second user needs root, and Linux tells the uid of a peer"
)
_BASE = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")

_LISTEN = """
import os, socket, sys
path, before = sys.argv[1], sys.argv[2] == "bound by the owner"
server = socket.socket(socket.AF_UNIX)
if before:
    server.bind(path)
os.setgroups([]), os.setgid({uid}), os.setuid({uid})
if not before:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    server.bind(path)
server.listen(8)
print("ready", flush=True)
while True:
    connection, _ = server.accept()
    print("got", repr(connection.recv(65536)), flush=True)
    connection.close()
"""
_CALL = """
import os, socket, sys
os.setgroups([]), os.setgid({uid}), os.setuid({uid})
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
try:
    connection.sendall(sys.argv[2].encode())
    print(connection.makefile("rb").read().decode())
except (BrokenPipeError, ConnectionResetError):
    print("")
"""
_MAKE = """
import os, sys
os.setgroups([]), os.setgid({uid}), os.setuid({uid})
exec(sys.argv[1])
"""


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket on which another user listens; `heard` ends it and returns what it was sent."""

    path: Path
    process: "subprocess.Popen[str]"

    def heard(self) -> str:
        """End the listener. Returns a line for each connection that sent something or was closed."""
        self.process.terminate()
        out, _ = self.process.communicate(timeout=PATIENCE)
        return "".join(line for line in out.splitlines(keepends=True) if line.strip() != "got b''")


@contextmanager
def listening(path: Path, *, bound_by_owner: bool = False) -> Iterator[Listener]:
    """Let the other user listen at a path; `bound_by_owner`: at a socket whose file is this user's."""
    how = "bound by the owner" if bound_by_owner else "bound by the other"
    process = subprocess.Popen([*_python(_LISTEN), str(path), how], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Listener(path, process)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def call(path: Path, text: str) -> str:
    """Let the other user send a text to a socket. Returns the answer."""
    command = [*_python(_CALL), str(path), text]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout


def run(statement: str) -> None:
    """Run a Python statement as the other user."""
    subprocess.run([*_python(_MAKE), statement], check=True, timeout=PATIENCE)


def open_to_others(path: Path) -> None:
    """Give a folder or a socket the mode that lets every user in."""
    path.chmod(0o755 if path.is_dir() else 0o666)


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Make a folder such as /tmp: everyone may write there."""
    with tempfile.TemporaryDirectory(prefix="shared-", dir="/tmp") as folder:
        Path(folder).chmod(0o1777)
        yield Path(folder)


def _python(script: str) -> list[str]:
    return [str(_BASE), "-I", "-S", "-c", script.replace("{uid}", str(UID))]
