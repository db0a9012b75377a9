"""A person who looks after the instances, and does for each what its condition's message and the documentation say.

They are asked at once for an approval. What the daemon tries again by itself gets the time to do so first.
"""

import re
import shutil
import time
from dataclasses import dataclass, field
from typing import Any

from tests.chaos import processes
from tests.chaos.stage import Stage
from tests.e2e.daemon import TABLE

CHECKSUM = "does not have the expected content"  # Terraform compares the state with its checksum in the lock table
PATIENCE = 50.0  # longer than the daemon waits before it looks at a lock again
_UNLOCK = re.compile(r"reconciler unlock \S+ --lock-id ([\w-]+)")


@dataclass
class Person:
    """`needs` collects which condition asked for help, by instance."""

    stage: Stage
    needs: dict[str, list[str]] = field(default_factory=dict)
    _since: dict[str, tuple[str, float]] = field(default_factory=dict)

    def look(self) -> None:
        """Go round all instances once."""
        for name in self.stage.wishes:
            found = self.stage.instance(name)
            if found and found["reason"] and not (found["ready"] and found["current"]):
                self._consider(name, found)
            else:
                self._since.pop(name, None)

    def _consider(self, name: str, found: dict[str, Any]) -> None:
        reason = str(found["reason"])
        if reason == "AwaitingApproval":
            if found["plan"] and self.stage.act(name, "approve", digest=found["plan"]["digest"]) == 200:
                self._note(name, reason)
            return
        said, since = self._since.setdefault(name, (reason, time.monotonic()))
        if said != reason:
            self._since[name] = (reason, time.monotonic())
        elif time.monotonic() - since > PATIENCE and self._help(name, reason, str(found["message"])):
            self._note(name, reason)
            del self._since[name]

    def _help(self, name: str, reason: str, message: str) -> bool:
        """Do what is said; False when nothing is."""
        if told := _UNLOCK.search(message):
            return not processes.terraform_of(self.stage.home(name)) and self._did(name, "unlock", lock_id=told[1])
        if reason in {"RetriesExhausted", "DriftFight"}:
            return self._did(name, "reconcile")
        if reason == "StateConflict" and "errored.tfstate" in message:
            return self._put_aside(name)
        if CHECKSUM in message:
            return self._take_checksum_away(name)
        return False

    def _take_checksum_away(self, name: str) -> bool:
        """Trust the state if it is whole: a kill between the two writes left the checksum of the one before."""
        if not self.stage.state(name):
            return False
        row = f"{self.stage.bucket}/develop/{name}/terraform.tfstate-md5"
        self.stage.call("dynamodb", "delete_item", TableName=TABLE, Key={"LockID": {"S": row}})
        return self._did(name, "reconcile")

    def _put_aside(self, name: str) -> bool:
        """The state that Terraform refuses, because others moved it meanwhile: keep it elsewhere, plan from theirs."""
        kept = list(self.stage.home(name).glob("**/errored.tfstate"))
        for number, path in enumerate(kept):
            shutil.move(path, self.stage.folder / f"kept-{name}-{time.time_ns()}-{number}.tfstate")
        return bool(kept)

    def _did(self, name: str, action: str, **body: str) -> bool:
        return self.stage.act(name, action, **body) == 200

    def _note(self, name: str, reason: str) -> None:
        needs = self.needs.setdefault(name, [])
        if reason not in needs:
            needs.append(reason)
