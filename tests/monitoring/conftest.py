"""Prometheus' programs, where they can be had."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.tools import TOOLS, ToolMissing, ensure_prometheus

Promtool = Callable[..., str]


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Runs promtool and returns what it said; fails with that when it found something wrong."""
    try:
        program = ensure_prometheus(TOOLS).promtool
    except ToolMissing as missing:
        pytest.skip(str(missing))

    def run(*arguments: str | Path) -> str:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=500)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said

    return run
