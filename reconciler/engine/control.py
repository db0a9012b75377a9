"""The running engine as the API sees it, and the refusal of actions that do not fit."""

import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from desired_state.instance import Key
from reconciler.core.decide.consent import has_windows
from reconciler.core.environment import Environment
from reconciler.core.floor import NO_FLOOR, Floor
from reconciler.core.plan.summary import IMPORT
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.control import (
    Action,
    ActionRefused,
    Adopt,
    AdoptState,
    Approve,
    Beat,
    ConfirmPrune,
    Reconcile,
    Reject,
    Resume,
    SourceStatus,
    Suspend,
    Unlock,
)
from reconciler.core.ports.orphans import Orphan, StoredState, unclaimed
from reconciler.core.ports.tasks import TaskSeen
from reconciler.core.principal import Principal
from reconciler.core.record.audit import Act, AuditEntry, AuditFilter
from reconciler.core.record.consent import Approval, Rejection, WindowOverride
from reconciler.core.record.freeze import EVERYWHERE, Freeze
from reconciler.core.record.model import Pass, Record
from reconciler.core.record.state import FromEmpty
from reconciler.core.status.events import (
    Approved,
    Event,
    ReconcileRequested,
    Rejected,
    Suspended,
    UnlockRequested,
)
from reconciler.core.vocabulary import Reason
from reconciler.engine import requests, tasks
from reconciler.engine.approvers import check_approver, with_person
from reconciler.engine.controller import Controller

_APPROVABLE = frozenset({Reason.AWAITING_APPROVAL, Reason.REJECTED})
_REJECTABLE = frozenset({Reason.AWAITING_APPROVAL, Reason.OUTSIDE_WINDOW, Reason.FROZEN})


