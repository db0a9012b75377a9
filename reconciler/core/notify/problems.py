"""What is wrong with an instance, as people are told: one problem, one thread.

A problem is read from a record as it is now, so nothing is lost with a restart. The rule: its words are made of keys,
reasons, addresses, attribute names, counts and commands. No message of a record and no value is ever part of them.
A reason that is not listed here is a failure, so that a new one is told before anybody thinks of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desired_state.instance import Key
from reconciler.core.notify.markup import bullets, code, escape
from reconciler.core.plan.model import ResourceSummary, counts, describe_counts, operation
from reconciler.core.record.model import Record
from reconciler.core.vocabulary import ConditionType, Health, Reason
from reconciler.core.wording import first_few, plural


class Topic(StrEnum):
    """What a problem is about. An instance has at most one problem of each at a time."""

    DRIFT = "drift"
    APPROVAL = "approval"
    FAILURE = "failure"
    ROLLOUT = "rollout"
    LOCK = "lock"
    PRUNE = "prune"
    SOURCE = "source"
    MANIFESTS = "manifests"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that people should know. `said` changes when there is something new to say about it."""

    topic: Topic
    key: Key | None
    said: str
    title: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """A problem that people know of: what they were told, and what was applied at that time."""

    topic: Topic
    key: Key | None
    since: datetime
    said: str
    title: str
    applied_at: datetime | None = None
    applied_source: str | None = None
    reminded: int = 0

    @property
    def name(self) -> str:
        """Its name among the open ones."""
        return name_of(self.topic, self.key)


def name_of(topic: Topic, key: Key | None) -> str:
    """The name of a problem, such as `drift develop/orders` or `source`."""
    return f"{topic} {key}" if key else topic.value


# Not trouble: it goes on by itself, or a person asked for it. By value, because branches of the list may be younger.
_QUIET = frozenset(
    {
        *("Applied", "InSync", "Observed", "Progressing", "Suspended", "Frozen", "OutsideWindow", "DependencyNotReady"),
        "RolloutHeld",
        *("AwaitingFirstImage", "Interrupted", "Recovering", "OutOfBandChange", "MissingResource"),
        *("UnmanagedAddition", "Rejected", "InvalidManifest"),  # a manifest's mistakes are told of the manifests
    }
)
_TOPICS: Mapping[Reason, Topic] = {
    Reason.AWAITING_APPROVAL: Topic.APPROVAL,
    Reason.ROLLOUT_FAILED: Topic.ROLLOUT,
    Reason.ROLLED_BACK: Topic.ROLLOUT,
    Reason.ROLLOUT_TIMEOUT: Topic.ROLLOUT,
    Reason.STATE_LOCKED: Topic.LOCK,
    Reason.PRUNE_GUARD: Topic.PRUNE,
    Reason.PRUNE_CONFIRMATION_NEEDED: Topic.PRUNE,
}
_ROLLOUTS: Mapping[Reason, str] = {
    Reason.ROLLED_BACK: "was put back by ECS: its new version did not become healthy",
    Reason.ROLLOUT_FAILED: "failed to roll out",
    Reason.ROLLOUT_TIMEOUT: "did not roll out in time",
}
_RESPONSES = {
    "heal": "It is healed now: what Git says is applied again.",
    "wait": "It is healed once somebody approves, or the change window opens.",
    "report": "It is only reported; nothing is applied.",
}
_HOLDER = re.compile(r"locked by (?P<who>[\w.@+-]{1,100}) since (?P<since>[\w:.+ -]{1,40}?)(?: \(|$)")


def of_record(record: Record) -> dict[Topic, Incident]:
    """Every problem that the record shows."""
    found = (_drift(record), _unready(record))
    return {problem.topic: problem for problem in found if problem}


def lingers(topic: Topic, record: Record) -> bool:
    """True while it is not known whether the problem is over: its thread stays open, with nothing to say."""
    if topic is Topic.FAILURE:
        return record.failures is not None
    if topic is Topic.ROLLOUT:
        return record.health in {Health.DEGRADED, Health.PROGRESSING} and record.removed is None
    return False


