"""The external policy check: the program of `policy.command` reads a plan and allows it with exit code 0.

The plan holds secrets in clear text. While the program runs, the plan is in a private folder of the instance's
workspace, which is also the program's working directory, home and folder for temporary files. The folder is deleted
afterwards, and all processes that the program started are killed. The program gets no credentials: its environment has
neither AWS's nor the daemon's.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.edges.process import child
from reconciler.edges.process.threads import in_thread

PLAN = "{plan}"
_ALLOWED = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"})
_GRACE = timedelta(seconds=2)
_MAX_BYTES = 64 * 1024  # of its output; operators see the beginning
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class PolicyCommand:
    """Implements `core.ports.judge.Judge`. `work`: the folder of the workspaces; `base`: the daemon's own variables."""

    def __init__(self, argv: Sequence[str], *, timeout: timedelta, work: Path, base: Mapping[str, str]) -> None:
        self._argv, self._timeout, self._work = tuple(argv), timeout, work
        self._allowed = {name: value for name, value in base.items() if name in _ALLOWED}

    async def denies(self, document: Mapping[str, Any], key: Key, environment: Environment) -> str | None:
        """Return None when the program ends with 0, and the reason of the denial after any other end; see the port."""
        folder = self._work.absolute() / key.environment / key.name / "policy"
        plan = folder / "plan.json"
        try:
            await in_thread(_write_plan, folder, plan, document)
            return await self._run(folder, plan, self._variables(folder, key, environment))
        except OSError as error:
            return f"`policy.command`: the plan cannot be written ({error.strerror}), so nothing is applied"
        finally:
            await in_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _run(self, folder: Path, plan: Path, variables: Mapping[str, str]) -> str | None:
        name, (output, errors) = f"`{self._argv[0]}`", (folder / "stdout", folder / "stderr")
        try:
            completed = await child.run(
                [argument.replace(PLAN, str(plan)) for argument in self._argv],
                cwd=folder,
                environment=variables,
                timeout=self._timeout,
                stdin=plan,
                output=output,
                errors=errors,
                grace=_GRACE,
                end_group=True,
            )
        except child.TimedOut:
            seconds = f"{self._timeout.total_seconds():g} s"
            return f"{name} did not answer within {seconds} (`policy.timeout`), so nothing is applied"
        except child.ProcessFailed as error:
            return f"`policy.command`: {error}, so nothing is applied"
        if completed.returncode == 0:
            return None
        text = await in_thread(_read, output) or await in_thread(_read, errors)
        if completed.returncode < 0:
            return f"{name} was killed by signal {-completed.returncode}, so nothing is applied; {text}".rstrip("; ")
        return f"{name} denies the plan (exit code {completed.returncode}): {text or 'it gave no reason'}"

    def _variables(self, folder: Path, key: Key, environment: Environment) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            **self._allowed,
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "RECONCILER_INSTANCE": str(key),
            "RECONCILER_ENVIRONMENT": environment.name,
            "RECONCILER_TIER": environment.tier,
            "RECONCILER_ACCOUNT": environment.account,
            "RECONCILER_REGION": environment.region,
        }


def _write_plan(folder: Path, plan: Path, document: Mapping[str, Any]) -> None:
    """Create an empty private folder with the plan in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    descriptor = os.open(plan, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)


def _read(file: Path) -> str:
    with file.open("rb") as stream:
        text = stream.read(_MAX_BYTES).decode(errors="replace")
    return _CONTROL.sub(" ", _COLOUR.sub("", text)).strip()
