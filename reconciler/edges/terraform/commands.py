"""Terraform's command lines, built by python-terraform and run by `process`.

The package is used for nothing else, because its runner blocks, pipes the output and knows no signals. Its traps stay
in here: it reads a state file of the working directory when it is made (so it gets a directory that cannot exist),
turns mappings into temporary files that it forgets (none is passed), and runs any attribute as a command (only the
builder is called).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import python_terraform

_FLAG = python_terraform.IsFlagged


@dataclass(frozen=True, slots=True)
class Commands:
    """The command lines for one terraform binary. All run in the root's directory."""

    binary: str
    lock_timeout: timedelta

    def version(self) -> Sequence[str]:
        """Its version as JSON."""
        return self._line("version", json=_FLAG)

    def init(self, backend: Path | None) -> Sequence[str]:
        """Install what the root needs and point it at its state; never asks, never migrates a state."""
        return self._line(
            "init", json=_FLAG, input=False, reconfigure=_FLAG, backend_config=str(backend) if backend else None
        )

    def plan(self, out: Path, *, destroy: bool) -> Sequence[str]:
        """Plan into a file; exit code 2 says that something would change."""
        return self._line(
            "plan",
            json=_FLAG,
            input=False,
            detailed_exitcode=_FLAG,
            lock_timeout=self._lock_timeout,
            out=str(out),
            destroy=_FLAG if destroy else None,
        )

    def show(self, plan: Path) -> Sequence[str]:
        """A plan file as JSON."""
        return self._line("show", str(plan), json=_FLAG)

    def apply(self, plan: Path) -> Sequence[str]:
        """Exactly the plan of that file."""
        return self._line("apply", str(plan), json=_FLAG, input=False, lock_timeout=self._lock_timeout)

    def output(self) -> Sequence[str]:
        """The outputs in the state, sensitive ones included."""
        return self._line("output", json=_FLAG)

    def pull(self) -> Sequence[str]:
        """The state itself; needs no provider."""
        return self._line("state pull")

    def push(self, state: Path) -> Sequence[str]:
        """A state file to where the state is kept; refused by Terraform unless it is of that lineage and newer."""
        return self._line("state push", str(state), lock_timeout=self._lock_timeout)

    def unlock(self, lock_id: str) -> Sequence[str]:
        """Break exactly that lock."""
        return self._line("force-unlock", lock_id, force=_FLAG)

    @property
    def _lock_timeout(self) -> str:
        return f"{self.lock_timeout.total_seconds():.0f}s"

    def _line(self, command: str, *arguments: str, **options: Any) -> Sequence[str]:
        builder = python_terraform.Terraform(working_dir=f"{os.devnull}/none", terraform_bin_path=self.binary)
        line: list[str] = builder.generate_cmd_string(command, *arguments, **options)
        return tuple(line)
