"""The records, passes, threads and freezes that commit 4e24693 wrote into `records.sql` and `table.json`."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desired_state.files.tree import tree_id
from desired_state.instance import Instance, Key
from desired_state.kinds.manifest import read, spec_in
from desired_state.reading.document import parse
from reconciler.core.plan.summary import PlanSummary, ResourceSummary
from reconciler.core.record.consent import Approval, Promoted, Rejection, WindowOverride
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Base, Condition, Drift, Failures, Pass, Record, Repair, Rollout
from reconciler.core.record.runs import Holder, Intent, Move, Running
from reconciler.core.vocabulary import ConditionType, Health, Reason, Sync

NOW = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
EARLIER = datetime(2026, 2, 27, 17, 30, tzinfo=UTC)
TREE = tree_id({"roots/service/main.tf": b""})
COMMIT = "3f9c2d1e3f9c2d1e3f9c2d1e3f9c2d1e3f9c2d1e"
# The digests that 4e24693 computed.
DIGESTS = {
    "account/account": "sha256:fca79e5717a9a9f0dbafeccc75484866eefa35e3e82412c8cb79dd5c2aa1436c",
    "develop/ledger": "sha256:9666fbc8181f04f2f1bb44462b8dd3d9f26baf876b6763f9dcd9488beb6adb23",
    "prod/orders": "sha256:3addb189d0b03ae968b273db64d8b74583600adabf1403c5e944fcf456f06790",
    "prod/platform": "sha256:51e6bdac08885980baa11c93b3cc53ee553d134e6d66dcfd09b4b9531c658257",
    "test/ledger": "sha256:4025a0cf48970c8a4fb1327ce6ed6cf6ebc54845559e116460ec3f336751b9dd",
}
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/prod/orders:3f9c2d1"


def instance(kind: str, environment: str, *needs: str) -> Instance:
    """Build the instance that `<kind>.yaml` declares in `environment`; `needs` are names in the same environment."""
    manifest = read(parse("manifests.yaml", Path(__file__).with_name(f"{kind}.yaml").read_bytes()).documents[0])
    assert not isinstance(manifest, tuple), manifest
    key = Key(environment, manifest.metadata.name)
    return Instance(
        key=key,
        kind=manifest.kind,
        root=manifest.kind.lower() if manifest.kind != "Module" else "account",
        labels=manifest.metadata.labels,
        spec=spec_in(manifest, environment),
        depends_on=frozenset(Key(environment, name) for name in needs),
        source_digest=DIGESTS[str(key)],
        tree_id=TREE,
        path="manifests.yaml",
        line=2,
        former=manifest.metadata.former_name,
    )


def conditions(*found: tuple[ConditionType, bool, Reason, str]) -> Mapping[ConditionType, Condition]:
    """Build the conditions of a record, all of them since `EARLIER`."""
    return {kind: Condition(kind, status, reason, message, EARLIER) for kind, status, reason, message in found}


CHANGED = ResourceSummary(
    "module.service.aws_ecs_service.this",
    ("update",),
    {
        "desired_count": (2, 3),
        "tags.owner": (None, "Größe 日本"),
        "ratio": (0.5, 1.5),
        "wait_for_steady_state": (True, False),
        "load_balancer[0]": ({"port": 80, "names": ["a"]}, {"port": 8080, "names": []}),
        "environment": ("(redacted: 3f9c2d1e)", 'it\'s\n"quoted"'),
    },
)
REPLACED = ResourceSummary('module.service.aws_lb_target_group.this["blue"]', ("delete", "create"), {})
ADDED = ResourceSummary("aws_security_group_rule.extra", ("create",), {"id": (None, "sgr-1")})
DELETED = ResourceSummary("aws_cloudwatch_log_group.this", ("delete",), {"name": ("/orders", None)})

# Every field holds something; of the fields that may be None, none is.
FULL = Record(
    instance=instance("service", "prod", "platform", "payments"),
    accepted_commit=COMMIT,
    version=4,
    removed=NOW - timedelta(minutes=30),
    suspended=True,
    attempted=True,
    desired_digest="sha256:d2",
    desired_source="sha256:s2",
    desired_commit=COMMIT,
    applied_digest="sha256:d1",
    applied_source="sha256:s1",
    applied_commit="1e3f9c2d1e3f9c2d1e3f9c2d1e3f9c2d1e3f9c2d",
    applied_at=EARLIER,
    checked_at=NOW,
    resources=37,
    requested_at=NOW - timedelta(seconds=1),
    prune_guard="prod/ledger depends on it",
    prune_confirmed=True,
    sync=Sync.PENDING_AND_DRIFTED,
    health=Health.DEGRADED,
    conditions=conditions(
        (ConditionType.READY, False, Reason.AWAITING_APPROVAL, "1 to update, 1 to replace"),
        (ConditionType.PLANNED, True, Reason.OBSERVED, ""),
        (ConditionType.DRIFTED, True, Reason.OUT_OF_BAND_CHANGE, "aws_ecs_service.this changed"),
        (ConditionType.RECONCILING, True, Reason.PROGRESSING, "applying"),
        (ConditionType.STALLED, True, Reason.RETRIES_EXHAUSTED, "three applies failed"),
    ),
    intent=Intent(
        pass_id="p-4",
        desired_digest="sha256:d2",
        plan_digest="sha256:p2",
        destroys=True,
        at=NOW,
        holder=Holder("reconciler@host-1", "arn:aws:ecs:eu-central-1:123456789012:task/reconciler/0a1b"),
        lock_id="0f8fad5b-d9cb-469f-a165-70867728950e",
        creates=("aws_ecs_service.this", 'aws_lb_target_group.this["blue"]'),
    ),
    running=Running(Holder("reconciler@host-1", "arn:aws:ecs:eu-central-1:123456789012:task/reconciler/0a1b"), NOW),
    unlock="7c9e6679-7425-40de-944b-e07fc1f90ae7",
    approval=Approval("sha256:p2", "anna@example.com", NOW - timedelta(minutes=2)),
    rejection=Rejection("sha256:p1", "ben@example.com", EARLIER),
    window_override=WindowOverride("anna@example.com", "the fix for the outage", NOW - timedelta(minutes=1)),
    failures=Failures("sha256:d2", 3, NOW - timedelta(minutes=5)),
    rollout=Rollout("sha256:d1", IMAGE, "td:7", EARLIER, Reason.ROLLED_BACK, "the circuit breaker rolled back"),
    plan=PlanSummary("sha256:p2", (CHANGED, REPLACED), (DELETED,), NOW),
    drift=Drift(Reason.OUT_OF_BAND_CHANGE, (CHANGED, DELETED), EARLIER, "heal", NOW, "arn:aws:iam::1:user/ben"),
    repairs=(
        Repair(EARLIER, ("aws_ecs_service.this desired_count", "aws_ecs_service.this tags.owner")),
        Repair(NOW - timedelta(hours=2), ()),
    ),
    base=Base("service", TREE, {"name": "orders", "image": IMAGE, "cpu": 512, "tags": {"team": "shop"}, "extra": None}),
    promoted=Promoted(TREE, True, "prod/payments is still rolling out", True),
    move=Move("order-desk", True),
    outputs={"task_definition_arn": "td:7", "ports": [8080, 8081], "secret": {"arn": "arn:aws:x"}, "ratio": 0.25},
)
# No field but the two that must be given holds anything.
NEW = Record(instance("worker", "develop"), COMMIT, version=1)
# The other forms of what may be None or has alternatives.
LIVE = Record(
    instance=instance("platform", "prod"),
    accepted_commit=COMMIT,
    version=9,
    sync=Sync.IN_SYNC,
    health=Health.HEALTHY,
    conditions=conditions((ConditionType.READY, True, Reason.APPLIED, "")),
    intent=Intent("p-9", "sha256:d1", "sha256:p1", False, NOW),
    running=Running(Holder("reconciler@laptop"), NOW),
    drift=Drift(Reason.UNMANAGED_ADDITION, (ADDED,), NOW, "wait"),
    plan=PlanSummary("sha256:p1", (), (), NOW),
    promoted=Promoted(TREE),
    move=Move("landing-zone"),
)
OBSERVED = Record(
    instance=instance("module", "account", "landing-zone"),
    accepted_commit="c1",
    version=2,
    sync=Sync.DRIFTED,
    health=Health.UNKNOWN,
    intent=Intent("p-2", "sha256:d1", "sha256:p1", False, NOW, Holder("reconciler@laptop"), None, ()),
    drift=Drift(Reason.MISSING_RESOURCE, (DELETED,), EARLIER, "report", NOW),
    rollout=Rollout("sha256:d1", IMAGE, "td:8", NOW, Reason.ROLLOUT_TIMEOUT),
)
ROLLING = Record(
    instance=instance("worker", "test"),
    accepted_commit="c2",
    version=3,
    sync=Sync.PENDING,
    health=Health.PROGRESSING,
    conditions=conditions((ConditionType.RECONCILING, True, Reason.PROGRESSING, "1 of 2 tasks run")),
    rollout=Rollout("sha256:d3", None, None, NOW),
)
RECORDS = (FULL, NEW, LIVE, OBSERVED, ROLLING)

# Written out, so that a reason that is renamed or removed fails here.
_REASONS = """
Applied InSync Observed Progressing Suspended Frozen OutsideWindow RolloutHeld DependencyNotReady
AwaitingApproval Rejected AwaitingFirstImage PruneConfirmationNeeded PruneGuard PlanFailed ApplyFailed
InitFailed StateLocked LockOrphaned StateConflict PolicyDenied AdoptionRefused InvalidManifest
InvalidConfiguration RetriesExhausted Interrupted Recovering OutOfBandChange MissingResource UnmanagedAddition
DriftFight RolloutFailed RolledBack RolloutTimeout
"""
# One pass without a reason and one for each, all of them of `FULL`; one pass of an instance that is gone.
PASSES = (
    *(
        Pass(
            id=f"pass-{number:02}",
            key=FULL.key,
            trigger=("git", "interval", "request", "recovery")[number % 4],
            commit=COMMIT,
            started=EARLIER + timedelta(minutes=number),
            finished=EARLIER + timedelta(minutes=number, seconds=9, milliseconds=5),
            result="failed" if number else "applied",
            reason=reason,
            message=f"pass {number}: „Größe“ isn't\nknown" if number else "",
        )
        for number, reason in enumerate((None, *map(Reason, _REASONS.split())))
    ),
    Pass("gone", Key("develop", "former"), "git", "c0", EARLIER, NOW, "destroyed", None, ""),
)
THREADS = {"drift prod/orders": "1772442000.000100", "sources": "1772442001.000200", "it's ü": '{"a": [1, "é"]}'}
FREEZES = (
    Freeze(None, "anna@example.com", "peak season: „nothing“ moves", EARLIER),
    Freeze("prod", "ben@example.com", "it's migrated by hand", NOW),
)
