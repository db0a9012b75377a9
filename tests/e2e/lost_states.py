"""Nine ways to lose the states of a platform and its service, what both then say, and how a person mends each.

A way changes the configuration or the bucket; then both are visited, what their messages say is done, and both are
visited again.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.local.standin import StandIn
from desired_state.instance import Key
from reconciler.core.ports.control import AdoptState, Reconcile
from reconciler.core.principal import Principal
from reconciler.core.record.model import Record
from reconciler.core.record.state import StatePlace
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from reconciler.engine.control import EngineControl
from tests.e2e.fleet import ORDERS, PLATFORM, Fleet
from tests.engine.fakes.world import FakeController

KEYS = (PLATFORM, ORDERS)
ANN = Principal("ann", "socket")
_COUNTED: Mapping[str, Callable[[StandIn], int]] = {
    "VPCs": lambda aws: len(aws.client("ec2").describe_vpcs()["Vpcs"]),
    "NAT gateways": lambda aws: len(aws.client("ec2").describe_nat_gateways()["NatGateways"]),
    "addresses": lambda aws: len(aws.client("ec2").describe_addresses()["Addresses"]),
    "keys": lambda aws: len(aws.client("kms").list_keys()["Keys"]),
    "load balancers": lambda aws: len(aws.client("elbv2").describe_load_balancers()["LoadBalancers"]),
    "clusters": lambda aws: len(aws.client("ecs").list_clusters()["clusterArns"]),
}


@dataclass
class Bucket:
    """The bucket of the states, as a person changes it."""

    stage: Fleet

    def place(self, key: Key) -> StatePlace:
        return self.stage.world.states.place(key, self.stage.world.environments["develop"])

    def s3(self, call: str, key: Key, **more: Any) -> Any:
        place = self.place(key)
        return getattr(self.stage.aws.client("s3"), call)(Bucket=place.bucket, Key=place.object, **more)

    def versions(self, key: Key) -> list[dict[str, Any]]:
        """Return the versions of the state, the last one first, without marks of a deletion."""
        place = self.place(key)
        found = self.stage.aws.client("s3").list_object_versions(Bucket=place.bucket, Prefix=place.object)
        return [one for one in found.get("Versions", ()) if one["Key"] == place.object]

    def forget_checksum(self, key: Key) -> None:
        place = self.place(key)
        if place.lock_table is None:
            return
        item = {"LockID": {"S": f"{place.bucket}/{place.object}-md5"}}
        self.stage.aws.client("dynamodb").delete_item(TableName=place.lock_table, Key=item)

    def put_older(self, key: Key) -> None:
        """Put a version of before the last change, as a restored backup does."""
        state = json.loads(self.s3("get_object", key)["Body"].read())
        state["serial"] -= 1
        state["resources"].pop()
        self.s3("put_object", key, Body=json.dumps(state).encode())
        self.forget_checksum(key)

    def restore(self, key: Key, *, number: int = 0) -> None:
        """Restore the last version, or the one so many before it."""
        version = self.versions(key)[number]["VersionId"]
        body = self.s3("get_object", key, VersionId=version)["Body"].read()
        self.s3("put_object", key, Body=body)


def delete(bucket: Bucket, *, checksum: bool) -> None:
    for key in KEYS:
        bucket.s3("delete_object", key)
        if checksum:
            bucket.forget_checksum(key)


def empty(bucket: Bucket) -> None:
    place, s3 = bucket.place(PLATFORM), bucket.stage.aws.client("s3")
    for entry in s3.list_objects_v2(Bucket=place.bucket).get("Contents", ()):
        s3.delete_object(Bucket=place.bucket, Key=entry["Key"])
    for key in KEYS:
        bucket.forget_checksum(key)


def move(bucket: Bucket, prefix: str) -> None:
    """Move the states to where they are looked for now."""
    for key in KEYS:
        place, s3 = bucket.place(key), bucket.stage.aws.client("s3")
        old = place.object.removeprefix(prefix)
        s3.copy_object(Bucket=place.bucket, Key=place.object, CopySource={"Bucket": place.bucket, "Key": old})
        s3.delete_object(Bucket=place.bucket, Key=old)


@dataclass(frozen=True)
class Way:
    """A loss of the states, the words that both instances say, and the remedy."""

    lose: Callable[[Bucket], None]
    said: str
    mend: Callable[[Bucket], None]
    adopted: bool = False


def configured(*, where: Mapping[str, Any] = {}, **state: Any) -> Callable[[Bucket], None]:
    return lambda bucket: bucket.stage.configure(state=state, where=where)


def older(bucket: Bucket) -> None:
    for key in KEYS:
        bucket.put_older(key)


def restored(bucket: Bucket, *, number: int = 0) -> None:
    for key in KEYS:
        bucket.restore(key, number=number)


WAYS: dict[str, Way] = {
    "bucket": Way(
        lambda bucket: bucket.stage.configure(state={"bucket": "states-of-others"}),
        "(bucket states-of-others instead of ",
        lambda bucket: bucket.stage.configure(state={"bucket": bucket.stage.bucket}),
    ),
    "region": Way(
        configured(where={"region": "eu-west-1"}),
        "(region eu-west-1 instead of eu-central-1)",
        configured(where={"region": "eu-central-1"}),
    ),
    "account": Way(
        configured(where={"account": "210987654321"}),
        "(account 210987654321 instead of 123456789012)",
        configured(where={"account": "123456789012"}),
    ),
    "lock table": Way(
        configured(lock_table="other-locks"),
        "(lock table other-locks instead of locks)",
        configured(lock_table="locks"),
    ),
    "deleted object": Way(
        lambda bucket: delete(bucket, checksum=False), "Restore the last version of the object", restored
    ),
    "prefix": Way(configured(prefix="new/"), "(object new/develop/", lambda bucket: move(bucket, "new/"), adopted=True),
    "deleted object and digest": Way(lambda bucket: delete(bucket, checksum=True), "does not exist, and had", restored),
    "restored older version": Way(
        older,
        "is older than the one that was applied",
        lambda bucket: restored(bucket, number=1),
    ),
    "empty bucket": Way(empty, "does not exist, and had", restored),
}


@dataclass
class Seen:
    """The records while the states were lost and after they were mended, and what there was in AWS."""

    lost: dict[Key, Record] = field(default_factory=dict)
    mended: dict[Key, Record] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)


def counted(aws: StandIn) -> dict[str, int]:
    return {name: count(aws) for name, count in _COUNTED.items()}


async def play(stage: Fleet, way: Way) -> Seen:
    bucket, control, seen = Bucket(stage), EngineControl(FakeController(stage.world)), Seen()
    seen.before = counted(stage.aws)
    way.lose(bucket)
    for key in KEYS:
        seen.lost[key] = await stage.visit(key)
    await control.act(PLATFORM, Reconcile(), by=ANN)
    seen.lost[PLATFORM] = await stage.second_look(PLATFORM)
    way.mend(bucket)
    for key in KEYS:
        if way.adopted:
            await control.act(key, AdoptState(), by=ANN)
        seen.mended[key] = await stage.visit(key)
    seen.after = counted(stage.aws)
    return seen


def check(way: Way, seen: Seen) -> None:
    """Check that nothing was created, that both said what to do, and that doing it helped."""
    for key, record in seen.lost.items():
        ready = record.conditions[ConditionType.READY]
        assert (record.reason, ready.status, record.sync) == (Reason.STATE_LOST, False, Sync.UNKNOWN), key
        assert way.said in ready.message
        assert record.plan is None
    for key, record in seen.mended.items():
        assert (record.sync, record.drift, record.reason != Reason.STATE_LOST) == (Sync.IN_SYNC, None, True), key
    assert seen.after == seen.before


def keep_versions(stage: Fleet) -> None:
    """Keep earlier versions of states, as `reconciler bootstrap` configures its bucket."""
    versioning = {"Status": "Enabled"}
    stage.aws.client("s3").put_bucket_versioning(Bucket=stage.bucket, VersioningConfiguration=versioning)
