"""Promotion of a changed root: few instances at a time, lower tiers first, and stopped by the first failure."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from desired_state.instance import Key
from reconciler.core.decide.promotion import in_flight, reason_to_wait
from reconciler.core.environment import Environment
from reconciler.core.floor import Floor
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.record.model import Base, Record
from reconciler.core.record.runs import Intent
from reconciler.core.status.events import (
    Accepted,
    Applied,
    Applying,
    Desired,
    Event,
    Failed,
    ReconcileRequested,
    RolloutObserved,
    TreeAdmitted,
    TreeHeldBack,
    Waiting,
)
from reconciler.core.status.promotion import admitted, failed_with_tree, settled, wants_tree, with_tree
from reconciler.core.vocabulary import ConditionType, Health, Reason
from tests.core.instances import IMAGE, NOW, PLATFORM, SERVICE, applied, fold, instance, new, with_policy

NEW = "sha256:2"
TIERS = ("develop", "test", "qa", "prod")
ENVIRONMENTS = {tier: Environment(tier, tier, "123456789012", "eu-central-1") for tier in TIERS}  # type: ignore[arg-type]
OBSERVED = {"prod": dataclasses.replace(ENVIRONMENTS["prod"], floor=Floor(mode="observe"))}


def observed(state: RolloutState) -> RolloutObserved:
    return RolloutObserved(LiveService(IMAGE, IMAGE, state, "td:1", state.value, 2, 2), timedelta(minutes=15))


HEALTHY, ROLLING, ROLLED_BACK = map(
    observed, (RolloutState.COMPLETED, RolloutState.IN_PROGRESS, RolloutState.ROLLED_BACK)
)


def running(environment: str = "develop", name: str = "orders", text: str = SERVICE) -> Record:
    """Return a healthy service on the old tree, for which Git asks for the new one."""
    record = fold(applied(text), HEALTHY)
    key = Key(environment, name)
    old = dataclasses.replace(record.instance, key=key, depends_on=frozenset())
    record = record.replace(instance=old)
    return fold(record, Accepted(with_tree(old, NEW), "c2"))


def applies_tree(record: Record) -> tuple[Event, ...]:
    """Return the events of a pass that takes the new tree and applies it."""
    intent = Intent("pass", "d2", "p2", False, NOW)
    base = Base(record.instance.root, NEW, {})
    return (
        TreeAdmitted(),
        Desired("d2", record.instance.source_digest, "c2"),
        Applying(intent, base),
        Applied({"task_definition_arn": "td:2"}, IMAGE),
    )


def settled_on_tree(record: Record) -> Record:
    return fold(record, *applies_tree(record), observed_with("td:2", RolloutState.COMPLETED))


def observed_with(task_definition: str, state: RolloutState) -> RolloutObserved:
    found = observed(state)
    return dataclasses.replace(found, live=dataclasses.replace(found.live, task_definition=task_definition))


def held(
    record: Record, *others: Record, max_in_flight: int = 5, environments: Mapping[str, Environment] = ENVIRONMENTS
) -> Any:
    return reason_to_wait(
        record, {one.key: one for one in (record, *others)}, environments, max_in_flight=max_in_flight
    )


def test_an_instance_on_the_tree_and_a_new_instance_are_not_held() -> None:
    busy = [fold(one, *applies_tree(one)) for one in (running(name="a"), running(name="b"))]
    assert held(new(), *busy, max_in_flight=1) is None
    assert not wants_tree(applied())
    assert held(applied(), *busy, max_in_flight=1) is None


def test_no_more_instances_than_allowed_are_in_flight() -> None:
    first = running(name="first")
    in_flight_now = fold(first, *applies_tree(first))
    assert "develop/first (Progressing)" in held(running(), in_flight_now, max_in_flight=1)
    assert held(running(), in_flight_now, max_in_flight=2) is None
    assert held(running(), settled_on_tree(first), max_in_flight=1) is None


def test_lower_tiers_go_first() -> None:
    assert "develop/orders" in held(running("prod"), running("develop"))
    assert "test/orders" in held(running("prod"), settled_on_tree(running("develop")), running("test"))
    assert held(running("prod"), settled_on_tree(running("develop"))) is None
    assert held(running("develop"), running("prod")) is None


def test_instances_with_another_tree_do_not_count() -> None:
    elsewhere = running("develop")
    elsewhere = fold(elsewhere, Accepted(with_tree(elsewhere.instance, "sha256:3"), "c3"))
    assert held(running("prod"), elsewhere) is None


@pytest.mark.parametrize(
    "broken", [observed_with("td:1", RolloutState.ROLLED_BACK), Failed(Reason.APPLY_FAILED, "no", of_apply=True)]
)
def test_a_failed_instance_stops_the_others_until_it_recovers(broken: Event) -> None:
    first = running(name="first")
    halfway = applies_tree(first) if isinstance(broken, RolloutObserved) else applies_tree(first)[:-1]
    bad = fold(first, *halfway, broken)
    assert failed_with_tree(bad)
    assert "stopped: develop/first" in held(running(), bad)
    assert held(running(), settled_on_tree(bad)) is None


def test_a_failure_from_before_the_tree_does_not_stop_the_others() -> None:
    assert held(running(), fold(running(name="bad"), Failed(Reason.PLAN_FAILED, ""))) is None


def test_a_tree_that_fixes_degraded_instances_reaches_as_many_as_any_other() -> None:
    degraded = [fold(running(name=name), ROLLED_BACK) for name in ("a", "b")]
    let = fold(degraded[0], TreeAdmitted())
    assert held(degraded[1], let) is None
    assert held(running(), fold(let, *applies_tree(let)[1:3])) is None, "it is not held while it applies either"
    assert "stopped" in held(running(), fold(let, *applies_tree(let)[1:], ROLLED_BACK))


def test_an_admitted_instance_that_did_not_begin_is_held_when_another_fails() -> None:
    bad = fold(running(name="bad"), *applies_tree(running(name="bad")), ROLLED_BACK)
    approved = fold(running(), TreeAdmitted(), Waiting(Reason.AWAITING_APPROVAL, ""))
    assert "stopped" in held(approved, bad)


def test_an_operator_admits_a_single_instance_and_it_stays_admitted() -> None:
    bad = fold(running(name="bad"), *applies_tree(running(name="bad")), ROLLED_BACK)
    asked = fold(running(), ReconcileRequested())
    assert held(asked, bad) is None
    let = fold(asked, TreeAdmitted(asked=True), Waiting(Reason.AWAITING_APPROVAL, "")).replace(requested_at=None)
    assert held(let, bad) is None
    assert not in_flight(let, ENVIRONMENTS["develop"])


def test_no_instance_waits_for_one_that_only_observes() -> None:
    for idle in (
        running(text=with_policy(SERVICE, "{suspend: true}")),
        running(text=with_policy(SERVICE, "{mode: observe}")),
    ):
        assert held(running("prod"), idle) is None
    assert held(running("prod"), running("develop"), environments={**ENVIRONMENTS, **OBSERVED}) is None


def test_a_service_waits_for_a_platform_that_is_held() -> None:
    platform = running("prod", "platform", PLATFORM)
    service = running("prod")
    service = service.replace(instance=dataclasses.replace(service.instance, depends_on=frozenset({platform.key})))
    assert held(service, platform) is None
    assert "prod/platform" in held(service, fold(platform, TreeHeldBack("qa goes first")))


class TestHeadline:
    def test_a_held_instance_says_so_and_stays_ready(self) -> None:
        record = fold(running(), TreeHeldBack("others go first"))
        ready = record.conditions[ConditionType.READY]
        assert (record.reason, ready.status, ready.message) == (Reason.ROLLOUT_HELD, True, "others go first")

    def test_a_second_pass_changes_nothing(self) -> None:
        record = fold(running(), TreeHeldBack("others go first"))
        assert fold(record, TreeHeldBack("others go first"), HEALTHY) == record

    def test_a_worse_reason_is_the_headline(self) -> None:
        record = fold(running(), TreeHeldBack("others go first"), ROLLED_BACK)
        assert record.reason == Reason.ROLLED_BACK
        assert fold(record, Failed(Reason.PLAN_FAILED, "no")).reason == Reason.PLAN_FAILED

    def test_the_hold_ends_when_the_tree_is_admitted_or_reverted_in_git(self) -> None:
        record = fold(running(), TreeHeldBack("others go first"))
        assert fold(record, TreeAdmitted()).reason == Reason.IN_SYNC
        back = fold(record, Accepted(with_tree(record.instance, "sha256:1"), "c3"))
        assert (back.reason, back.promoted and back.promoted.held) == (Reason.IN_SYNC, None)


def test_a_manifest_change_of_a_held_instance_keeps_its_old_tree() -> None:
    changed = instance(SERVICE.replace("memory: 512", "memory: 1024"), tree_id=NEW)
    kept = with_tree(changed, "sha256:1")
    assert kept == instance(SERVICE.replace("memory: 512", "memory: 1024"), tree_id="sha256:1")


class PromotionMachine(RuleBasedStateMachine):
    """Ten instances on four tiers: they are visited, apply, roll out, fail and recover in any order."""

    @initialize(tiers=st.lists(st.sampled_from(TIERS), min_size=10, max_size=10), max_in_flight=st.integers(1, 4))
    def begin(self, tiers: list[str], max_in_flight: int) -> None:
        self.max_in_flight = max_in_flight
        records = [running(tier, f"s{number}") for number, tier in enumerate(tiers)]
        self.records = {record.key: record for record in records}

    def one(self, number: int) -> Record:
        return self.records[sorted(self.records)[number]]

    def put(self, record: Record) -> None:
        self.records[record.key] = record

    @rule(number=st.integers(0, 9))
    def visit(self, number: int) -> None:
        record, any_failed = self.one(number), any(map(failed_with_tree, self.records.values()))
        started = admitted(record)
        reason = reason_to_wait(record, self.records, ENVIRONMENTS, max_in_flight=self.max_in_flight)
        if reason or not wants_tree(record):
            self.put(fold(record, TreeHeldBack(reason)) if reason else record)
            return
        assert started or not any_failed, "no instance starts after one has failed"
        self.put(fold(record, TreeAdmitted()))

    @rule(number=st.integers(0, 9), ends=st.booleans())
    def apply(self, number: int, ends: bool) -> None:
        record = self.one(number)
        if (
            admitted(record)
            and wants_tree(record)
            and reason_to_wait(record, self.records, ENVIRONMENTS, max_in_flight=self.max_in_flight) is None
        ):
            broken = Failed(Reason.APPLY_FAILED, "", of_apply=True)
            self.put(fold(record, *applies_tree(record)) if ends else fold(record, *applies_tree(record)[:-1], broken))

    @rule(number=st.integers(0, 9), state=st.sampled_from([RolloutState.COMPLETED, RolloutState.ROLLED_BACK]))
    def look(self, number: int, state: RolloutState) -> None:
        if self.one(number).health == Health.PROGRESSING:
            self.put(fold(self.one(number), observed_with("td:2", state)))

    @rule(number=st.integers(0, 9))
    def recover(self, number: int) -> None:
        if failed_with_tree(self.one(number)):
            self.put(settled_on_tree(self.one(number)))

    @precondition(lambda self: hasattr(self, "records"))
    @invariant()
    def no_more_than_allowed_are_in_flight(self) -> None:
        in_flight_now = [one for one in self.records.values() if in_flight(one, ENVIRONMENTS[one.key.environment])]
        assert len(in_flight_now) <= self.max_in_flight

    @precondition(lambda self: hasattr(self, "records"))
    @invariant()
    def lower_tiers_settle_before_a_higher_one_begins(self) -> None:
        begun = [TIERS.index(one.key.environment) for one in self.records.values() if admitted(one)]
        late = [TIERS.index(one.key.environment) for one in self.records.values() if not settled(one)]
        assert not begun or not late or min(late) >= max(begun)


TestPromotion = PromotionMachine.TestCase


@given(st.lists(st.sampled_from(TIERS), min_size=1, max_size=12), st.integers(1, 4), st.randoms(use_true_random=False))
def test_law_healthy_instances_all_settle(tiers: list[str], max_in_flight: int, rng: Any) -> None:
    records = {one.key: one for one in (running(tier, f"s{number}") for number, tier in enumerate(tiers))}
    for _ in range(len(records)):
        order = list(records)
        rng.shuffle(order)
        for key in order:
            if reason_to_wait(records[key], records, ENVIRONMENTS, max_in_flight=max_in_flight) is None and wants_tree(
                records[key]
            ):
                records[key] = settled_on_tree(records[key])
    assert all(map(settled, records.values()))


def test_each_reason_to_wait_is_told_with_the_instances_in_the_way() -> None:
    flying = [fold(running(name=name), *applies_tree(running(name=name))) for name in ("d", "c", "b", "a")]
    assert held(running(), *flying, max_in_flight=4) == (
        "4 are on their way to this Terraform tree (develop/a (Progressing), develop/b (Progressing), develop/c"
        " (Progressing) and 1 more): `rollout.max_in_flight`"
    )
    unnamed = running("develop").replace(conditions={})
    assert held(running("prod"), unnamed) == "develop/orders of a lower tier goes first with this Terraform tree"
    failed = fold(running(name="first"), *applies_tree(running(name="first"))[:-1], Failed(Reason.APPLY_FAILED, "no"))
    assert held(running(), failed) == (
        "stopped: develop/first (ApplyFailed) failed with this Terraform tree. Fix it, move the ref, or let this one"
        " through"
    )
    platform = fold(running("prod", "platform", PLATFORM), TreeHeldBack("qa goes first"))
    service = running("prod")
    service = service.replace(instance=dataclasses.replace(service.instance, depends_on=frozenset({platform.key})))
    assert held(service, platform) == "prod/platform is held back from its new Terraform tree and goes first"
