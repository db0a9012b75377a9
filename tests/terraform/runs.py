"""One run of the real terraform, and the errors it ended with.

Its environment is an allow-list; nothing of the caller's can change what it does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LONGEST_RUN = 900.0
PASSED_ON = ("HOME", "LANG", "PATH", "TMPDIR")
ALWAYS = {
    "TF_IN_AUTOMATION": "1",
    "CHECKPOINT_DISABLE": "1",
    "GOGC": "600",  # a plan of thousands of resources spends a third of its time on collecting garbage
}


class Refused(Exception):
    """Terraform ended with errors; `messages` are its diagnostics by the file that they point to."""

    def __init__(self, messages: tuple[tuple[str, str], ...]) -> None:
        super().__init__("\n".join(f"{file}: {text}" for file, text in messages))
        self.messages = messages


def find_terraform() -> str:
    """Return the path of terraform. Raises: AssertionError when it is not installed."""
    found = shutil.which("terraform", path=f"{PROJECT / '.tools/bin'}{os.pathsep}{os.environ['PATH']}")
    assert found, "terraform is needed; `make setup` installs it"
    return found


def surroundings(configuration: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of a run: `given`, the CLI configuration, and what every run gets."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**passed, **ALWAYS, **given, "TF_CLI_CONFIG_FILE": str(configuration)}


def run(folder: Path, environment: Mapping[str, str], *arguments: str) -> str:
    """Run terraform in a folder and return what it printed. Raises: Refused."""
    finished = subprocess.run(
        [find_terraform(), *arguments],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    if finished.returncode != 0:
        raise Refused(read_errors(finished.stdout) or (("", finished.stdout + finished.stderr),))
    return finished.stdout


def read_errors(output: str) -> tuple[tuple[str, str], ...]:
    """Return the errors that `terraform … -json` printed: the file that each points to, and its text on one line."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    errors = [line["diagnostic"] for line in lines if line.get("@level") == "error" and "diagnostic" in line]
    return tuple(
        (error.get("range", {}).get("filename", ""), " ".join(f"{error['summary']}: {error['detail']}".split()))
        for error in errors
    )
