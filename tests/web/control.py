"""A fake control: the records of a real snapshot, and the actions that were requested."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from desired_state.instance import Instance, Key
from desired_state.reading.document import Problem
from desired_state.snapshot import build
from reconciler.core.floor import Floor
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.plan.summary import FailedCheck, PlanSummary, ResourceSummary
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.control import (
    Action,
    ActionRefused,
    Adopt,
    Approve,
    Beat,
    Control,
    Reject,
    SourceStatus,
    Suspend,
)
from reconciler.core.ports.orphans import Orphan, StoredState
from reconciler.core.ports.tasks import TaskSeen
from reconciler.core.principal import Principal
from reconciler.core.record.audit import Act, AuditEntry, AuditFilter
from reconciler.core.record.consent import Approval
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Condition, Drift, Failures, Pass, Record, Repair, Rollout
from reconciler.core.record.runs import Intent
from reconciler.core.record.state import FromEmpty, KnownState, StatePlace, StateSeen
from reconciler.core.vocabulary import ConditionType, Health, Reason, Sync
from reconciler.engine.control import same_plan

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
COMMIT = "3f9c2d1e" * 5
ORDERS, PAYMENTS, PLATFORM = Key("develop", "orders"), Key("develop", "payments"), Key("develop", "platform")

_PLATFORM = b"""\
apiVersion: reconciler/v1
kind: Platform
metadata: {name: platform}
spec:
  environments: [develop]
  network: {cidr: 10.10.0.0/16, availabilityZones: [eu-central-1a, eu-central-1b, eu-central-1c]}
  alb: {certificateArn: "arn:aws:acm:eu-central-1:111122223333:certificate/11111111-aaaa-4aaa-8aaa-111111111111"}
  tags: {owner: platform-team, costCenter: "4711", compliance: internal}
"""
_SERVICE = b"""\
apiVersion: reconciler/v1
kind: Service
metadata: {name: %s, labels: {team: shop}}
spec:
  environments: [develop]
  type: internal
  runtime: python
  repository: acme/%s
  cpu: 256
  memory: 512
  port: 8080
  scaling: {min: 1, max: 2, cpu: 60, memory: 70}
  dependsOn: [%s]