class EngineControl:
    """Implements `reconciler.core.ports.control.Control` on a controller."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._world = controller.world
        self._audit = controller.world.records.audit

    def records(self) -> Sequence[Record]:
        """Return every record, by key."""
        return [self._world.records[key] for key in sorted(self._world.records)]

    def record(self, key: Key) -> Record | None:
        """Return one record."""
        return self._world.records.get(key)

    def floor(self, environment: str) -> Floor:
        """Return the floor of an environment; one without limits for an environment that is not configured any more."""
        return self._world.floor(environment)

    def source(self) -> SourceStatus:
        """Return the state of the source."""
        return self._controller.source_status

    def beat(self) -> Beat:
        """Return liveness and readiness."""
        return self._controller.beat()

    async def history(self, key: Key, *, limit: int) -> Sequence[Pass]:
        """Return passes, the newest first."""
        return await self._world.store.history(key, limit=limit)

    def freezes(self) -> Sequence[Freeze]:
        """Return the freezes in effect."""
        return self._world.freezing.all()

    async def audit(self, wanted: AuditFilter, *, limit: int, before: str | None = None) -> Sequence[AuditEntry]:
        """Return entries of the audit, the newest first. Raises: StoreFailed."""
        return await self._audit.page(wanted, limit=limit, before=before)

    async def refused(self, act: Act, why: str) -> None:
        """Record an act that was refused before it came here."""
        await self._audit.refused(act, why)

    async def freeze(self, environment: str | None, *, by: Principal, reason: str, peer: str = "") -> Freeze:
        """Stop all applies in an environment, or everywhere; a running apply ends normally.

        Raises: KeyError for an unknown environment, ActionRefused, StoreFailed.
        """
        act = Act("freeze", environment or EVERYWHERE, by.name, by.proof, peer, reason)
        async with self._refusals(act):
            self._check_environment(environment)
        name, reason = map(self._world.redactor.text, (by.name, reason))
        async with self._audit.of_accepted(act):
            return await self._world.freezing.freeze(environment, by=name, reason=reason, at=self._world.now())

    async def unfreeze(
        self, environment: str | None, *, by: Principal, reason: str | None = None, peer: str = ""
    ) -> Freeze:
        """Lift that freeze, and visit what waited for it. Raises: KeyError, ActionRefused, StoreFailed."""
        act = Act("unfreeze", environment or EVERYWHERE, by.name, by.proof, peer, reason)
        async with self._refusals(act):
            self._check_environment(environment)
            requests.check_reason(act, self.floor(environment) if environment else self._strictest())
            self._check_frozen(environment)
        async with self._audit.of_accepted(act):
            lifted = await self._world.freezing.lift(environment) or self._check_frozen(environment)
        for key, record in self._world.records.items():
            if record.reason == Reason.FROZEN:
                self._controller.ask(key, trigger="request")
        return lifted

    def _strictest(self) -> Floor:
        """Return the floor for acts on all environments: a reason is needed once one of them needs it."""
        floors = [where.floor for where in self._world.environments.values()]
        return next((floor for floor in floors if floor.reason == "required"), NO_FLOOR)

    def _check_frozen(self, environment: str | None) -> Freeze:
        """Return the freeze of that name. Raises: ActionRefused when there is none."""
        for freeze in self.freezes():
            if freeze.environment == environment:
                return freeze
        others = "; ".join(freeze.describe() for freeze in self.freezes()) or "nothing is"
        raise ActionRefused(f"{f'{environment} is' if environment else 'all environments are'} not frozen: {others}")

    @asynccontextmanager
    async def _refusals(self, act: Act) -> AsyncIterator[None]:
        """Record the refusal of an act by the block."""
        try:
            yield
        except (ActionRefused, KeyError) as refusal:
            why = str(refusal) if isinstance(refusal, ActionRefused) else "it is not known here"
            await self._audit.refused(act, why)
            raise

    def _check_environment(self, environment: str | None) -> None:
        if environment is not None and environment not in self._world.environments:
            raise KeyError(environment)

    async def orphans(self, environment: str | None) -> Sequence[Orphan]:
        """Return states with resources that have neither a manifest nor a record.

        Raises: KeyError for an unknown environment, ActionRefused, LiveUnavailable.
        """
        if self.source().commit is None:
            raise ActionRefused(
                "the manifests were not read yet, so orphans are not known; try again once the first commit was read"
            )
        wanted = self._world.environments
        if environment is not None:
            wanted = {environment: wanted[environment]}
        return [orphan for where in wanted.values() for orphan in await self._orphans(where)]

    async def _orphans(self, where: Environment) -> Sequence[Orphan]:
        stored = await self._world.states.stored(where)
        left = unclaimed(stored, self._world.records, self._controller.declared)
        found = [Orphan(state, await self._size(state, where)) for state in left]
        return [orphan for orphan in found if orphan.resources != 0]

    async def _size(self, state: StoredState, where: Environment) -> int | None:
        """Return how many resources it manages; None where the role may not read another prefix."""
        try:
            return await self._world.states.size(state, where)
        except LiveUnavailable:
            if state.elsewhere:
                return None
            raise

    async def act(
        self, key: Key, action: Action, *, by: Principal, reason: str | None = None, peer: str = ""
    ) -> Record:
        """Record the action, then visit the instance soon. Returns the record.

        Raises: KeyError for an unknown instance, ActionRefused.
        """
        act = requests.act(key, action, self._world.records.get(key), by=by, reason=reason, peer=peer)
        async with self._refusals(act):
            record = self._world.records[key]
            floor = self.floor(key.environment)
            check_approver(record, action, by, floor)
            requests.check_reason(act, floor)
            event = with_person(self._event(record, action, by.name), by)
            if isinstance(event, UnlockRequested):
                await self._check_held(record, event.lock_id)
        async with self._audit.of_accepted(act):
            if event:
                record = await self._world.records.advance(key, event)
        if not isinstance(action, Suspend):
            self._controller.ask(key, trigger="request")
        return record

    async def run_task(
        self, key: Key, command: Sequence[str], *, by: Principal, reason: str | None = None, peer: str = ""
    ) -> str:
        """Start a one-off task. Returns its id. Raises: KeyError for an unknown instance, ActionRefused."""
        act = tasks.act_of(key, command, self._world, by=by, reason=reason, peer=peer)
        async with self._refusals(act):
            tasks.check(record := self._world.records[key], command, act, self._world)
        async with self._audit.of_accepted(act):
            return await tasks.start(record, command, self._world)

    async def task(self, key: Key, task: str, after: str | None) -> TaskSeen:
        """Return a one-off task as it is now. Raises: KeyError for an unknown instance, ActionRefused."""
        return await tasks.observe(self._world.records[key], task, after, self._world)

    async def _check_held(self, record: Record, lock_id: str) -> None:
        """Raise ActionRefused unless the state, or during a rename that of the former name, has a lock of this id."""
        environment = self._world.environments[record.key.environment]
        sources = [Key(environment.name, record.move.source)] if record.move else []
        try:
            held = [await self._world.locks.read(key, environment) for key in (record.key, *sources)]
        except LiveUnavailable as unavailable:
            raise ActionRefused(f"{record.key} stays locked: {unavailable}; try again") from None
        ids = [lock.id for lock in held if lock]
        if not ids:
            raise ActionRefused(f"{record.key} is not locked any more; `reconciler reconcile {record.key}` goes on")
        if lock_id not in ids:
            raise ActionRefused(
                f"{record.key} has no lock {lock_id}: its lock is {' and '.join(ids)}; nothing was unlocked"
            )

    def _event(self, record: Record, action: Action, by: str) -> Event | None:
        """Return what the action does to the record; None when a visit is all that it asks for."""
        match action:
            case Reconcile(reason, from_empty):
                override = self._override(record, by, reason) if reason else None
                return ReconcileRequested(override, self._from_empty(record, by, from_empty) if from_empty else None)
            case Suspend():
                return Suspended()
            case Resume():
                return requests.resume(record, self.floor(record.key.environment))
            case Approve(digest):
                return Approved(self._approval(record, by, digest))
            case Adopt(digest):
                return Approved(self._adoption(record, by, digest))
            case AdoptState():
                return requests.adopt_state(record)
            case Reject(digest):
                return Rejected(self._rejection(record, by, digest))
            case ConfirmPrune():
                return requests.confirm_prune(record)
            case Unlock(lock_id):
                return requests.unlock(record, lock_id)

    def _override(self, record: Record, by: str, reason: str) -> WindowOverride:
        if not has_windows(record, self._world.records, self.floor(record.key.environment)):
            raise ActionRefused(f"{record.key} has no change windows that could be overridden")
        return WindowOverride(by, reason, self._world.now())

    def _from_empty(self, record: Record, by: str, reason: str) -> FromEmpty:
        if requests.found_instead(record).version.resources and not requests.is_elsewhere(record):
            raise ActionRefused(
                f"the state found for {record.key} is not empty: `reconciler adopt-state {record.key}` accepts it"
            )
        return FromEmpty(by, reason, self._world.now())

    def _approval(self, record: Record, by: str, digest: str) -> Approval:
        if record.plan and record.reason not in _APPROVABLE:
            raise ActionRefused(f"{record.key} does not wait for approval")
        return Approval(same_plan(record, digest), by, self._world.now())

    def _adoption(self, record: Record, by: str, digest: str) -> Approval:
        if record.reason == Reason.ADOPTION_REFUSED:
            raise ActionRefused(
                f"the plan of {record.key} would change more than an adoption; `reconciler diff {record.key}` shows it"
            )
        if record.plan and not any(IMPORT in change.actions for change in record.plan.changes):
            raise ActionRefused(f"the plan of {record.key} adopts nothing; `reconciler approve` approves other changes")
        return self._approval(record, by, digest)

    def _rejection(self, record: Record, by: str, digest: str | None) -> Rejection:
        if record.plan and record.reason not in _REJECTABLE:
            raise ActionRefused(f"{record.key} has no plan that waits for a decision")
        return Rejection(same_plan(record, digest), by, self._world.now())


def same_plan(record: Record, digest: str | None) -> str:
    """Return the digest of the plan that waits. Raises: ActionRefused when `digest` names another plan."""
    if record.plan is None:
        raise ActionRefused(f"{record.key} has no plan", code="no_plan")
    current = record.plan.digest
    if digest is not None and not hmac.compare_digest(digest.encode(), current.encode()):
        raise ActionRefused(
            f"the plan of {record.key} changed and is now {current}; `reconciler diff {record.key}` shows it",
            code="plan_moved",
            current=current,
        )
    return current
