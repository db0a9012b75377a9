"""The durable document of an instance: everything that must survive a restart, and nothing else.

A record is written before the first apply with all that a destroy needs, so that a removed manifest can be pruned even
when Git no longer knows it. Only `reconciler.core.status.advance` makes new records out of old ones.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from desired_state.instance import Instance, Key
from reconciler.core.plan.summary import PlanSummary, ResourceSummary
from reconciler.core.record.consent import Approval, Authorship, Consent, Promoted, Rejection, WindowOverride
from reconciler.core.record.routes import Routes
from reconciler.core.record.runs import Intent, Move, Running
from reconciler.core.record.state import KnownState
from reconciler.core.vocabulary import ConditionType, Health, Reason, Sync


@dataclass(frozen=True, slots=True)
class Condition:
    """One statement about an instance; `since` changes only with status or reason."""

    type: ConditionType
    status: bool
    reason: Reason
    message: str
    since: datetime


@dataclass(frozen=True, slots=True)
class RejectedManifest:
    """A manifest that was rejected; the last good one stays effective."""

    message: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Failures:
    """Consecutive failures of one desired digest."""

    digest: str
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Rollout:
    """A watched deployment: what was rolled out, since when, and how it ended so far."""

    desired_digest: str
    image: str | None
    task_definition: str | None
    started: datetime
    ended: Reason | None = None
    message: str = ""


Response = Literal["heal", "wait", "report"]
NOBODY_KNOWS = "unknown"
ABSENT: Mapping[str, bool] = {"absent": True}


@dataclass(frozen=True, slots=True)
class Drift:
    """Drift of an instance. Operators are told once a second drift check confirmed it.

    `response` is what the mode allows: heal (apply), wait (for approval or a window) or report (observe, or drift that
    no plan could repair). An action of its resources is `update` (changed), `delete` (deleted) or `create` (added), and
    an attribute's old value is the applied one, its new value the one that was found.
    """

    reason: Reason
    resources: tuple[ResourceSummary, ...]
    since: datetime
    response: Response
    confirmed: datetime | None = None
    who: str = NOBODY_KNOWS


@dataclass(frozen=True, slots=True)
class Repair:
    """Drift that an apply removed, by its spots (see `reconciler.core.plan.model.spots`)."""

    at: datetime
    spots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An apply after which no plan was empty yet.

    `spots` are those that the next plan would change although nothing moved in AWS; `applied`: it already did so once.
    """

    spots: tuple[str, ...] = ()
    applied: bool = False


@dataclass(frozen=True, slots=True)
class StateWriter:
    """The versions of the providers that wrote the state last; `refreshed`: they wrote it once with an empty plan."""

    providers: str
    refreshed: bool = False


@dataclass(frozen=True, slots=True)
class Base:
    """The base of the state: all that a destroy needs when Git no longer knows the instance."""

    root: str
    tree_id: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of one instance. A digest of None means "not known to match".

    A field with `ABSENT` came later than the first records: it is stored only when it is not None. `renamed_to` is the
    name that claimed this one in the commit that removed its manifest, `authors` are the commits that changed what Git
    asks for since it was last applied; None where they are not known. `consents` are the people behind `approval`.
    """

    instance: Instance
    accepted_commit: str
    version: int = 0
    removed: datetime | None = None
    suspended: bool = False
    attempted: bool = False
    desired_digest: str | None = None
    desired_source: str | None = None
    desired_commit: str | None = None
    applied_digest: str | None = None
    applied_source: str | None = None
    applied_commit: str | None = None
    applied_at: datetime | None = None
    checked_at: datetime | None = None
    resources: int = 0
    requested_at: datetime | None = None
    prune_guard: str | None = None
    prune_confirmed: bool = False
    sync: Sync = Sync.UNKNOWN
    health: Health = Health.UNKNOWN
    conditions: Mapping[ConditionType, Condition] = field(default_factory=dict)
    intent: Intent | None = None
    running: Running | None = None
    unlock: str | None = None
    approval: Approval | None = None
    rejection: Rejection | None = None
    window_override: WindowOverride | None = None
    failures: Failures | None = None
    rollout: Rollout | None = None
    plan: PlanSummary | None = None
    drift: Drift | None = None
    repairs: tuple[Repair, ...] = ()
    base: Base | None = None
    promoted: Promoted | None = None
    move: Move | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    unsettled: Unsettled | None = field(default=None, metadata=ABSENT)
    rejected: RejectedManifest | None = field(default=None, metadata=ABSENT)
    state: KnownState | None = field(default=None, metadata=ABSENT)
    writer: StateWriter | None = field(default=None, metadata=ABSENT)
    routes: Routes | None = field(default=None, metadata=ABSENT)
    further_routes: Mapping[str, Routes] | None = field(default=None, metadata=ABSENT)
    tenant: str | None = field(default=None, metadata=ABSENT)
    renamed_to: str | None = field(default=None, metadata=ABSENT)
    authors: tuple[Authorship, ...] | None = field(default=None, metadata=ABSENT)
    consents: tuple[Consent, ...] | None = field(default=None, metadata=ABSENT)

    @property
    def key(self) -> Key:
        """Return the instance's key."""
        return self.instance.key

    def condition(self, kind: ConditionType) -> Condition | None:
        """Return the condition of that type, if it exists now."""
        return self.conditions.get(kind)

    def approved_by(self, digest: str) -> tuple[Consent, ...]:
        """Return the people who approved the plan with this digest, the last one at the end."""
        if self.approval is None or self.approval.plan_digest != digest:
            return ()
        return self.consents or (Consent(self.approval.by, self.approval.at),)

    @property
    def reason(self) -> Reason | None:
        """Return the reason of the `Ready` condition: the headline."""
        ready = self.conditions.get(ConditionType.READY)
        return ready.reason if ready else None

    def replace(self, **changes: Any) -> "Record":
        """Return a copy with these fields changed."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass, as history stores it."""

    id: str
    key: Key
    trigger: str
    commit: str
    started: datetime
    finished: datetime
    result: str
    reason: Reason | None
    message: str
