"""Terraform's command lines, built by python-terraform and run by `edges/process`.

The package is used for nothing else, because its runner blocks, pipes the output and handles no signals. This module
avoids its traps: it reads a state file in the working directory when it is created (so it gets a directory that cannot
exist), writes mappings to temporary files that it never deletes (none is passed), and runs any attribute as a command
(only the builder is called).
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
    """The command lines of one terraform binary; all run in the root's directory."""

    binary: str
    lock_timeout: timedelta

    def version(self) -> Sequence[str]:
        """Print the version as JSON."""
        return self._line("version", json=_FLAG)

    def init(self, backend: Path | None, *, provider_lock: bool) -> Sequence[str]:
        """Install the root's providers and configure its backend; never prompts, never migrates a state.

        `provider_lock`: only the providers of the root's lock file, which is not changed.
        """
        return self._line(
            "init",
            json=_FLAG,
            input=False,
            reconfigure=_FLAG,
            backend_config=str(backend) if backend else None,
            lockfile="readonly" if provider_lock else None,
        )

    def plan(self, out: Path, *, variables: str, destroy: bool, of_state: bool = False) -> Sequence[str]:
        """Plan into a file; exit code 2 means that the plan has changes.

        The file of variables is named, so that a `*.auto.tfvars` of the root does not win over it. `of_state`: against
        the stored state, without asking the provider what exists and without the state's lock.
        """
        return self._line(
            "plan",
            json=_FLAG,
            input=False,
            detailed_exitcode=_FLAG,
            lock_timeout=self._lock_timeout,
            var_file=variables,
            out=str(out),
            destroy=_FLAG if destroy else None,
            refresh=False if of_state else None,
            lock=False if of_state else None,
        )

    def schemas(self) -> Sequence[str]:
        """Print the schemas of the root's providers as JSON."""
        return self._line("providers schema", json=_FLAG)

    def show(self, plan: Path) -> Sequence[str]:
        """Print a plan file as JSON."""
        return self._line("show", str(plan), json=_FLAG)

    def apply(self, plan: Path) -> Sequence[str]:
        """Apply exactly the plan of that file."""
        return self._line("apply", str(plan), json=_FLAG, input=False, lock_timeout=self._lock_timeout)

    def output(self) -> Sequence[str]:
        """Print the outputs of the state as JSON, sensitive ones included."""
        return self._line("output", json=_FLAG)

    def pull(self) -> Sequence[str]:
        """Print the state; needs no provider."""
        return self._line("state pull")

    def push(self, state: Path) -> Sequence[str]:
        """Upload a state file; Terraform refuses one of another lineage, or one that is not newer."""
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
