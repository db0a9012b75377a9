"""The program that `policy.command` names: it reads a plan and allows it with exit code 0.

The plan holds secrets in clear. It lies in a private folder of the instance's workspace while the program runs, which
is the program's working directory, home and place for temporary files too, and goes with all that the program started.
The program gets no credentials: neither AWS's nor the daemon's are in its surroundings.
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
_PASSED = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"})
_GRACE = timedelta(seconds=2)
_MOST = 64 * 1024  # of what it says; people see the beginning
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class PolicyCommand:
    """The port's `Judge`. `work` is the folder of the workspaces, `base` what the daemon's environment holds."""

    def __init__(self, argv: Sequence[str], *, timeout: timedelta, work: Path, base: Mapping[str, str]) -> None:
        self._argv, self._timeout, self._work = tuple(argv), timeout, work
        self._passed = {name: value for name, value in base.items() if name in _PASSED}

    async def denies(self, document: Mapping[str, Any], key: Key, environment: Environment) -> str | None:
        """None when the program ends with 0. Whatever else becomes of it is a reason; see the port."""
        room = self._work.absolute() / key.environment / key.name / "policy"
        plan = room / "plan.json"
        try:
            await in_thread(_furnish, room, plan, document)
            return await self._ask(room, plan, self._surroundings(room, key, environment))
        except OSError as error:
            return f"`policy.command`: the plan cannot be handed over ({error.strerror}), so nothing is applied"
        finally:
            await in_thread(shutil.rmtree, room, ignore_errors=True)

    async def _ask(self, room: Path, plan: Path, surroundings: Mapping[str, str]) -> str | None:
        name, (output, errors) = f"`{self._argv[0]}`", (room / "said.out", room / "said.err")
        try:
            completed = await child.run(
                [argument.replace(PLAN, str(plan)) for argument in self._argv],
                cwd=room,
                environment=surroundings,
                timeout=self._timeout,
                given=plan,
                output=output,
                errors=errors,
                grace=_GRACE,
                alone=False,
            )
        except child.TimedOut:
            seconds = f"{self._timeout.total_seconds():g} s"
            return f"{name} did not answer within {seconds} (`policy.timeout`), so nothing is applied"
        except child.ProcessFailed as error:
            return f"`policy.command`: {error}, so nothing is applied"
        if completed.returncode == 0:
            return None
        said = await in_thread(_said, output) or await in_thread(_said, errors)
        if completed.returncode < 0:
            return f"{name} was ended by signal {-completed.returncode}, so nothing is applied; {said}".rstrip("; ")
        return f"{name} denies it (exit code {completed.returncode}): {said or 'it gave no reason'}"

    def _surroundings(self, room: Path, key: Key, environment: Environment) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            **self._passed,
            "HOME": str(room),
            "TMPDIR": str(room),
            "RECONCILER_INSTANCE": str(key),
            "RECONCILER_ENVIRONMENT": environment.name,
            "RECONCILER_TIER": environment.tier,
            "RECONCILER_ACCOUNT": environment.account,
            "RECONCILER_REGION": environment.region,
        }


def _furnish(room: Path, plan: Path, document: Mapping[str, Any]) -> None:
    """An empty private folder with the plan in it."""
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(mode=0o700, parents=True)
    descriptor = os.open(plan, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)


def _said(file: Path) -> str:
    with file.open("rb") as said:
        text = said.read(_MOST).decode(errors="replace")
    return _CONTROL.sub(" ", _COLOUR.sub("", text)).strip()
