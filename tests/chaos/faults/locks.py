"""State locks: our own that a killed run left, whole or half, and those of somebody else."""

import json
import random
import time
import uuid
from datetime import UTC, datetime

from reconciler.edges.state.locks import whoami
from tests.chaos import processes
from tests.chaos.faults.strike import Struck, moments
from tests.chaos.schedule import Fault
from tests.chaos.stage import Stage
from tests.e2e.daemon import TABLE
from tests.patience import PATIENCE

_HALVES = (("table",), ("object",), ("table", "object"))
_HELD_FOR = 3.0
_LONG_AGO = "2026-01-01T00:00:00Z"


def own(stage: Stage, fault: Fault) -> Struck:
    """A run of ours is killed while it holds the lock."""
    for _ in moments(stage, fault):
        if _kill_holder(stage, fault.target):
            return Struck(f"{len(stage.locks_of(fault.target))} halves were left")
    raise AssertionError("moments end by themselves")


def own_half(stage: Stage, fault: Fault) -> Struck:
    """The same, and one half of the lock is gone."""
    for _ in moments(stage, fault):
        if _kill_holder(stage, fault.target):
            half = random.Random(fault.seed).choice(("table", "object"))
            _remove(stage, fault.target, half)
            return Struck(f"without the half in the {half}")
    raise AssertionError("moments end by themselves")


def released(stage: Stage, fault: Fault) -> Struck:
    """Somebody holds the lock, and lets go of it."""
    lock_id, halves, said = _take(stage, fault)
    stood = _stands(stage, fault.target, halves, lock_id)
    for half in halves:
        _remove(stage, fault.target, half)
    return Struck(f"in {' and '.join(halves)}; {said}", broken=not stood)


def left(stage: Stage, fault: Fault) -> Struck:
    """Somebody's lock stays, until a person does what the daemon says."""
    lock_id, halves, said = _take(stage, fault)
    stood = _stands(stage, fault.target, halves, lock_id)
    stage.ask(fault.target, "unlock", lock_id=lock_id)
    return Struck(f"in {' and '.join(halves)}; {said}", need=said, broken=not stood)


def _kill_holder(stage: Stage, name: str) -> bool:
    """An apply that has begun to change something holds its lock."""
    running = processes.terraform_in(stage.home(name), "apply", within=2)
    return running is not None and processes.has_begun(stage.home(name), within=2) and bool(processes.kill([running]))


def _take(stage: Stage, fault: Fault) -> tuple[str, tuple[str, ...], str]:
    """Take the lock as Terraform does, and wait until the daemon says so. Returns its id, its halves, the reason."""
    chance = random.Random(fault.seed)
    lock_id, halves = str(uuid.UUID(int=chance.getrandbits(128))), chance.choice(_HALVES)
    ours_long_ago = chance.random() < 0.3
    who, since = (whoami().who, _LONG_AGO) if ours_long_ago else ("ann@laptop", f"{datetime.now(UTC):%FT%TZ}")
    info = {"ID": lock_id, "Who": who, "Operation": "OperationTypeApply", "Created": since, "Version": "1.11.4"}
    for _ in moments(stage, fault):
        stage.wait(
            lambda: _taken(stage, fault.target, halves, json.dumps(info)),
            f"the lock of {fault.target} is free to be taken",
            within=PATIENCE,
        )
        stage.wait(
            lambda: stage.instance(fault.target).get("reason") == "StateLocked",
            f"{fault.target} says that its state is locked",
            within=PATIENCE,
        )
        time.sleep(_HELD_FOR)
        return lock_id, halves, "StateLocked"
    raise AssertionError("moments end by themselves")


def _taken(stage: Stage, name: str, halves: tuple[str, ...], info: str) -> bool:
    """Both halves or nothing."""
    if stage.locks_of(name):
        return False
    got: list[str] = []
    for half in halves:
        if not _put(stage, name, half, info):
            for one in got:
                _remove(stage, name, one)
            return False
        got.append(half)
    return True


def _put(stage: Stage, name: str, half: str, info: str) -> bool:
    row, key = stage.lock_names(name)
    if half == "table":
        item = {"LockID": {"S": row}, "Info": {"S": info}}
        free = "attribute_not_exists(LockID)"
        return stage.call("dynamodb", "put_item", TableName=TABLE, Item=item, ConditionExpression=free) is not None
    return stage.call("s3", "put_object", Bucket=stage.bucket, Key=key, Body=info.encode(), IfNoneMatch="*") is not None


def _remove(stage: Stage, name: str, half: str) -> None:
    row, key = stage.lock_names(name)
    if half == "table":
        stage.call("dynamodb", "delete_item", TableName=TABLE, Key={"LockID": {"S": row}})
    else:
        stage.call("s3", "delete_object", Bucket=stage.bucket, Key=key)


def _stands(stage: Stage, name: str, halves: tuple[str, ...], lock_id: str) -> bool:
    """Every half that was put is there as it was put. The other half may be that of a run that tries, and fails."""
    found = stage.locks_of(name)
    return all(lock_id in found.get(half, "") for half in halves)


STRIKES = {
    "own-lock-left": own,
    "own-lock-half-left": own_half,
    "foreign-lock-released": released,
    "foreign-lock-left": left,
}
