"""Each incident of an instance as it is read: a title and details, word for word."""

import pytest

from desired_state.instance import Key
from reconciler.core.notify.problems import Incident, Topic, name_of, of_record
from reconciler.core.notify.text import Line, Style
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.read import read
from reconciler.core.plan.summary import ResourceSummary
from reconciler.core.record.consent import Approval, Rejection
from reconciler.core.record.model import Drift, Failures, Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.conditions import with_condition
from reconciler.core.status.events import (
    Approved,
    Failed,
    PassHeld,
    Planned,
    PruneConfirmed,
    Rejected,
    Removed,
    Waiting,
)
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import NOW, applied, fold

MARKS = {Style.PLAIN: "", Style.NAME: "*", Style.CODE: "`"}
CREATES = change("aws_vpc.this", ["create"], None, {"a": 1})
IMPORTS = change("aws_vpc.this", ["no-op"], {"a": 1}, {"a": 1}, importing={"id": "vpc-1"})


def words(line: Line) -> str:
    text = "".join(f"{MARKS[span.style]}{span.text}{MARKS[span.style]}" for span in line.spans)
    return f"- {text}" if line.bullet else text


def shown(incident: Incident) -> list[str]:
    return [words(line) for line in (incident.title, *incident.details)]


def drifted(*resources: ResourceSummary, who: str = "unknown", response: str = "heal") -> Record:
    drift = Drift(Reason.OUT_OF_BAND_CHANGE, resources, NOW, response, NOW, who)  # type: ignore[arg-type]
    return applied().replace(drift=drift)


def updated(*attributes: str) -> ResourceSummary:
    return ResourceSummary("aws_vpc.this", ("update",), dict.fromkeys(attributes, (1, 2)))


def waiting(*changes: dict[str, object], **more: object) -> Record:
    plan = read(document(*changes) | more, Redactor(b"a key for tests"))
    return fold(applied(), Planned(plan, DriftFinding(Sync.PENDING, None, ())), Waiting(Reason.AWAITING_APPROVAL, ""))


def failing(count: int, *, stalled: bool) -> Record:
    record = fold(applied(), Failed(Reason.APPLY_FAILED, "no")).replace(failures=Failures("d1", count, NOW))
    if not stalled:
        return record
    return with_condition(record, NOW, ConditionType.STALLED, True, Reason.RETRIES_EXHAUSTED, "it gave up")


def gone(reason: Reason) -> Record:
    return fold(applied(), Removed(None), PassHeld(reason, "confirm"))


