"""Files that are no longer what was written: records, Git mirror, state, plan."""

import errno
import random
import shutil
import sqlite3
import subprocess
from pathlib import Path

from tests.chaos.faults.strike import Struck, moments
from tests.chaos.person import CHECKSUM
from tests.chaos.schedule import Fault
from tests.chaos.stage import Stage
from tests.patience import PATIENCE

_REFUSES_WITHIN = 30.0
_GARBAGE = b"\x00chaos\xff" * 512
_TOLD = frozenset({"PlanFailed", "InitFailed", "ApplyFailed", "StateLost"})


def store(stage: Stage, fault: Fault) -> Struck:
    """The records, while the daemon is down. It must refuse to start; then a person does what it says."""
    chance = random.Random(fault.seed)
    path = stage.data / "records.sqlite3"
    backup = stage.folder / "backup.sqlite3"
    for _ in moments(stage, fault):
        with stage.down():
            _back_up(path, backup)
            _overwrite(path, chance)
            said = len(stage.log)
            stage.start()
            assert stage.process is not None
            try:
                stage.process.wait(_REFUSES_WITHIN)
            except subprocess.TimeoutExpired:
                return Struck("it reads all the same", need=None)
            assert "is damaged" in stage.log[said:], stage.log[said:]
            for found in path.parent.glob(f"{path.name}*"):
                shutil.move(found, stage.folder / f"damaged-{fault.number}-{found.name}")
            if chance.random() < 0.5:
                shutil.copyfile(backup, path)
                return Struck("a backup was restored", need="StoreCorrupt")
            return Struck("the file was moved away", need="StoreCorrupt", everywhere="AwaitingApproval")
    raise AssertionError("moments end by themselves")


def _back_up(path: Path, backup: Path) -> None:
    """Return the whole content, as a backup would hold it."""
    backup.unlink(missing_ok=True)
    source, target = sqlite3.connect(path), sqlite3.connect(backup)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()


def _overwrite(path: Path, chance: random.Random) -> None:
    """The head, or all that comes after it."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        at = chance.choice((0, 4096))
        file.seek(at)
        file.write(chance.randbytes(100 if at == 0 else max(size - at, 4096)))
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)


def clone(stage: Stage, fault: Fault) -> Struck:
    """The mirror: its objects, its references, or its head."""
    mirror = stage.data / "mirror.git"
    what = random.Random(fault.seed).choice(("objects", "refs", "HEAD"))
    for _ in moments(stage, fault):
        if not mirror.is_dir():
            continue
        found = [path for path in (mirror / what).rglob("*") if path.is_file()] if what != "HEAD" else [mirror / what]
        for path in found:
            path.chmod(0o600)
            path.write_bytes(_GARBAGE)
        (mirror / "packed-refs").unlink(missing_ok=True)
        return Struck(f"{what}, {len(found)} files")
    raise AssertionError("moments end by themselves")


def state(stage: Stage, fault: Fault) -> Struck:
    """The state object. It must be told, and stay as it is until a person brings back the version before."""
    for _ in moments(stage, fault):
        key = f"develop/{fault.target}/terraform.tfstate"
        if not stage.state(fault.target):
            continue
        ours = stage.call("s3", "put_object", Bucket=stage.bucket, Key=key, Body=_GARBAGE)["VersionId"]
        return _brought_back(stage, fault.target, key, ours)
    raise AssertionError("moments end by themselves")


def _brought_back(stage: Stage, name: str, key: str, ours: str) -> Struck:
    """Wait until the daemon says it, then restore. Raises: NotWithin, when it does not."""
    said: list[str] = []

    def is_told() -> bool:
        if stage.versions(key)[0]["VersionId"] != ours:
            return True
        found = stage.instance(name)
        if found.get("reason") in _TOLD and CHECKSUM in found["message"]:
            said.append(found["reason"])
        return bool(said)

    stage.wait(is_told, f"{name} says that its state is not what was written", within=PATIENCE)
    if not said:
        return Struck("the apply under way wrote a whole one")
    versions = [version["VersionId"] for version in stage.versions(key)]
    before = versions[versions.index(ours) + 1]
    body = stage.call("s3", "get_object", Bucket=stage.bucket, Key=key, VersionId=before)["Body"].read()
    stage.call("s3", "put_object", Bucket=stage.bucket, Key=key, Body=body)
    return Struck("the version before was restored", need=said[0])


def plan(stage: Stage, fault: Fault) -> Struck:
    """The plan file, between plan and apply."""
    path = stage.home(fault.target) / "tfplan"
    for _ in moments(stage, fault):
        try:
            with path.open("r+b") as file:
                file.write(_GARBAGE)
        except OSError as error:
            if error.errno not in {errno.ENOENT, errno.ENOSPC}:  # no plan yet, or the disk is full in the same round
                raise
            continue
        return Struck("overwritten")
    raise AssertionError("moments end by themselves")


STRIKES = {"store-corrupted": store, "clone-corrupted": clone, "state-corrupted": state, "plan-corrupted": plan}
