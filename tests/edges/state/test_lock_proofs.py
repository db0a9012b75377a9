"""The engine's proof of stale locks in AWS: fifty foreign locks stay, each lock of a dead daemon run is cleared.

Terraform is real, the bucket and the table are on the stand-in; of the engine, the part that plans and clears locks.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from deploy.local.standin import StandIn
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent, Running
from reconciler.core.status.advance import advance
from reconciler.core.status.events import Applying, Event, LockObserved, Starting
from reconciler.core.vocabulary import Reason
from reconciler.edges.aws.clients import AwsClients
from reconciler.edges.state.locks import StateLocks, whoami
from reconciler.engine.passes import locks
from reconciler.engine.world import World
from tests.core.instances import PLATFORM, applied, base
from tests.edges.conftest import STATE, Stage
from tests.patience import PATIENCE

pytestmark = [
    pytest.mark.aws,
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs Linux's /proc to find Terraform processes"),
]

BUCKET, KEY = "states-123456789012", "test/develop/platform/terraform.tfstate"
ROW = {"LockID": {"S": f"{BUCKET}/{KEY}"}}
HALVES = (("table",), ("object",), ("table", "object"))
ME = whoami()
HOUR = timedelta(hours=1)


class Engine:
    """The part of the engine's `World` that locks need: one record, and its writer."""

    def __init__(self, remote: Stage, clients: AwsClients) -> None:
        # Every Terraform of this machine counts as the daemon's: other tests run Terraform at the same time.
        self.locks = StateLocks(clients, STATE, work=Path("/"), me=ME)
        self.environment = remote.where
        self.observer = self
        self.records = self
        self.record = applied(PLATFORM)
        self.cleared = 0

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def advance(self, key: object, event: Event) -> Record:
        self.record = advance(self.record, event, now=self.now())
        return self.record

    def log(self, event: str, **fields: Any) -> None:
        self.cleared += event == "lock_cleared"

    def remember(self, *events: Event) -> None:
        """Start with a new record that has these events."""
        self.record = applied(PLATFORM)
        for event in events:
            self.record = advance(self.record, event, now=self.now())

    async def plan(self, workspace: Workspace) -> None:
        await locks.plan(self.record, workspace, self.environment, cast(World, self), destroy=False)


@pytest.fixture
def engine(remote: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    for name, value in remote.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    clients = AwsClients()
    yield Engine(remote, clients)
    clients.close()


async def run(remote: Stage, **variables: Any) -> Run:
    return await remote.run(name="platform", **variables)


def put(aws: StandIn, half: str, info: str) -> None:
    if half == "table":
        aws.client("dynamodb").put_item(TableName="locks", Item=ROW | {"Info": {"S": info}})
    else:
        aws.client("s3").put_object(Bucket=BUCKET, Key=f"{KEY}.tflock", Body=info.encode())


def remove(aws: StandIn, half: str) -> None:
    if half == "table":
        aws.client("dynamodb").delete_item(TableName="locks", Key=ROW)
    else:
        aws.client("s3").delete_object(Bucket=BUCKET, Key=f"{KEY}.tflock")


def lock_content(aws: StandIn) -> dict[str, str]:
    """Return the content of each half of the lock that exists."""
    found = {}
    item = aws.client("dynamodb").get_item(TableName="locks", Key=ROW).get("Item")
    if item and "Info" in item:
        found["table"] = item["Info"]["S"]
    s3 = aws.client("s3")
    with contextlib.suppress(s3.exceptions.NoSuchKey):
        found["object"] = s3.get_object(Bucket=BUCKET, Key=f"{KEY}.tflock")["Body"].read().decode()
    return found


def intent(record: Record) -> Applying:
    return Applying(Intent("pass", record.desired_digest or "", "p", False, datetime.now(UTC) - HOUR, ME), base(record))


def lock_info(lock_id: str, who: str, since: datetime) -> str:
    return json.dumps({"ID": lock_id, "Who": who, "Operation": "OperationTypeApply", "Created": f"{since:%FT%TZ}"})


def foreign(chance: random.Random, record: Record) -> tuple[str, datetime, tuple[Event, ...]]:
    """Return a lock's holder and its time, and events of a record without a claim to that lock."""
    now = datetime.now(UTC)
    ours = Starting(Running(ME, now - HOUR))
    return chance.choice(
        (
            ("ann@laptop", now, ()),
            (ME.who, now, ()),  # an operator on this machine, and no unfinished run of the daemon
            ("ann@laptop", now, (ours,)),
            (ME.who, now - 2 * HOUR, (ours,)),
            (ME.who, now, (intent(record), LockObserved("the lock of our own apply"))),
            ("", now, (intent(record),)),
        )
    )


async def test_a_foreign_lock_is_never_broken_in_fifty_tries(remote: Stage, aws: StandIn, engine: Engine) -> None:
    async with remote.terraform().workspace(await run(remote, text="v1")) as workspace:
        for seed in range(50):
            chance = random.Random(seed)
            who, since, events = foreign(chance, engine.record)
            lock_id, halves = str(uuid.UUID(int=chance.getrandbits(128))), chance.choice(HALVES)
            info = lock_info(lock_id, who, since)
            for half in halves:
                put(aws, half, info)
            engine.remember(*events)
            with pytest.raises(TerraformFailed, match=f"unlock develop/platform --lock-id {lock_id}") as failed:
                await engine.plan(workspace)
            assert failed.value.reason is Reason.STATE_LOCKED, seed
            assert lock_content(aws) == dict.fromkeys(halves, info), seed
            for half in halves:
                remove(aws, half)
    assert not engine.cleared


async def test_a_lock_seen_earlier_gives_no_claim_to_a_later_lock_of_the_same_holder(
    remote: Stage, aws: StandIn, engine: Engine
) -> None:
    """Act like an operator who runs Terraform repeatedly on the daemon's machine."""
    async with remote.terraform().workspace(await run(remote, text="v1")) as workspace:
        for name in ("first", "second"):
            info = lock_info(name, ME.who, engine.now() + timedelta(seconds=1))
            put(aws, "table", info)
            with pytest.raises(TerraformFailed, match=f"--lock-id {name}"):
                await engine.plan(workspace)
            assert lock_content(aws) == {"table": info}


@pytest.mark.parametrize("left", HALVES, ids="-".join)
@pytest.mark.parametrize("seen", [True, False], ids=["seen", "unseen"])
async def test_the_lock_of_a_killed_apply_of_the_daemon_is_cleared_in_one_pass(
    remote: Stage, aws: StandIn, engine: Engine, seen: bool, left: tuple[str, ...]
) -> None:
    async with remote.terraform().workspace(await run(remote, text="v1", seconds=600)) as workspace:
        await workspace.plan()
        applying = asyncio.create_task(workspace.apply())
        async with asyncio.timeout(PATIENCE):
            while not (remote.root(name="platform") / "applying").exists():  # noqa: ASYNC110 - Terraform makes it
                await asyncio.sleep(0.02)
        lock = json.loads(lock_content(aws)["table"])
        os.kill(int((remote.root(name="platform").parents[1] / ".lock").read_text()), signal.SIGKILL)
        with pytest.raises(TerraformFailed):
            await applying
        for half in {"table", "object"} - set(left):
            remove(aws, half)
        engine.remember(intent(engine.record), *([LockObserved(lock["ID"])] if seen else []))
        await engine.plan(workspace)
    assert not lock_content(aws)
    assert engine.cleared == 1