LOCKED = "the state is locked by ann@laptop since 2026-03-02T08:00:00Z (OperationTypePlan, lock-1); the daemon"
UNUSUAL = waiting(
    change("aws_vpc.b", ["no-op"], {}, {}) | {"previous_address": "aws_vpc.a"},
    change("aws_s3_bucket.b", ["forget"], {"x": 1}),
    change("aws_lb.this", ["delete"], {"x": 1}) | {"deposed": "973ee40d"},
    change("aws_eip.this", ["delete", "create"], {"x": 1}, {"x": 2}, replace_paths=[["x"]])
    | {"action_reason": "replace_because_cannot_update"},
    checks=[{"address": {"to_display": "check.c"}, "status": "fail", "instances": []}],
    warnings=["this is old", "so is this"],
)
INCIDENTS: dict[str, tuple[Record, Topic, str, list[str]]] = {
    "repaired drift": (
        drifted(updated("tags", "cidr")),
        Topic.DRIFT,
        "OutOfBandChange\nheal\n`aws_vpc.this` changed: `cidr`, `tags`",
        [
            "*develop/orders* drifted (OutOfBandChange): 1 resource",
            "- `aws_vpc.this` changed: `cidr`, `tags`",
            "It is being repaired: the state in Git is applied again. See `reconciler drift develop/orders`",
        ],
    ),
    "reported drift of a session": (
        drifted(
            ResourceSummary("aws_vpc.b", ("delete",), {}),
            ResourceSummary("aws_vpc.a", ("create",), {"x": (None, 1)}),
            ResourceSummary("aws_vpc.c", ("update",), {}),
            who="admin/ann",
            response="report",
        ),
        Topic.DRIFT,
        "OutOfBandChange\nreport\n`aws_vpc.a` was added\n`aws_vpc.b` was deleted\n`aws_vpc.c` changed",
        [
            "*develop/orders* drifted (OutOfBandChange): 3 resources",
            "- `aws_vpc.b` was deleted",
            "- `aws_vpc.a` was added",
            "- `aws_vpc.c` changed",
            "By `admin/ann`.",
            "It is only reported; nothing is applied. See `reconciler drift develop/orders`",
        ],
    ),
    "drift that waits, of many attributes": (
        drifted(updated(*"abcdefg"), response="wait"),
        Topic.DRIFT,
        "OutOfBandChange\nwait\n`aws_vpc.this` changed: `a`, `b`, `c`, `d`, `e` and 2 more",
        [
            "*develop/orders* drifted (OutOfBandChange): 1 resource",
            "- `aws_vpc.this` changed: `a`, `b`, `c`, `d`, `e` and 2 more",
            "It is repaired after an approval, or when the change window opens. See `reconciler drift develop/orders`",
        ],
    ),
    "an approval of what is no plain change": (
        UNUSUAL,
        Topic.APPROVAL,
        UNUSUAL.plan.digest,  # type: ignore[union-attr]
        [
            "*develop/orders* waits for approval: 1 to move, 1 to replace, 1 to destroy, 1 to forget",
            "- move `aws_vpc.b`; `moved from aws_vpc.a`",
            "- forget `aws_s3_bucket.b`; `stays in AWS, Terraform forgets it`",
            "- destroy `aws_lb.this`; `deposed object 973ee40d, left by a replacement that did not end`",
            "- replace `aws_eip.this`; `cannot be updated in place: x`",
            "With 1 failed check and 2 warnings.",
            "See `reconciler diff develop/orders`; agree with `reconciler approve develop/orders`",
        ],
    ),
    "an approval": (
        waiting(CREATES),
        Topic.APPROVAL,
        waiting(CREATES).plan.digest,  # type: ignore[union-attr]
        [
            "*develop/orders* waits for approval: 1 to create",
            "- create `aws_vpc.this`",
            "See `reconciler diff develop/orders`; agree with `reconciler approve develop/orders`",
        ],
    ),
    "an adoption": (
        waiting(IMPORTS),
        Topic.APPROVAL,
        waiting(IMPORTS).plan.digest,  # type: ignore[union-attr]
        [
            "*develop/orders* waits for approval: 1 to import",
            "- import `aws_vpc.this`",
            "See `reconciler diff develop/orders`; agree with `reconciler adopt develop/orders`",
        ],
    ),
    "a rollback": (
        fold(applied(), PassHeld(Reason.ROLLED_BACK, "m")),
        Topic.ROLLOUT,
        "RolledBack",
        [
            "*develop/orders* was rolled back by ECS: its new version did not become healthy (RolledBack)",
            "Why: `reconciler describe develop/orders`",
        ],
    ),
    "a rollout that is late": (
        fold(applied(), PassHeld(Reason.ROLLOUT_TIMEOUT, "m")),
        Topic.ROLLOUT,
        "RolloutTimeout",
        [
            "*develop/orders* did not roll out in time (RolloutTimeout)",
            "Why: `reconciler describe develop/orders`",
        ],
    ),
    "a rollout that failed": (
        fold(applied(), PassHeld(Reason.ROLLOUT_FAILED, "m")),
        Topic.ROLLOUT,
        "RolloutFailed",
        ["*develop/orders* failed to roll out (RolloutFailed)", "Why: `reconciler describe develop/orders`"],
    ),
    "a lock": (
        fold(applied(), PassHeld(Reason.STATE_LOCKED, LOCKED)),
        Topic.LOCK,
        "locked by ann@laptop since 2026-03-02T08:00:00Z (",
        [
            "*develop/orders*: its state is locked by `ann@laptop` since 2026-03-02T08:00:00Z (StateLocked)",
            "The daemon never breaks a lock that it did not take.",
        ],
    ),
    "a lock of which nothing is known": (
        fold(applied(), PassHeld(Reason.STATE_LOCKED, "locked, says Terraform")),
        Topic.LOCK,
        "",
        [
            "*develop/orders*: its state is locked (StateLocked)",
            "The daemon never breaks a lock that it did not take.",
        ],
    ),
    "a prune that wants a confirmation": (
        gone(Reason.PRUNE_CONFIRMATION_NEEDED),
        Topic.PRUNE,
        "PruneConfirmationNeeded",
        [
            "*develop/orders* is gone from Git and not removed yet (PruneConfirmationNeeded)",
            "Remove it with `reconciler prune --confirm develop/orders`, or restore its manifest",
        ],
    ),
    "a failure": (
        failing(2, stalled=False),
        Topic.FAILURE,
        "ApplyFailed",
        ["*develop/orders* failed (ApplyFailed)", "Why: `reconciler describe develop/orders`"],
    ),
    "a failure that stalled": (
        failing(3, stalled=True),
        Topic.FAILURE,
        "ApplyFailed RetriesExhausted",
        [
            "*develop/orders* is stalled (ApplyFailed)",
            "Failed 3 times. Why: `reconciler describe develop/orders`",
        ],
    ),
}


@pytest.mark.parametrize("name", INCIDENTS)
def test_an_incident_is_told_in_these_words(name: str) -> None:
    record, topic, said, lines = INCIDENTS[name]
    (incident,) = of_record(record).values()
    assert (incident.topic, incident.key, incident.said, shown(incident)) == (topic, record.key, said, lines)


DECIDED = waiting(CREATES)
DIGEST = DECIDED.plan.digest  # type: ignore[union-attr]
QUIET: dict[str, Record] = {
    "in sync": applied(),
    "drift that is not confirmed": applied().replace(
        drift=Drift(Reason.OUT_OF_BAND_CHANGE, (updated("tags"),), NOW, "heal", None)
    ),
    "approved": fold(DECIDED, Approved(Approval(DIGEST, "ann", NOW))),
    "rejected": fold(DECIDED, Rejected(Rejection(DIGEST, "ann", NOW))),
    "a prune that was confirmed": fold(gone(Reason.PRUNE_GUARD), PruneConfirmed()),
    "held by a freeze": fold(applied(), Waiting(Reason.FROZEN, "")),
}


@pytest.mark.parametrize("name", QUIET)
def test_no_incident_is_made_of_what_goes_on_or_was_decided(name: str) -> None:
    assert of_record(QUIET[name]) == {}


def test_drift_and_a_headline_are_two_incidents() -> None:
    record = fold(drifted(updated("tags")), Failed(Reason.APPLY_FAILED, "no"))
    assert set(of_record(record)) == {Topic.DRIFT, Topic.FAILURE}


def test_an_incident_has_the_name_of_its_topic_and_instance() -> None:
    assert name_of(Topic.DRIFT, Key("develop", "orders")) == "drift develop/orders"
    assert name_of(Topic.SOURCE, None) == "source"
