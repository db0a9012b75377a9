"""A private copy of `terraform/` in which tests run the real terraform, each root initialised once.

State is local and thrown away: a backend override stands beside the roots, so the S3 backend is not needed to plan.
Terraform's environment is an allow-list; nothing of the caller's can change what it does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.terraform.plans import Plan, read_plan

PROJECT = Path(__file__).resolve().parents[2]
SOURCE = PROJECT / "terraform"
PATIENCE = 300.0
PASSED_ON = ("HOME", "LANG", "PATH", "TMPDIR")
LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'


class Refused(Exception):
    """Terraform ended with errors; `messages` are its diagnostics by the file that they point to."""

    def __init__(self, messages: tuple[tuple[str, str], ...]) -> None:
        super().__init__("\n".join(f"{file}: {text}" for file, text in messages))
        self.messages = messages


def find_terraform() -> str:
    found = shutil.which("terraform", path=f"{PROJECT / '.tools/bin'}{os.pathsep}{os.environ['PATH']}")
    assert found, "terraform is needed; `make setup` installs it"
    return found


@dataclass
class Workbench:
    directory: Path
    environment: Mapping[str, str]
    cli_configuration: Path
    binary: str = field(default_factory=find_terraform)
    ready: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        shutil.copytree(SOURCE, self.directory, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
        for root in (self.directory / "roots").iterdir():
            (root / "backend_override.tf").write_text(LOCAL_BACKEND)

    def plan(self, root: str, variables: Mapping[str, Any]) -> Plan:
        """Plan a root of this copy. Raises: Refused."""
        folder = self._open(root)
        (folder / "terraform.tfvars.json").write_text(json.dumps(variables))
        self._run(folder, "plan", "-json", "-input=false", "-out=tfplan")
        shown = self._run(folder, "show", "-json", "tfplan")
        return read_plan(json.loads(shown))

    def apply(self, root: str) -> None:
        """Apply the last plan of a root."""
        self._run(self.directory / root, "apply", "-json", "-input=false", "tfplan")

    def _open(self, root: str) -> Path:
        folder = self.directory / root
        if root not in self.ready:
            self._run(folder, "init", "-input=false", "-no-color")
            self.ready.add(root)
        return folder

    def _run(self, folder: Path, *arguments: str) -> str:
        finished = subprocess.run(
            [self.binary, *arguments],
            cwd=folder,
            env=self._surroundings(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if finished.returncode != 0:
            raise Refused(read_errors(finished.stdout) or (("", finished.stdout + finished.stderr),))
        return finished.stdout

    def _surroundings(self) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            **self.environment,
            "TF_CLI_CONFIG_FILE": str(self.cli_configuration),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }


def read_errors(output: str) -> tuple[tuple[str, str], ...]:
    """The errors in what `terraform … -json` printed: the file that each points to, and its text on one line."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    errors = [line["diagnostic"] for line in lines if line.get("@level") == "error" and "diagnostic" in line]
    return tuple(
        (error.get("range", {}).get("filename", ""), " ".join(f"{error['summary']}: {error['detail']}".split()))
        for error in errors
    )
