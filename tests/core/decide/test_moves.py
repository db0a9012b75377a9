"""Moves of states against applies: a law over floors, modes, windows, freezes, suspensions, approvals and time."""

import dataclasses
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.instance import Key
from desired_state.kinds.policy import Mode
from desired_state.tenants.tenant import Tenant, Tenants
from reconciler.core.decide.gate import Proceed, gate
from reconciler.core.decide.moves import move_verdict, refusal
from reconciler.core.decide.verdict import Apply, VerdictLimits, verdict
from reconciler.core.floor import Floor
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.move import plan_move
from reconciler.core.plan.read import read
from reconciler.core.plan.state_file import State
from reconciler.core.record.consent import Approval, Rejection, WindowOverride
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Move
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import Removed
from reconciler.core.vocabulary import Sync
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, SERVICE, applied, fold, instance, with_policy

ORDERS, SHOP = Key("develop", "orders"), Key("develop", "shop")
STATE = State(
    '{"lineage": "l1", "serial": 7, "resources": [{"mode": "managed", "type": "a_b", "name": "one"},'
    ' {"module": "module.m", "mode": "managed", "type": "a_b", "name": "two"}, {"mode": "data"}]}'
)
MOVE = plan_move(STATE, ORDERS, SHOP, NOW)
CHANGE = read(document(change("aws_ecs_service.this", ["update"], {"x": 1}, {"x": 2})), Redactor(b"a key for tests"))
WINDOWS = {
    "none": "[]",
    "open": '[{days: [mon], from: "08:00", to: "10:00", timezone: UTC}]',
    "closed": '[{days: [mon], from: "22:00", to: "23:00", timezone: UTC}]',
}
MODES: st.SearchStrategy[Mode] = st.sampled_from(["auto", "auto", "auto", "approve", "observe"])
SELDOM = st.sampled_from([False, False, False, True])
AGES = st.sampled_from([timedelta(0), timedelta(hours=2), timedelta(days=2)])


@st.composite
def instances(draw: st.DrawFn) -> tuple[Record, str]:
    """Draw a record of an applied service, and the text of its manifest."""
    policy = f"{{mode: {draw(MODES)}, suspend: {str(draw(SELDOM)).lower()},"
    text = with_policy(SERVICE, f"{policy} windows: {WINDOWS[draw(st.sampled_from(['none', 'open', 'closed']))]}}}")
    record = applied(text).replace(instance=instance(text, needs=()))
    override = WindowOverride("ann", "urgent", NOW - draw(AGES)) if draw(st.booleans()) else None
    return record.replace(suspended=draw(SELDOM), window_override=override), text


@settings(max_examples=300)
@given(instances(), instances(), MODES, SELDOM, AGES, st.sampled_from(["approval", "approval", "rejection", "nothing"]))
def test_a_state_never_moves_where_an_apply_would_not_be_done(
    new: tuple[Record, str], old: tuple[Record, str], floor: Mode, frozen: bool, age: timedelta, decision: str
) -> None:
    environment = dataclasses.replace(DEVELOP, floor=Floor(mode=floor))
    freeze = Freeze(None, "ann", "peak", NOW) if frozen else None
    record = new[0].replace(instance=dataclasses.replace(new[0].instance, key=SHOP, former="orders"))
    former = fold(old[0], Removed("renamed", "shop"))
    for at_start in (record, record.replace(move=Move("orders"))):
        moves = at_start.replace(**decided(decision, MOVE.digest, age))
        opened = gate(moves, {SHOP: moves, ORDERS: former}, environment) == Proceed()
        valid = timedelta(days=1)
        found = move_verdict(moves, former, MOVE, environment, now=NOW, valid_for=valid, freeze=freeze)
        if not (opened and found == Apply()):
            continue
        begun = at_start.move is not None
        for each in (record, former.replace(removed=None, window_override=record.window_override)):
            given_ = "approval" if begun else decision
            ready = each.replace(**decided(given_, CHANGE.digest, timedelta(0) if begun else age))
            if each is not record and each.instance.policy.mode == "observe":
                assert given_ == "approval", "an approval stands in for the mode of a manifest that is gone"
                continue
            if each is not record and each.instance.policy.suspend:
                assert given_ == "approval", "and for its suspension"
            else:
                assert gate(ready, {each.key: ready}, environment) == Proceed()
            pending = DriftFinding(Sync.PENDING, None, ())
            limits = VerdictLimits(approval=valid)
            applies = verdict(CHANGE, pending, ready, environment, image=IMAGE, now=NOW, limits=limits, freeze=freeze)
            assert applies == Apply()


def decided(decision: str, digest: str, age: timedelta) -> dict[str, Approval | Rejection | None]:
    """Return the fields of a record with that decision about a plan."""
    at = NOW - age
    return {
        "approval": Approval(digest, "ann", at) if decision == "approval" else None,
        "rejection": Rejection(digest, "bob", at) if decision == "rejection" else None,
    }


def test_the_plan_of_a_move_names_every_resource_and_its_digest_follows_the_state() -> None:
    assert [change.address for change in MOVE.changes] == ["a_b.one", "module.m.a_b.two"]
    later = State(STATE.text.replace("7", "8"))
    digests = {
        MOVE.digest,
        plan_move(later, ORDERS, SHOP, NOW).digest,
        plan_move(STATE, ORDERS, Key("develop", "other"), NOW).digest,
        plan_move(STATE, Key("develop", "other"), SHOP, NOW).digest,
    }
    assert len(digests) == 4


def test_a_state_stays_with_its_tenant() -> None:
    old, new = applied(), applied().replace(instance=dataclasses.replace(instance(), key=SHOP, former="orders"))
    tenants = Tenants({"payments": Tenant("payments", (new.instance.path,), ("develop",))})
    for tenant, owner in (("payments", "payments"), ("payments", None), (None, None)):
        why = refusal(new.replace(tenant=tenant), old.replace(tenant=owner), tenants)
        assert why is None, "a record without a tenant has that of its path"
    for tenant, owner in (("payments", "search"), (None, "search")):
        moved = (new.replace(tenant=tenant), old.replace(tenant=owner))
        assert "belongs to another tenant" in (refusal(*moved, tenants) or "")
        assert refusal(*moved, None) is None, "a tenant of a former configuration is nobody's"
