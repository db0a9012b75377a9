"""The life of drift in the fold: seen, confirmed by a second check, repaired or gone; and repairs that do not last.

Drift in another place begins a new life. As long as an apply may have been cut short nothing counts as repaired.
Repairs are counted by spot, because whatever fights the daemon rarely writes the same value twice.
"""

import dataclasses
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import spots
from reconciler.core.plan.summary import ResourceSummary
from reconciler.core.record.model import NOBODY_KNOWS, Drift, Record, Repair, Response, Unsettled
from reconciler.core.record.state import StateSeen
from reconciler.core.status.conditions import with_condition, without_conditions
from reconciler.core.status.remedies import remedies
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from reconciler.core.wording import first_few

FIGHT_LASTS = timedelta(days=1)
_REPAIRS_KEPT = 100
_NAMED = 5


def observed(
    record: Record, finding: DriftFinding, response: Response, confirm_after: timedelta, now: datetime
) -> Record:
    """Return the record after a plan was classified."""
    record = record.replace(unsettled=_unsettled(record, finding))
    if finding.reason is None:
        maybe_half_healed = record.applied_digest is None and finding.sync != Sync.IN_SYNC
        return record if maybe_half_healed else gone(record)
    resources = tuple(change.summary() for change in finding.drifted)
    old = record.drift if is_same(record.drift, resources) else None
    confirmed = old.confirmed if old else None
    since = min(old.since, now) if old else now  # a clock that was ahead and was set right has seen it in the future
    if old and confirmed is None and now - since >= confirm_after:
        confirmed = now
    drift = Drift(finding.reason, resources, since, response, confirmed, old.who if old else NOBODY_KNOWS)
    record = record.replace(drift=drift)
    if confirmed is None:
        return record.replace(conditions=without_conditions(record, ConditionType.DRIFTED))
    return with_condition(record, now, ConditionType.DRIFTED, True, drift.reason, _place_or_remedy(drift))


def never_settles(record: Record, finding: DriftFinding) -> bool:
    """Return whether an apply was to end a difference without a move already, and there is one again."""
    return bool(finding.unsettled) and record.unsettled is not None and record.unsettled.applied


def known_unsettled(record: Record, seen: StateSeen) -> Collection[str] | None:
    """Return the spots at which the root is known to differ from itself; None once a plan was empty.

    None too when another wrote the state since: a difference in the state `seen` need not come from the root then.
    """
    known = record.unsettled
    if known is None or (record.state and record.state.was_written_since(seen)):
        return None
    return known.spots if known.applied else ()


def asked_again(record: Record) -> Unsettled | None:
    """Return what is known of a root that differs from itself when a pass is requested: it may be applied once more."""
    return record.unsettled and Unsettled()


def is_same(drift: Drift | None, resources: Iterable[ResourceSummary]) -> bool:
    """Return whether some of these resources are where the known drift is."""
    return drift is not None and not spots(drift.resources).isdisjoint(spots(resources))


def gone(record: Record) -> Record:
    """Return the record once AWS matches again."""
    return record.replace(drift=None, conditions=without_conditions(record, ConditionType.DRIFTED))


def repaired(record: Record, now: datetime) -> Record:
    """Return the record after an apply: drift is gone, and remembered as a repair unless Git had changed too."""
    known = record.unsettled or Unsettled()
    record = record.replace(unsettled=dataclasses.replace(known, applied=bool(known.spots)))
    if record.drift is None or record.sync == Sync.PENDING_AND_DRIFTED:
        return gone(record)
    young = tuple(repair for repair in record.repairs if now - repair.at < FIGHT_LASTS)
    repair = Repair(now, tuple(sorted(spots(record.drift.resources))))
    return gone(record).replace(repairs=(*young, repair)[-_REPAIRS_KEPT:])


def attributed(record: Record, who: str) -> Record:
    """Return the record once the author of the drift is known."""
    return record.replace(drift=dataclasses.replace(record.drift, who=who)) if record.drift else record


def repair_count(record: Record, resources: Iterable[ResourceSummary], now: datetime) -> int:
    """Return how often within a day this drift was repaired and came back, counted at its most repaired spot."""
    young = [set(repair.spots) for repair in record.repairs if now - repair.at < FIGHT_LASTS]
    return max((sum(spot in repair for repair in young) for spot in spots(resources)), default=0)


def unconfirmed(record: Record) -> bool:
    """Return whether drift waits for its second check."""
    return record.drift is not None and record.drift.confirmed is None


def _unsettled(record: Record, finding: DriftFinding) -> Unsettled | None:
    if finding.sync == Sync.IN_SYNC:
        return None
    if not finding.unsettled:
        return record.unsettled
    return Unsettled(tuple(sorted(spots(finding.unsettled))), applied=never_settles(record, finding))


def _place_or_remedy(drift: Drift) -> str:
    """Return where the drift is, or the remedies when no plan would repair it."""
    said = remedies(drift)
    if drift.reason == Reason.UNMANAGED_ADDITION:
        return first_few(said, _NAMED, separator="; ")
    places = first_few((item.address for item in drift.resources), _NAMED)
    return "; ".join([places, *said[:_NAMED]])
