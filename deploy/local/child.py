"""Child processes for local servers: one Python module each, on its own port, ended with its parent.

For synchronous programs: the demo, the benchmark and the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 300.0  # an end is noticed at once; a loaded machine may take minutes
STOPS_WITHIN = 10.0
ANSWERS_WITHIN = 60.0
PASSED_ON = ("LANG", "LC_ALL", "PATH", "TMPDIR")


class ChildError(Exception):
    """The child ended, did not serve in time, or refused a request. The message contains its output or answer."""


@contextmanager
def serving(
    module: str,
    options: Sequence[str],
    *,
    port: int,
    output: Path | None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[int, int]]:
    """Run a module as a server for the length of a `with` block; yield its port and process id.

    `output` receives stdout and stderr; without it they appear in the error if the child fails. The child inherits
    only the variables of `PASSED_ON`, plus `environment`.

    Raises: ChildError.
    """
    with tempfile.TemporaryDirectory(prefix=f"{module.rpartition('.')[2]}-") as directory:
        port_file = Path(directory, "port")
        log = output or Path(directory, "output")
        serves = ["--port", str(port), "--port-file", str(port_file), "--parent-pid", str(os.getpid())]
        with log.open("ab") as stream:
            child = subprocess.Popen(
                [sys.executable, "-m", module, *serves, *options],
                cwd=ROOT,
                env={name: os.environ[name] for name in PASSED_ON if name in os.environ} | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,  # Ctrl-C reaches only the parent, which may still need the child
            )
        try:
            yield _wait_for_port(child, module, port_file, log), child.pid
        finally:
            _stop(child)


def ask(address: str, method: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Send a request with JSON to one of the child's pages and return its JSON answer. Raises: ChildError."""
    body = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(address, data=body, method=method)  # noqa: S310 - http to our own child
    try:
        with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN) as answer:  # noqa: S310 - http to our own child
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            raise ChildError(f"{method} {address}: {error.code} {error.read().decode()}") from None


def _wait_for_port(child: subprocess.Popen[bytes], module: str, port_file: Path, log: Path) -> int:
    deadline = time.monotonic() + STARTS_WITHIN
    while not port_file.exists():
        if child.poll() is not None:
            raise ChildError(f"{module} ended with {child.returncode}:\n{log.read_text(errors='replace')}")
        if time.monotonic() > deadline:
            raise ChildError(f"{module} did not serve within {STARTS_WITHIN:.0f} s")
        time.sleep(0.05)
    return int(port_file.read_text(encoding="ascii"))


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(STOPS_WITHIN)
