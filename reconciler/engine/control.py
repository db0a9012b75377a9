"""What people may ask of the running engine, and when the answer is no."""

from collections.abc import Sequence
from dataclasses import replace

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.plan.model import IMPORT
from reconciler.core.ports.control import Action, ActionRefused, Beat, SourceStatus
from reconciler.core.ports.orphans import Orphan, States, unclaimed
from reconciler.core.record.consent import Approval, Rejection, WindowOverride
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Pass, Record
from reconciler.core.status.events import Asked
from reconciler.core.vocabulary import Reason
from reconciler.engine.controller import Controller

_APPROVABLE = frozenset({Reason.AWAITING_APPROVAL, Reason.REJECTED})
_REJECTABLE = frozenset({Reason.AWAITING_APPROVAL, Reason.OUTSIDE_WINDOW, Reason.FROZEN})


class EngineControl:
    """Implements `reconciler.core.ports.control.Control` on a controller."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._world = controller.world

    def records(self) -> Sequence[Record]:
        """Every record, by key."""
        return [self._world.records[key] for key in sorted(self._world.records)]

    def record(self, key: Key) -> Record | None:
        """One record."""
        return self._world.records.get(key)

    def source(self) -> SourceStatus:
        """The manifests' state."""
        return self._controller.source_status

    def beat(self) -> Beat:
        """Liveness and readiness."""
        return self._controller.beat()

    async def history(self, key: Key, *, limit: int) -> Sequence[Pass]:
        """The newest passes first."""
        return await self._world.store.history(key, limit=limit)

    def freezes(self) -> Sequence[Freeze]:
        """What is frozen, and by whom."""
        return self._world.freezing.all()

    async def freeze(self, environment: str | None, *, by: str, reason: str) -> Freeze:
        """Apply nothing in an environment, or anywhere; what is being applied now comes to its end.

        Raises: KeyError for an unknown environment, StoreFailed.
        """
        self._check_environment(environment)
        by, reason = map(self._world.redactor.text, (by, reason))
        freeze = await self._world.freezing.freeze(environment, by=by, reason=reason, at=self._world.now())
        self._world.observer.log("frozen", environment=freeze.name, by=by, reason=reason)
        return freeze

    async def unfreeze(self, environment: str | None, *, by: str) -> Freeze:
        """Lift that freeze, and visit what waited for it. Raises: KeyError, ActionRefused, StoreFailed."""
        self._check_environment(environment)
        lifted = await self._world.freezing.lift(environment)
        if lifted is None:
            others = "; ".join(freeze.describe() for freeze in self.freezes()) or "nothing is"
            raise ActionRefused(f"{environment or 'all together'} is not frozen: {others}")
        self._world.observer.log(
            "unfrozen", environment=lifted.name, by=by, frozen_by=lifted.by, since=lifted.at.isoformat()
        )
        for key, record in self._world.records.items():
            if record.reason == Reason.FROZEN:
                self._controller.ask(key, trigger="request")
        return lifted

    def _check_environment(self, environment: str | None) -> None:
        if environment is not None and environment not in self._world.environments:
            raise KeyError(environment)

    async def orphans(self, environment: str | None) -> Sequence[Orphan]:
        """States without a manifest or a record; those that hold nothing are none.

        Raises: KeyError for an unknown environment, ActionRefused, LiveUnavailable.
        """
        if self.source().commit is None or self._world.states is None:
            raise ActionRefused("the manifests were not read yet, so nobody knows what belongs to none")
        wanted = self._world.environments
        if environment is not None:
            wanted = {environment: wanted[environment]}
        return [orphan for where in wanted.values() for orphan in await self._orphans(where, self._world.states)]

    async def _orphans(self, where: Environment, states: States) -> Sequence[Orphan]:
        left = unclaimed(await states.stored(where), self._world.records, self._controller.declared)
        found = [Orphan(state, await states.size(state, where)) for state in left]
        return [orphan for orphan in found if orphan.resources]

    async def act(
        self,
        key: Key,
        action: Action,
        *,
        by: str,
        digest: str | None = None,
        lock_id: str | None = None,
        override_window: str | None = None,
    ) -> Record:
        """Do what was asked, in the record first, and visit the instance soon.

        Raises: KeyError for an unknown instance, ActionRefused.
        """
        record = self._world.records[key]
        event = self._event(record, action, by, digest=digest, lock_id=lock_id)
        self._world.observer.log("asked", instance=str(key), action=action.value, by=by)
        if action == Action.RECONCILE and override_window:
            event = replace(event, override=self._override(record, by, override_window))
        record = await self._world.settle(key, event)
        if action != Action.SUSPEND:
            self._controller.ask(key, trigger="request")
        return record

    def _event(self, record: Record, action: Action, by: str, *, digest: str | None, lock_id: str | None) -> Asked:
        match action:
            case Action.RECONCILE:
                return Asked(reconcile=True)
            case Action.SUSPEND:
                return Asked(suspend=True)
            case Action.RESUME:
                return self._resume(record)
            case Action.APPROVE:
                return Asked(approval=self._approval(record, by, digest))
            case Action.ADOPT:
                return Asked(approval=self._adoption(record, by, digest))
            case Action.REJECT:
                return Asked(rejection=self._rejection(record, by, digest))
            case Action.PRUNE:
                if record.removed is None:
                    raise ActionRefused(f"{record.key} still has a manifest; remove that first")
                return Asked(confirm_prune=True)
            case Action.UNLOCK:
                return self._unlock(record, lock_id)

    def _override(self, record: Record, by: str, reason: str) -> WindowOverride:
        if not record.instance.policy.windows:
            raise ActionRefused(f"{record.key} has no change windows that could be overridden")
        redact = self._world.redactor.text
        self._world.observer.log("window_overridden", instance=str(record.key), by=redact(by), reason=redact(reason))
        return WindowOverride(by, reason, self._world.now())

    def _unlock(self, record: Record, lock_id: str | None) -> Asked:
        if record.reason not in {Reason.STATE_LOCKED, Reason.LOCK_ORPHANED}:
            raise ActionRefused(f"{record.key} does not wait for a state lock")
        return Asked(unlock=lock_id)

    def _resume(self, record: Record) -> Asked:
        if not record.suspended and record.instance.policy.suspend:
            raise ActionRefused(f"{record.key} is suspended by its manifest (`policy.suspend`); change it there")
        return Asked(suspend=False)

    def _approval(self, record: Record, by: str, digest: str | None) -> Approval:
        if record.plan is None or record.reason not in _APPROVABLE:
            raise ActionRefused(f"{record.key} does not wait for approval")
        if digest != record.plan.digest:
            raise ActionRefused(f"the plan is now {record.plan.digest}; look at it before you approve it")
        return Approval(record.plan.digest, by, self._world.now())

    def _adoption(self, record: Record, by: str, digest: str | None) -> Approval:
        if record.reason == Reason.ADOPTION_REFUSED:
            raise ActionRefused(
                f"the plan of {record.key} would not only adopt; `reconciler diff {record.key}` shows it"
            )
        if record.plan and not any(IMPORT in change.actions for change in record.plan.changes):
            raise ActionRefused(
                f"the plan of {record.key} adopts nothing; `reconciler approve` agrees to other changes"
            )
        return self._approval(record, by, digest)

    def _rejection(self, record: Record, by: str, digest: str | None) -> Rejection:
        if record.plan is None or record.reason not in _REJECTABLE:
            raise ActionRefused(f"{record.key} has no plan that waits")
        if digest not in (None, record.plan.digest):
            raise ActionRefused(f"the plan is now {record.plan.digest}; look at it before you reject it")
        return Rejection(record.plan.digest, by, self._world.now())