"""


def instances() -> Mapping[Key, Instance]:
    """Return a platform and two services, one of which depends on the other."""
    files = {
        "platforms/develop.yaml": _PLATFORM,
        "services/orders.yaml": _SERVICE % (b"orders", b"orders", b"payments"),
        "services/payments.yaml": _SERVICE % (b"payments", b"payments", b""),
    }
    return build(commit=COMMIT, files=files, roots={}, environments=None).instances


def live_record(instance: Instance) -> Record:
    """Return the record of an instance that is applied, in sync and healthy."""
    ready = Condition(ConditionType.READY, True, Reason.IN_SYNC, "2 of 2 tasks run", NOON - timedelta(minutes=5))
    return Record(
        instance=instance,
        accepted_commit=COMMIT,
        version=3,
        attempted=True,
        desired_digest="sha256:d1",
        desired_source=instance.source_digest,
        desired_commit=COMMIT,
        applied_digest="sha256:d1",
        applied_source=instance.source_digest,
        applied_commit=COMMIT,
        applied_at=NOON - timedelta(minutes=6),
        checked_at=NOON - timedelta(minutes=5),
        sync=Sync.IN_SYNC,
        health=Health.HEALTHY,
        conditions={ConditionType.READY: ready},
        outputs={"task_definition_arn": "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:3"},
    )


def awaiting_record(instance: Instance) -> Record:
    """Return the record of a drifted instance that waits for approval, with every field that a record can have."""
    message = "1 to update, 1 to replace"
    ready = Condition(ConditionType.READY, False, Reason.AWAITING_APPROVAL, message, NOON - timedelta(hours=3))
    drifted = Condition(ConditionType.DRIFTED, True, Reason.OUT_OF_BAND_CHANGE, "aws_ecs_service.this", NOON)
    memory = ResourceSummary(
        "aws_ecs_task_definition.this", ("delete", "create"), {"memory": ("512", "1024")}, ("is tainted",)
    )
    count = ResourceSummary("aws_ecs_service.this", ("update",), {"desired_count": (4, 2), "tags.team": ("x", None)})
    return live_record(instance).replace(
        desired_digest="sha256:d2",
        sync=Sync.PENDING_AND_DRIFTED,
        health=Health.DEGRADED,
        suspended=True,
        requested_at=NOON,
        conditions={ConditionType.READY: ready, ConditionType.DRIFTED: drifted},
        plan=PlanSummary(
            "sha256:p1",
            changes=(memory, count),
            drift=(count,),
            at=NOON - timedelta(hours=3),
            checks=(FailedCheck("check.health", "fail", ("the shop answers 503",)),),
            warnings=("Argument is deprecated: use name",),
        ),
        drift=Drift(Reason.OUT_OF_BAND_CHANGE, (count,), NOON - timedelta(hours=1), "wait", NOON),
        repairs=(Repair(NOON - timedelta(hours=2), ("aws_ecs_service.this desired_count",)),),
        failures=Failures("sha256:d2", 2, NOON - timedelta(hours=4)),
        approval=Approval("sha256:p0", "ada", NOON - timedelta(days=1)),
        intent=Intent("pass-1", "sha256:d2", "sha256:p1", destroys=True, at=NOON),
        rollout=Rollout("sha256:d1", "acme/orders:1", "arn:1", NOON, Reason.ROLLED_BACK, "circuit breaker"),
        prune_guard="2 of 5 would go",
        state=lost_state(),
    )


def lost_state() -> KnownState:
    """Return the state of an instance when there is none in its place, and an operator gave it up."""
    place = StatePlace("123456789012", "eu-central-1", "states", "develop/orders/terraform.tfstate", "locks")
    known, found = StateSeen(place, StateVersion("l1", 7, 3)), StateSeen(place, StateVersion())
    return KnownState(known, found, FromEmpty("ada", "the account is new", NOON))


def finished_pass(key: Key, number: int = 1) -> Pass:
    """Return one pass of the history."""
    return Pass(
        id=f"pass-{number}",
        key=key,
        trigger="git",
        commit=COMMIT,
        started=NOON,
        finished=NOON + timedelta(seconds=2.5),
        result="applied",
        reason=Reason.APPLIED,
        message="",
    )


ORPHAN = Orphan(StoredState(Key("develop", "old"), "states", "develop/old/terraform.tfstate", NOON), 7)
BEATING = Beat(timedelta(seconds=1), ready=True, stopping=False, running={}, queued=0)
READ = SourceStatus(COMMIT, NOON, None, (Problem("services/a.yaml", 3, 5, "unknown field"),))


@dataclass
class FakeControl:
    """Implements `reconciler.core.ports.control.Control`."""

    known: dict[Key, Record] = field(default_factory=dict)
    asked: list[tuple[Key, Action, Principal]] = field(default_factory=list)
    afterwards: dict[Key, Record] = field(default_factory=dict)  # the record of an instance after its next read
    refusal: str | None = None
    refusal_code: Literal["refused", "own_change"] = "refused"
    commands: list[tuple[Key, tuple[str, ...], Principal, str | None]] = field(default_factory=list)
    looks: list[TaskSeen] = field(default_factory=list)
    left: tuple[Orphan, ...] = ()
    silent: bool = False
    crash: bool = False
    pulse: Beat = BEATING
    status: SourceStatus = READ
    frozen: dict[str | None, Freeze] = field(default_factory=dict)
    floors: dict[str, Floor] = field(default_factory=dict)
    acts: list[AuditEntry] = field(default_factory=list)
    refusals: list[tuple[Act, str]] = field(default_factory=list)
    reasons: list[tuple[str | None, str]] = field(default_factory=list)

    def records(self) -> Sequence[Record]:
        """Return every record, in no order."""
        if self.crash:
            raise RuntimeError("the password is hunter2")
        return list(reversed(self.known.values()))

    def record(self, key: Key) -> Record | None:
        """Return one record."""
        found = self.known.get(key)
        if key in self.afterwards and self.asked:
            self.known[key] = self.afterwards.pop(key)
        return found

    def floor(self, environment: str) -> Floor:
        """Return the floor that the test set."""
        return self.floors.get(environment, Floor())

    def source(self) -> SourceStatus:
        """Return the state of the source."""
        return self.status

    def beat(self) -> Beat:
        """Return the liveness."""
        return self.pulse

    async def history(self, key: Key, *, limit: int) -> Sequence[Pass]:
        """Return `limit` passes of orders; other instances have none."""
        return [finished_pass(key, number) for number in range(limit)] if key == ORDERS else []

    def freezes(self) -> Sequence[Freeze]:
        """Return the freezes that were set."""
        return list(self.frozen.values())

    async def audit(self, wanted: AuditFilter, *, limit: int, before: str | None = None) -> Sequence[AuditEntry]:
        """Return entries that the test set, the newest first."""
        newest = sorted((one for one in self.acts if wanted.matches(one)), key=lambda one: one.id, reverse=True)
        return [one for one in newest if before is None or one.id < before][:limit]

    async def refused(self, act: Act, why: str) -> None:
        """Remember the refused act."""
        self.refusals.append((act, why))

    async def freeze(self, environment: str | None, *, by: Principal, reason: str, peer: str = "") -> Freeze:
        """Remember the freeze. Raises: KeyError for any environment but develop."""
        if environment not in (None, "develop"):
            raise KeyError(environment)
        self.frozen[environment] = Freeze(environment, by.name, reason, NOON)
        return self.frozen[environment]

    async def run_task(
        self, key: Key, command: Sequence[str], *, by: Principal, reason: str | None = None, peer: str = ""
    ) -> str:
        """Remember the command and its reason. Raises: ActionRefused."""
        if self.refusal:
            raise ActionRefused(self.refusal, code=self.refusal_code)
        self.commands.append((key, tuple(command), by, reason))
        return "task-1"

    async def task(self, key: Key, task: str, after: str | None) -> TaskSeen:
        """Return the next look at a task that the test set."""
        return self.looks.pop(0) if self.looks else TaskSeen(True, 0)

    async def unfreeze(
        self, environment: str | None, *, by: Principal, reason: str | None = None, peer: str = ""
    ) -> Freeze:
        """Forget the freeze. Raises: KeyError, ActionRefused."""
        if environment not in (None, "develop"):
            raise KeyError(environment)
        if environment not in self.frozen:
            raise ActionRefused(f"{environment} is not frozen")
        return self.frozen.pop(environment)

    async def orphans(self, environment: str | None) -> Sequence[Orphan]:
        """Return the orphans that the test set."""
        if environment not in (None, "develop"):
            raise KeyError(environment)
        if self.refusal:
            raise ActionRefused(self.refusal)
        if self.silent:
            raise LiveUnavailable("the states of develop cannot be listed")
        return self.left

    async def act(
        self, key: Key, action: Action, *, by: Principal, reason: str | None = None, peer: str = ""
    ) -> Record:
        """Remember the action, its reason and its origin. Raises: ActionRefused."""
        if self.refusal:
            raise ActionRefused(self.refusal, code=self.refusal_code)
        if isinstance(action, Approve | Adopt) or (isinstance(action, Reject) and action.digest):
            same_plan(self.known[key], action.digest)
        self.asked.append((key, action, by))
        self.reasons.append((reason, peer))
        if isinstance(action, Suspend):
            self.known[key] = self.known[key].replace(suspended=True)
        return self.known[key]


def make_control() -> FakeControl:
    """Return a control in which orders waits for approval, and payments and the platform are healthy."""
    found = instances()
    return FakeControl(
        known={
            ORDERS: awaiting_record(found[ORDERS]),
            PAYMENTS: live_record(found[PAYMENTS]),
            PLATFORM: live_record(found[PLATFORM]),
        }
    )


_: Control = FakeControl()
