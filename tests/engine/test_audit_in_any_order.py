"""Laws of the audit, whatever people, passes, restarts and failures of the store do, in any order."""

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from desired_state.instance import Key
from reconciler.core.ports.control import Action, ActionRefused, Approve, Reconcile, Reject, Resume, Suspend
from reconciler.core.principal import Principal
from reconciler.core.record.audit import AuditEntry, AuditFilter
from reconciler.engine.passes.reconcile import reconcile
from tests.engine.audited import ANN, BEN, PLANNED, Audited
from tests.engine.fake_engine import ORDERS
from tests.engine.fakes.store import FakeStore

DIGESTS = st.sampled_from(["current", "sha256:other"])


class EveryAct(RuleBasedStateMachine):
    """Acts of people, passes, restarts and failures of the store, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.engine = Audited(FakeStore())
        self.acts: list[tuple[str, str]] = []  # action and name of every act that was asked for
        self.known: list[AuditEntry] = []
        self.unwritten = False

    def teardown(self) -> None:
        """Close the loop."""
        self.runner.close()

    def ask(self, name: str, by: Principal, request: Coroutine[Any, Any, Any]) -> None:
        """Ask for an act."""
        with contextlib.suppress(ActionRefused, KeyError):
            self.runner.run(request)
        self.acts.append((name, by.name))
        self.unwritten |= self.engine.store.audit_fails

    @rule(by=st.sampled_from([ANN, BEN]), digest=DIGESTS, name=st.sampled_from(["approve", "reject"]))
    def decide(self, by: Principal, digest: str, name: str) -> None:
        """Approve or reject the plan, or another one."""
        plan = self.engine.record.plan
        named = plan.digest if plan and digest == "current" else "sha256:other"
        action: Action = Approve(named) if name == "approve" else Reject(named)
        self.ask(name, by, self.engine.control.act(ORDERS, action, by=by))

    @rule(by=st.sampled_from([ANN, BEN]))
    def plan_approve_apply(self, by: Principal) -> None:
        """Let the service change, approve its plan and run the passes before and after."""
        self.engine.terraform.planned = PLANNED
        self.ask("reconcile", by, self.engine.control.act(ORDERS, Reconcile(), by=by))
        self.reconcile()
        self.decide(by, "current", "approve")
        self.reconcile()

    @rule(
        by=st.sampled_from([ANN, BEN]),
        key=st.sampled_from([ORDERS, Key("develop", "other")]),
        action=st.sampled_from([("suspend", Suspend()), ("resume", Resume())]),
    )
    def suspend(self, by: Principal, key: Key, action: tuple[str, Action]) -> None:
        """Suspend or resume the service, or an instance that is not known."""
        self.ask(action[0], by, self.engine.control.act(key, action[1], by=by))

    @rule(by=st.sampled_from([ANN, BEN]), environment=st.sampled_from([None, "develop", "prod"]), lifts=st.booleans())
    def freeze(self, by: Principal, environment: str | None, lifts: bool) -> None:
        """Freeze or unfreeze an environment, or one that is not configured."""
        control = self.engine.control
        lift, freeze = control.unfreeze(environment, by=by), control.freeze(environment, by=by, reason="peak")
        (freeze if lifts else lift).close()
        self.ask("unfreeze" if lifts else "freeze", by, lift if lifts else freeze)

    @rule()
    def reconcile(self) -> None:
        """Run a pass; it breaks off when its apply cannot be recorded."""
        try:
            self.runner.run(reconcile(ORDERS, self.engine.world))
        except OSError:
            assert self.engine.store.audit_fails
        self.runner.run(self.engine.world.records.audit.flush())

    @rule(seconds=st.sampled_from([-5, 0, 1, 60]))
    def tick(self, seconds: int) -> None:
        """Set the clock on, or back."""
        self.engine.now += timedelta(seconds=seconds)

    @rule(fails=st.booleans())
    def fail(self, fails: bool) -> None:
        """Let the store fail or work."""
        self.engine.store.audit_fails = fails
        self.runner.run(self.engine.world.records.audit.flush())
        self.unwritten &= fails

    @precondition(lambda self: not self.engine.store.audit_fails)
    @rule()
    def restart(self) -> None:
        """Go on in another process."""
        self.runner.run(self.engine.world.records.audit.flush())
        after = Audited(self.engine.store, terraform=self.engine.terraform)
        after.now = self.engine.now
        self.runner.run(after.world.records.load())
        self.engine = after

    @invariant()
    def entries_are_kept(self) -> None:
        """Entries never change, and no two have the same time."""
        found = [self.engine.store.audit[number] for number in sorted(self.engine.store.audit)]
        assert [entry for entry in found if entry in self.known] == self.known
        times = [entry.at for entry in found]
        assert times == sorted(set(times))
        self.known = found

    @invariant()
    def every_act_has_its_entry(self) -> None:
        """Each act has one entry with a name and a proof, accepted or refused, once the store took it."""
        if self.unwritten:
            return
        people = [entry for entry in self.known if entry.act.by != "reconciler"]
        assert [(entry.act.action, entry.act.by) for entry in people] == self.acts
        assert {entry.result for entry in people} <= {"accepted", "refused"}
        assert all(entry.act.proof for entry in self.known)

    @invariant()
    def every_apply_follows_an_approval(self) -> None:
        """Each apply of this service, which needs approval, has an entry and follows the approval of its plan."""
        by_id = {entry.id: entry for entry in self.known}
        started = [entry for entry in self.known if entry.result == "started"]
        assert len(started) == self.engine.terraform.applies
        for entry in started:
            causes = [by_id[cause.id] for cause in entry.follows]
            assert causes
            assert all(one.result == "accepted" and one.act.digest == entry.act.digest for one in causes)

    @invariant()
    def pages_lose_and_repeat_nothing(self) -> None:
        """Pages of three are all entries, the newest first."""
        audit = self.engine.control.audit
        read: list[AuditEntry] = []
        while page := self.runner.run(audit(AuditFilter(), limit=3, before=read[-1].id if read else None)):
            read += page
        assert read == self.known[::-1]


EveryAct.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
test_no_act_is_without_its_entry = EveryAct.TestCase
