"""Incidents of an instance: one incident, one thread.

An incident is read from the present record, so nothing is lost with a restart. Its words are keys, reasons, addresses,
attribute names, counts and commands, and never a message of a record or a value. A reason that is not listed here
counts as a failure, so that a new reason is reported from the start.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desired_state.instance import Key
from reconciler.core.notify.text import Line, Span, Style, bullets, code, codes, line, name, one_line
from reconciler.core.plan.summary import IMPORT, PlanSummary, ResourceSummary, operation, phrase
from reconciler.core.record.model import Record
from reconciler.core.vocabulary import ConditionType, Health, Reason
from reconciler.core.wording import plural


class Topic(StrEnum):
    """The subject of an incident. An instance has at most one incident of each topic at a time."""

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
    """An incident: something that operators should know. `said` changes when there is news about it."""

    topic: Topic
    key: Key | None
    said: str
    title: Line
    details: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """An incident that operators know of: what they were told, and what was applied at that time."""

    topic: Topic
    key: Key | None
    since: datetime
    said: str
    title: Line
    applied_at: datetime | None = None
    applied_source: str | None = None
    reminded: int = 0

    @property
    def name(self) -> str:
        """Return its name among the open incidents."""
        return name_of(self.topic, self.key)


def name_of(topic: Topic, key: Key | None) -> str:
    """Return the name of an incident, such as `drift develop/orders` or `source`."""
    return f"{topic} {key}" if key else topic.value


# No incident: it goes on without intervention, or an operator asked for it.
_QUIET = frozenset(
    {
        *("Applied", "InSync", "Observed", "Progressing", "Suspended", "Frozen", "OutsideWindow", "DependencyNotReady"),
        "RolloutHeld",
        *("AwaitingFirstImage", "Interrupted", "Recovering", "OutOfBandChange", "MissingResource"),
        *(
            "UnmanagedAddition",
            "Rejected",
            "InvalidManifest",
        ),  # mistakes of a manifest belong to the incident of the source
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
    Reason.ROLLED_BACK: "was rolled back by ECS: its new version did not become healthy",
    Reason.ROLLOUT_FAILED: "failed to roll out",
    Reason.ROLLOUT_TIMEOUT: "did not roll out in time",
}
_RESPONSES = {
    "heal": "It is being repaired: the state in Git is applied again.",
    "wait": "It is repaired after an approval, or when the change window opens.",
    "report": "It is only reported; nothing is applied.",
}
_HOLDER = re.compile(r"locked by (?P<who>[\w.@+-]{1,100}) since (?P<since>[\w:.+ -]{1,40}?)(?: \(|$)")


def of_record(record: Record) -> dict[Topic, Incident]:
    """Return every incident that the record shows, by topic."""
    found = (_drift(record), _unready(record))
    return {problem.topic: problem for problem in found if problem}


def lingers(topic: Topic, record: Record) -> bool:
    """Return whether it is unknown yet if the incident is over: its thread stays open, without news."""
    if topic is Topic.FAILURE:
        return record.failures is not None
    if topic is Topic.ROLLOUT:
        return record.health in {Health.DEGRADED, Health.PROGRESSING} and record.removed is None
    return False


def _drift(record: Record) -> Incident | None:
    drift = record.drift
    if drift is None or drift.confirmed is None:
        return None
    said = [drift.reason.value, drift.response, *sorted(map(_signature, drift.resources))]
    return Incident(
        topic=Topic.DRIFT,
        key=record.key,
        said="\n".join(said),
        title=line(_name(record), f" drifted ({drift.reason}): {plural(len(drift.resources), 'resource')}"),
        details=(
            *bullets(map(_changed, drift.resources)),
            *([line("By ", code(drift.who), ".")] if drift.who != "unknown" else []),
            line(f"{_RESPONSES[drift.response]} See ", code(f"reconciler drift {record.key}")),
        ),
    )


def _unready(record: Record) -> Incident | None:
    """Return the incident that the headline shows, if it is one."""
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
    command = "adopt" if any(IMPORT in change.actions for change in plan.changes) else "approve"
    return Incident(
        topic=Topic.APPROVAL,
        key=record.key,
        said=plan.digest,
        title=line(_name(record), f" waits for approval: {phrase(change.actions for change in plan.changes)}"),
        details=(
            *bullets(map(_planned, plan.changes)),
            *_remarks(plan),
            line(
                "See ",
                code(f"reconciler diff {record.key}"),
                "; agree with ",
                code(f"reconciler {command} {record.key}"),
            ),
        ),
    )


def _planned(change: ResourceSummary) -> Line:
    """Say what a plan would do to a resource; notes consist of addresses, attribute names and words."""
    return line(
        f"{operation(change.actions)} ", code(change.address), *(line("; ", code(note)) for note in change.notes)
    )


def _remarks(plan: PlanSummary) -> tuple[Line, ...]:
    """Count failed checks and warnings; their texts can contain values."""
    said = [plural(len(plan.checks), "failed check")] if plan.checks else []
    said += [plural(len(plan.warnings), "warning")] if plan.warnings else []
    return (line(f"With {' and '.join(said)}."),) if said else ()


def _rollout(record: Record, reason: Reason) -> Incident:
    return Incident(
        topic=Topic.ROLLOUT,
        key=record.key,
        said=reason.value,
        title=line(_name(record), f" {_ROLLOUTS[reason]} ({reason})"),
        details=(_why(record),),
    )


def _lock(record: Record, message: str) -> Incident:
    """Quote only the holder from the message, and only in the form that Terraform gives it."""
    holder = _HOLDER.search(message)
    by = line(" by ", code(holder["who"]), f" since {one_line(holder['since'])}") if holder else line()
    return Incident(
        topic=Topic.LOCK,
        key=record.key,
        said=holder.group() if holder else "",
        title=line(_name(record), ": its state is locked", by, f" ({Reason.STATE_LOCKED})"),
        details=(line("The daemon never breaks a lock that it did not take."),),
    )


def _prune(record: Record, reason: Reason) -> Incident | None:
    if record.removed is None or record.prune_confirmed:
        return None
    return Incident(
        topic=Topic.PRUNE,
        key=record.key,
        said=reason.value,
        title=line(_name(record), f" is gone from Git and not removed yet ({reason})"),
        details=(
            line("Remove it with ", code(f"reconciler prune --confirm {record.key}"), ", or restore its manifest"),
        ),
    )


def _failure(record: Record, reason: Reason) -> Incident:
    stalled = _stalled(record)
    tried = f"Failed {plural(record.failures.count, 'time')}. " if stalled and record.failures else ""
    return Incident(
        topic=Topic.FAILURE,
        key=record.key,
        said=f"{reason} {stalled or ''}".strip(),
        title=line(_name(record), f" {'is stalled' if stalled else 'failed'} ({reason})"),
        details=(*_unsettled(record, reason), line(tried, _why(record))),
    )


def _unsettled(record: Record, reason: Reason) -> tuple[Line, ...]:
    """Return where a root differs from itself: addresses and the names of attributes."""
    known = record.unsettled
    return (line("At ", codes(known.spots, 5), "."),) if known and reason is Reason.NEVER_SETTLES else ()


def _stalled(record: Record) -> Reason | None:
    stalled = record.condition(ConditionType.STALLED)
    return stalled.reason if stalled and stalled.reason.value not in _QUIET else None


def _why(record: Record) -> Line:
    return line("Why: ", code(f"reconciler describe {record.key}"))


def _changed(resource: ResourceSummary) -> Line:
    """Say what changed on a drifted resource."""
    done = {"create": " was added", "destroy": " was deleted"}.get(operation(resource.actions))
    return line(code(resource.address), done or line(" changed", *_names(sorted(resource.attributes))))


def _signature(resource: ResourceSummary) -> str:
    """Return what an update has to differ in to be news, in the form that is stored with open threads."""
    return "".join(f"`{span.text}`" if span.style is Style.CODE else span.text for span in _changed(resource).spans)


def _names(attributes: Sequence[str]) -> tuple[str | Line, ...]:
    return (": ", codes(attributes, 5)) if attributes else ()


def _name(record: Record) -> Span:
    return name(str(record.key))
