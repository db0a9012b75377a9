"""Fixtures: the programs of Prometheus, where they are available."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.tools import TOOLS, ToolMissing, ensure_prometheus

Promtool = Callable[..., str]


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Return a function that runs promtool and returns its output; it fails with the output after an error."""
    try:
        program = ensure_prometheus(TOOLS).promtool
    except ToolMissing as missing:
        pytest.skip(str(missing))

    def run(*arguments: str | Path) -> str:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=500)
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        return output

    return run