def _drift(record: Record) -> Incident | None:
    drift = record.drift
    if drift is None or drift.confirmed is None:
        return None
    said = [drift.reason.value, drift.response, *sorted(map(_moved, drift.resources))]
    return Incident(
        topic=Topic.DRIFT,
        key=record.key,
        said="\n".join(said),
        title=f"{_name(record)} drifted ({drift.reason}): {plural(len(drift.resources), 'resource')}",
        details=(
            *bullets([_moved(resource) for resource in drift.resources]),
            *([f"By {code(drift.who)}."] if drift.who != "unknown" else []),
            f"{_RESPONSES[drift.response]} See {code(f'reconciler drift {record.key}')}",
        ),
    )


def _unready(record: Record) -> Incident | None:
    """The problem that the headline tells, if it is one."""
    ready, stalled = record.condition(ConditionType.READY), _stalled(record)
    if ready is None or ready.status or ready.reason.value in _QUIET:
        return _failure(record, stalled) if stalled else None
    match _TOPICS.get(ready.reason, Topic.FAILURE):
        case Topic.APPROVAL:
            return _approval(record)
        case Topic.ROLLOUT:
            return _rollout(record, ready.reason)
        case Topic.LOCK:
            return _lock(record, ready.message)
        case Topic.PRUNE:
            return _prune(record, ready.reason)
        case _:
            return _failure(record, ready.reason)


def _approval(record: Record) -> Incident | None:
    plan = record.plan
    if plan is None or any(said and said.plan_digest == plan.digest for said in (record.approval, record.rejection)):
        return None
    measured = counts(plan.changes)
    command = "adopt" if measured["import"] else "approve"
    return Incident(
        topic=Topic.APPROVAL,
        key=record.key,
        said=plan.digest,
        title=f"{_name(record)} waits for approval: {describe_counts(measured)}",
        details=(
            *bullets([f"{operation(change.actions)} {code(change.address)}" for change in plan.changes]),
            f"See {code(f'reconciler diff {record.key}')}; agree with {code(f'reconciler {command} {record.key}')}",
        ),
    )


def _rollout(record: Record, reason: Reason) -> Incident:
    return Incident(
        topic=Topic.ROLLOUT,
        key=record.key,
        said=reason.value,
        title=f"{_name(record)} {_ROLLOUTS[reason]} ({reason})",
        details=(f"Why: {code(f'reconciler describe {record.key}')}",),
    )


def _lock(record: Record, message: str) -> Incident:
    """Of the message only the holder is told, and only where it has the form that Terraform gives it."""
    holder = _HOLDER.search(message)
    by = f" by {code(holder['who'])} since {escape(holder['since'])}" if holder else ""
    return Incident(
        topic=Topic.LOCK,
        key=record.key,
        said=holder.group() if holder else "",
        title=f"{_name(record)}: its state is locked{by} ({Reason.STATE_LOCKED})",
        details=("A lock that is not ours is never broken.",),
    )


def _prune(record: Record, reason: Reason) -> Incident | None:
    if record.removed is None or record.prune_confirmed:
        return None
    return Incident(
        topic=Topic.PRUNE,
        key=record.key,
        said=reason.value,
        title=f"{_name(record)} is gone from Git and not removed yet ({reason})",
        details=(f"Remove it with {code(f'reconciler prune --confirm {record.key}')}, or restore its manifest",),
    )


def _failure(record: Record, reason: Reason) -> Incident:
    stalled = _stalled(record)
    tried = (f"Failed {plural(record.failures.count, 'time')}.",) if stalled and record.failures else ()
    why = f"Why: {code(f'reconciler describe {record.key}')}"
    return Incident(
        topic=Topic.FAILURE,
        key=record.key,
        said=f"{reason} {stalled or ''}".strip(),
        title=f"{_name(record)} {'is stalled' if stalled else 'failed'} ({reason})",
        details=(" ".join((*tried, why)),),
    )


def _stalled(record: Record) -> Reason | None:
    stalled = record.condition(ConditionType.STALLED)
    return stalled.reason if stalled and stalled.reason.value not in _QUIET else None


def _moved(resource: ResourceSummary) -> str:
    """What the world did to a resource."""
    done = {"create": "was added", "destroy": "was deleted"}.get(operation(resource.actions))
    return f"{code(resource.address)} {done or f'changed{_names(sorted(resource.attributes))}'}"


def _names(attributes: Sequence[str]) -> str:
    return f": {first_few(map(code, attributes), 5)}" if attributes else ""


def _name(record: Record) -> str:
    return f"*{escape(str(record.key))}*"
